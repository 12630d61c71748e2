"""Neoadjuvant treatment: days that start clocks, expected doses, each check (protocol 2.1, 3.5, 3.17)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crf import catalogue
from crf.engine.checks import Level
from tests.unit.crf.examples.treatment import (
    MONDAY,
    camrelizumab,
    chemotherapy,
    example,
    example_arm_2,
    fractions,
    omitted,
    with_dose,
    with_infusion,
)
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("1.4", "2.1", "3.5", "3.17")

NO_PACLITAXEL = {"nabp_given": "omitted", "nabp_reason": "other_ae", "nabp_dt": None}
FIVE = [chemotherapy(number) for number in range(1, 6)]
PREGNANT_POSSIBLE = {"ELIG__wocbp": "Y", "ELIG__preg_res": "NEG"}
REACTED = {"ae_st": "2026-05-11"}
NO_RADIATION = {"rt_given": "N", "completed": "N", "stop_reason": "toxicity"}


def infused(day: int, month: int = 5) -> datetime:
    return datetime(2026, month, day, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("case", [example(), example_arm_2()])
def test_a_complete_form_has_no_findings(case: dict[str, Any]) -> None:
    outcome = judge("TREAT", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings
    assert not outcome.cleared


def test_the_milestones_of_a_treatment_as_planned() -> None:
    assert judge("TREAT", example()).milestones == {
        "NEO_D1": MONDAY,
        "NEO_END": date(2026, 6, 10),
        "LASTDOSE": date(2026, 6, 10),
        "LASTCAMRE": date(2026, 6, 1),
    }
    assert judge("TREAT", example_arm_2()).milestones["LASTCAMRE"] is None


@pytest.mark.parametrize(
    ("change", "day"),
    [
        ({"rt_start": date(2026, 5, 10)}, date(2026, 5, 10)),
        ({"rt_start": date(2026, 5, 13)}, MONDAY),
        ({"rt_start": date(2026, 5, 13), "chemo": FIVE[1:]}, MONDAY),
        ({"camre": [], "chemo": FIVE[1:], "rt_start": date(2026, 5, 13)}, date(2026, 5, 13)),
        ({"camre": [], "chemo": [], "rt_given": None}, None),
    ],
)
def test_day_1_is_the_first_of_any_component(change: dict[str, Any], day: date | None) -> None:
    assert judge("TREAT", example(**change)).milestones["NEO_D1"] == day


def test_the_day_of_an_infusion_is_the_day_at_the_site() -> None:
    late = datetime(2026, 5, 10, 17, 0, tzinfo=UTC)
    values = judge("TREAT", example(camre=[camrelizumab(1, ci_dt=late)], rt_start=date(2026, 5, 12))).values
    assert values["last_camre"] == MONDAY


@pytest.mark.parametrize(
    ("change", "day"),
    [
        ({"rt_end": None}, None),
        ({"completed": None}, date(2026, 6, 10)),
        (NO_RADIATION, date(2026, 6, 8)),
        (NO_RADIATION | {"completed": None}, None),
        ({"setting__neo_end_rule": "last_of_any_component", "rt_end": date(2026, 6, 5)}, date(2026, 6, 8)),
        ({"setting__neo_end_rule": "last_of_any_component", "completed": None}, None),
        ({"setting__neo_end_rule": "last_of_any_component", "rt_end": None}, None),
    ],
)
def test_the_end_of_treatment(change: dict[str, Any], day: date | None) -> None:
    assert judge("TREAT", example(**change)).milestones["NEO_END"] == day


def test_the_last_dose_follows_the_fraction_log_until_the_last_fraction_is_known() -> None:
    case = example(rt_end=None, rt_fx=fractions(date(2026, 6, 9)), completed=None)
    assert judge("TREAT", case).milestones["LASTDOSE"] == date(2026, 6, 9)


def test_expected_doses() -> None:
    outcome = judge("TREAT", example())
    row = outcome.groups["chemo"][3]
    assert (row["planned_day"], row["carbo_calc"], row["nabp_calc"]) == (
        22,
        Decimal("210.0"),
        Decimal("85.6"),
    )
    assert [dose["planned_day"] for dose in outcome.groups["camre"]] == [1, 22]
    capped = judge("TREAT", with_dose(1, gfr_d=140, carbo_mg=300)).groups["chemo"][0]
    assert capped["carbo_calc"] == Decimal("300.0")
    reduced = judge("TREAT", with_dose(1, nabp_given="reduced", nabp_mgm2=40, nabp_reason="other_ae"))
    assert reduced.groups["chemo"][0]["nabp_calc"] == Decimal("68.4")


def test_the_summary() -> None:
    rows = [
        *FIVE[:3],
        chemotherapy(4, given="reduced", carbo_auc=1.5, nabp_given="reduced", nabp_mgm2=40),
        omitted(5),
    ]
    values = judge("TREAT", example(chemo=rows, deliv_fx=20)).values
    assert [values[name] for name in ("chemo_n", "carbo_n", "nabp_n", "ci_n")] == [4, 4, 4, 2]
    assert (values["carbo_int"], values["nabp_int"]) == (Decimal("75.0"), Decimal("76.0"))
    assert (values["deliv_gy"], values["rt_pct"]) == (Decimal("36.00"), Decimal("87.0"))
    assert values["concurrent_chemo_on_day1"] == "Y"


def test_weekdays_without_a_fraction() -> None:
    assert judge("TREAT", example(deliv_fx=21)).values["gap_calc"] == 2
    log = fractions(MONDAY, date(2026, 5, 12), date(2026, 5, 14))
    assert judge("TREAT", example(rt_fx=log)).values["gap_calc"] == 1


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X005a", example(**PREGNANT_POSSIBLE, ELIG__preg_dt=date(2026, 5, 3))),
        ("X005a", example(ELIG__wocbp="Y")),
        ("X009", example(milestone__RAND=date(2026, 4, 26))),
        ("TREAT-01", example(milestone__RAND=date(2026, 5, 12))),
        ("X010", example(rt_start=date(2026, 5, 13))),
        ("X010a", example(rt_start=date(2026, 5, 15))),
        ("TREAT-02", example(rt_start=date(2026, 5, 12))),
        ("TREAT-03", with_dose(2, adm_dt=date(2026, 5, 21))),
        ("TREAT-03a", with_dose(2, nabp_dt=date(2026, 5, 21))),
        ("TREAT-04", with_dose(5, adm_dt=date(2026, 7, 21))),
        ("TREAT-04a", with_dose(5, nabp_dt=date(2026, 7, 21))),
        ("TREAT-05", with_dose(2, adm_dt=MONDAY)),
        ("TREAT-05", with_dose(2, nabp_dt=MONDAY)),
        ("TREAT-30", with_dose(1, creat_d=60)),
        ("TREAT-06", with_dose(1, form_tax="solvent")),
        ("X014", with_dose(1, carbo_mg=232)),
        ("X014", with_dose(1, carbo_mg=188)),
        ("X015", with_dose(1, nabp_mg=95)),
        ("X015", with_dose(1, nabp_mg=77)),
        ("X016", with_dose(1, weight_d=56)),
        ("X018", with_dose(3, anc_d=0.99)),
        ("X018", with_dose(3, plt_d=74)),
        ("X019", with_dose(3, anc_d=0.99)),
        ("X019", with_dose(3, plt_d=49)),
        ("X011", example_arm_2(ci_any="Y")),
        ("X011", example_arm_2(ci_any="Y", camre=[camrelizumab(1)])),
        ("X012", example(camre=[])),
        ("X012", with_infusion(1, ci_dt=infused(19))),
        ("X012", with_infusion(1, ci_given="omitted", ci_dt=None)),
        ("X013", with_infusion(2, ci_dt=infused(29))),
        ("X013", with_infusion(2, ci_dt=infused(8, 6))),
        ("X013a", with_infusion(2, ci_dt=infused(24))),
        ("TREAT-07", with_infusion(2, ci_dt=infused(5, 6))),
        ("TREAT-08", with_infusion(2, ci_pre_trop="N")),
        ("TREAT-09", with_infusion(1, ci_stop="Y", ci_stop_dt=date(2026, 5, 20), ci_stop_why="irae")),
        ("TREAT-10", example(camre=[camrelizumab(1), camrelizumab(1)])),
        ("X017", example(presc_gy=41.5)),
        ("X017a", example(deliv_fx=24)),
        ("TREAT-11", example(rt_end=date(2026, 5, 10))),
        ("TREAT-11", example(rt_end=date(2026, 8, 10), today=date(2026, 9, 1))),
        ("TREAT-12", example(rt_end=date(2026, 6, 7))),
        ("TREAT-12", example(rt_end=date(2026, 6, 25))),
        ("TREAT-13", example(rt_fx=fractions(MONDAY, date(2026, 6, 10)))),
        ("TREAT-14", example(plan_qa="major")),
        ("TREAT-15", example(chemo=[*FIVE[:4], omitted(5)])),
        ("TREAT-15", example(deliv_fx=22)),
        ("TREAT-15", with_infusion(2, ci_given="omitted", ci_dt=None, ci_why="irae")),
        ("TREAT-17", example(chemo=[*FIVE[:4], omitted(5)])),
        ("TREAT-17", with_dose(2, given="reduced", mod_reason="other_ae")),
        ("TREAT-17", with_dose(2, nabp_given="reduced", nabp_reason="other_ae")),
        ("TREAT-15", example(chemo=[*FIVE[:4], chemotherapy(5, **NO_PACLITAXEL)])),
        ("TREAT-17", with_dose(2, adm_dt=date(2026, 5, 21), mod_reason="logistic")),
        ("TREAT-18", example(camre=[camrelizumab(1), {"ci_no": 2, "ci_given": "omitted", "ci_why": "irae"}])),
        (
            "TREAT-18",
            example(camre=[camrelizumab(1), camrelizumab(2, ci_given="interrupted", ci_why="irae")]),
        ),
        (
            "TREAT-18",
            example(camre=[camrelizumab(1), camrelizumab(2, ci_dt=datetime(2026, 6, 4, 18, tzinfo=UTC))]),
        ),
        ("TREAT-19", example(gap_days=3, gap_reason="machine")),
        ("TREAT-20", with_dose(2, infusion_reac="Y")),
        ("TREAT-20", example(chemo=[*FIVE[:4], chemotherapy(5, infusion_reac="Y")], **{"AE*": [REACTED]})),
        ("TREAT-21", example(camre=[camrelizumab(1, ci_reac="Y"), camrelizumab(2)])),
        ("TREAT-16", example(camre=[camrelizumab(1)])),
    ],
)
def test_a_check_fails(code: str, case: dict[str, Any]) -> None:
    assert code in codes(judge("TREAT", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X005a", example(**PREGNANT_POSSIBLE, ELIG__preg_dt=date(2026, 5, 4))),
        ("X005a", example(ELIG__wocbp="N")),
        ("X005a", example(ELIG__wocbp="Y", chemo=[], camre=[], rt_given=None)),
        ("X009", example(milestone__RAND=date(2026, 4, 27))),
        ("TREAT-01", example(milestone__RAND=MONDAY)),
        ("X010", example(rt_start=date(2026, 5, 12))),
        ("X010", example(chemo=[])),
        ("X010a", example(rt_start=date(2026, 5, 14))),
        ("TREAT-03", with_dose(2, adm_dt=date(2026, 5, 20))),
        ("TREAT-03", with_dose(2, adm_dt=date(2026, 5, 21), mod_reason="logistic")),
        ("TREAT-04", with_dose(5, adm_dt=date(2026, 7, 20))),
        ("X014", with_dose(1, carbo_mg=231)),
        ("X014", with_dose(1, carbo_mg=189)),
        ("X015", with_dose(1, nabp_mg=94)),
        ("X016", example(chemo=[chemotherapy(number, weight_d=56.3) for number in range(1, 6)])),
        ("X018", with_dose(3, anc_d=1, plt_d=75)),
        ("X018", with_dose(3, anc_d=None, plt_d=None)),
        ("X019", with_dose(3, anc_d=1, plt_d=50)),
        ("X011", example_arm_2(ci_any="N")),
        ("X012", with_infusion(1, ci_dt=infused(18))),
        ("X012", example(camre=[], today=date(2026, 5, 18))),
        ("X013", with_infusion(2, ci_dt=infused(30))),
        ("X013", with_infusion(2, ci_dt=infused(7, 6))),
        ("X013a", with_infusion(2, ci_dt=infused(25))),
        ("TREAT-07", with_infusion(2, ci_dt=infused(4, 6))),
        ("TREAT-07", with_infusion(2, ci_dt=infused(5, 6), ci_why="logistic")),
        (
            "TREAT-09",
            example(
                camre=[
                    camrelizumab(1, ci_stop="Y", ci_stop_dt=date(2026, 5, 20), ci_stop_why="irae"),
                    {"ci_no": 2, "ci_given": "omitted", "ci_why": "irae", "ci_stop": "N"},
                ]
            ),
        ),
        ("X017", example(presc_gy=41.45)),
        ("TREAT-11", example(rt_end=date(2026, 8, 9), today=date(2026, 9, 1))),
        ("TREAT-12", example(rt_end=date(2026, 6, 8))),
        ("TREAT-12", example(rt_end=date(2026, 6, 24))),
        ("TREAT-13", example(rt_fx=fractions(MONDAY), rt_end=None)),
        ("TREAT-15", example(chemo=[*FIVE[:4], omitted(5)], completed="N", stop_reason="toxicity")),
        ("TREAT-33", example(completed="N", stop_reason="progression", **{"PROG*": [{"sequence": 1}]})),
        ("TREAT-33", example(completed="N", stop_reason="toxicity", **{"PROG*": []})),
        ("TREAT-15", example_arm_2()),
        ("TREAT-17", with_dose(2, adm_dt=date(2026, 5, 20))),
        ("TREAT-17", with_dose(2, adm_dt=date(2026, 5, 15), mod_reason="logistic")),
        (
            "TREAT-18",
            example(camre=[camrelizumab(1), camrelizumab(2, ci_dt=datetime(2026, 6, 4, 8, tzinfo=UTC))]),
        ),
        ("TREAT-19", example(gap_days=2, gap_reason="machine")),
        ("TREAT-19", example(gap_days=None)),
        ("TREAT-20", example(chemo=[chemotherapy(1, infusion_reac="Y"), *FIVE[1:]], **{"AE*": [REACTED]})),
        ("TREAT-21", example(camre=[camrelizumab(1, ci_reac="Y"), camrelizumab(2)], **{"AE*": [REACTED]})),
        ("TREAT-16", example(camre=[camrelizumab(1)], completed=None)),
    ],
)
def test_a_check_passes(code: str, case: dict[str, Any]) -> None:
    assert code not in codes(judge("TREAT", case))


def test_camrelizumab_in_arm_2_stops_the_save() -> None:
    stops = judge("TREAT", example_arm_2(ci_any="Y", camre=[camrelizumab(1)])).at(Level.HARD)
    assert [finding.code for finding in stops] == ["X011"]


def test_arm_2_is_not_shown_the_infusions() -> None:
    visible = judge("TREAT", example_arm_2()).visible
    assert "ci_any" in visible
    assert not any(name.startswith("camre.") for name in visible)
    assert "ci_any" not in judge("TREAT", example()).visible


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"chemo": [*FIVE[:4], {"dose_no": 5}]}, {"chemo.5.given", "chemo.5.nabp_given"}),
        ({"chemo": [*FIVE[:4], omitted(5) | {"mod_reason": None}]}, {"chemo.5.mod_reason"}),
        ({"chemo": [*FIVE[:4], chemotherapy(5, given="reduced")]}, {"chemo.5.mod_reason"}),
        ({"chemo": [*FIVE[:4], chemotherapy(5, nabp_given="reduced")]}, {"chemo.5.nabp_reason"}),
        ({"chemo": [*FIVE[:4], chemotherapy(5, nabp_dt=None)]}, {"chemo.5.nabp_dt"}),
        ({"chemo": [*FIVE[:4], omitted(5, anc_d=0.4)]}, {"chemo.5.count_dt"}),
        ({"camre": []}, {"camre"}),
        ({"completed": "N"}, {"stop_reason"}),
        ({"gap_days": 3}, {"gap_reason"}),
    ],
)
def test_what_must_be_answered_then(change: dict[str, Any], asked: set[str]) -> None:
    assert set(judge("TREAT", example(**change)).unanswered) == asked


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"presc_gy": 40, "presc_fx": 20, "dpf": 2, "deliv_fx": 20}, "TREAT-22"),
        ({"lung_v20": 31}, "lung_v20:soft"),
        ({"gap_days": 1, "gap_reason": "holiday"}, "gap_days:proposal"),
        ({"presc_fx": 20}, "TREAT-23"),
        ({"dpf": 2}, "TREAT-24"),
        ({"deliv_fx": 22}, "TREAT-25"),
        ({"rt_fx": [{"fx_dt": MONDAY, "fx_gy": Decimal("1.9")}]}, "TREAT-26:rt_fx.1"),
        ({"camre": [camrelizumab(1, ci_mg=150), camrelizumab(2)]}, "TREAT-27:camre.1"),
        ({"chemo": [chemotherapy(1, carbo_auc=Decimal("2.1")), *FIVE[1:]]}, "TREAT-28:chemo.1"),
        ({"chemo": [chemotherapy(1, nabp_mgm2=51), *FIVE[1:]]}, "TREAT-29:chemo.1"),
        ({"camre": [camrelizumab(1, ci_mg=201), camrelizumab(2)]}, "camre.1.ci_mg:hard"),
    ],
)
def test_departures_from_the_plan_are_asked_about(change: dict[str, Any], key: str) -> None:
    assert key in found(judge("TREAT", example(**change)))


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        ({"ae_st": "2026-06-01", "ae_en": None}, False),
        ({"ae_st": "2026-06-02", "ae_en": None}, True),
        ({"ae_st": "2026-05-01", "ae_en": "2026-05-18"}, False),
        ({"ae_st": "2026-05-01", "ae_en": "2026-05-17"}, True),
    ],
)
def test_a_severe_count_has_an_event_within_7_days(event: dict[str, Any], asked: bool) -> None:
    case = with_dose(3, anc_d=0.9)  # given on 25 May
    case["context"]["AE*"] = [event]
    assert ("X019" in codes(judge("TREAT", case))) is asked


@pytest.mark.parametrize(
    ("event", "asked"), [({"ae_st": "2026-06-01", "ae_en": None}, False), ({"ae_st": "2026-06-02"}, True)]
)
def test_point_16_counts_stay_when_the_dose_is_omitted_because_of_them(
    event: dict[str, Any], asked: bool
) -> None:
    rows = [*FIVE[:2], omitted(3, anc_d=0.4, plt_d=40, count_dt=date(2026, 5, 25)), *FIVE[3:]]
    outcome = judge("TREAT", example(chemo=rows, **{"AE*": [event]}))
    row = outcome.groups["chemo"][2]
    assert (row["anc_d"], row["plt_d"], row["count_dt"]) == (Decimal("0.4"), 40, date(2026, 5, 25))
    assert ("X019" in codes(outcome)) is asked
    assert "X018" not in codes(outcome)


def test_point_16_a_severe_count_is_read_where_only_its_planned_day_is_known() -> None:
    rows = [*FIVE[:2], omitted(3, anc_d=0.4), *FIVE[3:]]
    assert "X019" in codes(judge("TREAT", example(chemo=rows, **{"AE*": [{"ae_st": "2026-06-02"}]})))
    assert "X019" not in codes(judge("TREAT", example(chemo=rows, **{"AE*": [{"ae_st": "2026-05-30"}]})))


def test_point_16_each_drug_of_a_day_stands_by_itself() -> None:
    """Paclitaxel was stopped for anaphylaxis and carboplatin given: no dose of 0 mg, no range query."""
    outcome = judge("TREAT", example(chemo=[*FIVE[:4], chemotherapy(5, **NO_PACLITAXEL)], completed="N"))
    row, values = outcome.groups["chemo"][4], outcome.values
    assert (row["nabp_mg"], row["nabp_mgm2"], row["form_tax"], row["carbo_mg"]) == (None, None, None, 210)
    assert [values[name] for name in ("chemo_n", "carbo_n", "nabp_n")] == [5, 5, 4]
    assert (values["carbo_int"], values["nabp_int"]) == (Decimal("100.0"), Decimal("80.0"))
    assert codes(outcome) == {"TREAT-17"}
    assert not [key for key in found(outcome) if "nabp" in key]


@pytest.mark.parametrize(
    "given", [{"given": "omitted", "mod_reason": "other_ae", "adm_dt": None}, NO_PACLITAXEL]
)
def test_point_16_low_counts_are_asked_about_when_either_drug_is_given(given: dict[str, Any]) -> None:
    assert "X018" in codes(judge("TREAT", with_dose(3, anc_d=0.9, **given)))


def test_point_16_the_first_day_is_that_of_either_drug() -> None:
    rows = [chemotherapy(1, adm_dt=date(2026, 5, 12)), *FIVE[1:]]
    assert (
        judge("TREAT", example(chemo=rows, camre=[], rt_start=date(2026, 5, 13))).milestones["NEO_D1"]
        == MONDAY
    )


def test_x016_compares_with_the_weight_on_which_the_doses_were_calculated() -> None:
    falling = [chemotherapy(number, weight_d=weight) for number, weight in enumerate((60, 58, 56, 52, 54), 1)]
    keys = found(judge("TREAT", example(chemo=falling, DM__weight=54.6)))
    assert {key for key in keys if key.startswith("X016")} == {"X016:chemo.4"}


@pytest.mark.parametrize(
    ("sex", "birth", "clearance"), [("M", "1961-03", "80.0"), ("F", "1961-03", "68.0"), ("M", "1961", None)]
)
def test_point_16_the_gfr_follows_the_formula_of_the_text(
    sex: str, birth: str, clearance: str | None
) -> None:
    case = example(
        chemo=[chemotherapy(1, creat_d=71.4)],
        ELIG__sex=sex,
        ELIG__birth=birth,
        setting__gfr_formula="CKD-EPI 2021",
    )
    row = judge("TREAT", case).groups["chemo"][0]
    assert (row["gfr_calc"] is None) == (clearance is None)
    if clearance:
        assert row["gfr_calc"] != Decimal(clearance)
    unmeasured = judge("TREAT", example(chemo=[chemotherapy(1, creat_d=71.4)], DM__height=None))
    assert unmeasured.groups["chemo"][0]["gfr_calc"] == Decimal("80.0"), "the default formula needs no height"


@pytest.mark.parametrize(
    ("sex", "birth", "clearance"), [("M", "1961-03", "80.0"), ("F", "1961-03", "68.0"), ("M", "1961", None)]
)
def test_gfr_is_derived_beside_the_typed_value(sex: str, birth: str, clearance: str | None) -> None:
    case = example(chemo=[chemotherapy(1, creat_d=71.4)], ELIG__sex=sex, ELIG__birth=birth)
    row = judge("TREAT", case).groups["chemo"][0]
    assert row["gfr_calc"] == (None if clearance is None else Decimal(clearance))


def test_treatment_that_ended_for_progression_needs_its_record() -> None:
    stopped = example(completed="N", stop_reason="progression", **{"PROG*": []})
    assert "TREAT-33" in codes(judge("TREAT", stopped))


def test_point_01_an_event_is_begun_from_the_worst_count_of_a_day() -> None:
    [lead] = catalogue.form("TREAT").leads
    outcome = judge("TREAT", with_dose(2, anc_d=Decimal("0.9"), plt_d=20))
    row = outcome.groups["chemo"][1]
    assert lead.is_one(row)
    assert lead.answers(outcome.values, row) == {
        "ae_term": "Platelet count decreased",
        "ctcae_term": "Platelet count decreased",
        "lab_test": "PLAT",
        "lab_dt": row["adm_dt"],
        "ae_st": row["adm_dt"],
        "grade": 4,
    }
    assert not lead.is_one(row | {"anc_d": Decimal(3), "plt_d": None})
    assert not lead.is_one(row | {"anc_d": None, "plt_d": None})
