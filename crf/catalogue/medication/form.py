"""Medication of a participant: one record for each drug and period (protocol 3.3, decision C8)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.medication import codes as lists
from crf.catalogue.medication import rules
from crf.engine.base import CrfRecord
from crf.engine.checks import Check, Level, is_on_the_log
from crf.engine.conditions import Answered, Is, Not
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DecimalAnswer,
    IntegerAnswer,
    PartialDateAnswer,
    Section,
    TextAnswer,
    YesNoAnswer,
)

STEROID = Is("cm_steroid", "Y")


@audited()
class Medication(CrfRecord):
    """A drug that the trial does not prescribe, coded in WHODrug, with what it is given for (protocol 3.3, cm)."""

    drug = Section(_("Drug"))
    cm_trt = TextAnswer(
        _("Drug"),
        help=_("The substance, not the brand."),
        required=True,
        coded_in="whodrug",
        cdash="CMTRT",
        sdtm="CMTRT",
    )
    cm_code = TextAnswer(
        _("WHODrug code"), max_length=20, shown_when=Answered("cm_code"), sdtm="SUPPCM.WHODCODE"
    )
    cm_dose = DecimalAnswer(_("Dose"), places=3, hard=(0, 100000), cdash="CMDOSE", sdtm="CMDOSE")
    cm_dosu = ChoiceAnswer(_("Unit"), codes=lists.DOSE_UNIT, cdash="CMDOSU", sdtm="CMDOSU")
    cm_route = ChoiceAnswer(_("Route"), codes=lists.ROUTE, cdash="CMROUTE", sdtm="CMROUTE")
    cm_freq = ChoiceAnswer(_("How often"), codes=lists.FREQUENCY, cdash="CMDOSFRQ", sdtm="CMDOSFRQ")
    period = Section(_("Period"))
    cm_start = PartialDateAnswer(_("Began"), required=True, cdash="CMSTDAT", sdtm="CMSTDTC")
    cm_ongo = YesNoAnswer(_("Ongoing"), required=True, cdash="CMONGO", sdtm="CMENRTPT")
    cm_end = PartialDateAnswer(
        _("Ended"),
        shown_when=Not(Is("cm_ongo", "Y")),
        required_when=Is("cm_ongo", "N"),
        cdash="CMENDAT",
        sdtm="CMENDTC",
    )
    indication = Section(_("Indication"))
    cm_indc = ChoiceAnswer(_("Indication"), codes=lists.INDICATION, required=True, sdtm="CMINDC")
    cm_ae = IntegerAnswer(
        _("Number of the adverse event"),
        hard=(1, 999),
        help=_("Its number in the list of adverse events."),
        links_to="AE",
        asked_when=Is("cm_indc", "ae", "irae"),
        sdtm="RELREC",
    )
    cm_mh = IntegerAnswer(
        _("Number of the disease"),
        hard=(1, 999),
        help=_("Its number in the list of the medical history."),
        links_to="MH",
        asked_when=Is("cm_indc", "mh"),
        sdtm="RELREC",
    )
    cm_indc_txt = TextAnswer(
        _("Indication in words"), coded_in="meddra", cdash="CMINDC", sdtm="SUPPCM.INDCTXT"
    )

    kinds = Section(_("What matters for the trial"))
    cm_steroid = YesNoAnswer(_("Systemic corticosteroid"), required=True, sdtm="SUPPCM.STEROID")
    cm_pred = DecimalAnswer(
        _("As prednisone a day"),
        unit="mg",
        help=_("5 mg prednisone = 4 mg methylprednisolone = 0.75 mg dexamethasone = 20 mg hydrocortisone."),
        soft=(0, 20),
        hard=(0, 2000),
        asked_when=STEROID,
        sdtm="SUPPCM.PREDEQ",
    )
    cm_immuno = YesNoAnswer(_("Other immunosuppressant"), required=True, sdtm="SUPPCM.IMMSUP")
    cm_gcsf = YesNoAnswer(_("G-CSF"), sdtm="SUPPCM.GCSF")
    cm_abx = YesNoAnswer(_("Antibiotic"), sdtm="SUPPCM.ABX")

    class Crf:
        code, title, version, repeats = "CM", _("Medication"), 1, Repeats.LOG
        listed = ("cm_trt", "cm_start", "cm_end", "cm_indc")
        instructions = _(
            "Everything taken in the 30 days before consent or since, the treatment of the trial left out. A changed "
            "dose is a record of its own."
        )
        before_randomization = True
        dates_visit = False
        checks = (
            Check(
                code="CM-01",
                level=Level.HARD,
                reads=("cm_start", "cm_end"),
                passes=rules.ends_after_start,
                message=_("The medication ended before it began. Check both dates."),
                fields=("cm_end", "cm_start"),
            ),
            Check(
                code="CM-02",
                level=Level.HARD,
                reads=("cm_ae", "AE*"),
                passes=lambda **known: is_on_the_log(known["cm_ae"], known["ae_all"]),
                message=_(
                    "There is no adverse event with this number. Record the event first, or correct the number."
                ),
                fields=("cm_ae",),
            ),
            Check(
                code="CM-03",
                level=Level.HARD,
                reads=("cm_mh", "MH*"),
                passes=lambda **known: is_on_the_log(known["cm_mh"], known["mh_all"]),
                message=_(
                    "There is no disease with this number in the medical history. Record it first, or correct the "
                    "number."
                ),
                fields=("cm_mh",),
            ),
            Check(
                code="X024",
                level=Level.SOFT,
                reads=("cm_indc", "cm_steroid", "cm_ae", "AE*"),
                passes=rules.immune_event_is_recorded,
                message=_(
                    "A steroid is given for an immune-related event, and none is recorded. Record the event."
                ),
                fields=("cm_indc", "cm_steroid"),
                blanks=True,
            ),
        )
