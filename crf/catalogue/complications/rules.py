"""What follows from the complications of an operation, and what contradicts them (protocol 3.10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from crf.catalogue.complications.codes import ECCG, LEAK
from crf.catalogue.surgery.outcomes import WITH_INCISION, first_without_record, names_it_alone, operation_of
from crf.catalogue.survival.rules import recorded_death
from crf.engine.answers import AnswerRow, AnswerValues
from crf.engine.checks import earliest_day, latest_day
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


def within_collection(comp_dt: date, op_dt: date, setting_ae_after_surgery_days: int) -> bool:
    """Say whether a complication began on a day from the operation to the end of its collection (X051)."""
    return op_dt <= comp_dt <= op_dt + timedelta(days=setting_ae_after_surgery_days)


def _reaches(cd_grade: str | None, grade: int) -> bool:
    return cd_grade in CLAVIEN_DINDO and CLAVIEN_DINDO.index(cd_grade) >= grade


def operation_has_its_grade(comp_reop: str, cd_grade: str) -> bool:
    """Say whether a complication that was operated on is of grade IIIb or above."""
    return comp_reop != "Y" or _reaches(cd_grade, OPERATION_UNDER_ANAESTHESIA)


def leak_has_its_grade(eccg_code: str, leak_type: str, cd_grade: str) -> bool:
    """Say whether a leak of type III is of grade IIIb or above, and one of type II of grade IIIa or above."""
    least = {"II": INTERVENTION, "III": OPERATION_UNDER_ANAESTHESIA}
    return eccg_code != LEAK or leak_type not in least or _reaches(cd_grade, least[leak_type])


def airway_is_told(palsy_side: str | None, comp_trach: str | None, comp_reint: str | None) -> bool:
    """Say whether a palsy of both sides comes with a tracheostomy or a reintubation."""
    return palsy_side != "B" or "Y" in (comp_trach, comp_reint)


def death_is_recorded(cd_grade: str | None, surv_all: list[AnswerRow] | None) -> bool:
    """Say whether a complication that killed comes with a death on record, be its day known or not."""
    return cd_grade != "V" or any(page.get("vital") == "dead" for page in surv_all or ())


def _is_serious(cd_grade: str | None, comp_prol: str | None) -> bool:
    """Say whether a complication is a serious event: from grade IIIb on, or by a longer stay (protocol 3.10)."""
    return comp_prol == "Y" or _reaches(cd_grade, OPERATION_UNDER_ANAESTHESIA)


def is_reported(cd_grade: str | None, comp_prol: str | None, comp_ae: int | None) -> bool:
    """Say whether a serious complication names its adverse event."""
    return comp_ae is not None or not _is_serious(cd_grade, comp_prol)


def _event_of(comp_ae: int | None, ae_all: list[AnswerRow] | None) -> AnswerRow | None:
    """Return the adverse event that a complication names; None where it names none that is on record."""
    return next((row for row in ae_all or () if row["sequence"] == comp_ae), None)


def has_the_dates_of_its_event(
    comp_dt: date | None, comp_en: date | None, comp_ae: int | None, ae_all: list[AnswerRow] | None
) -> bool:
    """Say whether a complication and its adverse event began, and ended, on days that can be the same."""
    event = _event_of(comp_ae, ae_all) or {}
    return _may_be(comp_dt, event.get("ae_st")) and _may_be(comp_en, event.get("ae_en"))


def _may_be(day: date | None, told: str | None) -> bool:
    """Say whether a date, perhaps a partial one, can be the day; what is not told yet can be."""
    first, last = earliest_day(told), latest_day(told)
    return day is None or first is None or last is None or first <= day <= last


def is_reported_as_serious(
    cd_grade: str | None, comp_prol: str | None, comp_ae: int | None, ae_all: list[AnswerRow] | None
) -> bool:
    event = _event_of(comp_ae, ae_all) or {}
    return event.get("serious") != "N" or not _is_serious(cd_grade, comp_prol)


def kills_in_both_records(cd_grade: str, comp_ae: int, ae_all: list[AnswerRow]) -> bool:
    """Say whether grade V stands beside a fatal event, and no other grade does."""
    outcome = (_event_of(comp_ae, ae_all) or {}).get("outcome")
    return outcome is None or (cd_grade == "V") == (outcome == "fatal")


def event_answers(values: AnswerValues, row: AnswerRow) -> dict[str, Any]:
    """Return what the page of an adverse event begins with that is begun from a complication."""
    _code, _blank, name = ECCG.label(row["eccg_code"]).partition(" ")
    return {
        "ae_term": name,
        "ae_st": row["comp_dt"],
        "ae_ongo": "N" if row["comp_en"] else None,
        "ae_en": row["comp_en"],
        "serious": "Y" if _is_serious(row["cd_grade"], row["comp_prol"]) else None,
    }


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
