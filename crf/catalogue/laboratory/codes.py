"""Code lists of the laboratory panel (protocol 3.4 G)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.codelists import CodeList
from crf.engine.conditions import Condition, Is
from protocol.laboratory import TESTS, UNITS

NOT_TAKEN = CodeList(
    "LB_NOT_DONE",
    {
        "telephone": _("contact by telephone"),
        "ill": _("too ill"),
        "refused": _("refused"),
        "missed": _("forgotten"),
        "lost": _("sample lost or not fit"),
    },
)
TEST = CodeList(
    "LBTEST",
    {
        "HGB": _("Haemoglobin"),
        "WBC": _("White cells"),
        "NEUT": _("Neutrophils"),
        "LYM": _("Lymphocytes"),
        "PLAT": _("Platelets"),
        "ALT": "ALT",
        "AST": "AST",
        "BILI": _("Bilirubin, total"),
        "ALP": _("Alkaline phosphatase"),
        "GGT": "GGT",
        "ALB": _("Albumin"),
        "CREAT": _("Creatinine"),
        "CREATCLR": _("Creatinine clearance"),
        "UREA": _("Urea"),
        "SODIUM": _("Sodium"),
        "K": _("Potassium"),
        "CL": _("Chloride"),
        "CA": _("Calcium"),
        "MG": _("Magnesium"),
        "GLUC": _("Glucose"),
        "LDH": "LDH",
        "CK": _("Creatine kinase"),
        "TROPONI": _("Troponin I"),
        "TROPONT": _("Troponin T"),
        "BNPPRONT": "NT-proBNP",
        "TSH": "TSH",
        "T4FR": _("Free T4"),
        "T3FR": _("Free T3"),
        "CORT": _("Cortisol"),
        "ACTH": "ACTH",
        "LIPASET": _("Lipase"),
        "AMYLASE": _("Amylase"),
        "CRP": "CRP",
        "PCT": _("Procalcitonin"),
        "INR": "INR",
        "APTT": "APTT",
        "HBSAG": "HBsAg",
        "HBVDNA": "HBV DNA",
        "HCAB": _("Anti-HCV"),
        "HIVAB": _("HIV antibody"),
        "SCCAG": _("SCC antigen"),
        "CEA": "CEA",
        "UPROT": _("Protein in urine, test strip"),
        "CTDNA": "ctDNA",
    },
)
UNIT = CodeList("LBUNIT", {unit: unit for unit in UNITS})
UNITS_OF_TESTS: dict[str, Condition] = {
    unit: Is("lb_test", *(test.code for test in TESTS.values() if unit in test.factors)) for unit in UNITS
}
CODED_TESTS = tuple(test.code for test in TESTS.values() if test.codes)
FLAG = CodeList("LBNRIND", {"L": _("low"), "N": _("normal"), "H": _("high")})
