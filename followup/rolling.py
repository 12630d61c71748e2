"""Where a visit stands on a day: pure."""

from __future__ import annotations

from datetime import date, timedelta

DUE_BEFORE_CLOSING = timedelta(days=7)


def state_on(
    today: date, *, opens: date, target: date, closes: date, missed_on: date | None = None
) -> str:
    """Return planned, open, due, overdue or missed for a visit that has not happened (protocol 2.1, 2.6).

    Due from the target day, or a week before the window closes when that is earlier; overdue after
    the window; missed when the next window of its kind opens.
    """
    if missed_on is not None and today >= missed_on and today > closes:
        return "missed"
    if today > closes:
        return "overdue"
    if today < opens:
        return "planned"
    due_from = max(opens, min(target, closes - DUE_BEFORE_CLOSING))
    return "due" if today >= due_from else "open"
