"""Surgery: what is asked when, what is derived, the milestone, each check (protocol 3.8, X040 to X042)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crf.engine.checks import Level
from tests.unit.crf.examples.surgery import (
    OPERATED_ON,
    RESIDUE,
    RESTAGED,
    after_residue,
    example,
    explored,
    not_operated,
    on_wish,
    salvage,
)
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("2.1", "3.8", "3.17")

LEFT = date(2026, 8, 8)
BACK = {"readm_dt": date(2026, 8, 20), "readm_reason": "pulmonary"}
REGROWTH = RESTAGED | {"cre_type": "AS", "cre_outcome": "REGROWTH", "local_call": "1"}


@pytest.mark.parametrize(
    "case",
    [
        example(),
        after_residue(),
        salvage(),
        on_wish(),
        explored(),
        not_operated(),
        example(intent="palliative"),
        example(readm="Y", readms=[BACK]),
    ],
)
def test_a_complete_form_has_no_findings(case: dict[str, Any]) -> None:
    outcome = judge("SURG", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings
    assert not outcome.cleared


def test_what_is_derived() -> None:
    values = judge("SURG", example()).values
    assert (values["wk_from_neo"], values["wk_from_cre"]) == (Decimal("6.0"), Decimal("2.0"))
    assert values["los"] == 12


@pytest.mark.parametrize(
    ("case", "days", "timing"),
    [
        (example(), 42, "planned"),
        (example(surg_dt=date(2026, 9, 7)), 84, "planned"),
        (example(surg_dt=date(2026, 9, 8)), 85, "delayed"),
        (example(surg_dt=date(2026, 9, 8), setting__surgery_arm2_deviation_days=90), 85, "planned"),
        (after_residue(surg_dt=date(2026, 9, 8)), 85, "delayed"),
        (salvage(), 42, "after_ccr"),
        (salvage(milestone__CCR=None, milestone__LATECCR=date(2026, 7, 27)), 42, "after_ccr"),
        (salvage(milestone__CCR=date(2026, 7, 28)), 42, "planned"),
        (on_wish(), 42, "after_ccr"),
        (example(intent="palliative"), 42, None),
        (example(intent="recurrence"), 42, None),
        (example(milestone__NEO_END=None), None, None),
        (example(milestone__NEO_END=date(2026, 7, 28)), -1, None),
        (not_operated(), None, None),
    ],
)
def test_the_time_of_an_operation(case: dict[str, Any], days: int | None, timing: str | None) -> None:
    values = judge("SURG", case).values
    assert (values["days_from_neo"], values["surg_timing"]) == (days, timing)


@pytest.mark.parametrize(
    ("proof", "days"), [(date(2026, 7, 13), 14), (OPERATED_ON, 0), (date(2026, 7, 28), None), (None, None)]
)
def test_days_from_the_proof_of_a_regrowth(proof: date | None, days: int | None) -> None:
    assert judge("SURG", salvage(milestone__REGROWTH=proof)).values["days_from_regrow"] == days


@pytest.mark.parametrize(
    ("evaluations", "weeks"),
    [
        ([], None),
        ([RESTAGED | {"cre_dt": None}], None),
        ([RESTAGED, RESTAGED | {"cre_dt": date(2026, 7, 20)}], Decimal("1.0")),
        ([RESTAGED, RESTAGED | {"cre_dt": OPERATED_ON + timedelta(days=1)}], Decimal("2.0")),
    ],
)
def test_the_weeks_count_from_the_last_evaluation_before(evaluations: list[Any], weeks: Any) -> None:
    assert judge("SURG", example(**{"CRE*": evaluations})).values["wk_from_cre"] == weeks


@pytest.mark.parametrize(
    ("case", "on"),
    [
        (example(), OPERATED_ON),
        (example(surg_dt=None), None),
        (explored(), None),
        (not_operated(), None),
    ],
)
def test_only_a_resection_starts_the_clocks(case: dict[str, Any], on: date | None) -> None:
    assert judge("SURG", case).milestones == {"SURG": on}


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X040", example(surg_dt=date(2026, 6, 15))),
        ("X040a", example(SURV__death_dt="2026-07-26")),
        ("X040a", example(SURV__death_dt="2026-06")),
        ("X041", example(surg_dt=date(2026, 6, 15) + timedelta(days=27))),
        ("X041", example(surg_dt=date(2026, 6, 15) + timedelta(days=85))),
        ("X041", example(setting__surgery_arm2_deviation_days=41)),
        ("X042", salvage(milestone__REGROWTH=None)),
        ("X042", salvage(milestone__REGROWTH=date(2026, 7, 28))),
        ("X042", salvage(milestone__REGROWTH=None, **{"CRE*": [RESIDUE]})),
        ("X042a", on_wish(**{"CRE*": [RESTAGED, RESIDUE]})),
        ("X042a", on_wish(**{"CRE*": [RESTAGED | {"local_call": "2"}]})),
        ("X042a", on_wish(**{"CRE*": [RESTAGED | {"bx_result": "scc"}]})),
        ("SURG-01", example(milestone__NEO_END=None, milestone__NEO_D1=OPERATED_ON)),
        ("SURG-02", after_residue(surg_dt=date(2026, 8, 25), disch_dt=date(2026, 9, 5))),
        ("SURG-03", example(disch_dt=date(2026, 7, 26))),
        ("SURG-04", example(disch_to="died", SURV__death_dt="2026-08-09")),
        ("SURG-05", example(participant__arm="1")),
        ("SURG-05", after_residue(participant__arm="2")),
        ("SURG-06", on_wish(milestone__CCR=None)),
        ("SURG-06", on_wish(milestone__CCR=date(2026, 7, 28))),
        ("SURG-07", after_residue(**{"CRE*": [RESTAGED]})),
        ("SURG-07", after_residue(**{"CRE*": []})),
        ("SURG-08", not_operated(no_surg_reason="patient_refused")),
        ("SURG-08", not_operated(no_surg_reason="ccr")),
        ("SURG-09", explored(no_surg_reason="ccr")),
        ("SURG-10", explored(resid_macro="none")),
        ("SURG-11", example(anast_site="chest")),
        ("SURG-11", example(approach="ivor_lewis")),
        ("SURG-12", example(access_th="none")),
        ("SURG-13", example(anaes_min=270)),
        ("SURG-14", example(icu_d=14)),
        ("SURG-15", example(io_compl=["duct"])),
        ("SURG-16", example(readm="Y", readms=[BACK | {"readm_dt": date(2026, 8, 7)}])),
        ("SURG-19", example(io_compl=["bleeding"])),
        ("SURG-19", example(io_compl=["bleeding"], **{"AE*": [{"ae_st": "2026-07-25"}]})),
        ("SURG-17", example(readm="Y", readms=[BACK | {"readm_dt": LEFT + timedelta(days=31)}])),
        ("SURG-18", example(today=LEFT + timedelta(days=29))),
    ],
)
def test_a_check_fails(code: str, case: dict[str, Any]) -> None:
    assert code in codes(judge("SURG", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X040", example(surg_dt=date(2026, 6, 16))),
        ("X040", not_operated()),
        ("X040a", example(SURV__death_dt="2026-07-27")),
        ("X040a", example(SURV__death_dt="2026")),
        ("X041", example(surg_dt=date(2026, 6, 15) + timedelta(days=28))),
        ("X041", example(surg_dt=date(2026, 6, 15) + timedelta(days=84))),
        ("X041", example(surg_dt=date(2026, 6, 20), intent="palliative")),
        ("X041", after_residue(surg_dt=date(2026, 7, 13))),
        ("X042", salvage(milestone__REGROWTH=OPERATED_ON)),
        ("X042", salvage(milestone__REGROWTH=None, **{"CRE*": [REGROWTH]})),
        ("X042", salvage(milestone__REGROWTH=None, surg_dt=None)),
        ("X042a", on_wish(**{"CRE*": [RESIDUE, RESTAGED]})),
        ("X042a", on_wish(**{"CRE*": []})),
        ("SURG-01", example(milestone__NEO_END=None)),
        ("SURG-01", example(milestone__NEO_D1=OPERATED_ON)),
        ("SURG-02", after_residue(surg_dt=date(2026, 8, 24), disch_dt=date(2026, 9, 5))),
        ("SURG-03", example(disch_dt=OPERATED_ON)),
        ("SURG-04", example(disch_to="died", SURV__death_dt="2026-08-08")),
        ("SURG-04", example(disch_to="died", SURV__death_dt="2026-08")),
        ("SURG-04", example(SURV__death_dt="2026-09-09")),
        ("SURG-05", salvage(participant__arm="2")),
        ("SURG-06", on_wish(surg_dt=None)),
        ("SURG-06", on_wish(milestone__CCR=None, milestone__LATECCR=date(2026, 7, 13))),
        ("SURG-07", after_residue(surg_dt=None, **{"CRE*": []})),
        ("SURG-08", not_operated(no_surg_reason="ccr", **{"CRE*": [{"pt_dec": "declines_surgery"}]})),
        ("SURG-08", not_operated()),
        ("SURG-09", not_operated(no_surg_reason="patient_refused")),
        ("SURG-11", example(approach="ivor_lewis", anast_site="chest")),
        ("SURG-11", example(approach="sweet", anast_site="chest")),
        ("SURG-12", example(approach="transhiatal", access_th="none")),
        ("SURG-13", example(anaes_min=280)),
        ("SURG-14", example(icu_d=13)),
        ("SURG-15", example(io_compl=["duct"], duct="Y")),
        ("SURG-16", example(readm="Y", readms=[BACK | {"readm_dt": LEFT}])),
        ("SURG-19", example(io_compl=["bleeding"], **{"AE*": [{"ae_st": "2026-07-27"}]})),
        ("SURG-19", example(io_compl=["none"])),
        ("SURG-17", example(readm="Y", readms=[BACK | {"readm_dt": LEFT + timedelta(days=30)}])),
        ("SURG-18", example(today=LEFT + timedelta(days=30))),
        ("SURG-18", example(today=LEFT, disch_dt=None)),
    ],
)
def test_a_check_passes(code: str, case: dict[str, Any]) -> None:
    assert code not in codes(judge("SURG", case))


def test_what_stops_the_save() -> None:
    early = judge("SURG", example(surg_dt=date(2026, 6, 15)))
    assert {finding.code for finding in early.at(Level.HARD)} == {"X040"}
    after_death = judge("SURG", example(SURV__death_dt="2026-07-26", disch_dt=None))
    assert {finding.code for finding in after_death.at(Level.HARD)} == {"X040a"}


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (example(surg_done=None), {"surg_done"}),
        (explored(no_surg_reason="other"), {"no_surg_other"}),
        (not_operated(no_surg_reason=None, no_surg_dt=None), {"no_surg_reason", "no_surg_dt"}),
        (example(approach="other"), {"approach_other"}),
        (example(conversion="Y"), {"conv_reason"}),
        (example(io_compl=["bleeding", "other"]), {"io_other"}),
        (example(adj_organ=["other"]), {"adj_other"}),
        (example(disch_dt=None), {"disch_dt"}),
        (example(readm=None), {"readm"}),
        (example(readm=None, disch_to="died"), set()),
        (example(readm="Y"), {"readms"}),
        (example(readm="Y", readms=[BACK | {"readm_reason": "other"}]), {"readms.1.readm_text"}),
    ],
)
def test_what_must_be_answered_then(case: dict[str, Any], asked: set[str]) -> None:
    assert set(judge("SURG", case).unanswered) == asked


def test_what_was_not_done_is_not_asked() -> None:
    assert judge("SURG", not_operated()).visible == {
        *("op_no", "surg_done", "no_surg_reason", "no_surg_dt"),
    }
    seen = judge("SURG", explored()).visible
    assert {"access_th", "jejun", "resid_macro", "disch_dt"} <= seen
    assert not {"approach", "lnd", "conduit", "anast_site", "adj_organ"} & seen


def test_conversion_is_asked_where_something_can_be_converted() -> None:
    open_surgery = {"access_th": "open", "access_ab": "open"}
    assert "conversion" not in judge("SURG", example(**open_surgery)).visible
    assert "conversion" in judge("SURG", example(**open_surgery | {"access_ab": "scopic"})).visible


def test_answers_of_an_operation_that_was_none_are_cleared() -> None:
    outcome = judge("SURG", example(surg_done="none"))
    assert outcome.values["op_min"] is None
    assert "surg_dt" in outcome.cleared
    assert outcome.milestones == {"SURG": None}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"alb_pre": 27.9}, "alb_pre:soft"),
        ({"op_min": 481, "anaes_min": 500}, "op_min:soft"),
        ({"op_min": 29}, "op_min:hard"),
        ({"ebl": 15001}, "ebl:hard"),
        ({"disch_dt": date(2026, 8, 2)}, "los:soft"),
        ({"disch_dt": date(2026, 8, 22)}, "los:soft"),
        ({"vent_h": 24.5}, "vent_h:soft"),
    ],
)
def test_unusual_values_are_asked_about(change: dict[str, Any], key: str) -> None:
    assert key in found(judge("SURG", example(**change)))


BEFORE = {"sequence": 1, "surg_done": "resection", "surg_dt": date(2026, 7, 20)}
AGAIN = {"surg_done": "reresection", "intent": "recurrence"}


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X040b", example(**{"SURG*": [BEFORE]})),
        ("X040c", example(**AGAIN)),
        ("X040c", example(**AGAIN, **{"SURG*": [BEFORE | {"surg_dt": date(2026, 7, 27)}]})),
        ("X040c", example(**AGAIN, **{"SURG*": [BEFORE | {"surg_done": "explored"}]})),
        ("SURG-20", example(**{"SURG*": [BEFORE | {"surg_done": "explored", "surg_dt": date(2026, 7, 27)}]})),
        ("X043a", example(**{"PATH*": []})),
        ("X043a", example(**{"PATH*": [{"op_no": 2}]})),
        ("X043a", example(**{"PATH*": []}, today=date(2026, 9, 11))),
    ],
)
def test_point_16_operations_are_compared_with_each_other(code: str, case: dict) -> None:
    assert code in codes(judge("SURG", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X040b", example(**{"SURG*": [BEFORE | {"surg_done": "explored"}]})),
        ("X040b", example(**AGAIN, **{"SURG*": [BEFORE]})),
        ("X040c", example(**AGAIN, **{"SURG*": [BEFORE]})),
        ("SURG-20", example(**{"SURG*": [BEFORE]})),
        ("X043a", example(**{"PATH*": []}, today=date(2026, 9, 10))),
        ("X043a", explored(**{"PATH*": []})),
        ("SURG-10", explored(resid_macro="none", **{"SURG*": [BEFORE]})),
    ],
)
def test_point_16_operations_that_agree_find_nothing(code: str, case: dict) -> None:
    assert code not in codes(judge("SURG", case))


def test_point_16_only_a_resection_of_the_oesophagus_sets_the_milestone() -> None:
    again = judge("SURG", example(**AGAIN, **{"SURG*": [BEFORE]}))
    assert again.milestones == {"SURG": None}
    assert again.complete, again.unanswered
    assert judge("SURG", explored()).milestones == {"SURG": None}
    assert judge("SURG", example(record__sequence=2)).values["op_no"] == 2


def test_point_15_an_operation_on_wish_may_follow_a_late_ccr() -> None:
    """A cCR that is first reached in surveillance is a cCR (decision B7); one after the operation is not."""
    late = on_wish(milestone__CCR=None, milestone__LATECCR=date(2026, 7, 13))
    assert "SURG-06" not in codes(judge("SURG", late))
    assert "SURG-06" in codes(
        judge("SURG", on_wish(milestone__CCR=None, milestone__LATECCR=date(2026, 7, 28)))
    )
    assert "SURG-06" in codes(judge("SURG", on_wish(milestone__CCR=None)))
