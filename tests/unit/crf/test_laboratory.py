"""The laboratory panel: what is asked, limits and grades of the day, the lowest lymphocytes (protocol 3.4 G)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crf import catalogue
from tests.unit.crf.examples.laboratory import TESTS, example, limits, of, row
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.4", "3.6", "3.17")

NOT_TAKEN = {"lb_dt": None, "lb_tm": None, "lb_done": "N", "lb_why": "lost", "tests": []}


def results(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["lb_test"]: each for each in judge("LB", case).groups["tests"]}


@pytest.mark.parametrize("case", [example(), example(lb_tm=None), example(**NOT_TAKEN)])
def test_a_complete_panel_has_no_findings(case: dict) -> None:
    outcome = judge("LB", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_point_01_the_table_begins_with_the_tests_of_the_visit() -> None:
    form = catalogue.form("LB").under("1.0", visit="N2", arm="1")
    assert [start["lb_test"] for start in form.groups["tests"].starts_with] == [code for code, *_ in TESTS]
    assert {"lb_test": "HGB", "lb_unit": "g/L"} in form.groups["tests"].starts_with
    assert catalogue.form("LB").under("1.0", visit="UNS-1", arm="1").groups["tests"].starts_with == ()


def test_what_must_be_answered_then() -> None:
    assert set(judge("LB", example(lb_dt=None)).unanswered) == {"lb_dt"}
    assert set(judge("LB", example(lb_done="N", lb_dt=None, lb_tm=None, tests=[])).unanswered) == {"lb_why"}
    assert judge("LB", of()).unanswered == ("tests",)
    assert judge("LB", of(row("K", None, "mmol/L"))).unanswered == ("tests.1.lb_res",)
    assert judge("LB", of(row("K", "4.1"))).unanswered == ("tests.1.lb_unit",)
    assert judge("LB", of(row("HBSAG", "neg"))).complete
    assert judge("LB", of(row("K", None, missing={"lb_res": "ND"}))).complete


def test_point_01_what_was_typed_is_kept_beside_what_it_is_in_the_unit_of_the_protocol() -> None:
    found = results(of(row("HGB", "９.９", "g/dL"), row("LYM", "<0.01", "10^9/L"), row("HBSAG", "阴性")))
    hgb, lym, virus = found["HGB"], found["LYM"], found["HBSAG"]
    assert (hgb["lb_res"], hgb["lb_unit"]) == ("９.９", "g/dL")
    assert (hgb["lb_stresc"], hgb["lb_stresn"], hgb["lb_stresu"]) == ("99", Decimal("99.0000"), "g/L")
    assert (lym["lb_stresc"], lym["lb_stresn"], lym["lb_grade"]) == ("<0.01", None, 4)
    assert (virus["lb_stresc"], virus["lb_stresn"], virus["lb_stresu"]) == ("NEG", None, None)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (of(row("K", "haemolysed", "mmol/L")), "LB-01"),
        (of(row("K", "41", "mmol/L")), "LB-02"),
        (of(row("HGB", "12.4", "mmol/L"), row("CREAT", "9", "umol/L")), "LB-02"),
        (of(row("K", "5.6", "mmol/L")), "LB-03"),
        (of(row("K", "4.1", "mmol/L"), row("K", "4.2", "mmol/L")), "LB-04"),
        (example(tests=[row(*each) for each in TESTS[1:]]), "LB-05"),
        (example(lb_tm="25:10"), "LB-06"),
        (of(row("CORT", "300", "nmol/L"), lb_tm=None), "LB-07"),
        (of(row("TROPONT", "9", "ng/L")), "LB-08"),
        (of(row("WBC", "4", "10^9/L"), row("NEUT", "3", "10^9/L"), row("LYM", "1.1", "10^9/L")), "LB-09"),
        (of(row("PLAT", "40", "10^9/L")), "X019a"),
    ],
)
def test_each_check_finds_what_it_is_for(broken: dict, code: str) -> None:
    assert code in codes(judge("LB", broken))


def test_a_unit_that_is_none_of_the_test_is_refused() -> None:
    found = judge("LB", of(row("K", "4.1", "g/L"))).findings
    assert "tests.1.lb_unit:offered" in {finding.key for finding in found}


def test_a_test_that_was_not_done_is_not_left_out() -> None:
    tests = [row("HGB", None, "g/L", missing={"lb_res": "ND"}), *[row(*each) for each in TESTS[1:]]]
    assert judge("LB", example(tests=tests)).values["lb_left"] is None
    assert judge("LB", example(tests=tests[1:])).values["lb_left"] == ["HGB"]


@pytest.mark.parametrize(
    ("sex", "low", "flag", "grade"), [("M", "130", "L", 1), ("F", "115", "N", 0), (None, None, None, None)]
)
def test_point_01_the_range_of_the_day_for_the_participant(
    sex: str | None, low: str | None, flag: str | None, grade: int | None
) -> None:
    found = results(of(row("HGB", "120", "g/L"), ELIG__sex=sex))["HGB"]
    assert (found["lb_lo"], found["lb_flag"], found["lb_grade"]) == (low and Decimal(low), flag, grade)


def test_point_01_a_new_range_holds_from_its_day() -> None:
    ranges = [limits("ALT", "9", "50"), limits("ALT", "9", "40", since=date(2026, 5, 30))]
    for on, high, flag in ((date(2026, 5, 29), 50, "N"), (date(2026, 5, 30), 40, "H")):
        case = of(row("ALT", "45", "U/L"), lb_dt=on, site__reference_ranges=ranges)
        found = results(case)["ALT"]
        assert (found["lb_hi"], found["lb_flag"], found["lb_grade"]) == (high, flag, int(flag == "H"))


def panel(number: int, on: date, *rows: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Another panel as it is on record."""
    kept = [{"record_id": number, "lb_stresn": None, "lb_hi": None} | each for each in rows]
    return {"id": number, "lb_dt": on}, kept


