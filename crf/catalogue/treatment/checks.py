"""Checks of neoadjuvant treatment (protocol 3.5, X005a, X009 to X018)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.treatment import rules
from crf.catalogue.treatment.chemotherapy_checks import CHEMOTHERAPY
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import All, Answered, Is

PRE_DOSE = ("ci_pre_alt", "ci_pre_creat", "ci_pre_tsh", "ci_pre_gluc", "ci_pre_trop", "ci_pre_spo2")
DRUGS = ("CARBOPLATIN", "NAB_PACLITAXEL", "CAMRELIZUMAB")
PLANNED = (*(f"treatment.{drug}.doses" for drug in DRUGS), "fact.rt_fractions")

ANCHORS = (
    Check(
        code="X005a",
        level=Level.HARD,
        reads=("neo_d1", "ELIG.wocbp", "ELIG.preg_res", "ELIG.preg_dt", "setting.pregnancy_test_days"),
        passes=rules.tested_in_time,
        message=_(
            "Treatment needs a negative pregnancy test of the %(setting_pregnancy_test_days)s days before its first "
            "day. Enter the test on the eligibility form, or check the first day of treatment."
        ),
        fields=("neo_d1",),
        blanks=True,
        criticality=Criticality.CRITICAL,  # overridden, it is proposed as a deviation by X005
    ),
    Check(
        code="X009",
        level=Level.SOFT,
        reads=("neo_d1", "milestone.RAND", "setting.start_within_days"),
        passes=lambda neo_d1, milestone_rand, setting_start_within_days: (
            (neo_d1 - milestone_rand).days <= setting_start_within_days
        ),
        message=_(
            "Treatment began more than %(setting_start_within_days)s days after randomization. Check the dates, or "
            "give the reason."
        ),
        fields=("neo_d1",),
    ),
    Check(
        code="TREAT-01",
        level=Level.HARD,
        reads=("neo_d1", "milestone.RAND"),
        passes=lambda neo_d1, milestone_rand: neo_d1 >= milestone_rand,
        message=_(
            "The first dose or fraction is dated %(neo_d1)s, before randomization on %(milestone_rand)s. Check the "
            "dates against the source."
        ),
        fields=("neo_d1",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X010",
        level=Level.SOFT,
        reads=("rt_start", "chemo", "setting.rt_chemo_start_apart_days"),
        passes=rules.starts_apart("setting_rt_chemo_start_apart_days"),
        message=_(
            "Radiotherapy and chemotherapy did not start together. Check both dates, or give the reason."
        ),
        fields=("rt_start", "chemo"),
    ),
    Check(
        code="X010a",
        level=Level.SOFT,
        reads=("rt_start", "chemo", "setting.rt_chemo_start_deviation_days"),
        passes=rules.starts_apart("setting_rt_chemo_start_deviation_days"),
        message=_(
            "Radiotherapy and chemotherapy started more than %(setting_rt_chemo_start_deviation_days)s days apart: "
            "this is proposed as a deviation."
        ),
        fields=("rt_start",),
        deviation="radiotherapy",
    ),
    Check(
        code="TREAT-02",
        level=Level.SOFT,
        reads=("concurrent_chemo_on_day1",),
        passes=lambda concurrent_chemo_on_day1: concurrent_chemo_on_day1 == "Y",
        message=_("No chemotherapy was given on the day of the first fraction. Check the dates."),
        fields=("rt_start",),
        deviation="drug_dose",
    ),
)


CAMRELIZUMAB = (
    Check(
        code="X011",
        level=Level.HARD,
        reads=("ci_any", "camre"),
        passes=rules.no_camrelizumab,
        message=_(
            "Arm 2 has no camrelizumab before surgery. Check the participant; if it was given, call the trial "
            "office: it is a deviation."
        ),
        fields=("ci_any", "camre"),
        when=Is("participant.arm", "2"),
        blanks=True,
        criticality=Criticality.CRITICAL,
        deviation="wrong_treatment",
    ),
    Check(
        code="X012",
        level=Level.SOFT,
        reads=("neo_d1", "camre", "today", "setting.camrelizumab_first_dose_days"),
        passes=rules.first_camrelizumab_in_time,
        message=_(
            "Camrelizumab dose 1 was not given within %(setting_camrelizumab_first_dose_days)s days of the first day "
            "of treatment. Enter it, or give the reason."
        ),
        fields=("camre",),
        when=Is("participant.arm", "1"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X013",
        level=Level.SOFT,
        reads=(
            "camre",
            "setting.camrelizumab_interval_min_days",
            "setting.camrelizumab_interval_max_days",
        ),
        passes=rules.interval_is_usual,
        message=_(
            "The camrelizumab doses are not %(setting_camrelizumab_interval_min_days)s to "
            "%(setting_camrelizumab_interval_max_days)s days apart. Check both dates, or give the reason."
        ),
        fields=("camre",),
        blanks=True,
    ),
    Check(
        code="X013a",
        level=Level.HARD,
        reads=("camre", "setting.camrelizumab_interval_possible_days"),
        passes=rules.interval_is_possible,
        message=_(
            "A camrelizumab dose is dated less than %(setting_camrelizumab_interval_possible_days)s days after the "
            "one before it. Check both dates."
        ),
        fields=("camre",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="TREAT-07",
        level=Level.SOFT,
        reads=("ci_dt", "planned_day", "neo_d1", "ci_why", "setting.camrelizumab_dose_apart_days"),
        each="camre",
        passes=rules.near_plan("setting_camrelizumab_dose_apart_days"),
        message=_(
            "This dose was given more than %(setting_camrelizumab_dose_apart_days)s days from its planned day. Check "
            "the date, or give the reason."
        ),
        fields=("ci_dt", "ci_why"),
        blanks=True,
        when=Answered("ci_dt"),
    ),
    Check(
        code="TREAT-08",
        level=Level.SOFT,
        reads=PRE_DOSE,
        each="camre",
        passes=rules.results_seen,
        message=_("A result was not seen before camrelizumab was given. Check, or give the reason."),
        fields=PRE_DOSE,
        blanks=True,
    ),
    Check(
        code="TREAT-09",
        level=Level.HARD,
        reads=("camre",),
        passes=rules.stopped_for_good,
        message=_("A dose follows the permanent stop of camrelizumab. Check the stop and the later dose."),
        fields=("camre",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="TREAT-10",
        level=Level.HARD,
        reads=("camre",),
        passes=rules.doses_named_once,
        message=_("Duplicate camrelizumab dose. Give each dose its own number."),
        fields=("camre",),
    ),
)

RADIOTHERAPY = (
    Check(
        code="X017",
        level=Level.HARD,
        reads=("presc_gy", "presc_fx", "dpf"),
        passes=rules.prescription_adds_up,
        message=_("The prescribed dose is not fractions times dose per fraction. Check all three."),
        fields=("presc_gy", "presc_fx", "dpf"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X017a",
        level=Level.HARD,
        reads=("deliv_fx", "presc_fx"),
        passes=lambda deliv_fx, presc_fx: deliv_fx <= presc_fx,
        message=_(
            "More fractions were delivered than prescribed. Check both numbers against the treatment record."
        ),
        fields=("deliv_fx", "presc_fx"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="TREAT-11",
        level=Level.HARD,
        reads=("rt_start", "rt_end", "setting.rt_duration_possible_days"),
        passes=rules.duration_is_possible,
        message=_(
            "The last fraction lies before the first, or %(setting_rt_duration_possible_days)s days or more after it."
            " Check both dates."
        ),
        fields=("rt_end", "rt_start"),
    ),
    Check(
        code="TREAT-12",
        level=Level.SOFT,
        reads=("rt_start", "rt_end", "setting.rt_duration_min_days", "setting.rt_duration_max_days"),
        passes=rules.duration_is_usual,
        message=_(
            "Radiotherapy did not take %(setting_rt_duration_min_days)s to %(setting_rt_duration_max_days)s days. "
            "Check both dates, or confirm with the reason."
        ),
        fields=("rt_end", "rt_start"),
    ),
    Check(
        code="TREAT-13",
        level=Level.SOFT,
        reads=("rt_fx", "rt_start", "rt_end", "deliv_fx"),
        passes=rules.log_agrees,
        message=_("First day, last day or number of fractions differ from the fraction log. Check them."),
        fields=("rt_start", "rt_end", "deliv_fx"),
        blanks=True,
        when=Answered("rt_start"),
    ),
    Check(
        code="TREAT-14",
        level=Level.SOFT,
        reads=("plan_qa",),
        passes=lambda plan_qa: plan_qa != "major",
        message=_("The central review found a major departure of the plan: this is proposed as a deviation."),
        fields=("plan_qa",),
        deviation="radiotherapy",
    ),
)

SUMMARY = (
    Check(
        code="TREAT-15",
        level=Level.SOFT,
        reads=("completed", "carbo_n", "nabp_n", "ci_n", "deliv_fx", "participant.arm", *PLANNED),
        passes=rules.as_planned,
        message=_("Treatment is called complete, and a dose or fraction is missing. Check the summary."),
        fields=("completed",),
        blanks=True,
        when=Answered("completed"),
    ),
    Check(
        code="TREAT-16",
        level=Level.SOFT,
        reads=("camre", "treatment.CAMRELIZUMAB.doses"),
        passes=rules.every_dose_accounted,
        message=_(
            "Every camrelizumab dose is accounted for, a dose not given as omitted. Add the missing row."
        ),
        fields=("camre",),
        when=All(Is("participant.arm", "1"), Answered("completed")),
    ),
)

DEPARTURES = (
    Check(
        code="TREAT-17",
        level=Level.LISTING,
        reads=(
            *("given", "nabp_given", "adm_dt", "nabp_dt"),
            *("planned_day", "neo_d1", "setting.chemo_dose_apart_days"),
        ),
        each="chemo",
        passes=rules.chemo_as_planned,
        message=_(
            "This dose was omitted, reduced or given more than %(setting_chemo_dose_apart_days)s days late: this is "
            "proposed as a deviation."
        ),
        fields=("given", "nabp_given", "adm_dt", "nabp_dt"),
        blanks=True,
        deviation="drug_dose",
    ),
    Check(
        code="TREAT-18",
        level=Level.LISTING,
        reads=("ci_given", "ci_dt", "planned_day", "neo_d1", "setting.camrelizumab_dose_apart_days"),
        each="camre",
        passes=rules.camrelizumab_as_planned,
        message=_(
            "This dose was omitted, interrupted or given more than %(setting_camrelizumab_dose_apart_days)s days "
            "late: this is proposed as a deviation."
        ),
        fields=("ci_given", "ci_dt"),
        blanks=True,
        deviation="drug_dose",
    ),
    Check(
        code="TREAT-19",
        level=Level.LISTING,
        reads=("gap_days", "setting.rt_gap_max_days"),
        passes=lambda gap_days, setting_rt_gap_max_days: gap_days <= setting_rt_gap_max_days,
        message=_(
            "Radiotherapy paused for more than %(setting_rt_gap_max_days)s treatment days: this is proposed as a "
            "deviation."
        ),
        fields=("gap_days",),
        deviation="radiotherapy",
    ),
)

REACTIONS = (
    Check(
        code="TREAT-20",
        level=Level.SOFT,
        reads=("adm_dt", "nabp_dt", "AE*"),
        each="chemo",
        passes=rules.reaction_to_a_drug_is_recorded,
        message=_("An infusion reaction is no adverse event yet. Record it as one."),
        fields=("infusion_reac",),
        when=Is("infusion_reac", "Y"),
        blanks=True,
    ),
    Check(
        code="TREAT-21",
        level=Level.SOFT,
        reads=("ci_dt", "AE*"),
        each="camre",
        passes=rules.reaction_is_recorded,
        message=_("An infusion reaction is no adverse event yet. Record it as one."),
        fields=("ci_reac",),
        when=Is("ci_reac", "Y"),
    ),
)


def _as_planned(code: str, name: str, planned: str, *, each: str = "", only_above: bool = False) -> Check:
    """Make the check that a dose is the one of the protocol text, or at most that one."""
    more = _(
        "This is more than the dose of the protocol. Check the source; correct it or confirm it with a reason."
    )
    other = _(
        "This is not the dose of the protocol. Check the source; correct it or confirm it with a reason."
    )
    return Check(
        code=code,
        level=Level.SOFT,
        reads=(name, planned),
        each=each,
        passes=rules.is_not_above_plan if only_above else rules.is_as_planned,
        message=more if only_above else other,
        fields=(name,),
    )


PLANS = (
    _as_planned("TREAT-22", "presc_gy", "fact.rt_total_gy"),
    _as_planned("TREAT-23", "presc_fx", "fact.rt_fractions"),
    _as_planned("TREAT-24", "dpf", "fact.rt_fraction_gy"),
    _as_planned("TREAT-25", "deliv_fx", "fact.rt_fractions"),
    _as_planned("TREAT-26", "fx_gy", "fact.rt_fraction_gy", each="rt_fx"),
    _as_planned("TREAT-27", "ci_mg", "treatment.CAMRELIZUMAB.amount", each="camre"),
    _as_planned("TREAT-28", "carbo_auc", "treatment.CARBOPLATIN.amount", each="chemo", only_above=True),
    _as_planned("TREAT-29", "nabp_mgm2", "treatment.NAB_PACLITAXEL.amount", each="chemo", only_above=True),
)


def _numbered(code: str, group: str, number: str, planned: str) -> Check:
    """Make the check that a dose is one of those that the text plans; one more is told, and can be kept."""
    return Check(
        code=code,
        level=Level.SOFT,
        reads=(number, planned),
        each=group,
        passes=rules.is_not_above_plan,
        message=_("The protocol plans fewer doses. Check the number of this one, or give the reason."),
        fields=(number,),
    )


NUMBERS = (
    _numbered("TREAT-31", "chemo", "dose_no", "treatment.CARBOPLATIN.doses"),
    _numbered("TREAT-32", "camre", "ci_no", "treatment.CAMRELIZUMAB.doses"),
)

PROGRESSION = (
    Check(
        code="TREAT-33",
        level=Level.SOFT,
        reads=("PROG*",),
        passes=lambda prog_all: len(prog_all or ()) > 0,
        message=_(
            "Treatment ended early for progression, and no progression is on record. Record its date, place and proof "
            "on the form of progression before the decision."
        ),
        fields=("stop_reason",),
        when=Is("stop_reason", "progression"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
)

CHECKS = (
    *PROGRESSION,
    *ANCHORS,
    *CHEMOTHERAPY,
    *CAMRELIZUMAB,
    *RADIOTHERAPY,
    *SUMMARY,
    *DEPARTURES,
    *REACTIONS,
    *PLANS,
    *NUMBERS,
)
