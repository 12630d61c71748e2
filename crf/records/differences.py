"""Differences between what is stored and a fresh evaluation: kept where people see them, and put right on request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from audit.models import Act
from crf.models import DerivedDifference
from crf.recheck import recheck_everything
from crf.records.signing import NotInYourRole
from crf.records.verification import Difference, verify_derived
from trials.models import Participant

Items = dict[tuple[int, str], dict[str, Any]]


def keep_differences(*, participant_id: int, at: datetime) -> None:
    """What of the participant differs from a fresh evaluation stands as a difference; what agrees again is settled.

    Locks: the participant.
    """
    participant = Participant.objects.lock(participant_id)
    _keep(participant, list(verify_derived([participant], at=at)), by=None, at=at)


def work_out_again(*, participant: Participant, by: User, at: datetime) -> int:
    """Derived answers and queries of the participant are as their answers are judged now; say what still differs.

    A signature falls where a derived answer changes; locked forms stay as they were, and are not counted.

    Refuses: who may not. Locks: the participant.
    """
    if not by.may(Permission.DERIVED_JUDGE, participant.site_id):
        raise NotInYourRole
    with open_act("crf:derived:judge", by=by, at=at, participant=participant):
        locked = Participant.objects.lock(participant.pk)
        recheck_everything(participant=locked, by=by, at=at)
        left = list(verify_derived([locked], at=at))
        _keep(locked, left, by=by, at=at)
    return sum(len(each.items) for each in left if not each.is_locked)


def _keep(
    participant: Participant, differing: Iterable[Difference], *, by: User | None, at: datetime
) -> None:
    wanted: Items = {
        (each.record_id, item.name): {
            "kind": item.kind,
            "stored": item.stored,
            "worked_out": item.worked_out,
        }
        for each in differing
        for item in each.items
    }
    kept = {
        (row.record_id, row.item): row
        for row in DerivedDifference.objects.filter(participant=participant).standing()
    }
    new, gone = wanted.keys() - kept.keys(), kept.keys() - wanted.keys()
    moved = [key for key in wanted.keys() & kept.keys() if _differs(kept[key], wanted[key])]
    if not (new or gone or moved):
        return
    with open_act("crf:derived:compare", by=by, at=at, participant=participant) as act:
        for record_id, item in sorted(new):
            DerivedDifference.objects.create(
                participant=participant,
                site_id=participant.site_id,
                record_id=record_id,
                item=item,
                seen_at=at,
                act=act,
                **wanted[record_id, item],
            )
        for key in moved:
            _change(kept[key], wanted[key], act)
        for key in gone:
            _change(kept[key], {"settled_at": at}, act)


def _differs(row: DerivedDifference, values: dict[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _change(row: DerivedDifference, values: dict[str, Any], act: Act) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.act = act
    row.save(update_fields=[*values, "act"])
