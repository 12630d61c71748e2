"""Subsequent anticancer therapy: what it asks, and the event that it follows (protocol 3.12, decision D3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.crf.examples import survival
from tests.unit.crf.examples.subsequent_therapy import RADIOTHERAPY, RECURRED_ON, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.12", "3.13")

BEFORE = {"milestone.DM": None}


@pytest.mark.parametrize(
    "case",
    [
        example(),
        example(**RADIOTHERAPY),
        example(st_end=None),
        example(**RADIOTHERAPY | {"st_kind": "supportive", "st_gy": None, "st_part": None, "st_resp": None}),
    ],
)
def test_point_15_a_complete_record_has_no_findings(case: dict) -> None:
    outcome = judge("ST", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (example(st_class=None, st_regimen=None, st_line=None), {"st_class", "st_regimen", "st_line"}),
        (example(**RADIOTHERAPY | {"st_gy": None, "st_part": None}), {"st_gy", "st_part"}),
        (example(st_start=None, st_intent=None, st_place=None), {"st_start", "st_intent", "st_place"}),
        (example(st_resp=None), {"st_resp"}),
    ],
)
def test_what_must_be_answered_then(case: dict, asked: set[str]) -> None:
    assert set(judge("ST", case).unanswered) == asked


KNOWN: list[dict[str, Any]] = [
    {"CRE*": [{"cre_outcome": "NON_CCR", "proven_on": None, "cre_dt": RECURRED_ON}]},
    {"CRE*": [{"cre_outcome": "DISTANT", "proven_on": RECURRED_ON}]},
    {"SURG*": [{"surg_done": "explored", "surg_dt": RECURRED_ON}]},
    {"FU*": [{"rec_yn": "Y", "recur_dt": None, "fu_dt": RECURRED_ON}]},
    {"FU*": [{"rec_yn": "Y", "recur_dt": RECURRED_ON, "fu_dt": date(2027, 8, 1)}]},
    {"SURV*": [{"dz_now": "both", "status_dt": RECURRED_ON}]},
    {"milestone.REGROWTH": RECURRED_ON},
]


@pytest.mark.parametrize("known", KNOWN)
def test_point_15_a_therapy_follows_an_event_wherever_it_is_recorded(known: dict) -> None:
    assert "ST-02" not in codes(judge("ST", example(**BEFORE | known, st_start="2027-06")))
    assert "ST-02" in codes(judge("ST", example(**BEFORE | known, st_start="2027-06-13")))
    assert "ST-02" in codes(judge("ST", example(**BEFORE | known, st_start="2027-05")))


def test_point_15_a_therapy_without_any_event_is_asked_about() -> None:
    clear = {"CRE*": [{"cre_outcome": "CCR", "proven_on": None, "cre_dt": RECURRED_ON}]}
    assert "ST-02" in codes(judge("ST", example(**BEFORE)))
    assert "ST-02" in codes(judge("ST", example(**BEFORE | clear)))


@pytest.mark.parametrize(
    ("code", "case", "fails"),
    [
        ("ST-01", example(st_end="2027-06"), True),
        ("ST-01", example(st_end="2027-07"), False),
        ("ST-03", example(st_class=["chemo"]), True),
        ("ST-03", example(st_class=["unknown"]), False),
        ("ST-03", example(st_kind="chemo", st_class=["chemo"]), False),
    ],
)
def test_a_check_fails_or_passes(code: str, case: dict, fails: bool) -> None:
    assert (code in codes(judge("ST", case))) is fails


CONTACT = date(2029, 5, 10)
ASKED = [*KNOWN, {"FU*": [{"rec_yn": "Y", "recur_dt": None, "fu_dt": CONTACT}]}]


@pytest.mark.parametrize("known", ASKED)
def test_point_15_a_survival_contact_after_an_event_asks_for_therapy(known: dict) -> None:
    outcome = judge("SURV", survival.example(**known))
    assert (outcome.values["st_due"], outcome.unanswered) == (True, ("st_any",))
    dead = judge("SURV", survival.dead(**known))
    assert "st_any" in dead.unanswered
    assert "st_any" not in judge("SURV", survival.example(**known, vital="unknown")).visible


def test_point_15_a_contact_that_tells_of_disease_itself_asks_for_therapy() -> None:
    assert "st_any" in judge("SURV", survival.example(dz_now="distant")).unanswered


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"FU*": [{"rec_yn": "N", "recur_dt": None, "fu_dt": RECURRED_ON}]},
        {"milestone.DM": date(2029, 5, 11)},
    ],
)
def test_point_15_a_contact_before_any_event_does_not_ask(known: dict) -> None:
    outcome = judge("SURV", survival.example(**known))
    assert outcome.values["st_due"] is None
    assert "st_any" not in outcome.visible


@pytest.mark.parametrize(
    ("rows", "contacts", "fails"),
    [
        ([], [], True),
        ([{"st_start": "2029-05-10"}], [], False),
        ([{"st_start": "2029-05-11"}], [], True),
        ([{"st_start": "2029-03"}], [{"status_dt": date(2029, 3, 31)}], False),
        ([{"st_start": "2029-03"}], [{"status_dt": date(2029, 4, 1)}], True),
        ([{"st_start": None}], [{"status_dt": date(2029, 4, 1)}], False),
    ],
)
def test_point_15_a_new_therapy_stands_in_the_log(rows: list, contacts: list, fails: bool) -> None:
    case = survival.example(dz_now="distant", st_any="Y", **{"ST*": rows, "SURV*": contacts, "FU*": []})
    assert ("SURV-09" in codes(judge("SURV", case))) is fails
