"""Reading one answer: what a tick says, and what a date that is only partly known says (protocol 3.0)."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

_SAYS_YES = (True, "Y", "y")
_SAYS_NO = (False, "N", "n")


def yes_no(value: object) -> bool | None:
    """What a yes/no answer claims; unknown and unanswered are both ``None`` (protocol 3.0, yn and ynu)."""
    if isinstance(value, (bool, str)):
        if value in _SAYS_YES:
            return True
        if value in _SAYS_NO:
            return False
    return None


def chosen(value: object) -> tuple[str, ...]:
    """The codes of a multiple-choice answer in a fixed order; a single code counts as one (protocol 3.0,
    multi).
    """
    if value is None or value == "":
        return ()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(sorted(str(each) for each in value))
    return (str(value),)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as it was entered: a year, a year and month, or a full day; never filled in (protocol 3.0)."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def earliest(self) -> date:
        """The first day it can have been."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day it can have been."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def exact(self) -> date | None:
        """The day, when it is known."""
        return self.earliest if self.day else None


def partial_date(value: object) -> PartialDate | None:
    """The partial date behind a ``date``, ``"2019"``, ``"2019-05"`` or ``"2019-05-07"``; else ``None``
    (protocol 3.0).
    """
    if isinstance(value, PartialDate):
        return value
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return PartialDate(value.year, value.month, value.day)
    if not isinstance(value, str) or not value:
        return None
    parts = value.strip().split("-")
    if len(parts) > 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    day = PartialDate(*map(int, parts))
    return day if _in_calendar(day) else None


def _in_calendar(day: PartialDate) -> bool:
    if day.month == 0 or day.day == 0:
        return False
    try:
        return day.earliest <= day.latest
    except (ValueError, calendar.IllegalMonthError):
        return False
