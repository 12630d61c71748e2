"""Checks of the eligibility form (protocol 3.1, X002 to X007)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from crf.catalogue.eligibility.rules import (
    LIMITS,
    TICKS,
    age_allowed,
    all_ticked_as_met,
    free_of,
    reads_of,
    staged_alike,
    undisputed,
)
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import Is
from protocol.eligibility import CriterionReason

STAGED = (
    CriterionReason.CONTRADICTS_STAGE_T,
    CriterionReason.CONTRADICTS_STAGE_N,
    CriterionReason.CONTRADICTS_STAGE_M,
)
INVADES = (CriterionReason.CONTRADICTS_T4B, CriterionReason.CONTRADICTS_PET)


def tested_in_time(
    preg_res: str | None,
    preg_dt: date | None,
    milestone_neo_d1: date | None,
    setting_pregnancy_test_days: int,
) -> bool:
    """Say whether a negative test is recent on the first day of treatment (X005)."""
    if milestone_neo_d1 is None:
        return True
    if preg_res != "NEG" or preg_dt is None:
        return False
    return 0 <= (milestone_neo_d1 - preg_dt).days <= setting_pregnancy_test_days


CHECKS = (
    Check(
        code="X002",
        level=Level.SOFT,
        reads=("birth", "icf_dt", "age", *LIMITS),
        passes=age_allowed,
        message=_(
            "The age at consent is outside %(fact_age_min)s to %(fact_age_max)s years: randomization stays closed. "
            "Check the birth date; if it is right, record a screen failure."
        ),
        fields=("birth",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X003",
        level=Level.SOFT,
        reads=("ct_e", "cn_e", "cm_e", "STAGE.ct", "STAGE.cn", "STAGE.cm"),
        passes=staged_alike,
        message=_(
            "cT, cN and cM are %(ct_e)s %(cn_e)s %(cm_e)s here and %(stage_ct)s %(stage_cn)s %(stage_cm)s on the "
            "staging form: randomization stays closed. Correct the form that is wrong."
        ),
        fields=("ct_e", "cn_e", "cm_e"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X004",
        level=Level.SOFT,
        reads=reads_of("I-1", "I-2"),
        passes=undisputed("I-1", "I-2", but=(*STAGED, *INVADES)),
        message=_(
            "Inclusion 1 or 2 is ticked as met, and histology, cT, cN, cM, resectability or ECOG says otherwise. "
            "Check the answers and the tick."
        ),
        fields=("inc_1", "inc_2", "hist_type", "ct_e", "cm_e", "resectable", "ecog"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X004a",
        level=Level.SOFT,
        reads=reads_of("I-1"),
        passes=free_of("I-1", *INVADES),
        message=_(
            "The staging form names an invaded neighbour or a proven distant lesion: this is T4b or M1. Check "
            "the staging form and inclusion 1."
        ),
        fields=("inc_1", "ct_e", "cm_e"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X005",
        level=Level.SOFT,
        reads=("preg_res", "preg_dt", "milestone.NEO_D1", "setting.pregnancy_test_days"),
        passes=tested_in_time,
        message=_(
            "Treatment needs a negative pregnancy test of the %(setting_pregnancy_test_days)s days before its first "
            "day. Check the dates of both; repeat the test if it is older."
        ),
        fields=("preg_dt", "preg_res"),
        when=Is("wocbp", "Y"),
        blanks=True,
        criticality=Criticality.CRITICAL,
        deviation="eligibility",
    ),
    Check(
        code="X006",
        level=Level.SOFT,
        reads=reads_of("E-1"),
        passes=undisputed("E-1"),
        message=_("The history names an autoimmune disease. Check exclusion 1 and the history."),
        fields=("exc_1",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X006a",
        level=Level.SOFT,
        reads=reads_of("E-2"),
        passes=undisputed("E-2"),
        message=_(
            "The medication holds a systemic corticosteroid over %(setting_eligibility_steroid_mg)s mg prednisone a "
            "day or another immunosuppressant. Check exclusion 2 and the medication."
        ),
        fields=("exc_2",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X006b",
        level=Level.SOFT,
        reads=reads_of("E-3"),
        passes=undisputed("E-3"),
        message=_(
            "The history names an interstitial lung disease with symptoms. Check exclusion 3 and the history."
        ),
        fields=("exc_3",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X006c",
        level=Level.SOFT,
        reads=reads_of("E-7"),
        passes=undisputed("E-7"),
        message=_(
            "The history names chemotherapy, radiotherapy, targeted or immune therapy for a cancer. Check "
            "exclusion 7 and the history."
        ),
        fields=("exc_7",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X007",
        level=Level.LISTING,
        reads=TICKS,
        passes=all_ticked_as_met,
        message=_("A criterion is not met: randomization stays closed. Record a screen failure."),
        fields=("elig_ok",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="ELIG-01",
        level=Level.HARD,
        reads=("icf_dt", "site.activated_on"),
        passes=lambda icf_dt, site_activated_on: icf_dt >= site_activated_on,
        message=_(
            "Consent was signed before the site was activated. Check the date on the consent page and call the "
            "trial office."
        ),
        fields=("icf_dt",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="ELIG-02",
        level=Level.HARD,
        reads=("icf_ver", "consent.version_in_force"),
        passes=lambda icf_ver, consent_version_in_force: consent_version_in_force,
        message=_(
            "This version of the consent was not approved on the day of signing. Check version and date on the "
            "consent page."
        ),
        fields=("icf_ver",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="ELIG-03",
        level=Level.SOFT,
        reads=("icf_dt", "milestone.RAND", "setting.screening_window_days"),
        passes=lambda icf_dt, milestone_rand, setting_screening_window_days: (
            (milestone_rand - icf_dt).days <= setting_screening_window_days
        ),
        message=_(
            "The consent of %(icf_dt)s is more than %(setting_screening_window_days)s days old at randomization on "
            "%(milestone_rand)s. Check the date."
        ),
        fields=("icf_dt",),
    ),
    Check(
        code="ELIG-04",
        level=Level.HARD,
        reads=("hist_dt", "milestone.RAND"),
        passes=lambda hist_dt, milestone_rand: hist_dt <= milestone_rand,
        message=_(
            "The biopsy of %(hist_dt)s is dated after randomization on %(milestone_rand)s. Check the date against "
            "the report."
        ),
        fields=("hist_dt",),
    ),
    Check(
        code="ELIG-05",
        level=Level.SOFT,
        reads=("hist_dt", "milestone.RAND", "setting.biopsy_window_days"),
        passes=lambda hist_dt, milestone_rand, setting_biopsy_window_days: (
            (milestone_rand - hist_dt).days <= setting_biopsy_window_days
        ),
        message=_(
            "The biopsy of %(hist_dt)s is more than %(setting_biopsy_window_days)s days old at randomization on "
            "%(milestone_rand)s. Check the date."
        ),
        fields=("hist_dt",),
    ),
    Check(
        code="ELIG-06",
        level=Level.SOFT,
        reads=("mdt_dt", "milestone.RAND", "setting.screening_window_days"),
        passes=lambda mdt_dt, milestone_rand, setting_screening_window_days: (
            0 <= (milestone_rand - mdt_dt).days <= setting_screening_window_days
        ),
        message=_(
            "The team met after randomization or more than %(setting_screening_window_days)s days before it. Check "
            "the date."
        ),
        fields=("mdt_dt",),
    ),
    Check(
        code="ELIG-07",
        level=Level.SOFT,
        reads=reads_of("E-5"),
        passes=undisputed("E-5"),
        message=_("The pregnancy test is positive. Check the result and exclusion 5."),
        fields=("exc_5", "preg_res"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="ELIG-08",
        level=Level.SOFT,
        reads=reads_of("E-6"),
        passes=undisputed("E-6"),
        message=_("He does not agree to contraception. Check exclusion 6 and the answer."),
        fields=("exc_6", "contra"),
        blanks=True,
    ),
)
