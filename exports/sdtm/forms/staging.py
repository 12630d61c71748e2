"""Baseline staging (form STAGE)."""

from __future__ import annotations

from typing import Any, Final

from exports.sdtm.forms.shared import (
    CT,
    ENDOSCOPY,
    ESOPHAGUS,
    EUS,
    INVESTIGATOR,
    LYMPH_NODE,
    METHODS,
    ORGANS,
    PET_CT,
    PRIMARY,
    SIDES,
    ULTRASOUND,
    about,
    examination,
    pdl1,
    stage,
    tissue,
    tumour,
)
from exports.sdtm.forms.vitals import measured
from exports.sdtm.mapping import (
    FormMapping,
    Pattern,
    Target,
    Value,
    a,
    finding,
    q,
    qualifiers_of,
    record,
    when,
)

OGD: Final = a("OGD_DT")
EUS_DAY: Final = a("EUS_DT")
CT_DAY: Final = a("CT_DT")
PET_DAY: Final = a("PET_DT")
US_DAY: Final = a("US_DT")


def cm(code: str, name: str, column: str) -> Target:
    """Return a distance from the incisors, read at endoscopy."""
    return about(code, name, "ENDOSCOPY", column, OGD, "cm")


def procedure(name: str, day: str, done: str, why: str, *more: tuple[str, ...]) -> Target:
    """Return the record of an examination that is asked for; where it was not done, the reason stands beside."""
    reason = (q("REASNOC", why, "Reason for Occur Value"),) if why else ()
    values: dict[str, Any] = {"PRESP": "Y", "OCCUR": a(done)} if done else {}
    return record(
        "PR",
        needs=("OCCUR",) if done else ("STDTC",),
        TRT=name,
        CAT="STAGING",
        **values,
        STDTC=a(day),
        qualifiers=(*reason, *qualifiers_of(more)),
    )


def lesion(link: str, kind: Value, place: Value, method: str, day: Value, **more: Any) -> Target:
    """Return the record that identifies a lesion by one modality."""
    return finding(
        "TU",
        "LESIDENT",
        "Lesion Identification",
        kind,
        LNKID=Pattern(link),
        LOC=place,
        METHOD=method,
        EVAL=INVESTIGATOR,
        DTC=day,
        **more,
    )


def suspect(column: str, name: str, place: Value, method: str, day: Value, *more: tuple[str, ...]) -> Target:
    """Return the record that says whether a lesion of one kind was seen."""
    return finding(
        "TU",
        "LESIDENT",
        "Lesion Identification",
        a(column),
        GRPID=name,
        LOC=place,
        METHOD=method,
        EVAL=INVESTIGATOR,
        DTC=day,
        qualifiers=qualifiers_of(more),
    )


def node(link: str, method: str, day: Value, **more: Any) -> Target:
    """Return the record of a lymph node; its station of the classification stands beside it."""
    return record(
        "TU",
        needs=("LNKID",),
        TESTCD="LESIDENT",
        TEST="Lesion Identification",
        ORRES="LYMPH NODE",
        STRESC="LYMPH NODE",
        LNKID=Pattern(link),
        LOC=LYMPH_NODE,
        METHOD=method,
        EVAL=INVESTIGATOR,
        DTC=day,
        **more,
        qualifiers=(q("STATION", "STATION", "Lymph Node Station"),),
    )


def measure(link: str, code: str, name: str, column: str, method: str, day: Value, unit: str = "") -> Target:
    """Return a measurement of the lesion that the link names."""
    return finding(
        "TR",
        code,
        name,
        a(column),
        unit=unit,
        LNKID=Pattern(link),
        METHOD=method,
        EVAL=INVESTIGATOR,
        DTC=day,
    )


def aspiration(link: str, day: Value, *more: tuple[str, ...]) -> Target:
    """Return the record of the needle aspiration of a node."""
    return record(
        "PR",
        needs=("OCCUR",),
        TRT="FINE NEEDLE ASPIRATION",
        CAT="STAGING",
        PRESP="Y",
        OCCUR=a("FNA_DONE"),
        LNKID=Pattern(link),
        LOC=LYMPH_NODE,
        STDTC=day,
        qualifiers=(q("REASNOC", "FNA_WHY", "Reason for Occur Value"), *qualifiers_of(more)),
    )


