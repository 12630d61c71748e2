"""Which planned operations took place, for every form that reads them (protocol 3.8; decision D1)."""

from __future__ import annotations

from crf.engine.answers import AnswerRow

RESECTION, RERESECTION = "resection", "reresection"
WITH_SPECIMEN = (RESECTION, RERESECTION)
EXPLORATION = "explored"
WITH_INCISION = (*WITH_SPECIMEN, EXPLORATION)


def with_incision(surg_all: list[AnswerRow] | None) -> list[AnswerRow]:
    """Return the dated operations with an incision: resections and explorations (decision D1)."""
    return [row for row in surg_all or () if row.get("surg_done") in WITH_INCISION and row.get("surg_dt")]
