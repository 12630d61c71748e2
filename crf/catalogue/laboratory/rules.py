"""What a laboratory panel derives and compares (protocol 3.4 G, X019)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crf.engine.answers import AnswerRow, AnswerValues
from crf.engine.checks import earliest_day, latest_day
from kernel.reading import UnreadableError, clock, plain
from protocol.endpoints import age_on
from protocol.laboratory import (
    TESTS,
    Result,
    asked_at_visit,
    flag_of,
    in_protocol_unit,
    left_out,
    limits_of,
    read_result,
)
from protocol.laboratory_grades import Compared, Graded, corrected_calcium, graded
from protocol.text import ProtocolText, load

RESULT = ("lb_test", "lb_res", "lb_unit")
LIMITS = ("lb_dt", "lb_lab", "site.reference_ranges", "ELIG.sex", "ELIG.birth")
BASELINE = ("milestone.NEO_D1", "LB*", "LB*.tests")
GRADED = (*RESULT, *LIMITS, *BASELINE)
COUNTED = ("setting.blood_count_event_grade", "setting.blood_count_event_days")
LYMPHOCYTES, NEUTROPHILS, WHITE_CELLS = "LYM", "NEUT", "WBC"
CALCIUM, ALBUMIN = "CA", "ALB"
TROPONINS, CORTISOL = ("TROPONI", "TROPONT"), "CORT"


def begins_with(text: ProtocolText, visit: str, arm: str | None) -> tuple[Mapping[str, Any], ...]:
    """Return a row for each test that the schedule asks for, in the unit of the protocol."""
    tests = (TESTS[code] for code in asked_at_visit(text, visit, arm))
    return tuple({"lb_test": test.code} | ({"lb_unit": test.unit} if test.unit else {}) for test in tests)


def result_of(known: Mapping[str, Any]) -> Result | None:
    """Return the result of a row in the unit of the protocol."""
    typed = plain(known["lb_res"] or "")
    return in_protocol_unit(known["lb_test"], typed, known["lb_unit"]) if known["lb_test"] else None


def standard_text(**known: Any) -> str | None:
    result = result_of(known)
    return str(result) if result else None


def standard_number(**known: Any) -> Decimal | None:
    """Return the number of a result; a limit of the assay is none."""
    result = result_of(known)
    return result.number if result and not result.sign else None


def standard_unit(lb_test: str) -> str | None:
    return TESTS[lb_test].unit or None


def _range(known: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Return the reference limits in force at the laboratory on the day of the sample."""
    on, birth = known["lb_dt"], known["elig_birth"]
    if on is None or not known["lb_test"]:
        return None, None
    limits = limits_of(
        known["site_reference_ranges"] or (),
        test=known["lb_test"],
        laboratory=known["lb_lab"] or "",
        sex=known["elig_sex"],
        age=age_on(birth, on) if birth else None,
        on=on,
    )
    return limits.in_protocol_unit if limits else (None, None)


def lower_limit(**known: Any) -> Decimal | None:
    return _range(known)[0]


def upper_limit(**known: Any) -> Decimal | None:
    return _range(known)[1]


def flag(**known: Any) -> str | None:
    return flag_of(result_of(known), *_range(known))


