"""Which planned operations took place, for every form that reads them (protocol 3.8; decision D1)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from crf.engine.answers import AnswerRow

RESECTION, RERESECTION = "resection", "reresection"
WITH_SPECIMEN = (RESECTION, RERESECTION)
EXPLORATION = "explored"
WITH_INCISION = (*WITH_SPECIMEN, EXPLORATION)


def with_incision(surg_all: list[AnswerRow] | None) -> list[AnswerRow]:
    """Return the dated operations with an incision: resections and explorations (decision D1)."""
    return [row for row in surg_all or () if row.get("surg_done") in WITH_INCISION and row.get("surg_dt")]


def operation_of(op_no: int | None, surg_all: list[AnswerRow] | None) -> AnswerRow:
    """Return the operation that a record of another form names; nothing is known of one that is not on record."""
    return next((row for row in surg_all or () if row["sequence"] == op_no), {})


def operated_on(op_no: int, surg_all: list[AnswerRow]) -> date | None:
    day: date | None = operation_of(op_no, surg_all).get("surg_dt")
    return day


def first_without_record(
    surg_all: list[AnswerRow] | None, others: list[AnswerRow] | None, *, done: Collection[str]
) -> int | None:
    """Return the number of the first operation that was ``done`` and that none of the ``others`` names."""
    named = {row.get("op_no") for row in others or ()}
    operations = (row["sequence"] for row in surg_all or () if row.get("surg_done") in done)
    return min((number for number in operations if number not in named), default=None)


def names_it_alone(op_no: int, others: list[AnswerRow]) -> bool:
    """Say whether none of the other records is of the same operation (decision D1)."""
    return all(row.get("op_no") != op_no for row in others)
