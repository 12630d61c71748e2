"""Days are made from instants here, and nowhere else."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_date(at: datetime, zone: str) -> date:
    """Return the calendar day that it is in ``zone`` (IANA name) at the instant ``at``."""
    if at.tzinfo is None:
        raise ValueError("an instant carries its time zone")
    return at.astimezone(ZoneInfo(zone)).date()
