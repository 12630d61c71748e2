"""Vital signs of a visit: what is asked, what a dose proposes, the change since the baseline (protocol 3.18)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from protocol.text import load
from tests.unit.crf.examples.vital_signs import DOSE, VALUES, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.18",)

MEASURED = set(VALUES) - {"vs_done", "vs_dt"}
NOTHING = dict.fromkeys(MEASURED | {"vs_dt"})


@pytest.mark.parametrize(
    "case", [example(), example(rr=None, spo2=None), example(**NOTHING, vs_done="N", vs_why="telephone")]
)
def test_a_complete_page_has_no_findings(case: dict) -> None:
    outcome = judge("VS", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_must_be_answered_then() -> None:
    assert set(judge("VS", example(**NOTHING)).unanswered) == {"vs_dt", *MEASURED} - {"rr", "spo2"}
    assert set(judge("VS", example(**NOTHING, vs_done="N")).unanswered) == {"vs_why"}


def test_what_was_measured_leaves_the_page_of_a_visit_without_measurements() -> None:
    values = judge("VS", example(vs_done="N", vs_why="ill")).values
    assert {name for name, value in values.items() if value is not None} == {"vs_done", "vs_why"}


@pytest.mark.parametrize(
    ("on", "weight"),
    [
        (date(2026, 5, 15), Decimal("61.4")),
        (date(2026, 5, 8), Decimal("62.0")),
        (date(2026, 5, 14), None),
    ],
)
def test_the_weight_of_a_dose_of_the_day_is_proposed(on: date, weight: Decimal | None) -> None:
    assert judge("VS", example(vs_dt=on)).values["weight_dosed"] == weight


def test_a_dose_without_its_weight_proposes_nothing() -> None:
    untold = [DOSE | {"weight_d": None}]
    assert judge("VS", example(**{"TREAT.chemo": untold})).values["weight_dosed"] is None


@pytest.mark.parametrize(
    ("weight", "change"), [("62.0", "0"), ("55.8", "-10"), ("55.7", "-10.2"), ("68.3", "10.2")]
)
def test_the_change_of_weight_since_the_baseline(weight: str, change: str) -> None:
    outcome = judge("VS", example(vs_dt=date(2026, 6, 20), weight=Decimal(weight)))
    assert outcome.values["wt_pct"] == Decimal(change)
    assert bool(outcome.findings) == (abs(Decimal(change)) > 10)


def test_the_scale_of_the_dysphagia_is_that_of_the_text() -> None:
    assert judge("VS", example()).values["dysph_scale"] == load("1.0").setting("dysphagia_scale")
    assert judge("VS", example(setting__dysphagia_scale="ogilvie")).values["dysph_scale"] == "ogilvie"


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (example(sbp=78), "VS-01"),
        (example(weight=Decimal("61.5")), "VS-02"),
    ],
)
def test_each_check_finds_what_it_is_for(case: dict, code: str) -> None:
    assert code in codes(judge("VS", case))


def test_a_pressure_above_by_one_is_allowed() -> None:
    assert "VS-01" not in codes(judge("VS", example(sbp=79)))
