"""Laboratory panel (form LB)."""

from __future__ import annotations

from typing import Final

from exports.sdtm.mapping import NOT_DONE, FormMapping, Target, a, finding, q, record, renamed, when

TESTS: Final = {
    "HGB": ("HGB", "Hemoglobin"),
    "WBC": ("WBC", "Leukocytes"),
    "NEUT": ("NEUT", "Neutrophils"),
    "LYM": ("LYM", "Lymphocytes"),
    "PLAT": ("PLAT", "Platelets"),
    "ALT": ("ALT", "Alanine Aminotransferase"),
    "AST": ("AST", "Aspartate Aminotransferase"),
    "BILI": ("BILI", "Bilirubin"),
    "ALP": ("ALP", "Alkaline Phosphatase"),
    "GGT": ("GGT", "Gamma Glutamyl Transferase"),
    "ALB": ("ALB", "Albumin"),
    "CREAT": ("CREAT", "Creatinine"),
    "CREATCLR": ("CREATCLR", "Creatinine Clearance"),
    "UREA": ("UREA", "Urea"),
    "SODIUM": ("SODIUM", "Sodium"),
    "K": ("K", "Potassium"),
    "CL": ("CL", "Chloride"),
    "CA": ("CA", "Calcium"),
    "MG": ("MG", "Magnesium"),
    "GLUC": ("GLUC", "Glucose"),
    "LDH": ("LDH", "Lactate Dehydrogenase"),
    "CK": ("CK", "Creatine Kinase"),
    "TROPONI": ("TROPONI", "Troponin I"),
    "TROPONT": ("TROPONT", "Troponin T"),
    "BNPPRONT": ("BNPPRONT", "N-terminal pro-Brain Natriuretic Peptide"),
    "TSH": ("TSH", "Thyrotropin"),
    "T4FR": ("T4FR", "Thyroxine, Free"),
    "T3FR": ("T3FR", "Triiodothyronine, Free"),
    "CORT": ("CORTISOL", "Cortisol"),
    "ACTH": ("ACTH", "Adrenocorticotropic Hormone"),
    "LIPASET": ("LIPASET", "Triacylglycerol Lipase"),
    "AMYLASE": ("AMYLASE", "Amylase"),
    "CRP": ("CRP", "C Reactive Protein"),
    "PCT": ("PCT", "Procalcitonin"),
    "INR": ("INR", "Prothrombin Intl. Normalized Ratio"),
    "APTT": ("APTT", "Activated Partial Thromboplastin Time"),
    "HBSAG": ("HBSAG", "Hepatitis B Virus Surface Antigen"),
    "HBVDNA": ("HBVDNA", "Hepatitis B Virus DNA"),
    "HCAB": ("HCAB", "Hepatitis C Virus Antibody"),
    "HIVAB": ("HIVAB", "HIV Antibody"),
    "SCCAG": ("SCCAG", "Squamous Cell Carcinoma Antigen"),
    "CEA": ("CEA", "Carcinoembryonic Antigen"),
    "UPROT": ("PROT", "Protein"),
    "CTDNA": ("CTDNA", "Circulating Tumor DNA"),
}
"""Each test of the form, with its code and name in CDISC's terminology where it has them."""
CODES: Final = {own: code for own, (code, _name) in TESTS.items()}
NAMES: Final = {own: name for own, (_code, name) in TESTS.items()}
SPECIMENS: Final = {own: "URINE" if own == "UPROT" else "SERUM OR PLASMA OR BLOOD" for own in TESTS}
HAEMATOLOGY: Final = ("HGB", "WBC", "NEUT", "LYM", "PLAT")
CATEGORIES: Final = {
    own: "HEMATOLOGY"
    if own in HAEMATOLOGY
    else "COAGULATION"
    if own in ("INR", "APTT")
    else "URINALYSIS"
    if own == "UPROT"
    else "CHEMISTRY"
    for own in TESTS
}
UNITS: Final = {"ratio": "RATIO", "s": "sec", "mg/dL BUN": "mg/dL"}
FLAGS: Final = {"L": "LOW", "N": "NORMAL", "H": "HIGH"}
RESULTS: Final = {"NEG": "NEGATIVE", "POS": "POSITIVE", "IND": "INDETERMINATE"}


def day_of(column: str, name: str, code: str, *, unit: str = "", day: str = "COUNTED_ON") -> Target:
    """Return the record of a result that another form asks for."""
    return finding("LB", code, name, a(column), unit=unit, CAT="DOSING", DTC=a(day))


MAPPINGS: Final = (
    FormMapping(
        "LB",
        (
            record(
                "LB",
                only=(when("LB_DONE", "N"),),
                TESTCD="LBALL",
                TEST="Laboratory Data",
                CAT="PANEL",
                STAT=a("LB_DONE", NOT_DONE),
                REASND=a("LB_WHY"),
                DTC=a("LB_DT"),
            ),
            finding(
                "LB",
                "CACRALB",
                "Calcium Corrected for Albumin",
                a("CA_CORR"),
                unit="mmol/L",
                CAT="CHEMISTRY",
                DTC=a("LB_DT"),
                TOX=a("CA_TERM"),
                TOXGR=a("CA_GRADE"),
            ),
        ),
        {
            "LB_TM": "time of LB.LBDTC",
            "LB_LAB": "LB.LBNAM of the results",
            "TROP_ASSAY": "SUPPLB.TROPASSY of the troponins",
            "LB_LEFT": "work list: tests without a result or a reason",
            "ALC_NADIR": "ADaM",
            "ALC_NADIR_DT": "ADaM",
            "NLR": "ADaM",
        },
    ),
    FormMapping(
        "LB_TESTS",
        (
            record(
                "LB",
                needs=("ORRES", "STAT"),
                TESTCD=a("LB_TEST", CODES),
                TEST=a("LB_TEST", NAMES),
                CAT=a("LB_TEST", CATEGORIES),
                SPEC=a("LB_TEST", SPECIMENS),
                ORRES=a("LB_RES"),
                ORRESU=renamed("LB_UNIT", UNITS),
                STRESC=renamed("LB_STRESC", RESULTS),
                STRESN=a("LB_STRESN"),
                STRESU=renamed("LB_STRESU", UNITS),
                STNRLO=a("LB_LO"),
                STNRHI=a("LB_HI"),
                NRIND=a("LB_FLAG", FLAGS),
                NAM=a("LB_LAB"),
                TOX=a("LB_TERM"),
                TOXGR=a("LB_GRADE"),
                DTC=a("LB_AT"),
                qualifiers=(q("TROPASSY", "TROP_ASSAY_OF", "Assay of the Troponin"),),
            ),
        ),
        {"LB_AE": "RELREC, from LAB_TEST and LAB_DT of form AE"},
    ),
)
