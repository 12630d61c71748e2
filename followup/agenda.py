"""The visits of a site, week by week, and those that wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from followup.history import text_for
from followup.models import AWAITED, HAPPENED, UNDESCRIBED, Visit, VisitSet, VisitState
from followup.wording import time_left, visit_name
from kernel.pagination import count_up_to, in_words

WEEK = timedelta(days=7)
SHOWS = ("week", "list", "due", "overdue", "missed", "undescribed", "todos")


@dataclass(frozen=True)
class AgendaLine:
    """One visit as the agenda shows it."""

    visit: Visit
    name: str
    left: str


@dataclass(frozen=True)
class Week:
    """Monday to Sunday, with the Mondays on both sides."""

    monday: date

    @classmethod
    def around(cls, day: date) -> Week:
        return cls(day - timedelta(days=day.weekday()))

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def before(self) -> date:
        return self.monday - WEEK

    @property
    def after(self) -> date:
        return self.monday + WEEK


def shown(visits: VisitSet, *, show: str, week: Week) -> VisitSet:
    """Return the visits of one view of the agenda, the most urgent first."""
    if show == "list":
        return visits.filter(state__in=AWAITED).order_by("proposed_on", "participant_id", "pk")
    if show == "due":
        return visits.filter(state__in=(VisitState.OPEN, VisitState.DUE)).order_by("closes", "pk")
    if show == "overdue":
        return visits.filter(state=VisitState.OVERDUE).order_by("closes", "pk")
    if show == "missed":
        return visits.filter(state=VisitState.MISSED).order_by("-closes", "pk")
    if show == "undescribed":
        return undescribed(visits)
    days = (week.monday, week.sunday)
    return visits.shown_in_order(*days).exclude(state=VisitState.NOT_DONE)


def undescribed(visits: VisitSet) -> VisitSet:
    """Return the visits with forms of which nobody has said how they were made, and whose record is the source."""
    return visits.filter(UNDESCRIBED).order_by("took_place_on", "pk")


def lines(visits: Iterable[Visit], *, today: date) -> list[AgendaLine]:
    """Return the visits with their names and how far their windows are."""
    return [
        AgendaLine(visit, visit_name(text_for(visit.participant), visit), _left(visit, today))
        for visit in visits
    ]


def _left(visit: Visit, today: date) -> str:
    return "" if visit.state in HAPPENED else time_left(visit, today)


def by_day(lines: Iterable[AgendaLine]) -> list[tuple[date | None, list[AgendaLine]]]:
    """Return the lines grouped by the day on which each is proposed or took place."""
    days: dict[date | None, list[AgendaLine]] = {}
    for line in lines:
        days.setdefault(line.visit.took_place_on or line.visit.proposed_on, []).append(line)
    return sorted(days.items(), key=lambda entry: entry[0] or date.max)


def counts(visits: VisitSet) -> dict[str, str]:
    """Return how many visits wait in each view, as its tile shows it."""
    states = {
        "due": (VisitState.OPEN, VisitState.DUE),
        "overdue": (VisitState.OVERDUE,),
        "missed": (VisitState.MISSED,),
    }
    return {view: in_words(count_up_to(visits.filter(state__in=waiting))) for view, waiting in states.items()}
