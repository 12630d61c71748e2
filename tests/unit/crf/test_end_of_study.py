"""The end of a phase or of the study: what is read from acts, and what has to agree with them (protocol 3.16)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crf import catalogue
from crf.trial_rules.track import RuleInput, of_end
from tests.unit.crf.examples.end_of_study import ENDED, WITHDRAWAL, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.16",)

PLAIN = {"eos_why": None, "wd_data": None, "wd_samp": None, "wd_reg": None}
NOBODY_LEFT: dict[str, Any] = {"conduct.withdrawals": []}
DEAD = [{"vital": "dead", "death_dt": "2026-09"}]
LOST = [{"lost_on": ENDED, "reached_on": None}]
TRIED = [
    {"on": date(2026, 5, 1), "route": "phone", "result": "no_answer"},
    {"on": date(2026, 5, 9), "route": "family", "result": "reached"},
    {"on": date(2026, 6, 1), "route": "phone", "result": "no_answer"},
    {"on": date(2026, 7, 1), "route": "phone", "result": "no_answer"},
    {"on": date(2026, 8, 30), "route": "letter", "result": "wrong_number"},
]


@pytest.mark.parametrize(
    "case",
    [
        example(),
        example(**PLAIN, eos_status="completed", **NOBODY_LEFT),
        example(**{**PLAIN, "eos_why": "death"}, **{"SURV*": DEAD}, **NOBODY_LEFT),
        example(
            **{**PLAIN, "eos_why": "lost"},
            **{"conduct.losses": LOST, "conduct.attempts": TRIED},
            **NOBODY_LEFT,
        ),
        example(**{**PLAIN, "eos_why": "progression", "eos_phase": "neoadjuvant"}, **NOBODY_LEFT),
        example(**{**PLAIN, "eos_why": "other", "eos_why_text": "Went abroad for good"}, **NOBODY_LEFT),
    ],
)
def test_a_complete_record_has_no_findings(case: dict[str, Any]) -> None:
    outcome = judge("EOS", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_must_be_answered() -> None:
    nothing = dict.fromkeys(example()["values"])
    assert set(judge("EOS", example(**nothing)).unanswered) == {"eos_phase", "eos_dt", "eos_status"}
    withdrew = judge("EOS", example(wd_data=None, wd_samp=None, wd_reg=None)).unanswered
    assert set(withdrew) == {"wd_data", "wd_samp", "wd_reg"}
    assert set(judge("EOS", example(**PLAIN)).unanswered) == {"eos_why"}


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ({"EOS*": [{"eos_phase": "study"}]}, {"EOS-01"}),
        ({"milestone.RAND": date(2026, 9, 4)}, {"EOS-02"}),
        ({"milestone.RAND": None}, {"EOS-03"}),
        ({**PLAIN, "eos_why": "death", **NOBODY_LEFT}, {"X022g"}),
        (
            {
                **PLAIN,
                "eos_why": "death",
                "SURV*": [{"vital": "dead", "death_dt": "2026-09-04"}],
                **NOBODY_LEFT,
            },
            {"X022h"},
        ),
        (NOBODY_LEFT, {"EOS-04"}),
        ({"conduct.withdrawals": [{**WITHDRAWAL, "all_contact": False}]}, {"EOS-04"}),
        ({"eos_dt": date(2026, 9, 4)}, {"EOS-05"}),
        ({**PLAIN, "eos_why": "lost", **NOBODY_LEFT}, {"EOS-06"}),
        (
            {**PLAIN, "eos_why": "lost", "conduct.losses": LOST, "eos_dt": date(2026, 9, 9), **NOBODY_LEFT},
            {"EOS-07"},
        ),
        ({**PLAIN, "eos_why": "moved"}, {"EOS-08"}),
        ({"SURV*": DEAD}, {"EOS-08"}),
        ({**PLAIN, "eos_status": "completed", "conduct.losses": LOST, **NOBODY_LEFT}, {"EOS-08"}),
        ({"consent.register_lookup": False}, {"EOS-09"}),
    ],
)
def test_each_check_broken_once(broken: dict[str, Any], found: set[str]) -> None:
    assert codes(judge("EOS", example(**broken))) == found


def test_scopes_are_those_of_the_withdrawals_on_record() -> None:
    values = judge("EOS", example()).values
    names = ("wd_dt", "wd_drug", "wd_proc", "wd_qol", "wd_all")
    assert [values[name] for name in names] == [ENDED, "N", "Y", "N", "Y"]
    moved = judge("EOS", example(**{**PLAIN, "eos_why": "moved"})).values
    assert [moved[name] for name in names] == [None] * 5


def test_a_part_of_the_trial_is_ended_by_the_last_withdrawal_from_a_part() -> None:
    part = {**WITHDRAWAL, "all_contact": False}
    case = example(
        eos_phase="surveillance", **{"conduct.withdrawals": [part, {**part, "on": date(2026, 9, 1)}]}
    )
    assert judge("EOS", case).values["wd_dt"] == ENDED
    assert not judge("EOS", case).findings


def test_attempts_are_shown_since_the_participant_was_last_reached() -> None:
    case = example(
        **{**PLAIN, "eos_why": "lost"}, **{"conduct.losses": LOST, "conduct.attempts": TRIED}, **NOBODY_LEFT
    )
    values = judge("EOS", case).values
    names = ("ltfu_dt", "ltfu_tries", "ltfu_routes", "ltfu_days")
    assert [values[name] for name in names] == [ENDED, 3, 2, 90]
    assert [judge("EOS", example()).values[name] for name in names] == [None] * 4


@pytest.mark.parametrize(
    ("phase", "begun"),
    [
        ("neoadjuvant", date(2026, 1, 20)),
        ("response", date(2026, 2, 20)),
        ("surveillance", date(2026, 4, 1)),
        ("follow_up", date(2026, 5, 1)),
        ("study", date(2026, 1, 12)),
    ],
)
def test_a_phase_begins_with_its_milestone(phase: str, begun: date) -> None:
    days = {"milestone.CCR": date(2026, 4, 1), "milestone.SURG": date(2026, 5, 1)}
    assert judge("EOS", example(eos_phase=phase, **days)).values["eos_begin"] == begun


def test_only_the_end_of_the_whole_study_is_the_milestone_and_only_completion_moves_the_track() -> None:
    assert judge("EOS", example()).milestones == {"EOS": ENDED}
    assert not judge("EOS", example(eos_phase="response")).milestones.get("EOS")
    for phase, status, tracks in (
        ("study", "completed", ("COMPLETED",)),
        ("study", "stopped", ()),
        ("surveillance", "completed", ()),
    ):
        answers = {"eos_phase": phase, "eos_status": status, "eos_dt": ENDED}
        assert of_end(RuleInput(answers, "1", {})).tracks == tracks
    assert catalogue.form("EOS").about_conduct
