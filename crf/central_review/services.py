"""A reviewer answers a central review, or decides where the reviewers differ (decision D5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.central_review.cases import ReviewedRecord, ReviewState, records_of, reviewed
from crf.models import ReviewerAnswer
from kernel.errors import Forbidden, Refusal
from trials.models import Participant
from trials.models.locks import LockKind, lock_at


class NotTheReviewer(Forbidden):
    code = "crf.not_the_reviewer"
    message = _("Central reviews are answered by the reviewers of the trial. Your role does not include it.")


class ReviewerKnowsTheArm(Forbidden):
    code = "crf.reviewer_knows_the_arm"
    message = _(
        "You may see allocations at site {site}, and a central review is answered without the arm. Another reviewer "
        "has to answer it."
    )


class NothingToReview(Refusal):
    code = "crf.nothing_to_review"
    message = _("The record no longer says what is reviewed. Nothing was stored; go back to the list.")


class FactsChanged(Refusal):
    code = "crf.review_facts_changed"
    message = _(
        "The facts are not those that you saw, or the review has come to a decision between others meanwhile. Read it "
        "again; nothing was stored."
    )


class AnsweredBefore(Refusal):
    code = "crf.review_answered_before"
    message = _("You answered this review on the same facts already. Another reviewer has to answer it.")


class ReviewSettled(Refusal):
    code = "crf.review_settled"
    message = _("This review is settled. It is asked again when the record changes.")


class ReviewAnswerNeeded(Refusal):
    code = "crf.review_answer_needed"
    message = _("Choose an answer of the list for each question.")
    status = 422


class WhyDecidedBetween(Refusal):
    code = "crf.why_decided_between"
    fields = ("comment",)
    message = _("You decide between two reviewers. Say why in the comment.")
    status = 422


class ReviewDataLocked(Refusal):
    code = "crf.review_data_locked"
    message = _("The database of the trial is locked, and the central reviews with it.")


def answer_review(
    *,
    participant: Participant,
    record_id: int,
    review: str,
    seen: str,
    answers: Mapping[str, str],
    comment: str = "",
    by: User,
    at: datetime,
) -> ReviewerAnswer:
    """One reviewer's answer is on record; the last one of reviewers who differ decides. The site's own stays as it is.

    ``seen`` is the token of the page that the reviewer was shown. A locked record is reviewed as well: nothing of it
    changes.

    Refuses: who is no reviewer, or may see the arm; a record that says it no longer, or something else than was
    seen; a second answer; a settled review; a decision without a comment; a locked database. Locks: the participant.
    """
    if not by.may(Permission.CENTRAL_REVIEW_ANSWER, participant.site_id):
        raise NotTheReviewer
    if by.may(Permission.ALLOCATION_VIEW, participant.site_id):
        raise ReviewerKnowsTheArm(site=participant.site.code)
    declared = CENTRAL_REVIEWS[review]
    with open_act("crf:review:answer", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        if (lock_at(None) or {}).get("kind") == LockKind.LOCKED:
            raise ReviewDataLocked
        case = case_of(locked, record_id, review)
        if case is None:
            raise NothingToReview
        _refuse_unless_next(case, seen, by)
        decides = case.state == ReviewState.DISAGREES
        if decides and not comment.strip():
            raise WhyDecidedBetween
        return ReviewerAnswer.objects.create(
            participant=locked,
            site_id=locked.site_id,
            record_id=record_id,
            review=declared.code,
            reviewer=by,
            position=len(case.answers) + 1,
            decides=decides,
            answers=_answers_of(case, answers),
            comment=comment,
            seen=case.seen,
            digest=case.digest,
            answered_at=at,
            act=act,
        )


def case_of(participant: Participant, record_id: int, review: str) -> ReviewedRecord | None:
    """Return how the review of one record stands; None where the record says it no longer."""
    declared = CENTRAL_REVIEWS[review]
    model = catalogue.form(declared.form).model
    rows = records_of(declared, model.objects.filter(participant=participant))
    return next(iter(reviewed(declared, rows.filter(pk=record_id))), None)


def _refuse_unless_next(case: ReviewedRecord, seen: str, by: User) -> None:
    if any(answer.reviewer_id == by.pk for answer in case.answers):
        raise AnsweredBefore
    if case.state == ReviewState.SETTLED:
        raise ReviewSettled
    if case.token != seen:
        raise FactsChanged


def _answers_of(case: ReviewedRecord, answers: Mapping[str, str]) -> dict[str, str]:
    """Return one code of the list for each question of the review."""
    questions = catalogue.form(case.review.form).questions
    told = {name: answers.get(name, "") for name in case.review.questions}
    for name, code in told.items():
        codes = questions[name].codes
        if codes is None or code not in codes.labels:
            raise ReviewAnswerNeeded
    return told
