"""The safety clocks of a site, as the floor above knows them: told by settings, not by import."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings

from trials.models import Site


class RunningClock(Protocol):
    """What a notice needs of one clock that runs."""

    clock_id: int
    kind: str
    what: str
    number: str
    event_no: int
    starts_at: datetime
    due_at: datetime
    overdue: bool
    of_site: bool
    href: str


def open_clocks(site: Site, *, at: datetime) -> list[RunningClock]:
    """Return the clocks that run at ``site`` at ``at``, the next due first."""
    teller: Any = import_module(settings.SAFETY_CLOCKS)
    found: list[RunningClock] = teller.open_clocks(site, at=at)
    return found
