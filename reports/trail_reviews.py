"""The planned reviews of the audit trail, and which of them are overdue (requirement 24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.permissions import Permission
from audit.models import TrailReview, TrailReviewResult
from kernel.clock import local_date


@dataclass(frozen=True)
class PlannedReview:
    """One review with its results, the day that it comes due, and the link to what is read."""

    review: TrailReview
    results: tuple[TrailReviewResult, ...]
    due: date | None
    is_overdue: bool
    query: str


def reviews_open_to(user: User) -> QuerySet[TrailReview]:
    """Return every review to who reads the trail of every site, to others their own.

    A filter or a note may name a participant of any site.
    """
    own = Q() if user.sites_with(Permission.AUDIT_VIEW) is None else Q(act__by=user)
    return TrailReview.objects.filter(own)


def reviews_on(today: date, user: User) -> list[PlannedReview]:
    """Return the reviews that are open to ``user``, as they stand on a day; those that ended come last."""
    rows = reviews_open_to(user).prefetch_related("results__reviewer").order_by("ended_at", "name")
    return sorted((_planned(row, today) for row in rows), key=lambda each: each.due is None)


def _planned(review: TrailReview, today: date) -> PlannedReview:
    results = tuple(review.results.all())
    due = None if review.ended_at else review.first_on
    if results and due is not None:
        due = local_date(results[0].done_at, settings.TRIAL_TIME_ZONE) + timedelta(days=review.every_days)
    return PlannedReview(review, results, due, due is not None and due < today, urlencode(review.filters))
