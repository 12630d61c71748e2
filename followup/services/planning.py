"""From milestones to visits. What took place is never moved (architecture 8; protocol 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from audit.acts import note_moved, open_act
from followup.history import (
    DUE_BEFORE_CLOSING,
    UNSCHEDULED,
    followed_since,
    history_of,
    is_settled,
    rule_of,
    text_for,
    whole_number,
)
from followup.models import DataCut, Visit, VisitState
from followup.rolling import VisitWindow, state_on, turns_on
from kernel.clock import local_date
from protocol.history import PlannedVisit
from protocol.schedule import led_to, missed_on, plan
from protocol.windows import window_status
from trials.holidays import works_on
from trials.models import EligibilityDecision, Milestone, Participant
from trials.models.locks import is_locked


@dataclass(frozen=True)
class VisitChange:
    """One visit that planning would add, move, drop or only alter, with the window before and after.

    *Altered*: the window stays, and what is due in it, or why, changes: the forms and procedures in ``leaves`` are
    due no more, those in ``joins`` are, as is everything of a visit that is added. *Turned*: only the calendar went on.
    """

    code: str
    kind: str
    before: tuple[date | None, date | None] | None
    after: tuple[date | None, date | None] | None
    leaves: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        """The first day that the change touches, for an order of time."""
        opens = [window[0] for window in (self.before, self.after) if window and window[0]]
        return min(opens, default=date.max)


def plan_visits_for(
    *, participant: Participant, by: User | None, at: datetime, reason: str = ""
) -> list[VisitChange]:
    """The participant's visits are those that the protocol asks for now; nothing that happened moved.

    Planning again without a change writes nothing; the plan of a locked participant stays until the lock ends. Who
    calls holds the participant's row.

    Locks: the participant's visits.
    """
    with transaction.atomic():
        locked = Participant.objects.lock(participant.pk)
        today = local_date(at, locked.site.time_zone)
        planning = _Planning(locked, today, followed_since(locked))
        changes = planning.changes()
        if changes and is_locked(locked):
            return []
        if changes:
            with open_act("followup:visits:plan", by=by, at=at, participant=locked, reason=reason) as act:
                _apply(changes, planning, act)
    return changes


def preview_plan(
    *, participant: Participant, at: datetime, milestones: dict[str, date | None] | None = None
) -> list[VisitChange]:
    """Return what planning would do now, without doing it, if ``milestones`` had these dates."""
    today = local_date(at, participant.site.time_zone)
    since = followed_since(participant)
    return shown(_Planning(participant, today, since, milestones).changes())


def preview_version(
    *, participant: Participant, version: str, on: date, cuts: list[DataCut] | None = None
) -> list[VisitChange]:
    """Return what would change if the participant followed ``version`` from ``on``; nothing is written."""
    supposed = copy(participant)
    supposed.protocol_version = version
    return shown(_Planning(supposed, on, on, cuts=cuts).changes())


class _NotKeptError(Exception):
    """What was done to see what follows is undone."""


def what_follows(*, participant: Participant, act: Callable[[], object]) -> list[VisitChange]:
    """Return how the visits would change if ``act`` were done, by doing it and keeping nothing of it.

    Refuses what ``act`` refuses.
    """
    before = _standing(participant)
    try:
        with transaction.atomic():
            act()
            after = _standing(participant)
            raise _NotKeptError
    except _NotKeptError:
        pass
    return shown(_changes_between(before, after))


_Asked = tuple[tuple[date | None, date | None], list[str]]


def _standing(participant: Participant) -> dict[str, _Asked]:
    """Return the window of each visit that is asked for, and what is due in it."""
    rows = Visit.objects.filter(participant=participant).exclude(state=VisitState.CANCELLED)
    visits = rows.exclude(code=UNSCHEDULED).values_list("code", "opens", "closes", "forms", "procedures")
    return {code: ((opens, closes), [*forms, *due]) for code, opens, closes, forms, due in visits}


def _changes_between(before: dict[str, _Asked], after: dict[str, _Asked]) -> Iterator[VisitChange]:
    for code in {**before, **after}:
        old, new = before.get(code), after.get(code)
        if old is None or new is None:
            kind = "added" if old is None else "dropped"
            yield VisitChange(code, kind, old and old[0], new and new[0], joins=tuple(new[1]) if new else ())
        elif old != new:
            kind = "moved" if old[0] != new[0] else "altered"
            yield VisitChange(code, kind, old[0], new[0], *_parts_between(old[1], new[1]))


def _parts_between(before: list[str], after: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the forms and procedures that leave, and those that join."""
    leaves = tuple(part for part in before if part not in after)
    return leaves, tuple(part for part in after if part not in before)


def shown(changes: Iterable[VisitChange]) -> list[VisitChange]:
    """Return the changes that a reader is shown, in order of time: not those that the calendar alone brings."""
    told = [change for change in changes if change.kind != "turned"]
    return sorted(told, key=lambda change: (change.day, change.code))


