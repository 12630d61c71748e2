"""Pregnancy of a participant or a partner: what it asks, and when (protocol 2.6, decision D7)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.crf.examples.pregnancy import AWARE, ONGOING, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("2.6", "3.19")

WOMAN = {"ELIG.sex": "F", "preg_who": "participant", "preg_consent": None}
NOT_YET = {
    "preg_consent": "N",
    **dict.fromkeys(("preg_lmp", "preg_due", "preg_out", "preg_out_dt", "preg_child")),
}


@pytest.mark.parametrize(
    "case",
    [
        example(),
        example(**WOMAN),
        example(**NOT_YET),
        example(**ONGOING, today=date(2026, 12, 1)),
        example(preg_out="miscarriage", preg_out_dt=date(2026, 7, 2), preg_child=None),
    ],
)
def test_a_complete_report_has_no_findings(case: dict) -> None:
    outcome = judge("PREG", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (
            example(preg_who=None, preg_aware=None, **NOT_YET | {"preg_consent": None}),
            {"preg_who", "preg_aware"},
        ),
        (example(**NOT_YET | {"preg_consent": None}), {"preg_consent"}),
        (example(preg_out=None, preg_out_dt=None, preg_child=None), {"preg_out"}),
        (example(preg_out_dt=None, preg_child=None), {"preg_out_dt", "preg_child"}),
        (example(preg_child="congenital", **{"AE*": [{"ser_crit": ["congenital"]}]}), {"preg_child_text"}),
    ],
)
def test_what_must_be_answered_then(case: dict, asked: set[str]) -> None:
    assert set(judge("PREG", case).unanswered) == asked


def test_nothing_is_asked_of_a_partner_who_has_not_agreed() -> None:
    """What was answered about her before leaves the record."""
    told = example(preg_consent="N")
    assert {name for name, value in judge("PREG", told).values.items() if value is not None} == {
        *("preg_who", "preg_consent", "preg_aware", "preg_report"),
    }


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (example(preg_report=AWARE - timedelta(minutes=1)), "PREG-01"),
        (example(**WOMAN | {"ELIG.sex": "M"}), "PREG-02"),
        (example(preg_lmp="2026-06-22"), "PREG-03"),
        (example(**ONGOING), "PREG-04"),
        (example(preg_child="congenital", preg_child_text="Cleft palate"), "PREG-05"),
        (example(preg_report=AWARE + timedelta(hours=24, minutes=1)), "PREG-06"),
    ],
)
def test_each_check_finds_what_it_is_for(case: dict, code: str) -> None:
    assert codes(judge("PREG", case)) == {code}


@pytest.mark.parametrize(
    "case",
    [
        example(preg_report=AWARE),
        example(preg_report=AWARE + timedelta(hours=24)),
        example(preg_lmp="2026-06-21"),
        example(preg_lmp="2026-06"),
        example(**ONGOING, today=date(2027, 2, 6)),
        example(**ONGOING | {"preg_due": None}),
        example(
            preg_child="congenital", preg_child_text="Cleft palate", **{"AE*": [{"ser_crit": ["congenital"]}]}
        ),
    ],
)
def test_the_limits_themselves_are_allowed(case: dict) -> None:
    assert codes(judge("PREG", case)) == set()
