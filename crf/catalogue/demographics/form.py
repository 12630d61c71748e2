"""Demographics, history, tobacco and alcohol, medication at screening (protocol 3.3)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.demographics import codes as lists
from crf.catalogue.demographics import rules
from crf.catalogue.demographics.checks import CHECKS
from crf.catalogue.shared.common import ASA, DYSPHAGIA, DYSPHAGIA_SCALE, ECOG, FEEDING, YES_NO
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    Asked,
    ChoiceAnswer,
    DecimalAnswer,
    DerivedDecimal,
    DerivedInteger,
    DerivedMultiple,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
    YesNoUnknownAnswer,
)

SMOKED = Is("smoke", "former", "current")
HISTORY: Asked = {"required": True, "sdtm": "MHOCCUR"}


@audited()
class Demographics(CrfRecord):
    """Who the participant is as a patient; exclusions 1, 2, 3 and 7 are judged by these answers (X006)."""

    person = Section(_("The participant"))
    ethnic_cn = ChoiceAnswer(_("Ethnic group"), codes=lists.ETHNIC, sdtm="SUPPDM.ETHNICCN")
    educ = ChoiceAnswer(_("Education"), codes=lists.EDUCATION, sdtm="SCORRES (EDULEVEL)")
    residence = YesNoUnknownAnswer(_("Lives in an area where oesophageal cancer is frequent"), sdtm="SCORRES")

    body = Section(_("Body and nutrition"))
    height = DecimalAnswer(
        _("Height"),
        unit="cm",
        soft=(140, 190),
        hard=(120, 220),
        required=True,
        cdash="HEIGHT",
        sdtm="VSORRES (HEIGHT)",
    )
    weight = DecimalAnswer(
        _("Weight"),
        unit="kg",
        soft=(38, 110),
        hard=(25, 200),
        required=True,
        cdash="WEIGHT",
        sdtm="VSORRES (WEIGHT)",
    )
    weight_6m = DecimalAnswer(
        _("Usual weight 6 months ago"), unit="kg", soft=(38, 120), hard=(25, 220), sdtm="VSORRES (WEIGHT6M)"
    )
    wt_loss = DerivedDecimal(
        _("Weight lost"),
        reads=("weight_6m", "weight"),
        by=rules.lost_weight,
        unit="%",
        hard=(-20, 50),
        definition=_("Of the usual weight; a gain is negative."),
        sdtm="VSORRES (WTLOSS)",
    )
    bmi = DerivedDecimal(
        _("Body-mass index"),
        reads=("height", "weight"),
        by=rules.body_mass,
        unit="kg/m2",
        soft=(15, 32),
        hard=(10, 60),
        sdtm="VSORRES (BMI)",
        definition=_("Weight in kg, divided by the square of the height in m."),
    )
    bsa = DerivedDecimal(
        _("Body surface"),
        reads=("height", "weight", "setting.bsa_formula"),
        by=rules.body_surface,
        places=2,
        unit="m2",
        soft=(1.2, 2.3),
        hard=(0.8, 3),
        help=_("By the formula of the protocol text (%(setting.bsa_formula)s)."),
        sdtm="VSORRES (BSA)",
        definition=_("From height and weight, by the formula that the protocol text names."),
    )
    dysph = ChoiceAnswer(_("Dysphagia"), codes=DYSPHAGIA, required=True, sdtm="FAORRES (DYSPHSC)")
    dysph_scale = DerivedText(
        _("Scale of the dysphagia"),
        reads=("dysph", "setting.dysphagia_scale"),
        by=lambda dysph, setting_dysphagia_scale: setting_dysphagia_scale,
        codes=DYSPHAGIA_SCALE,
        sdtm="FACAT",
        definition=_("The scale that the protocol text names, as soon as the grade is answered."),
    )
    nrs2002 = IntegerAnswer(
        _("Nutritional risk score (NRS 2002)"), soft=(0, 5), hard=(0, 7), sdtm="RSORRES (NRS2002)"
    )
    feed = ChoiceAnswer(_("Feeding route"), codes=FEEDING, required=True, sdtm="FAORRES")
    ecog = ChoiceAnswer(
        _("ECOG performance status"),
        codes=ECOG,
        required=True,
        taken_from="ELIG.ecog",
        sdtm="RSORRES (ECOG101)",
    )
    kps = IntegerAnswer(
        _("Karnofsky performance status"), help=_("In steps of 10."), hard=(0, 100), sdtm="RSORRES (KPSS0101)"
    )
    asa = ChoiceAnswer(_("ASA class"), codes=ASA, sdtm="RSORRES (ASACLAS)")

    habits = Section(_("Tobacco, alcohol and family"))
    smoke = ChoiceAnswer(_("Tobacco"), codes=lists.HABIT, required=True, sdtm="SUOCCUR")
    pack_y = DecimalAnswer(
        _("Pack-years"),
        help=_("Packs of 20 a day times years."),
        soft=(0, 100),
        hard=(0, 200),
        asked_when=SMOKED,
        sdtm="SUPPSU.PACKYR",
    )
    quit_y = IntegerAnswer(
        _("Year stopped"), hard=(1900, 2200), asked_when=Is("smoke", "former"), sdtm="SUENDTC"
    )
    alc = ChoiceAnswer(_("Alcohol"), codes=lists.HABIT, required=True, sdtm="SUOCCUR")
    alc_g = IntegerAnswer(
        _("Alcohol a day"),
        unit="g",
        help=_("Grams of ethanol: 50 mL of spirits at 52 % are about 20 g."),
        soft=(0, 150),
        hard=(0, 500),
        shown_when=Is("alc", "former", "current"),
        sdtm="SUDOSE",
    )
    flush = YesNoUnknownAnswer(_("Face flushes after alcohol"), sdtm="SUPPSU.FLUSH")
    hot_drink = YesNoUnknownAnswer(_("Drinks very hot drinks"), sdtm="SUOCCUR")
    betel = YesNoUnknownAnswer(_("Chews betel"), sdtm="SUOCCUR")
    fam_gi = YesNoUnknownAnswer(
        _("Parent, brother, sister or child with oesophageal or gastric cancer"), sdtm="MHOCCUR"
    )
    fam_gi_n = IntegerAnswer(_("How many?"), hard=(1, 15), shown_when=Is("fam_gi", "Y"), sdtm="SUPPMH.FAMGIN")

    history = Section(_("Medical history"))
    mh_htn = YesNoUnknownAnswer(_("Hypertension"), **HISTORY)
    mh_dm = YesNoUnknownAnswer(_("Diabetes"), **HISTORY)
    mh_cad = YesNoUnknownAnswer(_("Coronary disease"), **HISTORY)
    mh_arrhyth = YesNoUnknownAnswer(_("Arrhythmia"), **HISTORY)
    mh_stroke = YesNoUnknownAnswer(_("Stroke"), **HISTORY)
    mh_copd = YesNoUnknownAnswer(_("Chronic obstructive lung disease"), **HISTORY)
    mh_ild = YesNoUnknownAnswer(_("Interstitial lung disease"), **HISTORY)
    mh_ild_sympt = YesNoAnswer(
        _("Interstitial lung disease with symptoms, now or earlier"),
        asked_when=Is("mh_ild", "Y"),
        sdtm="SUPPMH.ILDSYMPT",
    )
    mh_tb = YesNoUnknownAnswer(_("Tuberculosis"), **HISTORY)
    mh_hbv = YesNoUnknownAnswer(_("Hepatitis B"), **HISTORY)
    mh_hcv = YesNoUnknownAnswer(_("Hepatitis C"), **HISTORY)
    mh_hiv = YesNoUnknownAnswer(_("HIV"), **HISTORY)
    mh_autoimmune = YesNoUnknownAnswer(_("Autoimmune disease, now or earlier"), **HISTORY)
    mh_thyroid = YesNoUnknownAnswer(_("Thyroid disease"), **HISTORY)
    mh_renal = YesNoUnknownAnswer(_("Kidney disease"), **HISTORY)
    mh_prior_ca = YesNoUnknownAnswer(_("Earlier cancer, or earlier treatment of this one"), **HISTORY)
    prior_ca = RepeatingGroup(_("Earlier cancers"), asked_when=Is("mh_prior_ca", "Y"))
    prior_ca_tx = DerivedMultiple(
        _("Treatments of earlier cancers"),
        reads=("prior_ca",),
        by=rules.treatments_of_cancers,
        codes=lists.CANCER_TREATMENT,
        sdtm="SUPPMH.PRIORTX",
        exported_after="mh_transplant",
        definition=_(
            "Every treatment of any earlier cancer; “none” only where there was no treatment at all."
        ),
    )
    mh_prior_surg = YesNoUnknownAnswer(_("Earlier operation of chest or abdomen"), **HISTORY)
    mh_transplant = YesNoUnknownAnswer(_("Transplant"), **HISTORY)
    cci_items = MultipleAnswer(
        _("Diseases of the Charlson index"),
        codes=lists.CHARLSON,
        help=_("The oesophageal cancer itself does not count."),
        sdtm="MHTERM",
        exported_after="asa",
    )
    cci_age = DerivedInteger(
        _("Charlson index with age"),
        reads=("cci_items", "ELIG.age"),
        by=rules.comorbidity,
        hard=(0, 37),
        sdtm="RSORRES (CCIAGE)",
        exported_after="cci_items",
        definition=_(
            "Points of the conditions ticked, where the milder of two degrees of one disease adds nothing, "
            "and one point for each decade of age from 50, at most four."
        ),
    )
    mh_any = YesNoAnswer(_("Any disease, past or ongoing?"), required=True)

    medication = Section(_("Medication"))
    cm_any = YesNoAnswer(_("Any medication in the 30 days before consent, or since?"), required=True)
    pred_eq = DerivedDecimal(
        _("Systemic corticosteroid at screening, as prednisone a day"),
        reads=("CM*", "milestone.RAND"),
        by=rules.steroid_a_day,
        blanks=True,
        unit="mg",
        help=_("Over 10 mg a day contradicts a No to exclusion 2."),
        definition=_(
            "The highest daily dose, as prednisone, of the systemic steroids on the medication log that were "
            "taken at randomization; before it, of those that had not ended."
        ),
    )
    immunosuppr = DerivedText(
        _("Immunosuppressant at screening"),
        reads=("cm_any", "CM*", "milestone.RAND"),
        by=rules.suppressed,
        blanks=True,
        codes=YES_NO,
        definition=_(
            "Y where the medication log has an immunosuppressant that was taken at randomization, or before "
            "it had not ended; empty while medication is not known."
        ),
    )
    vacc = YesNoAnswer(_("Live vaccine in the last 30 days"), sdtm="CMOCCUR")

    class Crf:
        code, title, version, repeats = "DM", _("Demographics and history"), 1, Repeats.PER_PARTICIPANT
        before_randomization = True
        checks = CHECKS


@audited()
class DemographicsCancer(CrfGroupRow):
    """Earlier cancers and their treatments; systemic treatment or radiation contradicts exclusion 7."""

    record = parent(Demographics, "prior_ca")
    ca_site = TextAnswer(_("Organ"), max_length=80, required=True, sdtm="MHTERM")
    ca_year = IntegerAnswer(_("Year of diagnosis"), hard=(1900, 2200), required=True, sdtm="MHSTDTC")
    ca_tx = MultipleAnswer(
        _("Treatments"), codes=lists.CANCER_TREATMENT, required=True, missing_allowed=(), sdtm="SUPPMH.CATX"
    )


@audited()
class DemographicsDisease(CrfGroupRow):
    """Diseases that were rows of the form before they had a log (MH); the table stays for its versions."""

    record = models.ForeignKey(Demographics, models.PROTECT, related_name="mh_term")
    mh_text = models.CharField(max_length=200, null=True, blank=True)
    mh_decod = models.CharField(max_length=200, null=True, blank=True)
    mh_start = models.CharField(max_length=10, null=True, blank=True)
    mh_ongo = models.CharField(max_length=40, null=True, blank=True)


@audited()
class DemographicsMedication(CrfGroupRow):
    """Medication that was a row of the form before it had a log (CM); the table stays for its versions."""

    record = models.ForeignKey(Demographics, models.PROTECT, related_name="cm")
    cm_trt = models.CharField(max_length=200, null=True, blank=True)
    cm_code = models.CharField(max_length=20, null=True, blank=True)
    cm_dose = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    cm_dosu = models.CharField(max_length=40, null=True, blank=True)
    cm_route = models.CharField(max_length=40, null=True, blank=True)
    cm_freq = models.CharField(max_length=40, null=True, blank=True)
    cm_start = models.CharField(max_length=10, null=True, blank=True)
    cm_ongo = models.CharField(max_length=40, null=True, blank=True)
    cm_end = models.CharField(max_length=10, null=True, blank=True)
    cm_indc = models.CharField(max_length=40, null=True, blank=True)
    cm_indc_txt = models.CharField(max_length=200, null=True, blank=True)
    cm_steroid = models.CharField(max_length=40, null=True, blank=True)
    cm_pred = models.DecimalField(max_digits=14, decimal_places=1, null=True, blank=True)
    cm_immuno = models.CharField(max_length=40, null=True, blank=True)
    cm_gcsf = models.CharField(max_length=40, null=True, blank=True)
    cm_abx = models.CharField(max_length=40, null=True, blank=True)
