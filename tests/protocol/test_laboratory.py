"""Laboratory results: read as typed, in the unit of the protocol, against the limits of the day (protocol 3.4 G)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.laboratory import (
    TESTS,
    ReferenceLimits,
    Result,
    asked_at_visit,
    flag_of,
    in_protocol_unit,
    left_out,
    limits_of,
    read_result,
)
from protocol.laboratory_grades import RULES, Compared, Graded, corrected_calcium, graded
from protocol.laboratory_words import NAMES, Line, Why, code_named, read_lines, unit_named
from protocol.text import load

CHAPTERS = ("3.4", "3.6")

TEXT = load("1.0")
SINCE = date(2026, 1, 1)


# Result as typed, unit, and what it is in the unit of the protocol.
@pytest.mark.parametrize(
    ("test", "typed", "unit", "wanted"),
    [
        ("HGB", "12.4", "g/dL", "124"),
        ("CREAT", "1.13", "mg/dL", "99.892"),
        ("LYM", "<0.01", "10^9/L", "<0.01"),
        ("LYM", "< 10", "/uL", "<0.01"),
        ("TSH", ">=100", "mIU/L", "≥100"),
        ("BILI", "21.5 ↑", "umol/L", "21.5"),
        ("HBVDNA", "1.2E+05", "IU/mL", "120000"),
        ("HBSAG", "阴性", None, "NEG"),
        ("UPROT", "++", None, "2+"),
        ("CREAT", "1.13", "g/L", None),
        ("CREAT", "1.13", None, None),
        ("CREAT", "1,13", "mg/dL", None),
        ("CREAT", "haemolysed", "mg/dL", None),
        ("HBSAG", "0.3", None, None),
        ("HGB", "9" * 12, "g/L", None),
    ],
)
def test_a_result_in_the_unit_of_the_protocol(
    test: str, typed: str, unit: str | None, wanted: str | None
) -> None:
    result = in_protocol_unit(test, typed, unit)
    assert (str(result) if result else None) == wanted


@given(st.sampled_from(sorted(TESTS)), st.integers(1, 10**6), st.integers(0, 3))
def test_every_unit_is_exact_and_leads_back(test: str, digits: int, places: int) -> None:
    for unit, factor in TESTS[test].factors.items():
        typed = Decimal(digits).scaleb(-places)
        result = in_protocol_unit(test, format(typed, "f"), unit)
        assert result is not None
        assert result.number is not None
        assert Fraction(result.number) / Fraction(factor) == Fraction(typed)


def limits(low: str, high: str, **more: object) -> ReferenceLimits:
    return ReferenceLimits("HGB", "g/L", Decimal(low), Decimal(high), **{"since": SINCE} | more)


BOTH, MEN, CHILDREN = (
    limits("115", "175"),
    limits("130", "175", sex="M"),
    limits("120", "160", age_to=17),
)
NEW = limits("128", "172", sex="M", since=date(2026, 6, 1))
OTHER = limits("110", "170", laboratory="County Hospital")


@pytest.mark.parametrize(
    ("sex", "age", "on", "laboratory", "wanted"),
    [
        ("M", 60, date(2026, 5, 31), "", MEN),
        ("M", 60, date(2026, 6, 1), "", NEW),
        ("F", 60, date(2026, 6, 1), "", BOTH),
        ("F", 17, date(2026, 6, 1), "", CHILDREN),
        ("F", 18, date(2026, 6, 1), "", BOTH),
        (None, None, date(2026, 6, 1), "", BOTH),
        ("M", 60, date(2025, 12, 31), "", None),
        ("M", 60, date(2026, 6, 1), "county hospital", OTHER),
        ("M", 60, date(2026, 6, 1), "Elsewhere", None),
    ],
)
def test_the_limits_of_the_day_for_the_participant(
    sex: str | None, age: int | None, on: date, laboratory: str, wanted: ReferenceLimits | None
) -> None:
    known = [BOTH, MEN, CHILDREN, NEW, OTHER]
    assert limits_of(known, test="HGB", laboratory=laboratory, sex=sex, age=age, on=on) is wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("129.9", "L"), ("130", "N"), ("175", "N"), ("175.1", "H"), ("<130", "L"), ("<140", None)],
)
def test_a_value_on_a_limit_is_normal(typed: str, wanted: str | None) -> None:
    assert flag_of(read_result("HGB", typed), Decimal(130), Decimal(175)) == wanted
    assert flag_of(read_result("HGB", typed), None, None) is None


# Test, low, high, value, grade and term, from NCI's list of 27 November 2017 by hand.
GRADES = [
    ("HGB", 130, 175, "130", 0, ""),
    ("HGB", 130, 175, "129", 1, "Anemia"),
    ("HGB", 130, 175, "79.9", 3, "Anemia"),
    ("LYM", "1.1", "3.2", "<0.2", 4, "Lymphocyte count decreased"),
    ("LYM", "1.1", "3.2", "0.2", 3, "Lymphocyte count decreased"),
    ("LYM", "1.1", "3.2", "20.1", 3, "Lymphocyte count increased"),
    ("LYM", "1.1", "3.2", "4", 0, ""),
    ("ALP", 45, 125, "312.5", 1, "Alkaline phosphatase increased"),
    ("ALP", 45, 125, "312.6", 2, "Alkaline phosphatase increased"),
    ("GGT", 10, 60, "1200", 3, "GGT increased"),
    ("GGT", 10, 60, "1200.1", 4, "GGT increased"),
    ("K", "3.5", "5.3", "3.4", 1, "Hypokalemia"),
    ("K", "3.5", "5.3", "2.9", 3, "Hypokalemia"),
    ("K", "3.5", "5.3", "5.6", 2, "Hyperkalemia"),
    ("K", "3.5", "5.3", "7.1", 4, "Hyperkalemia"),
    ("SODIUM", 137, 147, "136", 1, "Hyponatremia"),
    ("SODIUM", 137, 147, "129", 2, "Hyponatremia"),
    ("SODIUM", 137, 147, "124", 3, "Hyponatremia"),
    ("SODIUM", 137, 147, "119", 4, "Hyponatremia"),
    ("SODIUM", 137, 147, "151", 2, "Hypernatremia"),
    ("MG", "0.75", "1.02", "0.45", 2, "Hypomagnesemia"),
    ("MG", "0.75", "1.02", "1.3", 3, "Hypermagnesemia"),
    ("GLUC", "3.9", "6.1", "1.6", 4, "Hypoglycemia"),
    ("GLUC", "3.9", "6.1", "30", 1, "Hyperglycemia"),
    ("CK", 50, 310, "775", 1, "CPK increased"),
    ("CK", 50, 310, "3100.1", 4, "CPK increased"),
    ("LDH", 120, 250, "900", 1, "Blood lactate dehydrogenase increased"),
    ("INR", "0.8", "1.2", "1.2", 0, ""),
    ("INR", "0.8", "1.2", "1.21", 1, "INR increased"),
    ("APTT", 25, 40, "101", 3, "Activated partial thromboplastin time prolonged"),
    ("LIPASET", 0, 60, "300", 2, "Lipase increased"),
    ("LIPASET", 0, 60, "301", 3, "Lipase increased"),
    ("TROPONT", 0, 14, "15", 1, "Cardiac troponin T increased"),
    ("UPROT", None, None, "++", 2, "Proteinuria"),
]


@pytest.mark.parametrize(("test", "low", "high", "typed", "grade", "term"), GRADES)
def test_grades_and_terms_of_the_list(
    test: str, low: object, high: object, typed: str, grade: int, term: str
) -> None:
    bounds = [None if each is None else Decimal(str(each)) for each in (low, high)]
    assert graded(test, read_result(test, typed), Compared(*bounds)) == Graded(grade, term)


# Test, limit, and for each bound its grade and the one just beyond it, by hand from the same list.
BOUNDS_BELOW = [
    ("SODIUM", 137, (("137", 0, 1), ("130", 1, 2), ("125", 2, 3), ("120", 3, 4))),
    ("K", "3.5", (("3.5", 0, 1), ("3", 1, 3), ("2.5", 3, 4))),
    ("MG", "0.75", (("0.75", 0, 1), ("0.5", 1, 2), ("0.4", 2, 3), ("0.3", 3, 4))),
    ("CA", "2.1", (("2.1", 0, 1), ("2", 1, 2), ("1.75", 2, 3), ("1.5", 3, 4))),
    ("GLUC", "3.9", (("3.9", 0, 1), ("3", 1, 2), ("2.2", 2, 3), ("1.7", 3, 4))),
]
BOUNDS_ABOVE = [
    ("SODIUM", 147, (("147", 0, 1), ("150", 1, 2), ("155", 2, 3), ("160", 3, 4))),
    ("K", "5.3", (("5.3", 0, 1), ("5.5", 1, 2), ("6", 2, 3), ("7", 3, 4))),
    ("MG", "1.02", (("1.02", 0, 1), ("1.23", 1, 3), ("3.3", 3, 4))),
    ("CA", "2.6", (("2.6", 0, 1), ("2.9", 1, 2), ("3.1", 2, 3), ("3.4", 3, 4))),
    ("GLUC", "6.1", (("6.1", 0, 1), ("40", 1, 1))),
    ("LYM", "3.2", (("4", 0, 2), ("20", 2, 3))),
    ("ALP", 100, (("100", 0, 1), ("250", 1, 2), ("500", 2, 3), ("2000", 3, 4))),
    ("GGT", 60, (("60", 0, 1), ("150", 1, 2), ("300", 2, 3), ("1200", 3, 4))),
    ("CK", 200, (("200", 0, 1), ("500", 1, 2), ("1000", 2, 3), ("2000", 3, 4))),
    ("LDH", 250, (("250", 0, 1), ("5000", 1, 1))),
    ("TROPONI", 14, (("14", 0, 1), ("900", 1, 1))),
    ("TROPONT", 14, (("14", 0, 1), ("900", 1, 1))),
    ("LIPASET", 60, (("60", 0, 1), ("90", 1, 2), ("300", 2, 3))),
    ("AMYLASE", 100, (("100", 0, 1), ("150", 1, 2), ("500", 2, 3))),
    ("INR", "1.2", (("1.2", 0, 1), ("1.5", 1, 2), ("2.5", 2, 3))),
    ("APTT", 40, (("40", 0, 1), ("60", 1, 2), ("100", 2, 3))),
]
STEP = Decimal("0.001")


def reached(test: str, value: Decimal, limits: Compared) -> int | None:
    """Return the grade alone."""
    of_value = graded(test, Result(value), limits)
    return of_value.grade if of_value else None


@pytest.mark.parametrize(
    ("test", "limit", "bounds", "step"),
    [*[(*row, -STEP) for row in BOUNDS_BELOW], *[(*row, STEP) for row in BOUNDS_ABOVE]],
)
def test_a_grade_begins_just_beyond_its_bound(test: str, limit: object, bounds: tuple, step: Decimal) -> None:
    normal, far = Decimal(str(limit)), Decimal(10_000)
    limits = Compared(normal, far) if step < 0 else Compared(Decimal(0), normal)
    seen = [
        (reached(test, Decimal(at), limits), reached(test, Decimal(at) + step, limits)) for at, *_ in bounds
    ]
    assert seen == [(grade, beyond) for _at, grade, beyond in bounds]


def test_every_rule_has_its_bounds_by_hand_and_none_without_its_limit() -> None:
    below = {"HGB", "WBC", "NEUT", "LYM", "PLAT", "ALB"}  # test_scores.py
    by_limit = {"ALT", "AST", "BILI", "CREAT"}  # test_scores.py, test_exact.py
    assert set(RULES) == below | by_limit | {row[0] for row in (*BOUNDS_BELOW, *BOUNDS_ABOVE)}
    for test in by_limit | {
        "ALP",
        "GGT",
        "CK",
        "LDH",
        "TROPONI",
        "TROPONT",
        "LIPASET",
        "AMYLASE",
        "APTT",
        "GLUC",
    }:
        assert graded(test, Result(Decimal(5)), Compared(Decimal(1), None)) is None, test
    assert reached("INR", Decimal("1.3"), Compared()) == 1, "its first bound is a number"


@pytest.mark.parametrize(("test", "first"), [("ALP", "200"), ("GGT", "200")])
def test_phosphatase_and_ggt_begin_at_twice_a_baseline_that_was_high(test: str, first: str) -> None:
    limits = Compared(Decimal(0), Decimal(60), Decimal(100), Decimal(60))
    at = Decimal(first)
    assert [reached(test, each, limits) for each in (at - STEP, at, Decimal(250), Decimal(250) + STEP)] == [
        0,
        1,
        1,
        2,
    ]
    assert [reached(test, Decimal(each) + STEP, limits) for each in (500, 2000)] == [3, 4]


@pytest.mark.parametrize(
    ("value", "baseline", "grade"), [("7", "7", 0), ("7.1", "7", 1), ("7.1", "8", 0), ("6.1", "5", 0)]
)
def test_glucose_is_high_above_the_limit_and_above_the_baseline(
    value: str, baseline: str, grade: int
) -> None:
    limits = Compared(Decimal("3.9"), Decimal("6.1"), Decimal(baseline), Decimal("6.1"))
    assert reached("GLUC", Decimal(value), limits) == grade


def test_calcium_is_corrected_by_payne_and_not_without_albumin() -> None:
    assert corrected_calcium(Decimal("2.00"), Decimal(30)) == Decimal("2.20")
    assert corrected_calcium(Decimal("2.00"), Decimal(45)) == Decimal("1.90")
    assert corrected_calcium(None, Decimal(30)) is corrected_calcium(Decimal(2), None) is None


def test_a_limit_of_the_assay_has_a_grade_only_where_it_has_one() -> None:
    assert graded("LYM", Result(Decimal("0.6"), "<"), Compared()) is None
    assert graded("TSH", Result(Decimal(9)), Compared(Decimal(1), Decimal(4))) is None


def test_a_baseline_above_normal_is_what_later_values_are_compared_with() -> None:
    """Baseline 80 with a limit of 50 then; the limit is 100 now. 1.5 times the baseline is grade 1."""
    given_limits = Compared(Decimal(9), Decimal(100), Decimal(80), Decimal(50))
    grades = [graded("ALT", Result(Decimal(value)), given_limits) for value in (119, 120, 240, 241)]
    assert [each.grade for each in grades if each] == [0, 1, 1, 2]
    normal = Compared(Decimal(9), Decimal(100), Decimal(80), Decimal(80))
    assert graded("ALT", Result(Decimal(120)), normal) == Graded(1, "Alanine aminotransferase increased")


@pytest.mark.parametrize(
    ("term", "grader"),
    [pytest.param(*pair, id=f"{test}-{pair[0]}") for test, rules in RULES.items() for pair in rules],
)
@given(*[st.decimals(0, 3000, places=2)] * 4)
def test_a_grade_only_rises_in_its_direction(
    term: str, grader: Any, low: Decimal, high: Decimal, one: Decimal, other: Decimal
) -> None:
    given_limits = Compared(min(low, high), max(low, high), one, other)
    grades = [grader(value, given_limits) or 0 for value in sorted((low, high, one, other, Decimal(9999)))]
    rising = grader(Decimal(9999), given_limits) is not None and grader(Decimal(9999), given_limits) > 0
    assert grades == sorted(grades, reverse=not rising), term


@pytest.mark.parametrize(
    ("visit", "arm", "with_", "without"),
    [
        ("SCR", None, {"HGB", "LYM", "TSH", "CORT", "TROPONI", "HBSAG", "HBVDNA"}, {"CRP"}),
        ("N2", "1", {"LYM", "CREAT"}, {"TSH", "HBSAG"}),
        ("N4", "1", {"TSH", "CK", "TROPONI", "GLUC"}, {"HBSAG"}),
        ("N4", "2", {"LYM"}, {"TSH", "CK"}),
        ("SF90", "1", {"TSH", "CORT", "GLUC"}, {"HGB"}),
        ("AS-06", "1", {"TSH", "LYM"}, {"CORT"}),
    ],
)
def test_the_tests_of_a_visit_follow_its_procedures(
    visit: str, arm: str | None, with_: set[str], without: set[str]
) -> None:
    asked = set(asked_at_visit(TEXT, visit, arm))
    assert asked >= with_
    assert not asked & without


def test_every_visit_that_asks_for_the_panel_asks_for_a_test() -> None:
    for rule in TEXT.visits:
        for arm in rule.arms:
            assert bool(asked_at_visit(TEXT, rule.code, arm)) or "LB" not in rule.form_codes, rule.code


def test_one_troponin_stands_for_the_other() -> None:
    assert left_out(["TROPONI", "CK", "TSH"], ["TROPONT", "CK"]) == ["TSH"]


# ---- As hospital systems write it ----------------------------------------------------------------------------

PASTED = [
    *("项目\t结果\t单位", "白细胞计数(WBC)\t4.8\t10^9/L\t3.5-9.5", "淋巴细胞绝对值\t0.62 ↓\t10^9/L"),
    *("CREA\t71\tμmol/L", "ALT\t溶血\tU/L", "TSH\t2.1\tfurlong", "WBC\t4.9\t10^9/L", "", "HBsAg\t阴性"),
]


def test_lines_are_read_and_what_is_not_understood_is_told_by_its_number() -> None:
    found = read_lines(PASTED)
    assert [(line.number, line.test, line.result, line.unit) for line in found if line.why is None] == [
        (2, "WBC", "4.8", "10^9/L"),
        (3, "LYM", "0.62 ↓", "10^9/L"),
        (4, "CREAT", "71", "umol/L"),
        (9, "HBSAG", "阴性", ""),
    ]
    assert [(line.number, line.why) for line in found if line.why] == [
        (1, Why.TEST),
        (5, Why.RESULT),
        (6, Why.UNIT),
        (7, Why.TWICE),
    ]
    assert [line.text for line in found] == [text for text in PASTED if text]


def test_a_column_of_results_takes_the_order_of_the_page() -> None:
    found = read_lines(["124", "", "x", "<0.2", "7"], order=["HGB", "WBC", "NEUT", "LYM"])
    assert found == [
        Line(1, "124", "HGB", "124"),
        Line(3, "x", "NEUT", why=Why.RESULT),
        Line(4, "<0.2", "LYM", "<0.2"),
        Line(5, "7", why=Why.TOO_MANY),
    ]


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=30), max_size=20))
def test_nothing_pasted_is_lost(lines: list[str]) -> None:
    told = [line.number for line in read_lines(lines, order=sorted(TESTS))]
    assert told == [number for number, text in enumerate(lines, start=1) if text.strip()]


def test_every_test_has_a_name_and_every_name_one_test() -> None:
    assert NAMES.keys() == TESTS.keys()
    for code, names in NAMES.items():
        assert {code_named(name) for name in (*names, code)} == {code}
        for unit in TESTS[code].factors:
            assert unit_named(code, unit) == unit
