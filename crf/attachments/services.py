"""Files are attached to a record, replaced and removed; one that could say who somebody is waits for its sender."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from audit.models import Act
from crf.attachments.content import attachments_open_to, damaged_attachments
from crf.attachments.hints import hints_in_name
from crf.attachments.inspection import Inspection
from crf.attachments.reading import read_file
from crf.attachments.refusals import (
    WHY,
    AttachmentGone,
    AttachmentNameUnreadable,
    AttachmentNotYours,
    AttachmentReasonNeeded,
    AttachmentRefused,
    AttachmentThere,
    NoFiles,
    UploadGone,
)
from crf.engine.base import RecordState
from crf.models import (
    Attachment,
    AttachmentContent,
    AttachmentEnding,
    AttachmentUpload,
    MediaType,
    Record,
)
from crf.records.refusals import RecordLocked
from crf.records.signing import NothingThere
from crf.store.context import FormContext
from crf.store.preconditions import refuse_unless_due, refuse_who_may_not
from crf.store.records import RecordKey, find_stored_record
from kernel.reading import UnreadableError, words
from kernel.uploads import TakenFile
from trials.models import Participant

LONGEST_NAME: Final = 120
LONGEST_REASON: Final = 500
ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    MediaType.PDF: (".pdf",),
    MediaType.PNG: (".png",),
    MediaType.JPEG: (".jpg", ".jpeg"),
}


class AttachmentsDamagedError(Exception):
    """Stored files are missing or not those that were attached; their numbers follow."""


@dataclass(frozen=True)
class SentFile:
    """A file as a person sent it, with what they said of it; ``replaces`` is the file in whose place it comes."""

    data: bytes
    name: str
    kind: str
    replaces: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class _ReadFile:
    """A file that was read: ``data`` are the bytes to keep, ``said`` what they are, ``sent_digest`` of what came."""

    data: bytes
    name: str
    said: Inspection
    sent_digest: str
    sent: SentFile
    key: str
    hints_reason: str = ""


def attach_file(
    *, record_key: RecordKey, sent: SentFile, key: str, by: User, at: datetime
) -> Attachment | AttachmentUpload:
    """The file stands at the record, in place of another where it replaces one; or it waits for its sender's answer.

    It waits where its text or its name could say who the participant is. The same ``key`` is given the same file again.

    Refuses: who may not; a participant who withdrew from all contact; a record that is not there, frozen or locked; a
    file that is empty, too large, not what its name says, protected, active or broken; one that stands there already;
    a replacement without a reason, or of what is gone. Locks: the participant.
    """
    _refuse_who_may_not(record_key, Permission.ATTACHMENT_ADD, by=by)
    if (known := attachment_sent_under(key=key, by=by)) is not None:
        return known
    if sent.replaces:
        sent = replace(sent, reason=_reason(sent.reason))
    read = _read(sent, key)
    if not read.said.hints:
        return _keep(record_key, read, by=by, at=at)
    with transaction.atomic():
        record = _record_to_change(record_key, read, at=at)
        return AttachmentUpload.objects.create(
            owner=by,
            site_id=record.site_id,
            saved_at=at,
            participant_id=record.participant_id,
            record=record,
            kind=sent.kind,
            name=read.name,
            said=asdict(read.said) | {"sent_digest": read.sent_digest},
            data=read.data,
            replaces_id=sent.replaces,
            reason=sent.reason,
            key=key,
        )


def confirm_upload(
    *, record_key: RecordKey, upload: int, name: str, reason: str, by: User, at: datetime
) -> Attachment:
    """The file that waited stands at the record, under ``name``, with the reason why it may.

    Refuses: as ``attach_file`` does; a file that waits no longer; no reason. Locks: the participant.
    """
    _refuse_who_may_not(record_key, Permission.ATTACHMENT_ADD, by=by)
    with transaction.atomic():
        participant = Participant.objects.lock(record_key.participant.pk)
        waiting = AttachmentUpload.objects.filter(pk=upload, owner=by, participant=participant).first()
        if waiting is None:
            raise UploadGone
        said = dict(waiting.said)
        sent_digest = said.pop("sent_digest")
        read = _ReadFile(
            data=bytes(waiting.data),
            name=_name(name, said["media_type"]),
            said=Inspection(**said),
            sent_digest=sent_digest,
            sent=SentFile(b"", waiting.name, waiting.kind, waiting.replaces_id, waiting.reason),
            key=waiting.key,
            hints_reason=_reason(reason),
        )
        attached = _keep(record_key, read, by=by, at=at)
        waiting.delete()
        return attached


def take_back(*, record_key: RecordKey, upload: int, by: User) -> None:
    """Nothing is kept of a file that waited for its sender.

    Refuses: a file that waits no longer. Locks: nothing.
    """
    gone, _rows = AttachmentUpload.objects.filter(
        pk=upload, owner=by, participant_id=record_key.participant.pk
    ).delete()
    if not gone:
        raise UploadGone


def remove_attachment(
    *, record_key: RecordKey, attachment: int, reason: str, by: User, at: datetime
) -> Attachment:
    """The file stands at the record no longer; it is kept with who removed it, when and why.

    Refuses: who may not; a record that is frozen or locked; a file that is gone; no reason. Locks: the participant.
    """
    _refuse_who_may_not(record_key, Permission.ATTACHMENT_REMOVE, by=by)
    participant, why = record_key.participant, _reason(reason)
    with open_act("crf:attachment:remove", by=by, at=at, participant=participant, reason=why) as act:
        Participant.objects.lock(participant.pk)
        record = _standing_record(record_key)
        return _end(record, attachment, AttachmentEnding.REMOVED, act)


def take_attachments(*, participant: Participant, purpose: str, by: User, at: datetime) -> list[Attachment]:
    """The files of the participant that stand are taken out of the system; who did so and what for is on record.

    Refuses: who may not; no purpose; a participant without a file. Locks: nothing.
    """
    if not by.may(Permission.ATTACHMENT_TAKE, participant.site_id):
        raise AttachmentNotYours(site=participant.site.code)
    why = _reason(purpose)
    rows = attachments_open_to(by).standing().filter(participant=participant)
    files = list(rows.select_related("record__visit", "attached_by"))
    if not files:
        raise NoFiles(participant=participant.number)
    with open_act("crf:attachment:take", by=by, at=at, participant=participant, reason=why):
        return files


def drop_uploads(*, at: datetime) -> int:
    """Files that nobody answered for in time are gone; return how many.

    Refuses: nothing. Locks: nothing.
    """
    over = at - timedelta(hours=settings.ATTACHMENT_WAITING_HOURS)
    gone, _rows = AttachmentUpload.objects.filter(saved_at__lt=over).delete()
    return gone


def look_after_files(*, at: datetime) -> None:
    """Files that nobody answered for in time are gone; stored ones that are not as they were attached are told.

    Refuses: nothing; it ends with an error that names damaged files. Locks: nothing.
    """
    with transaction.atomic():
        drop_uploads(at=at)
    with transaction.atomic():
        damaged = damaged_attachments()
    if damaged:
        raise AttachmentsDamagedError(", ".join(map(str, damaged)))


def _refuse_who_may_not(record_key: RecordKey, permission: Permission, *, by: User) -> None:
    refuse_who_may_not(record_key, by=by)
    site = record_key.participant.site
    if not by.may(permission, site.pk):
        raise AttachmentNotYours(site=site.code)


def attachment_sent_under(*, key: str, by: User) -> Attachment | AttachmentUpload | None:
    """Return what the same page sent before, when its answer was lost."""
    attached: Attachment | None = Attachment.objects.filter(attached_by=by, key=key).first()
    return attached or AttachmentUpload.objects.filter(owner=by, key=key).first()


def taken_file(data: bytes, name: str) -> tuple[TakenFile, Inspection]:
    """Return the file as it is kept, and what was seen in it.

    Refuses: a file that is empty, too large, not what its name says, protected, active or broken. Locks: nothing.
    """
    if not data:
        raise _refused("empty")
    if len(data) > settings.ATTACHMENT_MAX_BYTES:
        raise _refused("large")
    said, kept = read_file(data)
    if said.refused:
        raise _refused(said.refused)
    if len(kept) > settings.ATTACHMENT_MAX_BYTES:
        raise _refused("large")
    return TakenFile(kept, _name(name, said.media_type), said.media_type, said.pages), said


def _read(sent: SentFile, key: str) -> _ReadFile:
    """Return the file as it is kept; refused when it is not taken."""
    file, said = taken_file(sent.data, sent.name)
    hints = {*said.hints, *({"file_name"} if hints_in_name(file.name) else ())}
    sent_digest = hashlib.sha256(sent.data).hexdigest()
    return _ReadFile(file.data, file.name, replace(said, hints=sorted(hints)), sent_digest, sent, key)


def _refused(why: str, **told: Any) -> AttachmentRefused:
    limits = {
        "megabytes": settings.ATTACHMENT_MAX_BYTES // (1024 * 1024),
        "pages": settings.ATTACHMENT_MAX_PAGES,
        "megapixels": settings.ATTACHMENT_MAX_PIXELS // 1_000_000,
    }
    return AttachmentRefused(why=str(WHY[why]).format(**limits, **told))


def _name(typed: str, media_type: str) -> str:
    """Return the name as it is kept: the last part of a path, without signs that nobody sees, with a fitting ending."""
    last = typed.replace("\\", "/").rsplit("/", 1)[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in {"Cf", "Co", "Cs"})
    try:
        name = words(seen).lstrip(". ").replace("\n", " ")
    except UnreadableError:
        name = ""
    if not name:
        raise AttachmentNameUnreadable(limit=LONGEST_NAME)
    ending = PurePosixPath(name).suffix.lower()
    if not ending:
        name += ENDINGS[media_type][0]
    elif ending not in ENDINGS[media_type]:
        raise _refused("ending", kind=MediaType(media_type).label)
    if len(name) > LONGEST_NAME:
        raise AttachmentNameUnreadable(limit=LONGEST_NAME)
    return name


def _reason(typed: str) -> str:
    try:
        reason = words(typed)
    except UnreadableError:
        reason = ""
    if not 0 < len(reason) <= LONGEST_REASON:
        raise AttachmentReasonNeeded(limit=LONGEST_REASON)
    return reason


def _standing_record(record_key: RecordKey) -> Record:
    """Return the record to which files belong, unless it is not there or locked."""
    stored = find_stored_record(record_key)
    if stored is None:
        raise NothingThere(record=record_key.label)
    if stored.record.state == RecordState.LOCKED:
        raise RecordLocked(record=record_key.label)
    return Record.objects.get(pk=stored.record.pk)


def _record_to_change(record_key: RecordKey, file: _ReadFile, *, at: datetime) -> Record:
    """Return the record for a new file; the participant is locked, and the file does not stand there already."""
    participant = Participant.objects.lock(record_key.participant.pk)
    record = _standing_record(record_key)
    refuse_unless_due(record_key, form_context=FormContext(participant, at=at), is_new=True)
    twins = record.attachments.standing().filter(sent_digest=file.sent_digest)
    if twin := twins.exclude(pk=file.sent.replaces).first():
        raise AttachmentThere(record=record_key.label, name=twin.name)
    return record


def _keep(record_key: RecordKey, file: _ReadFile, *, by: User, at: datetime) -> Attachment:
    """Write the file and its bytes, and end the one that it replaces."""
    sent = file.sent
    verb = "crf:attachment:replace" if sent.replaces else "crf:attachment:attach"
    with open_act(verb, by=by, at=at, participant=record_key.participant, reason=sent.reason) as act:
        record = _record_to_change(record_key, file, at=at)
        if sent.replaces:
            _end(record, sent.replaces, AttachmentEnding.REPLACED, act)
        digest = hashlib.sha256(file.data).hexdigest()
        content = AttachmentContent.objects.create(digest=digest, size=len(file.data), data=file.data)
        attached: Attachment = Attachment.objects.create(
            participant_id=record.participant_id,
            site_id=record.site_id,
            record=record,
            kind=sent.kind,
            name=file.name,
            media_type=file.said.media_type,
            size=content.size,
            pages=file.said.pages,
            content=content,
            digest=digest,
            sent_digest=file.sent_digest,
            hints=file.said.hints,
            hints_reason=file.hints_reason,
            replaces_id=sent.replaces,
            attached_by=by,
            attached_at=at,
            key=file.key,
            act=act,
        )
        return attached


def _end(record: Record, attachment: int, ending: AttachmentEnding, act: Act) -> Attachment:
    """Note that the file stands no longer: by whom, when and why, the act says."""
    row: Attachment | None = record.attachments.select_for_update().filter(pk=attachment).first()
    if row is None or row.ended_at is not None:
        raise AttachmentGone
    row.ending, row.ended_by, row.ended_at, row.ending_reason, row.act = (
        ending,
        act.by,
        act.at,
        act.reason,
        act,
    )
    row.save(update_fields=["ending", "ended_by", "ended_at", "ending_reason", "act"])
    return row
