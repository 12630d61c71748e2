"""Follow-up and recurrence (form FU), subsequent therapy (ST), surveillance visits (AS)."""

from __future__ import annotations

from typing import Final

from exports.sdtm.forms.shared import (
    INVESTIGATOR,
    LYMPH_NODE,
    METHODS,
    ORGANS,
    about,
    dysphagia,
    ecog,
    examination,
    feeding,
    weight,
)
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

DAY: Final = a("FU_DT")
SEEN: Final = a("AS_DT")
THERAPIES: Final = ("chemo", "io", "targeted", "trial", "supportive")
PROCEDURES: Final = ("oesophagectomy", "endoscopic_resection", "rt")
CONTACT: Final = Pattern("{VISIT}-{VISITSEQ}-{FORMSEQ}")
LINK: Final = "{VISIT}-{VISITSEQ}-{FORMSEQ}-"
RESULTS: Final = {"clear": "NEGATIVE", "suspect": "EQUIVOCAL", "disease": "POSITIVE", "other": "OTHER"}


def dilatation(form: str, day: str) -> Target:
    """Return the record of a dilatation, told from others of its day by its row of the form."""
    return record(
        "PR",
        needs=("STDTC",),
        SPID=Pattern(form + "-{FORMSEQ}-D{ROW}"),
        TRT="DILATATION OF THE ESOPHAGUS",
        CAT="FOLLOW-UP",
        STDTC=a(day),
        qualifiers=(
            q("DILMM", "DIL_MM", "Largest Diameter (mm)"),
            q("DILHOW", "DIL_HOW"),
            q("PRCOMPL", "DIL_COMPL", "Complication of the Procedure"),
        ),
    )


def examined(kind: str, day: str, result: str, *more: tuple[str, ...]) -> tuple[Target, Target]:
    """Return an examination, and what it showed of the disease."""
    return (
        record(
            "PR",
            needs=("TRT",),
            TRT=a(kind),
            CAT="FOLLOW-UP",
            STDTC=a(day),
            LNKID=Pattern(LINK + "I{ROW}"),
            qualifiers=qualifiers_of(more),
        ),
        finding(
            "RS",
            "RDIORESP",
            "Radiologic Response",
            a(result),
            CAT="FOLLOW-UP IMAGING",
            LNKID=Pattern(LINK + "I{ROW}"),
            EVAL=INVESTIGATOR,
            DTC=a(day),
        ),
    )


def symptom(name: str, column: str, day: Value = DAY) -> Target:
    """Return the grade of a complaint that everybody is asked about."""
    return about("SEV", "Severity/Intensity", name, column, day)


def late(name: str, column: str) -> Target:
    """Return whether a late effect is there."""
    return finding("FA", "OCCUR", "Occurrence Indicator", a(column), OBJ=f"LATE EFFECT, {name}", DTC=SEEN)


