"""Survival status, with the death page (protocol 3.13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.subsequent_therapy import rules as therapies
from crf.catalogue.survival import rules
from crf.catalogue.survival.checks import CHECKS
from crf.engine.base import CrfRecord
from crf.engine.codelists import CodeList
from crf.engine.conditions import All, Answered, Is
from crf.engine.declaration import Repeats, Sets
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedText,
    IntegerAnswer,
    PartialDateAnswer,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from crf.engine.questions import AnswerRole

VITAL = CodeList("VITAL", {"alive": _("alive"), "dead": _("dead"), "unknown": _("unknown")})
SOURCE = CodeList(
    "V_SOURCE",
    {
        "clinic": _("clinic"),
        "phone": _("telephone"),
        "hospital": _("hospital system"),
        "register": _("death register"),
        "family": _("family"),
        "doctor": _("another doctor"),
    },
)
DISEASE = CodeList(
    "DZ_NOW",
    {
        "none": _("no evidence of disease"),
        "local": _("locoregional"),
        "distant": _("distant"),
        "both": _("locoregional and distant"),
        "unknown": _("unknown"),
    },
)
CAUSE = CodeList(
    "COD",
    {
        "oesophageal_cancer": _("oesophageal cancer"),
        "neoadjuvant": _("neoadjuvant treatment"),
        "surgery": _("surgery (90 days or less before)"),
        "cre_procedure": _("procedure of a response evaluation"),
        "immune": _("immune-related event"),
        "second_cancer": _("second cancer"),
        "cardiovascular": _("cardiovascular"),
        "respiratory": _("respiratory or infection"),
        "other": _("other"),
        "unknown": _("unknown"),
    },
)
PLACE = CodeList("D_PLACE", {"home": _("home"), "hospital": _("hospital"), "other": _("other")})
EXACTNESS = CodeList(
    "DEATH_KNOWN",
    {
        "exact": _("exact"),
        "day_imputed": _("day unknown: the 15th, between the last proof of life and the report"),
        "month_unknown": _("month unknown: no day is used"),
        "year_unknown": _("year unknown: no day is used"),
        "before_last_alive": _("before the last proof of life: check"),
        "after_report": _("after the day on which it was reported: check"),
    },
)

DEAD = Is("vital", "dead")
AFTER_SURGERY = ("SURG*", *rules.DEATH)
AFTER_TREATMENT = ("milestone.LASTDOSE", *rules.DEATH)


@audited()
class SurvivalStatus(CrfRecord):
    """Whether the participant lives, and how they died; the primary endpoint is read from here (protocol 6.1)."""

    contact = Section(_("Contact"))
    status_dt = DateAnswer(
        _("Date of the contact"),
        required=True,
        missing_allowed=(),
        after_death_allowed=True,
        cdash="SSDAT",
        sdtm="SSDTC",
    )
    vital = ChoiceAnswer(
        _("Vital status"),
        codes=VITAL,
        required=True,
        missing_allowed=(),
        cdash="SSORRES",
        sdtm="SSORRES (SURVSTAT)",
    )
    v_source = ChoiceAnswer(_("Source"), codes=SOURCE, required=True, sdtm="SSORRES (INFOSCSS)")
    last_alive_dt = DerivedDate(
        _("Latest proof of life"),
        reads=(*rules.CONTACTS, *rules.PROOFS),
        by=rules.last_proof_of_life,
        blanks=True,
        definition=_(
            "The latest visit, treatment, examination, questionnaire, discharge home or contact that says alive."
        ),
        sdtm="ADaM",
    )
    dz_now = ChoiceAnswer(
        _("Disease at this contact"), codes=DISEASE, required_when=Is("vital", "alive"), sdtm="RSORRES"
    )

    st_due = DerivedBoolean(
        _("Disease known by this contact"),
        reads=("status_dt", "dz_now", *therapies.EVENTS),
        by=rules.disease_known,
        blanks=True,
        definition=_(
            "Yes once residue, regrowth, recurrence or distant disease is recorded by the day of the contact."
        ),
    )
    st_any = YesNoAnswer(
        _("New anticancer therapy since the last contact?"),
        help=_("If so, add a record to the log of subsequent anticancer therapy (ST) for each."),
        asked_when=All(Is("st_due", True), Is("vital", "alive", "dead")),
        sdtm="CMOCCUR",
    )

    death = Section(_("Death"), shown_when=DEAD)
    death_dt = PartialDateAnswer(
        _("Date of death"),
        role=AnswerRole.DEATH,
        help=_("As exactly as it is known: the day, or year and month, or the year. Nothing is filled in."),
        required=True,
        missing_allowed=("NK", "ASKU"),
        after_death_allowed=True,
        cdash="DTHDAT",
        sdtm="DSSTDTC",
    )
    death_calc = DerivedDate(
        _("Day of death that analyses use"),
        reads=rules.DEATH,
        by=rules.day_for_analysis,
        blanks=True,
        definition=_(
            "The 15th while the day is unknown, not before the last proof of life and not after the day on which "
            "the death was reported."
        ),
        sdtm="ADSL.DTHDT",
    )
    death_first = DerivedDate(
        _("First possible day of death"),
        reads=rules.DEATH,
        by=rules.first_possible_day,
        blanks=True,
        definition=_(
            "The first day that the date allows, not before the last proof of life. Where no day is known, analyses "
            "use it and the last possible day in turn."
        ),
        sdtm="ADaM",
    )
    death_last = DerivedDate(
        _("Last possible day of death"),
        reads=rules.DEATH,
        by=rules.last_possible_day,
        blanks=True,
        definition=_("The last day that the date allows, not after the day on which the death was reported."),
        sdtm="ADaM",
    )
    death_known = DerivedText(
        _("How exact the date of death is"),
        reads=rules.DEATH,
        by=rules.how_exact,
        blanks=True,
        codes=EXACTNESS,
        sdtm="SUPPDS.DTHEXACT",
        definition=_(
            "How much of the date of death is known, and whether it contradicts the last proof of life or the"
            " report of the death."
        ),
    )
    cod = ChoiceAnswer(
        _("Primary cause of death"), codes=CAUSE, required=True, cdash="DDORRES", sdtm="DDORRES (PRCDTH)"
    )
    death_ae = IntegerAnswer(
        _("Adverse event that was fatal"),
        help=_("Its number in the list of adverse events."),
        links_to="AE",
        hard=(1, 999),
        sdtm="RELREC",
    )
    cod_text = TextAnswer(
        _("Cause of death in words"),
        max_length=500,
        required_when=Is("cod", "other", "second_cancer"),
        help=_("Without names."),
        coded_in="meddra",
        sdtm="SUPPDD.CODTEXT",
    )
    cod_cert = YesNoAnswer(_("Death certificate seen"), required=True, sdtm="DDORRES (DTHCOIND)")
    autopsy = YesNoAnswer(_("Autopsy done"), required=True, sdtm="DDORRES (AUTOPIND)")
    d_place = ChoiceAnswer(_("Place of death"), codes=PLACE, required=True, sdtm="DDORRES (LOCDTH)")
    d30s = DerivedBoolean(
        _("Death within 30 days of surgery"),
        reads=AFTER_SURGERY,
        by=rules.within_30_of_surgery,
        blanks=True,
        definition=_(
            "Every operation with an incision counts. Empty where the possible days of death disagree."
        ),
        sdtm="ADaM",
    )
    d90s = DerivedBoolean(
        _("Death within 90 days of surgery"),
        reads=AFTER_SURGERY,
        by=rules.within_90_of_surgery,
        blanks=True,
        sdtm="ADaM",
        definition=_(
            "Yes where the death lies within 90 days of an operation with an incision, no where a later proof"
            " of life excludes it; empty while that cannot be known and without an operation."
        ),
    )
    d_inh = DerivedBoolean(
        _("Death in the admission of the operation"),
        reads=AFTER_SURGERY,
        by=rules.in_the_same_admission,
        blanks=True,
        sdtm="ADaM",
        definition=_(
            "Yes where the death lies between an operation with an incision and the discharge, no after a "
            "discharge without it; empty while that cannot be known and without an operation."
        ),
    )
    d30t = DerivedBoolean(
        _("Death within 30 days of the last study treatment"),
        reads=AFTER_TREATMENT,
        by=rules.within_30_of_treatment,
        blanks=True,
        sdtm="ADaM",
        definition=_(
            "Yes where the death lies within 30 days of the last study treatment, no where a later proof of "
            "life excludes it; empty while that cannot be known."
        ),
    )
    d90t = DerivedBoolean(
        _("Death within 90 days of the last study treatment"),
        reads=AFTER_TREATMENT,
        by=rules.within_90_of_treatment,
        blanks=True,
        sdtm="ADaM",
        definition=_(
            "Yes where the death lies within 90 days of the last study treatment, no where a later proof of "
            "life excludes it; empty while that cannot be known."
        ),
    )
    cod_central = ChoiceAnswer(
        _("Cause of death by central review"),
        codes=CAUSE,
        help=_("Central reviewers answer it, and no site: see the file ADJUDICATION."),
        shown_when=Answered("cod_central"),
        sdtm="DDORRES (PRCDTH)",
    )

    class Crf:
        code, title, version, repeats = "SURV", _("Survival status"), 2, Repeats.PER_VISIT
        critical = ("status_dt", "vital", "death_dt", "cod")
        says_alive, from_register = True, True
        due_days = "form_due_days_survival"
        checks = CHECKS
        milestones = (
            Sets(
                *("DEATH", "death_dt"),
                when=DEAD,
                estimated_by="death_calc",
                between=("death_first", "death_last"),
            ),
        )
