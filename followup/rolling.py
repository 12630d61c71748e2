"""Where a visit stands on a day, and when that changes next: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class VisitWindow:
    """What the calendar needs to know of a visit that has not happened: both edges of a window belong to it."""

    opens: date
    target: date
    closes: date
    due_before_closing: int
    missed_on: date | None = None

    @property
    def due_from(self) -> date:
        """The target day, or some days before the window closes when that is earlier (protocol 2.6)."""
        last = self.closes - timedelta(days=self.due_before_closing)
        return max(self.opens, min(self.target, last))

    @property
    def overdue_from(self) -> date:
        """The day after the window."""
        return self.closes + ONE_DAY

    @property
    def given_up_on(self) -> date | None:
        """The day from which the visit counts as missed, never while its own window is open."""
        return None if self.missed_on is None else max(self.missed_on, self.overdue_from)


def state_on(today: date, span: VisitWindow) -> str:
    """Return planned, open, due, overdue or missed for a visit that has not happened (protocol 2.1, 2.6)."""
    if span.given_up_on is not None and today >= span.given_up_on:
        return "missed"
    if today >= span.overdue_from:
        return "overdue"
    if today >= span.due_from:
        return "due"
    return "open" if today >= span.opens else "planned"


def turns_on(today: date, span: VisitWindow) -> date | None:
    """Return the first day after ``today`` on which the state is another; None when it stays for good."""
    days = (span.opens, span.due_from, span.overdue_from, span.given_up_on)
    changing = [day for day in days if day is not None and state_on(day, span) != state_on(today, span)]
    return min((day for day in changing if day > today), default=None)
