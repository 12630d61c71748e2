"""Packs are asked for, made, released by a second person, and handed out to who signed in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act, record_act
from committee.content import facts_of
from committee.models import ArmDisplay, CommitteePack, FileKind, PackFile, PackPart, PackState, PackView
from committee.paper import files_of, with_watermark
from exports.kept_cuts.services import cut_named
from kernel.errors import Forbidden, Refusal
from kernel.tasks import send

MOST_RUNS: Final = 3


class PackNotMade(Refusal):
    code = "committee.pack_not_made"
    message = _("This pack is “{state}”. Only a pack that was made and waits can be released.")


class OwnPack(Forbidden):
    code = "committee.own_pack"
    message = _(
        "You asked for this pack yourself. Another person who may release packs reads and releases it."
    )


class PackNotReleased(Refusal):
    code = "committee.pack_not_released"
    message = _("This pack is “{state}”. Only a pack that was released can be shared.")


class PackFileChanged(Refusal):
    code = "committee.file_changed"
    message = _("The file is not the one that was made: its digest differs. Nothing was handed out.")


def request_pack(*, title: str, cut: str, arms: str, by: User, at: datetime) -> CommitteePack:
    """The pack will be made by the worker, at a cut that is kept under a name.

    Which arm a masked pack calls A is drawn now. Refuses: a cut that no name bears. Locks: nothing.
    """
    with open_act("committee:pack:request", by=by, at=at, reason=title) as act:
        pack = CommitteePack.objects.create(
            title=title,
            cut=cut_named(cut),
            arms=arms,
            arm_of_a=secrets.choice("12") if arms == ArmDisplay.MASKED else "",
            requested_by=by,
            requested_at=at,
            act=act,
        )
        send("committee:make", pack.pk, may_fail=True)  # beat takes up what a broker that is away never had
    return pack


def make_pack(*, pack: CommitteePack, at: datetime) -> CommitteePack:
    """The files of the pack are kept with their digests; a pack that is made already stays as it is.

    One that failed several times is stopped. Refuses: a server that cannot print. Locks: the pack.
    """
    with open_act("committee:pack:begin", by=None, at=at) as act:
        locked = _waiting(pack)
        if locked is None:
            return pack
        locked.runs, locked.act = locked.runs + 1, act
        if locked.runs > MOST_RUNS:
            locked.state = PackState.FAILED
        locked.save(update_fields=["runs", "state", "act"])
    if locked.state == PackState.FAILED:
        return locked
    with transaction.atomic():
        if locked.arms != ArmDisplay.ABSENT:  # a look by arm, like any other
            record_act(
                "analysis:arms:look", by=locked.requested_by, at=at, reason=f"committee pack {locked.pk}"
            )
        made = list(files_of(locked, facts_of(locked), at=at))
    with open_act("committee:pack:make", by=None, at=at) as act:
        locked = _waiting(pack)
        if locked is None:  # another worker was quicker
            return pack
        for each in made:
            PackFile.objects.create(
                pack=locked,
                part=each.part,
                kind=each.kind,
                language=each.language,
                digest=hashlib.sha256(each.content).hexdigest(),
                size=len(each.content),
                content=each.content,
                act=act,
            )
        locked.state, locked.made_at, locked.act = PackState.MADE, at, act
        locked.save(update_fields=["state", "made_at", "act"])
    return locked


def _waiting(pack: CommitteePack) -> CommitteePack | None:
    rows = CommitteePack.objects.select_for_update(of=("self",)).select_related("cut", "requested_by")
    return rows.filter(pk=pack.pk, state=PackState.QUEUED).first()


def look_after_packs(*, at: datetime) -> int:
    """Packs that nobody makes are sent to the worker once more; return how many.

    Locks: nothing.
    """
    waiting = list(CommitteePack.objects.filter(state=PackState.QUEUED).values_list("pk", flat=True))
    for pk in waiting:
        send("committee:make", pk, may_fail=True)
    return len(waiting)


def release_pack(*, pack: CommitteePack, password: str, by: User, at: datetime) -> CommitteePack:
    """The committee may read the pack: its second person has signed the digests of its files.

    Refuses: a pack that is not made, or released; who asked for it; a password that does not match. Locks: the pack.
    """
    with open_act("committee:pack:release", by=by, at=at, reason=pack.title) as act:
        locked = CommitteePack.objects.select_for_update().get(pk=pack.pk)
        if locked.state != PackState.MADE:
            raise PackNotMade(state=locked.get_state_display())
        if locked.requested_by_id == by.pk:
            raise OwnPack
        locked.signature = sign(
            record=f"committee pack {locked.pk}",
            digest=digest_of(locked),
            meaning=_("released to the data monitoring committee"),
            by=by,
            password=password,
            at=at,
        )
        locked.state, locked.released_by, locked.released_at, locked.act = PackState.RELEASED, by, at, act
        locked.save(update_fields=["state", "released_by", "released_at", "signature", "act"])
    return locked


def digest_of(pack: CommitteePack) -> str:
    """Return the digest of the digests of a pack's files, which is what its release signs."""
    lines = sorted(f"{each.name} {each.digest}" for each in pack.files.defer("content"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def may_read(file: PackFile, reader: User) -> bool:
    """Say whether a person may have the file: released, unless they make packs; the closed part by its own right."""
    needed = Permission.PACK_READ_ARMS if file.part == PackPart.CLOSED else Permission.PACK_VIEW
    released = file.pack.state == PackState.RELEASED or reader.may(Permission.PACK_MAKE)
    return released and reader.may(needed)


def hand_out(*, file: PackFile, by: User, at: datetime) -> bytes:
    """The file goes to who signed in, a PDF with their name on each page; that it did is on record.

    Refuses: who may not read it; bytes that are not those that were made. Locks: nothing.
    """
    if not may_read(file, by):
        raise Forbidden
    with open_act("committee:file:read", by=by, at=at, reason=file.name) as act:
        content = intact_content(file)
        PackView.objects.create(file=file, by=by, at=at, act=act)
    return marked(file, content, reader=str(by), at=at)


def intact_content(file: PackFile) -> bytes:
    """Return the bytes of a file. Refuses: bytes whose digest is another."""
    content = bytes(file.content)
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise PackFileChanged
    return content


def marked(file: PackFile, content: bytes, *, reader: str, at: datetime) -> bytes:
    """Return a PDF with its reader on each page; data as they are, for a digest to be compared."""
    if file.kind != FileKind.PDF:
        return content
    with translation.override(file.language):
        return with_watermark(content, reader=reader, at=at)
