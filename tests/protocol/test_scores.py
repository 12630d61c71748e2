"""Chapters 3.3, 3.4 G, 3.6 and 3.10: body measures, comorbidity, laboratory grades, complications."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import scores
from protocol.laboratory_grades import lab_grade
from tests.near import near

CHAPTERS = ("3.3", "3.4", "3.6", "3.10")


@pytest.mark.parametrize(
    ("height", "weight", "index"),
    [
        (170, 65, 22.49),
        (Decimal("170.0"), Decimal("65.0"), 22.49),
        (None, 65, None),
        (0, 65, None),
        (170, -65, None),
        (-170, 65, None),
        (170, 0, None),
        (170, None, None),
    ],
)
def test_body_mass_index(height: object, weight: object, index: float | None) -> None:
    assert scores.bmi(height, weight) == (None if index is None else near(index, abs=0.005))


@pytest.mark.parametrize(
    ("height", "weight", "formula", "surface"),
    [
        (170, 65, "mosteller", 1.752),
        (Decimal("170"), Decimal("65"), "dubois", 1.754),
        (180, 80, "mosteller", 2.0),
        (None, 65, "mosteller", None),
        (170, None, "dubois", None),
        (170, Decimal("-62"), "mosteller", None),
        (-170, 62, "dubois", None),
        (0, 62, "mosteller", None),
        (170, 0, "dubois", None),
        (1, 1, "mosteller", 0.0167),
    ],
)
def test_body_surface(height: object, weight: object, formula: str, surface: float | None) -> None:
    found = scores.bsa(height, weight, formula)
    assert found == (None if surface is None else near(surface, abs=0.0005))


def test_a_surface_without_a_remainder_is_exact() -> None:
    assert scores.bsa(180, 80, "mosteller") == 2
    assert scores.NRS2002_RISK == 3, "NRS-2002, Kondrup 2003"


def test_an_unknown_formula_is_refused() -> None:
    with pytest.raises(ValueError, match="mosteller"):
        scores.bsa(170, 65, "haycock")


@pytest.mark.parametrize(
    ("before", "now", "lost"),
    [
        (80, 72, 10),
        (Decimal("60"), Decimal("66"), -10),
        (None, 70, None),
        (70, None, None),
        (0, 70, None),
        (70, 0, 100),
    ],
)
def test_weight(before: object, now: object, lost: float | None) -> None:
    assert scores.weight_loss_pct(before, now) == (None if lost is None else near(lost))
    assert scores.weight_change_pct(before, now) == (None if lost is None else near(-lost))


@pytest.mark.parametrize(
    ("items", "age", "points"),
    [
        ((), None, 0),
        ((), 49, 0),
        ((), 50, 1),
        ((), 59, 1),
        ((), 60, 2),
        ((), 79, 3),
        ((), 80, 4),
        ((), 97, 4),
        ((), 18, 0),
        (("diabetes",), 39, 1),
        (("myocardial_infarction", "renal"), 65, 5),
        (("diabetes",), None, 1),
        (("diabetes", "diabetes_complicated"), None, 2),
        (("liver_mild", "liver_severe"), None, 3),
        (("malignancy", "metastatic"), None, 6),
        (tuple(scores.CHARLSON_POINTS), 80, 33),
    ],
)
def test_charlson(items: tuple[str, ...], age: int | None, points: int) -> None:
    assert scores.charlson(items, age) == points


def test_the_charlson_points_add_up_to_33_before_age() -> None:
    assert sum(scores.CHARLSON_POINTS.values()) == 33
    assert scores.charlson(["malignancy", "liver_mild", "hemiplegia"]) == 5


# Charlson 1987, each disease alone.
ONE = "myocardial_infarction heart_failure peripheral_vascular cerebrovascular dementia chronic_pulmonary"
MORE = "connective_tissue peptic_ulcer liver_mild diabetes"
OF_CHARLSON = {
    **dict.fromkeys(f"{ONE} {MORE}".split(), 1),
    **dict.fromkeys(("diabetes_complicated", "hemiplegia", "renal", "malignancy"), 2),
    "liver_severe": 3,
    **dict.fromkeys(("metastatic", "aids"), 6),
}


def test_each_disease_has_its_own_points() -> None:
    assert {item: scores.charlson([item]) for item in scores.CHARLSON_POINTS} == OF_CHARLSON


def test_the_weights_of_the_complication_index() -> None:
    assert list(scores.CCI_WEIGHTS.values()) == [300, 1750, 2750, 4550, 7200, 8550]


def test_charlson_has_17_items_and_refuses_others() -> None:
    assert len(scores.CHARLSON_POINTS) == 17
    with pytest.raises(ValueError, match="asthma"):
        scores.charlson(["asthma"])


@pytest.mark.parametrize(
    ("grades", "index"),
    [
        ((), 0),
        (("I",), 8.66),
        (("II",), 20.92),
        (("IIIa",), 26.22),
        (("IIIb",), 33.73),
        (("IVa",), 42.43),
        (("IVb",), 46.23),
        (("II", "IIIb"), 39.69),
        (("V",), 100),
        (("I", "V", None), 100),
        (("IVb",) * 9, 100),
        (("I", None), None),
        (("VI",), None),
    ],
)
def test_comprehensive_complication_index(grades: tuple, index: float | None) -> None:
    assert scores.cci(grades) == (None if index is None else near(index, abs=0.005))


@given(st.lists(st.sampled_from(scores.CLAVIEN_DINDO)), st.sampled_from(scores.CLAVIEN_DINDO))
def test_another_complication_never_lowers_the_index(grades: list[str], another: str) -> None:
    assert (scores.cci(grades) or 0) <= (scores.cci([*grades, another]) or 0) <= 100


# Test, value, keyword limits, grade: both sides of each bound of 3.4 G.
LAB = [
    *[("HGB", value, {"lln": 130}, grade)
      for value, grade in ((130, 0), (129, 1), (100, 1), (99, 2), (80, 2), (79, 3))],
    *[("WBC", value, {"lln": 4}, grade)
      for value, grade in ((4, 0), (3.9, 1), (3, 1), (2.9, 2), (2, 2), (1.9, 3), (1, 3), (0.9, 4))],
    *[("NEUT", value, {"lln": 2}, grade)
      for value, grade in ((2, 0), (1.9, 1), (1.5, 1), (1.4, 2), (1, 2), (0.9, 3), (0.5, 3), (0.4, 4))],
    *[("LYM", value, {"lln": 1.1}, grade)
      for value, grade in ((1.1, 0), (1, 1), (0.8, 1), (0.7, 2), (0.5, 2), (0.4, 3), (0.2, 3), (0.1, 4))],
    *[("PLAT", value, {"lln": 125}, grade)
      for value, grade in ((125, 0), (124, 1), (75, 1), (74, 2), (50, 2), (49, 3), (25, 3), (24, 4))],
    *[("ALB", value, {"lln": 40}, grade)
      for value, grade in ((40, 0), (39, 1), (30, 1), (29, 2), (20, 2), (19, 3))],
    *[(test, value, {"uln": 40}, grade) for test in ("ALT", "AST")
      for value, grade in ((40, 0), (41, 1), (120, 1), (121, 2), (200, 2), (201, 3), (800, 3), (801, 4))],
    *[("ALT", value, {"uln": 40, "baseline": 60}, grade)
      for value, grade in ((89, 0), (90, 1), (180, 1), (181, 2), (300, 2), (301, 3), (1200, 3), (1201, 4))],
    ("ALT", 41, {"uln": 40, "baseline": 40}, 1),
    ("ALT", 41, {"uln": 40, "baseline": None}, 1),
    ("ALT", 500, {"baseline": 60}, None),
    *[("BILI", value, {"uln": 20}, grade)
      for value, grade in ((20, 0), (21, 1), (30, 1), (31, 2), (60, 2), (61, 3), (200, 3), (201, 4))],
    *[("CREAT", value, {"uln": 100}, grade)
      for value, grade in ((100, 0), (101, 1), (150, 1), (151, 2), (300, 2), (301, 3), (600, 3), (601, 4))],
    *[("BILI", value, {"uln": 20, "baseline": 30}, grade)
      for value, grade in ((30, 0), (31, 1), (45, 1), (46, 2), (90, 2), (91, 3), (300, 3), (301, 4))],
    ("BILI", 31, {"uln": 20, "baseline": 20}, 2),
    *[("CREAT", value, {"uln": 100, "baseline": 60}, grade)
      for value, grade in ((90, 0), (91, 2), (120, 2), (180, 2), (181, 3), (601, 4))],
    ("CREAT", 120, {"uln": 100, "baseline": 80}, 1),
    ("CREAT", 240, {"uln": 100, "baseline": 80}, 2),
    ("CREAT", 241, {"uln": 100, "baseline": 80}, 3),
    ("CREAT", 650, {"uln": 100, "baseline": 80}, 4),
    ("CREAT", 650, {"baseline": 80}, None),
    ("HGB", 99, {}, 2),
    ("HGB", 120, {}, None),
    ("BILI", 40, {}, None),
    ("HGB", None, {"lln": 130}, None),
    ("TSH", 4, {"lln": 1, "uln": 3}, None),
    ("HGB", Decimal("99"), {"lln": Decimal("130")}, 2),
]  # fmt: skip


@pytest.mark.parametrize(("test", "value", "limits", "grade"), LAB)
def test_laboratory_grades(test: str, value: object, limits: dict[str, object], grade: int | None) -> None:
    assert lab_grade(test, value, **limits) == grade


@given(st.floats(0, 300), st.floats(0, 300))
def test_a_lower_haemoglobin_is_never_a_lower_grade(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert (lab_grade("HGB", low, lln=130) or 0) >= (lab_grade("HGB", high, lln=130) or 0)


@pytest.mark.parametrize(
    ("found", "grade"),
    [
        ({}, None),
        ({"largest_mm": 10}, 1),
        ({"largest_mm": Decimal("10.1")}, 2),
        ({"largest_mm": 4, "generalised": True}, 3),
        ({"life_threatening": True}, 4),
        ({"life_threatening": True, "fatal": True}, 5),
    ],
)
def test_rccep(found: dict[str, object], grade: int | None) -> None:
    assert scores.rccep_grade(**found) == grade
