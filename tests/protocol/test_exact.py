"""Quotients, limits and grades are those of exact arithmetic, ties and limits included."""

from __future__ import annotations

import ast
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import doses, qol, scores
from protocol.exact import exact
from protocol.laboratory_grades import lab_grade
from tests.imports import ROOT

CHAPTERS = ("3.3", "3.4", "3.5", "5.2")

TENTHS = st.integers(1, 3000).map(lambda n: Decimal(n) / 10)
HUNDREDTHS = st.integers(1, 40_000).map(lambda n: Decimal(n) / 100)


def half_up(value: Fraction, places: int) -> Decimal:
    """Round half away from zero, by whole numbers alone."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def kept(value: Decimal | None, places: int) -> Decimal:
    """Round as a column keeps a derived number."""
    assert value is not None
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def test_point_09_a_tie_is_rounded_up_and_a_limit_is_no_step_over_it() -> None:
    assert kept(scores.weight_loss_pct(Decimal("40.0"), Decimal("35.1")), 1) == Decimal("12.3")
    assert lab_grade("BILI", Decimal("15.15"), uln=Decimal("10.1")) == 1
    assert lab_grade("BILI", Decimal("30.3"), uln=Decimal("10.1")) == 2
    assert lab_grade("BILI", 15.15, uln=10.1) == 1
    assert doses.within(Decimal("1.1"), Decimal(1), percent=10) is True


@given(TENTHS, TENTHS)
def test_point_09_weight_lost_is_rounded_as_by_hand(usual: Decimal, now: Decimal) -> None:
    wanted = 100 * (Fraction(usual) - Fraction(now)) / Fraction(usual)
    assert kept(scores.weight_loss_pct(usual, now), 1) == half_up(wanted, 1)
    assert kept(scores.weight_loss_pct(float(usual), float(now)), 1) == half_up(wanted, 1)
    assert kept(scores.weight_change_pct(usual, now), 1) == half_up(-wanted, 1)


@given(st.integers(100, 2300).map(lambda n: Decimal(n) / 10), TENTHS)
def test_point_09_the_body_mass_index_is_rounded_as_by_hand(height: Decimal, weight: Decimal) -> None:
    wanted = Fraction(weight) * 10_000 / Fraction(height) ** 2
    assert kept(scores.bmi(height, weight), 1) == half_up(wanted, 1)


# Test, multiples of the upper limit at which a grade begins.
MULTIPLES = [
    ("BILI", ("1", "1.5", "3", "10")),
    ("CREAT", ("1", "1.5", "3", "6")),
    ("ALT", ("1", "3", "5", "20")),
    ("AST", ("1", "3", "5", "20")),
]


@pytest.mark.parametrize(("test", "steps"), MULTIPLES)
@given(
    limit=HUNDREDTHS,
    step=st.integers(0, 3),
    apart=st.sampled_from([Decimal("-0.001"), Decimal(0), Decimal("0.001")]),
)
def test_point_09_a_grade_begins_above_its_multiple_of_the_limit(
    test: str, steps: tuple[str, ...], limit: Decimal, step: int, apart: Decimal
) -> None:
    value = limit * Decimal(steps[step]) + apart
    wanted = sum(Fraction(value) > Fraction(each) * Fraction(limit) for each in steps)
    assert lab_grade(test, value, uln=limit) == wanted
    assert lab_grade(test, float(value), uln=float(limit)) == wanted


@given(limit=HUNDREDTHS, above=HUNDREDTHS, step=st.integers(0, 3))
def test_point_09_a_grade_by_baseline_begins_at_its_multiple(
    limit: Decimal, above: Decimal, step: int
) -> None:
    baseline = limit + above
    for test, steps in (("BILI", ("1", "1.5", "3", "10")), ("ALT", ("1.5", "3", "5", "20"))):
        value = baseline * Decimal(steps[step])
        found = lab_grade(test, value, uln=limit, baseline=baseline)
        over = sum(Fraction(value) > Fraction(each) * Fraction(baseline) for each in steps)
        wanted = over if test == "BILI" else max(over, int(value >= baseline * Decimal("1.5")))
        assert found == wanted, test


@given(st.lists(HUNDREDTHS, min_size=1, max_size=5), HUNDREDTHS, st.integers(1, 60), st.integers(1, 60))
def test_point_09_dose_intensities_are_rounded_as_by_hand(
    given_mg: list[Decimal], planned: Decimal, taken: int, meant: int
) -> None:
    total = sum(map(Fraction, given_mg), Fraction())
    assert kept(doses.cumulative_dose_pct(given_mg, planned), 1) == half_up(
        100 * total / Fraction(planned), 1
    )
    found = doses.relative_dose_intensity(
        given_mg=sum(given_mg), planned_mg=planned, days_taken=taken, days_planned=meant
    )
    assert kept(found, 1) == half_up(100 * total * meant / (Fraction(planned) * taken), 1)


@given(HUNDREDTHS, HUNDREDTHS, st.integers(0, 50))
def test_point_09_a_value_at_the_edge_of_a_percentage_is_within_it(
    value: Decimal, expected: Decimal, percent: int
) -> None:
    apart = abs(Fraction(value) - Fraction(expected))
    assert doses.within(value, expected, percent=percent) is (100 * apart <= percent * Fraction(expected))
    edge = expected + expected * percent / 100
    assert doses.within(edge, expected, percent=percent) is True


@given(st.lists(st.integers(1, 4), min_size=5, max_size=5))
def test_point_09_scores_of_questionnaires_are_rounded_as_by_hand(answers: list[int]) -> None:
    found = qol.score_c30(dict(enumerate(answers, 1)))["PF2"]
    wanted = (1 - (Fraction(sum(answers), 5) - 1) / 3) * 100
    assert kept(found, 1) == half_up(wanted, 1)


# Modules that hold numbers of one person. Statistics of many (survival, endpoints) take roots and
# logarithms, and whole numbers of days alone come from one person there.
OF_ONE_PERSON = (
    "doses", "eligibility", "exact", "pathology", "qol", "response", "safety", "scores", "staging",
)  # fmt: skip
BINARY = {"math", "statistics", "cmath", "numpy"}


def binary_arithmetic(source: str) -> list[str]:
    """Return what in ``source`` reckons in binary fractions: literals, conversions, libraries."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(str(node.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            found.append(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module in BINARY:
            found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in BINARY]
    return found


@pytest.mark.parametrize("name", OF_ONE_PERSON)
def test_point_09_clinical_numbers_are_not_reckoned_in_binary_fractions(name: str) -> None:
    assert binary_arithmetic((ROOT / "protocol" / f"{name}.py").read_text(encoding="utf-8")) == []


def test_point_09_no_rule_of_a_form_reckons_in_binary_fractions() -> None:
    rules = sorted((ROOT / "crf" / "catalogue").glob("*/rules.py")) + sorted(
        (ROOT / "crf" / "trial_rules").glob("*.py")
    )
    found = {path.parent.name: binary_arithmetic(path.read_text(encoding="utf-8")) for path in rules}
    assert {name: each for name, each in found.items() if each} == {}
    assert binary_arithmetic("import math\nx = float(y) * 1.5") == ["math", "float(y)", "1.5"]


def test_a_number_is_taken_as_it_is_written() -> None:
    assert [exact(0.1), exact("0.10"), exact(3)] == [Decimal("0.1"), Decimal("0.1"), Decimal(3)]
