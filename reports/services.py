"""What this app writes: planned reviews of the audit trail, and that somebody took it out as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act, record_act
from audit.models import Act, TrailReview, TrailReviewResult
from kernel.errors import Refusal


class ReviewNameTaken(Refusal):
    code = "reports.review_name_taken"
    fields = ("name",)
    message = _("There is a review “{name}” already. Choose another name.")
    status = 409


class ReviewEnded(Refusal):
    code = "reports.review_ended"
    message = _("This review was ended. Plan another one.")


def plan_review(
    *, name: str, filters: Mapping[str, str], every_days: int, first_on: date, by: User, at: datetime
) -> TrailReview:
    """The lines of the trail that ``filters`` choose are to be read every so many days.

    Refuses: a name that is taken. Locks: nothing.
    """
    with open_act("audit:review:plan", by=by, at=at) as act:
        if TrailReview.objects.filter(name=name).exists():
            raise ReviewNameTaken(name=name)
        return TrailReview.objects.create(
            name=name, filters=dict(filters), every_days=every_days, first_on=first_on, act=act
        )


def record_review(
    *, review: TrailReview, outcome: str, note: str, lines: int, by: User, at: datetime
) -> TrailReviewResult:
    """``by`` has read what the review asks for, up to the last act of this moment; the outcome is on record.

    Refuses: a review that was ended. Locks: the review.
    """
    with open_act("audit:review:record", by=by, at=at) as act:
        locked = TrailReview.objects.select_for_update(of=("self",)).get(pk=review.pk)
        if locked.ended_at is not None:
            raise ReviewEnded
        return TrailReviewResult.objects.create(
            review=locked,
            reviewer=by,
            done_at=at,
            up_to_act=Act.objects.exclude(pk=act.pk).order_by("-pk").values_list("pk", flat=True).first()
            or 0,
            lines=lines,
            outcome=outcome,
            note=note,
            act=act,
        )


def change_review(
    *, review: TrailReview, every_days: int, reason: str, by: User, at: datetime
) -> TrailReview:
    """The review comes due every so many days from now on; the interval of before and the reason stay on record.

    Refuses: a review that was ended. Locks: the review.
    """
    with open_act("audit:review:change", by=by, at=at, reason=reason) as act:
        locked = TrailReview.objects.select_for_update(of=("self",)).get(pk=review.pk)
        if locked.ended_at is not None:
            raise ReviewEnded
        locked.every_days, locked.act = every_days, act
        locked.save(update_fields=["every_days", "act"])
    return locked


def end_review(*, review: TrailReview, reason: str, by: User, at: datetime) -> TrailReview:
    """The review comes due no more; what was recorded stays.

    Refuses: a review that was ended. Locks: the review.
    """
    with open_act("audit:review:end", by=by, at=at, reason=reason) as act:
        locked = TrailReview.objects.select_for_update(of=("self",)).get(pk=review.pk)
        if locked.ended_at is not None:
            raise ReviewEnded
        locked.ended_at, locked.act = at, act
        locked.save(update_fields=["ended_at", "act"])
    return locked


def record_trail_taken(*, filters: Mapping[str, str], kind: str, acts: int, by: User, at: datetime) -> None:
    """It is on record that somebody took lines of the trail out as a file, and which."""
    scope = json.dumps({"file": kind, "acts": acts, **filters}, ensure_ascii=False, sort_keys=True)
    record_act("reports:trail:take", by=by, at=at, reason=scope)
