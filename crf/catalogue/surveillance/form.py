"""The clinical page of a surveillance visit; the evaluation itself is the CRE form (protocol 3.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.follow_up.codes import IMAGE_RESULT, MODALITY
from crf.catalogue.shared.common import DYSPHAGIA, DYSPHAGIA_SCALE, ECOG, EXAM, FEEDING
from crf.catalogue.shared.dilatation import (
    DILATATION,
    DILATATION_EVENT,
    DILATATION_ROWS,
)
from crf.catalogue.surveillance import codes as lists
from crf.catalogue.surveillance import rules
from crf.catalogue.surveillance.checks import CHECKS
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import Is, Over
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedMultiple,
    DerivedText,
    IntegerAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)

if TYPE_CHECKING:
    from crf.engine.codelists import Text

DONE, NOT_DONE = Is("as_done", "Y"), Is("as_done", "N")


def late_toxicity(organ: Text) -> ChoiceAnswer:
    """Return one line of the review of late toxicity."""
    return YesNoAnswer(organ, required=True, sdtm="FAORRES")


@audited()
class Surveillance(CrfRecord):
    """How somebody lives with the oesophagus in place, and what it costs them (protocol 3.11)."""

    visit_ = Section(_("Visit"))
    as_done = YesNoAnswer(_("Visit done"), required=True, missing_allowed=())
    as_dt = DateAnswer(_("Date"), asked_when=DONE, missing_allowed=(), cdash="SVSTDAT", sdtm="PEDTC")
    as_why = ChoiceAnswer(_("Why not?"), codes=lists.NOT_DONE, asked_when=NOT_DONE, missing_allowed=())
    as_no = DerivedInteger(
        _("Surveillance visit number"),
        reads=("visit.code", "participant.protocol_version"),
        by=rules.visit_number,
        definition=_(
            "The place of the visit among the surveillance visits of the protocol text; empty for an "
            "unscheduled one."
        ),
    )
    as_due = DerivedDate(
        _("Due on"),
        reads=("visit.target",),
        by=lambda visit_target: visit_target,
        definition=_("The target day of the visit."),
    )
    as_dev = DerivedInteger(
        _("Days from the day it was due"),
        reads=("as_dt", "as_due"),
        by=lambda as_dt, as_due: (as_dt - as_due).days,
        unit=_("days"),
        definition=_("Negative when it was early."),
        sdtm="ADaM",
    )

    state_ = Section(_("State"), shown_when=DONE)
    as_exam = ChoiceAnswer(_("Physical examination"), codes=EXAM, required=True, sdtm="PEORRES")
    as_exam_txt = TextAnswer(
        _("What is abnormal?"), max_length=500, asked_when=Is("as_exam", "abnormal"), sdtm="PEORRES"
    )
    as_wt = DecimalAnswer(
        _("Weight"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        required=True,
        cdash="WEIGHT",
        sdtm="VSORRES (WEIGHT)",
    )
    as_wtpct = DerivedDecimal(
        _("Change of weight since day 1 of treatment"),
        reads=("as_wt", "TREAT.chemo", "DM.weight"),
        by=rules.weight_change,
        blanks=True,
        unit="%",
        soft=(-10, 10),
        hard=(-60, 60),
        definition=_("From the weight of the first dose; without one, from that of the baseline."),
        sdtm="VSORRES (WTPCHG)",
    )
    as_ecog = ChoiceAnswer(
        _("ECOG performance status"),
        codes=ECOG,
        required=True,
        taken_from="VS.ecog",
        sdtm="RSORRES (ECOG101)",
    )
    as_dysph = ChoiceAnswer(_("Dysphagia"), codes=DYSPHAGIA, required=True, sdtm="FAORRES")
    as_dysph_scale = DerivedText(
        _("Scale of the dysphagia"),
        reads=("as_dysph", "setting.dysphagia_scale"),
        by=lambda as_dysph, setting_dysphagia_scale: setting_dysphagia_scale,
        codes=DYSPHAGIA_SCALE,
        sdtm="FACAT",
        definition=_("The scale that the protocol text names, as soon as the grade is answered."),
    )
    as_feed = ChoiceAnswer(_("Feeding"), codes=FEEDING, required=True, sdtm="FAORRES")
    as_dilat_n = IntegerAnswer(
        _("Dilatations since the last visit"),
        soft=(0, 5),
        hard=(0, 30),
        required=True,
        sdtm="FAORRES (PROCPRFN)",
    )
    as_dilat_dt = DateAnswer(_("Last dilatation"), asked_when=Over("as_dilat_n", 0), sdtm="SUPPFA.LASTDIL")
    as_dilats = RepeatingGroup(_("Dilatations"), help=DILATATION_ROWS, asked_when=Over("as_dilat_n", 0))
    as_sten = ChoiceAnswer(
        _("Benign stenosis"),
        codes=lists.STENOSIS,
        required=True,
        help=_("If there is one, record it as an adverse event too."),
        sdtm="FAORRES (SEV)",
    )
    as_hosp_d = IntegerAnswer(
        _("Days in hospital since the last visit"),
        unit=_("days"),
        soft=(0, 30),
        hard=(0, 365),
        required=True,
        sdtm="FAORRES (HOSPDAYS)",
    )

    late = Section(
        _("Late toxicity"), shown_when=DONE, help=_("What is there is recorded as an adverse event too.")
    )
    as_late_lung = late_toxicity(_("Lung"))
    as_late_heart = late_toxicity(_("Heart"))
    as_late_thyr = late_toxicity(_("Thyroid"))
    as_late_adren = late_toxicity(_("Adrenal gland"))
    as_late_skin = late_toxicity(_("Skin"))
    as_late_gut = late_toxicity(_("Gut"))
    as_late_nerve = late_toxicity(_("Nerve"))

    evaluation = Section(_("Evaluation"))
    as_elem = DerivedMultiple(
        _("Parts of the evaluation that are due and not done"),
        reads=("as_done", "visit.code", "CRE*", "setting.bite_on_bite_min"),
        by=rules.elements_missing,
        blanks=True,
        codes=lists.ELEMENT,
        definition=_("PET-CT, endoscopy, bite-on-bite biopsies, EUS, and cytology of each suspect node."),
    )
    as_unsched = YesNoAnswer(
        _("Imaging or endoscopy outside the schedule"),
        asked_when=DONE,
        sdtm="PROCCUR",
        exported_after="as_late_nerve",
    )
    as_uns = RepeatingGroup(_("Outside the schedule"), asked_when=Is("as_unsched", "Y"))
    as_next = DerivedDate(
        _("Next evaluation due on"),
        reads=("visit.code", "milestone.NEO_END", "participant.protocol_version"),
        by=rules.next_due,
        exported_after="as_worry",
        definition=_(
            "The target day of the next surveillance visit of the protocol text, from the end of neoadjuvant "
            "treatment; empty after the last one."
        ),
    )

    will = Section(_("The participant"), shown_when=DONE)
    as_will = ChoiceAnswer(
        _("Is the participant willing to go on?"), codes=lists.WILLING, required=True, sdtm="DSTERM"
    )
    as_regret = IntegerAnswer(
        _("Decision regret, score"),
        hard=(0, 100),
        help=_("Optional: only where the site has the licence of the instrument."),
        sdtm="QSORRES",
    )
    as_worry = IntegerAnswer(
        _("Fear of recurrence, score"),
        hard=(0, 100),
        help=_("Optional: only where the site has the licence of the instrument."),
        sdtm="QSORRES",
    )

    class Crf:
        code, title, version, repeats = "AS", _("Surveillance visit"), 1, Repeats.PER_VISIT
        instructions = _("The findings of PET-CT, endoscopy and biopsies go to the response evaluation.")
        checks = CHECKS


@audited()
class SurveillanceDilatation(CrfGroupRow):
    """One dilatation since the last visit, with its size (protocol 3.11, as_dilats)."""

    record = parent(Surveillance, "as_dilats")
    dil_dt = DateAnswer(_("Date of the dilatation"), required=True, sdtm="PRSTDTC")
    dil_mm = DecimalAnswer(
        _("Largest diameter"), unit="mm", soft=(8, 20), hard=(3, 25), required=True, sdtm="SUPPPR.DILMM"
    )
    dil_how = ChoiceAnswer(_("How dilated"), codes=DILATATION, required=True, sdtm="SUPPPR.DILHOW")
    dil_compl = YesNoAnswer(
        _("Complication of the dilatation"), help=DILATATION_EVENT, required=True, sdtm="SUPPPR.PRCOMPL"
    )


@audited()
class SurveillanceUnscheduled(CrfGroupRow):
    """Imaging and endoscopies outside the schedule since the last visit (protocol 3.11, as_unsched)."""

    record = parent(Surveillance, "as_uns")
    u_what = ChoiceAnswer(_("Examination"), codes=MODALITY, required=True, sdtm="PRTRT")
    u_dt = DateAnswer(_("Date"), required=True, sdtm="PRSTDTC")
    u_result = ChoiceAnswer(_("Result"), codes=IMAGE_RESULT, required=True, sdtm="RSORRES (RDIORESP)")
