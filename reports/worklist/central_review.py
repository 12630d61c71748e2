"""The section about central review: what a reviewer has to answer, and what the data manager sees waiting."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from crf.central_review.cases import reviews_waiting_for
from kernel.clock import local_date
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection


def central_reviews(user: User, today: date) -> WorkListSection:
    """Return the reviews that wait, the longest first; for a reviewer those that they may answer."""
    waiting, total = reviews_waiting_for(user, SHOWN)
    answers = user.may(Permission.CENTRAL_REVIEW_ANSWER)
    page = reverse("crf:central-reviews")
    items = [
        WorkItem(
            each.number,
            f"{each.review.title} · {each.state.label}",
            reverse("crf:central-review", args=[each.review.code, each.record]) if answers else page,
            when=local_date(each.since, each.zone),
            is_since=True,
            waits=not answers,
        )
        for each in waiting
    ]
    return WorkListSection(
        _lazy("Central reviews"),
        "people",
        _lazy("No central review waits."),
        items,
        total,
        page,
    )
