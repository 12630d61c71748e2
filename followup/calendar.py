"""A month of visits as a page shows it, and a person's own calendar in the iCalendar format (RFC 5545)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from followup.models import Visit, VisitState

MONTHS = 12
PER_DAY = 4  # more would make the sheet of a large site several screens high
SIGNS: Final = {  # the icon beside a visit of the month, where its state is worth one
    VisitState.DONE: "check-circle",
    VisitState.OVERDUE: "exclamation-octagon",
    VisitState.MISSED: "calendar-x",
    VisitState.NOT_DONE: "slash-circle",
}
COUNTED = 99  # of so many the sheet says how many they are
LONGEST_LINE = 74


@dataclass(frozen=True)
class Day:
    """One day of the month's sheet, with its visits."""

    on: date
    in_month: bool
    is_worked: bool
    visits: tuple[Visit, ...]

    @property
    def others(self) -> str:
        """How many visits of the day the sheet has no room for, as it says so; the week shows them."""
        if not self.visits:
            return ""
        counted: int = self.visits[0].of_the_day  # type: ignore[attr-defined]
        others = min(counted, COUNTED) - len(self.visits)
        return f"{others}+" if counted > COUNTED else str(others or "")

    @property
    def monday(self) -> date:
        return self.on - timedelta(days=self.on.weekday())


@dataclass(frozen=True)
class Month:
    """A month and its neighbours."""

    first: date

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.replace(day=1))

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def weeks(self) -> list[list[date]]:
        """The sheet's weeks, Monday to Sunday, with the days of both neighbours that complete them."""
        return calendar.Calendar().monthdatescalendar(self.first.year, self.first.month)

    @property
    def shown(self) -> tuple[date, date]:
        return self.weeks[0][0], self.weeks[-1][-1]


def shown_on(visit: Visit) -> date | None:
    """Return the day on which a calendar shows the visit."""
    return visit.took_place_on or visit.proposed_on


def first_of_each_day(visits: QuerySet[Visit], *, days: Sequence[date], sites: Sequence[int]) -> list[Visit]:
    """Return the first of ``visits`` on every day at these sites, each with how many the day has (``of_the_day``).

    Each day is looked up in the index for itself, as far as ``COUNTED``: a month costs the same in a large trial.
    """
    at_sites = "site_id = %(site)s" if len(sites) == 1 else "site_id = ANY(%(sites)s)"
    given = {
        "days": list(days),
        "site": sites[0] if sites else None,
        "sites": list(sites),
        "counted": COUNTED + 1,
        "shown": PER_DAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OF_EACH_DAY.format(at_sites=at_sites), given)
        counts = dict(cursor.fetchall())
    shown = list(visits.filter(pk__in=counts).order_by("participant_id", "pk"))
    for visit in shown:
        visit.of_the_day, visit.sign = counts[visit.pk], SIGNS.get(VisitState(visit.state))  # type: ignore[attr-defined]
    return shown


_OF_EACH_DAY = """
    SELECT v.id, v.of_the_day FROM unnest(%(days)s::date[]) AS d (day) CROSS JOIN LATERAL (
        SELECT f.id, count(*) OVER () AS of_the_day, row_number() OVER (ORDER BY f.participant_id, f.id) AS place
        FROM (SELECT id, participant_id FROM followup_visit
              WHERE CASE WHEN took_place_on IS NULL THEN proposed_on ELSE took_place_on END = d.day
                AND state <> 'cancelled' AND {at_sites}
              ORDER BY participant_id, id LIMIT %(counted)s) AS f
    ) AS v WHERE v.place <= %(shown)s
"""


def icalendar(visits: Iterable[Visit], *, name: str, at: datetime) -> str:
    """Return the visits as all-day events: numbers, codes and windows, nothing else about anybody."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//PALACE-3//visits//EN",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    for visit in visits:
        lines += _event(visit, at)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(visit: Visit, at: datetime) -> list[str]:
    on = shown_on(visit)
    if on is None or visit.opens is None or visit.closes is None:
        return []
    window = f"{visit.opens.isoformat()} – {visit.closes.isoformat()}"
    return [
        "BEGIN:VEVENT",
        f"UID:visit-{visit.pk}@palace3",
        f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(f'{visit.participant.number} {visit}')}",
        f"DESCRIPTION:{_escaped(window)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """A long line goes on after a line break and a space; no character is cut (RFC 5545, 3.1)."""
    piece = ""
    for sign in line:
        if len((piece + sign).encode()) > LONGEST_LINE:
            yield piece
            piece = " "
        piece += sign
    yield piece
