"""Where answers lead: only along what the protocol allows and what somebody recorded (protocol 2.5)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from crf.trial_rules.track import RuleInput, shortest_path, track_change_of
from protocol.text import load

CHAPTERS = ("2.5",)

TEXT = load("1.0")
ON = date(2026, 7, 27)
FOLLOW_UP_ENDED = {"eos_phase": "follow_up", "eos_status": "stopped", "eos_why": "progression", "eos_dt": ON}
CASES = [
    ("SURG", "SURGERY_PLANNED", "2", {"surg_done": "resection"}, "OPERATED"),
    ("SURG", "SURGERY_PLANNED", "2", {"surg_done": "resection", "disch_dt": ON}, "FOLLOW_UP"),
    ("SURG", "AWAIT_RESTAGE", "2", {"surg_done": "resection"}, "OPERATED"),
    ("SURG", "SURGERY_PLANNED", "1", {"surg_done": "explored"}, "NOT_RESECTED"),
    ("SURG", "SURGERY_PLANNED", "1", {"surg_done": "none", "no_surg_reason": "distant"}, "NOT_RESECTED"),
    ("SURG", "SURGERY_PLANNED", "2", {"surg_done": "none", "no_surg_reason": "ccr"}, "SURVEILLANCE"),
    (
        "SURG",
        "SURGERY_PLANNED",
        "2",
        {"surg_done": "none", "no_surg_reason": "patient_refused"},
        "SURVEILLANCE",
    ),
    ("SURG", "SURGERY_PLANNED", "2", {"surg_done": "none", "no_surg_reason": "unfit"}, "SURGERY_PLANNED"),
    ("FU", "OPERATED", "2", {"rec_yn": "N"}, "FOLLOW_UP"),
    ("FU", "SURVEILLANCE", "1", {"rec_yn": "N"}, "SURVEILLANCE"),
    ("FU", "NONSURGICAL_SALVAGE", "1", {"rec_yn": "N"}, "NONSURGICAL_SALVAGE"),
    ("FU", "SURVEILLANCE", "1", {"rec_yn": "Y", "rec_type": ["local"]}, "SURGERY_PLANNED"),
    ("FU", "SURVEILLANCE", "1", {"rec_yn": "Y", "rec_type": ["node"]}, "SURGERY_PLANNED"),
    (
        "FU",
        "SURVEILLANCE",
        "1",
        {"rec_yn": "Y", "rec_type": ["local"], "resectable": "N"},
        "NONSURGICAL_SALVAGE",
    ),
    ("FU", "SURVEILLANCE", "1", {"rec_yn": "Y", "rec_type": ["local", "distant"]}, "DISTANT"),
    ("FU", "SURGERY_PLANNED", "2", {"rec_yn": "Y", "rec_type": ["distant"]}, "NOT_RESECTED"),
    ("FU", "FOLLOW_UP", "2", {"rec_yn": "Y", "rec_type": ["distant"]}, "RECURRENCE"),
    ("FU", "FOLLOW_UP", "2", {"rec_yn": "Y", "rec_type": ["anastomotic"]}, "RECURRENCE"),
    ("FU", "OPERATED", "2", {"rec_yn": "Y", "rec_type": ["node"]}, "RECURRENCE"),
    ("FU", "FOLLOW_UP", "2", {"rec_yn": "Y", "rec_type": ["second_primary"]}, "FOLLOW_UP"),
    (
        "FU",
        "FOLLOW_UP",
        "2",
        {"rec_yn": "Y", "rec_type": ["distant"], "dz_status": "suspect"},
        "FOLLOW_UP",
    ),
    ("SURG", "NOT_RESECTED", "2", {"surg_done": "resection", "disch_dt": ON}, "FOLLOW_UP"),
    ("FU", "NOT_RESECTED", "2", {"rec_yn": "N"}, "NOT_RESECTED"),
    ("TREAT", "RANDOMISED", "1", {"rt_given": "N", "completed": "N"}, "NEVER_TREATED"),
    ("TREAT", "RANDOMISED", "2", {"rt_given": "N"}, "RANDOMISED"),
    ("SURV", "FOLLOW_UP", "2", {"vital": "dead", "death_dt": "2027-02"}, "DEAD"),
    *[
        ("EOS", stood, arm, FOLLOW_UP_ENDED, "SURVIVAL_ONLY")
        for stood in ("PROGRESSION", "DISTANT", "RECURRENCE", "NOT_RESECTED", "NONSURGICAL_SALVAGE")
        for arm in ("1", "2")
    ],
    ("EOS", "REFUSED_WORKUP", "1", FOLLOW_UP_ENDED, "SURVIVAL_ONLY"),
    ("EOS", "FOLLOW_UP", "2", FOLLOW_UP_ENDED, "FOLLOW_UP"),
    ("EOS", "SURVEILLANCE", "1", FOLLOW_UP_ENDED, "SURVEILLANCE"),
    ("EOS", "DISTANT", "1", FOLLOW_UP_ENDED | {"eos_phase": "surveillance"}, "DISTANT"),
    ("EOS", "DISTANT", "1", FOLLOW_UP_ENDED | {"eos_why": "death"}, "DISTANT"),
    ("EOS", "DISTANT", "1", FOLLOW_UP_ENDED | {"eos_why": "lost"}, "DISTANT"),
    ("EOS", "DISTANT", "1", FOLLOW_UP_ENDED | {"eos_why": "withdrew"}, "DISTANT"),
    ("EOS", "DISTANT", "1", {"eos_phase": "study", "eos_status": "completed"}, "COMPLETED"),
]


@pytest.mark.parametrize(("code", "start", "arm", "values", "end"), CASES)
def test_answers_lead_to_a_track(code: str, start: str, arm: str, values: dict[str, Any], end: str) -> None:
    here = start
    for target in track_change_of(code, RuleInput(values, arm, {})).tracks:
        here = (here, *shortest_path(TEXT, here, target, arm))[-1]
    assert here == end


def test_an_operation_given_up_is_dated_by_the_day_of_the_decision() -> None:
    values = {"surg_done": "none", "no_surg_reason": "patient_refused", "no_surg_dt": ON}
    assert track_change_of("SURG", RuleInput(values, "2", {})).on == ON


def test_a_recurrence_is_dated_by_its_milestone() -> None:
    seen = RuleInput({"rec_yn": "Y", "rec_type": ["local"]}, "1", {"REGROWTH": ON, "DM": None})
    assert track_change_of("FU", seen).on == ON


def test_nobody_passes_through_an_operation_that_nobody_recorded() -> None:
    assert shortest_path(TEXT, "SURVEILLANCE", "FOLLOW_UP", "1") == ()
    assert shortest_path(TEXT, "SURGERY_PLANNED", "SURVEILLANCE", "2") == ()
    assert shortest_path(TEXT, "SURGERY_PLANNED", "OPERATED", "2") == ("OPERATED",)


RESECTION = {"surg_done": "resection", "surg_dt": ON}
EARLIER, LATER = ON - timedelta(days=30), ON + timedelta(days=30)


@pytest.mark.parametrize(
    ("own", "others", "tracks"),
    [
        (RESECTION, [{"surg_done": "none", "no_surg_dt": EARLIER}], ("OPERATED",)),
        (RESECTION, [{"surg_done": "explored", "surg_dt": LATER}], ("OPERATED",)),
        ({"surg_done": "explored", "surg_dt": LATER}, [RESECTION], ()),
        ({"surg_done": "reresection", "surg_dt": LATER}, [RESECTION], ()),
        ({"surg_done": "none", "no_surg_reason": "patient_refused", "no_surg_dt": LATER}, [RESECTION], ()),
        ({"surg_done": "explored", "surg_dt": EARLIER}, [{"surg_done": "none", "no_surg_dt": ON}], ()),
        (
            {"surg_done": "explored", "surg_dt": ON},
            [{"surg_done": "none", "no_surg_dt": EARLIER}],
            ("NOT_RESECTED",),
        ),
        ({"surg_done": "explored"}, [{"surg_done": "none", "no_surg_dt": ON}], ("NOT_RESECTED",)),
    ],
)
def test_point_16_the_last_operation_leads_and_a_resection_stays(
    own: dict[str, Any], others: list[dict[str, Any]], tracks: tuple[str, ...]
) -> None:
    assert track_change_of("SURG", RuleInput(own, "1", {}, {}, others)).tracks == tracks
