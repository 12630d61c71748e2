"""What an operation derives, and how it fits the way the participant came (protocol 3.8, X040 to X042)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from crf.catalogue.adverse_event.rules import began_near
from crf.catalogue.response.rules import PROVEN
from crf.catalogue.surgery.outcomes import RERESECTION, RESECTION, WITH_SPECIMEN
from crf.engine.answers import AnswerRow
from protocol.response import POSITIVE_OUTCOMES, Biopsy, Outcome

FOR_THE_TUMOUR = ("planned", "non_ccr", "salvage", "wish")
"""Kinds of operation that have a time after chemoradiotherapy; not an emergency, not one after a resection."""


def one_resection(surg_done: str, surg_all: list[AnswerRow]) -> bool:
    """Say whether the oesophagus is resected once; ``surg_all`` are the other operations (X040, decision D1)."""
    return surg_done != RESECTION or all(row.get("surg_done") != RESECTION for row in surg_all)


def follows_a_resection(surg_done: str, surg_dt: date, surg_all: list[AnswerRow]) -> bool:
    """Say whether a re-resection comes after the resection of the oesophagus (decision D1)."""
    if surg_done != RERESECTION:
        return True
    days = (row.get("surg_dt") for row in surg_all if row.get("surg_done") == RESECTION)
    return any(day is not None and day < surg_dt for day in days)


def tumour_was_left(resid_macro: str, surg_all: list[AnswerRow]) -> bool:
    """Say whether an exploration left tumour behind, or followed a resection that had removed it."""
    return resid_macro != "none" or any(row.get("surg_done") == RESECTION for row in surg_all)


def entered_once(surg_dt: date, surg_all: list[AnswerRow]) -> bool:
    """Say whether no other record has an operation on the same day."""
    return all(row.get("surg_dt") != surg_dt for row in surg_all)


def weeks_from_neo(surg_dt: date, milestone_neo_end: date) -> Decimal:
    return Decimal((surg_dt - milestone_neo_end).days) / 7


def timing(
    surg_dt: date | None,
    intent: str | None,
    milestone_neo_end: date | None,
    milestone_ccr: date | None,
    milestone_lateccr: date | None,
    setting_surgery_arm2_deviation_days: int,
) -> str | None:
    """Return whether an operation for the tumour was planned, delayed, or followed a cCR (protocol 3.8)."""
    if surg_dt is None or intent not in FOR_THE_TUMOUR:
        return None
    if ccr_was_declared(surg_dt, milestone_ccr, milestone_lateccr):
        return "after_ccr"
    if milestone_neo_end is None or milestone_neo_end > surg_dt:
        return None
    return (
        "delayed" if (surg_dt - milestone_neo_end).days > setting_surgery_arm2_deviation_days else "planned"
    )


def days_from_regrowth(surg_dt: date, milestone_regrowth: date) -> int | None:
    """Return the days from the proof of a regrowth to the operation that follows it (protocol 6.4)."""
    return (surg_dt - milestone_regrowth).days if milestone_regrowth <= surg_dt else None


def evaluations_before(surg_dt: date | None, cre_all: list[AnswerRow] | None) -> list[AnswerRow]:
    """Return the response evaluations up to the operation, in the order of their days."""
    dated = [row for row in cre_all or () if row.get("cre_dt")]
    return [row for row in dated if surg_dt is None or row["cre_dt"] <= surg_dt]


def weeks_from_evaluation(surg_dt: date, cre_all: list[AnswerRow]) -> Decimal | None:
    """Return the weeks since the last response evaluation before the operation."""
    before = evaluations_before(surg_dt, cre_all)
    return Decimal((surg_dt - before[-1]["cre_dt"]).days) / 7 if before else None


def planned_in_time(
    surg_dt: date,
    milestone_neo_end: date,
    schedule_surg_2_opens: int,
    setting_surgery_arm2_deviation_days: int,
) -> bool:
    """Say whether a planned operation is neither before its window nor so late that it is a deviation (X041)."""
    days = (surg_dt - milestone_neo_end).days
    return schedule_surg_2_opens <= days <= setting_surgery_arm2_deviation_days


def length_of_stay(surg_dt: date, disch_dt: date) -> int:
    return (disch_dt - surg_dt).days


def regrowth_is_known(
    surg_dt: date, milestone_regrowth: date | None, cre_all: list[AnswerRow] | None
) -> bool:
    """Say whether a regrowth was recorded before the operation that salvages it (X042)."""
    if milestone_regrowth and milestone_regrowth <= surg_dt:
        return True
    outcomes = (row.get("cre_outcome") for row in evaluations_before(surg_dt, cre_all))
    return Outcome.REGROWTH in outcomes


def last_evaluation_is_clear(surg_dt: date, cre_all: list[AnswerRow]) -> bool:
    """Say whether the last evaluation before an operation on wish found nothing (X042)."""
    before = evaluations_before(surg_dt, cre_all)
    return not before or not _is_positive(before[-1])


def _is_positive(evaluation: AnswerRow) -> bool:
    return (
        evaluation.get("cre_outcome") in POSITIVE_OUTCOMES
        or evaluation.get("local_call") in PROVEN
        or evaluation.get("bx_result") == Biopsy.CARCINOMA
    )


def kind_fits_arm(intent: str, participant_arm: str) -> bool:
    """Say whether the kind of operation exists in the arm: planned in Arm 2, after residue in Arm 1."""
    return {"planned": "2", "non_ccr": "1"}.get(intent, participant_arm) == participant_arm


def ccr_was_declared(surg_dt: date, *declared: date | None) -> bool:
    """Say whether a cCR, at CRE-2 or late, was declared before the operation (decision B7)."""
    return any(day is not None and day <= surg_dt for day in declared)


def residue_was_found(surg_dt: date, cre_all: list[AnswerRow] | None) -> bool:
    """Say whether an evaluation before the operation found residue."""
    return any(_is_positive(row) for row in evaluations_before(surg_dt, cre_all))


def join_lies_where_procedure_puts_it(approach: str, anast_site: str) -> bool:
    """McKeown, transhiatal and cervical procedures join in the neck, Ivor Lewis in the chest."""
    usual = {"mckeown": "neck", "transhiatal": "neck", "cervical": "neck", "ivor_lewis": "chest"}
    return usual.get(approach, anast_site) == anast_site


def chest_is_opened(approach: str, access_th: str) -> bool:
    through_chest = approach in ("mckeown", "ivor_lewis", "sweet", "left_thoracoabdominal")
    return not through_chest or access_th != "none"


def refusal_is_recorded(cre_all: list[AnswerRow] | None) -> bool:
    """Say whether a response evaluation already holds the participant's refusal of surgery."""
    return any(row.get("pt_dec") == "declines_surgery" for row in cre_all or ())


def event_is_recorded(io_compl: list[str], surg_dt: date, ae_all: list[AnswerRow]) -> bool:
    """Say whether an event during the operation stands among the adverse events (protocol 3.8, io_compl)."""
    return io_compl == ["none"] or any(began_near(row, surg_dt) for row in ae_all)


def specimen_is_reported(
    surg_done: str,
    surg_dt: date,
    record_sequence: int,
    path_all: list[AnswerRow],
    today: date,
    setting_pathology_within_days: int,
) -> bool:
    """Say whether a pathology form names the operation, or there is time left for it (X043)."""
    if surg_done not in WITH_SPECIMEN or (today - surg_dt).days <= setting_pathology_within_days:
        return True
    return any(row.get("op_no") == record_sequence for row in path_all)


def back_in_time(readm_dt: date, disch_dt: date, setting_readmission_days: int) -> bool:
    return (readm_dt - disch_dt).days <= setting_readmission_days
