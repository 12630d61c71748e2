"""Adverse events: period, window, special interest, and what they have to agree with (protocol 3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.crf.examples.adverse_event import example, fatal
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.6", "3.17")

PLAIN = {
    "irae": "N",
    "irae_type": None,
    "ir_ster": None,
    "ir_pred": None,
    "ir_st": None,
    "ir_en": None,
    "ir_2nd": None,
}
MILD = PLAIN | {"ae_kind": "none", "rel_camre": "not", "rel_rt": "not", "rel_chemo": "not"}
NOT_SERIOUS = {"serious": "N", "ser_crit": None, "ser_aware": None}
NO_CAMRE = {"TREAT__camre": [], "milestone__LASTCAMRE": None}
LATE_EVENT = {**PLAIN, **NOT_SERIOUS, "ae_st": "2027-03-01", "ae_en": "2027-03-09", "ae_kind": "none"}
LATE_EVENT |= {"rel_camre": "not", "rel_rt": "not", "rel_chemo": "not"}
SURVEILLED = {"as_dt": date(2027, 3, 10), "as_sten": "none", "as_late_lung": "N"}
SENT = datetime(2026, 6, 21, 9, 0, tzinfo=UTC)
CLOCK = {"event_no": 1, "kind": "sae_report", "due_at": datetime(2026, 6, 22, 9, 0, tzinfo=UTC)}
IO_LATER = [{"st_kind": "io", "st_start": "2026-06"}]
PD1_LATER = [{"st_kind": "chemo", "st_class": ["chemo", "pd1"], "st_start": "2026-06"}]


@pytest.mark.parametrize("case", [example(), fatal(), example(**MILD, **NOT_SERIOUS)])
def test_a_complete_form_has_no_findings(case: dict) -> None:
    outcome = judge("AE", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("began", "period"),
    [
        ("2026-05-01", "screening"),
        ("2026-06-20", "neoadjuvant"),
        ("2026-06", "neoadjuvant"),
        ("2026-07-20", "interval"),
        ("2026-12-01", "late"),
        ("2026-04-01", None),
    ],
)
def test_the_period_follows_from_the_onset(began: str, period: str | None) -> None:
    assert judge("AE", example(ae_st=began)).values["ae_period"] == period


EXPLORED = {"surg_done": "explored", "surg_dt": date(2026, 8, 18)}
AGAIN = {"surg_done": "reresection", "surg_dt": date(2027, 3, 1)}


@pytest.mark.parametrize("operation", [EXPLORED, AGAIN])
def test_point_16_every_operation_with_an_incision_opens_its_window(operation: dict) -> None:
    """An exploration and a re-resection set no milestone; 90 days after them events are collected (decision C7)."""
    for days, period, collected in ((90, "perioperative", True), (91, None, False)):
        began = (operation["surg_dt"] + timedelta(days=days)).isoformat()
        event = example(**MILD, **NOT_SERIOUS, ae_st=began, **{"SURG*": [operation]})
        values = judge("AE", event).values
        assert values["in_window"] is collected
        assert (values["ae_period"] == period) is (period is not None)
    refused = {"surg_done": "none", "surg_dt": None}
    late = example(**MILD, **NOT_SERIOUS, ae_st="2026-11-20", **{"SURG*": [refused]})
    assert judge("AE", late).values["in_window"] is False


def test_point_16_surveillance_after_a_late_ccr_is_surveillance() -> None:
    watched = example(ae_st="2027-03-01", milestone__LATECCR=date(2027, 1, 4))
    assert judge("AE", watched).values["ae_period"] == "surveillance"


def test_surgery_and_surveillance_have_their_periods() -> None:
    operated = example(ae_st="2026-08-20", milestone__SURG=date(2026, 8, 18))
    assert judge("AE", operated).values["ae_period"] == "perioperative"
    watched = example(ae_st="2026-10-20", milestone__CCR=date(2026, 9, 1))
    assert judge("AE", watched).values["ae_period"] == "surveillance"


@pytest.mark.parametrize(
    ("changes", "worst"),
    [
        ({}, "probable"),
        ({"rel_camre": "na", "rel_rt": "na", "rel_chemo": "unlikely"}, "unlikely"),
        ({"rel_surg": "definite"}, "definite"),
        (dict.fromkeys(("rel_camre", "rel_chemo", "rel_rt", "rel_surg", "rel_proc"), "na"), None),
    ],
)
def test_the_strongest_relation(changes: dict, worst: str | None) -> None:
    assert judge("AE", example(**changes)).values["rel_worst"] == worst


def test_events_of_special_interest() -> None:
    assert judge("AE", example()).values["aesi"] == ["pneumonitis"]
    assert judge("AE", example(grade="1")).values["aesi"] == []
    assert judge("AE", fatal()).values["aesi"] == ["pneumonitis", "treatment_death"]


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({"rccep_mm": 8, "rccep_gen": "N"}, 1),
        ({"rccep_mm": 12, "rccep_gen": "N"}, 2),
        ({"rccep_mm": 4, "rccep_gen": "Y"}, 3),
        ({"rccep_mm": 4, "rccep_gen": "Y", "ser_crit": ["life"]}, 4),
    ],
)
def test_the_helper_grades_capillary_proliferation(changes: dict, grade: int) -> None:
    outcome = judge("AE", example(irae_type="rccep", ae_kind="none", **changes))
    assert outcome.values["rccep_grade"] == grade
    assert ("AE-09" in codes(outcome)) is (grade != 2)


@pytest.mark.parametrize(
    ("changes", "long"),
    [
        ({}, False),
        ({"ir_en": date(2026, 7, 25)}, True),
        ({"ir_en": None}, True),
        ({"ir_en": None, "ir_pred": Decimal(10)}, False),
        ({"ir_pred": None}, None),
    ],
)
def test_a_long_steroid_course_is_flagged(changes: dict, long: bool | None) -> None:
    outcome = judge("AE", example(**changes))
    assert outcome.values["ir_long"] is long
    assert ("AE-11" in codes(outcome)) is bool(long)


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X020", example(action_camre="stopped", ae_st="2026-05-20")),
        ("X020a", example(action_chemo="stopped", ae_st="2026-05-20")),
        ("X020b", example(action_rt="stopped", ae_st="2026-05-20")),
        ("X021", example(**{"SAE*": []})),
        ("X021", example(**{"SAE*": [{"ae_no": 2, "sequence": 1, "sae_report": SENT}]})),
        ("X021", example(**{"SAE*": [{"ae_no": 1, "sequence": 1, "sae_report": None}]})),
        ("X021", example(**{"SAE*": [], "safety.clocks": [CLOCK]}, ser_aware=None)),
        ("X022c", fatal(SURV__death_dt="2026-07-19")),
        ("X022d", fatal(**{"SURV*": [{"vital": "alive", "status_dt": date(2026, 7, 19)}]})),
        ("X022e", fatal(SURV__death_dt=None)),
        ("X023", example(**NO_CAMRE)),
        ("X023", example(ae_st="2026-05-10")),
        ("AE-01", example(ae_en="2026-06-19")),
        ("AE-02", example(ae_st="2026-04-01")),
        ("AE-03", example(grade="5")),
        ("AE-03", example(outcome="fatal", ser_crit=["death"], SURV__death_dt="2026-07-18")),
        ("AE-04", fatal(ser_crit=["life"])),
        ("AE-04", fatal(**NOT_SERIOUS)),
        ("AE-04", example(ser_crit=["death"])),
        ("AE-05", example(grade="3")),
        ("AE-06", example(ae_grades=[{"g_from": "2026-06-19", "g_grade": "2"}])),
        ("AE-06", example(ae_grades=[{"g_from": "2026-07-19", "g_grade": "2"}])),
        ("AE-07", example(**NO_CAMRE)),
        ("AE-07", example(ae_st="2026-05-10")),
        ("AE-08", example(action_camre="delayed", TREAT__camre=[])),
        ("AE-10", example(**MILD, **NOT_SERIOUS, ae_st="2026-07-13")),
        ("AE-10", example(**LATE_EVENT, **{"AS*": [SURVEILLED]})),
        (
            "AE-10",
            example(**LATE_EVENT, **{"AS*": [SURVEILLED | {"as_late_lung": "Y", "as_dt": date(2027, 2, 1)}]}),
        ),
        ("AE-10", example(ae_st="2026-11-20", **PLAIN, ae_kind="none", rel_camre="not", rel_rt="not")),
        ("AE-12", example(ae_st="2026-06-22")),
        ("AE-13", example(ae_ongo="Y")),
        ("AE-13", example(outcome="recovering")),
        ("AE-14", example(ae_kind="none")),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("AE", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X020", example(action_camre="stopped", ae_st="2026-06-01")),
        ("X020", example(action_camre="delayed", ae_st="2026-05-20")),
        ("X020a", example(action_chemo="stopped", ae_st="2026-06")),
        ("X021", example(**{"SAE*": []}, today=date(2026, 6, 22))),
        ("X021", example(**{"SAE*": []}, **NOT_SERIOUS)),
        ("X022c", fatal(SURV__death_dt="2026-07")),
        ("X022c", fatal(SURV__death_dt=None)),
        ("X022d", fatal(**{"SURV*": [{"vital": "alive", "status_dt": date(2026, 7, 18)}]})),
        ("X023", example(ae_st="2026-05-11")),
        ("X023", example(**NO_CAMRE, **{"ST*": IO_LATER})),
        ("X023", example(**NO_CAMRE, **{"ST*": PD1_LATER})),
        ("X023", example(**NO_CAMRE, **{"FU*": [{"adj_given": "io", "adj_start": date(2026, 6, 1)}]})),
        ("AE-02", example(ae_st="2026-04")),
        ("AE-07", example(**NO_CAMRE, rel_camre="na")),
        ("AE-08", example(action_camre="none", TREAT__camre=[])),
        ("AE-10", example(**MILD, **NOT_SERIOUS, ae_st="2026-07-12")),
        ("AE-10", example(**PLAIN, ae_st="2026-08-30")),
        ("AE-10", example(**LATE_EVENT | {"ae_kind": "stenosis"})),
        ("AE-10", example(**LATE_EVENT | {"ae_kind": "perforation"})),
        ("AE-10", example(**LATE_EVENT | {"rel_rt": "possible"})),
        ("AE-10", example(**LATE_EVENT, **{"AS*": [SURVEILLED | {"as_late_lung": "Y"}]})),
        ("AE-10", example(**LATE_EVENT, **{"AS*": [SURVEILLED | {"as_sten": "symptomatic"}]})),
        ("AE-10", example(**MILD, **NOT_SERIOUS, ae_st="2026-11-20", milestone__SURG=date(2026, 9, 1))),
        ("AE-10", example(**MILD, **NOT_SERIOUS, ae_st="2027-03-01", cre_rel="Y", cre_what="pain")),
        ("AE-13", example(ae_ongo="Y", outcome="recovering")),
        ("AE-13", example(ae_ongo="Y", outcome="unknown")),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("AE", case))


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (example(**NOT_SERIOUS | {"serious": "Y"}), {"ser_crit", "ser_aware"}),
        (example(**PLAIN | {"irae": "Y"}), {"irae_type", "ir_ster", "ir_2nd"}),
        (example(ir_2nd="Y"), {"ir_2nd_txt"}),
        (example(irae_type="rccep"), {"rccep_mm", "rccep_gen"}),
        (example(ae_en=None), {"ae_en"}),
        (example(ae_pt="Pneumonitis"), {"ae_soc", "ae_dict_ver"}),
        (example(cre_rel="Y"), {"cre_what"}),
    ],
)
def test_what_must_be_answered_then(case: dict, asked: set[str]) -> None:
    assert set(judge("AE", case).unanswered) == asked


def test_the_reasons_of_an_event_that_is_not_serious_are_cleared() -> None:
    outcome = judge("AE", example(serious="N"))
    assert set(outcome.cleared) == {"ser_crit", "ser_aware"}


def test_the_day_of_the_24_hours_is_the_sites() -> None:
    late = datetime(2026, 6, 21, 17, 0, tzinfo=UTC)  # 22 June, one in the morning at the site
    waiting = example(**{"SAE*": []}, ser_aware=late, today=date(2026, 6, 23))
    assert "X021" not in codes(judge("AE", waiting))
    assert "X021" in codes(judge("AE", example(**{"SAE*": []}, ser_aware=late, today=date(2026, 6, 24))))
