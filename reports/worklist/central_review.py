"""The section about central review: what a reviewer has to answer, and what the data manager sees waiting."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from crf.page.central_review import waiting_reviews
from kernel.clock import local_date
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection


def central_reviews(user: User, today: date) -> WorkListSection:
    """Return the reviews that wait, the longest first; for a reviewer those that they may answer."""
    waiting = waiting_reviews(user)
    answers = user.may(Permission.CENTRAL_REVIEW_ANSWER)
    page = reverse("crf:central-reviews")
    items = []
    for case in waiting[:SHOWN]:
        since = local_date(case.since, case.record.participant.site.time_zone)
        href = reverse("crf:central-review", args=[case.review.code, case.record.pk]) if answers else page
        what = f"{case.review.title} · {case.state.label}"
        number = case.record.participant.number
        items.append(WorkItem(number, what, href, when=since, is_since=True, waits=not answers))
    return WorkListSection(
        _lazy("Central reviews"),
        "people",
        _lazy("No central review waits."),
        items,
        len(waiting),
        page,
    )
