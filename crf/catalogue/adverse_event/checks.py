"""Checks of adverse events (protocol 3.6, X020 to X024)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.adverse_event import rules
from crf.engine.checks import Check, Criticality, Level, Owner
from crf.engine.conditions import All, Answered, Is, Not

FATAL = Is("outcome", "fatal")

AGREEMENT = (
    Check(
        code="X020",
        level=Level.SOFT,
        reads=("ae_st", "action_camre", *rules.DOSES),
        passes=rules.stopped_means_stopped("action_camre", "camre"),
        message=_(
            "Camrelizumab was stopped for this event, and a later dose is recorded. Check the action and the doses."
        ),
        fields=("action_camre",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X020a",
        level=Level.SOFT,
        reads=("ae_st", "action_chemo", *rules.DOSES),
        passes=rules.stopped_means_stopped("action_chemo", "chemo"),
        message=_(
            "Chemotherapy was stopped for this event, and a later dose is recorded. Check the action and the doses."
        ),
        fields=("action_chemo",),
        blanks=True,
    ),
    Check(
        code="X020b",
        level=Level.SOFT,
        reads=("ae_st", "action_rt", *rules.DOSES),
        passes=rules.stopped_means_stopped("action_rt", "rt"),
        message=_(
            "Radiotherapy was stopped for this event, and a later fraction is recorded. Check both forms."
        ),
        fields=("action_rt",),
        blanks=True,
    ),
    Check(
        code="X021",
        level=Level.SOFT,
        reads=(
            *("serious", "ser_aware", "record.sequence", "today", "SAE*", "safety.clocks"),
            "setting.sae_report_hours",
        ),
        passes=rules.reported_in_time,
        message=_(
            "The event is serious and has no SAE report after %(setting_sae_report_hours)s hours. Report it on the "
            "SAE form now."
        ),
        fields=("serious",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X022c",
        level=Level.HARD,
        reads=("ae_en", "SURV.death_dt"),
        passes=rules.same_day_as_the_death,
        message=_(
            "The event is fatal and ended on %(ae_en)s, and the survival form has %(surv_death_dt)s as the day of "
            "death. Make both days agree."
        ),
        fields=("ae_en", "outcome"),
        when=FATAL,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X022d",
        level=Level.HARD,
        reads=("ae_en", "SURV*"),
        passes=rules.nobody_met_them_later,
        message=_(
            "The event is fatal, and a later contact found the participant alive. Check the outcome and its day."
        ),
        fields=("ae_en", "outcome"),
        when=FATAL,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X022e",
        level=Level.SOFT,
        reads=("SURV.death_dt",),
        passes=rules.death_is_recorded,
        message=_("The event is fatal, and no death is on the survival form yet. Record the death there."),
        fields=("outcome",),
        when=FATAL,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X023",
        level=Level.SOFT,
        reads=("ae_st", *rules.EXPOSURE),
        passes=rules.exposed_before,
        message=_(
            "The event is called immune-related, and no checkpoint inhibitor is recorded before it began. Check "
            "both."
        ),
        fields=("irae",),
        when=All(Is("irae", "Y"), Answered("ae_st")),
        blanks=True,
    ),
)

OWN = (
    Check(
        code="AE-01",
        level=Level.HARD,
        reads=("ae_st", "ae_en"),
        passes=rules.ends_after_start,
        message=_("The event ended before it began. Check both dates."),
        fields=("ae_en", "ae_st"),
    ),
    Check(
        code="AE-02",
        level=Level.SOFT,
        reads=("ae_st", "milestone.ICF"),
        passes=rules.after_consent,
        message=_(
            "The event began on %(ae_st)s, before the consent of %(milestone_icf)s. Record it as history, or check "
            "the date."
        ),
        fields=("ae_st",),
    ),
    Check(
        code="AE-03",
        level=Level.HARD,
        reads=("grade", "outcome"),
        passes=rules.grade_5_is_fatal,
        message=_("Grade 5 and the outcome fatal belong together. Check which of the two is right."),
        fields=("grade", "outcome"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="AE-04",
        level=Level.HARD,
        reads=("outcome", "serious", "ser_crit"),
        passes=rules.death_is_a_criterion,
        message=_("A fatal event is serious by death, and only a fatal one is. Check outcome and reasons."),
        fields=("ser_crit", "serious", "outcome"),
        when=All(Answered("outcome"), Answered("serious")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="AE-05",
        level=Level.SOFT,
        reads=("grade", "ae_grades"),
        passes=rules.highest_of_history,
        message=_("The highest grade differs from the course of the grade. Check both."),
        fields=("grade", "ae_grades"),
    ),
    Check(
        code="AE-06",
        level=Level.SOFT,
        reads=("ae_st", "ae_en", "ae_grades"),
        passes=rules.history_within,
        message=_("A day in the course of the grade lies outside the event. Check its days."),
        fields=("ae_grades",),
        blanks=True,
    ),
    Check(
        code="AE-07",
        level=Level.SOFT,
        reads=("ae_st", "rel_camre", "TREAT.camre"),
        passes=rules.camre_related_only_after_it,
        message=_(
            'No camrelizumab is recorded before the event began: the relation to it is "not given". Check both.'
        ),
        fields=("rel_camre",),
        when=All(Answered("ae_st"), Answered("rel_camre")),
        blanks=True,
    ),
    Check(
        code="AE-08",
        level=Level.SOFT,
        reads=("action_camre", *rules.DOSES),
        passes=rules.action_on_what_is_given("action_camre", "camre"),
        message=_("An action with camrelizumab is named, and no dose is recorded. Check the treatment form."),
        fields=("action_camre",),
        blanks=True,
    ),
    Check(
        code="AE-09",
        level=Level.SOFT,
        reads=("grade", "rccep_grade"),
        passes=rules.agrees_with_rccep,
        message=_("Size and spread of the nodules suggest another grade. Check the grade."),
        fields=("grade", "rccep_mm"),
        when=Is("irae_type", "rccep"),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="AE-10",
        level=Level.SOFT,
        reads=("in_window",),
        passes=lambda in_window: in_window,
        message=_(
            "The event began after the time in which such events are collected. Check its first day and its "
            "relation; it may stay if it is right."
        ),
        fields=("ae_st",),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="AE-11",
        level=Level.LISTING,
        reads=("ir_long",),
        passes=lambda ir_long: not ir_long,
        message=_("More than 10 mg of prednisone a day was given for more than 30 days."),
        fields=("ir_pred",),
        owner=Owner.DATA_MANAGER,
    ),
    Check(
        code="AE-12",
        level=Level.SOFT,
        reads=("ae_st", "ser_aware"),
        passes=rules.aware_after_onset,
        message=_("The site knew of the event before it began. Check both dates."),
        fields=("ser_aware", "ae_st"),
    ),
    Check(
        code="AE-13",
        level=Level.SOFT,
        reads=("outcome", "ae_ongo"),
        passes=lambda outcome, ae_ongo: (ae_ongo == "Y") == (outcome in ("recovering", "not_recovered")),
        message=_("An event that goes on is recovering or not recovered, one that ended is not. Check both."),
        fields=("ae_ongo", "outcome"),
        when=Not(Is("outcome", "unknown")),
    ),
    Check(
        code="AE-14",
        level=Level.SOFT,
        reads=("irae_type", "ae_kind"),
        passes=lambda irae_type, ae_kind: ae_kind == irae_type,
        message=_("The immune-related kind is one of the special events as well. Name it in both places."),
        fields=("ae_kind", "irae_type"),
        when=Is("irae_type", "pneumonitis", "myocarditis"),
        criticality=Criticality.MINOR,
    ),
)

CHECKS = (*AGREEMENT, *OWN)
