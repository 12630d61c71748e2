"""Writing, settling and asking from private notes. Their acts name the site only, not the participant."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.models import Query, WorkingNote
from crf.queries.services import raise_query
from crf.store.records import RecordKey, record_key_of
from kernel.errors import Forbidden, Refusal
from trials.models import Participant


class NoteEmpty(Refusal):
    code = "crf.note_empty"
    fields = ("text",)
    message = _("Write what you want to keep in mind.")
    status = 422


class NotYourNote(Forbidden):
    code = "crf.not_your_note"
    message = _("A working note belongs to whoever wrote it. Nobody else can change it or ask from it.")


class NoteSettled(Refusal):
    code = "crf.note_settled"
    message = _("This note is settled already.")


class NoteHasNoPassage(Refusal):
    code = "crf.note_has_no_passage"
    message = _(
        "This note is about the participant, and a query is about a form. Open the form and ask there."
    )


def write_note(
    *,
    participant: Participant,
    record_key: RecordKey | None = None,
    target: str = "",
    text: str,
    by: User,
    at: datetime,
) -> WorkingNote:
    """``by`` keeps the note for themselves; it is marked as no source data and never exported.

    Refuses: who may not keep notes at the participant's site; an empty text.
    """
    if not by.may(Permission.NOTE_KEEP, participant.site_id):
        raise NotYourNote
    if not text.strip():
        raise NoteEmpty
    with open_act("crf:note:write", by=by, at=at, site=participant.site) as act:
        return WorkingNote.objects.create(
            participant=participant,
            site_id=participant.site_id,
            owner=by,
            form_code=record_key.form.code if record_key else "",
            visit=record_key.visit if record_key else None,
            sequence=record_key.sequence if record_key else 1,
            target=target if record_key else "",
            text=text,
            written_at=at,
            act=act,
        )


def _hold(note: WorkingNote, by: User) -> WorkingNote:
    locked: WorkingNote = WorkingNote.objects.select_for_update(of=("self",)).get(pk=note.pk)
    if locked.owner_id != by.pk:
        raise NotYourNote
    if locked.settled_at is not None:
        raise NoteSettled
    return locked


def settle_note(*, note: WorkingNote, by: User, at: datetime) -> WorkingNote:
    """The note is done with; it stays readable for its owner and for inspectors.

    Refuses: anybody but the owner; a note that is settled. Locks: the note.
    """
    with open_act("crf:note:settle", by=by, at=at, site=note.participant.site) as act:
        locked = _hold(note, by)
        locked.settled_at, locked.act = at, act
        locked.save(update_fields=["settled_at", "act"])
    return locked


def ask_from_note(*, note: WorkingNote, by: User, at: datetime) -> Query:
    """The note's words stand as a query to the site; the note is settled and knows its query.

    Refuses: as ``settle_note`` and ``raise_query`` do, and a note that stands beside no answer. Locks: the note.
    """
    with open_act("crf:note:ask", by=by, at=at, site=note.participant.site) as act:
        locked = _hold(note, by)
        if not locked.form_code:
            raise NoteHasNoPassage
        record_key = record_key_of(
            participant=note.participant, form=locked.form_code, visit=locked.visit, sequence=locked.sequence
        )
        query = raise_query(record_key=record_key, target=locked.target, text=locked.text, by=by, at=at)
        locked.settled_at, locked.query, locked.act = at, query, act
        locked.save(update_fields=["settled_at", "query", "act"])
    return query
