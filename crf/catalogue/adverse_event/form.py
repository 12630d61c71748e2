"""Adverse events: one record for each, as many as there are (protocol 3.6).

The CTCAE term is found while typing among the 837 of version 5.0 (``protocol.ctcae``); only grades that it has are
offered. Coders code the words in MedDRA centrally (``crf.coding``); what sites typed of it before is shown where it is
on record.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.adverse_event import codes as lists
from crf.catalogue.adverse_event import immune_course, rules
from crf.catalogue.adverse_event.checks import CHECKS
from crf.catalogue.laboratory.codes import TEST as LAB_TEST
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import Answered, Any_, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DateTimeAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedInteger,
    DerivedMultiple,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    PartialDateAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)

SERIOUS, IMMUNE, STEROID = Is("serious", "Y"), Is("irae", "Y"), Is("ir_ster", "Y")
SECOND_LINE = Is("ir_2nd", "Y")
CODED, LLT = Answered("ae_pt"), Answered("ae_llt")


@audited()
class AdverseEvent(CrfRecord):
    """One adverse event from its first day to its outcome (protocol 3.6)."""

    event = Section(_("Event"))
    ae_term = TextAnswer(
        _("Adverse event"),
        help=_("One event on each record, in the words of the source. A diagnosis rather than its signs."),
        required=True,
        missing_allowed=(),
        coded_in="meddra",
        code_proposed_by="ctcae_code",
        cdash="AETERM",
        sdtm="AETERM",
    )
    ctcae_term = TextAnswer(
        _("CTCAE term"),
        dictionary="ctcae",
        help=_(
            "Type a word in either language and choose: “neutropenia” finds “Neutrophil count decreased”. Version 5.0."
        ),
        sdtm="AEDECOD",
        exported_after="in_window",
    )
    lab_test = ChoiceAnswer(
        _("Laboratory test that shows it"),
        codes=LAB_TEST,
        help=_("Where the event is a laboratory value of a panel."),
        exported_after="ctcae_term",
    )
    lab_dt = DateAnswer(_("Day of that sample"), asked_when=Answered("lab_test"), exported_after="lab_test")
    ae_st = PartialDateAnswer(
        _("Began"), required=True, missing_allowed=("NK",), cdash="AESTDAT", sdtm="AESTDTC"
    )
    ae_ongo = YesNoAnswer(_("Ongoing"), required=True, missing_allowed=(), cdash="AEONGO", sdtm="AEENRTPT")
    ae_en = PartialDateAnswer(
        _("Ended"),
        help=_("A fatal event ends on the day of death."),
        asked_when=Is("ae_ongo", "N"),
        cdash="AEENDAT",
        sdtm="AEENDTC",
    )
    grade = ChoiceAnswer(
        _("CTCAE grade, the highest"),
        codes=lists.GRADE,
        offered_when=lists.GRADES_OF_THE_TERM,
        explained_by="ctcae_term",
        help=_("The highest. Only grades that the term has are offered."),
        required=True,
        missing_allowed=(),
        cdash="AETOXGR",
        sdtm="AETOXGR",
    )
    ae_grades = RepeatingGroup(_("Course of the grade"), help=_("Only when the grade changed."))
    outcome = ChoiceAnswer(
        _("Outcome of the event"),
        codes=lists.OUTCOME,
        required=True,
        missing_allowed=(),
        cdash="AEOUT",
        sdtm="AEOUT",
    )
    ae_kind = ChoiceAnswer(
        _("Is it one of these events?"),
        codes=lists.SPECIAL_KIND,
        help=_("Of special interest: the sponsor is told at once."),
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.AEKIND",
        exported_after="ir_2nd_txt",
    )
    aesi = DerivedMultiple(
        _("Event of special interest"),
        reads=("ae_kind", "irae_type", "grade", "outcome", "rel_worst", *rules.SPECIAL),
        by=rules.special,
        blanks=True,
        codes=lists.SPECIAL,
        sdtm="SUPPAE.AESI",
        exported_after="ae_kind",
        definition=_(
            "Kinds that the protocol names, some of them from a grade on, and death with a relation to "
            "treatment."
        ),
    )
    ae_period = DerivedText(
        _("Period"),
        reads=("ae_st", *rules.DAYS, *rules.COLLECTED),
        by=rules.period_of,
        blanks=True,
        codes=lists.PERIOD,
        sdtm="SUPPAE.AEPERIOD",
        definition=_(
            "By the begin of the event and the milestones: screening, neoadjuvant until some days after the "
            "last dose, interval, around an operation, surveillance from a cCR on, late. The protocol text "
            "gives the days."
        ),
    )
    in_window = DerivedBoolean(
        _("In the window of collection"),
        reads=rules.WINDOW,
        by=rules.collected,
        blanks=True,
        definition=_(
            "The same in both arms. All events from consent to 30 days after the last study treatment, or to 90 days "
            "after an operation if that is later; serious and immune-related ones to 90 days after the last study "
            "treatment; events of special interest, late toxicity of radiotherapy, stenosis, complications of an "
            "evaluation and related serious events at any time."
        ),
    )

    serious_ = Section(_("Seriousness"))
    serious = YesNoAnswer(
        _("Serious"),
        help=_("A serious event is reported to the sponsor within 24 hours, on the SAE form."),
        required=True,
        missing_allowed=(),
        cdash="AESER",
        sdtm="AESER",
    )
    ser_crit = MultipleAnswer(
        _("It is serious because of"),
        codes=lists.SERIOUS,
        missing_allowed=(),
        asked_when=SERIOUS,
    )
    ser_aware = DateTimeAnswer(
        _("When did the site learn that the event is serious?"),
        help=_("The 24 hours begin here."),
        missing_allowed=(),
        sdtm="SUPPAE.SERAWARE",
        asked_when=SERIOUS,
    )

    relation = Section(
        _("Relation"),
        help=_('"Not given before it": the treatment or procedure had not taken place when the event began.'),
    )
    rel_camre = ChoiceAnswer(
        _("Related to camrelizumab"),
        codes=lists.RELATION,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.RELCAMRE",
    )
    rel_chemo = ChoiceAnswer(
        _("Related to chemotherapy"),
        codes=lists.RELATION,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.RELCHEMO",
    )
    rel_rt = ChoiceAnswer(
        _("Related to radiotherapy"),
        codes=lists.RELATION,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.RELRT",
    )
    rel_surg = ChoiceAnswer(
        _("Related to surgery"),
        codes=lists.RELATION,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.RELSURG",
    )
    ae_op = IntegerAnswer(
        _("Number of the operation"),
        help=_("The number of the operation in the list of surgery forms."),
        links_to="SURG",
        hard=(1, 99),
        shown_when=Is("rel_surg", "unlikely", "possible", "probable", "definite"),
        sdtm="SUPPAE.AEOP",
    )
    rel_proc = ChoiceAnswer(
        _("Related to endoscopy or aspiration of an evaluation"),
        codes=lists.RELATION,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.RELPROC",
    )
    rel_dis = ChoiceAnswer(
        _("Related to the disease"), codes=lists.CAUSALITY, required=True, sdtm="SUPPAE.RELDIS"
    )
    rel_worst = DerivedText(
        _("Strongest relation to what the trial does"),
        reads=rules.RELATIONS,
        by=rules.strongest,
        blanks=True,
        codes=lists.CAUSALITY,
        definition=_("Possible or more counts as related."),
        sdtm="AEREL",
    )

    immune = Section(_("Immune-related event"))
    irae = YesNoAnswer(_("Immune-related"), required=True, missing_allowed=(), sdtm="SUPPAE.IRAE")
    irae_type = ChoiceAnswer(_("Which organ or kind"), codes=lists.IMMUNE, sdtm="AECAT", asked_when=IMMUNE)
    rccep_mm = DecimalAnswer(
        _("RCCEP, the largest nodule"),
        unit="mm",
        soft=(1, 60),
        hard=(0, 300),
        asked_when=Is("irae_type", "rccep"),
        sdtm="SUPPAE.RCCEPMM",
    )
    rccep_gen = YesNoAnswer(
        _("RCCEP, generalised"), asked_when=Is("irae_type", "rccep"), sdtm="SUPPAE.RCCEPGEN"
    )
    rccep_grade = DerivedInteger(
        _("Grade that size and spread suggest"),
        reads=("rccep_mm", "rccep_gen", "ser_crit", "outcome"),
        by=rules.suggested_rccep,
        blanks=True,
        shown_when=Is("irae_type", "rccep"),
        definition=_(
            "1 up to 10 mm, 2 over 10 mm, 3 generalised, 4 life-threatening, 5 fatal: in common use, to be "
            "confirmed against the label of camrelizumab."
        ),
    )
    ir_onset_d = DerivedInteger(
        _("Days from the first checkpoint inhibitor to the event"),
        reads=("ae_st", *rules.EXPOSURE),
        by=immune_course.days_to_onset,
        blanks=True,
        unit=_("days"),
        shown_when=IMMUNE,
        sdtm="SUPPAE.IRONSETD",
        definition=_(
            "Days from the first checkpoint inhibitor on record, of the trial or later, to the begin of the "
            "event; empty where either day is not fully known."
        ),
    )
    ir_ster = YesNoAnswer(_("Treated with a systemic steroid"), sdtm="SUPPAE.IRSTER", asked_when=IMMUNE)
    ir_pred = DecimalAnswer(
        _("Highest dose a day, as prednisone"),
        unit="mg",
        help=_("5 mg prednisone = 4 mg methylprednisolone = 0.75 mg dexamethasone = 20 mg hydrocortisone."),
        soft=(5, 200),
        hard=(0, 2000),
        sdtm="SUPPAE.IRPRED",
        asked_when=STEROID,
    )
    ir_st = DateAnswer(_("Steroid began"), sdtm="SUPPAE.IRST", asked_when=STEROID)
    ir_peak_dt = DateAnswer(_("Highest dose given from"), sdtm="SUPPAE.IRPEAK", shown_when=STEROID)
    ir_taper_dt = DateAnswer(_("Taper began"), sdtm="SUPPAE.IRTAPER", shown_when=STEROID)
    ir_en = DateAnswer(
        _("Steroid ended"), help=_("Empty while it goes on."), shown_when=STEROID, sdtm="SUPPAE.IREN"
    )
    ir_ster_d = DerivedInteger(
        _("Days on the steroid"),
        reads=("ir_st", "ir_en"),
        by=lambda ir_st, ir_en: (ir_en - ir_st).days + 1,
        unit=_("days"),
        shown_when=STEROID,
        sdtm="SUPPAE.IRSTERD",
        definition=_("Days from begin to end of the steroid, both counted."),
    )
    ir_long = DerivedBoolean(
        _("More than 10 mg a day for more than 30 days"),
        reads=("ir_st", "ir_en", "ir_pred", "today", *rules.LONG_STEROID),
        by=rules.long_steroid,
        blanks=True,
        shown_when=STEROID,
        definition=_("Judged as if the highest dose had been given on every day."),
    )
    ir_2nd = YesNoAnswer(_("A second immunosuppressant"), sdtm="SUPPAE.IRSECOND", asked_when=IMMUNE)
    ir_2nd_txt = TextAnswer(
        _("Which one"),
        help=_("The substance, not the brand."),
        asked_when=SECOND_LINE,
        coded_in="whodrug",
        sdtm="CMTRT",
    )
    ir_2nd_st = DateAnswer(
        _("Second immunosuppressant began"),
        shown_when=SECOND_LINE,
        sdtm="CMSTDTC",
        exported_after="ir_2nd_txt",
    )
    ir_2nd_en = DateAnswer(
        _("Second immunosuppressant ended"),
        help=_("Empty while it goes on."),
        shown_when=SECOND_LINE,
        sdtm="CMENDTC",
        exported_after="ir_2nd_st",
    )
    ir_rech = YesNoAnswer(
        _("A checkpoint inhibitor given again after the event"), shown_when=IMMUNE, sdtm="SUPPAE.IRRECH"
    )
    ir_rech_dt = DateAnswer(_("Given again on"), asked_when=Is("ir_rech", "Y"), sdtm="SUPPAE.IRRECHDT")
    ir_again = YesNoAnswer(
        _("Did the event come back after it?"), asked_when=Is("ir_rech", "Y"), sdtm="SUPPAE.IRAGN"
    )
    ir_again_dt = DateAnswer(_("Came back on"), asked_when=Is("ir_again", "Y"), sdtm="SUPPAE.IRAGNDT")
    ir_again_gr = ChoiceAnswer(
        _("Highest grade after it came back"),
        codes=lists.GRADE,
        offered_when=lists.GRADES_OF_THE_TERM,
        asked_when=Is("ir_again", "Y"),
        sdtm="SUPPAE.IRAGNGR",
    )

    action = Section(_("What was done"))
    action_camre = ChoiceAnswer(
        _("Action with camrelizumab"), codes=lists.ACTION, required=True, missing_allowed=(), sdtm="AEACN"
    )
    action_chemo = ChoiceAnswer(
        _("Action with chemotherapy"),
        codes=lists.ACTION_DOSE,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.ACNCHEMO",
    )
    action_rt = ChoiceAnswer(
        _("Action with radiotherapy"),
        codes=lists.ACTION,
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.ACNRT",
    )
    other_action = MultipleAnswer(_("Other action"), codes=lists.OTHER_ACTION, required=True, sdtm="AEACNOTH")
    disc_tx = YesNoAnswer(_("Led to the stop of study treatment"), required=True, sdtm="SUPPAE.DISCTX")
    disc_nosurg = YesNoAnswer(_("Led to surgery not being done"), required=True, sdtm="SUPPAE.NOSURG")
    disc_delay = YesNoAnswer(_("Delayed surgery by more than 14 days"), required=True, sdtm="SUPPAE.SURGDLY")
    cre_rel = YesNoAnswer(
        _("Complication of a procedure of a response evaluation"),
        required=True,
        missing_allowed=(),
        sdtm="SUPPAE.CREREL",
    )
    cre_what = ChoiceAnswer(
        _("Which complication"), codes=lists.PROCEDURE, asked_when=Is("cre_rel", "Y"), sdtm="SUPPAE.CREWHAT"
    )

    coding = Section(_("Coding"), help=_("Coders code the words of the event in MedDRA; see below the form."))
    ctcae_code = DerivedText(
        _("MedDRA code of the term"),
        reads=("ctcae_term",),
        by=rules.code_of_term,
        sdtm="SUPPAE.CTCAECD",
        exported_after="ctcae_term",
        definition=_("The code that CTCAE gives for the term; empty where the words are no term of it."),
    )
    ctcae_version = DerivedText(
        _("CTCAE version"),
        reads=("ctcae_term",),
        by=rules.version_of_term,
        exported_after="ctcae_code",
        definition=_("The version of CTCAE in which the term stands."),
    )
    ctcae_grades = DerivedMultiple(
        _("Grades that the term has"),
        reads=("ctcae_term",),
        by=rules.grades_of_term,
        codes=lists.GRADE,
        exported_after="ctcae_version",
        definition=_("The grades for which CTCAE has a definition of the term."),
    )
    ae_llt = TextAnswer(
        _("MedDRA lowest level term"), shown_when=Any_(LLT, CODED), sdtm="AELLT", exported_after="ctcae_term"
    )
    ae_llt_cd = TextAnswer(
        _("Its code"), max_length=8, shown_when=Answered("ae_llt"), sdtm="AELLTCD", exported_after="ae_llt"
    )
    ae_pt = TextAnswer(
        _("MedDRA preferred term"), shown_when=Any_(LLT, CODED), sdtm="AEDECOD", exported_after="ae_llt_cd"
    )
    ae_pt_cd = TextAnswer(
        _("Code of the preferred term"), max_length=8, shown_when=CODED, sdtm="AEPTCD", exported_after="ae_pt"
    )
    ae_soc = TextAnswer(
        _("MedDRA system organ class"), asked_when=CODED, sdtm="AEBODSYS", exported_after="ae_pt_cd"
    )
    ae_soc_cd = TextAnswer(
        _("Code of the system organ class"),
        max_length=8,
        shown_when=CODED,
        sdtm="AEBDSYCD",
        exported_after="ae_soc",
    )
    ae_dict_ver = TextAnswer(
        _("Version of MedDRA"),
        max_length=10,
        asked_when=CODED,
        exported_after="ae_soc_cd",
    )

    class Crf:
        code, title, version, repeats = "AE", _("Adverse event"), 1, Repeats.LOG
        critical = ("ae_term", "ae_st", "ae_en", "grade", "outcome", "serious", "ser_crit", "ser_aware")
        before_randomization = True
        instructions = _(
            "Every event from the consent to 30 days after the last study treatment, or to 90 days after an operation "
            "if that is later; some at any time, as the window of collection says."
        )
        listed = ("ae_term", "ae_st", "ae_en", "grade", "serious", "outcome")
        checks = (*CHECKS, *immune_course.CHECKS)


@audited()
class AdverseEventGrade(CrfGroupRow):
    """How the grade changed, with its days (protocol 3.6, grade history)."""

    record = parent(AdverseEvent, "ae_grades")
    g_from = PartialDateAnswer(_("From"), required=True, missing_allowed=("NK",), sdtm="FADTC")
    g_grade = ChoiceAnswer(
        _("CTCAE grade"),
        codes=lists.GRADE,
        offered_when=lists.GRADES_OF_THE_TERM,
        required=True,
        missing_allowed=(),
        sdtm="FAORRES",
    )
