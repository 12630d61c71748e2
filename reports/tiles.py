"""A few numbers at a glance: counts of participants by where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from trials.models import Participant
from trials.models.participants import Track


@dataclass(frozen=True)
class Tile:
    """A number, what it counts, and the list behind it."""

    label: str | Promise
    count: int
    href: str


def tiles_for(user: User) -> list[Tile]:
    """Return the counts over the sites that the person sees, in one query; arms are never counted here."""
    if not user.may(Permission.PARTICIPANT_VIEW):
        return []
    counts = Participant.objects.open_to(user, Permission.PARTICIPANT_VIEW).aggregate(
        all=Count("site"),
        screening=Count("site", filter=Q(state=Track.SCREENED)),
        failed=Count("site", filter=Q(state=Track.SCREEN_FAIL)),
        randomized=Count("site", filter=Q(arm__isnull=False)),
    )
    where = reverse("reports:participants")
    return [
        Tile(_("Registered"), counts["all"], where),
        Tile(_("In screening"), counts["screening"], f"{where}?state={Track.SCREENED}"),
        Tile(_("Screen failures and declined"), counts["failed"], f"{where}?state={Track.SCREEN_FAIL}"),
        Tile(_("Randomized"), counts["randomized"], f"{where}?randomized=yes"),
    ]
