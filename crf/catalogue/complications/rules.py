"""What follows from the complications of an operation, and what contradicts them (protocol 3.10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from crf.catalogue.complications.codes import LEAK
from crf.catalogue.surgery.outcomes import WITH_INCISION, first_without_record, names_it_alone, operation_of
from crf.catalogue.survival.rules import recorded_death
from crf.engine.answers import AnswerRow
from crf.engine.checks import is_on_the_log, latest_day
from protocol.endpoints import (
    POSTOPERATIVE_DAYS,
    Admission,
    Mortality,
    perioperative_mortality,
)
from protocol.scores import CLAVIEN_DINDO, cci

Rule = Callable[..., bool]

OPERATION_UNDER_ANAESTHESIA = CLAVIEN_DINDO.index("IIIb")
INTERVENTION = CLAVIEN_DINDO.index("IIIa")


def unanswered(
    op_no: int | None, surg_all: list[AnswerRow] | None, comp_all: list[AnswerRow] | None
) -> int | None:
    """Return the first operation with an incision and no record of complications, while this record names none."""
    if op_no is not None:
        return None
    return first_without_record(surg_all, comp_all, done=WITH_INCISION)


def has_incision(op_no: int, surg_all: list[AnswerRow]) -> bool:
    return operation_of(op_no, surg_all).get("surg_done") in WITH_INCISION


def one_record(op_no: int, comp_all: list[AnswerRow]) -> bool:
    """Say whether no other record is of the same operation; ``comp_all`` are the other records (decision D1)."""
    return names_it_alone(op_no, comp_all)


def index_of(comp_any: str | None, comps: list[AnswerRow] | None) -> Any:
    """Return the comprehensive complication index of the operation: 0 when there was no complication."""
    if comp_any == "N":
        return cci(())
    return cci(row.get("cd_grade") for row in comps) if comps else None


def worst_grade(comps: list[AnswerRow] | None) -> str | None:
    grades = [row["cd_grade"] for row in comps or () if row.get("cd_grade") in CLAVIEN_DINDO]
    return max(grades, key=CLAVIEN_DINDO.index, default=None)


def days_after(comp_dt: date, op_dt: date) -> int:
    return (comp_dt - op_dt).days


def within_collection(comps: list[AnswerRow], op_dt: date, setting_ae_after_surgery_days: int) -> bool:
    """Say whether every complication began on a day from the operation to the end of its collection (X051)."""
    last = op_dt + timedelta(days=setting_ae_after_surgery_days)
    days = (row["comp_dt"] for row in comps if row.get("comp_dt"))
    return all(op_dt <= day <= last for day in days)


def ends_after_onset(comps: list[AnswerRow]) -> bool:
    return all(row["comp_en"] >= row["comp_dt"] for row in comps if row.get("comp_dt") and row.get("comp_en"))


def _reaches(row: AnswerRow, grade: int) -> bool:
    given = row.get("cd_grade")
    return given not in CLAVIEN_DINDO or CLAVIEN_DINDO.index(given) >= grade


def operation_has_its_grade(comps: list[AnswerRow]) -> bool:
    """Say whether each complication that was operated on is of grade IIIb or above."""
    return all(_reaches(row, OPERATION_UNDER_ANAESTHESIA) for row in comps if row.get("comp_reop") == "Y")


def leak_has_its_grade(comps: list[AnswerRow]) -> bool:
    """Say whether a leak of type III is of grade IIIb or above, and one of type II of grade IIIa or above."""
    least = {"II": INTERVENTION, "III": OPERATION_UNDER_ANAESTHESIA}
    leaks = (row for row in comps if row.get("eccg_code") == LEAK and row.get("leak_type") in least)
    return all(_reaches(row, least[row["leak_type"]]) for row in leaks)


def airway_is_told(comps: list[AnswerRow]) -> bool:
    """Say whether a palsy of both sides comes with a tracheostomy or a reintubation."""
    both = [row for row in comps if row.get("palsy_side") == "B"]
    return all("Y" in (row.get("comp_trach"), row.get("comp_reint")) for row in both)


def death_is_recorded(comps: list[AnswerRow], surv_all: list[AnswerRow] | None) -> bool:
    """Say whether a complication that killed comes with a death on record, be its day known or not."""
    return worst_grade(comps) != "V" or any(page.get("vital") == "dead" for page in surv_all or ())


def is_reported(comps: list[AnswerRow]) -> bool:
    """Say whether each complication from grade IIIb on names its adverse event."""
    return all(
        row.get("comp_ae") is not None
        for row in comps
        if row.get("cd_grade") in CLAVIEN_DINDO and _reaches(row, OPERATION_UNDER_ANAESTHESIA)
    )


def names_events_on_record(comps: list[AnswerRow], ae_all: list[AnswerRow] | None) -> bool:
    return all(is_on_the_log(row["comp_ae"], ae_all or []) for row in comps if row.get("comp_ae") is not None)


def _last_alive(known: AnswerRow) -> date | None:
    looked = [known[f"po{days}_dt"] for days in POSTOPERATIVE_DAYS if known[f"po{days}_status"] == "alive"]
    told = [row.get("last_alive_dt") for row in known["surv_all"] or ()]
    return max(filter(None, (*looked, *told, known["visit_last_on"])), default=None)


def _mortality(known: AnswerRow) -> Mortality:
    operation = operation_of(known["op_no"], known["surg_all"])
    admissions = [Admission(known["op_dt"], operation.get("disch_dt"))] if known["op_dt"] else []
    return perioperative_mortality(
        admissions, death=recorded_death(known["surv_all"]), last_alive_on=_last_alive(known)
    )


def died_within_30(**known: Any) -> bool | None:
    return _mortality(known).within_30_days


def died_within_90(**known: Any) -> bool | None:
    return _mortality(known).within_90_days


def died_in_hospital(**known: Any) -> bool | None:
    return _mortality(known).in_hospital


def status_is_known(
    op_dt: date | None,
    today: date,
    died_30: bool | None,
    died_90: bool | None,
    setting_ae_after_surgery_days: int,
) -> bool:
    """Say whether the status of day 30 and of day 90 is known once the collection has ended (X050)."""
    if op_dt is None or today <= op_dt + timedelta(days=setting_ae_after_surgery_days):
        return True
    return died_30 is not None and died_90 is not None


def on_or_after(day: int, looked_on: str, status: str) -> Rule:
    """Return the rule that life on a day after the operation is asked for on that day or later; a death is not."""

    def passes(op_dt: date, **told: Any) -> bool:
        return told[status] == "dead" or bool(told[looked_on] >= op_dt + timedelta(days=day))

    return passes


def death_on_record(status: str) -> Rule:
    """Return the rule that a death told in the question ``status`` is on a survival form."""

    def passes(surv_all: list[AnswerRow] | None, **told: str | None) -> bool:
        return told[status] != "dead" or any(row.get("vital") == "dead" for row in surv_all or ())

    return passes


def alive_before_death(looked_on: str, status: str) -> Rule:
    """Return the rule that nobody is told alive after the last possible day of a recorded death."""

    def passes(surv_all: list[AnswerRow], **told: Any) -> bool:
        days = [latest_day(row["death_dt"]) for row in surv_all if row.get("death_dt")]
        return told[status] != "alive" or all(day is None or told[looked_on] <= day for day in days)

    return passes
