"""Checks of the baseline work-up (protocol 3.4, X001)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.catalogue.staging import rules
from crf.engine.checks import Check, Criticality, Level, Owner
from crf.engine.conditions import Answered, Is

WORK_UP = ("ogd_dt", "eus_dt", "ct_dt", "pet_dt", "us_dt")


def _in_window(field: str, letter: str) -> tuple[Check, Check]:
    """A test is at most 28 days older than randomization, and not after it (protocol 2.2 SCR, 3.4)."""

    def recent(milestone_rand: Any, setting_screening_window_days: int, **day: Any) -> bool:
        return bool((milestone_rand - day[field]).days <= setting_screening_window_days)

    def earlier(milestone_rand: Any, **day: Any) -> bool:
        return bool(day[field] <= milestone_rand)

    return (
        Check(
            code=f"STAGE-01{letter}",
            level=Level.SOFT,
            reads=(field, "milestone.RAND", "setting.screening_window_days"),
            passes=recent,
            message=_(
                "This test is more than %(setting_screening_window_days)s days old at randomization on "
                "%(milestone_rand)s. Check the date."
            ),
            fields=(field,),
        ),
        Check(
            code=f"STAGE-02{letter}",
            level=Level.HARD,
            reads=(field, "milestone.RAND"),
            passes=earlier,
            message=_(
                "This baseline test is dated after randomization on %(milestone_rand)s. Check the date against the "
                "report."
            ),
            fields=(field,),
        ),
    )


CHECKS = (
    Check(
        code="X001",
        level=Level.SOFT,
        reads=(*WORK_UP, "soc", "milestone.ICF"),
        passes=rules.tests_after_consent,
        message=_("A test is dated before consent. Check the date, or tick that it was standard care."),
        fields=(*WORK_UP, "soc"),
        blanks=True,
        when=Answered("milestone.ICF"),
        criticality=Criticality.CRITICAL,
        deviation="consent",
    ),
    *(
        check
        for field, letter in zip(WORK_UP[:4], "abcd", strict=True)
        for check in _in_window(field, letter)
    ),
    Check(
        code="STAGE-03",
        level=Level.HARD,
        reads=("lower_cm", "upper_cm"),
        passes=rules.edges_in_order,
        message=_("The lower edge is not below the upper edge. Check both distances."),
        fields=("lower_cm", "upper_cm"),
    ),
    Check(
        code="STAGE-04",
        level=Level.SOFT,
        reads=("ut", "ct"),
        passes=rules.one_step_apart,
        message=_("EUS and cT differ by more than one step. Check both, or confirm with a reason."),
        fields=("ut", "ct"),
    ),
    Check(
        code="STAGE-05",
        level=Level.SOFT,
        reads=("aorta_ang", "t4b_str", "ct"),
        passes=rules.aorta_agrees,
        message=_(
            "The tumour touches more than 90 degrees of the aorta. Ask the radiologist whether it is invaded (T4b)."
        ),
        fields=("aorta_ang", "t4b_str"),
        blanks=True,
        when=Is("aorta_ang", "over_90"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-06",
        level=Level.SOFT,
        reads=("airway", "ct"),
        passes=rules.invaded_airway_is_t4b,
        message=_(
            "The airway is invaded: cT is T4b, and the participant is not eligible. Check both answers."
        ),
        fields=("airway", "ct"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-07",
        level=Level.SOFT,
        reads=("t4a_str", "ct"),
        passes=rules.t4a_agrees,
        message=_("A neighbour is invaded, and cT is below T4a. Check both answers."),
        fields=("t4a_str", "ct"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-08",
        level=Level.SOFT,
        reads=("t4b_str", "ct"),
        passes=rules.t4b_agrees,
        message=_("A T4b structure is named, and cT is not T4b: T4b is not eligible. Check both answers."),
        fields=("t4b_str", "ct"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-09",
        level=Level.SOFT,
        reads=("ct_m", "cm", "m_workup"),
        passes=rules.lesion_explained,
        message=_("CT shows a distant lesion, and cM is M0. Write how metastasis was excluded."),
        fields=("ct_m", "cm", "m_workup"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-10",
        level=Level.SOFT,
        reads=("bron_ind", "bron_done"),
        passes=rules.bronchoscopy_done,
        message=_("Bronchoscopy was indicated and not done. Do it before randomization, or give the reason."),
        fields=("bron_done",),
    ),
    Check(
        code="STAGE-11",
        level=Level.SOFT,
        reads=("bron_ind", "site_sub", "airway"),
        passes=rules.airway_looked_at,
        message=_(
            "The tumour lies at or above the carina or touches the airway: bronchoscopy is indicated. Check the answer."
        ),
        fields=("bron_ind",),
        blanks=True,
        when=Is("bron_ind", "N"),
    ),
    Check(
        code="STAGE-12",
        level=Level.SOFT,
        reads=("bron_res", "ct"),
        passes=rules.proven_invasion_is_t4b,
        message=_(
            "Bronchoscopy proved invasion: cT is T4b, and the participant is not eligible. Check both."
        ),
        fields=("bron_res", "ct"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-13",
        level=Level.SOFT,
        reads=("cn", "cn_n"),
        passes=rules.count_agrees,
        message=_(
            "cN and the number of suspect nodes disagree: N1 is 1 to 2, N2 3 to 6, N3 7 or more. Check both."
        ),
        fields=("cn", "cn_n"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="STAGE-14",
        level=Level.SOFT,
        reads=("node", "cn_n"),
        passes=rules.table_agrees,
        message=_(
            "The nodes called positive in the table are not as many as counted. Check table and number."
        ),
        fields=("node", "cn_n"),
    ),
    Check(
        code="STAGE-15",
        level=Level.LISTING,
        reads=("stage_confirm", "cstage"),
        passes=rules.review_agrees,
        message=_("The central review and the site stage the tumour differently."),
        fields=("stage_confirm",),
        owner=Owner.DATA_MANAGER,
    ),
    Check(
        code="STAGE-16",
        level=Level.HARD,
        reads=("sbp", "dbp"),
        passes=rules.pressures_in_order,
        message=_("Diastolic pressure must be lower than systolic. Check both against the source."),
        fields=("sbp", "dbp"),
    ),
    Check(
        code="STAGE-17",
        level=Level.SOFT,
        reads=("role", "kind", "size_mm"),
        each="recist",
        passes=rules.measurable,
        message=_(
            "A target lesion measures 10 mm or more, a node 15 mm or more. Check the size or its role."
        ),
        fields=("size_mm",),
        criticality=Criticality.MINOR,
    ),
)
