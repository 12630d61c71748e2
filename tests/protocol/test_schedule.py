"""The whole plan of one participant after every turn that a history can take (protocol 2.1-2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from protocol.schedule import History, Response, WithdrawalScope, plan
from protocol.text import load

from .schedule_calendar import expected

CHAPTERS = ("2.1", "2.2", "2.3", "2.4", "2.5")

TEXT = load("1.0")
AS_OF = "2026-01-01"
RANDOMISED = {"ICF": "2024-05-20", "RAND": "2024-06-03"}
TREATED = {**RANDOMISED, "NEO_D1": "2024-06-10"}
ENDED = {**TREATED, "NEO_END": "2024-07-10", "LASTDOSE": "2024-07-10"}
SEEN_ONCE = {**ENDED, "CRE1": "2024-08-14"}
SEEN_TWICE = {**SEEN_ONCE, "CRE2": "2024-09-25"}
CCR = {**SEEN_TWICE, "CCR": "2024-09-25"}
TREATMENT = "start course SF30 SF90"
EVALUATED = f"{TREATMENT} CRE-1 CRE-2"


@dataclass(frozen=True)
class Case:
    """One history and the visits it must lead to, past and to come."""

    milestones: dict[str, str]
    visits: str
    arm: str = "1"
    track: str | None = None
    since: str | None = None
    as_of: str = AS_OF
    responses: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)

    def history(self) -> History:
        return History(
            as_of=date.fromisoformat(self.as_of),
            arm=self.arm,
            milestones={code: date.fromisoformat(on) for code, on in self.milestones.items()},
            track=self.track,
            track_since=date.fromisoformat(self.since) if self.since else None,
            responses=self.responses,
            withdrawn={scope: date.fromisoformat(on) for scope, on in self.withdrawn.items()},
        )


ARM_1 = {
    "randomised": Case(RANDOMISED, "start vital"),
    "treatment started": Case(TREATED, "start course vital", track="NEOADJUVANT"),
    "treatment ended": Case(ENDED, f"{EVALUATED} vital", track="AWAIT_CRE1"),
    "CRE-1 done, result not said": Case(SEEN_ONCE, f"{EVALUATED} vital"),
    "CRE-1 without proof of residue": Case(SEEN_ONCE, f"{EVALUATED} vital", track="AWAIT_CRE2"),
    "CRE-1 uncertain": Case(SEEN_ONCE, f"{EVALUATED} vital", responses={"CRE1": Response.UNCERTAIN}),
    "CRE-1 not evaluable": Case(SEEN_ONCE, f"{EVALUATED} vital", responses={"CRE1": Response.NOT_EVALUABLE}),
    "CRE-1 positive": Case(
        SEEN_ONCE, f"{TREATMENT} CRE-1 SURG-1:2024-08-14 vital", responses={"CRE1": Response.POSITIVE}
    ),
    "CRE-1 led to surgery planned": Case(
        SEEN_ONCE, f"{TREATMENT} CRE-1 SURG-1:2024-08-14 vital", track="SURGERY_PLANNED"
    ),
    "CRE-1 found distant disease, date not entered yet": Case(
        SEEN_ONCE, f"{TREATMENT} CRE-1 vital", responses={"CRE1": Response.DISTANT}
    ),
    "CRE-1 found distant disease": Case(
        {**SEEN_ONCE, "DM": "2024-08-14"}, f"{TREATMENT} CRE-1 vital", responses={"CRE1": Response.DISTANT}
    ),
    "CRE-1 skipped, CRE-2 done": Case({**ENDED, "CRE2": "2024-09-25"}, f"{EVALUATED} vital"),
    "CRE-2 done, no cCR": Case(SEEN_TWICE, f"{EVALUATED} SURG-1:2024-09-25 vital"),
    "CRE-2 positive": Case(
        SEEN_TWICE,
        f"{EVALUATED} SURG-1:2024-09-25 vital",
        track="SURGERY_PLANNED",
        responses={"CRE2": Response.POSITIVE},
    ),
    "CRE-2 to be repeated": Case(SEEN_TWICE, f"{EVALUATED} vital", track="AWAIT_CRE2"),
    "CRE-2 uncertain": Case(SEEN_TWICE, f"{EVALUATED} vital", responses={"CRE2": Response.UNCERTAIN}),
    "CRE-2 found distant disease": Case(
        {**SEEN_TWICE, "DM": "2024-09-25"}, f"{EVALUATED} vital", track="DISTANT"
    ),
    "cCR": Case(CCR, f"{EVALUATED} AS06..60 vital"),
    "cCR, in surveillance": Case(
        CCR, f"{EVALUATED} AS06..60 vital", track="SURVEILLANCE", since="2024-09-25"
    ),
    "cCR only after month 6": Case(
        {**CCR, "CRE2": "2025-01-20", "CCR": "2025-01-20"}, f"{EVALUATED} AS09..60 vital"
    ),
    "operated after CRE-1": Case(
        {**SEEN_ONCE, "SURG": "2024-09-04"},
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 post:2024-09-04 FU06..60 vital",
    ),
    "operated after CRE-1, in follow-up": Case(
        {**SEEN_ONCE, "SURG": "2024-09-04"},
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 post:2024-09-04 FU06..60 vital",
        track="FOLLOW_UP",
        responses={"CRE1": Response.POSITIVE},
    ),
    "operated late, after CRE-2": Case(
        {**SEEN_TWICE, "SURG": "2025-08-05"},
        f"{EVALUATED} SURG-1:2024-09-25 post:2025-08-05 FU16..60 vital",
        track="FOLLOW_UP",
    ),
    "operated, day not entered yet": Case(
        SEEN_ONCE, f"{TREATMENT} CRE-1 SURG-1:2024-08-14 FU06..60 vital", track="OPERATED"
    ),
    "non-cCR at CRE-1 declines surgery": Case(
        SEEN_ONCE, f"{TREATMENT} CRE-1 AS06..60 vital", track="SURVEILLANCE"
    ),
    "non-cCR at CRE-2 declines surgery": Case(
        SEEN_TWICE, f"{EVALUATED} AS06..60 vital", track="REFUSED_SURGERY", since="2024-10-10"
    ),
    "non-cCR, declines surgery and asks for it later": Case(
        SEEN_TWICE,
        f"{EVALUATED} SURG-1:2025-02-03 vital",
        track="SURGERY_PLANNED",
        since="2025-02-03",
        responses={"CRE2": Response.POSITIVE},
    ),
    "declines all evaluations": Case(ENDED, f"{TREATMENT} FU06..60 vital", track="REFUSED_WORKUP"),
    "declines further evaluations after CRE-1": Case(
        SEEN_ONCE, f"{TREATMENT} CRE-1 FU06..60 vital", track="REFUSED_WORKUP", since="2024-09-01"
    ),
    "declines evaluations, then chooses surgery": Case(
        ENDED, f"{EVALUATED} SURG-1:2025-02-03 vital", track="SURGERY_PLANNED", since="2025-02-03"
    ),
    "operated before any evaluation": Case(
        {**ENDED, "SURG": "2024-08-05"},
        f"{TREATMENT} FU06..60 vital SURG-1=2024-08-05,2024-08-05,2024-08-05 post:2024-08-05",
        track="FOLLOW_UP",
    ),
    "regrowth inside the window of month 12": Case(
        {**CCR, "REGROWTH": "2025-07-08"}, f"{EVALUATED} AS06..12 SURG-1:2025-07-08 FU16..60 vital"
    ),
    "regrowth between two months": Case(
        {**CCR, "REGROWTH": "2025-08-20"},
        f"{EVALUATED} AS06..12 SURG-1:2025-08-20 FU16..60 vital",
        track="SURGERY_PLANNED",
        since="2025-08-25",
    ),
    "regrowth, the track not moved yet": Case(
        {**CCR, "REGROWTH": "2025-08-20"},
        f"{EVALUATED} AS06..12 SURG-1:2025-08-20 FU16..60 vital",
        track="SURVEILLANCE",
        since="2024-09-25",
    ),
    "regrowth, salvage operation": Case(
        {**CCR, "REGROWTH": "2025-07-08", "SURG": "2025-08-05"},
        f"{EVALUATED} AS06..12 SURG-1:2025-07-08 post:2025-08-05 FU16..60 vital",
        track="FOLLOW_UP",
    ),
    "salvage operation before the month it was found for": Case(
        {**CCR, "REGROWTH": "2025-06-28", "SURG": "2025-07-07"},
        f"{EVALUATED} AS06..09 SURG-1:2025-06-28 post:2025-07-07 FU12..60 vital",
    ),
    "regrowth proven on the day of surgery": Case(
        {**CCR, "REGROWTH": "2025-08-05", "SURG": "2025-08-05"},
        f"{EVALUATED} AS06..12 SURG-1:2025-08-05 post:2025-08-05 FU16..60 vital",
    ),
    "regrowth, operation declined": Case(
        {**CCR, "REGROWTH": "2025-07-08"},
        f"{EVALUATED} AS06..60 vital",
        track="REFUSED_SURGERY",
        since="2025-08-01",
    ),
    "regrowth treated without surgery": Case(
        {**CCR, "REGROWTH": "2025-07-08"},
        f"{EVALUATED} AS06..12 FU16..60 vital",
        track="NONSURGICAL_SALVAGE",
        since="2025-07-20",
    ),
    "treated without surgery, regrowth not dated": Case(
        CCR, f"{EVALUATED} AS06..12 FU16..60 vital", track="NONSURGICAL_SALVAGE", since="2025-07-20"
    ),
    "treated without surgery, nothing dated": Case(
        CCR, f"{EVALUATED} AS06..16 FU20..60 vital", track="NONSURGICAL_SALVAGE"
    ),
    "surveillance again after non-surgical salvage": Case(
        {**CCR, "REGROWTH": "2025-07-20"},
        f"{EVALUATED} AS06..12 FU16 AS20..60 vital",
        track="SURVEILLANCE",
        since="2026-01-15",
        as_of="2026-02-01",
    ),
    "cCR, asks for surgery": Case(
        CCR,
        f"{EVALUATED} AS06..60 SURG-1:2025-02-03 vital",
        track="SURGERY_PLANNED",
        since="2025-02-03",
    ),
    "cCR, asks for surgery, day not said": Case(
        CCR, f"{EVALUATED} AS06..60 SURG-1:2024-09-25 vital", track="SURGERY_PLANNED"
    ),
    "cCR, operated at the participant's wish": Case(
        {**CCR, "SURG": "2025-08-05"},
        f"{EVALUATED} AS06..12 SURG-1=2025-08-05,2025-08-05,2025-08-05 post:2025-08-05 FU16..60 vital",
        track="FOLLOW_UP",
    ),
    "metastasis in surveillance": Case({**CCR, "DM": "2025-03-01"}, f"{EVALUATED} AS06 vital"),
    "metastasis found at month 9": Case({**CCR, "DM": "2025-04-08"}, f"{EVALUATED} AS06..09 vital"),
    "metastasis before the planned operation": Case(
        {**SEEN_ONCE, "DM": "2024-08-25"},
        f"{TREATMENT} CRE-1 vital",
        track="DISTANT",
        responses={"CRE1": Response.POSITIVE},
    ),
    "metastasis long after a missed operation": Case(
        {**SEEN_ONCE, "DM": "2025-08-25"},
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 vital",
        responses={"CRE1": Response.POSITIVE},
    ),
    "survival follow-up after metastasis": Case(
        {**SEEN_ONCE, "DM": "2024-08-14"},
        "start course SF30 CRE-1 vital",
        track="SURVIVAL_ONLY",
        responses={"CRE1": Response.DISTANT},
    ),
    "survival follow-up, nothing dated": Case(CCR, f"{EVALUATED} AS06..16 vital", track="SURVIVAL_ONLY"),
    "opened and closed": Case(
        SEEN_ONCE,
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 vital",
        track="NOT_RESECTED",
        since="2024-09-04",
        as_of="2024-09-20",
    ),
    "progression during treatment": Case(
        TREATED, "start N2 N3 vital", track="PROGRESSION", since="2024-06-25"
    ),
    "progression after treatment": Case(ENDED, f"{TREATMENT} vital", track="PROGRESSION", since="2024-07-20"),
    "never treated": Case(RANDOMISED, "SCR QOL-0 RND vital", track="NEVER_TREATED", since="2024-06-20"),
    "treatment stopped on day 12": Case(
        {**TREATED, "NEO_END": "2024-06-21", "LASTDOSE": "2024-06-17"},
        "start N2 NE SF30=2024-07-10,2024-07-17,2024-07-24 SF90=2024-09-01,2024-09-15,2024-09-29 "
        "CRE-1=2024-07-19,2024-07-26,2024-08-02 CRE-2=2024-08-30,2024-09-06,2024-09-13 vital",
    ),
    "last camrelizumab known": Case(
        {**ENDED, "LASTCAMRE": "2024-07-01"},
        "start course SF30 SF90=2024-09-15,2024-09-29,2024-10-13 CRE-1 CRE-2 vital",
    ),
    "recurrence after the operation": Case(
        {**SEEN_ONCE, "SURG": "2024-09-04", "REGROWTH": "2025-07-12"},
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 post:2024-09-04 FU06..12 vital",
        track="RECURRENCE",
    ),
    "metastasis 30 days after the operation": Case(
        {**SEEN_ONCE, "SURG": "2024-09-04", "DM": "2024-10-05"},
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 DC@2024-09-04 PO30@2024-09-04 PO90@2024-09-04 vital",
    ),
    "recurrence, nothing dated": Case(
        {**SEEN_ONCE, "SURG": "2024-09-04"},
        f"{TREATMENT} CRE-1 SURG-1:2024-08-14 post:2024-09-04 FU06..16 vital",
        track="RECURRENCE",
    ),
    "lost": Case(CCR, f"{EVALUATED} AS06..09 vital", track="LOST", since="2025-05-01"),
    "lost, end of study recorded": Case(
        {**CCR, "EOS": "2025-05-01"}, f"{EVALUATED} AS06..09 vital", track="LOST"
    ),
    "withdrawn from everything": Case(
        CCR, f"{EVALUATED} SWEEP06 AS06..09", track="WITHDRAWN_ALL", since="2025-05-01"
    ),
    "withdrawn from everything, by its tick": Case(
        CCR, f"{EVALUATED} SWEEP06 AS06..09", withdrawn={WithdrawalScope.ALL: "2025-05-01"}
    ),
    "withdrawn from surveillance procedures": Case(
        CCR, f"{EVALUATED} AS06..09 FU12..60 vital", withdrawn={WithdrawalScope.PROCEDURES: "2025-05-01"}
    ),
    "withdrawn from procedures before CRE-1": Case(
        ENDED, f"{TREATMENT} FU06..60 vital", withdrawn={WithdrawalScope.PROCEDURES: "2024-08-01"}
    ),
    "withdrawn from the drug": Case(
        TREATED, "start course vital", withdrawn={WithdrawalScope.DRUG: "2024-06-18"}
    ),
    "dead in surveillance": Case({**CCR, "DEATH": "2025-05-01"}, f"{EVALUATED} SWEEP06 AS06..09"),
    "dead on the target day": Case({**CCR, "DEATH": "2025-04-10"}, f"{EVALUATED} SWEEP06 AS06"),
    "dead on the last day of a window": Case({**CCR, "DEATH": "2025-04-24"}, f"{EVALUATED} SWEEP06 AS06"),
    "dead the day after a window": Case({**CCR, "DEATH": "2025-04-25"}, f"{EVALUATED} SWEEP06 AS06..09"),
    "dead the day before": Case({**CCR, "DEATH": "2025-04-09"}, f"{EVALUATED} SWEEP06 AS06"),
    "dead, day not entered yet": Case(CCR, f"{EVALUATED} SWEEP06 AS06..09", track="DEAD", since="2025-05-01"),
    "dead during treatment": Case({**TREATED, "DEATH": "2024-06-20"}, "start N2"),
    "dead after an early start": Case(
        {**RANDOMISED, "NEO_D1": "2024-06-04", "DEATH": "2024-06-08"}, "SCR QOL-0 RND N1"
    ),
    "dead after the operation": Case(
        {**SEEN_ONCE, "SURG": "2024-09-04", "DEATH": "2024-11-01"},
        "start course SF30 SF90 CRE-1 SURG-1:2024-08-14 DC@2024-09-04 PO30@2024-09-04",
    ),
    "dead before the planned operation": Case(
        {**SEEN_ONCE, "DEATH": "2024-09-10"},
        "start course SF30 CRE-1",
        track="DEAD",
        responses={"CRE1": Response.POSITIVE},
    ),
    "dead after month 36": Case({**CCR, "DEATH": "2027-06-20"}, f"{EVALUATED} AS06..30 SWEEP06..30"),
    "completed": Case(
        {**CCR, "EOS": "2029-07-12"}, f"{EVALUATED} AS06..48 vital", track="COMPLETED", as_of="2030-01-01"
    ),
    "past month 60 without an end of study": Case(
        CCR, f"{EVALUATED} AS06..60 vital SWEEP66", as_of="2029-08-01"
    ),
}

COURSE_2 = "start course SF30"
RESTAGED = f"{COURSE_2} RST"
OPERATED_2 = {**ENDED, "SURG": "2024-08-21"}
AFTER_2 = f"{RESTAGED} SURG-2 post:2024-08-21"
ARM_2 = {
    "randomised": Case(RANDOMISED, "SCR QOL-0 RND N1=2024-06-03,2024-06-10,2024-06-17 vital"),
    "treatment started": Case(TREATED, "start course vital"),
    "treatment ended": Case(ENDED, f"{RESTAGED} SURG-2 FU06..60 vital", track="AWAIT_RESTAGE"),
    "surgery planned": Case(ENDED, f"{RESTAGED} SURG-2 FU06..60 vital", track="SURGERY_PLANNED"),
    "operated": Case(OPERATED_2, f"{AFTER_2} FU06..60 vital"),
    "operated, in follow-up": Case(OPERATED_2, f"{AFTER_2} FU06..60 vital", track="FOLLOW_UP"),
    "metastasis at restaging": Case({**ENDED, "DM": "2024-08-14"}, f"{RESTAGED} vital"),
    "declines surgery": Case(ENDED, f"{RESTAGED} AS06..60 vital", track="SURVEILLANCE"),
    "declines surgery after month 6": Case(
        ENDED, f"{RESTAGED} FU06 AS09..60 vital", track="SURVEILLANCE", since="2025-02-01"
    ),
    "declined, then regrowth": Case(
        {**ENDED, "REGROWTH": "2025-07-08"},
        f"{RESTAGED} AS06..12 SURG-1:2025-07-08 FU16..60 vital",
        track="SURGERY_PLANNED",
        since="2025-07-15",
    ),
    "declined, then regrowth, then operated": Case(
        {**ENDED, "REGROWTH": "2025-07-08", "SURG": "2025-08-05"},
        f"{RESTAGED} AS06..12 SURG-1:2025-07-08 post:2025-08-05 FU16..60 vital",
    ),
    "declined, then treated without surgery": Case(
        ENDED, f"{RESTAGED} AS06..12 FU16..60 vital", track="NONSURGICAL_SALVAGE", since="2025-08-01"
    ),
    "opened and closed": Case(
        ENDED, f"{RESTAGED} SURG-2 vital", track="NOT_RESECTED", since="2024-08-22", as_of="2024-09-01"
    ),
    "recurrence": Case(
        {**OPERATED_2, "REGROWTH": "2025-05-05"}, f"{AFTER_2} FU06..09 vital", track="RECURRENCE"
    ),
    "metastasis": Case({**OPERATED_2, "DM": "2025-05-05"}, f"{AFTER_2} FU06..09 vital"),
    "lost": Case(OPERATED_2, f"{AFTER_2} FU06..09 vital", track="LOST", since="2025-05-05"),
    "withdrawn from everything": Case(
        OPERATED_2, f"{AFTER_2} FU06..09 SWEEP06", withdrawn={WithdrawalScope.ALL: "2025-05-05"}
    ),
    "dead within 30 days of the operation": Case({**OPERATED_2, "DEATH": "2024-09-10"}, f"{RESTAGED} SURG-2"),
    "dead": Case({**OPERATED_2, "DEATH": "2025-05-05"}, f"{AFTER_2} FU06..09 SWEEP06"),
    "never treated": Case(RANDOMISED, "SCR QOL-0 RND vital", track="NEVER_TREATED", since="2024-06-20"),
}
CASES = {f"arm 1: {name}": case for name, case in ARM_1.items()} | {
    f"arm 2: {name}": Case(**{**case.__dict__, "arm": "2"}) for name, case in ARM_2.items()
}


@pytest.mark.parametrize("name", CASES)
def test_the_whole_plan(name: str) -> None:
    case = CASES[name]
    visits = plan(TEXT, case.history())
    planned = {v.code: (v.opens.isoformat(), v.target.isoformat(), v.closes.isoformat()) for v in visits}
    assert planned == expected(case.visits, case.arm)
    assert len(visits) == len(planned)
    assert [visit.target for visit in visits] == sorted(visit.target for visit in visits)


def test_there_are_enough_histories() -> None:
    assert len(CASES) >= 60


AFTER = {
    "regrowth": {"REGROWTH": "2025-07-20"},
    "metastasis": {"DM": "2025-07-20"},
}


@pytest.mark.parametrize("finding", AFTER)
def test_point_15_what_was_found_elsewhere_ends_the_surveillance_visit_whose_window_is_open(
    finding: str,
) -> None:
    """AS-12 may be the visit that found it, unless the participant was examined in its window before."""
    case = Case({**CCR, **AFTER[finding]}, "", as_of="2025-07-21")
    unseen = case.history()
    examined = replace(unseen, examined_on=frozenset({date(2025, 7, 14)}))
    before = replace(unseen, examined_on=frozenset({date(2025, 1, 10)}))
    assert "AS-12" in {visit.code for visit in plan(TEXT, unseen)}
    assert "AS-12" in {visit.code for visit in plan(TEXT, before)}
    assert "AS-12" not in {visit.code for visit in plan(TEXT, examined)}


GONE = {
    "death": {"milestones": {"DEATH"}, "track": "DEAD"},
    "withdrawal from all contact": {"withdrawn": {WithdrawalScope.ALL}, "track": "WITHDRAWN_ALL"},
    "end of study": {"milestones": {"EOS"}, "track": "COMPLETED"},
    "loss": {"track": "LOST"},
}


@pytest.mark.parametrize("ending", GONE)
@pytest.mark.parametrize(
    ("day", "awaited"), [("2025-04-10", False), ("2025-04-24", False), ("2025-04-25", True)]
)
def test_rare_10_whose_window_is_open_on_the_day_of_an_ending_is_awaited_no_more(
    ending: str, day: str, awaited: bool
) -> None:
    """AS-09 is planned for 10 April 2025, its window closes on the 24th (protocol 2.1: open visits are closed)."""
    on, left = date.fromisoformat(day), Case(CCR, "", track="SURVEILLANCE").history()
    ended = replace(
        left,
        milestones={**left.milestones, **dict.fromkeys(GONE[ending].get("milestones", ()), on)},
        withdrawn=dict.fromkeys(GONE[ending].get("withdrawn", ()), on),
        track=GONE[ending]["track"],
        track_since=on,
        track_left="SURVEILLANCE",
        as_of=on,
    )
    codes = {visit.code for visit in plan(TEXT, ended)}
    assert ("AS-09" in codes) is awaited
    assert "AS-06" in codes, "its window had closed: it was not done"
    assert ("SWEEP-12" in codes, "OS36" in codes) == ((True, True) if ending == "loss" else (False, False))


VITAL = {"month 36", "sweep"}
ENDED_BEFORE = {
    "progression during treatment": Case(TREATED, "", track="PROGRESSION", since="2024-06-25"),
    "exploration": Case(
        SEEN_ONCE, "", track="NOT_RESECTED", since="2024-09-04", responses={"CRE1": Response.POSITIVE}
    ),
    "evaluations declined": Case(SEEN_ONCE, "", track="REFUSED_WORKUP", since="2024-09-01"),
    "never treated": Case(RANDOMISED, "", track="NEVER_TREATED", since="2024-06-05"),
}


@pytest.mark.parametrize("after", [None, "DEAD", "LOST"])
@pytest.mark.parametrize("name", ENDED_BEFORE)
def test_survival_follow_up_alone_revives_no_visit_that_had_ended_before(
    name: str, after: str | None
) -> None:
    """Of the visits of the track before, those to come end, but for vital status; the others are as they were."""
    case, on = ENDED_BEFORE[name], date(2024, 11, 20)
    before = case.history()
    alone = replace(
        before,
        track=after or "SURVIVAL_ONLY",
        track_since=on + timedelta(days=60 if after else 0),
        track_left=before.track,
        left_since=before.track_since,
        survival_since=on,
    )
    left = {v.code for v in plan(TEXT, before) if v.closes < on or v.series in VITAL}
    told = {v.code for v in plan(TEXT, alone)}
    assert (
        told if after != "DEAD" else told | {v.code for v in plan(TEXT, before) if v.series in VITAL}
    ) == left


# What stays to come after each event, by series (protocol 2.1, 2.4, 2.5): survival is asked of everybody alive.
ENDS = {
    "regrowth": (Case({**CCR, "REGROWTH": "2025-02-20"}, ""), VITAL | {"surgery", "follow-up"}),
    "metastasis in surveillance": (Case({**CCR, "DM": "2025-02-20"}, ""), VITAL),
    "metastasis at CRE-1": (Case({**SEEN_ONCE, "DM": "2024-08-14"}, ""), VITAL | {"safety", "immune safety"}),
    "recurrence": (
        Case({**SEEN_ONCE, "SURG": "2024-09-04", "REGROWTH": "2024-10-20"}, "", track="RECURRENCE"),
        VITAL | {"postoperative"},
    ),
    "death": (Case({**CCR, "DEATH": "2025-02-20"}, "", track="DEAD"), set()),
}


@pytest.mark.parametrize("event", ENDS)
def test_point_15_what_each_event_leaves_to_come(event: str) -> None:
    case, series = ENDS[event]
    days = {code: date.fromisoformat(on) for code, on in case.milestones.items()}
    on = max(day for code, day in days.items() if code in ("REGROWTH", "DM", "DEATH"))
    coming = [visit for visit in plan(TEXT, case.history()) if visit.opens > on]
    assert {visit.series for visit in coming} <= series
    assert {visit.series for visit in coming} >= series & (VITAL | {"surgery", "follow-up", "postoperative"})


def test_point_15_an_operation_after_regrowth_is_no_crossover() -> None:
    case = Case({**CCR, "REGROWTH": "2025-02-20"}, "", track="SURGERY_PLANNED", since="2025-02-20")
    assert {v.reason for v in plan(TEXT, case.history()) if v.code == "SURG-1"} == {"REGROWTH"}
    late = {code: on for code, on in CCR.items() if code != "CCR"} | {"LATECCR": "2025-02-20"}
    wish = Case(late, "", track="SURGERY_PLANNED", since="2025-03-20")
    assert {v.reason for v in plan(TEXT, wish.history()) if v.code == "SURG-1"} <= {
        "CROSSOVER_TO_SURGERY",
        "NON_CCR",
    }
