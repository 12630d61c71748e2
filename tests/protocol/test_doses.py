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
    ("age", "creatinine", "sex", "bsa", "filtration"),
    [
        (50, "88.4", "M", "1.73", "91.69"),
        (50, "88.4", "F", "1.73", "68.63"),
        (50, "53.04", "F", "1.73", "109.28"),
        (50, "79.56", "M", "1.73", "104.05"),
        (50, "88.4", "M", "2.00", "106.00"),
        (None, "88.4", "M", "1.73", None),
        (50, "88.4", "M", None, None),
        (50, None, "M", "1.73", None),
        (50, "88.4", None, "1.73", None),
    ],
)
def test_point_16_ckd_epi_2021_by_hand(
    age: int | None, creatinine: str | None, sex: str | None, bsa: str | None, filtration: str | None
) -> None:
    """By hand: 142 x (1/0.9)^-1.2 x 0.9938^50 for a man of 50 with 1 mg/dL, and so on."""
    found = doses.gfr(
        "CKD-EPI 2021",
        age=age,
        weight_kg=70,
        creatinine_umol=None if creatinine is None else Decimal(creatinine),
        sex=sex,
        bsa=None if bsa is None else Decimal(bsa),
    )
    assert (found if found is None else round(found, 2)) == (filtration and Decimal(filtration))


def test_point_16_the_gfr_is_taken_by_the_formula_of_the_text() -> None:
    known = {
        "age": 60,
        "weight_kg": 72,
        "creatinine_umol": Decimal("88.4"),
        "sex": "M",
        "bsa": Decimal("1.9"),
    }
    assert doses.gfr("Cockcroft-Gault", **known) == 80
    assert doses.gfr("Cockcroft-Gault", **known | {"bsa": None}) == 80
    assert doses.gfr("CKD-EPI 2021", **known) != 80
    with pytest.raises(ValueError, match="no formula"):
        doses.gfr("MDRD", **known)


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
    assert str(doses.rt_total(3, Decimal("1.833"))) == "5.50", "5.499 to a hundredth"
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
    assert doses.rt_gap_days_in_log(log) == 2  # Wednesday, Friday, Monday; the Saturday fraction made one up
    assert doses.rt_gap_days_in_log([]) is None


def test_point_16_a_made_up_fraction_and_a_transferred_working_day_are_no_gap() -> None:
    """Decision C2: around National Day 2026 (1 to 7 October are free, Saturday the 10th is worked)."""
    around = [date(2026, 9, 28) + timedelta(days=n) for n in (0, 1, 2, 10, 11, 14)]
    assert doses.rt_gap_days_in_log(around) == 5
    assert doses.rt_gap_days_in_log([*around, date(2026, 10, 10)]) == 4
    assert doses.rt_gap_days_in_log([*around, date(2026, 10, 10), date(2026, 10, 10)]) == 4
    assert doses.rt_gap_days(around[0], around[-1], 7) == 4, "the summary says the same as the log"
    assert doses.rt_gap_days_in_log([date(2026, 10, 9), date(2026, 10, 10), date(2026, 10, 12)]) == 0


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


@pytest.mark.parametrize("formula", ["Cockcroft-Gault", "CKD-EPI 2021"])
@pytest.mark.parametrize("creatinine", [None, 0, -60])
def test_no_clearance_follows_from_a_creatinine_that_cannot_be(formula: str, creatinine: int | None) -> None:
    of = {"age": 60, "weight_kg": 60, "sex": "M", "bsa": Decimal("1.7")}
    assert doses.gfr(formula, creatinine_umol=creatinine, **of) is None


@pytest.mark.parametrize("formula", ["Cockcroft-Gault", "CKD-EPI 2021"])
def test_any_creatinine_above_zero_gives_a_clearance(formula: str) -> None:
    of = {"age": 60, "weight_kg": 72, "sex": "M", "bsa": Decimal("1.73")}
    assert doses.gfr(formula, creatinine_umol=1, **of) > doses.gfr(formula, creatinine_umol=2, **of) > 0
