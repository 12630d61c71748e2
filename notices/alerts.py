"""What waits too long: an alert, the levels of its escalation, and the roles that are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from accounts.permissions import Role
from followup.models import AlertKind
from trials.models import Participant

SITE_TEAM: Final = frozenset({Role.COORDINATOR, Role.INVESTIGATOR})
ABOVE_THE_SITE: Final = frozenset({Role.INVESTIGATOR, Role.TRIAL_MANAGER})
SPONSOR: Final = frozenset({Role.TRIAL_MANAGER, Role.DATA_MANAGER})


@dataclass(frozen=True)
class Alert:
    """One thing that waits: what it is, how far it has escalated, and who is told at this level.

    ``key`` names it among those of its ``kind`` for good; ``day`` is the day that it counts from or to: with another
    day it is told anew. ``text`` says it in the language then in force. An ``urgent`` alert is told at any hour.
    ``person`` is told whatever their role. A clock says when it is ``due_at``; ``page`` is where it is met.
    """

    kind: AlertKind
    key: str
    day: date
    text: Callable[[], str]
    level: int
    recipients: frozenset[Role]
    participant: Participant | None = None
    urgent: bool = False
    person: int | None = None
    due_at: datetime | None = None
    page: str = ""


Source = Callable[..., Iterable[Alert]]


def level_after(waited: int, steps: tuple[int, ...]) -> int | None:
    """Return the highest level that ``waited`` days have reached, each of which has its step; None below the first."""
    return max((level for level, days in enumerate(steps) if waited >= days), default=None)


def days_since(since: date, on: date) -> int:
    """Return for how many days something has waited."""
    return (on - since) // timedelta(days=1)