MAPPINGS: Final = (
    FormMapping(
        "FU",
        (
            finding(
                "SS",
                "SURVSTAT",
                "Survival Status",
                a("ALIVE"),
                STRESC=a("ALIVE", {"Y": "ALIVE", "N": "DEAD"}),
                DTC=DAY,
            ),
            *examination("EXAM", "EXAM_TXT", DAY),
            weight("WT", DAY),
            ecog("ECOG", DAY),
            dysphagia("DYSPH", "DYSPH_SCALE", DAY),
            feeding("FEED", DAY),
            record(
                "PR",
                only=(when("IMG_ANY", "N"),),
                TRT="IMAGING OR ENDOSCOPY",
                CAT="FOLLOW-UP",
                PRESP="Y",
                OCCUR=a("IMG_ANY"),
                STDTC=DAY,
            ),
            finding(
                "RS",
                "DRCRIND",
                "Disease Recurrence Indicator",
                a("DZ_STATUS"),
                CAT="FOLLOW-UP",
                EVAL=INVESTIGATOR,
                DTC=DAY,
                qualifiers=(
                    q("RECYN", "REC_YN", "Recurrence Found at This Contact"),
                    q("FSUSPDT", "REC_DT_FIRST_SUSPECT"),
                    q("FPROOFDT", "REC_DT_PROOF"),
                    q("RECEVDT", "RECUR_DT"),
                    q("RECHOW", "REC_METHOD"),
                    q("RESECT", "RESECTABLE"),
                    q("OLIGO", "OLIGO"),
                ),
            ),
            record(
                "TU",
                each="REC_TYPE",
                needs=("ORRES",),
                TESTCD="LESIDENT",
                TEST="Lesion Identification",
                ORRES=a("REC_TYPE"),
                METHOD=a("REC_METHOD", METHODS),
                EVAL=INVESTIGATOR,
                DTC=a("REC_ON"),
            ),
            finding(
                "TR",
                "LESNUM",
                "Number of Lesions",
                a("N_LESIONS"),
                LNKID=Pattern(LINK + "REC"),
                METHOD=a("REC_METHOD", METHODS),
                EVAL=INVESTIGATOR,
                DTC=a("REC_ON"),
            ),
            record(
                "CM",
                only=(when("POST_TX_ANY", "N"),),
                TRT="NEW ANTICANCER THERAPY",
                SPID=CONTACT,
                CAT="SUBSEQUENT THERAPY",
                PRESP="Y",
                OCCUR=a("POST_TX_ANY"),
            ),
            record(
                "CM",
                only=(when("ADJ_GIVEN", "io", "chemo", "rt", "crt"),),
                TRT=a("ADJ_NAME"),
                CAT="ADJUVANT TREATMENT",
                STDTC=a("ADJ_START"),
                qualifiers=(
                    q("ADJKIND", "ADJ_GIVEN", "Kind of Adjuvant Treatment"),
                    q("CYCLES", "ADJ_CYCLES"),
                ),
            ),
            record(
                "CM",
                only=(when("ADJ_GIVEN", "none"),),
                TRT="ADJUVANT TREATMENT",
                SPID=CONTACT,
                CAT="ADJUVANT TREATMENT",
                PRESP="Y",
                OCCUR="N",
                qualifiers=(q("REASNOC", "ADJ_WHY", "Reason for Occur Value"),),
            ),
            finding("FA", "OCCUR", "Occurrence Indicator", a("STRICTURE"), OBJ="BENIGN STRICTURE", DTC=DAY),
            about("PROCPRFN", "Number of Procedures Performed", "DILATATION", "DILAT_N", DAY),
            symptom("REFLUX", "REFLUX"),
            symptom("DUMPING", "DUMPING"),
            symptom("ASPIRATION", "ASPIRATION"),
            finding("SC", "ACTIVITY", "Back to Usual Activity", a("WORK"), DTC=DAY),
        ),
        {"CONTACT": "SV.SVCNTMOD"},
    ),
    FormMapping("FU_IMG", examined("MODALITY", "IMG_DT", "IMG_RESULT", ("NOTE", "IMG_NOTE"))),
    FormMapping("FU_DILATS", (dilatation("FU", "DIL_DT"),)),
    FormMapping(
        "FU_REC_NODE",
        (
            record(
                "TU",
                needs=("LNKID",),
                TESTCD="LESIDENT",
                TEST="Lesion Identification",
                ORRES="LYMPH NODE RECURRENCE",
                STRESC="LYMPH NODE RECURRENCE",
                LNKID=Pattern(LINK + "RN{ROW}"),
                LOC=LYMPH_NODE,
                METHOD=a("REC_METHOD", METHODS),
                EVAL=INVESTIGATOR,
                DTC=a("REC_ON"),
                qualifiers=(
                    q("STATION", "STATION", "Lymph Node Station"),
                    q("RTFIELD", "RT_FIELD"),
                    q("LNDFIELD", "LND_FIELD"),
                ),
            ),
        ),
    ),
    FormMapping(
        "FU_REC_SITE",
        (
            record(
                "TU",
                needs=("LOC",),
                TESTCD="METIND",
                TEST="Metastatic Tumor Site Indicator",
                ORRES="Y",
                STRESC="Y",
                LNKID=Pattern(LINK + "RM{ROW}"),
                LOC=a("ORGAN", ORGANS),
                METHOD=a("REC_METHOD", METHODS),
                EVAL=INVESTIGATOR,
                DTC=a("REC_ON"),
                qualifiers=(q("LESLOC", "ORGAN_TXT", "Where the Lesion Is"),),
            ),
        ),
    ),
    FormMapping(
        "ST",
        (
            record(
                "CM",
                only=(when("ST_KIND", *THERAPIES),),
                SPID=Pattern("ST{FORMSEQ}"),
                TRT=a("ST_NAME"),
                CAT="SUBSEQUENT THERAPY",
                SCAT=a("ST_KIND"),
                CLAS=a("ST_CLASS"),
                INDC=a("ST_INTENT"),
                STDTC=a("ST_START"),
                ENDTC=a("ST_END"),
                qualifiers=(q("LINE", "ST_LINE"), q("PLACE", "ST_PLACE")),
            ),
            record(
                "PR",
                only=(when("ST_KIND", *PROCEDURES),),
                SPID=Pattern("ST{FORMSEQ}"),
                TRT=a("ST_KIND"),
                CAT="SUBSEQUENT THERAPY",
                DOSE=a("ST_GY"),
                DOSU=a("ST_KIND", {"rt": "Gy"}),
                STDTC=a("ST_START"),
                ENDTC=a("ST_END"),
                qualifiers=(
                    q("LINE", "ST_LINE"),
                    q("PLACE", "ST_PLACE"),
                    q("PARTTX", "ST_PART"),
                    q("INTENT", "ST_INTENT"),
                    q("REGIMEN", "ST_REGIMEN"),
                ),
            ),
            finding(
                "RS",
                "BESTRESP",
                "Best Response",
                a("ST_RESP"),
                CAT="SUBSEQUENT THERAPY",
                SPID=Pattern("ST{FORMSEQ}"),
                EVAL=INVESTIGATOR,
                DTC=a("ST_END"),
            ),
        ),
    ),
    FormMapping(
        "AS",
        (
            *examination("AS_EXAM", "AS_EXAM_TXT", SEEN),
            weight("AS_WT", SEEN),
            finding("VS", "WTPCHG", "Weight Change From Baseline", a("AS_WTPCT"), unit="%", DTC=SEEN),
            ecog("AS_ECOG", SEEN),
            dysphagia("AS_DYSPH", "AS_DYSPH_SCALE", SEEN),
            feeding("AS_FEED", SEEN),
            finding(
                "FA",
                "PROCPRFN",
                "Number of Procedures Performed",
                a("AS_DILAT_N"),
                OBJ="DILATATION",
                DTC=SEEN,
                qualifiers=(q("LASTDIL", "AS_DILAT_DT"),),
            ),
            symptom("BENIGN STENOSIS", "AS_STEN", SEEN),
            about(
                "HOSPDAYS",
                "Days in Hospital Since the Last Visit",
                "HOSPITAL STAY",
                "AS_HOSP_D",
                SEEN,
                "DAYS",
            ),
            late("LUNG", "AS_LATE_LUNG"),
            late("HEART", "AS_LATE_HEART"),
            late("THYROID", "AS_LATE_THYR"),
            late("ADRENAL GLAND", "AS_LATE_ADREN"),
            late("SKIN", "AS_LATE_SKIN"),
            late("GUT", "AS_LATE_GUT"),
            late("NERVE", "AS_LATE_NERVE"),
            record(
                "PR",
                only=(when("AS_UNSCHED", "N"),),
                TRT="UNSCHEDULED IMAGING OR ENDOSCOPY",
                CAT="FOLLOW-UP",
                PRESP="Y",
                OCCUR=a("AS_UNSCHED"),
                STDTC=SEEN,
            ),
            record(
                "DS",
                needs=("TERM",),
                TERM=a("AS_WILL"),
                DECOD="WILLINGNESS TO GO ON",
                CAT="OTHER EVENT",
                SCAT="SURVEILLANCE",
                STDTC=SEEN,
            ),
            finding(
                "QS", "REGRET", "Decision Regret Score", a("AS_REGRET"), CAT="DECISION REGRET SCALE", DTC=SEEN
            ),
            finding(
                "QS", "WORRY", "Fear of Recurrence Score", a("AS_WORRY"), CAT="FEAR OF RECURRENCE", DTC=SEEN
            ),
        ),
        {
            "AS_DONE": "SV: a visit that was made has a record",
            "AS_WHY": "SV.SVREASOC",
            "AS_NO": "order of SV.VISITNUM",
            "AS_DUE": "TV, from the milestone of the visit",
            "AS_DEV": "ADaM",
            "AS_ELEM": "DV, where the deviation was confirmed",
            "AS_NEXT": "TV",
        },
    ),
    FormMapping("AS_AS_DILATS", (dilatation("AS", "DIL_DT"),)),
    FormMapping("AS_AS_UNS", examined("U_WHAT", "U_DT", "U_RESULT")),
)
__all__ = ["LINK", "MAPPINGS", "RESULTS"]
