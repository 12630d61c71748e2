"""What central reviewers make of the deaths: some agree, one pair differs, one is decided, and the latest wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from crf.central_review.cases import ReviewedRecord, reviews_open_to
from crf.central_review.services import answer_review, case_of
from demo.simulation.sites import Stage
from kernel.scope import EVERYTHING, scope

AGREED, OTHERWISE = {"cod": "oesophageal_cancer"}, {"cod": "respiratory"}
WAITING: Final = 3  # of so many deaths one waits for its reviewers
SAID: Final = "The infection came first; the tumour had not progressed."


def review_some(stage: Stage, until: datetime) -> None:
    """The first death is in disagreement, the second decided by a third reviewer; of the others, most are settled."""
    at = until - timedelta(hours=1)
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            cases = reviews_open_to(stage.central["data"])
        for count, case in enumerate(cases):
            if count % WAITING == WAITING - 1:
                continue
            _answer(stage, case, "reviewer", AGREED, at)
            _answer(stage, case, "reviewer2", OTHERWISE if count in (0, 1) else AGREED, at)
            if count == 1:
                _answer(stage, case, "reviewer3", OTHERWISE, at, SAID)


def _answer(
    stage: Stage, case: ReviewedRecord, name: str, answers: dict[str, str], at: datetime, comment: str = ""
) -> None:
    with transaction.atomic():
        now = case_of(case.record.participant, case.record.pk, case.review.code)
        if now is not None:
            answer_review(
                participant=case.record.participant,
                record_id=case.record.pk,
                review=case.review.code,
                seen=now.token,
                answers=answers,
                comment=comment,
                by=stage.central[name],
                at=at,
            )
