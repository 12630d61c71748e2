"""Who reads a calendar address, and what they may see through it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from accounts.models import User
from accounts.permissions import Permission
from followup.models import CalendarFeed, Visit, VisitState
from followup.services.feeds import digest_of
from trials.models.people import with_grants

BACK, AHEAD, MOST = timedelta(days=60), timedelta(days=365), 2000


def living_feed(user: User) -> CalendarFeed | None:
    """Return the person's feed, unless they have none, or it was revoked or ended with their access."""
    feed = CalendarFeed.objects.filter(user=user, revoked_at=None).first()
    return None if feed is None or user.ended_access_since(feed.made_at) else feed


def reader_of(token: str, *, on: date) -> User | None:
    """Return the person whose living feed has this token, with the grants of today; else None."""
    feed = (
        CalendarFeed.objects.filter(digest=digest_of(token), revoked_at=None).select_related("user").first()
    )
    if feed is None or not feed.user.is_active or feed.user.ended_access_since(feed.made_at):
        return None
    reader = with_grants(feed.user, on=on)
    return None if reader.must_secure_account else reader


def visits_for(user: User, *, today: date) -> Iterable[Visit]:
    """Return the awaited visits of the person's sites, two months back and a year ahead."""
    visits = Visit.objects.open_to(user, Permission.VISIT_VIEW).exclude(state=VisitState.CANCELLED)
    near = visits.shown_between(today - BACK, today + AHEAD).select_related("participant")
    coming: Iterable[Visit] = near.order_by("proposed_on", "pk")[:MOST]
    return coming
