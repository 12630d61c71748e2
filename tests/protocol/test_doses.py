"""Chapters 1.4, 2.1, 3.5 and X014 to X017: expected doses, intensity, radiotherapy arithmetic."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import doses
from tests.near import near

CHAPTERS = ("1.4", "2.1", "3.5", "3.17", "6.5")

MONDAY = date(2025, 3, 3)


@pytest.mark.parametrize(
    ("auc", "gfr", "options", "mg"),
    [
        (2, 90, {}, 230),
        (Decimal("2"), Decimal("125"), {}, 300),
        (2, 160, {}, 300),
        (2, 160, {"cap": 130}, 310),
        (2, 160, {"cap": None}, 370),
        (1.5, 75, {}, 150),
        (None, 90, {}, None),
        (2, None, {}, None),
    ],
)
def test_carboplatin(auc: object, gfr: object, options: dict[str, object], mg: float | None) -> None:
    assert doses.carboplatin_mg(auc, gfr, **{"cap": 125} | options) == mg


@pytest.mark.parametrize(("bsa", "mg"), [(1.8, 90), (Decimal("1.75"), 87.5), (None, None)])
def test_nab_paclitaxel(bsa: object, mg: float | None) -> None:
    assert doses.nab_paclitaxel_mg(bsa, per_m2=50) == (None if mg is None else near(mg))
    assert doses.nab_paclitaxel_mg(2, per_m2=40) == 80


@pytest.mark.parametrize(
    ("given_values", "clearance"),
    [
        ({"age": 60, "weight_kg": 72, "creatinine_umol": 88.4, "sex": "M"}, 80),
        ({"age": 60, "weight_kg": 72, "creatinine_umol": Decimal("88.4"), "sex": "F"}, 68),
        ({"age": None, "weight_kg": 72, "creatinine_umol": 88.4, "sex": "M"}, None),
        ({"age": 60, "weight_kg": None, "creatinine_umol": 88.4, "sex": "M"}, None),
        ({"age": 60, "weight_kg": 72, "creatinine_umol": 0, "sex": "M"}, None),
        ({"age": 60, "weight_kg": 72, "creatinine_umol": 88.4, "sex": None}, None),
    ],
)
def test_cockcroft_gault(given_values: dict, clearance: float | None) -> None:
    assert doses.cockcroft_gault(**given_values) == (None if clearance is None else near(clearance))


@pytest.mark.parametrize(
    ("value", "expected", "inside"),
    [(230, 230, True), (253, 230, True), (207, 230, True), (254, 230, False), (206, 230, False),
     (Decimal("99"), Decimal("90"), True), (None, 230, None), (230, None, None)],
)  # fmt: skip
def test_within_ten_percent(value: object, expected: object, inside: bool | None) -> None:
    assert doses.within(value, expected, percent=10) is inside


def test_the_tolerance_can_be_told() -> None:
    assert doses.within(106, 100, percent=5) is False


@given(st.integers(1, 100_000))
def test_ten_percent_off_is_always_inside(expected: int) -> None:
    assert doses.within(Decimal(expected) * Decimal("1.1"), expected, percent=10)
    assert doses.within(Decimal(expected) * Decimal("0.9"), expected, percent=10)


def test_dose_intensity() -> None:
    assert doses.cumulative_dose_pct([230, 230, None, 230, 230], 1150) == near(80)
    assert doses.cumulative_dose_pct([230], None) is None
    assert doses.relative_dose_intensity(given_mg=900, planned_mg=1000, days_taken=35, days_planned=35) == (
        near(90)
    )
    assert doses.relative_dose_intensity(given_mg=1000, planned_mg=1000, days_taken=50, days_planned=35) == (
        near(70)
    )


@pytest.mark.parametrize("missing", ["given_mg", "planned_mg", "days_taken", "days_planned"])
def test_dose_intensity_needs_all_four(missing: str) -> None:
    known = {"given_mg": 900, "planned_mg": 1000, "days_taken": 35, "days_planned": 35}
    assert doses.relative_dose_intensity(**(known | {missing: None})) is None


def test_radiotherapy_total() -> None:
    assert doses.rt_total(23, 1.8) == Decimal("41.40")
    assert doses.rt_total(23, Decimal("1.8")) == Decimal("41.4")
    assert doses.rt_total(None, 1.8) is None
    assert doses.rt_total(23, None) is None


@pytest.mark.parametrize(
    ("total", "fractions", "dose", "agrees"),
    [(41.4, 23, 1.8, True), (Decimal("41.45"), 23, 1.8, True), (41.46, 23, 1.8, False), (None, 23, 1.8, None),
     (41.4, None, 1.8, None)],
)  # fmt: skip
def test_prescription_agrees(total: object, fractions: int | None, dose: object, agrees: bool | None) -> None:
    assert doses.rt_total_agrees(total, fractions, dose) is agrees


def test_23_fractions_from_a_monday_end_on_day_31() -> None:
    end = doses.rt_expected_end(MONDAY, 23)
    assert (end - MONDAY).days + 1 == 31
    assert doses.rt_gap_days(MONDAY, end, 23) == 0


@pytest.mark.parametrize(
    ("start", "fractions", "end"),
    [(MONDAY, 1, MONDAY), (MONDAY, 5, date(2025, 3, 7)),
     (MONDAY, 6, date(2025, 3, 10)), (date(2025, 3, 7), 2, date(2025, 3, 10))],
)  # fmt: skip
def test_expected_end(start: date, fractions: int, end: date) -> None:
    assert doses.rt_expected_end(start, fractions) == end


@pytest.mark.parametrize(
    ("end", "fractions", "gap"),
    [
        (date(2025, 4, 2), 23, 0),
        (date(2025, 4, 4), 23, 2),
        (date(2025, 4, 2), 24, 0),
        (None, 23, None),
        (date(2025, 4, 2), None, None),
        (date(2025, 3, 2), 1, None),
    ],
)
def test_gap_days_from_the_summary(end: date | None, fractions: int | None, gap: int | None) -> None:
    assert doses.rt_gap_days(MONDAY, end, fractions) == gap
    assert doses.rt_gap_days(None, end, fractions) is None


def test_gap_days_from_the_log() -> None:
    log = [MONDAY + timedelta(days=n) for n in (0, 1, 3, 5, 8)]
    assert doses.rt_gap_days_in_log(log) == 3  # Wednesday, Friday, Monday; the Saturday fraction fills no gap
    assert doses.rt_gap_days_in_log([]) is None


@given(st.integers(1, 40), st.integers(0, 6))
def test_treating_every_weekday_leaves_no_gap(fractions: int, weekday: int) -> None:
    start = MONDAY + timedelta(days=weekday)
    assert doses.rt_gap_days(start, doses.rt_expected_end(start, fractions), fractions) == 0


def test_neoadjuvant_milestones() -> None:
    later = MONDAY + timedelta(days=30)
    assert doses.neo_d1(None, later, MONDAY) == MONDAY
    assert doses.neo_d1(None, None) is None
    assert doses.neo_end(rt_end=MONDAY, last_drug=later, by="rt") == MONDAY
    assert doses.neo_end(rt_end=None, last_drug=later, by="rt") == later
    assert doses.neo_end(rt_end=MONDAY, last_drug=later, by="any") == later
    assert doses.neo_end(rt_end=None, last_drug=None, by="any") is None
    assert doses.last_dose(MONDAY, None, later) == later
    assert doses.last_dose(None) is None