class _Planning:
    """What stands, what the participant's version asks for, and the way from one to the other.

    A version in force ``since`` a day asks for nothing that was over by then, and forgives nothing that was due.
    """

    def __init__(
        self,
        participant: Participant,
        today: date,
        since: date | None,
        supposed: dict[str, date | None] | None = None,
        cuts: list[DataCut] | None = None,
    ) -> None:
        self.participant, self.today, self.since = participant, today, since
        self.text = text_for(participant)
        visits = list(participant.visits.all())
        self.existing: dict[str, Visit] = {visit.code: visit for visit in visits if visit.code != UNSCHEDULED}
        history = history_of(participant, visits, as_of=today, cuts=cuts)
        if supposed:
            dates = {**history.milestones, **supposed}
            history = replace(history, milestones={code: on for code, on in dates.items() if on})
        planned = plan(self.text, history, works_on=works_on)
        self.wanted = {visit.code: visit for visit in planned if self._is_asked(visit)}
        # What an ending takes away still tells when the visit before it counted as missed.
        ended = (visit for visit in led_to(self.text, history) if visit.code not in self.wanted)
        self.kin = [*self.wanted.values(), *(visit for visit in ended if self._is_asked(visit))]

    def changes(self) -> list[VisitChange]:
        standing = (self._of_standing(code, visit) for code, visit in self.existing.items())
        added = (
            VisitChange(code, "added", None, (new.opens, new.closes), joins=(*new.forms, *new.procedures))
            for code, new in self.wanted.items()
            if code not in self.existing
        )
        return [*(change for change in standing if change), *added]

    def columns(self, code: str) -> dict[str, Any]:
        """Return what the row of a visit that is asked for holds."""
        new, visit = self.wanted[code], self.existing.get(code)
        early = whole_number(self.text, DUE_BEFORE_CLOSING)
        span = VisitWindow(new.opens, new.target, new.closes, early, missed_on(new, self.kin))
        moved = visit is None or (visit.opens, visit.closes) != (new.opens, new.closes)
        kept_day = visit.proposed_on if visit is not None and not moved else None
        return {
            "anchor": new.anchor,
            "anchor_on": new.anchor_on,
            "target": new.target,
            "opens": new.opens,
            "closes": new.closes,
            "proposed_on": kept_day or new.proposed_on,
            "forms": list(new.forms),
            "procedures": list(new.procedures),
            "reason": new.reason,
            "missed_on": span.missed_on,
            "state": state_on(self.today, span),
            "turns_on": turns_on(self.today, span),
        }

    def _is_asked(self, visit: PlannedVisit) -> bool:
        return self.since is None or visit.closes >= self.since or visit.code in self.existing

    def _of_standing(self, code: str, visit: Visit) -> VisitChange | None:
        if is_settled(visit) or self._was_over(visit):
            return None
        before = (visit.opens, visit.closes)
        if code not in self.wanted:
            gone = visit.state == VisitState.CANCELLED
            return None if gone else VisitChange(code, "dropped", before, None)
        columns = self.columns(code)
        differing = {name for name, value in columns.items() if getattr(visit, name) != value}
        if not differing:
            return None
        new = self.wanted[code]
        parts = _parts_between([*visit.forms, *visit.procedures], [*new.forms, *new.procedures])
        return VisitChange(code, _kind_of(differing), before, (new.opens, new.closes), *parts)

    def _was_over(self, visit: Visit) -> bool:
        """Say whether the window passed under an earlier version, whose calendar it stays in."""
        if self.since is None or visit.closes is None or visit.closes >= self.since:
            return False
        new = self.wanted.get(visit.code)
        if new is None:
            return rule_of(self.text, visit.code, self.participant.arm) is None
        return new.anchor_on == visit.anchor_on


def _kind_of(differing: set[str]) -> str:
    if differing & {"opens", "closes", "target"}:
        return "moved"
    return "altered" if differing & {"forms", "procedures", "anchor", "reason"} else "turned"


def _apply(changes: list[VisitChange], planning: _Planning, act: Any) -> None:
    """New and dropped visits are one statement each, however many there are."""
    participant, existing = planning.participant, planning.existing
    dropped = [existing[change.code].pk for change in changes if change.kind == "dropped"]
    if dropped:
        gone = {"state": VisitState.CANCELLED, "turns_on": None, "act": act}
        Visit.objects.filter(pk__in=dropped).update(**gone)
    added = []
    for change in changes:
        if change.kind == "dropped":
            continue
        visit = existing.get(change.code)
        columns = planning.columns(change.code)
        columns |= _happened_before_planning(change.code, planning.wanted[change.code], participant)
        if visit is None:
            place = {"participant": participant, "site_id": participant.site_id, "code": change.code}
            added.append(Visit(**place, act=act, **columns))
        else:
            _move(visit, columns, act)
    created = Visit.objects.bulk_create(added)
    moved = [existing[change.code].pk for change in changes if change.kind == "moved"]
    planned = [*created, *(existing[change.code] for change in changes if change.code in existing)]
    reads = ["visit.last_on"] if any(visit.took_place_on for visit in planned) else []
    reads += ["visit.forms"] if any(change.kind != "turned" for change in changes) else []
    note_moved(participant.pk, *reads, *(f"visit:{pk}" for pk in moved))


def _move(visit: Visit, columns: dict[str, Any], act: Any) -> None:
    for name, value in columns.items():
        setattr(visit, name, value)
    visit.act = act
    visit.save(update_fields=[*columns, "act"])


def _happened_before_planning(code: str, new: PlannedVisit, participant: Participant) -> dict[str, Any]:
    """Return the columns of a visit that lies behind its own planning: randomization, and the screening for it."""
    day = _day_behind(code, participant)
    if day is None:
        return {}
    return {
        "state": VisitState.DONE,
        "took_place_on": day,
        "timing": window_status(day, new.opens, new.closes),
        "turns_on": None,
    }


def _day_behind(code: str, participant: Participant) -> date | None:
    if code == "RND":
        milestones = Milestone.objects.filter(participant=participant, code="RAND", on__isnull=False)
        return milestones.values_list("on", flat=True).first()
    if code == "SCR":
        decided = EligibilityDecision.objects.filter(participant=participant, eligible=True)
        at = decided.order_by("-decided_at").values_list("decided_at", flat=True).first()
        return local_date(at, participant.site.time_zone) if at else None
    return None
