"""Checks of the survival form (protocol 3.13, X022, X061, X063, X064)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.subsequent_therapy import rules as therapies
from crf.catalogue.survival import rules
from crf.engine.checks import Check, Criticality, Level, Owner
from crf.engine.conditions import Any_, Is

DEAD = Is("vital", "dead")

CHECKS = (
    Check(
        code="X022",
        level=Level.HARD,
        reads=("vital", "death_dt", "status_dt", "SURG*"),
        passes=rules.discharge_agrees,
        message=_(
            "The surgery form says that the participant died in hospital. Make the dates of death agree on both "
            "forms."
        ),
        fields=("vital", "death_dt"),
        when=Any_(DEAD, Is("vital", "alive")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X022f",
        level=Level.HARD,
        reads=("vital", "death_dt", "status_dt", "AE*"),
        passes=rules.fatal_event_agrees,
        message=_(
            "An adverse event is recorded as fatal. Make its last day and the date of death agree on both forms."
        ),
        fields=("vital", "death_dt"),
        when=Any_(DEAD, Is("vital", "alive")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X061",
        level=Level.HARD,
        reads=("death_dt", *rules.PROOFS),
        passes=rules.nothing_after_death,
        message=_(
            "A visit, treatment or examination is dated after the death. Check the date of death, then that form."
        ),
        fields=("death_dt",),
        when=DEAD,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X063",
        level=Level.HARD,
        reads=("death_dt", *rules.CONTACTS),
        passes=rules.no_contact_after_death,
        message=_(
            "A contact found the participant alive after the date of death. Check who was meant, then both dates."
        ),
        fields=("vital", "status_dt", "death_dt"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X064",
        level=Level.SOFT,
        reads=("vital", "last_alive_dt", "visit.code", "visit.target", "setting.sweep_months"),
        passes=rules.known_at_the_cut,
        message=_(
            "Nothing says within %(setting_sweep_months)s months of the data cut on %(visit_target)s whether the "
            "participant lives: the last proof of life is dated %(last_alive_dt)s. Ask family, hospital or register, "
            "and enter what they say."
        ),
        fields=("vital",),
        when=Is("vital", "unknown"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURV-01",
        level=Level.HARD,
        reads=("death_dt", "SURV*"),
        passes=rules.one_death_date,
        message=_(
            "Another survival form has another date of death. There is one: correct the form that is wrong."
        ),
        fields=("death_dt",),
        when=DEAD,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURV-08",
        level=Level.HARD,
        reads=("death_dt", "status_dt"),
        passes=rules.reported_in_time,
        message=_("The death is dated after the contact that reported it. Check both dates."),
        fields=("death_dt", "status_dt"),
        when=DEAD,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURV-02",
        level=Level.HARD,
        reads=("status_dt", "milestone.RAND"),
        passes=lambda status_dt, milestone_rand: status_dt >= milestone_rand,
        message=_(
            "The contact of %(status_dt)s is dated before randomization on %(milestone_rand)s. Check the date."
        ),
        fields=("status_dt",),
    ),
    Check(
        code="SURV-03",
        level=Level.SOFT,
        reads=("dz_now", "status_dt", "FU*"),
        passes=rules.disease_agrees,
        message=_("The follow-up form says something else of the disease. Check both forms."),
        fields=("dz_now",),
    ),
    Check(
        code="SURV-04",
        level=Level.SOFT,
        reads=("status_dt", "visit.opens"),
        passes=lambda status_dt, visit_opens: status_dt >= visit_opens,
        message=_("Survival at 36 months is asked from month 36 on, never earlier. Ask again then."),
        fields=("status_dt",),
        when=Is("visit.code", "OS36"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURV-05",
        level=Level.SOFT,
        reads=("cod", "d90s"),
        passes=lambda cod, d90s: d90s is True,
        message=_("Surgery is named as the cause, and no operation lies in the 90 days before. Check both."),
        fields=("cod", "death_dt"),
        when=Is("cod", "surgery"),
        blanks=True,
    ),
    Check(
        code="SURV-06",
        level=Level.LISTING,
        reads=("d90t",),
        passes=lambda d90t: not d90t,
        message=_("Death within 90 days of study treatment: review whether it is related."),
        fields=("cod",),
        owner=Owner.DATA_MANAGER,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURV-09",
        level=Level.SOFT,
        reads=("status_dt", *therapies.CONTACTS),
        passes=rules.therapy_in_the_log,
        message=_(
            "New anticancer therapy is reported, and the log (ST) holds none that began since the last contact. Add it "
            "there, or check the answer."
        ),
        fields=("st_any",),
        when=Is("st_any", "Y"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="SURV-07",
        level=Level.SOFT,
        reads=("death_dt",),
        passes=lambda death_dt: len(death_dt or "") > len("2026"),
        message=_(
            "The month of death is unknown, so analyses know only between which days it was. Ask family, hospital or "
            "register."
        ),
        fields=("death_dt",),
        when=DEAD,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
)
