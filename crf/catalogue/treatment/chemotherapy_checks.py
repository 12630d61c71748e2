"""Checks of the days of chemotherapy (protocol 3.5 A, X014 to X016, X018, X019)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.treatment import rules
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import Answered


def _near_plan(code: str, on: str, reason: str) -> Check:
    """Make the check that one drug was given near its planned day, or that its reason is answered."""
    return Check(
        code=code,
        level=Level.SOFT,
        reads=(on, "planned_day", "neo_d1", reason, "setting.chemo_dose_apart_days"),
        each="chemo",
        passes=rules.near_plan("setting_chemo_dose_apart_days"),
        message=_(
            "This dose was given more than %(setting_chemo_dose_apart_days)s days from its planned day. Check the "
            "date, or give the reason."
        ),
        fields=(on, reason),
        blanks=True,
        when=Answered(on),
    )


def _not_too_late(code: str, on: str) -> Check:
    """Make the check that one drug is not dated so late that it must be a mistake."""
    return Check(
        code=code,
        level=Level.HARD,
        reads=(on, "neo_d1", "setting.chemo_dose_latest_days"),
        each="chemo",
        passes=lambda neo_d1, setting_chemo_dose_latest_days, **given: all(
            (day - neo_d1).days <= setting_chemo_dose_latest_days for day in given.values()
        ),
        message=_(
            "This dose is dated more than %(setting_chemo_dose_latest_days)s days after the first day of treatment. "
            "Check the date."
        ),
        fields=(on,),
    )


CHEMO = (
    _near_plan("TREAT-03", "adm_dt", "mod_reason"),
    _near_plan("TREAT-03a", "nabp_dt", "nabp_reason"),
    _not_too_late("TREAT-04", "adm_dt"),
    _not_too_late("TREAT-04a", "nabp_dt"),
    Check(
        code="TREAT-05",
        level=Level.SOFT,
        reads=("chemo",),
        passes=rules.chemo_in_order,
        message=_("The doses are not in the order of their dates. Check the dates."),
        fields=("chemo",),
    ),
    Check(
        code="TREAT-06",
        level=Level.SOFT,
        reads=("form_tax",),
        each="chemo",
        passes=lambda form_tax: form_tax == "albumin",
        message=_(
            "The protocol gives albumin-bound paclitaxel. Check what was given; another is a deviation."
        ),
        fields=("form_tax",),
        deviation="drug_dose",
    ),
    Check(
        code="X014",
        level=Level.SOFT,
        reads=("carbo_mg", "carbo_calc", "setting.dose_tolerance_percent"),
        each="chemo",
        passes=rules.close_to("carbo_mg", "carbo_calc"),
        message=_(
            "Carboplatin is more than %(setting_dose_tolerance_percent)s %% off AUC x (GFR + 25). Check dose, AUC and"
            " GFR."
        ),
        fields=("carbo_mg", "carbo_auc", "gfr_d"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X015",
        level=Level.SOFT,
        reads=("nabp_mg", "nabp_calc", "setting.dose_tolerance_percent"),
        each="chemo",
        passes=rules.close_to("nabp_mg", "nabp_calc"),
        message=_(
            "Paclitaxel is more than %(setting_dose_tolerance_percent)s %% off the dose for the body surface. Check "
            "dose, weight and height."
        ),
        fields=("nabp_mg", "nabp_mgm2", "weight_d"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X016",
        level=Level.SOFT,
        reads=("dose_no", "weight_d", "chemo", "DM.weight", "setting.dose_weight_change_percent"),
        each="chemo",
        passes=rules.weight_kept,
        message=_(
            "The weight differs by more than %(setting_dose_weight_change_percent)s %% from the one on which the doses "
            "were calculated. Calculate them again."
        ),
        fields=("weight_d",),
        blanks=True,
    ),
    Check(
        code="TREAT-30",
        level=Level.SOFT,
        reads=("gfr_d", "gfr_calc", "setting.dose_tolerance_percent"),
        each="chemo",
        passes=rules.close_to("gfr_d", "gfr_calc"),
        message=_(
            "The GFR used is more than %(setting_dose_tolerance_percent)s %% off the one that creatinine, weight, age "
            "and sex give. Check it."
        ),
        fields=("gfr_d", "creat_d"),
    ),
    Check(
        code="X018",
        level=Level.SOFT,
        reads=(
            *("anc_d", "plt_d", "given", "nabp_given"),
            *("setting.neoadjuvant_anc_min", "setting.neoadjuvant_platelets_min"),
        ),
        each="chemo",
        passes=rules.blood_allows,
        message=_(
            "Neutrophils (%(anc_d)s) or platelets (%(plt_d)s) were under %(setting_neoadjuvant_anc_min)s or "
            "%(setting_neoadjuvant_platelets_min)s on the day of this dose. Check the results; tell the doctor."
        ),
        fields=("anc_d", "plt_d"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
)

COUNTS = (
    Check(
        code="X019",
        level=Level.SOFT,
        reads=(
            *("anc_d", "plt_d", "count_dt", "adm_dt", "nabp_dt", "planned_day", "neo_d1"),
            *("AE*", *rules.COUNTED),
        ),
        each="chemo",
        passes=rules.severe_count_is_an_event,
        message=_(
            "Neutrophils (%(anc_d)s) or platelets (%(plt_d)s) are of grade %(setting_blood_count_event_grade)s or "
            "more, and no adverse event was recorded within %(setting_blood_count_event_days)s days. Record it."
        ),
        fields=("anc_d", "plt_d"),
        blanks=True,
    ),
)

CHEMOTHERAPY = (*CHEMO, *COUNTS)
