"""Baseline work-up and clinical stage (protocol 3.4 A to F, section 4)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.shared.common import EXAM, LEFT_RIGHT
from crf.catalogue.shared.nodes import STATIONS
from crf.catalogue.shared.staging import CT, DISTANT_SITES, GRADE, M, N
from crf.catalogue.staging import codes as lists
from crf.catalogue.staging import rules
from crf.catalogue.staging.checks import CHECKS
from crf.engine.base import CrfGroupRow, CrfRecord, parent
from crf.engine.conditions import Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDecimal,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    RepeatingGroup,
    Section,
    TextAnswer,
    YesNoAnswer,
)
from crf.engine.questions import KEYS

FROM_INCISORS = _("Distance from the incisors.")
EDGE: dict[str, Any] = {"unit": "cm", "soft": (18, 42), "hard": (10, 50), "required": True, "sdtm": "TRORRES"}
EUS, PET, PDL1 = Is("eus_done", "Y"), Is("pet_done", "Y"), Is("pdl1_done", "Y")
SUSPECT_NECK, BRONCHOSCOPY = Is("us_res", "suspect"), Is("bron_done", "Y")
REVIEWED = Is("setting.central_review", True)


@audited()
class Staging(CrfRecord):
    """What was known of the tumour before randomization; the stage stratum is read from here (protocol 1.9)."""

    endoscopy = Section(_("A. Endoscopy and biopsy"))
    ogd_dt = DateAnswer(_("Endoscopy, date"), required=True, sdtm="TUDTC")
    upper_cm = DecimalAnswer(_("Upper edge of the tumour"), help=FROM_INCISORS, **EDGE)
    lower_cm = DecimalAnswer(_("Lower edge of the tumour"), help=FROM_INCISORS, **EDGE)
    len_calc = DerivedDecimal(
        _("Length, from the edges"),
        reads=("lower_cm", "upper_cm"),
        by=rules.length,
        unit="cm",
        definition=_("Lower edge minus upper edge, in cm from the incisors."),
    )
    len_cm = DecimalAnswer(
        _("Endoscopic length"),
        unit="cm",
        soft=(1, 10),
        hard=(0.1, 30),
        required=True,
        proposed_by="len_calc",
        sdtm="TRORRES",
    )
    epicentre_cm = DerivedDecimal(
        _("Epicentre"),
        reads=("lower_cm", "upper_cm"),
        by=rules.middle,
        unit="cm",
        sdtm="TRORRES",
        definition=_("The mean of upper and lower edge."),
    )
    circ = ChoiceAnswer(
        _("Circumference involved"), codes=lists.CIRCUMFERENCE, required=True, sdtm="TRORRES (CIRCINV)"
    )
    passable = ChoiceAnswer(
        _("Does the scope pass the tumour?"), codes=lists.LUMEN, required=True, sdtm="TRORRES (PASSABLE)"
    )
    macro = ChoiceAnswer(_("Type"), codes=lists.MACRO, sdtm="TRORRES (MACRTYPE)")
    multi = YesNoAnswer(_("Second lesion in the oesophagus"), required=True, sdtm="TUORRES")
    multi_cm = DecimalAnswer(
        _("Second lesion, distance from the incisors"),
        unit="cm",
        hard=(8, 60),
        asked_when=Is("multi", "Y"),
        sdtm="SUPPTU.LESCM",
    )
    lugol = YesNoAnswer(_("Lugol staining used"), sdtm="SUPPPR.LUGOL")
    ues_cm = DecimalAnswer(
        _("Upper oesophageal sphincter"), soft=(12, 20), unit="cm", hard=(8, 60), sdtm="FAORRES"
    )
    zline_cm = DecimalAnswer(_("Z line"), soft=(34, 44), unit="cm", hard=(8, 60), sdtm="FAORRES")
    egj_cm = DecimalAnswer(
        _("Oesophagogastric junction"), soft=(36, 46), unit="cm", hard=(8, 60), sdtm="FAORRES"
    )
    diaph_cm = DecimalAnswer(
        _("Diaphragmatic hiatus"), soft=(36, 46), unit="cm", hard=(8, 60), sdtm="FAORRES"
    )
    bx_n = IntegerAnswer(_("Biopsies taken"), soft=(2, 12), hard=(0, 40), required=True, sdtm="FAORRES")
    grade = ChoiceAnswer(_("Grade of the biopsy"), codes=GRADE, required=True, sdtm="MIORRES")
    pdl1_done = YesNoAnswer(_("PD-L1 tested"), sdtm="MISTAT")
    pdl1_clone = ChoiceAnswer(_("Assay"), codes=lists.CLONE, asked_when=PDL1, sdtm="MIMETHOD")
    cps = DecimalAnswer(_("CPS"), hard=(0, 100), shown_when=PDL1, sdtm="MIORRES")
    tps = DecimalAnswer(_("TPS"), unit="%", hard=(0, 100), shown_when=PDL1, sdtm="MIORRES")

    eus = Section(_("B. EUS"))
    eus_done = YesNoAnswer(_("EUS done"), required=True, missing_allowed=(), sdtm="PROCCUR")
    eus_why = TextAnswer(_("Why was it not done?"), asked_when=Is("eus_done", "N"), sdtm="SUPPPR.REASNOC")
    eus_dt = DateAnswer(_("EUS, date"), asked_when=EUS, sdtm="PRSTDTC")
    eus_trav = ChoiceAnswer(
        _("Does the probe pass the tumour?"), codes=lists.PROBE, asked_when=EUS, sdtm="TRORRES (PASSABLE)"
    )
    eus_part = DerivedBoolean(
        _("uT and uN are incomplete"),
        reads=("eus_trav",),
        by=rules.probe_stopped,
        definition=_("The probe did not pass the tumour."),
        sdtm="SUPPRS.EUSPART",
    )
    eus_mm = DecimalAnswer(
        _("Largest wall thickness"), unit="mm", soft=(4, 25), hard=(1, 60), shown_when=EUS, sdtm="TRORRES"
    )
    ut = ChoiceAnswer(_("uT"), codes=lists.UT, asked_when=EUS, sdtm="RSORRES")
    eus_n = IntegerAnswer(_("Suspect nodes"), soft=(0, 10), hard=(0, 30), asked_when=EUS, sdtm="TRORRES")
    eus_node = RepeatingGroup(_("Suspect nodes on EUS"), shown_when=EUS)

    ct_ = Section(_("C. CT of neck, chest and abdomen"))
    ct_dt = DateAnswer(_("CT, date"), required=True, sdtm="PRSTDTC")
    ct_contrast = YesNoAnswer(_("Contrast given"), sdtm="SUPPPR.CONTRAST")
    ct_mm = DecimalAnswer(_("Wall thickness"), unit="mm", soft=(5, 40), hard=(1, 80), sdtm="TRORRES")
    ct_len = DecimalAnswer(_("Length on CT"), unit="cm", soft=(1, 12), hard=(0.5, 30), sdtm="TRORRES")
    aorta_ang = ChoiceAnswer(
        _("Contact with the aorta"), codes=lists.AORTA, required=True, sdtm="TRORRES (AORTCONT)"
    )
    airway = ChoiceAnswer(_("Airway"), codes=lists.AIRWAY, required=True, sdtm="TRORRES (AIRWAY)")
    t4a_str = MultipleAnswer(
        _("T4a structures involved"), codes=lists.T4A_STRUCTURE, required=True, sdtm="TRORRES (T4ASTRUC)"
    )
    t4b_str = MultipleAnswer(
        _("T4b structures involved"), codes=lists.T4B_STRUCTURE, required=True, sdtm="TRORRES (T4BSTRUC)"
    )
    ct_node = RepeatingGroup(_("Nodes on CT"))
    ct_m = RepeatingGroup(_("Distant lesions on CT"))
    incid = YesNoAnswer(_("Second primary tumour found by chance"), sdtm="TUORRES")
    incid_what = TextAnswer(_("Which?"), asked_when=Is("incid", "Y"), sdtm="SUPPTU.INCIDTXT")
    recist = RepeatingGroup(_("RECIST lesions"), help=_("Optional."))

    pet = Section(_("D. FDG PET-CT"))
    pet_done = YesNoAnswer(_("PET-CT done"), required=True, missing_allowed=(), sdtm="PROCCUR")
    pet_why = TextAnswer(_("Why was PET-CT not done?"), asked_when=Is("pet_done", "N"), sdtm="SUPPPR.REASNOC")
    pet_dt = DateAnswer(_("PET-CT, date"), asked_when=PET, sdtm="PRSTDTC")
    gluc_pre = DecimalAnswer(
        _("Glucose before the tracer"),
        unit="mmol/L",
        soft=(3.9, 11),
        hard=(2, 30),
        shown_when=PET,
        sdtm="LBORRES",
    )
    pet_mbq = DecimalAnswer(
        _("Activity given"),
        unit="MBq",
        soft=(150, 500),
        hard=(50, 900),
        shown_when=PET,
        sdtm="SUPPPR.TRACMBQ",
    )
    pet_uptk = IntegerAnswer(
        _("Uptake time"), unit="min", soft=(50, 75), hard=(30, 120), shown_when=PET, sdtm="SUPPPR.UPTAKE"
    )
    suvmax = DecimalAnswer(
        _("Primary tumour, SUVmax"), soft=(2, 35), hard=(0, 100), asked_when=PET, sdtm="TRORRES"
    )
    suvmean = DecimalAnswer(
        _("Primary tumour, SUVmean"), soft=(1, 20), hard=(0, 100), shown_when=PET, sdtm="TRORRES"
    )
    mtv = DecimalAnswer(
        _("Metabolic tumour volume"),
        unit="cm3",
        soft=(1, 200),
        hard=(0, 1000),
        shown_when=PET,
        sdtm="TRORRES",
    )
    mtv_thr = TextAnswer(
        _("Threshold used for the volume"),
        help=_("Such as 41 % of SUVmax, or SUV 2.5."),
        max_length=40,
        shown_when=PET,
        sdtm="SUPPTR.MTVTHR",
    )
    tlg = DerivedDecimal(
        _("Total lesion glycolysis"),
        reads=("mtv", "suvmean"),
        by=rules.glycolysis,
        definition=_("Metabolic tumour volume times SUVmean."),
        sdtm="TRORRES",
    )
    liver_suv = DecimalAnswer(
        _("Liver, SUVmean"), soft=(1.5, 3), hard=(0.3, 10), shown_when=PET, sdtm="TRORRES"
    )
    pet_node = RepeatingGroup(_("Nodes on PET-CT"), shown_when=PET)
    pet_m = ChoiceAnswer(_("Distant lesion"), codes=lists.PET_DISTANT, asked_when=PET, sdtm="TUORRES")
    pet_m_site = MultipleAnswer(
        _("Where?"), codes=DISTANT_SITES, asked_when=Is("pet_m", "suspect", "proven"), sdtm="SUPPTU.MSITE"
    )
    pet_m_note = TextAnswer(
        _("Suspect distant lesion: result of the biopsy, or the MDT note"),
        help=_("Needed before randomization."),
        max_length=500,
        asked_when=Is("pet_m", "suspect"),
        sdtm="SUPPTU.MNOTE",
    )
    pet_sync = ChoiceAnswer(
        _("Second tumour elsewhere"), codes=lists.PET_SECOND, asked_when=PET, sdtm="TUORRES"
    )
    pet_sync_note = TextAnswer(
        _("How was it clarified?"),
        max_length=500,
        asked_when=Is("pet_sync", "colon", "lung", "thyroid", "head_neck", "other"),
        sdtm="SUPPTU.SYNCNOTE",
    )

    other = Section(_("E. Other tests"))
    us_dt = DateAnswer(_("Ultrasound of the neck, date"), sdtm="PRSTDTC")
    us_res = ChoiceAnswer(_("Ultrasound of the neck"), codes=lists.NECK, sdtm="TUORRES (LESIDENT)")
    us_side = ChoiceAnswer(
        _("Suspect neck node, side"), codes=LEFT_RIGHT, shown_when=SUSPECT_NECK, sdtm="SUPPTU.USSIDE"
    )
    us_mm = DecimalAnswer(
        _("Suspect neck node, short axis"),
        unit="mm",
        soft=(4, 30),
        hard=(1, 80),
        shown_when=SUSPECT_NECK,
        sdtm="TRORRES",
    )
    us_fna = ChoiceAnswer(
        _("Suspect neck node, cytology"), codes=lists.CYTOLOGY_OR_NOT, asked_when=SUSPECT_NECK, sdtm="MIORRES"
    )
    bron_ind = YesNoAnswer(
        _("Bronchoscopy indicated"),
        definition=_("The tumour lies at or above the carina, or touches the airway."),
        required=True,
        sdtm="SUPPPR.BRONIND",
    )
    bron_done = YesNoAnswer(_("Bronchoscopy done"), asked_when=Is("bron_ind", "Y"), sdtm="PROCCUR")
    bron_res = ChoiceAnswer(
        _("Bronchoscopy, finding"), codes=lists.BRONCHUS, asked_when=BRONCHOSCOPY, sdtm="FAORRES"
    )
    ba_len = DecimalAnswer(
        _("Barium swallow, length"), unit="cm", soft=(1, 12), hard=(0, 30), sdtm="TRORRES (LENGTH)"
    )
    ba_fist = YesNoAnswer(_("Barium swallow, fistula"), sdtm="FAORRES")
    fist_mdt = TextAnswer(
        _("Fistula: what did the team decide?"),
        max_length=500,
        asked_when=Is("ba_fist", "Y"),
        sdtm="SUPPFA.FISTMDT",
    )
    brain = ChoiceAnswer(_("MRI of the brain"), codes=lists.ON_INDICATION, sdtm="FAORRES")
    bone = ChoiceAnswer(_("Bone scan"), codes=lists.ON_INDICATION, sdtm="FAORRES")
    fev1 = DecimalAnswer(_("FEV1"), places=2, unit="L", soft=(1, 4.5), hard=(0.3, 8), sdtm="REORRES (FEV1)")
    fev1p = DecimalAnswer(
        _("FEV1, of predicted"), unit="%", soft=(50, 130), hard=(10, 200), sdtm="REORRES (FEV1PP)"
    )
    fvc = DecimalAnswer(_("FVC"), places=2, unit="L", soft=(1.5, 6), hard=(0.5, 10), sdtm="REORRES (FVC)")
    dlcop = DecimalAnswer(_("DLCO, of predicted"), unit="%", soft=(50, 130), hard=(10, 200), sdtm="REORRES")
    ecg_res = ChoiceAnswer(_("ECG"), codes=lists.ECG, sdtm="EGORRES (INTP)")
    qtcf = IntegerAnswer(_("QTcF"), unit="ms", soft=(350, 470), hard=(250, 700), sdtm="EGORRES (QTCFAG)")
    lvef = IntegerAnswer(
        _("Left ventricular ejection fraction"), unit="%", soft=(50, 75), hard=(10, 90), sdtm="CVORRES (LVEF)"
    )

    vital = Section(_("Vital signs"))
    exam = ChoiceAnswer(_("Physical examination"), codes=EXAM, sdtm="PEORRES")
    exam_txt = TextAnswer(
        _("What is abnormal?"), max_length=500, asked_when=Is("exam", "abnormal"), sdtm="PEORRES"
    )
    temp = DecimalAnswer(
        _("Temperature"), unit="°C", soft=(35.5, 38), hard=(32, 43), cdash="TEMP", sdtm="VSORRES (TEMP)"
    )
    sbp = IntegerAnswer(
        _("Systolic blood pressure"),
        unit="mmHg",
        soft=(90, 160),
        hard=(50, 260),
        cdash="SYSBP",
        sdtm="VSORRES (SYSBP)",
    )
    dbp = IntegerAnswer(
        _("Diastolic blood pressure"),
        unit="mmHg",
        soft=(50, 100),
        hard=(30, 160),
        cdash="DIABP",
        sdtm="VSORRES (DIABP)",
    )
    hr = IntegerAnswer(
        _("Heart rate"), unit="/min", soft=(50, 110), hard=(25, 220), cdash="PULSE", sdtm="VSORRES (PULSE)"
    )
    rr = IntegerAnswer(
        _("Respiratory rate"), unit="/min", soft=(10, 24), hard=(5, 60), cdash="RESP", sdtm="VSORRES (RESP)"
    )
    spo2 = IntegerAnswer(
        _("Oxygen saturation"), unit="%", soft=(92, 100), hard=(40, 100), sdtm="VSORRES (OXYSAT)"
    )

    stage = Section(_("F. Clinical stage"))
    site_sub = ChoiceAnswer(
        _("Subsite of the epicentre"),
        codes=lists.SUBSITE,
        required=True,
        definition=_(
            "AJCC 8. Upper: to the lower border of the azygos vein. Middle: to the lower border of the inferior "
            "pulmonary vein. Lower: to the stomach, junction included."
        ),
        sdtm="TULOC",
    )
    ct = ChoiceAnswer(
        _("cT"),
        codes=CT,
        required=True,
        missing_allowed=(),
        help=_("T2 to T4a are eligible."),
        taken_from="ELIG.ct_e",
        sdtm="RSORRES",
    )
    cn = ChoiceAnswer(
        _("cN"), codes=N, required=True, missing_allowed=(), taken_from="ELIG.cn_e", sdtm="RSORRES"
    )
    cn_n = IntegerAnswer(
        _("Number of suspect nodes"), soft=(0, 15), hard=(0, 30), required=True, sdtm="TRORRES"
    )
    node = RepeatingGroup(
        _("Suspect nodes"), help=_("The nodes called positive must be as many as counted above.")
    )
    scv = ChoiceAnswer(
        _("Suspect supraclavicular node"),
        codes=lists.SUPRACLAVICULAR,
        required=True,
        help=_("Always recorded: whether it counts as regional differs between systems."),
        sdtm="TUORRES",
        exported_after="m_site",
    )
    cm = ChoiceAnswer(
        _("cM"), codes=M, required=True, missing_allowed=(), taken_from="ELIG.cm_e", sdtm="RSORRES"
    )
    m_site = MultipleAnswer(
        _("Site of the metastasis"), codes=DISTANT_SITES, asked_when=Is("cm", "M1"), sdtm="TULOC"
    )
    m_workup = TextAnswer(
        _("How was a distant metastasis excluded?"),
        help=_("Answer if CT or PET-CT shows a distant lesion: biopsy, further imaging, or the MDT note."),
        max_length=500,
        sdtm="SUPPTU.MWORKUP",
        exported_after="t4b_str",
    )
    cstage = DerivedText(
        _("cTNM group"),
        reads=("ct", "cn", "cm"),
        by=rules.stage_group,
        blanks=True,
        codes=lists.CLINICAL_GROUP,
        help=_("AJCC/UICC 8th edition. The stage stratum of randomization."),
        sdtm="RSORRES",
        definition=_("From cT, cN and cM by the table of the protocol; empty where they make no group."),
    )
    strat_stage_corr = DerivedText(
        _("cTNM group, where randomization used another one"),
        reads=("cstage", "participant.strat_stage"),
        by=rules.another_group,
        codes=lists.CLINICAL_GROUP,
        help=_("The stratum stays as randomized; the data manager marks the error beside it."),
        sdtm="SUPPDM.STRSTGCR",
        definition=_("The group of this page where it is not the one that randomization used; else empty."),
    )
    cstage_site = ChoiceAnswer(
        _("cTNM group, if the site states one"),
        codes=lists.CLINICAL_GROUP,
        proposed_by="cstage",
        sdtm="RSORRES",
    )
    stage_method = MultipleAnswer(_("Staged by"), codes=lists.METHOD, required=True, sdtm="SUPPRS.STAGEDBY")
    stage_confirm = ChoiceAnswer(
        _("cTNM group by central review"),
        codes=lists.CLINICAL_GROUP,
        shown_when=REVIEWED,
        sdtm="RSORRES (CSTAGE)",
    )
    soc = YesNoAnswer(
        _("Were the tests done before consent part of standard care?"),
        help=_("Answer only if a test is dated before consent."),
        sdtm="SUPPPR.SOC",
        exported_after=KEYS,
    )

    class Meta(CrfRecord.Meta):
        indexes = (
            models.Index(
                fields=["strat_stage_corr"],
                condition=models.Q(strat_stage_corr__isnull=False),
                name="crf_staging_corrected",
            ),
        )

    class Crf:
        code, title, version, repeats = "STAGE", _("Baseline staging"), 1, Repeats.PER_PARTICIPANT
        critical = ("ct", "cn", "cm", "scv", "cstage_site")
        before_randomization = True
        checks = CHECKS


@audited()
class StagingEusNode(CrfGroupRow):
    """Nodes that EUS suspects (protocol 3.4 B, eus_node)."""

    record = parent(Staging, "eus_node")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    short_mm = DecimalAnswer(
        _("Short axis"), unit="mm", soft=(4, 30), hard=(1, 80), required=True, sdtm="TRORRES"
    )
    shape = ChoiceAnswer(_("Shape"), codes=lists.SHAPE, sdtm="TRORRES")
    border = ChoiceAnswer(_("Border"), codes=lists.BORDER, sdtm="TRORRES")
    hypo = YesNoAnswer(_("Hypoechoic"), sdtm="TRORRES")
    fna_done = YesNoAnswer(_("Fine needle aspiration done"), required=True, sdtm="PROCCUR")
    fna_res = ChoiceAnswer(
        _("Cytology"), codes=lists.CYTOLOGY, asked_when=Is("fna_done", "Y"), sdtm="MIORRES"
    )
    fna_why = TextAnswer(
        _("Why was the node not aspirated?"), asked_when=Is("fna_done", "N"), sdtm="SUPPPR.REASNOC"
    )


@audited()
class StagingCtNode(CrfGroupRow):
    """Nodes on CT (protocol 3.4 C, ct_node)."""

    record = parent(Staging, "ct_node")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    short_mm = DecimalAnswer(
        _("Short axis"), unit="mm", soft=(5, 40), hard=(1, 100), required=True, sdtm="TRORRES"
    )
    necrosis = YesNoAnswer(_("Necrosis"), sdtm="TRORRES")


@audited()
class StagingDistantLesion(CrfGroupRow):
    """Distant lesions on CT (protocol 3.4 C, ct_m)."""

    record = parent(Staging, "ct_m")
    organ = ChoiceAnswer(_("Organ"), codes=lists.CT_ORGAN, required=True, sdtm="TULOC")
    size_mm = DecimalAnswer(_("Size"), unit="mm", hard=(1, 300), required=True, sdtm="TRORRES")


@audited()
class StagingMeasuredLesion(CrfGroupRow):
    """Lesions measured by RECIST 1.1, where a site wants to (protocol 3.4 C, recist)."""

    record = parent(Staging, "recist")
    role = ChoiceAnswer(_("Role"), codes=lists.LESION_ROLE, required=True, sdtm="TUORRES")
    kind = ChoiceAnswer(_("Kind"), codes=lists.LESION_KIND, required=True, sdtm="SUPPTU.LESKIND")
    where = TextAnswer(_("Where"), max_length=80, required=True, sdtm="SUPPTU.LESLOC")
    size_mm = DecimalAnswer(
        _("Size"),
        unit="mm",
        help=_("Longest diameter; of a node, the short axis."),
        hard=(1, 300),
        required_when=Is("role", "target"),
        sdtm="TRORRES",
    )


@audited()
class StagingPetNode(CrfGroupRow):
    """Nodes on PET-CT (protocol 3.4 D, pet_node)."""

    record = parent(Staging, "pet_node")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    node_suvmax = DecimalAnswer(_("SUVmax"), soft=(2, 25), hard=(0, 100), required=True, sdtm="TRORRES")


@audited()
class StagingNode(CrfGroupRow):
    """Every suspect node over all methods; those called positive make cN (protocol 3.4 F, node table)."""

    record = parent(Staging, "node")
    station = ChoiceAnswer(_("Station"), codes=STATIONS, required=True, sdtm="SUPPTU.STATION")
    side = ChoiceAnswer(_("Side"), codes=LEFT_RIGHT, sdtm="TULAT")
    short_mm = DecimalAnswer(_("Short axis"), unit="mm", soft=(4, 40), hard=(1, 100), sdtm="TRORRES")
    node_suv = DecimalAnswer(_("SUVmax"), soft=(0, 25), hard=(0, 100), sdtm="TRORRES")
    eus_suspect = YesNoAnswer(_("Suspect on EUS"), sdtm="TRORRES")
    fna = ChoiceAnswer(_("Cytology"), codes=lists.CYTOLOGY_OR_NOT, sdtm="MIORRES")
    positive = YesNoAnswer(_("Called positive"), required=True, missing_allowed=(), sdtm="TRORRES (LNSTATE)")
