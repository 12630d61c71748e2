"""What a deviation derives, and what it has to agree with (protocol 3.15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crf.engine.answers import AnswerRow
from crf.engine.checks import not_before
from protocol.deviations import allocated_strategy, names_an_arm, proposed_exclusion, proposed_importance

DECIDED = ("record.sequence", "central.decisions")


def strategy_left(participant_arm: str, dv_cat: str) -> str | None:
    """Return the strategy that a participant was allocated to and left."""
    return allocated_strategy(participant_arm) if dv_cat == "crossover" else None


def importance_by_rule(dv_cat: str, setting_deviation_important: tuple[str, ...]) -> str:
    return proposed_importance(dv_cat, setting_deviation_important)


def exclusion_by_rule(dv_cat: str, setting_deviation_excludes_pp: tuple[str, ...]) -> str:
    return proposed_exclusion(dv_cat, setting_deviation_excludes_pp)


def _decided(record_sequence: int, central_decisions: Sequence[AnswerRow] | None, name: str) -> str | None:
    """Return what was decided last of this deviation under ``name``."""
    rows = [row for row in central_decisions or () if row["deviation_no"] == record_sequence]
    return rows[-1][name] or None if rows else None


def importance_decided(record_sequence: int, central_decisions: list[AnswerRow]) -> str | None:
    return _decided(record_sequence, central_decisions, "importance")


def exclusion_decided(record_sequence: int, central_decisions: list[AnswerRow]) -> str | None:
    return _decided(record_sequence, central_decisions, "excludes_pp")


def found_after_it_happened(dv_dt: date, dv_found: date) -> bool:
    return not_before(dv_found, dv_dt)


def after_consent(dv_dt: date, milestone_icf: date) -> bool:
    return not_before(dv_dt, milestone_icf)


def told_after_it_happened(dv_dt: date, dv_ec: date) -> bool:
    return not_before(dv_ec, dv_dt)


def closed_after_it_was_found(dv_found: date, dv_close: date) -> bool:
    return not_before(dv_close, dv_found)


def change_is_on_record(dv_cross_to: str, surg_all: list[AnswerRow], cre_all: list[AnswerRow]) -> bool:
    """Say whether an operation, or a choice at an evaluation, tells of the change of strategy."""
    operations = [row.get("surg_done") for row in surg_all or ()]
    choices = {row.get("pt_dec") for row in cre_all or ()}
    if dv_cross_to == "surgery":
        return "asks_surgery" in choices or any(done not in (None, "none") for done in operations)
    return "declines_surgery" in choices or "none" in operations


def names_no_arm(words: str) -> bool:
    return not names_an_arm(words)
