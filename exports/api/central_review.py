"""Where the central reviews stand, for a program."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from crf.central_review.cases import ReviewState, answers_reviews, reviews_open_to
from crf.page.central_review import line_of
from exports.api.described import DescribedAnswer, array_of, named
from exports.api.endpoint import endpoint
from exports.api.parameters import PARTICIPANT
from exports.api.requests import CallerRequest
from kernel.row_keys import key_of


@extend_schema(summary="Central reviews and where they stand")
@endpoint(
    {"GET": Permission.CENTRAL_REVIEW_VIEW},
    tag="cleaning",
    answers={"GET": DescribedAnswer(array_of(named("CentralReview")))},
    parameters={"GET": (PARTICIPANT,)},
)
def central_reviews(request: CallerRequest) -> Response:
    """List the central reviews, what waits longest first. A result is told once it is settled, never to a reviewer."""
    at, reader = timezone.now(), request.user
    number = request.GET.get("participant", "")
    of: dict[str, Any] = {"participant__number": number} if number else {}
    told = []
    for case in reviews_open_to(reader, **of):
        line, answers = line_of(case, reader, at=at), answers_reviews(reader, case.record.site_id)
        accepted = None if answers else case.accepted
        told.append(
            {
                "review": case.review.code,
                "form": case.review.form,
                "participant": line.number,
                "site": line.site,
                "record": key_of("record", case.record.pk),
                "state": str(case.state),
                "answers_given": len(case.answers),
                "answers_fallen": case.fallen,
                "since": case.since.isoformat(),
                "days": 0 if case.state == ReviewState.SETTLED else line.days,
                "result": accepted.answers if accepted else None,
            }
        )
    return Response(told)
