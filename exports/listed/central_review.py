"""The file of central reviews: what reviewers answered, each for themselves, and which answer is the result."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.central_review.cases import seen_sql
from crf.engine.base import COMPLETED
from crf.engine.central_review import CentralReview
from crf.models import Record, ReviewerAnswer
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    YES,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    counted,
    of_participant,
)
from followup.models import Visit

EVALUATORS = {"INDEPENDENT ASSESSOR": _("A reviewer"), "ADJUDICATOR": _("Who decides between reviewers")}


def central_review_file(cut: Cut) -> File:
    """Return the answers of reviewers, one row for each question; ACCPTFL marks the one that is the result.

    Answers to a review that is not settled stay inside until it is: a reviewer must not read another's.
    """
    rows = _answers(cut)
    return File(
        "ADJUDICATION",
        (
            *PARTICIPANT_KEYS,
            Column("FORM", "w.form_code", "code", _("Form")),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("FORMSEQ", "w.sequence", "integer", _("Which record of the form")),
            Column("REVIEW", "w.review", "code", _("Central review"), _titles()),
            Column("VARIABLE", "w.variable", label=_("Column of the site’s own answer")),
            Column("ANSWER", "w.answer", "code", _("Answer of the reviewer"), _codes()),
            Column("EVAL", "w.evaluator", "code", _("Who answered"), EVALUATORS),
            Column("EVALID", "w.evalid", label=_("Which of them: names do not leave")),
            Column("STANDS", "w.stands", "boolean", _("The record still says what was shown"), YES),
            Column("ACCPTFL", "w.accepted", "boolean", _("Accepted as the result"), YES),
            Column("REASON", "w.comment", label=_("comment"), tells=Tells.WORDS),
            Column("DIGEST", "w.digest", label=_("digest of what was shown")),
            Column("ANSWERED_AT", by_the_sites_clock("w.answered_at"), "date-time", _("answered at")),
        ),
        f"{rows} w {of_participant(cut, 'w')} LEFT JOIN {cut.rows(Visit)} v ON v.id = w.visit_id {AT_SITES}",
        "p.number, w.review, w.answered_at, w.id, w.variable",
        counted(cut, rows, "true"),
        keys=RowKeys("w", visit="visit_id"),
    )


def _titles() -> dict[str, object]:
    return {review.code: review.title for review in CENTRAL_REVIEWS.values()}


def _codes() -> dict[str, object]:
    codes: dict[str, object] = {}
    for review in CENTRAL_REVIEWS.values():
        for name in review.questions:
            listed = catalogue.form(review.form).questions[name].codes
            codes |= dict(listed.labels) if listed else {}
    return codes


def _answers(cut: Cut) -> str:
    """Return the SQL of every answer that may leave, one row for each question."""
    parts = " UNION ALL ".join(_answers_of(cut, review) for review in CENTRAL_REVIEWS.values())
    return f"({parts})"


def _answers_of(cut: Cut, review: CentralReview) -> str:
    form = catalogue.form(review.form)
    question, says = review.of
    column = form.model._meta.get_field(question).column
    completed = ", ".join(f"'{state.value}'" for state in COMPLETED)
    variables = " ".join(f"WHEN '{name}' THEN '{form.questions[name].export}'" for name in review.questions)
    stands = (
        f"(f.\"{column}\" = '{says}' AND r.state IN ({completed}) "
        f"AND a.seen = {seen_sql(review, 'f', 'r', cut.rows)})"
    )
    among = "PARTITION BY a.record_id, a.digest"
    agreed = (
        f"(count(*) FILTER (WHERE NOT a.decides) OVER ({among}) = {review.reviewers} "
        f"AND min(a.answers::text) FILTER (WHERE NOT a.decides) OVER ({among}) "
        f"= max(a.answers::text) FILTER (WHERE NOT a.decides) OVER ({among}))"
    )
    settled = f"({agreed} OR bool_or(a.decides) OVER ({among}))"
    return (
        f"(SELECT b.*, q.key AS question, q.value AS answer, CASE q.key {variables} END AS variable, "  # noqa: S608 (declared)
        "CASE WHEN b.is_standing THEN 'Y' ELSE 'N' END AS stands, "
        "CASE WHEN b.is_standing AND (b.decides OR b.agreed AND b.position = 1) THEN 'Y' END AS accepted "
        "FROM (SELECT a.id, a.participant_id, a.site_id, a.act_id, a.review, a.position, a.decides, a.answers, "
        f"a.comment, a.digest, a.answered_at, r.form_code, r.visit_id, r.sequence, {stands} AS is_standing, "
        f"{agreed} AS agreed, "
        f"{settled} AS settled, CASE WHEN a.decides THEN 'ADJUDICATOR' ELSE 'INDEPENDENT ASSESSOR' END AS evaluator, "
        "CASE WHEN a.decides THEN 'ADJUDICATOR' ELSE 'ASSESSOR ' || a.position END AS evalid "
        f"FROM {cut.rows(ReviewerAnswer)} a JOIN {cut.rows(Record)} r ON r.id = a.record_id "
        f"JOIN {cut.rows(form.model)} f ON f.id = r.id WHERE a.review = '{review.code}') b, "
        "LATERAL jsonb_each_text(b.answers) q WHERE b.settled OR NOT b.is_standing)"
    )
