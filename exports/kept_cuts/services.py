"""Cuts are kept as they are first read, and settled once every transaction that was open then has ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from audit.models import Act
from exports.cuts import Cut, visible_in
from exports.models import CutReading, Export, ExportState, KeptCut
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from kernel.snapshot import one_snapshot
from kernel.turns import wait_for_turn

LONGEST_NAME: Final = 80
NAMES: Final = "exports:cut-names"
NO_TRANSACTION_IS_OPEN_AFTER: Final = timedelta(days=1)


class UnknownCut(Refusal):
    code = "exports.unknown_cut"
    fields = ("cut",)
    message = _("There is no cut named “{name}”. Choose one of the named cuts.")
    status = 422


class CutNameTaken(Refusal):
    code = "exports.cut_name_taken"
    fields = ("cut_name",)
    message = _("A cut is named “{name}” already. Give another name, or choose that cut.")
    status = 422


class CutNameTooLong(Refusal):
    code = "exports.cut_name_too_long"
    fields = ("cut_name",)
    message = _("The name of the cut has {number} characters; {most} are kept. Say it in fewer.")
    status = 422


class CutHasName(Refusal):
    code = "exports.cut_has_name"
    fields = ("cut_name",)
    message = _("This cut is named “{name}” and keeps its name.")
    status = 422


class OneCutOnly(Refusal):
    code = "exports.one_cut_only"
    fields = ("cut",)
    message = _("Choose a named cut, or a moment, or neither: an export shows one moment.")
    status = 422


def cut_named(name: str) -> KeptCut:
    """Return the kept cut with the name.

    Refuses: a name that no cut bears.
    """
    kept = KeptCut.objects.filter(name=name).first() if name else None
    if kept is None:
        raise UnknownCut(name=name)
    return kept


def cut_of(kept: KeptCut) -> Cut:
    """Return the moment of a kept cut as something that is read."""
    return Cut(
        at=kept.cut_at,
        snapshot=kept.snapshot,
        last_act=kept.last_act,
        unseen_acts=None if kept.unseen_acts is None else tuple(kept.unseen_acts),
        by_storing=kept.read_by == CutReading.STORING,
    )


def refuse_cut_name(name: str) -> None:
    """Refuse a name for a new cut that another bears, or that an export which waits will give to its own."""
    if len(name) > LONGEST_NAME:
        raise CutNameTooLong(number=len(name), most=LONGEST_NAME)
    wait_for_turn(NAMES)
    in_work = Export.objects.filter(cut_name=name, state__in=(ExportState.QUEUED, ExportState.RUNNING))
    if KeptCut.objects.filter(name=name).exists() or in_work.exists():
        raise CutNameTaken(name=name)


def keep_cut(cut: Cut, *, name: str, act: Act, at: datetime) -> KeptCut:
    """The moment that was just read is kept, so that the same is read again."""
    wait_for_turn(NAMES)
    if KeptCut.objects.filter(name=name).exclude(name="").exists():
        name = ""  # another export was quicker; the moment is kept all the same
    unseen = None if cut.unseen_acts is None or not cut.is_settled else list(cut.unseen_acts)
    return KeptCut.objects.create(
        name=name,
        cut_at=cut.at,
        read_by=CutReading.STORING if cut.by_storing else CutReading.SNAPSHOT,
        snapshot=cut.snapshot,
        last_act=cut.last_act or 0,
        read_at=at,
        unseen_acts=unseen,
        settled_at=None if unseen is None else at,
        act=act,
    )


def take_cut(*, cut_name: str, by: User, at: datetime) -> KeptCut:
    """The present moment is kept under a name, to be exported and compared later; opens its own transaction.

    Refuses: a name that another cut bears.
    """
    with one_snapshot():
        cut = Cut.of_this_snapshot()
        with open_act("exports:cut:take", by=by, at=at) as act:
            refuse_cut_name(cut_name)
            kept = keep_cut(cut, name=cut_name, act=act, at=at)
    with scope(user_id=None, sites=EVERYTHING):  # the system settles, whoever took a cut
        settle_cuts(at=at)
    return kept


def name_cut(*, kept: KeptCut, cut_name: str, by: User, at: datetime) -> KeptCut:
    """The cut has a name, by which it is offered and found again.

    Refuses: a cut that has one; a name that another bears. Locks: the cut.
    """
    with open_act("exports:cut:name", by=by, at=at) as act:
        locked = KeptCut.objects.select_for_update().get(pk=kept.pk)
        if locked.name:
            raise CutHasName(name=locked.name)
        refuse_cut_name(cut_name)
        locked.name, locked.act = cut_name, act
        locked.save(update_fields=["name", "act"])
    return locked


def settle_cuts(*, at: datetime) -> int:
    """Cuts whose transactions have all ended know the acts that they did not see; return how many.

    Until then, and only then, a cut is read by numbers of transactions.
    Locks: each cut.
    """
    with transaction.atomic():
        rows = list(KeptCut.objects.select_for_update(skip_locked=True).filter(settled_at=None))
        over = [kept for kept in rows if _is_over(kept, at)]
        if over:
            with open_act("exports:cut:settle", by=None, at=at) as act:
                for kept in over:
                    kept.unseen_acts, kept.settled_at, kept.act = _unseen(kept), at, act
                    kept.save(update_fields=["unseen_acts", "settled_at", "act"])
    return len(over)


def _is_over(kept: KeptCut, at: datetime) -> bool:
    """Say whether every transaction that was open when the cut was read has ended."""
    if not kept.snapshot or kept.read_at < at - NO_TRANSACTION_IS_OPEN_AFTER:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= pg_snapshot_xmax(%s::pg_snapshot)",
            [kept.snapshot],
        )
        return bool(cursor.fetchone()[0])


def _unseen(kept: KeptCut) -> list[int]:
    seen = [visible_in(kept.snapshot)] if kept.snapshot else []
    if kept.read_by == CutReading.STORING:
        seen.append("w.stored_at <= %(at)s")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id FROM audit_act w WHERE w.id <= %(last)s "  # noqa: S608 (declared)
            f"AND NOT ({' AND '.join(seen)}) ORDER BY w.id",
            {"last": kept.last_act, "at": kept.cut_at},
        )
        return [number for (number,) in cursor.fetchall()]
