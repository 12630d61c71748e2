"""Central review as pages: the list, what one reviewer is shown, and what a settled review says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.central_review.cases import ReviewedRecord, ReviewState, answers_reviews, reviews_open_to
from crf.engine import messages
from crf.engine.central_review import CentralReview, ShownAnswers
from crf.models import ReviewerAnswer
from crf.page.deviations import DecidingFact
from crf.queries.sparing import spared_words
from kernel.sorting import DOWN
from protocol.deviations import names_an_arm
from trials.models import Participant

PER_PAGE = 50
OPEN: tuple[tuple[str, str | Promise], ...] = (
    ("open", _lazy("Not settled yet")),
    *((state.value, state.label) for state in ReviewState),
)
SORTED = {"participant": ("number",), "days": ("-since",)}
SORT_KEYS: Mapping[str, Callable[[ReviewedRecord], Any]] = {
    "number": lambda case: case.record.participant.number,
    "since": lambda case: case.since,
}


@dataclass(frozen=True)
class ReviewLine:
    """One central review as lists show it; ``results`` is empty until it is settled."""

    case: ReviewedRecord
    number: str
    site: str
    title: str
    state: str
    is_settled: bool
    given: str
    days: int
    results: tuple[tuple[str, str], ...]
    href: str


def line_of(case: ReviewedRecord, user: User, *, at: datetime) -> ReviewLine:
    """Return a review as the reader may have it: a reviewer sees that somebody answered, and not what."""
    participant = case.record.participant
    answers = answers_reviews(user, participant.site_id)
    is_settled = case.state == ReviewState.SETTLED
    own = next((answer for answer in case.answers if answer.reviewer_id == user.pk), None)
    told = own if answers else case.accepted
    return ReviewLine(
        case=case,
        number=participant.number,
        site=participant.site.code,
        title=str(case.review.title),
        state=str(case.state.label),
        is_settled=is_settled,
        given=_("{given} of {wanted}").format(
            given=min(len(case.answers), case.review.reviewers), wanted=case.review.reviewers
        ),
        days=max((at - case.since).days, 0),
        results=tuple(answers_in_words(case.review, told)),
        href=reverse("crf:central-review", args=[case.review.code, case.record.pk])
        if answers and case.waits_for(user)
        else "",
    )


def answers_in_words(review: CentralReview, answer: ReviewerAnswer | None) -> Iterator[tuple[str, str]]:
    """Yield each question of the review with an answer in words."""
    questions = catalogue.form(review.form).questions
    for name in review.questions if answer else ():
        yield str(questions[name].text), messages.display(questions[name], answer.answers[name], zone="UTC")  # type: ignore[union-attr]


def page_of_reviews(
    user: User, chosen: Mapping[str, str], *, at: datetime, order: Sequence[str] = ()
) -> tuple[Page[Any], list[ReviewLine]]:
    """Return the reviews that ``chosen`` asks for, those that wait longest first.

    For a reviewer those that wait are those that wait for them.
    """
    show = chosen.get("show") or "open"
    open_to = reviews_open_to(user, chosen.get("review", ""), settled=show == ReviewState.SETTLED)
    cases = [case for case in open_to if _is_shown(case, show, user)]
    for name in order:
        cases.sort(key=SORT_KEYS[name.removeprefix(DOWN)], reverse=name.startswith(DOWN))
    page = Paginator(cases, PER_PAGE).get_page(chosen.get("page"))
    return page, [line_of(case, user, at=at) for case in page]


def _is_shown(case: ReviewedRecord, show: str, user: User) -> bool:
    if show != "open":
        return case.state == show
    if answers_reviews(user, case.record.site_id):
        return case.waits_for(user)
    return case.state != ReviewState.SETTLED


def reviews_of(participant: Participant, user: User, *, at: datetime) -> list[ReviewLine]:
    """Return the reviews of one participant; none for who may not see them."""
    if not user.may(Permission.CENTRAL_REVIEW_VIEW, participant.site_id):
        return []
    return [line_of(case, user, at=at) for case in reviews_open_to(user, participant=participant)]


def facts_for_review(case: ReviewedRecord) -> list[tuple[str, list[DecidingFact]]]:
    """Return all that a reviewer reads of the participant: the declared answers, without words that name an arm."""
    own, *others = case.review.shown
    shown = [(str(catalogue.form(own.form).title), _facts(own, case.record, case))]
    for each in others:
        form = catalogue.form(each.form)
        only = {each.only[0]: each.only[1]} if each.only else {}
        rows = form.model.objects.filter(participant=case.record.participant, **only).order_by(
            "sequence", "pk"
        )
        shown += [(str(form.title), _facts(each, row, case)) for row in rows]
    return shown


def _facts(shown: ShownAnswers, row: Any, case: ReviewedRecord) -> list[DecidingFact]:
    questions, zone = catalogue.form(shown.form).questions, case.record.participant.site.time_zone
    facts = []
    for name in shown.questions:
        value = getattr(row, name)
        if value is not None:
            spared = isinstance(value, str) and names_an_arm(value)
            text = spared_words() if spared else messages.display(questions[name], value, zone=zone)
            facts.append(
                DecidingFact(
                    str(questions[name].text), text, questions[name].codes is None and len(text) > 60
                )
            )
    return facts


def differing_answers(case: ReviewedRecord) -> list[tuple[int, list[tuple[str, str]], str]]:
    """Return what reviewers who differ said, without their names, for the one who decides."""
    if case.state != ReviewState.DISAGREES:
        return []
    return [(a.position, list(answers_in_words(case.review, a)), a.comment) for a in case.answers]


def review_choices() -> list[tuple[str, str | Promise]]:
    """Return the declared reviews as a choice."""
    return [(review.code, review.title) for review in CENTRAL_REVIEWS.values()]
