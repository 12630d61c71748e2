"""How visits keep to their windows: counted by the database in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from followup.models import Visit, VisitState


@dataclass(frozen=True)
class VisitAdherence:
    """One visit of the schedule (or one site): how often it was asked for, and what became of it."""

    label: str
    early: int = 0
    inside: int = 0
    late: int = 0
    not_done: int = 0
    overdue: int = 0
    missed: int = 0

    @property
    def asked(self) -> int:
        """Visits whose window has passed, or that took place: what adherence is counted over."""
        return self.early + self.inside + self.late + self.not_done + self.overdue + self.missed

    @property
    def percent_inside(self) -> int | None:
        """Share of those that took place in their window; None while nothing was asked for."""
        return round(100 * self.inside / self.asked) if self.asked else None

    def plus(self, other: VisitAdherence) -> VisitAdherence:
        """Return both together, under this label."""
        numbers = {name: getattr(self, name) + getattr(other, name) for name in NUMBERS}
        return VisitAdherence(self.label, **numbers)


NUMBERS = ("early", "inside", "late", "not_done", "overdue", "missed")
_COUNTED: dict[str, Any] = {
    "early": Count("pk", filter=Q(timing="early")),
    "inside": Count("pk", filter=Q(timing="in")),
    "late": Count("pk", filter=Q(timing="late")),
    "not_done": Count("pk", filter=Q(state=VisitState.NOT_DONE)),
    "overdue": Count("pk", filter=Q(state=VisitState.OVERDUE)),
    "missed": Count("pk", filter=Q(state=VisitState.MISSED)),
}


def _counted(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """A sweep that nobody needed was not asked for; unscheduled visits have no window to keep."""
    needless = Q(met_on__isnull=False)
    return visits.filter(opens__isnull=False).exclude(needless)


@dataclass(frozen=True)
class Adherence:
    """The same visits counted twice: by the visit of the schedule, and by the site."""

    by_visit: list[VisitAdherence]
    by_site: list[VisitAdherence]


def adherence_of(visits: QuerySet[Visit], *, site: str | None = None) -> Adherence:
    """Return the counts in one pass over the visits; with ``site``, the counts by visit are of that site alone."""
    cells = _counted(visits).order_by().values("site__code", "code").annotate(**_COUNTED)
    of_visit: dict[str, VisitAdherence] = {}
    of_site: dict[str, VisitAdherence] = {}
    for place, code, *numbers in cells.values_list("site__code", "code", *NUMBERS):
        _add(of_site, VisitAdherence(place, *numbers))
        if site in (None, place):
            _add(of_visit, VisitAdherence(code, *numbers))
    asked = sorted((kept for kept in of_visit.values() if kept.asked), key=lambda kept: _order(kept.label))
    return Adherence(asked, [of_site[place] for place in sorted(of_site)])


def _add(rows: dict[str, VisitAdherence], kept: VisitAdherence) -> None:
    rows[kept.label] = rows.get(kept.label, VisitAdherence(kept.label)).plus(kept)


def together(rows: list[VisitAdherence], label: str) -> VisitAdherence:
    """Return the sum of the rows, under this label."""
    total = VisitAdherence(label)
    for row in rows:
        total = total.plus(row)
    return total


_BEGINNINGS = (
    "SCR", "QOL", "RND", "N", "NE", "SF30", "SF90", "CRE", "RST", "SURG", "DC", "PO30", "ADJ", "PO90", "AS", "FU",
    "OS", "SWEEP",
)  # fmt: skip


def _order(code: str) -> tuple[int, str]:
    head = next((known for known in sorted(_BEGINNINGS, key=len, reverse=True) if code.startswith(known)), "")
    return (_BEGINNINGS.index(head) if head else len(_BEGINNINGS), code)
