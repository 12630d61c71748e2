"""Checks of surgery (protocol 3.8, X040 to X042)."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from crf.catalogue.surgery import rules
from crf.engine.checks import Check, Criticality, Level, not_before
from crf.engine.conditions import All, Answered, Is, Not

TIMING, CROSSOVER = "surgery_timing", "crossover"

DATES = (
    Check(
        code="X040",
        level=Level.HARD,
        reads=("surg_dt", "milestone.NEO_END"),
        passes=lambda surg_dt, milestone_neo_end: surg_dt > milestone_neo_end,
        message=_(
            "The operation of %(surg_dt)s is not dated after the end of neoadjuvant treatment on "
            "%(milestone_neo_end)s. Check both dates against the source."
        ),
        fields=("surg_dt",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X040b",
        level=Level.HARD,
        reads=("surg_done", "SURG*"),
        passes=rules.one_resection,
        message=_(
            "Another record says that the oesophagus was resected. It is resected once: a later operation is a "
            "re-resection. Correct the record that is wrong."
        ),
        fields=("surg_done",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X040c",
        level=Level.HARD,
        reads=("surg_done", "surg_dt", "SURG*"),
        passes=rules.follows_a_resection,
        message=_(
            "A re-resection follows a resection of the oesophagus, and none is on record before this day. Record the "
            "resection first, or correct the outcome."
        ),
        fields=("surg_done", "surg_dt"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURG-20",
        level=Level.SOFT,
        reads=("surg_dt", "SURG*"),
        passes=rules.entered_once,
        message=_(
            "Another record has an operation on the same day. Check whether this one was entered twice."
        ),
        fields=("surg_dt",),
    ),
    Check(
        code="X040a",
        level=Level.HARD,
        reads=("surg_dt", "SURV.death_dt"),
        passes=lambda surg_dt, surv_death_dt: not_before(surv_death_dt, surg_dt),
        message=_(
            "The operation of %(surg_dt)s is dated after the recorded death of %(surv_death_dt)s. Check both dates "
            "against the source."
        ),
        fields=("surg_dt",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURG-01",
        level=Level.HARD,
        reads=("surg_dt", "milestone.NEO_D1"),
        passes=lambda surg_dt, milestone_neo_d1: surg_dt > milestone_neo_d1,
        message=_(
            "The operation of %(surg_dt)s is not dated after the first day of neoadjuvant treatment, "
            "%(milestone_neo_d1)s. Check both dates against the source."
        ),
        fields=("surg_dt",),
        when=Not(Answered("milestone.NEO_END")),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X041",
        level=Level.SOFT,
        reads=(
            *("surg_dt", "milestone.NEO_END"),
            *("schedule.SURG-2.opens", "setting.surgery_arm2_deviation_days"),
        ),
        passes=rules.planned_in_time,
        message=_(
            "Surgery in Arm 2 is planned %(schedule_surg_2_opens)s to %(setting_surgery_arm2_deviation_days)s days "
            "after the end of neoadjuvant treatment. Check the date, or give the reason."
        ),
        fields=("surg_dt",),
        when=All(Is("participant.arm", "2"), Is("intent", "planned")),
        criticality=Criticality.CRITICAL,
        deviation=TIMING,
    ),
    Check(
        code="SURG-02",
        level=Level.SOFT,
        reads=("wk_from_cre", "schedule.SURG-1.closes"),
        passes=lambda wk_from_cre, schedule_surg_1_closes: wk_from_cre * 7 <= schedule_surg_1_closes,
        message=_(
            "The operation is more than %(schedule_surg_1_closes)s days after the evaluation that led to it. Check "
            "the date, or give the reason."
        ),
        fields=("surg_dt",),
        when=Is("intent", "non_ccr"),
        deviation=TIMING,
    ),
    Check(
        code="SURG-03",
        level=Level.HARD,
        reads=("disch_dt", "surg_dt"),
        passes=lambda disch_dt, surg_dt: disch_dt >= surg_dt,
        message=_("The discharge is dated before the operation. Check both dates."),
        fields=("disch_dt", "surg_dt"),
    ),
    Check(
        code="SURG-04",
        level=Level.SOFT,
        reads=("disch_dt", "disch_to", "SURV.death_dt"),
        passes=lambda disch_dt, disch_to, surv_death_dt: (
            not_before(surv_death_dt, disch_dt) and not_before(disch_dt, surv_death_dt)
        ),
        message=_(
            "Died in hospital, with %(disch_dt)s as the end of the stay, and the survival form has "
            "%(surv_death_dt)s as the day of death. Check both."
        ),
        fields=("disch_dt", "disch_to"),
        when=Is("disch_to", "died"),
        criticality=Criticality.CRITICAL,
    ),
)

WAY = (
    Check(
        code="X042",
        level=Level.SOFT,
        reads=("surg_dt", "milestone.REGROWTH", "CRE*"),
        passes=lambda surg_dt, milestone_regrowth, cre_all: (
            surg_dt is None or rules.regrowth_is_known(surg_dt, milestone_regrowth, cre_all)
        ),
        message=_(
            "Salvage follows a regrowth, and none is on record before the operation. Check the kind of operation, "
            "or record the regrowth."
        ),
        fields=("intent",),
        when=Is("intent", "salvage"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X042a",
        level=Level.SOFT,
        reads=("surg_dt", "CRE*"),
        passes=rules.last_evaluation_is_clear,
        message=_(
            "The last evaluation before the operation was positive, so this is not surgery on wish alone. Check the "
            "kind of operation."
        ),
        fields=("intent",),
        when=Is("intent", "wish"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURG-05",
        level=Level.SOFT,
        reads=("intent", "participant.arm"),
        passes=rules.kind_fits_arm,
        message=_("This kind of operation belongs to the other arm. Check the kind of operation."),
        fields=("intent",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURG-06",
        level=Level.SOFT,
        reads=("surg_dt", "milestone.CCR", "milestone.LATECCR"),
        passes=lambda surg_dt, milestone_ccr, milestone_lateccr: (
            surg_dt is None or rules.ccr_was_declared(surg_dt, milestone_ccr, milestone_lateccr)
        ),
        message=_("No cCR was declared before this operation. Check the kind of operation, or CRE-2."),
        fields=("intent",),
        when=Is("intent", "wish"),
        blanks=True,
    ),
    Check(
        code="SURG-07",
        level=Level.SOFT,
        reads=("surg_dt", "CRE*"),
        passes=lambda surg_dt, cre_all: surg_dt is None or rules.residue_was_found(surg_dt, cre_all),
        message=_(
            "No evaluation before this operation found residue. Check the kind of operation, or the evaluations."
        ),
        fields=("intent",),
        when=Is("intent", "non_ccr"),
        blanks=True,
    ),
    Check(
        code="SURG-08",
        level=Level.LISTING,
        reads=("no_surg_reason", "CRE*"),
        passes=lambda no_surg_reason, cre_all: rules.refusal_is_recorded(cre_all),
        message=_("The participant chose no surgery after it was planned: a crossover is proposed."),
        fields=("no_surg_reason",),
        when=All(Is("surg_done", "none"), Is("no_surg_reason", "patient_refused", "ccr")),
        blanks=True,
        deviation=CROSSOVER,
        fact="declines_surgery",
    ),
)

OPERATION = (
    Check(
        code="SURG-09",
        level=Level.SOFT,
        reads=("surg_done", "no_surg_reason"),
        passes=lambda surg_done, no_surg_reason: no_surg_reason not in ("patient_refused", "ccr"),
        message=_("An exploration did take place, so nobody refused it. Check the outcome and the reason."),
        fields=("no_surg_reason", "surg_done"),
        when=Is("surg_done", "explored"),
    ),
    Check(
        code="SURG-10",
        level=Level.SOFT,
        reads=("resid_macro", "SURG*"),
        passes=rules.tumour_was_left,
        message=_("Explored and not resected, and no tumour was left? Check the outcome and the residue."),
        fields=("resid_macro", "surg_done"),
        when=Is("surg_done", "explored"),
    ),
    Check(
        code="SURG-11",
        level=Level.SOFT,
        reads=("approach", "anast_site"),
        passes=rules.join_lies_where_procedure_puts_it,
        message=_("Procedure and place of the anastomosis do not fit together. Check both."),
        fields=("anast_site", "approach"),
    ),
    Check(
        code="SURG-12",
        level=Level.SOFT,
        reads=("approach", "access_th"),
        passes=rules.chest_is_opened,
        message=_("This procedure goes through the chest. Check the procedure and the thoracic access."),
        fields=("access_th", "approach"),
    ),
    Check(
        code="SURG-13",
        level=Level.SOFT,
        reads=("op_min", "anaes_min"),
        passes=lambda op_min, anaes_min: op_min <= anaes_min,
        message=_("The operation lasted longer than the anaesthesia. Check both times."),
        fields=("op_min", "anaes_min"),
    ),
    Check(
        code="SURG-14",
        level=Level.SOFT,
        reads=("icu_d", "los"),
        passes=lambda icu_d, los: icu_d <= los + 1,
        message=_("More days in intensive care than in hospital. Check both."),
        fields=("icu_d", "disch_dt"),
    ),
    Check(
        code="SURG-15",
        level=Level.SOFT,
        reads=("duct", "io_compl"),
        passes=lambda duct, io_compl: duct == "Y" or "duct" not in io_compl,
        message=_("The thoracic duct was injured and not ligated? Check both answers."),
        fields=("duct", "io_compl"),
    ),
)

EVENTS = (
    Check(
        code="SURG-19",
        level=Level.SOFT,
        reads=("io_compl", "surg_dt", "AE*"),
        passes=rules.event_is_recorded,
        message=_("An event during the operation is no adverse event yet. Record it as one."),
        fields=("io_compl",),
        criticality=Criticality.CRITICAL,
    ),
)

SPECIMEN = (
    Check(
        code="X043a",
        level=Level.SOFT,
        reads=("surg_done", "surg_dt", "record.sequence", "PATH*", "today", "setting.pathology_within_days"),
        passes=rules.specimen_is_reported,
        message=_(
            "No pathology form names this operation %(setting_pathology_within_days)s days after it. Fill the "
            "pathology form."
        ),
        fields=("surg_dt",),
    ),
)

READMISSIONS = (
    Check(
        code="SURG-16",
        level=Level.HARD,
        reads=("readm_dt", "disch_dt"),
        each="readms",
        passes=lambda readm_dt, disch_dt: readm_dt >= disch_dt,
        message=_("The readmission is dated before the discharge. Check both dates."),
        fields=("readm_dt",),
    ),
    Check(
        code="SURG-17",
        level=Level.SOFT,
        reads=("readm_dt", "disch_dt", "setting.readmission_days"),
        each="readms",
        passes=rules.back_in_time,
        message=_(
            "Readmissions up to %(setting_readmission_days)s days after discharge are asked for. Check the date, or "
            "remove the row."
        ),
        fields=("readm_dt",),
    ),
    Check(
        code="SURG-18",
        level=Level.LISTING,
        reads=("readm", "disch_dt", "today", "setting.readmission_days"),
        passes=lambda readm, disch_dt, today, setting_readmission_days: (
            readm != "N" or today >= disch_dt + timedelta(days=setting_readmission_days)
        ),
        message=_(
            "No readmission was recorded before the %(setting_readmission_days)s days after discharge were over."
        ),
        fields=("readm",),
    ),
)

CHECKS = (*DATES, *WAY, *OPERATION, *EVENTS, *SPECIMEN, *READMISSIONS)
