"""Progression before the decision: a dated fact that moves the track (protocol 2.5, 3.5 D; decision C3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crf.trial_rules.track import RuleInput, of_progression, shortest_path
from protocol.text import load
from tests.unit.crf.examples.progression import VALUES, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("2.5", "3.5")
TEXT = load("1.0")


@pytest.mark.parametrize(
    "case",
    [
        example(),
        example(prog_where=["primary", "other"], prog_where_text="trachea"),
        example(prog_cure="N", prog_proof="clinical"),
    ],
)
def test_a_complete_record_has_no_findings(case: dict[str, Any]) -> None:
    outcome = judge("PROG", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_must_be_answered() -> None:
    nothing = dict.fromkeys(VALUES)
    assert set(judge("PROG", example(**nothing)).unanswered) == set(VALUES)
    assert set(judge("PROG", example(prog_where=["other"])).unanswered) == {"prog_where_text"}


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"PROG*": [{"prog_dt": date(2026, 2, 1)}]}, "PROG-01"),
        ({"prog_dt": date(2026, 1, 11)}, "PROG-02"),
        ({"milestone.SURG": date(2026, 2, 9)}, "PROG-03"),
        ({"milestone.CCR": date(2026, 2, 9)}, "PROG-04"),
        ({"prog_proof": "clinical"}, "PROG-05"),
    ],
)
def test_each_check_broken_once(broken: dict[str, Any], code: str) -> None:
    assert codes(judge("PROG", example(**broken))) == {code}


@pytest.mark.parametrize(
    ("begun", "ended", "phase"),
    [
        (None, None, "before"),
        (date(2026, 2, 11), None, "before"),
        (date(2026, 2, 10), None, "during"),
        (date(2026, 1, 20), date(2026, 2, 10), "during"),
        (date(2026, 1, 20), date(2026, 2, 9), "after"),
    ],
)
def test_when_it_was_found(begun: date | None, ended: date | None, phase: str) -> None:
    case = example(**{"milestone.NEO_D1": begun, "milestone.NEO_END": ended})
    assert judge("PROG", case).values["prog_phase"] == phase


@pytest.mark.parametrize(
    ("answers", "tracks"),
    [
        ({}, ("PROGRESSION", "DISTANT")),
        ({"prog_where": ["primary", "nodes", "other"]}, ("PROGRESSION",)),
        ({"prog_cure": "N"}, ()),
        ({"prog_cure": None}, ()),
    ],
)
def test_where_it_leads(answers: dict[str, Any], tracks: tuple[str, ...]) -> None:
    assert of_progression(RuleInput({**VALUES, **answers}, "1", {})).tracks == tracks


def test_treatment_ends_in_progression_and_waiting_in_distant_disease() -> None:
    """What the text allows: each of the two tracks from where it can be reached."""
    for arm, waiting in (("1", "AWAIT_CRE1"), ("2", "AWAIT_RESTAGE")):
        assert shortest_path(TEXT, "NEOADJUVANT", "PROGRESSION", arm) == ("PROGRESSION",)
        assert shortest_path(TEXT, "PROGRESSION", "DISTANT", arm) == ()
        assert shortest_path(TEXT, waiting, "PROGRESSION", arm) == ()
        assert shortest_path(TEXT, waiting, "DISTANT", arm) == ("DISTANT",)
