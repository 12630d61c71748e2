"""Days are made from instants here, and nowhere else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_date(at: datetime, zone: str) -> date:
    """Return the calendar day that it is in ``zone`` (IANA name) at the instant ``at``."""
    if at.tzinfo is None:
        raise ValueError("an instant carries its time zone")
    return at.astimezone(ZoneInfo(zone)).date()


def with_offset(at: datetime, zone: str, *, to: str = "auto") -> str:
    """Return an instant as it leaves: by the clock of ``zone``, with its offset; ``to`` names the last unit."""
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec=to)


def end_of_day(day: date, zone: str) -> datetime:
    """Return the instant at which ``day`` is over in ``zone``: 24:00, which the next day calls 00:00."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
