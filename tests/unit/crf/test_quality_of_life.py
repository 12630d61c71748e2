"""Quality of life: scores from item numbers, blanks, proxies, windows (protocol 3.14, 5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crf import catalogue
from crf.page.form_page import PageInput
from crf.page.render import page
from protocol import qol
from tests.unit.crf.examples.quality_of_life import ITEMS, VALUES, example, not_done
from tests.unit.crf.judging import codes, judge

ZONE = "Asia/Shanghai"

CHAPTERS = ("3.14", "3.17", "5.1", "5.2", "5.3")

C30 = {f"q{n}": "1" for n in range(1, 29)} | {"q29": "7", "q30": "7"}
NONE = dict.fromkeys(ITEMS)


@pytest.mark.parametrize("case", [example(), not_done(), not_done("dead", SURV__death_dt="2026-05-01")])
def test_a_complete_form_has_no_findings(case: dict) -> None:
    outcome = judge("QOL", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_the_scores_are_those_of_the_pure_functions() -> None:
    values = judge("QOL", example()).values
    wanted = qol.score_c30(ITEMS) | qol.score_oes18(ITEMS)
    assert len(wanted) == 26
    for code, expected in wanted.items():
        name = "qlq_sum" if code == qol.SUMMARY else code.lower()
        assert values[name] == pytest.approx(Decimal(str(expected)), abs=Decimal("0.00000001")), code


def test_the_best_health_scores_100() -> None:
    values = judge("QOL", example(**C30)).values
    assert [values[name] for name in ("ql2", "pf2", "ef", "fa", "di", "qlq_sum")] == [
        100,
        100,
        100,
        0,
        0,
        100,
    ]


@pytest.mark.parametrize(
    ("changes", "name", "score"),
    [
        ({"q1": "1", "q2": "1", "q3": "2", "q4": None, "q5": None}, "pf2", "88.88888889"),
        ({"q3": None, "q4": None, "q5": None}, "pf2", None),
        ({"q10": "2", "q12": None, "q18": "3"}, "fa", "50"),
        ({"q29": "5", "q30": None}, "ql2", "66.66666667"),
        ({"q36": "1", "q37": "2", "q38": None, "q39": None}, "oeseat", "16.66666667"),
    ],
)
def test_half_of_a_scale_must_be_answered(changes: dict, name: str, score: str | None) -> None:
    found = judge("QOL", example(**changes)).values[name]
    assert found == (Decimal(score) if score else None)


@pytest.mark.parametrize(
    ("reversed_", "score", "said"), [(True, 0, "high_is_worse"), (False, 100, "high_is_better")]
)
def test_the_direction_of_dysphagia_stands_beside_it(reversed_: bool, score: int, said: str) -> None:
    able = {"q31": "4", "q32": "4", "q33": "4"}
    values = judge("QOL", example(**able, setting__oes18_dysphagia_reversed=reversed_)).values
    assert (values["oesdys"], values["oesdys_dir"]) == (score, said)


def test_a_proxy_is_kept_and_not_scored() -> None:
    outcome = judge("QOL", example(q_by="proxy"))
    assert (outcome.values["q1"], outcome.values["pf2"], outcome.values["oesdys"]) == (
        VALUES["q1"],
        None,
        None,
    )
    assert codes(outcome) == {"QOL-06"}


def test_an_item_ticked_twice_is_missing() -> None:
    twice = [{"position": 1, "d_item": 29}]
    outcome = judge("QOL", example(q29=None, q_double=twice))
    assert not outcome.findings
    assert outcome.values["ql2"] == judge("QOL", example(q29=None)).values["ql2"]
    kept = judge("QOL", example(q_double=twice))
    assert "QOL-05" in codes(kept)
    assert kept.values["ql2"] == outcome.values["ql2"]


def test_blank_items_are_counted_and_asked_about_once() -> None:
    outcome = judge("QOL", example(q7=None, q40=None))
    assert (outcome.values["q_blank"], codes(outcome)) == (2, {"QOL-04"})
    assert outcome.complete


def test_only_the_instruments_handed_out_are_asked() -> None:
    outcome = judge("QOL", example(q_inst=["c30"]))
    assert set(outcome.cleared) == {f"q{n}" for n in range(31, 49)}
    assert (outcome.values["q_blank"], outcome.values["oesdys"]) == (0, None)
    assert outcome.values["ql2"] is not None


def test_a_form_that_was_not_filled_in_keeps_its_reason_alone() -> None:
    outcome = judge("QOL", example(q_done="N"))
    assert outcome.unanswered == ("q_miss",)
    assert "q1" in outcome.cleared
    assert outcome.values["q_blank"] is None


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X065", example(q_done_dt=date(2026, 5, 9))),
        ("QOL-01", example(q_done_dt=date(2026, 4, 27))),
        ("QOL-02", example(q_done_dt=date(2026, 5, 23))),
        ("QOL-03", example(**dict.fromkeys(ITEMS, "2"))),
        ("QOL-07", example(q_order="N")),
        ("QOL-08", not_done("dead")),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("QOL", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X065", example(q_done_dt=date(2026, 5, 9), visit__code="AS-06")),
        ("QOL-02", example(q_done_dt=date(2026, 5, 22), visit__code="AS-06")),
        ("QOL-03", example(**NONE)),
        ("QOL-03", example(**dict.fromkeys(ITEMS, "2") | {"q48": "3"})),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("QOL", case))


@pytest.mark.parametrize("changes", [{"q1": "5"}, {"q30": "8"}])
def test_no_answer_is_offered_beyond_the_scale(changes: dict) -> None:
    for name, value in changes.items():
        assert value not in catalogue.form("QOL").questions[name].codes


def drawn(**wordings: str) -> str:
    form = catalogue.form("QOL")
    shown = page(
        form, PageInput(raw={}, outcome=judge("QOL", example()), wordings=wordings, zone=ZONE, version=0)
    )
    return "".join(str(part.body) + part.help for part in shown.parts)


def test_the_page_says_numbers_until_the_licensed_words_are_loaded() -> None:
    assert "Item 12" in drawn()
    loaded = drawn(q12="words of <twelve>", c30="words of the scale")
    assert "Item 12 · words of &lt;twelve&gt;" in loaded
    assert "words of the scale" in loaded
    assert "twelve" not in drawn()


def test_the_record_is_about_the_day_on_which_it_was_filled_in() -> None:
    assert catalogue.form("QOL").day_question == "q_done_dt"
