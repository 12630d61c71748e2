"""Nutrition, assessed again and again: what is derived, each check (protocol 3.20)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.unit.crf.examples.nutrition import example
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("3.20",)

BEFORE = {"NUT*": [{"nut_dt": date(2026, 5, 22)}, {"nut_dt": date(2026, 6, 8)}]}
FED = {"nut_feed": "jejunostomy", "nut_tube_d": 10}


def test_an_assessment_is_complete_without_findings() -> None:
    outcome = judge("NUT", example())
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("changes", "change", "index", "at_risk"),
    [
        ({}, "-5.0", "20.2", True),
        ({"nut_wt": Decimal("63.5"), "nut_nrs": 2}, "5.8", "22.5", False),
        ({"DM__weight": None, "DM__height": None}, None, None, True),
    ],
)
def test_what_is_derived(changes: dict, change: str | None, index: str | None, at_risk: bool) -> None:
    values = judge("NUT", example(**changes)).values
    assert values["nut_wtpct"] == (Decimal(change) if change else None)
    assert values["nut_bmi"] == (Decimal(index) if index else None)
    assert values["nut_risk"] is at_risk


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("NUT-01", {"NUT*": [{"nut_dt": date(2026, 6, 1)}]}),
        ("NUT-02", {"nut_dt": date(2026, 4, 27)}),
        ("NUT-03", {"VS*": [{"vs_dt": date(2026, 6, 1), "weight": Decimal(58)}]}),
        ("NUT-04", {**FED, "nut_tube_d": 0}),
        ("NUT-05", {**FED, **BEFORE, "nut_tube_d": 11}),
        ("NUT-06", {"nut_plan": ["none"]}),
    ],
)
def test_a_check_fails(code: str, changes: dict) -> None:
    assert codes(judge("NUT", example(**changes))) == {code}


@pytest.mark.parametrize(
    "changes",
    [
        BEFORE,
        {"nut_dt": date(2026, 4, 28)},
        {
            "VS*": [
                {"vs_dt": date(2026, 6, 1), "weight": Decimal(57)},
                {"vs_dt": date(2026, 6, 8), "weight": 50},
            ]
        },
        {"VS*": [{"vs_dt": date(2026, 6, 1), "weight": None}]},
        {**FED, **BEFORE},
        {"nut_plan": ["none"], "nut_nrs": 2},
    ],
)
def test_the_checks_pass(changes: dict) -> None:
    assert codes(judge("NUT", example(**changes))) == set()


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"nut_feed": "nasal_tube", "nut_tube_d": None}, {"nut_tube_d"}),
        ({"nut_tube_d": None, "nut_glim": None}, set()),
        ({"nut_plan": ["advice", "other"]}, {"nut_plan_txt"}),
    ],
)
def test_what_must_be_answered_then(changes: dict, asked: set[str]) -> None:
    assert set(judge("NUT", example(**changes)).unanswered) == asked


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"nut_nrs": 8}, "nut_nrs:hard"),
        ({"nut_nrs": 6}, "nut_nrs:soft"),
        ({"nut_wt": 24}, "nut_wt:hard"),
        ({"nut_tube_d": 121, **BEFORE}, "nut_tube_d:soft"),
        ({"nut_tube_d": 401}, "nut_tube_d:hard"),
    ],
)
def test_scores_weights_and_days_have_a_range(change: dict, key: str) -> None:
    assert key in found(judge("NUT", example(**change)))
