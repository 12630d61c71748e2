"""Protocol deviations: what is asked, what rules propose, what is decided centrally (protocol 3.15; decision D6)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crf import catalogue
from crf.catalogue.deviation.codes import CATEGORY
from crf.queries.sparing import names_looking_at_the_arm, without_the_arm
from protocol.deviations import (
    CATEGORIES,
    allocated_strategy,
    category_of,
    names_an_arm,
    proposed_exclusion,
    proposed_importance,
)
from protocol.text import load
from tests.unit.crf.examples.deviation import example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.15",)
TEXT = load("1.0")
PLAIN = {"dv_cat": "missed_visit", "dv_cross_to": None, "dv_cross_by": None}


@pytest.mark.parametrize(
    "case",
    [
        example(),
        example(**PLAIN),
        example(dv_close=None, dv_act=None, dv_ec=None),
        example(dv_src="rule", dv_rule="missed_visit FU-12:2026-09-01"),
        example(dv_dt=date(2025, 12, 30), **{**PLAIN, "dv_cat": "consent"}),
    ],
)
def test_a_complete_record_has_no_findings(case: dict[str, Any]) -> None:
    outcome = judge("DV", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_must_be_answered() -> None:
    nothing = dict.fromkeys(example()["values"])
    assert set(judge("DV", example(**nothing)).unanswered) == {
        "dv_src",
        "dv_dt",
        "dv_found",
        "dv_cat",
        "dv_term",
    }
    asked = judge("DV", example(dv_src="rule", dv_cross_to=None, dv_cross_by=None)).unanswered
    assert set(asked) == {"dv_rule", "dv_cross_to", "dv_cross_by"}


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"dv_found": date(2026, 8, 31)}, "DV-01"),
        ({"dv_dt": date(2025, 12, 30)}, "DV-02"),
        ({"SURG*": [], "CRE*": []}, "DV-03"),
        ({"dv_cross_to": "surveillance"}, "DV-03"),
        ({"SURG*": [{"surg_done": "none"}]}, "DV-03"),
        ({"dv_ec": date(2026, 8, 31)}, "DV-04"),
        ({"dv_close": date(2026, 9, 3), "dv_ec": date(2026, 9, 2)}, "DV-05"),
        ({"dv_act": None}, "DV-07"),
        ({"dv_term": "Arm 2 had camrelizumab before surgery"}, "DV-08a"),
        ({"dv_act": "第 1 组患者已告知"}, "DV-08b"),
        ({"dv_prev": "Train who treats arm 1"}, "DV-08c"),
    ],
)
def test_each_check_broken_once(broken: dict[str, Any], code: str) -> None:
    assert codes(judge("DV", example(**broken))) == {code}


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("surgery", {"SURG*": [], "CRE*": [{"pt_dec": "asks_surgery"}]}),
        ("surveillance", {"SURG*": [], "CRE*": [{"pt_dec": "declines_surgery"}]}),
        ("surveillance", {"SURG*": [{"surg_done": "none"}]}),
    ],
)
def test_a_change_of_strategy_that_is_on_record_is_not_asked_about(to: str, said: dict[str, Any]) -> None:
    assert codes(judge("DV", example(dv_cross_to=to, **said))) == set()


def test_an_important_deviation_that_is_closed_without_the_ethics_committee_is_asked_about() -> None:
    decided = [{"deviation_no": 2, "importance": "important", "excludes_pp": ""}]
    assert codes(judge("DV", example(dv_ec=None, central__decisions=decided))) == {"DV-06"}
    assert codes(judge("DV", example(dv_ec=None, dv_close=None, central__decisions=decided))) == set()
    minor = [*decided, {"deviation_no": 2, "importance": "minor", "excludes_pp": "N"}]
    assert codes(judge("DV", example(dv_ec=None, central__decisions=minor))) == set()


def test_point_19_the_last_decision_on_this_deviation_counts_and_the_rule_only_proposes() -> None:
    decided = [
        {"deviation_no": 2, "importance": "important", "excludes_pp": ""},
        {"deviation_no": 2, "importance": "minor", "excludes_pp": "N"},
        {"deviation_no": 1, "importance": "important", "excludes_pp": "Y"},
    ]
    names = ("dv_imp_calc", "dv_imp", "dv_pp_calc", "dv_pp")
    for decisions, told in (
        ([], ("important", None, "Y", None)),
        (decided[:1], ("important", "important", "Y", None)),
        (decided, ("important", "minor", "Y", "N")),
    ):
        values = judge("DV", example(central__decisions=decisions)).values
        assert tuple(values[name] for name in names) == told


def test_the_strategy_of_the_arm_is_worked_out_and_hidden_from_who_is_spared_the_arm() -> None:
    assert judge("DV", example()).values["dv_cross_from"] == "surveillance"
    assert [allocated_strategy(arm) for arm in ("1", "2", None)] == ["surveillance", "surgery", None]
    form = catalogue.form("DV")
    assert names_looking_at_the_arm("DV") & set(form.questions) == {"dv_cross_from"}
    spared = without_the_arm(form)
    assert set(form.questions) - set(spared.questions) == {"dv_cross_from"}
    assert all("dv_cross_from" not in section.fields for section in spared.sections)
    assert without_the_arm(catalogue.form("VS")) is catalogue.form("VS")


def test_every_rule_of_a_check_has_a_category_and_the_text_names_known_ones() -> None:
    rules = {
        check.deviation for form in catalogue.forms().values() for check in form.checks if check.deviation
    }
    rules |= {"late_sae", "late_pregnancy", "RAND", "X007", "VISIT-MISSED"}
    assert {rule for rule in rules if category_of(rule) == "other"} == set()
    assert category_of("something else") == "other"
    assert set(CATEGORY.values) == set(CATEGORIES)
    for setting in ("deviation_important", "deviation_excludes_pp"):
        assert set(TEXT.setting(setting)) <= set(CATEGORIES)  # type: ignore[arg-type]


@given(st.sampled_from(CATEGORIES), st.sets(st.sampled_from(CATEGORIES)))
def test_what_is_proposed_follows_the_list_of_the_text(category: str, named: set[str]) -> None:
    assert (proposed_importance(category, named) == "important") is (category in named)
    assert (proposed_exclusion(category, named) == "Y") is (category in named)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Arm 2 had the drug", True),
        ("given in arm1", True),
        ("both arms 1 and 2", True),
        ("第1组", True),
        ("试验组患者", True),
        ("对照组", True),
        ("The left arm was swollen", False),
        ("The dose was 2 days late", False),
        ("第 2 次给药延迟", False),
        ("", False),
        (None, False),
    ],
)
def test_words_that_name_an_arm(words: str | None, told: bool) -> None:
    assert names_an_arm(words) is told
