"""Surgery: what became of the plan, the operation, the stay in hospital (protocol 3.8)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.shared.common import ASA, ECOG
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.surgery import codes as lists
from crf.catalogue.surgery import rules
from crf.catalogue.surgery.checks import CHECKS
from crf.catalogue.surgery.outcomes import RESECTION, WITH_INCISION, WITH_SPECIMEN
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Any_, Has, Is, Not
from crf.engine.declaration import Repeats, Sets
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedDecimal,
    DerivedInteger,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from crf.engine.questions import Classification

RESECTED = Is("surg_done", *WITH_SPECIMEN)
OPERATED = Is("surg_done", *WITH_INCISION)
NOT_RESECTED = Is("surg_done", "explored", "none")
NOT_OPERATED = Is("surg_done", "none")
MINIMAL = Any_(
    Is("access_th", "scopic", "robot", "hybrid", "mediastinoscopic"),
    Is("access_ab", "scopic", "robot", "hybrid"),
)
LEFT_ALIVE = All(Answered("disch_to"), Not(Is("disch_to", "died")))


@audited()
class Surgery(CrfRecord):
    """What became of one planned operation; a resection of the oesophagus starts the post-operative clocks (protocol
    2.1, 3.8).

    One record for each operation: a refusal and a later salvage, an exploration and a resection, a re-resection
    stand beside each other. The oesophagus is resected once (X040, decision D1).
    """

    plan = Section(_("Plan and operation"))
    op_no = DerivedInteger(
        _("Operation number"),
        reads=("record.sequence",),
        by=lambda record_sequence: record_sequence or None,
        help=_("The pathology form names its operation by this number."),
        sdtm="PRSPID",
        definition=_("The number of this record among the participant’s operations."),
    )
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
        asked_when=OPERATED,
        cdash="PRSTDAT",
        sdtm="PRSTDTC",
    )
    no_surg_reason = ChoiceAnswer(
        _("Why was nothing resected?"),
        codes=lists.NOT_RESECTED,
        asked_when=NOT_RESECTED,
        sdtm="SUPPPR.REASNOC",
    )
    no_surg_other = TextAnswer(
        _("Other reason"), asked_when=Is("no_surg_reason", "other"), sdtm="SUPPPR.NOSURGTX"
    )
    no_surg_dt = DateAnswer(
        _("Date on which the plan was given up"),
        asked_when=NOT_OPERATED,
        definition=_("The day of the MDT meeting, of the refusal or of the finding."),
        sdtm="SUPPPR.GIVENUP",
    )
    intent = ChoiceAnswer(_("Kind of operation"), codes=lists.INTENT, asked_when=OPERATED, sdtm="PRSCAT")
    wk_from_neo = DerivedDecimal(
        _("Weeks since the end of neoadjuvant treatment"),
        reads=("surg_dt", "milestone.NEO_END"),
        by=rules.weeks_from_neo,
        unit=_("weeks"),
        shown_when=OPERATED,
        sdtm="SUPPPR.WKNEO",
        definition=_("Days from the end of neoadjuvant treatment to the operation, divided by 7."),
    )
    wk_from_cre = DerivedDecimal(
        _("Weeks since the last response evaluation"),
        reads=("surg_dt", "CRE*"),
        by=rules.weeks_from_evaluation,
        unit=_("weeks"),
        shown_when=OPERATED,
        sdtm="SUPPPR.WKCRE",
        definition=_("Days from the last response evaluation up to the operation, divided by 7."),
    )
    days_from_neo = DerivedInteger(
        _("Days since the end of neoadjuvant treatment"),
        reads=("surg_dt", "milestone.NEO_END"),
        by=lambda surg_dt, milestone_neo_end: (surg_dt - milestone_neo_end).days,
        unit=_("days"),
        shown_when=OPERATED,
        sdtm="SUPPPR.DAYSNEO",
        definition=_("Days from the end of neoadjuvant treatment to the operation."),
    )
    days_from_regrow = DerivedInteger(
        _("Days since the proof of the regrowth"),
        reads=("surg_dt", "milestone.REGROWTH"),
        by=rules.days_from_regrowth,
        unit=_("days"),
        shown_when=OPERATED,
        sdtm="SUPPPR.DAYSREGR",
        definition=_(
            "Days from the proof of the regrowth to the operation; empty where the operation came before it."
        ),
    )
    surg_timing = DerivedText(
        _("Time of the operation"),
        reads=(
            *("surg_dt", "intent", "milestone.NEO_END", "milestone.CCR", "milestone.LATECCR"),
            "setting.surgery_arm2_deviation_days",
        ),
        by=rules.timing,
        blanks=True,
        codes=lists.TIMING,
        definition=_(
            "After a cCR, at CRE-2 or late; without one, delayed from the day on which planned surgery of Arm 2 is a "
            "deviation. Emergencies and operations after a resection have none."
        ),
        shown_when=OPERATED,
        sdtm="SUPPPR.TIMING",
    )
    surg_centre = ChoiceAnswer(
        _("Operated at"), codes=lists.CENTRE, asked_when=OPERATED, sdtm="SUPPPR.CENTRE"
    )
    surg_vol = TextAnswer(
        _("Surgeon, code"),
        max_length=20,
        help=_("A code that your own log resolves, never a name."),
        shown_when=OPERATED,
        classification=Classification.OPERATIONAL,
        sdtm="SUPPPR.SURGEON",
        exported_after="wk_from_cre",
    )

    before = Section(_("Before the operation"), shown_when=OPERATED)
    asa = ChoiceAnswer(_("ASA class"), codes=ASA, required=True, sdtm="RSORRES (ASACLAS)")
    ecog_pre = ChoiceAnswer(
        _("ECOG before the operation"),
        codes=ECOG,
        required=True,
        taken_from="VS.ecog",
        sdtm="RSORRES (ECOG101)",
    )
    wt_pre = DecimalAnswer(
        _("Weight before the operation"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        required=True,
        taken_from="VS.weight",
        sdtm="VSORRES (WEIGHT)",
    )
    alb_pre = DecimalAnswer(
        _("Albumin before the operation"),
        unit="g/L",
        soft=(28, 52),
        hard=(5, 70),
        required=True,
        sdtm="LBORRES (ALB)",
    )

    operation_ = Section(_("Operation"), shown_when=OPERATED)
    approach = ChoiceAnswer(_("Procedure"), codes=lists.APPROACH, asked_when=RESECTED, sdtm="SUPPPR.APPROACH")
    approach_other = TextAnswer(
        _("Other procedure"), asked_when=Is("approach", "other"), sdtm="SUPPPR.APPROTH"
    )
    access_th = ChoiceAnswer(
        _("Access to the chest"), codes=lists.THORACIC_ACCESS, required=True, sdtm="SUPPPR.ACCTHOR"
    )
    access_ab = ChoiceAnswer(
        _("Access to the abdomen"), codes=lists.ABDOMINAL_ACCESS, required=True, sdtm="SUPPPR.ACCABD"
    )
    conversion = YesNoAnswer(_("Converted to open surgery"), asked_when=MINIMAL, sdtm="SUPPPR.CONVERT")
    conv_reason = ChoiceAnswer(
        _("Reason for the conversion"),
        codes=lists.CONVERSION,
        asked_when=Is("conversion", "Y"),
        sdtm="SUPPPR.CONVREAS",
    )
    op_min = IntegerAnswer(
        _("Operating time"), unit="min", soft=(150, 480), hard=(30, 960), required=True, sdtm="PRDUR"
    )
    anaes_min = IntegerAnswer(
        _("Anaesthetic time"), unit="min", soft=(200, 600), hard=(30, 1200), sdtm="SUPPPR.ANAESMIN"
    )
    ebl = IntegerAnswer(
        _("Blood loss"), unit="mL", soft=(20, 600), hard=(0, 15000), required=True, sdtm="FAORRES"
    )
    transf = IntegerAnswer(
        _("Red cells during the operation"),
        unit=_("units"),
        soft=(0, 2),
        hard=(0, 60),
        required=True,
        sdtm="CMDOSE",
    )
    io_compl = MultipleAnswer(
        _("Events during the operation"),
        codes=lists.EVENTS,
        help=_("Report each as an adverse event as well."),
        required=True,
        sdtm="CETERM",
    )
    io_other = TextAnswer(
        _("Other event"), asked_when=Has("io_compl", "other"), coded_in="meddra", sdtm="SUPPCE.EVENTTXT"
    )
    adhesion = ChoiceAnswer(
        _("Fibrosis in the radiation field"), codes=lists.FIBROSIS, required=True, sdtm="SUPPPR.FIBROSIS"
    )
    resid_macro = ChoiceAnswer(
        _("Tumour left behind, as the surgeon saw it"),
        codes=lists.RESIDUE,
        help=_("R2 here means R2 in the pathology form."),
        missing_allowed=(),
        required=True,
        sdtm="FAORRES",
    )
    jejun = YesNoAnswer(_("Feeding jejunostomy"), required=True, sdtm="PROCCUR", exported_after="duct")

    resection = Section(_("Resection and reconstruction"), shown_when=RESECTED)
    lnd = ChoiceAnswer(
        _("Lymphadenectomy"),
        codes=lists.LYMPHADENECTOMY,
        required=True,
        sdtm="SUPPPR.LND",
        exported_after="conv_reason",
    )
    stations = MultipleAnswer(
        _("Stations dissected"), codes=STATIONS, required=True, sdtm="SUPPPR.STATIONS", exported_after="lnd"
    )
    adj_organ = MultipleAnswer(
        _("Structures removed en bloc"), codes=lists.ORGANS, required=True, sdtm="SUPPPR.ENBLOC"
    )
    adj_other = TextAnswer(_("Other structure"), asked_when=Has("adj_organ", "other"), sdtm="SUPPPR.ENBLOCTX")
    conduit = ChoiceAnswer(
        _("Conduit"), codes=lists.CONDUIT, required=True, sdtm="SUPPPR.CONDUIT", exported_after="stations"
    )
    route = ChoiceAnswer(
        _("Route of the conduit"),
        codes=lists.ROUTE,
        required=True,
        sdtm="SUPPPR.ROUTE",
        exported_after="conduit",
    )
    anast_site = ChoiceAnswer(
        _("Anastomosis: where?"),
        codes=lists.ANASTOMOSIS_SITE,
        required=True,
        sdtm="SUPPPR.ANASTLOC",
        exported_after="route",
    )
    anast_tech = ChoiceAnswer(
        _("Anastomosis: how?"),
        codes=lists.ANASTOMOSIS,
        required=True,
        sdtm="SUPPPR.ANASTECH",
        exported_after="anast_site",
    )
    duct = YesNoAnswer(
        _("Thoracic duct ligated or resected"), required=True, sdtm="PROCCUR", exported_after="anast_tech"
    )
    pylor = YesNoAnswer(_("Pyloric drainage"), required=True, sdtm="PROCCUR", exported_after="jejun")
    omentum = YesNoAnswer(_("Omental wrap"), required=True, sdtm="PROCCUR", exported_after="pylor")

    stay = Section(_("Stay in hospital"), shown_when=OPERATED)
    extub = YesNoAnswer(_("Extubated in theatre"), required=True, sdtm="PROCCUR")
    vent_h = DecimalAnswer(
        _("Ventilation after the operation"),
        unit=_("hours"),
        soft=(0, 24),
        hard=(0, 5000),
        required=True,
        sdtm="PRDUR",
    )
    icu_d = DecimalAnswer(
        _("Intensive care"), unit=_("days"), soft=(0, 4), hard=(0, 365), required=True, sdtm="HODUR"
    )
    disch_dt = DateAnswer(
        _("Date of discharge"),
        help=_("Enter it when the participant has left; the form stays open until then."),
        required=True,
        sdtm="HOENDTC",
    )
    disch_to = ChoiceAnswer(
        _("Discharged to"), codes=lists.DESTINATION, asked_when=Answered("disch_dt"), sdtm="SUPPHO.DISCHTO"
    )
    los = DerivedInteger(
        _("Length of stay"),
        reads=("surg_dt", "disch_dt"),
        by=rules.length_of_stay,
        unit=_("days"),
        soft=(7, 25),
        hard=(0, 400),
        definition=_("From the operation to the discharge."),
        sdtm="SUPPHO.LOS",
    )
    readm = YesNoAnswer(
        _("Readmitted within 30 days of discharge"), asked_when=LEFT_ALIVE, sdtm="SUPPHO.READM30"
    )
    readms = RepeatingGroup(_("Readmissions"), asked_when=Is("readm", "Y"))

    class Crf:
        code, title, version, repeats = "SURG", _("Surgery"), 2, Repeats.LOG
        critical = ("surg_done", "surg_dt", "no_surg_reason")
        due_at_visits, due_days = True, "form_due_days_operation"
        listed = ("surg_done", "surg_dt", "intent", "no_surg_reason")
        instructions = _(
            "One record for each operation. Fill it when the operation is done or given up; add the discharge and "
            "readmissions later. A later operation is a new record."
        )
        checks = CHECKS
        milestones = (Sets("SURG", "surg_dt", when=Is("surg_done", RESECTION)),)


@audited()
class SurgeryReadmission(CrfGroupRow):
    """Readmissions up to 30 days after discharge (protocol 3.8, readm)."""

    record = parent(Surgery, "readms")
    readm_dt = DateAnswer(_("Date"), required=True, sdtm="HOSTDTC")
    readm_reason = ChoiceAnswer(_("Reason"), codes=lists.READMISSION, required=True, sdtm="SUPPHO.HOREAS")
    readm_text = TextAnswer(_("Which?"), asked_when=Is("readm_reason", "other"), sdtm="SUPPHO.HOREASTX")
    readm_ae = IntegerAnswer(
        _("Adverse event behind the stay in hospital"),
        help=_("Its number in the list of adverse events."),
        links_to="AE",
        hard=(1, 999),
        sdtm="RELREC",
    )