def test_point_01_a_value_that_was_high_before_treatment_is_compared_with_itself() -> None:
    first = {"lb_test": "ALT", "lb_stresn": Decimal(60), "lb_hi": Decimal(50)}
    record, rows = panel(7, date(2026, 5, 1), first)
    late, later = panel(9, date(2026, 5, 15), first | {"lb_stresn": Decimal(10)})
    known = {"LB*": [record, late], "LB*.tests": [*rows, *later]}
    grades = [
        results(of(row("ALT", value, "U/L"), **known))["ALT"]["lb_grade"] for value in ("89", "90", "181")
    ]
    assert grades == [0, 1, 2]
    assert results(of(row("ALT", "89", "U/L")))["ALT"]["lb_grade"] == 1
    before = of(row("ALT", "89", "U/L"), lb_dt=date(2026, 5, 8), **known)
    assert results(before)["ALT"]["lb_grade"] == 1


@pytest.mark.parametrize(
    ("calcium", "albumin", "corrected", "grade", "term"),
    [
        ("2.30", "40", "2.30", 0, None),
        ("1.95", "30", "2.15", 0, None),
        ("1.95", "40", "1.95", 2, "Hypocalcemia"),
        ("2.00", "40", "2.00", 1, "Hypocalcemia"),
        ("1.75", "40", "1.75", 2, "Hypocalcemia"),
        ("1.74", "40", "1.74", 3, "Hypocalcemia"),
        ("1.49", "40", "1.49", 4, "Hypocalcemia"),
        ("2.50", "20", "2.90", 1, "Hypercalcemia"),
        ("2.51", "20", "2.91", 2, "Hypercalcemia"),
        ("3.20", "45", "3.10", 2, "Hypercalcemia"),
        ("3.30", "40", "3.30", 3, "Hypercalcemia"),
        ("3.41", "40", "3.41", 4, "Hypercalcemia"),
        ("1.20", None, None, None, None),
    ],
)
def test_point_01_calcium_is_graded_as_corrected_for_albumin(
    calcium: str, albumin: str | None, corrected: str | None, grade: int | None, term: str | None
) -> None:
    rows = [row("CA", calcium, "mmol/L"), *([row("ALB", albumin, "g/L")] if albumin else [])]
    outcome = judge("LB", of(*rows, site__reference_ranges=[limits("CA", "2.1", "2.6")]))
    assert outcome.values["ca_corr"] == (Decimal(corrected) if corrected else None)
    assert (outcome.values["ca_grade"], outcome.values["ca_term"]) == (grade, term)
    found = outcome.groups["tests"][0]
    assert (found["lb_stresn"], found["lb_grade"]) == (Decimal(calcium), None)


