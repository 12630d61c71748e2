"""Chapter 5: the unit tests of 5.5, the half rule, and the direction of dysphagia."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import qol
from tests.near import near

CHAPTERS = ("5.1", "5.2", "5.3", "5.5")

FUNCTIONAL = ("PF2", "RF2", "EF", "CF", "SF")
SYMPTOMS = ("FA", "NV", "PA", "DY", "SL", "AP", "CO", "DI", "FI")


def c30(value: int, overall: int) -> dict[str, object]:
    return {f"q{item}": overall if item in (29, 30) else value for item in range(1, 31)}


def oes18(value: int) -> dict[str, object]:
    return {f"q{item}": value for item in range(31, 49)}


def answered(items: tuple[int, ...], *values: int | None) -> dict[str, object]:
    return {f"q{item}": value for item, value in zip(items, values, strict=True)}


def test_best_answers() -> None:
    scores = qol.score_c30(c30(1, 7))
    assert scores["QL2"] == 100
    assert [scores[code] for code in FUNCTIONAL] == [100] * 5
    assert [scores[code] for code in SYMPTOMS] == [0] * 9
    assert scores["SUMMARY"] == 100


def test_worst_answers() -> None:
    scores = qol.score_c30(c30(4, 1))
    assert scores["QL2"] == 0
    assert [scores[code] for code in FUNCTIONAL] == [0] * 5
    assert [scores[code] for code in SYMPTOMS] == [100] * 9
    assert scores["SUMMARY"] == 0


def test_the_scales_are_those_of_the_two_questionnaires() -> None:
    assert list(qol.score_c30({})) == [*("QL2", *FUNCTIONAL, *SYMPTOMS), "SUMMARY"]
    assert sorted(item for scale in qol.C30_SCALES for item in scale.items) == list(range(1, 31))
    assert sorted(item for scale in qol.OES18_SCALES for item in scale.items) == list(range(31, 49))
    assert set(qol.score_c30({}).values()) == {None}


# Scale, its items, answers, score: 5.5 and both sides of the half rule.
CASES = [
    ("PF2", (1, 2, 3, 4, 5), (1, 1, 2, None, None), 88.89),
    ("PF2", (1, 2, 3, 4, 5), (1, 1, None, None, None), None),
    ("FA", (10, 12, 18), (2, None, 3), 50),
    ("FA", (10, 12, 18), (2, None, None), None),
    ("QL2", (29, 30), (5, None), 66.67),
    ("QL2", (29, 30), (None, None), None),
    ("EF", (21, 22, 23, 24), (4, 4, None, None), 0),
    ("EF", (21, 22, 23, 24), (4, None, None, None), None),
    ("RF2", (6, 7), (None, 2), 66.67),
    ("CF", (20, 25), (1, 4), 50),
    ("SF", (26, 27), (None, None), None),
    ("DY", (8,), (3,), 66.67),
    ("DY", (8,), (None,), None),
]


@pytest.mark.parametrize(("scale", "items", "answers", "score"), CASES)
def test_c30_scales(scale: str, items: tuple[int, ...], answers: tuple, score: float | None) -> None:
    found = qol.score_c30(answered(items, *answers))[scale]
    assert found == (None if score is None else near(score, abs=0.005))


OES_CASES = [
    ("OESEAT", (36, 37, 38, 39), (1, 2, None, None), 16.67),
    ("OESEAT", (36, 37, 38, 39), (1, None, None, None), None),
    ("OESRFX", (44, 45), (4, None), 100),
    ("OESPA", (46, 47, 48), (2, 3, None), 50),
    ("OESPA", (46, 47, 48), (2, None, None), None),
    ("OESDYS", (31, 32, 33), (4, 4, 4), 0),
    ("OESDYS", (31, 32, 33), (1, 1, None), 100),
    ("OESDYS", (31, 32, 33), (1, None, None), None),
    ("OESSV", (34,), (2,), 33.33),
]


@pytest.mark.parametrize(("scale", "items", "answers", "score"), OES_CASES)
def test_oes18_scales(scale: str, items: tuple[int, ...], answers: tuple, score: float | None) -> None:
    found = qol.score_oes18(answered(items, *answers))[scale]
    assert found == (None if score is None else near(score, abs=0.005))


def test_dysphagia_is_turned_only_when_it_is_told_so() -> None:
    assert qol.score_oes18(oes18(4))["OESDYS"] == 0
    assert qol.score_oes18(oes18(4), dysphagia_reversed=False)["OESDYS"] == 100
    assert qol.score_oes18({}, dysphagia_reversed=True)["OESDYS"] is None


def test_full_precision_is_kept() -> None:
    assert qol.score_c30(answered((29, 30), 5, None))["QL2"] == near(200 / 3, abs=1e-12)


def test_the_summary_needs_all_thirteen_scales() -> None:
    answers = c30(1, 7) | {"q8": None}
    assert qol.score_c30(answers)["SUMMARY"] is None
    without_global_and_money = {
        key: value for key, value in c30(2, 4).items() if key not in ("q28", "q29", "q30")
    }
    assert qol.score_c30(without_global_and_money)["SUMMARY"] == near(200 / 3)


@pytest.mark.parametrize("key", ["q8", "Q8", 8, "8"])
def test_every_name_of_an_item(key: str | int) -> None:
    assert qol.score_c30({key: 4})["DY"] == 100


@pytest.mark.parametrize("value", [0, 5, -1, None, "", "x", 2.5, True, [1], "²"])
def test_what_is_not_an_answer_is_missing(value: object) -> None:
    assert qol.score_c30({"q8": value})["DY"] is None


@pytest.mark.parametrize(("value", "score"), [(7, 100), (8, None), ("7", 100), (" 4 ", 50)])
def test_the_global_items_go_to_seven(value: object, score: float | None) -> None:
    assert qol.score_c30({"q29": value})["QL2"] == score


@given(st.dictionaries(st.integers(1, 48), st.one_of(st.none(), st.integers(-1, 9)), max_size=48))
def test_scores_stay_between_0_and_100(answers: dict[str | int, object]) -> None:
    scores = qol.score_c30(answers) | qol.score_oes18(answers)
    assert all(score is None or -1e-9 <= score <= 100 + 1e-9 for score in scores.values())


@given(st.dictionaries(st.integers(31, 48), st.integers(1, 4)))
def test_the_two_directions_of_dysphagia_mirror_each_other(answers: dict[str | int, object]) -> None:
    turned = qol.score_oes18(answers)["OESDYS"]
    plain = qol.score_oes18(answers, dysphagia_reversed=False)["OESDYS"]
    assert (turned is None) == (plain is None)
    assert turned is None or plain is None or turned + plain == near(100)
