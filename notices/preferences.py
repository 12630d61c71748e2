"""What a person is told by mail: which kinds may be left out, and from which hour on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.digests import USUAL_HOUR, digest_time, have_digest
from accounts.models import User
from followup.models import NotificationChoice, ReminderKind
from trials.models import Site

EARLIEST_HOUR, LATEST_HOUR = 6, 20
WEEKLY: Final = "weekly"
# What passed its day, what waits too long and what concerns safety is always told.
OPTIONAL: Final[dict[str, str | Promise]] = {
    ReminderKind.OPEN.value: _("Windows that open"),
    ReminderKind.CLOSING.value: _("Windows that close in a week"),
    ReminderKind.VITAL.value: _("Vital status is asked for"),
    WEEKLY: _("The week's figures"),
}


@dataclass(frozen=True)
class Choice:
    """What one person chose, or the usual."""

    from_hour: int = USUAL_HOUR
    without: frozenset[str] = frozenset()

    def wants(self, kind: str) -> bool:
        return kind not in self.without


def choices_of(people: Iterable[User]) -> dict[int, Choice]:
    """Return the choice of each person by their id."""
    keys = [user.pk for user in people]
    rows = NotificationChoice.objects.filter(user__in=keys).values_list("user", "from_hour", "without")
    chosen = {user: Choice(hour, frozenset(without) & set(OPTIONAL)) for user, hour, without in rows}
    return {key: chosen.get(key, Choice()) for key in keys}


class DigestTimes:
    """From when on a message that may wait leaves, person by person (accounts/digests.py)."""

    def __init__(self, people: Iterable[User], zone: str, *, at: datetime) -> None:
        everybody = list(people)
        self._zone, self._at, self._choices = zone, at, choices_of(everybody)
        self._have_one = have_digest({user.pk for user in everybody}, zone=zone, at=at)

    def of(self, user: User) -> datetime:
        return digest_time(
            has_one=user.pk in self._have_one,
            from_hour=self._choices[user.pk].from_hour,
            zone=self._zone,
            at=self._at,
        )


def local_hour(at: datetime, site: Site) -> int:
    """Return the hour that it is at the site."""
    return at.astimezone(ZoneInfo(site.time_zone)).hour
