"""Follow-up and recurrence: after an operation, and for everyone with regrowth (protocol 3.12)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.follow_up import codes as lists
from crf.catalogue.follow_up import rules
from crf.catalogue.follow_up.checks import CHECKS
from crf.catalogue.shared.common import DYSPHAGIA, DYSPHAGIA_SCALE, ECOG, EXAM, FEEDING
from crf.catalogue.shared.dilatation import (
    DILATATION,
    DILATATION_EVENT,
    DILATATION_ROWS,
)
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.shared.staging import DISTANT_SITES
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import All, Answered, Has, Is, Not, Over
from crf.engine.declaration import Repeats, Sets
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)

ALIVE, RECURRED, OPERATED = Is("alive", "Y"), Is("rec_yn", "Y"), Answered("milestone.SURG")
SEEN = All(ALIVE, Is("contact", "clinic"))
ADJUVANT = All(Answered("adj_given"), Not(Is("adj_given", "none")))
CTCAE_GRADE = _("CTCAE grade.")


@audited()
class FollowUp(CrfRecord):
    """How the participant is, and whether the disease came back (protocol 3.12)."""

    contact_ = Section(_("Contact"))
    fu_dt = DateAnswer(
        _("Date of the contact"), required=True, missing_allowed=(), after_death_allowed=True, sdtm="SSDTC"
    )
    contact = ChoiceAnswer(_("Kind of contact"), codes=lists.CONTACT, required=True)
    alive = YesNoAnswer(
        _("Is the participant alive?"),
        help=_("If not, fill the survival form as well."),
        required=True,
        missing_allowed=(),
        sdtm="SSORRES (SURVSTAT)",
    )

    state_ = Section(_("How the participant is"), shown_when=ALIVE)
    exam = ChoiceAnswer(_("Physical examination"), codes=EXAM, required_when=SEEN, sdtm="PEORRES")
    exam_txt = TextAnswer(
        _("What is abnormal?"), max_length=500, asked_when=Is("exam", "abnormal"), sdtm="PEORRES"
    )
    wt = DecimalAnswer(
        _("Weight"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        required_when=SEEN,
        cdash="WEIGHT",
        sdtm="VSORRES (WEIGHT)",
    )
    ecog = ChoiceAnswer(
        _("ECOG performance status"),
        codes=ECOG,
        required=True,
        taken_from="VS.ecog",
        sdtm="RSORRES (ECOG101)",
    )
    dysph = ChoiceAnswer(_("Dysphagia"), codes=DYSPHAGIA, required=True, sdtm="FAORRES")
    dysph_scale = DerivedText(
        _("Scale of the dysphagia"),
        reads=("dysph", "setting.dysphagia_scale"),
        by=lambda dysph, setting_dysphagia_scale: setting_dysphagia_scale,
        codes=DYSPHAGIA_SCALE,
        sdtm="FACAT",
        definition=_("The scale that the protocol text names, as soon as the grade is answered."),
    )
    feed = ChoiceAnswer(_("Feeding route"), codes=FEEDING, required=True, sdtm="FAORRES")
    stricture = YesNoAnswer(
        _("Benign stricture"), required_when=SEEN, sdtm="FAORRES (OCCUR)", exported_after="adj_why"
    )
    dilat_n = IntegerAnswer(
        _("Dilatations since the last contact"),
        soft=(0, 5),
        hard=(0, 60),
        required_when=Is("stricture", "Y"),
        sdtm="FAORRES",
        exported_after="stricture",
    )
    dilats = RepeatingGroup(_("Dilatations"), help=DILATATION_ROWS, asked_when=Over("dilat_n", 0))
    reflux = ChoiceAnswer(
        _("Reflux"), codes=lists.CTCAE, help=CTCAE_GRADE, sdtm="FAORRES (SEV)", exported_after="dilat_n"
    )
    dumping = ChoiceAnswer(
        _("Dumping"), codes=lists.CTCAE, help=CTCAE_GRADE, sdtm="FAORRES (SEV)", exported_after="reflux"
    )
    aspiration = ChoiceAnswer(
        _("Aspiration"), codes=lists.CTCAE, help=CTCAE_GRADE, sdtm="FAORRES (SEV)", exported_after="dumping"
    )
    work = ChoiceAnswer(
        _("Back to usual activity"), codes=lists.WORK, sdtm="SCORRES (ACTIVITY)", exported_after="aspiration"
    )

    disease = Section(_("Disease"))
    img_any = YesNoAnswer(_("Imaging or endoscopy since the last contact?"), required=True, sdtm="PROCCUR")
    img = RepeatingGroup(_("Imaging and endoscopy"), asked_when=Is("img_any", "Y"))
    dz_status = ChoiceAnswer(
        _("Disease status"), codes=lists.DISEASE, required=True, missing_allowed=("NK",), sdtm="RSORRES"
    )
    rec_yn = YesNoAnswer(
        _("Recurrence or regrowth found at this contact?"),
        required=True,
        missing_allowed=("NK",),
        sdtm="SUPPRS.RECYN",
    )

    recurrence = Section(_("Recurrence or regrowth"), shown_when=RECURRED)
    rec_type = MultipleAnswer(
        _("Kind of recurrence"), codes=lists.RECURRENCE, required=True, missing_allowed=(), sdtm="TUORRES"
    )
    rec_node = RepeatingGroup(_("Nodes"), asked_when=Has("rec_type", "node"))
    rec_site = RepeatingGroup(_("Distant sites"), asked_when=Has("rec_type", "distant"))
    rec_dt_first_suspect = DateAnswer(_("First suspected on"), required=True, sdtm="SUPPRS.FSUSPDT")
    rec_dt_proof = DateAnswer(
        _("First proven on"),
        definition=_("The day of the first histology or cytology, else of the image that proved right."),
        required_when=All(RECURRED, Is("dz_status", "proven")),
        sdtm="SUPPRS.FPROOFDT",
    )
    recur_dt = DerivedDate(
        _("Date of the event"),
        reads=("rec_dt_proof", "rec_dt_first_suspect", "dz_status"),
        by=rules.recurred_on,
        blanks=True,
        definition=_("The first proof, else the first suspicion that was confirmed."),
        sdtm="SUPPRS.RECEVDT",
    )
    rec_method = ChoiceAnswer(_("How proven"), codes=lists.PROOF, required=True, sdtm="SUPPRS.RECHOW")
    n_lesions = IntegerAnswer(_("Number of lesions"), hard=(1, 50), required=True, sdtm="TRORRES (LESNUM)")
    oligo = DerivedBoolean(
        _("Oligometastatic"),
        reads=("n_lesions", "setting.oligo_recurrence_max_lesions"),
        by=rules.few_lesions,
        shown_when=Has("rec_type", "distant"),
        definition=_("Five lesions or fewer."),
    )
    resectable = YesNoAnswer(_("Judged resectable"), required=True, sdtm="SUPPRS.RESECT")

    adjuvant = Section(_("Adjuvant treatment"), shown_when=OPERATED)
    adj_given = ChoiceAnswer(
        _("Adjuvant treatment after the operation"),
        codes=lists.ADJUVANT,
        required_when=Is("visit.code", "ADJ"),
        sdtm="CMTRT",
    )
    adj_drug = TextAnswer(
        _("Adjuvant drug"),
        shown_when=Is("adj_given", "io", "chemo", "crt"),
        required_when=Is("adj_given", "io"),
        help=_("The substance, not the brand."),
        coded_in="whodrug",
        cdash="CMTRT",
        sdtm="CMTRT",
    )
    adj_start = DateAnswer(
        _("Adjuvant treatment, first day"), asked_when=ADJUVANT, cdash="CMSTDAT", sdtm="CMSTDTC"
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
        sdtm="SUPPCM.REASNOC",
    )

    treatment_ = Section(_("Further treatment of the cancer"))
    post_tx_any = YesNoAnswer(
        _("New anticancer therapy since the last contact?"),
        help=_("If so, add a record to the log of subsequent anticancer therapy (ST) for each."),
        required=True,
        sdtm="CMOCCUR",
        exported_after="resectable",
    )

    class Crf:
        code, title, version, repeats = "FU", _("Follow-up and recurrence"), 2, Repeats.PER_VISIT
        critical = ("fu_dt", "alive", "dz_status", "rec_yn", "rec_type", "rec_dt_proof")
        says_alive = True
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

    record = parent(FollowUp, "img")
    modality = ChoiceAnswer(_("Method"), codes=lists.MODALITY, required=True, sdtm="PRTRT")
    img_dt = DateAnswer(_("Date"), required=True, sdtm="PRSTDTC")
    img_result = ChoiceAnswer(_("Result"), codes=lists.IMAGE_RESULT, required=True, sdtm="RSORRES (RDIORESP)")
    img_note = TextAnswer(
        _("What was found?"),
        max_length=500,
        asked_when=Is("img_result", "suspect", "disease", "other"),
        sdtm="SUPPPR.NOTE",
    )


@audited()
class FollowUpDilatation(CrfGroupRow):
    """One dilatation since the last contact, with its size (protocol 3.12, dilats)."""

    record = parent(FollowUp, "dilats")
    dil_dt = DateAnswer(_("Date of the dilatation"), required=True, sdtm="PRSTDTC")
    dil_mm = DecimalAnswer(
        _("Largest diameter"), unit="mm", soft=(8, 20), hard=(3, 25), required=True, sdtm="SUPPPR.DILMM"
    )
    dil_how = ChoiceAnswer(_("How dilated"), codes=DILATATION, required=True, sdtm="SUPPPR.DILHOW")
    dil_compl = YesNoAnswer(
        _("Complication of the dilatation"), help=DILATATION_EVENT, required=True, sdtm="SUPPPR.PRCOMPL"
    )


@audited()
class FollowUpNode(CrfGroupRow):
    """Stations of a nodal recurrence, beside the fields of treatment (protocol 3.12, rec_type)."""

    record = parent(FollowUp, "rec_node")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    rt_field = ChoiceAnswer(_("Radiotherapy field"), codes=lists.INSIDE, required=True, sdtm="SUPPTU.RTFIELD")
    lnd_field = ChoiceAnswer(
        _("Field of dissection"), codes=lists.INSIDE_DISSECTION, required=True, sdtm="SUPPTU.LNDFIELD"
    )


@audited()
class FollowUpSite(CrfGroupRow):
    """Sites of distant metastases (protocol 3.12, rec_site)."""

    record = parent(FollowUp, "rec_site")
    organ = ChoiceAnswer(
        _("Organ with metastasis"), codes=DISTANT_SITES, required=True, missing_allowed=(), sdtm="TULOC"
    )
    organ_txt = TextAnswer(
        _("Which?"),
        max_length=80,
        shown_when=Is("organ", "other", "distant_node"),
        required_when=Is("organ", "other"),
        sdtm="SUPPTU.LESLOC",
    )


@audited()
class FollowUpTreatment(CrfGroupRow):
    """Treatments that were rows of the form before they had a log (ST); the table stays for its versions."""

    record = models.ForeignKey(FollowUp, models.PROTECT, related_name="post_tx")
    tx_kind = models.CharField(max_length=40, null=True, blank=True)
    tx_drug = models.CharField(max_length=200, null=True, blank=True)
    tx_gy = models.DecimalField(max_digits=14, decimal_places=1, null=True, blank=True)
    tx_site = models.CharField(max_length=80, null=True, blank=True)
    tx_start = models.CharField(max_length=10, null=True, blank=True)
    tx_end = models.CharField(max_length=10, null=True, blank=True)
    tx_line = models.IntegerField(null=True, blank=True)
