"""Public holidays and make-up working days in China: they move the day that is offered, never a window.

The days come from the package ``holidays``. The State Council announces each November which days of the next
year are exchanged; the package brings them with its next release, and ``announced_through`` says how far it
knows them. Beyond that year the festivals themselves are known (they follow the law and the lunar calendar),
and exchanged days are not: an appointment may then be offered on a weekday that becomes a bridging day.
"""

from __future__ import annotations

import functools
from datetime import date

import holidays

from protocol.schedule import WorksOn, working_days

YEARS_AHEAD = 6


@functools.cache
def working_calendar(first_year: int) -> WorksOn:
    """Return which days are worked in China, for ``first_year`` and the six years after it."""
    years = range(first_year, first_year + YEARS_AHEAD + 1)
    calendar = holidays.country_holidays("CN", years=years)
    workdays: set[date] = getattr(calendar, "weekend_workdays", set())
    return working_days(holidays=frozenset(calendar.keys()), make_up_days=frozenset(workdays))


def works_on(day: date) -> bool:
    """Say whether ``day`` is worked."""
    return working_calendar(day.year - 1)(day)


@functools.cache
def announced_through() -> int:
    """Return the last year whose exchanged working days are known; 0 when the package knows none."""
    calendar = holidays.country_holidays("CN", years=range(2020, 2035))
    workdays: set[date] = getattr(calendar, "weekend_workdays", set())
    return max((day.year for day in workdays), default=0)
