"""Calendar arithmetic of the schedule: months, offsets, windows (protocol 2.1)."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from protocol.loader.schema import Anchoring, Offset


@dataclass(frozen=True, slots=True)
class Dates:
    """The target of a visit and the first and last day of its window, both inclusive."""

    target: date
    opens: date
    closes: date


def add_months(day: date, months: int) -> date:
    """``months`` calendar months later, or the last day of that month if it is too short (protocol 2.1)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def target_of(offset: Offset, anchor_on: date) -> date:
    """``anchor_on`` moved by ``offset``: calendar months first, then days and weeks."""
    return add_months(anchor_on, offset.months or 0) + timedelta(
        days=offset.days or 0, weeks=offset.weeks or 0
    )


def dates_of(due: Anchoring, anchor_on: date) -> Dates:
    """Target and window of a visit whose anchor is ``anchor_on`` (protocol 2.2-2.4)."""
    target = target_of(due.target, anchor_on)
    window = due.window
    if window.opens is not None and window.closes is not None:
        return Dates(target, anchor_on + timedelta(window.opens), anchor_on + timedelta(window.closes))
    return Dates(target, target - timedelta(window.before or 0), target + timedelta(window.after or 0))


def window_status(took_place_on: date, opens: date, closes: date) -> str:
    """``early``, ``in`` or ``late``; both edges of a window belong to it (protocol 2.1)."""
    if took_place_on < opens:
        return "early"
    return "late" if took_place_on > closes else "in"