def _baseline(known: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Return the last value up to the first day of treatment with its upper limit; none for a sample of before it."""
    began, on = known["milestone_neo_d1"], known["lb_dt"]
    if began is None or on is None or on <= began:
        return None, None
    days = {row["id"]: row["lb_dt"] for row in known["lb_all"] if row["lb_dt"] and row["lb_dt"] <= began}
    before = [
        row
        for row in known["lb_all_tests"] or ()
        if row.get("record_id") in days
        and row["lb_test"] == known["lb_test"]
        and row["lb_stresn"] is not None
    ]
    last = max(before, key=lambda row: (days[row["record_id"]], row["record_id"]), default=None)
    return (last["lb_stresn"], last["lb_hi"]) if last else (None, None)


def _graded(known: Mapping[str, Any]) -> Graded | None:
    if not known["lb_test"]:
        return None
    if known["lb_test"] == CALCIUM:
        return None  # what is corrected for albumin has a grade, below the table
    return graded(known["lb_test"], result_of(known), Compared(*_range(known), *_baseline(known)))


def grade(**known: Any) -> int | None:
    graded = _graded(known)
    return graded.grade if graded else None


def term(**known: Any) -> str | None:
    graded = _graded(known)
    return graded.term or None if graded else None


def event_number(
    lb_test: str | None, lb_dt: date | None, lb_grade: int | None, ae_all: list[AnswerRow] | None
) -> int | None:
    """Return the number of the adverse event that names the test and the day of the sample."""
    if not lb_test or lb_dt is None:
        return None
    named = (row for row in ae_all or () if (row.get("lab_test"), row.get("lab_dt")) == (lb_test, lb_dt))
    return next((row["sequence"] for row in named), None)


def with_its_grade(values: AnswerValues, row: AnswerRow) -> AnswerRow:
    """Return a row with its grade: that of calcium stands below the table, from the value corrected for albumin."""
    if row["lb_test"] != CALCIUM:
        return row
    return {**row, "lb_grade": values["ca_grade"], "lb_term": values["ca_term"]}


def is_graded(row: AnswerRow) -> bool:
    return bool(row["lb_grade"])


def event_answers(values: AnswerValues, row: AnswerRow) -> dict[str, Any]:
    """Return what the page of an adverse event begins with that is begun from a graded value."""
    return {
        "ae_term": row["lb_term"],
        "ctcae_term": row["lb_term"],
        "lab_test": row["lb_test"],
        "lab_dt": values["lb_dt"],
        "ae_st": values["lb_dt"],
        "grade": row["lb_grade"],
    }


def missing_tests(
    lb_done: str | None,
    tests: list[AnswerRow],
    visit_code: str | None,
    participant_arm: str | None,
    participant_protocol_version: str | None,
) -> list[str] | None:
    """Return the tests of the visit that have neither a result nor a reason why there is none."""
    if lb_done != "Y" or participant_protocol_version is None:
        return None
    answered = [row["lb_test"] for row in tests if row["lb_res"] or "lb_res" in row["missing"]]
    asked = asked_at_visit(load(participant_protocol_version), visit_code, participant_arm)
    return left_out(asked, answered) or None


def nothing_left_out(lb_left: list[str] | None) -> bool:
    return not lb_left


def _nadir(known: Mapping[str, Any]) -> tuple[Decimal, date] | None:
    """Return the lowest lymphocyte count since the first day of treatment, up to this sample, and its day."""
    began, on = known["milestone_neo_d1"], known["lb_dt"]
    if began is None or on is None:
        return None
    days = {row["id"]: row["lb_dt"] for row in known["lb_all"]}
    counts = [(row, on) for row in known["tests"]]
    counts += [(row, days.get(row.get("record_id"))) for row in known["lb_all_tests"] or ()]
    lymphocytes = [
        (row["lb_stresn"], day)
        for row, day in counts
        if row["lb_test"] == LYMPHOCYTES and row["lb_stresn"] is not None and day and began <= day <= on
    ]
    return min(lymphocytes, default=None)


def nadir(**known: Any) -> Decimal | None:
    lowest = _nadir(known)
    return lowest[0] if lowest else None


def nadir_day(**known: Any) -> date | None:
    lowest = _nadir(known)
    return lowest[1] if lowest else None


def _number(tests: Iterable[AnswerRow], code: str) -> Decimal | None:
    return next((row["lb_stresn"] for row in tests if row["lb_test"] == code), None)


def neutrophils_to_lymphocytes(tests: list[AnswerRow]) -> Decimal | None:
    above, below = _number(tests, NEUTROPHILS), _number(tests, LYMPHOCYTES)
    return above / below if above is not None and below else None


def calcium_at_normal_albumin(tests: list[AnswerRow]) -> Decimal | None:
    return corrected_calcium(_number(tests, CALCIUM), _number(tests, ALBUMIN))


def _graded_calcium(ca_corr: Decimal, tests: list[AnswerRow]) -> Graded | None:
    calcium = next(row for row in tests if row["lb_test"] == CALCIUM)
    return graded(CALCIUM, Result(ca_corr), Compared(calcium["lb_lo"], calcium["lb_hi"]))


def calcium_grade(ca_corr: Decimal, tests: list[AnswerRow]) -> int | None:
    graded = _graded_calcium(ca_corr, tests)
    return graded.grade if graded else None


def calcium_term(ca_corr: Decimal, tests: list[AnswerRow]) -> str | None:
    graded = _graded_calcium(ca_corr, tests)
    return graded.term or None if graded else None


def severe_calcium_is_an_event(ca_grade: int, tests: list[AnswerRow], **known: Any) -> bool:
    """Say whether a severe corrected calcium has an adverse event that names it, or one around its day (X019)."""
    return severe_value_is_an_event(ca_grade, _calcium_event(tests), **known)


def _calcium_event(tests: list[AnswerRow]) -> int | None:
    return next((row["lb_ae"] for row in tests if row["lb_test"] == CALCIUM), None)


def calcium_event_is_as_severe(ca_grade: int, tests: list[AnswerRow], ae_all: list[AnswerRow]) -> bool:
    """Say whether the event that names the calcium has at least the grade of the corrected value (protocol 3.6)."""
    named = _calcium_event(tests)
    return named is None or event_is_as_severe(ca_grade, named, ae_all)


def parts_within_whole(tests: list[AnswerRow]) -> bool:
    """Say whether neutrophils and lymphocytes together are no more than the white cells."""
    parts = [_number(tests, code) for code in (NEUTROPHILS, LYMPHOCYTES)]
    whole = _number(tests, WHITE_CELLS)
    return whole is None or sum(part for part in parts if part is not None) <= whole


def is_read(lb_test: str, lb_res: str) -> bool:
    return read_result(lb_test, plain(lb_res)) is not None


def is_possible(**known: Any) -> bool:
    return _is_within(known, hard=True)


def is_usual(**known: Any) -> bool:
    """Say whether a value lies in the usual range; one that is impossible is refused by another check."""
    return not _is_within(known, hard=True) or _is_within(known, hard=False)


def _is_within(known: Mapping[str, Any], *, hard: bool) -> bool:
    result, test = result_of(known), TESTS[known["lb_test"]]
    bounds = test.hard_bounds if hard else test.soft_bounds
    ends = result.ends if result else None
    return ends is None or bounds is None or (ends[0] <= bounds[1] and ends[1] >= bounds[0])


def each_test_once(tests: list[AnswerRow]) -> bool:
    named = [row["lb_test"] for row in tests if row["lb_test"]]
    return len(named) == len(set(named))


def is_a_clock(lb_tm: str) -> bool:
    try:
        clock(lb_tm)
    except UnreadableError:
        return False
    return True


def _answered(tests: Iterable[AnswerRow], *codes: str) -> bool:
    return any(row["lb_test"] in codes and row["lb_res"] for row in tests)


def hour_is_known(tests: list[AnswerRow], lb_tm: str | None) -> bool:
    return bool(lb_tm) or not _answered(tests, CORTISOL)


def assay_is_known(tests: list[AnswerRow], trop_assay: str | None) -> bool:
    return bool(trop_assay) or not _answered(tests, *TROPONINS)


def severe_value_is_an_event(
    lb_grade: int | None,
    lb_ae: int | None,
    lb_dt: date | None,
    ae_all: list[AnswerRow] | None,
    setting_blood_count_event_grade: int,
    setting_blood_count_event_days: int,
) -> bool:
    """Say whether a severe value has an adverse event that names it, or one around its day (X019)."""
    if lb_dt is None or lb_ae is not None or (lb_grade or 0) < setting_blood_count_event_grade:
        return True
    near = timedelta(days=setting_blood_count_event_days)
    for event in ae_all or ():
        began, ended = earliest_day(event.get("ae_st")), latest_day(event.get("ae_en"))
        if began and began <= lb_dt + near and (ended is None or ended >= lb_dt - near):
            return True
    return False


def event_is_as_severe(lb_grade: int, lb_ae: int, ae_all: list[AnswerRow]) -> bool:
    """Say whether the event that names the value has at least its grade (protocol 3.6)."""
    grades = [row["grade"] for row in ae_all if row["sequence"] == lb_ae and row.get("grade")]
    return all(int(each) >= lb_grade for each in grades)
