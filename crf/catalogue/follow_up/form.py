"""Follow-up and recurrence: after an operation, and for everyone with regrowth (protocol 3.12)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.follow_up import codes as lists
from crf.catalogue.follow_up import rules
from crf.catalogue.follow_up.checks import CHECKS
from crf.catalogue.shared.common import DYSPHAGIA, ECOG, FEEDING
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.shared.staging import DISTANT_SITES
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Has, Is, Not
from crf.engine.declaration import Repeats, Section, Sets
from crf.engine.fields import (
    Asked,
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDate,
    IntegerAnswer,
    MultipleAnswer,
    PartialDateAnswer,
    TextAnswer,
    YesNoAnswer,
)

ALIVE, RECURRED, OPERATED = Is("alive", "Y"), Is("rec_yn", "Y"), Answered("milestone.SURG")
SEEN = All(ALIVE, Is("contact", "clinic"))
ADJUVANT = All(Answered("adj_given"), Not(Is("adj_given", "none")))
WITH_DRUG = Is("tx_kind", "chemo", "io", "targeted", "trial")
FUNCTION: Asked = {"shown_when": ALIVE, "sdtm": "AETOXGR", "help": _("CTCAE grade.")}


@audited()
class FollowUp(CrfRecord):
    """How the participant is, and whether the disease came back (protocol 3.12)."""

    fu_dt = DateAnswer(
        _("Date of the contact"),
        required=True,
        missing_allowed=(),
        after_death_allowed=True,
        sdtm="SVSTDTC",
    )
    contact = ChoiceAnswer(_("Kind of contact"), codes=lists.CONTACT, required=True, sdtm="SVCNTMOD")
    alive = YesNoAnswer(
        _("Is the participant alive?"),
        help=_("If not, fill the survival form as well."),
        required=True,
        missing_allowed=(),
        sdtm="SSORRES (SURVSTAT)",
    )
    exam = ChoiceAnswer(
        _("Physical examination"), codes=lists.EXAM, shown_when=ALIVE, required_when=SEEN, sdtm="PEORRES"
    )
    exam_txt = TextAnswer(
        _("What is abnormal?"),
        max_length=500,
        shown_when=Is("exam", "abnormal"),
        required_when=Is("exam", "abnormal"),
        sdtm="PEORRES",
    )
    wt = DecimalAnswer(
        _("Weight"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        shown_when=ALIVE,
        required_when=SEEN,
        cdash="WEIGHT",
        sdtm="VSORRES (WEIGHT)",
    )
    ecog = ChoiceAnswer(
        _("ECOG performance status"),
        codes=ECOG,
        shown_when=ALIVE,
        required_when=ALIVE,
        sdtm="RSORRES (ECOG101)",
    )
    dysph = ChoiceAnswer(
        _("Dysphagia"), codes=DYSPHAGIA, shown_when=ALIVE, required_when=ALIVE, sdtm="FAORRES"
    )
    feed = ChoiceAnswer(
        _("Feeding route"), codes=FEEDING, shown_when=ALIVE, required_when=ALIVE, sdtm="FAORRES"
    )
    img_any = YesNoAnswer(_("Imaging or endoscopy since the last contact?"), required=True, sdtm="PROCCUR")
    dz_status = ChoiceAnswer(
        _("Disease status"), codes=lists.DISEASE, required=True, missing_allowed=("NK",), sdtm="RSORRES"
    )
    rec_yn = YesNoAnswer(
        _("Recurrence or regrowth found at this contact?"),
        required=True,
        missing_allowed=("NK",),
        sdtm="SUPPRS.RECYN",
    )
    rec_type = MultipleAnswer(
        _("Kind of recurrence"),
        codes=lists.RECURRENCE,
        shown_when=RECURRED,
        required_when=RECURRED,
        missing_allowed=(),
        sdtm="TUORRES",
    )
    rec_dt_first_suspect = DateAnswer(
        _("First suspected on"), shown_when=RECURRED, required_when=RECURRED, sdtm="RSDTC"
    )
    rec_dt_proof = DateAnswer(
        _("First proven on"),
        definition=_("The day of the first histology or cytology, else of the image that proved right."),
        shown_when=RECURRED,
        required_when=All(RECURRED, Is("dz_status", "proven")),
        sdtm="RSDTC",
    )
    recur_dt = DerivedDate(
        _("Date of the event"),
        reads=("rec_dt_proof", "rec_dt_first_suspect", "dz_status"),
        by=rules.recurred_on,
        blanks=True,
        definition=_("The first proof, else the first suspicion that was confirmed."),
        sdtm="ADTTE.ADT",
    )
    rec_method = ChoiceAnswer(
        _("How proven"), codes=lists.PROOF, shown_when=RECURRED, required_when=RECURRED, sdtm="RSMETHOD"
    )
    n_lesions = IntegerAnswer(
        _("Number of lesions"), hard=(1, 50), shown_when=RECURRED, required_when=RECURRED, sdtm="TUORRES"
    )
    oligo = DerivedBoolean(
        _("Oligometastatic"),
        reads=("n_lesions", "setting.oligo_recurrence_max_lesions"),
        by=rules.few_lesions,
        shown_when=Has("rec_type", "distant"),
        definition=_("Five lesions or fewer."),
    )
    resectable = YesNoAnswer(
        _("Judged resectable"), shown_when=RECURRED, required_when=RECURRED, sdtm="SUPPRS.RESECT"
    )
    post_tx_any = YesNoAnswer(
        _("Any further treatment of the cancer since the last contact?"), required=True, sdtm="CMYN"
    )
    adj_given = ChoiceAnswer(
        _("Adjuvant treatment after the operation"),
        codes=lists.ADJUVANT,
        shown_when=OPERATED,
        required_when=Is("visit.code", "ADJ"),
        sdtm="CMTRT",
    )
    adj_drug = TextAnswer(
        _("Adjuvant drug"),
        shown_when=Is("adj_given", "io", "chemo", "crt"),
        required_when=Is("adj_given", "io"),
        help=_("The substance, not the brand."),
        cdash="CMTRT",
        sdtm="CMTRT",
    )
    adj_start = DateAnswer(
        _("Adjuvant treatment, first day"),
        shown_when=ADJUVANT,
        required_when=ADJUVANT,
        cdash="CMSTDAT",
        sdtm="CMSTDTC",
    )
    adj_cycles = IntegerAnswer(
        _("Adjuvant cycles so far"),
        soft=(0, 18),
        hard=(0, 60),
        shown_when=Is("adj_given", "io", "chemo", "crt"),
        sdtm="SUPPCM.CYCLES",
    )
    adj_why = TextAnswer(
        _("Why no adjuvant treatment?"),
        max_length=500,
        shown_when=Is("adj_given", "none"),
        help=_("Needed when the specimen held tumour."),
        sdtm="CMREASND",
    )
    stricture = YesNoAnswer(_("Benign stricture"), shown_when=ALIVE, required_when=SEEN, sdtm="AETERM")
    dilat_n = IntegerAnswer(
        _("Dilatations since the last contact"),
        soft=(0, 5),
        hard=(0, 60),
        shown_when=ALIVE,
        required_when=Is("stricture", "Y"),
        sdtm="FAORRES",
    )
    reflux = ChoiceAnswer(_("Reflux"), codes=lists.CTCAE, **FUNCTION)
    dumping = ChoiceAnswer(_("Dumping"), codes=lists.CTCAE, **FUNCTION)
    aspiration = ChoiceAnswer(_("Aspiration"), codes=lists.CTCAE, **FUNCTION)
    work = ChoiceAnswer(_("Back to usual activity"), codes=lists.WORK, shown_when=ALIVE, sdtm="QSORRES")

    class Crf:
        code, title, version, repeats = "FU", _("Follow-up and recurrence"), 1, Repeats.PER_VISIT
        sections = (
            Section("contact", _("Contact"), ("fu_dt", "contact", "alive")),
            Section(
                "state",
                _("How the participant is"),
                (
                    *("exam", "exam_txt", "wt", "ecog", "dysph", "feed", "stricture", "dilat_n"),
                    *("reflux", "dumping", "aspiration", "work"),
                ),
                shown_when=ALIVE,
            ),
            Section("disease", _("Disease"), ("img_any", "img", "dz_status", "rec_yn")),
            Section(
                "recurrence",
                _("Recurrence or regrowth"),
                (
                    *("rec_type", "rec_node", "rec_site", "rec_dt_first_suspect", "rec_dt_proof"),
                    *("recur_dt", "rec_method", "n_lesions", "oligo", "resectable"),
                ),
                shown_when=RECURRED,
            ),
            Section(
                "adjuvant",
                _("Adjuvant treatment"),
                ("adj_given", "adj_drug", "adj_start", "adj_cycles", "adj_why"),
                shown_when=OPERATED,
            ),
            Section("treatment", _("Further treatment of the cancer"), ("post_tx_any", "post_tx")),
        )
        checks = CHECKS
        milestones = (
            Sets(
                "REGROWTH",
                "recur_dt",
                when=All(RECURRED, Has("rec_type", "local", "anastomotic", "node")),
            ),
            Sets("DM", "recur_dt", when=All(RECURRED, Has("rec_type", "distant"))),
        )


@audited()
class FollowUpImage(CrfGroupRow):
    """Imaging and endoscopy since the last contact (protocol 3.12, img)."""

    record = parent(
        FollowUp,
        "img",
        _("Imaging and endoscopy"),
        shown_when=Is("img_any", "Y"),
        required_when=Is("img_any", "Y"),
    )
    modality = ChoiceAnswer(_("Method"), codes=lists.MODALITY, required=True, sdtm="PRTRT")
    img_dt = DateAnswer(_("Date"), required=True, sdtm="PRSTDTC")
    img_result = ChoiceAnswer(_("Result"), codes=lists.IMAGE_RESULT, required=True, sdtm="TUORRES")
    img_note = TextAnswer(
        _("What was found?"),
        max_length=500,
        shown_when=Is("img_result", "suspect", "disease", "other"),
        required_when=Is("img_result", "suspect", "disease", "other"),
        sdtm="SUPPPR.NOTE",
    )


@audited()
class FollowUpNode(CrfGroupRow):
    """Stations of a nodal recurrence, beside the fields of treatment (protocol 3.12, rec_type)."""

    record = parent(
        FollowUp,
        "rec_node",
        _("Nodes"),
        shown_when=Has("rec_type", "node"),
        required_when=Has("rec_type", "node"),
    )
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="TULOC")
    rt_field = ChoiceAnswer(_("Radiotherapy field"), codes=lists.INSIDE, required=True, sdtm="SUPPTU.RTFIELD")
    lnd_field = ChoiceAnswer(
        _("Field of dissection"), codes=lists.INSIDE_DISSECTION, required=True, sdtm="SUPPTU.LNDFIELD"
    )


@audited()
class FollowUpSite(CrfGroupRow):
    """Sites of distant metastases (protocol 3.12, rec_site)."""

    record = parent(
        FollowUp,
        "rec_site",
        _("Distant sites"),
        shown_when=Has("rec_type", "distant"),
        required_when=Has("rec_type", "distant"),
    )
    organ = ChoiceAnswer(
        _("Organ with metastasis"), codes=DISTANT_SITES, required=True, missing_allowed=(), sdtm="TULOC"
    )
    organ_txt = TextAnswer(
        _("Which?"),
        max_length=80,
        shown_when=Is("organ", "other", "distant_node"),
        required_when=Is("organ", "other"),
        sdtm="TULOC",
    )


@audited()
class FollowUpTreatment(CrfGroupRow):
    """Subsequent treatment; immunotherapy of Arm 2 after a recurrence is data, no deviation (protocol 3.12)."""

    record = parent(
        FollowUp,
        "post_tx",
        _("Further treatments"),
        shown_when=Is("post_tx_any", "Y"),
        required_when=Is("post_tx_any", "Y"),
    )
    tx_kind = ChoiceAnswer(_("Treatment"), codes=lists.TREATMENT, required=True, sdtm="CMCAT")
    tx_drug = TextAnswer(
        _("Drug"),
        shown_when=WITH_DRUG,
        required_when=WITH_DRUG,
        help=_("The substance, not the brand."),
        cdash="CMTRT",
        sdtm="CMTRT",
    )
    tx_gy = DecimalAnswer(
        _("Dose"),
        unit="Gy",
        soft=(20, 70),
        hard=(0, 100),
        shown_when=Is("tx_kind", "rt"),
        required_when=Is("tx_kind", "rt"),
        sdtm="PRDOSE",
    )
    tx_site = TextAnswer(
        _("Place treated"),
        max_length=80,
        shown_when=Is("tx_kind", "rt", "endoscopic_resection"),
        required_when=Is("tx_kind", "rt"),
        sdtm="PRLOC",
    )
    tx_start = PartialDateAnswer(_("Began"), required=True, cdash="CMSTDAT", sdtm="CMSTDTC")
    tx_end = PartialDateAnswer(_("Ended"), help=_("Empty while it goes on."), cdash="CMENDAT", sdtm="CMENDTC")
    tx_line = IntegerAnswer(_("Line"), soft=(1, 4), hard=(1, 10), sdtm="SUPPCM.LINE")
