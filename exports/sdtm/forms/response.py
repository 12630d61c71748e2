"""Clinical response evaluation (form CRE) and progression before the decision (PROG)."""

from __future__ import annotations

from typing import Final

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
    about,
    tissue,
    tumour,
)
from exports.sdtm.forms.staging import aspiration, measure, node, procedure, suspect
from exports.sdtm.mapping import FormMapping, Pattern, a, finding, q, record, when

OGD: Final = a("OGD_DT")
CT_DAY: Final = a("CT_DT")
PET_DAY: Final = a("PET_DT")
EUS_DAY: Final = a("EUS_DT")
DAY: Final = a("CRE_DT")
NODE: Final = "{VISIT}-{VISITSEQ}-{FORMSEQ}-"
LINES: Final = (
    procedure("ESOPHAGOGASTRODUODENOSCOPY", "OGD_DT", "OGD_DONE", "OGD_WHY", ("SEDATION", "SEDATION"), ("LUGOLNBI", "LUGOL_NBI"), ("PRCOMPL", "PROC_COMPL")),
    record("CE", each="SYMPTOMS", only=(when("SYMPTOMS", "dysphagia", "pain", "hoarseness", "weight_loss"),), TERM=a("SYMPTOMS"), CAT="NEW SYMPTOM", DTC=DAY),
    procedure("PET/CT", "PET_DT", "PET_DONE", ""),
    tumour("UPTAKE", "Uptake at the Primary Site", "PET_PRIM", PET_DAY, PET_CT),
    tumour("SUVMAX", "Standardized Uptake Value Maximum", "PET_SUV", PET_DAY, PET_CT),
    tumour("SUVRATIO", "Ratio of Uptake to the Liver", "PET_SUV_RATIO", PET_DAY, PET_CT),
    tumour("SUVDROP", "Drop of SUVmax Since Baseline", "PET_SUV_DROP", PET_DAY, PET_CT, "%"),
    suspect("PET_DM", "DISTANT", "OTHER", PET_CT, PET_DAY, ("MSITE", "PET_DM_SITE"), ("MNOTE", "PET_DM_NOTE")),
    procedure("COMPUTED TOMOGRAPHY", "CT_DT", "CT_DONE", ""),
    tumour("LESTHICK", "Lesion Thickness", "WALL_MM", CT_DAY, CT, "mm"),
    tumour("THCKCHG", "Change of Thickness Since Baseline", "WALL_CHANGE", CT_DAY, CT, "mm"),
    tumour("PASSABLE", "Passable for the Scope", "PASSABLE", OGD, ENDOSCOPY),
    finding("TR", "TUMBED", "Appearance of the Tumor Bed", a("LOOK"), LNKID="PT", METHOD=ENDOSCOPY, EVAL=INVESTIGATOR, DTC=OGD, qualifiers=(q("LOOKNOTE", "LOOK_NOTE", "What the Endoscopist Makes of It"),)),
    finding("TR", "UNSTAIN", "New Unstained Area", a("LUGOL_NEW"), LNKID="PT", METHOD=ENDOSCOPY, EVAL=INVESTIGATOR, DTC=OGD),
    tumour("UNSTSIZE", "Unstained Area, Size", "LUGOL_MM", OGD, ENDOSCOPY, "mm"),
    finding("FA", "BOBNUM", "Number of Bite-on-Bite Pairs", a("BOB_N"), OBJ="BIOPSY", DTC=OGD, qualifiers=(q("BOBDEEP", "BOB_DEEP"), q("BOBQUADS", "BOB_QUADS"), q("BXDAYS", "BX_DAYS"))),
    finding("FA", "BIOPSNUM", "Number of Biopsy Specimens Taken", a("BX_OTHER_N"), OBJ="OTHER BIOPSY", DTC=OGD, qualifiers=(q("BXSITE", "BX_OTHER_SITE"),)),
    finding("MI", "BXWORST", "Worst Biopsy Result", a("BX_RESULT"), SPEC="TISSUE", LOC=ESOPHAGUS, METHOD="BIOPSY", EVAL="PATHOLOGIST", DTC=OGD, qualifiers=(q("BXADEQ", "BX_ADEQUATE", "Biopsies Are Representative"),)),
    finding("MI", "BXWORST", "Worst Biopsy Result", a("BX_REVIEW"), SPEC="TISSUE", LOC=ESOPHAGUS, METHOD="BIOPSY", CAT="SECOND PATHOLOGIST", EVAL="PATHOLOGIST", DTC=OGD),
    procedure("ENDOSCOPIC ULTRASOUND", "EUS_DT", "EUS_DONE", ""),
    tumour("LESTHICK", "Lesion Thickness", "EUS_MM", EUS_DAY, EUS, "mm"),
    tumour("THCKCHG", "Change of Thickness Since Baseline", "EUS_CHANGE", EUS_DAY, EUS, "mm"),
    suspect("EUS_ANY", "NODES", LYMPH_NODE, EUS, EUS_DAY),
    finding("LB", "CTDNA", "Circulating Tumor DNA", a("CTDNA", {"negative": "NEGATIVE", "positive": "POSITIVE"}), CAT="TUMOR MARKER", SPEC="PLASMA", DTC=DAY),
    finding("RS", "LOCSTAT", "Locoregional Status", a("LOCAL_CALL"), CAT="CLINICAL RESPONSE EVALUATION", EVAL=INVESTIGATOR, DTC=DAY),
    finding("RS", "DISTSTAT", "Distant Status", a("DIST_CALL"), CAT="CLINICAL RESPONSE EVALUATION", EVAL=INVESTIGATOR, DTC=DAY),
    finding(
        "RS", "CLINRESP", "Clinical Response", a("CRE_OUTCOME"),
        CAT="CLINICAL RESPONSE EVALUATION", EVAL=INVESTIGATOR, DTC=DAY,
        qualifiers=(
            q("CRETYPE", "CRE_TYPE", "Kind of Evaluation"),
            q("CRENO", "CRE_NO"),
            q("CREWEEK", "WEEKS_POST", "Weeks Since End of Neoadjuvant Treatment"),
            q("OUTCALC", "CREOUTC_CALC"),
            q("OUTWHY", "CRE_BECAUSE", "Reasons of the Rules"),
            q("OVERRIDE", "OVERRIDE_WHY"),
            q("PROVENON", "PROOF_DT"),
            q("EVENTON", "PROVEN_ON"),
            q("CCRLATE", "CCR_LATE"),
        ),
    ),
    finding("EG", "INTP", "Interpretation", a("ECG_RES"), DTC=DAY),
    finding("RE", "FEV1", "Forced Expiratory Volume in 1 Second", a("FEV1"), unit="L", METHOD="SPIROMETRY", DTC=DAY),
    finding("RE", "FEV1PP", "Percent Predicted FEV1", a("FEV1P"), unit="%", METHOD="SPIROMETRY", DTC=DAY),
    finding("RE", "DLCOPP", "Percent Predicted DLCO", a("DLCOP"), unit="%", METHOD="SPIROMETRY", DTC=DAY),
    record(
        "DS", needs=("TERM",), TERM=a("MDT_DEC"), DECOD="MULTIDISCIPLINARY TEAM DECISION",
        CAT="OTHER EVENT", SCAT="MULTIDISCIPLINARY TEAM", STDTC=a("MDT_DT"),
        qualifiers=(q("PTDEC", "PT_DEC"), q("PTREASON", "PT_REASON")),
    ),
)  # fmt: skip
MAPPINGS: Final = (
    FormMapping(
        "CRE",
        LINES,
        {
            "WALL_MM_BASE": "TR of the baseline (form STAGE)",
            "EUS_MM_BASE": "TR of the baseline (form STAGE)",
        },
    ),
    FormMapping(
        "CRE_PET_NODES",
        (
            node(NODE + "PET-N{ROW}", PET_CT, PET_DAY),
            measure(NODE + "PET-N{ROW}", "SUVMAX", "Standardized Uptake Value Maximum", "NODE_SUVMAX", PET_CT, PET_DAY),
            measure(NODE + "PET-N{ROW}", "LPERP", "Longest Perpendicular", "SHORT_MM", PET_CT, PET_DAY, "mm"),
        ),
    ),
    FormMapping(
        "CRE_BOB_MAP",
        (
            finding(
                "MI", "BITERES", "Bite-on-Bite Biopsy Result", a("BITE_RES"),
                SPID=Pattern("B{ROW}"), SPEC="TISSUE", LOC=ESOPHAGUS,
                DIR=a("QUADRANT", {"anterior": "ANTERIOR", "posterior": "POSTERIOR"}),
                LAT=a("QUADRANT", {"right": "RIGHT", "left": "LEFT"}),
                METHOD="BIOPSY", EVAL="PATHOLOGIST", DTC=OGD,
                qualifiers=(q("BITECM", "BITE_CM", "Level From the Incisors (cm)"), q("BITEN", "BITE_N", "Number of Pairs")),
            ),
            tissue("DEPTH", "Depth", "DEPTH", OGD, LOC=ESOPHAGUS, METHOD="BIOPSY", SPID=Pattern("B{ROW}")),
        ),
    ),
    FormMapping(
        "CRE_EUS_NODES",
        (
            node(NODE + "EUS-N{ROW}", EUS, EUS_DAY),
            measure(NODE + "EUS-N{ROW}", "LPERP", "Longest Perpendicular", "SHORT_MM", EUS, EUS_DAY, "mm"),
            measure(NODE + "EUS-N{ROW}", "SHAPE", "Shape", "SHAPE", EUS, EUS_DAY),
            measure(NODE + "EUS-N{ROW}", "BORDER", "Border", "BORDER", EUS, EUS_DAY),
            measure(NODE + "EUS-N{ROW}", "HYPOECHO", "Hypoechoic", "HYPO", EUS, EUS_DAY),
            aspiration(NODE + "EUS-N{ROW}", EUS_DAY, ("FNAPASS", "FNA_PASSES")),
            finding(
                "MI", "CYTOL", "Cytology", a("FNA_RES"), SPEC="TISSUE", LOC=LYMPH_NODE, DTC=EUS_DAY,
                SPID=Pattern("EUS-N{ROW}"),
                qualifiers=(q("FNALYMPH", "FNA_LYMPH"), q("FNAADEQ", "FNA_ADEQ")),
            ),
        ),
    ),
    FormMapping(
        "PROG",
        (
            finding(
                "RS", "CLINRESP", "Clinical Response", a("PROGRESSED"), CAT="PROGRESSION BEFORE DECISION",
                EVAL=INVESTIGATOR, DTC=a("PROG_DT"),
                qualifiers=(
                    q("PROGPHAS", "PROG_PHASE", "Phase in Which It Was Found"),
                    q("PROGHOW", "PROG_PROOF"),
                    q("PROGCURE", "PROG_CURE"),
                ),
            ),
            record(
                "TU", each="PROG_WHERE", needs=("LOC",), TESTCD="LESIDENT", TEST="Lesion Identification",
                ORRES="PROGRESSION", STRESC="PROGRESSION", LOC=a("PROG_WHERE", ORGANS),
                METHOD=a("PROG_PROOF", METHODS), EVAL=INVESTIGATOR, DTC=a("PROG_DT"),
                qualifiers=(q("LESLOC", "PROG_WHERE_TEXT"),),
            ),
        ),
    ),
)  # fmt: skip
__all__ = ["MAPPINGS", "about"]
