"""Code lists of the baseline work-up (protocol 3.4)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.shared.staging import DISTANT_SITES, T
from crf.engine.codelists import CodeList

UT = T.only("UT", "T1a", "T1b", "T2", "T3", "T4a", "T4b", "TX")
CT_ORGAN = DISTANT_SITES.only(
    "CT_ORGAN", "lung", "liver", "adrenal", "bone", "pleura", "peritoneum", "brain", "other"
)
CIRCUMFERENCE = CodeList(
    "CIRC",
    {
        "under_quarter": _("less than a quarter"),
        "quarter_to_half": _("a quarter to a half"),
        "half_to_three_quarters": _("a half to three quarters"),
        "over_three_quarters": _("more than three quarters"),
        "whole": _("the whole circumference"),
    },
)
LUMEN = CodeList("LUMEN", {"yes": _("yes"), "thin": _("a thin scope only"), "no": _("no")})
PROBE = CodeList("EUS_TRAV", {"yes": _("yes"), "miniprobe": _("a miniprobe only"), "no": _("no")})
MACRO = CodeList(
    "MACRO",
    {
        "ulcerative": _("ulcerative"),
        "protruding": _("protruding"),
        "infiltrative": _("infiltrative"),
        "superficial": _("superficial"),
        "stenosing": _("stenosing"),
        "mixed": _("mixed"),
    },
)
CLONE = CodeList("PDL1_CLONE", {"22C3": "22C3", "SP263": "SP263", "28_8": "28-8", "other": _("other")})
SHAPE = CodeList("NODE_SHAPE", {"round": _("round"), "oval": _("oval")})
BORDER = CodeList("NODE_BORDER", {"sharp": _("sharp"), "unsharp": _("unsharp")})
CYTOLOGY = CodeList(
    "FNA_RES",
    {
        "negative": _("negative"),
        "atypia": _("atypia"),
        "positive": _("positive"),
        "inadequate": _("inadequate"),
    },
)
CYTOLOGY_OR_NOT = CodeList("NODE_FNA", {"not_done": _("not done"), **CYTOLOGY.labels})
AORTA = CodeList(
    "AORTA_ANG",
    {
        "none": _("no contact"),
        "under_45": _("under 45 degrees"),
        "45_to_90": _("45 to 90 degrees"),
        "over_90": _("over 90 degrees"),
    },
)
AIRWAY = CodeList(
    "AIRWAY",
    {
        "clear": _("fat plane kept"),
        "contact": _("contact"),
        "indentation": _("indentation"),
        "invasion": _("invasion"),
    },
)
T4A_STRUCTURE = CodeList(
    "T4A_STR",
    {
        "none": _("none"),
        "pleura": _("pleura"),
        "pericardium": _("pericardium"),
        "azygos": _("azygos vein"),
        "diaphragm": _("diaphragm"),
        "peritoneum": _("peritoneum"),
    },
    exclusive=("none",),
)
T4B_STRUCTURE = CodeList(
    "T4B_STR",
    {
        "none": _("none"),
        "aorta": _("aorta"),
        "vertebra": _("vertebral body"),
        "airway": _("airway"),
        "other": _("other"),
    },
    exclusive=("none",),
)
LESION_ROLE = CodeList("RECIST_ROLE", {"target": _("target"), "non_target": _("non-target")})
LESION_KIND = CodeList("RECIST_KIND", {"tumour": _("tumour"), "node": _("lymph node")})
PET_DISTANT = CodeList("PET_M", {"none": _("none"), "suspect": _("suspect"), "proven": _("proven")})
PET_SECOND = CodeList(
    "PET_SYNC",
    {
        "none": _("none"),
        "colon": _("colon"),
        "lung": _("lung"),
        "thyroid": _("thyroid gland"),
        "head_neck": _("head and neck"),
        "other": _("other"),
    },
)
NECK = CodeList("US_RES", {"normal": _("normal"), "suspect": _("suspect node")})
BRONCHUS = CodeList(
    "BRON_RES",
    {
        "normal": _("normal"),
        "impression": _("impression from outside"),
        "mucosa": _("mucosal change"),
        "invasion": _("invasion proven"),
    },
)
ON_INDICATION = CodeList(
    "ON_INDICATION",
    {"not_indicated": _("not indicated"), "normal": _("normal"), "abnormal": _("abnormal")},
)
ECG = CodeList(
    "ECG_RES",
    {
        "normal": _("normal"),
        "not_significant": _("abnormal, not significant"),
        "significant": _("abnormal, significant"),
    },
)
SUBSITE = CodeList(
    "SITE_SUB",
    {
        "cervical": _("cervical"),
        "upper": _("upper thoracic"),
        "middle": _("middle thoracic"),
        "lower": _("lower thoracic"),
        "egj": _("oesophagogastric junction (2 cm or less)"),
    },
)
SUPRACLAVICULAR = CodeList(
    "SCV", {"none": _("none"), "left": _("left"), "right": _("right"), "both": _("both sides")}
)
CLINICAL_GROUP = CodeList("CSTAGE", {group: group for group in ("0", "I", "II", "III", "IVA", "IVB")})
METHOD = CodeList(
    "STAGE_METHOD",
    {
        "eus": _("EUS"),
        "ct": _("CT"),
        "pet_ct": _("PET-CT"),
        "us": _("ultrasound of the neck"),
        "bronchoscopy": _("bronchoscopy"),
    },
)
