"""Which records are reviewed centrally, and where each review stands: waiting, in disagreement, settled."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.engine.base import COMPLETED
from crf.engine.central_review import CentralReview, ShownAnswers
from crf.models import Record, ReviewerAnswer


class ReviewState(models.TextChoices):
    """Where a central review stands."""

    WAITING = "waiting", _("Waits for reviewers")
    DISAGREES = "disagrees", _("Reviewers differ: a third one decides")
    SETTLED = "settled", _("Settled")


@dataclass(frozen=True)
class ReviewedRecord:
    """One record that is reviewed, with the answers that stand on what it says now."""

    review: CentralReview
    record: Any
    answers: tuple[ReviewerAnswer, ...]
    fallen: int

    @property
    def seen(self) -> Any:
        return self.record.seen_now

    @property
    def digest(self) -> str:
        return digest_of(self.seen)

    @property
    def token(self) -> str:
        """Return what names the page of a reviewer: the facts, and whether they decide between others."""
        return digest_of([self.digest, str(self.state)])

    @property
    def accepted(self) -> ReviewerAnswer | None:
        """Return the answer that is the result: the deciding one, or the first of reviewers who agree."""
        deciding = next((answer for answer in self.answers if answer.decides), None)
        if deciding or len(self.answers) < self.review.reviewers:
            return deciding
        first = self.answers[0]
        return first if all(answer.answers == first.answers for answer in self.answers) else None

    @property
    def state(self) -> ReviewState:
        if self.accepted:
            return ReviewState.SETTLED
        is_full = len(self.answers) >= self.review.reviewers
        return ReviewState.DISAGREES if is_full else ReviewState.WAITING

    @property
    def since(self) -> datetime:
        """Return since when the review waits for the next answer, or since when it is settled."""
        moments = [self.record.answers_act.at, *(answer.answered_at for answer in self.answers)]
        return max(moments)

    def waits_for(self, user: User) -> bool:
        """Say whether the person may give the next answer: nobody answers twice on the same facts."""
        return self.state != ReviewState.SETTLED and all(a.reviewer_id != user.pk for a in self.answers)


def answers_reviews(user: User, site: int) -> bool:
    """Say whether a role of the person answers reviews there, whatever a token of theirs is limited to.

    Whoever answers does not read what others answered.
    """
    return any(g.includes(Permission.CENTRAL_REVIEW_ANSWER) and g.reaches(site) for g in user.grants)


def digest_of(seen: Any) -> str:
    """Return what names the facts that a reviewer was shown."""
    return hashlib.sha256(json.dumps(seen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def seen_sql(
    review: CentralReview,
    answers: str,
    records: str,
    rows: Callable[[type[models.Model]], str] = lambda model: f'"{model._meta.db_table}"',
) -> str:
    """Return the SQL of what a reviewer is shown, as JSON; ``answers`` and ``records`` are the aliases of a record.

    ``rows`` gives the SQL of a model's rows: those of today, or those of a data cut.
    """
    own, *others = review.shown
    parts = [f"'{own.form}', {_listed(own, answers)}"]
    for shown in others:
        model = catalogue.form(shown.form).model
        only = f"AND x.{_column(shown.form, shown.only[0])} = '{shown.only[1]}' " if shown.only else ""
        parts.append(
            f"'{shown.form}', coalesce((SELECT jsonb_agg({_listed(shown, 'x')} ORDER BY xr.sequence, xr.id) "  # noqa: S608 (declared)
            f"FROM {rows(model)} x JOIN {rows(Record)} xr ON xr.id = x.id "
            f"WHERE xr.participant_id = {records}.participant_id AND xr.form_code = '{shown.form}' {only}"
            "), '[]'::jsonb)"
        )
    return f"jsonb_build_object({', '.join(parts)})"


def _listed(shown: ShownAnswers, alias: str) -> str:
    columns = (f"{alias}.{_column(shown.form, name)}" for name in shown.questions)
    return f"jsonb_build_array({', '.join(columns)})"


def _column(form: str, question: str) -> str:
    return f'"{catalogue.form(form).model._meta.get_field(question).column}"'


def records_of(review: CentralReview, records: Any = None) -> Any:
    """Return the records that are reviewed, each with what a reviewer is shown of it now."""
    return (
        _reviewed_records(review, records)
        .select_related("participant__site", "answers_act")
        .annotate(seen_now=RawSQL(_seen_now(review), (), output_field=models.JSONField()))  # noqa: S611 (declared)
        .order_by("answers_act__at", "pk")
    )


def _reviewed_records(review: CentralReview, records: Any = None) -> Any:
    model: Any = catalogue.form(review.form).model
    question, answer = review.of
    rows = (model.objects.all() if records is None else records).filter(
        **{question: answer}, state__in=COMPLETED
    )
    if review.once:
        first = rows.order_by("participant_id", "pk").distinct("participant_id")
        rows = model.objects.filter(pk__in=first.values("pk"))
    return rows


def _seen_now(review: CentralReview) -> str:
    return seen_sql(review, f'"{_table(review)}"', f'"{Record._meta.db_table}"')


def _table(review: CentralReview) -> str:
    return str(catalogue.form(review.form).model._meta.db_table)


# A few columns of a record and of whom it is about are enough for a list; what a reviewer is shown comes beside them.
LISTED = (
    *("site", "participant__number", "participant__site__code", "participant__site__time_zone"),
    *("state", "answers_act__at"),
)


def unsettled(review: CentralReview, records: Any) -> Any:
    """Leave out the records whose review is settled: what reviewers said of what stands now is in the database.

    What stands now is worked out where answers that would settle it are there, and nowhere else: it takes longest.
    """
    settled = (
        f'{_seen_now(review)} IN (SELECT x.seen FROM "{ReviewerAnswer._meta.db_table}" x '  # noqa: S608 (declared)
        f'WHERE x.record_id = "{_table(review)}".id AND x.review = %s GROUP BY x.seen '
        "HAVING bool_or(x.decides) OR (count(*) >= %s AND count(DISTINCT x.answers) = 1))"
    )
    given = (review.code, review.reviewers)
    return records.exclude(RawSQL(settled, given, output_field=models.BooleanField()))  # noqa: S611 (declared)


def _of_standing_answers(review: CentralReview, what: str, kind: Any, *given: Any) -> RawSQL:
    """Return the SQL of ``what`` over the answers (as ``x``) to a record that stand on what it says now."""
    standing = (
        f'(SELECT {what} FROM "{ReviewerAnswer._meta.db_table}" x '  # noqa: S608 (declared)
        f'WHERE x.record_id = "{_table(review)}".id AND x.review = %s AND x.seen = {_seen_now(review)})'
    )
    return RawSQL(standing, (*given, review.code), output_field=kind)  # noqa: S611 (declared)


@dataclass(frozen=True)
class WaitingReview:
    """One record whose review waits for an answer, as lists name it."""

    review: CentralReview
    record: int
    number: str
    zone: str
    state: ReviewState
    since: datetime


def reviews_waiting_for(user: User, shown: int) -> tuple[list[WaitingReview], int]:
    """Return the first ``shown`` reviews that wait for the person, the longest first, and how many there are.

    For a reviewer those wait that they have not answered on what stands now; for others all that are not settled.
    """
    waiting, total = [], 0
    for review in CENTRAL_REVIEWS.values():
        records = catalogue.form(review.form).model.objects.open_to(user, Permission.CENTRAL_REVIEW_VIEW)
        rows = unsettled(review, _reviewed_records(review, records))
        if user.may(Permission.CENTRAL_REVIEW_ANSWER):
            own = "coalesce(bool_or(x.reviewer_id = %s), false)"
            rows = rows.exclude(_of_standing_answers(review, own, models.BooleanField(), user.pk))
        last = _of_standing_answers(review, "max(x.answered_at)", models.DateTimeField())
        given = _of_standing_answers(review, "count(*)", models.IntegerField())
        rows = rows.annotate(
            since=Greatest("answers_act__at", last), given=given, all_rows=Window(Count("*"))
        )
        of_whom = ("participant__number", "participant__site__time_zone")
        first = list(
            rows.order_by("since", "pk").values_list("pk", *of_whom, "given", "since", "all_rows")[:shown]
        )
        for record, number, zone, answers, since, _all in first:
            state = ReviewState.DISAGREES if answers >= review.reviewers else ReviewState.WAITING
            waiting.append(WaitingReview(review, record, number, zone, state, since))
        total += first[0][-1] if first else 0
    return sorted(waiting, key=lambda each: each.since)[:shown], total


def reviewed(review: CentralReview, records: Iterable[Any]) -> list[ReviewedRecord]:
    """Return the records with the answers that stand; one query."""
    rows = list(records)
    given = defaultdict(list)
    for answer in ReviewerAnswer.objects.filter(review=review.code, record__in=[row.pk for row in rows]):
        given[answer.record_id].append(answer)
    cases = []
    for row in rows:
        digest, answers = digest_of(row.seen_now), given[row.pk]
        standing = sorted((a for a in answers if a.digest == digest), key=lambda a: a.position)
        cases.append(ReviewedRecord(review, row, tuple(standing), len(answers) - len(standing)))
    return cases


def reviews_open_to(user: User, review: str = "", *, settled: bool = True, **of: Any) -> list[ReviewedRecord]:
    """Return what is reviewed centrally at the sites where the person may see it, what waits longest first.

    Without ``settled`` those that are settled are left out.
    """
    cases = []
    for declared in CENTRAL_REVIEWS.values():
        if review in ("", declared.code):
            open_to = catalogue.form(declared.form).model.objects.open_to(
                user, Permission.CENTRAL_REVIEW_VIEW
            )
            records = records_of(declared, open_to.filter(**of)).only(*LISTED)
            cases += reviewed(declared, records if settled else unsettled(declared, records))
    return sorted(cases, key=lambda case: case.since)
