"""The calendar moves on: planned, open, due, overdue, missed (protocol 2.1, 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from audit.acts import open_act
from followup.history import DUE_BEFORE_CLOSING, SWEEPS, days_met, text_for, whole_number
from followup.models import Visit, VisitState
from followup.rolling import VisitWindow, state_on, turns_on
from followup.services.planning import plan_visits_for
from protocol.history import CUT_SWEEPS
from protocol.schedule import sweeps_until_month
from trials.models import Participant, Site
from trials.models.locks import without_locked
from trials.services import propose_deviation

BATCH = 500
MISSED_VISIT = "VISIT-MISSED"


def update_visit_states(*, site: Site, on: date, at: datetime, batch: int = BATCH) -> int:
    """Every visit of the site stands where the calendar puts it on the day ``on``; say how many changed.

    A night that was left out is caught up, a second run changes nothing, and two runs at once share
    the work. Only visits whose day has come are read (``turns_on``). Each batch is kept by itself;
    locks are taken as everywhere: participants first, then their visits.
    """
    changed = 0
    while turned := _roll_batch(site, on, at, batch):
        changed += turned
    return changed


def _roll_batch(site: Site, on: date, at: datetime, batch: int) -> int:
    with transaction.atomic():
        visits = _held(site, on, batch)
        if not visits:
            return 0
        with open_act("followup:visits:roll", by=None, at=at, site=site) as act:
            _settle_needless_sweeps(visits, on, act)
            for visit in visits:
                _turn(visit, on, act)
            Visit.objects.bulk_update(visits, ["state", "turns_on", "met_on", "act"], batch_size=batch)
            _follow(visits, at)
    return len(visits)


def _held(site: Site, on: date, batch: int) -> list[Visit]:
    """Return the next visits to turn, held with their participants; what another run holds is left to it.

    Visits of who is locked stay as they are until the lock ends.
    """
    visits = without_locked(Visit.objects.filter(site=site), participant="participant_id")
    turning = visits.awaited().turning(on=on).order_by("turns_on", "pk")
    wanted = list(turning.values_list("pk", "participant_id")[:batch])
    people = Participant.objects.filter(pk__in={person for _visit, person in wanted}).order_by("pk")
    mine = set(people.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    keys = [visit for visit, person in wanted if person in mine]
    visits = Visit.objects.filter(pk__in=keys).awaited().turning(on=on).select_related("participant__site")
    return list(visits.select_for_update(of=("self",)).order_by("pk"))


def span_of(visit: Visit) -> VisitWindow:
    """Return the window of an awaited visit."""
    if visit.opens is None or visit.target is None or visit.closes is None:
        raise ValueError(f"visit {visit.pk} is awaited and has no window")
    early = whole_number(text_for(visit.participant), DUE_BEFORE_CLOSING)
    return VisitWindow(visit.opens, visit.target, visit.closes, early, visit.missed_on)


def _turn(visit: Visit, on: date, act: Any) -> None:
    visit.act = act
    if visit.state == VisitState.NOT_DONE:
        return
    span = span_of(visit)
    visit.state, visit.turns_on = state_on(on, span), turns_on(on, span)


def _settle_needless_sweeps(visits: Iterable[Visit], on: date, act: Any) -> None:
    """A sweep whose window has passed is settled when the participant was met near it (protocol 2.2)."""
    passed = [v for v in visits if v.code.startswith(SWEEPS) and v.closes and v.closes < on]
    met = met_near(passed)
    for visit in passed:
        if visit.pk in met:
            visit.state, visit.turns_on = VisitState.NOT_DONE, None
            visit.met_on = met[visit.pk]


def met_near(sweeps: Iterable[Visit]) -> dict[int, date]:
    """Return by sweep the last day, within the time that it allows, on which the participant was seen or reached.

    Two questions to the database, however many sweeps there are.
    """
    spans = {visit.pk: (visit, *_near(visit)) for visit in sweeps if visit.target and visit.closes}
    if not spans:
        return {}
    people = {visit.participant_id for visit, _since, _until in spans.values()}
    days = (min(since for _v, since, _u in spans.values()), max(until for _v, _s, until in spans.values()))
    met = days_met(people, *days)
    latest = {}
    for pk, (visit, since, until) in spans.items():
        seen = [on for on, where in met.get(visit.participant_id, ()) if since <= on <= until and where != pk]
        if seen:
            latest[pk] = max(seen)
    return latest


def _near(visit: Visit) -> tuple[date, date]:
    days = whole_number(text_for(visit.participant), "sweep_without_contact_days")
    return (visit.target or date.max) - timedelta(days), visit.closes or date.max


def _follow(visits: Iterable[Visit], at: datetime) -> None:
    """What a new state asks for, in the same act: a possible deviation, a longer row of sweeps."""
    for visit in visits:
        passed = visit.state in {VisitState.OVERDUE, VisitState.MISSED} and visit.participant.arm is not None
        if passed and not visit.code.startswith(SWEEPS):
            propose_missed_visit(visit, at)
        if _is_last_sweep(visit):
            plan_visits_for(participant=visit.participant, by=None, at=at)


def _is_last_sweep(visit: Visit) -> bool:
    """Say whether more sweeps may have to follow; those of the first five years were planned with the rest."""
    if not visit.code.startswith(SWEEPS) or visit.code.startswith(CUT_SWEEPS):
        return False
    return int(visit.code.removeprefix(SWEEPS)) >= sweeps_until_month(text_for(visit.participant))


def propose_missed_visit(visit: Visit, at: datetime) -> None:
    """The passed window stands as a possible deviation until a person settles it (protocol 2.6, 3.15).

    A visit that moves and is missed again is another one.
    """
    propose_deviation(
        participant=visit.participant,
        rule=MISSED_VISIT,
        key=f"{visit.code}:{visit.closes}",
        detail=gettext_noop(
            "Visit %(code)s: the window of %(opens)s to %(closes)s passed with nothing recorded."
        ),
        values={"code": visit.code, "opens": str(visit.opens), "closes": str(visit.closes)},
        by=None,
        at=at,
    )
