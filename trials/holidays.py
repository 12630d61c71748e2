"""Public holidays and make-up working days in China: they move the day that is offered, never a window."""

from __future__ import annotations

import functools
from datetime import date

import holidays

from palace3.protocol.schedule import WorksOn, working_days

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
