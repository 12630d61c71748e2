"""Code lists that clinics use every day (protocol 3.3, 3.4, 3.12)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList
from crf.engine.fields import YES_NO, YES_NO_UNKNOWN

__all__ = [
    "ASA",
    "DYSPHAGIA",
    "DYSPHAGIA_SCALE",
    "ECOG",
    "EXAM",
    "FEEDING",
    "LEFT_RIGHT",
    "SEX",
    "YES_NO",
    "YES_NO_UNKNOWN",
]

SEX = CodeList("SEX", {"M": _("male"), "F": _("female")})
ECOG = CodeList(
    "ECOG",
    {
        "0": _("0 fully active"),
        "1": _("1 restricted in strenuous activity"),
        "2": _("2 up more than half of the day, cannot work"),
        "3": _("3 in bed or chair more than half of the day"),
        "4": _("4 confined to bed or chair"),
    },
)
DYSPHAGIA = CodeList(
    "DYSPHAGIA",
    {
        "0": _("0 normal diet"),
        "1": _("1 some solids"),
        "2": _("2 semi-solids only"),
        "3": _("3 liquids only"),
        "4": _("4 nothing"),
    },
)
EXAM = CodeList("EXAM", {"normal": _("normal"), "abnormal": _("abnormal")})
DYSPHAGIA_SCALE = CodeList("DYSPHAGIA_SCALE", {"mellow_pinkas": _("Mellow–Pinkas"), "ogilvie": _("Ogilvie")})
FEEDING = CodeList(
    "FEEDING",
    {
        "oral": _("oral"),
        "oral_supplement": _("oral with supplement"),
        "nasal_tube": _("nasogastric or nasojejunal tube"),
        "gastrostomy": _("gastrostomy"),
        "jejunostomy": _("jejunostomy"),
        "parenteral": _("parenteral"),
    },
)
ASA = CodeList("ASA", {"I": "I", "II": "II", "III": "III", "IV": "IV", "V": "V"})
LEFT_RIGHT = CodeList("LATERALITY", {"L": _("left"), "R": _("right"), "M": _("midline")})
