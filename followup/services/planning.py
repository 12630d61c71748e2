"""From milestones to visits. What took place is never moved (design.md, 8; protocol 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from audit.acts import act
from followup.history import UNSCHEDULED, history_of, is_settled, text_for
from followup.models import Visit, VisitState
from followup.rolling import Span, state_on, turns_on
from palace3.kernel.clock import local_date
from palace3.protocol.course import PlannedVisit
from palace3.protocol.schedule import missed_on, plan
from palace3.protocol.windows import window_status
from trials.holidays import works_on
from trials.models import EligibilityDecision, Milestone, Participant

PLANNED_COLUMNS = (
    "anchor",
    "anchor_on",
    "target",
    "opens",
    "closes",
    "proposed_on",
    "forms",
    "procedures",
    "reason",
    "missed_on",
    "state",
    "turns_on",
)


@dataclass(frozen=True)
class Change:
    """One visit that planning would add, move or drop, with the window before and after."""

    code: str
    kind: str
    before: tuple[date | None, date | None] | None
    after: tuple[date | None, date | None] | None

    @property
    def day(self) -> date:
        """The first day that the change touches, for an order of time."""
        opens = [window[0] for window in (self.before, self.after) if window and window[0]]
        return min(opens, default=date.max)


def plan_visits_for(
    *, participant: Participant, by: User | None, at: datetime, reason: str = ""
) -> list[Change]:
    """The participant's visits are those that the protocol asks for now; nothing that happened moved.

    Planning again without a change writes nothing. Who calls holds the participant's row.
    """
    with transaction.atomic():
        held = Participant.objects.lock(participant.pk)
        today = local_date(at, held.site.time_zone)
        existing = {visit.code: visit for visit in _scheduled(held)}
        wanted = {visit.code: visit for visit in _wanted(held, list(existing.values()), today)}
        changes = list(_changes(existing, wanted, today))
        if changes:
            with act("followup:visits:plan", by=by, at=at, participant=held, reason=reason) as written:
                _apply(changes, held, existing, wanted, today, written)
    return changes


def preview_plan(
    *, participant: Participant, at: datetime, milestones: dict[str, date | None] | None = None
) -> list[Change]:
    """Return what planning would do now, without doing it, if ``milestones`` had these dates."""
    today = local_date(at, participant.site.time_zone)
    existing = {visit.code: visit for visit in _scheduled(participant)}
    wanted = {visit.code: visit for visit in _wanted(participant, list(existing.values()), today, milestones)}
    return sorted(_changes(existing, wanted, today), key=lambda change: (change.day, change.code))


def _scheduled(participant: Participant) -> list[Visit]:
    return list(Visit.objects.filter(participant=participant).exclude(code=UNSCHEDULED))


def _wanted(
    participant: Participant,
    visits: list[Visit],
    today: date,
    supposed: dict[str, date | None] | None = None,
) -> tuple[PlannedVisit, ...]:
    history = history_of(participant, visits, as_of=today)
    if supposed:
        dates = {**history.milestones, **supposed}
        history = replace(history, milestones={code: on for code, on in dates.items() if on})
    return plan(text_for(participant), history, works_on=works_on)


def _changes(existing: dict[str, Visit], wanted: dict[str, PlannedVisit], today: date) -> list[Change]:
    changes = []
    for code, visit in existing.items():
        if is_settled(visit) or (code not in wanted and visit.state == VisitState.CANCELLED):
            continue
        if code not in wanted:
            changes.append(Change(code, "dropped", (visit.opens, visit.closes), None))
        elif any(
            getattr(visit, name) != value for name, value in _columns(code, visit, wanted, today).items()
        ):
            new = wanted[code]
            changes.append(Change(code, "moved", (visit.opens, visit.closes), (new.opens, new.closes)))
    for code, new in wanted.items():
        if code not in existing:
            changes.append(Change(code, "added", None, (new.opens, new.closes)))
    return changes


def _columns(code: str, visit: Visit | None, wanted: dict[str, PlannedVisit], today: date) -> dict[str, Any]:
    new = wanted[code]
    span = Span(new.opens, new.target, new.closes, missed_on(new, wanted.values()))
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
        "state": state_on(today, span),
        "turns_on": turns_on(today, span),
    }


def _apply(
    changes: list[Change],
    participant: Participant,
    existing: dict[str, Visit],
    wanted: dict[str, PlannedVisit],
    today: date,
    written: Any,
) -> None:
    """New and dropped visits are one statement each, however many there are."""
    dropped = [existing[change.code].pk for change in changes if change.kind == "dropped"]
    if dropped:
        gone = {"state": VisitState.CANCELLED, "turns_on": None, "act": written}
        Visit.objects.filter(pk__in=dropped).update(**gone)
    added = []
    for change in changes:
        if change.kind == "dropped":
            continue
        visit = existing.get(change.code)
        columns = _columns(change.code, visit, wanted, today)
        if visit is None:
            columns |= _happened_before_planning(change.code, wanted[change.code], participant)
            place = {"participant": participant, "site_id": participant.site_id, "code": change.code}
            added.append(Visit(**place, act=written, **columns))
        else:
            _move(visit, columns, written)
    Visit.objects.bulk_create(added)


def _move(visit: Visit, columns: dict[str, Any], written: Any) -> None:
    for name, value in columns.items():
        setattr(visit, name, value)
    visit.act = written
    visit.save(update_fields=[*PLANNED_COLUMNS, "act"])


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
        found = Milestone.objects.filter(participant=participant, code="RAND", on__isnull=False)
        return found.values_list("on", flat=True).first()
    if code == "SCR":
        decided = EligibilityDecision.objects.filter(participant=participant, eligible=True)
        at = decided.order_by("-decided_at").values_list("decided_at", flat=True).first()
        return local_date(at, participant.site.time_zone) if at else None
    return None
