"""What has to hold of medication (protocol 3.3, 3.17)."""

from __future__ import annotations

from crf.engine.answers import AnswerRow
from crf.engine.checks import not_before


def ends_after_start(cm_start: str, cm_end: str) -> bool:
    return not_before(cm_end, cm_start)


def immune_event_is_recorded(
    cm_indc: str | None, cm_steroid: str | None, cm_ae: int | None, ae_all: list[AnswerRow] | None
) -> bool:
    """Say whether a steroid for an immune-related event has such an event on record, the one it names (X024)."""
    if cm_indc != "irae" or cm_steroid != "Y":
        return True
    immune = {row["sequence"] for row in ae_all or () if row.get("irae") == "Y"}
    return bool(immune) if cm_ae is None else cm_ae in immune