LINES: Final = (
    record(
        "TU",
        needs=("LOC",),
        TESTCD="TUMIDENT",
        TEST="Tumor Identification",
        ORRES="PRIMARY TUMOR",
        STRESC="PRIMARY TUMOR",
        LNKID=PRIMARY,
        LOC=a("SITE_SUB", ORGANS),
        METHOD=ENDOSCOPY,
        EVAL=INVESTIGATOR,
        DTC=OGD,
    ),
    procedure(
        "ESOPHAGOGASTRODUODENOSCOPY",
        "OGD_DT",
        "",
        "",
        ("SOC", "SOC", "Tests Before Consent: Standard of Care"),
        ("LUGOL", "LUGOL"),
    ),
    tumour("UPPEREDG", "Upper Edge From Incisors", "UPPER_CM", OGD, ENDOSCOPY, "cm"),
    tumour("LOWEREDG", "Lower Edge From Incisors", "LOWER_CM", OGD, ENDOSCOPY, "cm"),
    tumour("LENGTH", "Tumor Length", "LEN_CM", OGD, ENDOSCOPY, "cm"),
    tumour("EPICENTR", "Epicenter From Incisors", "EPICENTRE_CM", OGD, ENDOSCOPY, "cm"),
    tumour("CIRCINV", "Circumference Involved", "CIRC", OGD, ENDOSCOPY),
    tumour("PASSABLE", "Passable for the Scope", "PASSABLE", OGD, ENDOSCOPY),
    tumour("MACRTYPE", "Macroscopic Type", "MACRO", OGD, ENDOSCOPY),
    suspect(
        "MULTI",
        "SECOND",
        ESOPHAGUS,
        ENDOSCOPY,
        OGD,
        ("LESCM", "MULTI_CM", "Second Lesion, cm From the Incisors"),
    ),
    cm("UESDIST", "Upper Sphincter From Incisors", "UES_CM"),
    cm("ZLINDIST", "Z Line From Incisors", "ZLINE_CM"),
    cm("EGJDIST", "Esophagogastric Junction From Incisors", "EGJ_CM"),
    cm("DIADIST", "Diaphragmatic Hiatus From Incisors", "DIAPH_CM"),
    about("BIOPSNUM", "Number of Biopsy Specimens Taken", "BIOPSY", "BX_N", OGD),
    tissue("OVLTGRD", "Histologic Grade", "GRADE", OGD, LOC=ESOPHAGUS, METHOD="BIOPSY"),
    *pdl1(OGD),
    procedure("ENDOSCOPIC ULTRASOUND", "EUS_DT", "EUS_DONE", "EUS_WHY"),
    tumour("PASSABLE", "Passable for the Scope", "EUS_TRAV", EUS_DAY, EUS),
    tumour("LESTHICK", "Lesion Thickness", "EUS_MM", EUS_DAY, EUS, "mm"),
    finding(
        "RS",
        "UTCAT",
        "Ultrasound T Category",
        a("UT"),
        CAT="AJCC V8",
        EVAL=INVESTIGATOR,
        DTC=EUS_DAY,
        qualifiers=(q("EUSPART", "EUS_PART"),),
    ),
    tumour("LNSUSPN", "Number of Suspect Lymph Nodes", "EUS_N", EUS_DAY, EUS, link="NODES"),
    procedure("COMPUTED TOMOGRAPHY", "CT_DT", "", "", ("CONTRAST", "CT_CONTRAST")),
    tumour("LESTHICK", "Lesion Thickness", "CT_MM", CT_DAY, CT, "mm"),
    tumour("LENGTH", "Tumor Length", "CT_LEN", CT_DAY, CT, "cm"),
    tumour("AORTCONT", "Contact With the Aorta", "AORTA_ANG", CT_DAY, CT),
    tumour("AIRWAY", "Relation to the Airway", "AIRWAY", CT_DAY, CT),
    tumour("T4ASTRUC", "T4a Structures Involved", "T4A_STR", CT_DAY, CT),
    tumour("T4BSTRUC", "T4b Structures Involved", "T4B_STR", CT_DAY, CT),
    suspect("INCID", "INCIDENTAL", "OTHER", CT, CT_DAY, ("INCIDTXT", "INCID_WHAT")),
    procedure("PET/CT", "PET_DT", "PET_DONE", "PET_WHY", ("UPTAKE", "PET_UPTK"), ("TRACMBQ", "PET_MBQ")),
    finding("LB", "GLUC", "Glucose", a("GLUC_PRE"), unit="mmol/L", CAT="BEFORE TRACER", DTC=PET_DAY),
    tumour("SUVMAX", "Standardized Uptake Value Maximum", "SUVMAX", PET_DAY, PET_CT),
    tumour("SUVMEAN", "Standardized Uptake Value Mean", "SUVMEAN", PET_DAY, PET_CT),
    finding(
        "TR",
        "MTV",
        "Metabolic Tumor Volume",
        a("MTV"),
        unit="cm3",
        LNKID=PRIMARY,
        METHOD=PET_CT,
        EVAL=INVESTIGATOR,
        DTC=PET_DAY,
        qualifiers=(q("MTVTHR", "MTV_THR"),),
    ),
    tumour("TLG", "Total Lesion Glycolysis", "TLG", PET_DAY, PET_CT),
    tumour("SUVLIVER", "Liver Standardized Uptake Value Mean", "LIVER_SUV", PET_DAY, PET_CT, link="LIVER"),
    suspect(
        "PET_M",
        "DISTANT",
        "OTHER",
        PET_CT,
        PET_DAY,
        ("MSITE", "PET_M_SITE", "Distant Lesion: Where"),
        ("MNOTE", "PET_M_NOTE", "Suspect Distant Lesion: Biopsy or MDT"),
        ("MWORKUP", "M_WORKUP"),
    ),
    suspect("PET_SYNC", "SYNCHRONOUS", "OTHER", PET_CT, PET_DAY, ("SYNCNOTE", "PET_SYNC_NOTE")),
    procedure("ULTRASOUND OF THE NECK", "US_DT", "", ""),
    suspect("US_RES", "NECK", "NECK", ULTRASOUND, US_DAY, ("USSIDE", "US_SIDE")),
    tumour("LPERP", "Longest Perpendicular", "US_MM", US_DAY, ULTRASOUND, "mm", link="NECK"),
    tissue("CYTOL", "Cytology", "US_FNA", US_DAY, LOC="NECK", METHOD="FINE NEEDLE ASPIRATION"),
    procedure("BRONCHOSCOPY", "VISIT_ON", "BRON_DONE", "", ("BRONIND", "BRON_IND")),
    about("RESULT", "Result of the Examination", "BRONCHOSCOPY", "BRON_RES", OGD),
    tumour("LENGTH", "Tumor Length", "BA_LEN", OGD, "FLUOROSCOPY", "cm"),
    finding(
        "FA",
        "FISTULA",
        "Fistula",
        a("BA_FIST"),
        OBJ="BARIUM SWALLOW",
        DTC=OGD,
        qualifiers=(q("FISTMDT", "FIST_MDT"),),
    ),
    about("RESULT", "Result of the Examination", "MRI OF THE BRAIN", "BRAIN", OGD),
    about("RESULT", "Result of the Examination", "BONE SCAN", "BONE", OGD),
    *(
        finding("RE", code, name, a(column), unit=unit, METHOD="SPIROMETRY", DTC=OGD)
        for code, name, column, unit in (
            ("FEV1", "Forced Expiratory Volume in 1 Second", "FEV1", "L"),
            ("FEV1PP", "Percent Predicted FEV1", "FEV1P", "%"),
            ("FVC", "Forced Vital Capacity", "FVC", "L"),
            ("DLCOPP", "Percent Predicted DLCO", "DLCOP", "%"),
        )
    ),
    finding("EG", "INTP", "Interpretation", a("ECG_RES"), DTC=OGD),
    finding("EG", "QTCFAG", "QTcF Interval, Aggregate", a("QTCF"), unit="msec", DTC=OGD),
    finding("CV", "LVEF", "Left Ventricular Ejection Fraction", a("LVEF"), unit="%", DTC=OGD),
    *examination("EXAM", "EXAM_TXT", OGD),
    *measured("OGD_DT"),
    stage("CTCAT", "Clinical T Category", "CT", a("MDT_ON"), SCAT="STAGING"),
    stage("CNCAT", "Clinical N Category", "CN", a("MDT_ON"), SCAT="STAGING"),
    stage("CMCAT", "Clinical M Category", "CM", a("MDT_ON"), SCAT="STAGING"),
    tumour("LNSUSPNT", "Number of Suspect Lymph Nodes, All", "CN_N", a("MDT_ON"), "IMAGING", link="NODES"),
    record(
        "TU",
        each="M_SITE",
        needs=("LOC",),
        TESTCD="METIND",
        TEST="Metastatic Tumor Site Indicator",
        ORRES="Y",
        STRESC="Y",
        LOC=a("M_SITE", ORGANS),
        METHOD="IMAGING",
        EVAL=INVESTIGATOR,
        DTC=a("MDT_ON"),
    ),
    suspect("SCV", "SUPRACLAVICULAR", "SUPRACLAVICULAR LYMPH NODE", "IMAGING", a("MDT_ON")),
    record(
        "RS",
        needs=("ORRES",),
        TESTCD="CSTAGE",
        TEST="Clinical Stage Group",
        CAT="AJCC V8",
        SCAT="BY THE RULES",
        ORRES=a("CSTAGE"),
        EVAL=INVESTIGATOR,
        DTC=a("MDT_ON"),
        qualifiers=(q("STAGEDBY", "STAGE_METHOD"),),
    ),
    stage("CSTAGE", "Clinical Stage Group", "CSTAGE_SITE", a("MDT_ON"), SCAT="BY THE SITE"),
    stage(
        "CSTAGE",
        "Clinical Stage Group",
        "STAGE_CONFIRM",
        a("MDT_ON"),
        SCAT="CENTRAL REVIEW",
        EVAL="INDEPENDENT ASSESSOR",
    ),
    record("DM", qualifiers=(q("STRSTGCR", "STRAT_STAGE_CORR", "Stage Group, Corrected for Stratum"),)),
)
MAPPINGS: Final = (
    FormMapping("STAGE", LINES, {"LEN_CALC": "worked out from the edges to check LEN_CM"}),
    FormMapping(
        "STAGE_EUS_NODE",
        (
            node("EUS-N{ROW}", EUS, EUS_DAY),
            measure("EUS-N{ROW}", "LPERP", "Longest Perpendicular", "SHORT_MM", EUS, EUS_DAY, "mm"),
            measure("EUS-N{ROW}", "SHAPE", "Shape", "SHAPE", EUS, EUS_DAY),
            measure("EUS-N{ROW}", "BORDER", "Border", "BORDER", EUS, EUS_DAY),
            measure("EUS-N{ROW}", "HYPOECHO", "Hypoechoic", "HYPO", EUS, EUS_DAY),
            aspiration("EUS-N{ROW}", EUS_DAY),
            tissue("CYTOL", "Cytology", "FNA_RES", EUS_DAY, LOC=LYMPH_NODE, SPID=Pattern("EUS-N{ROW}")),
        ),
    ),
    FormMapping(
        "STAGE_CT_NODE",
        (
            node("CT-N{ROW}", CT, CT_DAY),
            measure("CT-N{ROW}", "LPERP", "Longest Perpendicular", "SHORT_MM", CT, CT_DAY, "mm"),
            measure("CT-N{ROW}", "NECROSIS", "Necrosis", "NECROSIS", CT, CT_DAY),
        ),
    ),
    FormMapping(
        "STAGE_CT_M",
        (
            lesion("CT-M{ROW}", "METASTASIS", a("ORGAN", ORGANS), CT, CT_DAY),
            measure("CT-M{ROW}", "LDIAM", "Longest Diameter", "SIZE_MM", CT, CT_DAY, "mm"),
        ),
    ),
    FormMapping(
        "STAGE_RECIST",
        (
            finding(
                "TU",
                "TUMIDENT",
                "Tumor Identification",
                a("ROLE", {"target": "TARGET", "non_target": "NON-TARGET"}),
                LNKID=Pattern("REC-{ROW}"),
                METHOD=CT,
                EVAL=INVESTIGATOR,
                DTC=CT_DAY,
                qualifiers=(
                    q("LESKIND", "KIND", "Kind of Lesion"),
                    q("LESLOC", "WHERE", "Where the Lesion Is"),
                ),
            ),
            measure("REC-{ROW}", "LDIAM", "Longest Diameter", "SIZE_MM", CT, CT_DAY, "mm"),
        ),
    ),
    FormMapping(
        "STAGE_PET_NODE",
        (
            node("PET-N{ROW}", PET_CT, PET_DAY),
            measure(
                "PET-N{ROW}", "SUVMAX", "Standardized Uptake Value Maximum", "NODE_SUVMAX", PET_CT, PET_DAY
            ),
        ),
    ),
    FormMapping(
        "STAGE_NODE",
        (
            node("ALL-N{ROW}", "IMAGING", a("MDT_ON"), LAT=a("SIDE", SIDES)),
            measure("ALL-N{ROW}", "LPERP", "Longest Perpendicular", "SHORT_MM", "IMAGING", a("MDT_ON"), "mm"),
            measure("ALL-N{ROW}", "SUVMAX", "Standardized Uptake Value Maximum", "NODE_SUV", PET_CT, PET_DAY),
            measure("ALL-N{ROW}", "EUSSUSP", "Suspect on Endoscopic Ultrasound", "EUS_SUSPECT", EUS, EUS_DAY),
            tissue("CYTOL", "Cytology", "FNA", a("MDT_ON"), LOC=LYMPH_NODE, SPID=Pattern("ALL-N{ROW}")),
            measure("ALL-N{ROW}", "LNSTATE", "Lymph Node State", "POSITIVE", "IMAGING", a("MDT_ON")),
        ),
    ),
)
__all__ = ["MAPPINGS", "METHODS", "aspiration", "lesion", "measure", "node", "procedure", "suspect", "when"]