def test_point_01_severe_calcium_asks_for_its_event() -> None:
    severe = [row("CA", "1.9", "mmol/L"), row("ALB", "50", "g/L")]
    assert "X019c" in codes(judge("LB", of(*severe)))
    named = event(lab_test="CA", lab_dt=date(2026, 5, 29), ae_st="2025-01")
    for known in ([named], [event()]):
        assert "X019c" not in codes(judge("LB", of(*severe, **{"AE*": known})))
    for grade, lower in (("2", True), ("3", False)):
        known = [named | {"sequence": 1, "grade": grade}]
        assert ("LB-10a" in codes(judge("LB", of(*severe, **{"AE*": known})))) is lower
    milder = [row("CA", "1.9", "mmol/L"), row("ALB", "45", "g/L")]
    assert "X019c" not in codes(judge("LB", of(*milder)))


def test_point_01_the_lowest_lymphocytes_since_the_first_day_of_treatment() -> None:
    counts = [(1, date(2026, 5, 1), "0.1"), (2, date(2026, 5, 15), "0.4"), (3, date(2026, 6, 5), "0.2")]
    panels = [panel(n, on, {"lb_test": "LYM", "lb_stresn": Decimal(value)}) for n, on, value in counts]
    known = {
        "LB*": [record for record, _rows in panels],
        "LB*.tests": [r for _, rows in panels for r in rows],
    }
    values = judge("LB", of(row("LYM", "0.9", "10^9/L"), **known)).values
    assert (values["alc_nadir"], values["alc_nadir_dt"]) == (Decimal("0.400"), date(2026, 5, 15))
    own = judge("LB", of(row("LYM", "0.3", "10^9/L"), **known)).values
    assert (own["alc_nadir"], own["alc_nadir_dt"]) == (Decimal("0.300"), date(2026, 5, 29))
    before = judge("LB", of(row("LYM", "0.3", "10^9/L"), milestone__NEO_D1=None, **known)).values
    assert before["alc_nadir"] is None


def event(**more: Any) -> dict[str, Any]:
    return {"sequence": 4, "ae_st": "2026-05-29", "ae_en": None, "grade": "3"} | more


NAMED = event(lab_test="PLAT", lab_dt=date(2026, 5, 29), ae_st="2025-01")


def test_point_01_the_event_that_names_the_value_is_linked_and_settles_it() -> None:
    severe = row("PLAT", "40", "10^9/L")
    outcome = judge("LB", of(severe, **{"AE*": [NAMED]}))
    assert outcome.groups["tests"][0]["lb_ae"] == 4
    assert not codes(outcome) & {"X019a", "LB-10"}
    assert "LB-10" in codes(judge("LB", of(severe, **{"AE*": [NAMED | {"grade": "2"}]})))
    assert "X019a" not in codes(judge("LB", of(severe, **{"AE*": [event(ae_st="2026-06-05")]})))
    assert "X019a" in codes(judge("LB", of(severe, **{"AE*": [event(ae_st="2026-06-06")]})))
