"""Surgery: what became of the plan, the operation, the stay in hospital (protocol 3.8)."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.shared.common import ASA, ECOG
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.surgery import codes as lists
from crf.catalogue.surgery import rules
from crf.catalogue.surgery.checks import CHECKS
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Any_, Condition, Has, Is, Not
from crf.engine.declaration import Repeats, Section, Sets
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedDecimal,
    DerivedInteger,
    IntegerAnswer,
    MultipleAnswer,
    TextAnswer,
    YesNoAnswer,
)
from crf.engine.questions import Classification

RESECTED = Is("surg_done", "resection")
OPERATED = Is("surg_done", "resection", "explored")
NOT_RESECTED = Is("surg_done", "explored", "none")
NOT_OPERATED = Is("surg_done", "none")
MINIMAL = Any_(
    Is("access_th", "scopic", "robot", "hybrid", "mediastinoscopic"),
    Is("access_ab", "scopic", "robot", "hybrid"),
)
LEFT_ALIVE = All(Answered("disch_to"), Not(Is("disch_to", "died")))


class Due(TypedDict):
    """When a question is shown and must be answered."""

    shown_when: Condition
    required_when: Condition


OPERATION: Due = {"shown_when": OPERATED, "required_when": OPERATED}
RESECTION: Due = {"shown_when": RESECTED, "required_when": RESECTED}


@audited()
class Surgery(CrfRecord):
    """What became of the planned operation; a resection starts the post-operative clocks (protocol 2.1, 3.8).

    One for each participant, so that there is one resection at most (X040).
    """

    surg_done = ChoiceAnswer(
        _("What became of the planned operation?"),
        codes=lists.DONE,
        required=True,
        missing_allowed=(),
        sdtm="PROCCUR",
    )
    surg_dt = DateAnswer(
        _("Date of the operation"),
        missing_allowed=(),
        after_death_allowed=True,
        **OPERATION,
        cdash="PRSTDAT",
        sdtm="PRSTDTC",
    )
    no_surg_reason = ChoiceAnswer(
        _("Why was nothing resected?"),
        codes=lists.NOT_RESECTED,
        shown_when=NOT_RESECTED,
        required_when=NOT_RESECTED,
        sdtm="PRREASND",
    )
    no_surg_other = TextAnswer(
        _("Other reason"),
        shown_when=Is("no_surg_reason", "other"),
        required_when=Is("no_surg_reason", "other"),
        sdtm="PRREASND",
    )
    no_surg_dt = DateAnswer(
        _("Date on which the plan was given up"),
        shown_when=NOT_OPERATED,
        required_when=NOT_OPERATED,
        definition=_("The day of the team meeting, of the refusal or of the finding."),
        sdtm="DSSTDTC",
    )
    intent = ChoiceAnswer(_("Kind of operation"), codes=lists.INTENT, **OPERATION, sdtm="PRCAT")
    wk_from_neo = DerivedDecimal(
        _("Weeks since the end of neoadjuvant treatment"),
        reads=("surg_dt", "milestone.NEO_END"),
        by=rules.weeks_from_neo,
        unit=_("weeks"),
        shown_when=OPERATED,
        sdtm="SUPPPR.WKNEO",
    )
    wk_from_cre = DerivedDecimal(
        _("Weeks since the last response evaluation"),
        reads=("surg_dt", "CRE*"),
        by=rules.weeks_from_evaluation,
        unit=_("weeks"),
        shown_when=OPERATED,
        sdtm="SUPPPR.WKCRE",
    )
    surg_vol = TextAnswer(
        _("Surgeon, code"),
        max_length=20,
        help=_("A code that your own log resolves, never a name."),
        shown_when=OPERATED,
        classification=Classification.OPERATIONAL,
        sdtm="SUPPPR.SURGEON",
    )
    surg_centre = ChoiceAnswer(_("Operated at"), codes=lists.CENTRE, **OPERATION, sdtm="SUPPPR.CENTRE")
    # Before the operation
    asa = ChoiceAnswer(_("ASA class"), codes=ASA, **OPERATION, sdtm="RSORRES (ASA)")
    ecog_pre = ChoiceAnswer(_("ECOG before the operation"), codes=ECOG, **OPERATION, sdtm="RSORRES (ECOG101)")
    wt_pre = DecimalAnswer(
        _("Weight before the operation"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        **OPERATION,
        sdtm="VSORRES (WEIGHT)",
    )
    alb_pre = DecimalAnswer(
        _("Albumin before the operation"),
        unit="g/L",
        soft=(28, 52),
        hard=(5, 70),
        **OPERATION,
        sdtm="LBORRES (ALB)",
    )
    # The operation
    approach = ChoiceAnswer(_("Procedure"), codes=lists.APPROACH, **RESECTION, sdtm="PRTRT")
    approach_other = TextAnswer(
        _("Other procedure"),
        shown_when=Is("approach", "other"),
        required_when=Is("approach", "other"),
        sdtm="PRTRT",
    )
    access_th = ChoiceAnswer(
        _("Access to the chest"), codes=lists.THORACIC_ACCESS, **OPERATION, sdtm="PRMETHOD"
    )
    access_ab = ChoiceAnswer(
        _("Access to the abdomen"), codes=lists.ABDOMINAL_ACCESS, **OPERATION, sdtm="PRMETHOD"
    )
    conversion = YesNoAnswer(
        _("Converted to open surgery"), shown_when=MINIMAL, required_when=MINIMAL, sdtm="SUPPPR.CONVERT"
    )
    conv_reason = ChoiceAnswer(
        _("Reason for the conversion"),
        codes=lists.CONVERSION,
        shown_when=Is("conversion", "Y"),
        required_when=Is("conversion", "Y"),
        sdtm="SUPPPR.CONVREAS",
    )
    lnd = ChoiceAnswer(_("Lymphadenectomy"), codes=lists.LYMPHADENECTOMY, **RESECTION, sdtm="SUPPPR.LND")
    stations = MultipleAnswer(_("Stations dissected"), codes=STATIONS, **RESECTION, sdtm="PRLOC")
    conduit = ChoiceAnswer(_("Conduit"), codes=lists.CONDUIT, **RESECTION, sdtm="SUPPPR.CONDUIT")
    route = ChoiceAnswer(_("Route of the conduit"), codes=lists.ROUTE, **RESECTION, sdtm="SUPPPR.ROUTE")
    anast_site = ChoiceAnswer(
        _("Anastomosis: where?"), codes=lists.ANASTOMOSIS_SITE, **RESECTION, sdtm="SUPPPR.ANASTLOC"
    )
    anast_tech = ChoiceAnswer(
        _("Anastomosis: how?"), codes=lists.ANASTOMOSIS, **RESECTION, sdtm="SUPPPR.ANASTECH"
    )
    duct = YesNoAnswer(_("Thoracic duct ligated or resected"), **RESECTION, sdtm="PROCCUR")
    jejun = YesNoAnswer(_("Feeding jejunostomy"), **OPERATION, sdtm="PROCCUR")
    pylor = YesNoAnswer(_("Pyloric drainage"), **RESECTION, sdtm="PROCCUR")
    omentum = YesNoAnswer(_("Omental wrap"), **RESECTION, sdtm="PROCCUR")
    op_min = IntegerAnswer(
        _("Operating time"), unit="min", soft=(150, 480), hard=(30, 960), **OPERATION, sdtm="PRDUR"
    )
    anaes_min = IntegerAnswer(
        _("Anaesthetic time"),
        unit="min",
        soft=(200, 600),
        hard=(30, 1200),
        shown_when=OPERATED,
        sdtm="SUPPPR.ANAESMIN",
    )
    ebl = IntegerAnswer(
        _("Blood loss"), unit="mL", soft=(20, 600), hard=(0, 15000), **OPERATION, sdtm="FAORRES"
    )
    transf = IntegerAnswer(
        _("Red cells during the operation"),
        unit=_("units"),
        soft=(0, 2),
        hard=(0, 60),
        **OPERATION,
        sdtm="CMDOSE",
    )
    io_compl = MultipleAnswer(
        _("Events during the operation"),
        codes=lists.EVENTS,
        help=_("Report each as an adverse event as well."),
        **OPERATION,
        sdtm="AETERM",
    )
    io_other = TextAnswer(
        _("Other event"),
        shown_when=Has("io_compl", "other"),
        required_when=Has("io_compl", "other"),
        sdtm="AETERM",
    )
    adhesion = ChoiceAnswer(
        _("Fibrosis in the radiation field"), codes=lists.FIBROSIS, **OPERATION, sdtm="SUPPPR.FIBROSIS"
    )
    resid_macro = ChoiceAnswer(
        _("Tumour left behind, as the surgeon saw it"),
        codes=lists.RESIDUE,
        help=_("R2 here means R2 in the pathology form."),
        missing_allowed=(),
        **OPERATION,
        sdtm="FAORRES",
    )
    adj_organ = MultipleAnswer(
        _("Structures removed en bloc"), codes=lists.ORGANS, **RESECTION, sdtm="SUPPPR.ENBLOC"
    )
    adj_other = TextAnswer(
        _("Other structure"),
        shown_when=Has("adj_organ", "other"),
        required_when=Has("adj_organ", "other"),
        sdtm="SUPPPR.ENBLOC",
    )
    # The stay in hospital
    extub = YesNoAnswer(_("Extubated in theatre"), **OPERATION, sdtm="PROCCUR")
    vent_h = DecimalAnswer(
        _("Ventilation after the operation"),
        unit=_("hours"),
        soft=(0, 24),
        hard=(0, 5000),
        **OPERATION,
        sdtm="PRDUR",
    )
    icu_d = DecimalAnswer(
        _("Intensive care"), unit=_("days"), soft=(0, 4), hard=(0, 365), **OPERATION, sdtm="HODUR"
    )
    disch_dt = DateAnswer(
        _("Date of discharge"),
        help=_("Enter it when the participant has left; the form stays open until then."),
        **OPERATION,
        sdtm="HOENDTC",
    )
    disch_to = ChoiceAnswer(
        _("Discharged to"),
        codes=lists.DESTINATION,
        shown_when=Answered("disch_dt"),
        required_when=Answered("disch_dt"),
        sdtm="HODISP",
    )
    los = DerivedInteger(
        _("Length of stay"),
        reads=("surg_dt", "disch_dt"),
        by=rules.length_of_stay,
        unit=_("days"),
        soft=(7, 25),
        hard=(0, 400),
        shown_when=OPERATED,
        definition=_("From the operation to the discharge."),
        sdtm="HODUR",
    )
    readm = YesNoAnswer(
        _("Readmitted within 30 days of discharge"),
        shown_when=LEFT_ALIVE,
        required_when=LEFT_ALIVE,
        sdtm="HOOCCUR",
    )

    class Crf:
        code, title, version, repeats = "SURG", _("Surgery"), 1, Repeats.PER_PARTICIPANT
        instructions = _(
            "Fill it when the operation is done or given up; add the discharge and readmissions later."
        )
        sections = (
            Section(
                "plan",
                _("Plan and operation"),
                (
                    *("surg_done", "surg_dt", "no_surg_reason", "no_surg_other", "no_surg_dt", "intent"),
                    *("wk_from_neo", "wk_from_cre", "surg_centre", "surg_vol"),
                ),
            ),
            Section(
                "before",
                _("Before the operation"),
                ("asa", "ecog_pre", "wt_pre", "alb_pre"),
                shown_when=OPERATED,
            ),
            Section(
                "operation",
                _("Operation"),
                (
                    *("approach", "approach_other", "access_th", "access_ab", "conversion", "conv_reason"),
                    *("op_min", "anaes_min", "ebl", "transf", "io_compl", "io_other", "adhesion"),
                    *("resid_macro", "jejun"),
                ),
                shown_when=OPERATED,
            ),
            Section(
                "resection",
                _("Resection and reconstruction"),
                (
                    *("lnd", "stations", "adj_organ", "adj_other", "conduit", "route", "anast_site"),
                    *("anast_tech", "duct", "pylor", "omentum"),
                ),
                shown_when=RESECTED,
            ),
            Section(
                "stay",
                _("Stay in hospital"),
                (*("extub", "vent_h", "icu_d", "disch_dt", "disch_to", "los", "readm", "readms"),),
                shown_when=OPERATED,
            ),
        )
        checks = CHECKS
        milestones = (Sets("SURG", "surg_dt", when=RESECTED),)


@audited()
class SurgeryReadmission(CrfGroupRow):
    """Readmissions up to 30 days after discharge (protocol 3.8, readm)."""

    record = parent(
        Surgery,
        "readms",
        _("Readmissions"),
        shown_when=Is("readm", "Y"),
        required_when=Is("readm", "Y"),
    )
    readm_dt = DateAnswer(_("Date"), required=True, sdtm="HOSTDTC")
    readm_reason = ChoiceAnswer(_("Reason"), codes=lists.READMISSION, required=True, sdtm="HOREAS")
    readm_text = TextAnswer(
        _("Which?"),
        shown_when=Is("readm_reason", "other"),
        required_when=Is("readm_reason", "other"),
        sdtm="HOREAS",
    )
