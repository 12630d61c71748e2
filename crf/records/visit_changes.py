"""Visits that a save would move: shown before it is carried out, and named after it (protocol 2.1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crf.records.change import RecordChange
from crf.store.context import FormContext
from crf.store.records import RecordKey
from followup.models import AWAITED, Visit
from followup.services.planning import VisitChange, shown
from kernel.errors import Refusal
from kernel.punctuation import listed

PLANNED = frozenset((*AWAITED, "missed"))
Window = tuple[date | None, date | None]


class VisitsWouldChange(Refusal):
    """The answers move what is planned; ``changes`` say which, ``digest`` stands for having read them."""

    code = "crf.visits_would_change"
    message = _(
        "{record} is not saved yet. Its answers would change which visits are planned, {number} in all. Read which, "
        "then save once more."
    )
    status = 422

    def __init__(self, *, changes: Sequence[VisitChange], digest: str, **values: Any) -> None:
        super().__init__(**values)
        self.changes, self.digest = tuple(changes), digest


@dataclass(frozen=True)
class PlanSnapshot:
    """Where the participant stands, the dates of milestones and the windows that are planned, at one moment."""

    state: str
    milestones: Mapping[str, date | None]
    windows: Mapping[str, Window]

    @classmethod
    def take(cls, record_key: RecordKey, form_context: FormContext) -> PlanSnapshot:
        """Return what stands now: the planned windows are asked for, the milestones are known already."""
        visits = Visit.objects.filter(participant=record_key.participant, state__in=PLANNED)
        windows = {
            code: (opens, closes) for code, opens, closes in visits.values_list("code", "opens", "closes")
        }
        return cls(record_key.participant.state, form_context.milestone_days(), windows)


def changes_since(
    before: PlanSnapshot, change: RecordChange, *, seen: str | None, corrects: bool
) -> tuple[VisitChange, ...]:
    """Return which planned visits the save changed, unless its reader has to see them first.

    They have when a milestone had another date before, or when the answers date a milestone or move the
    participant so that something planned falls away. A milestone that goes on because something was added, as the
    last dose does each week, is no other date: ``corrects`` says that an answer on record was altered. ``seen`` is
    the digest of what they were shown, None where nobody reads. The save that asks is undone by the refusal, with
    nothing typed lost.

    Refuses: visits that would move unseen.
    """
    after = PlanSnapshot.take(change.record_key, change.form_context)
    changes = tuple(shown(_changes(before.windows, after.windows, change.record_key)))
    asks = changes and (
        _corrects(before, after, goes_on=not corrects) or _ends_visits(before, after, changes)
    )
    if seen is not None and asks and seen != (digest := _digest(changes)):
        label = change.record_key.label
        raise VisitsWouldChange(changes=changes, digest=digest, record=label, number=len(changes))
    return changes


def _corrects(before: PlanSnapshot, after: PlanSnapshot, *, goes_on: bool) -> bool:
    for code, on in before.milestones.items():
        now = after.milestones.get(code)
        if on and now != on and not (goes_on and now and now > on):
            return True
    return False


def _ends_visits(before: PlanSnapshot, after: PlanSnapshot, changes: Sequence[VisitChange]) -> bool:
    """Say whether the answers, not the calendar or a visit that took place, let something planned fall away."""
    led = (before.state, before.milestones) != (after.state, after.milestones)
    return led and any(visit.kind == "dropped" for visit in changes)


def _changes(
    before: Mapping[str, Window], after: Mapping[str, Window], record_key: RecordKey
) -> list[VisitChange]:
    gone = before.keys() - after.keys()
    happened = Visit.objects.filter(
        participant=record_key.participant, code__in=gone, took_place_on__isnull=False
    )
    took_place = set(happened.values_list("code", flat=True)) if gone else set()
    visit_changes = [VisitChange(code, "dropped", before[code], None) for code in gone - took_place]
    visit_changes += [VisitChange(code, "added", None, after[code]) for code in after.keys() - before.keys()]
    both = before.keys() & after.keys()
    return visit_changes + [
        VisitChange(code, "moved", before[code], after[code]) for code in both if before[code] != after[code]
    ]


def _digest(changes: Sequence[VisitChange]) -> str:
    said = json.dumps([[c.code, c.kind, c.before, c.after] for c in changes], default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def said_of_moves(changes: Sequence[VisitChange]) -> str:
    """Return the sentence about the visits that a save changed; nothing when none did."""
    parts = []
    for kind, sentence in (("added", _added), ("moved", _moved), ("dropped", _dropped)):
        codes = [change.code for change in changes if change.kind == kind]
        if codes:
            parts.append(sentence(len(codes)) % {"number": len(codes), "codes": _first(codes)})
    return " ".join(parts)


def _first(codes: Sequence[str], most: int = 6) -> str:
    return listed(codes[:most]) + (" …" if len(codes) > most else "")


def _added(number: int) -> str:
    return ngettext(
        "%(number)s visit is planned now: %(codes)s.", "%(number)s visits are planned now: %(codes)s.", number
    )


def _moved(number: int) -> str:
    return ngettext(
        "%(number)s visit has moved: %(codes)s.", "%(number)s visits have moved: %(codes)s.", number
    )


def _dropped(number: int) -> str:
    return ngettext(
        "%(number)s visit is no longer planned: %(codes)s.",
        "%(number)s visits are no longer planned: %(codes)s.",
        number,
    )
