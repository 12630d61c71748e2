"""Demographics and history (form DM), medical history (MH) and medication (CM)."""

from __future__ import annotations

from typing import Any, Final

from exports.sdtm.forms.shared import dysphagia, ecog, feeding, vital, weight
from exports.sdtm.mapping import (
    FormMapping,
    Pattern,
    Relation,
    Target,
    a,
    finding,
    q,
    qualifiers_of,
    record,
    when,
)

DAY: Final = a("VISIT_ON")
DISEASES: Final = {
    "MH_HTN": "Hypertension",
    "MH_DM": "Diabetes",
    "MH_CAD": "Coronary disease",
    "MH_ARRHYTH": "Arrhythmia",
    "MH_STROKE": "Stroke",
    "MH_COPD": "Chronic obstructive lung disease",
    "MH_TB": "Tuberculosis",
    "MH_HBV": "Hepatitis B",
    "MH_HCV": "Hepatitis C",
    "MH_HIV": "HIV",
    "MH_AUTOIMMUNE": "Autoimmune disease",
    "MH_THYROID": "Thyroid disease",
    "MH_RENAL": "Kidney disease",
    "MH_PRIOR_SURG": "Earlier operation of chest or abdomen",
    "MH_TRANSPLANT": "Transplant",
}
ASKED: Final = {"Y": "Y", "N": "N", "U": "U"}
ROUTES: Final = {
    "oral": "ORAL",
    "intravenous": "INTRAVENOUS",
    "subcutaneous": "SUBCUTANEOUS",
    "intramuscular": "INTRAMUSCULAR",
    "inhaled": "RESPIRATORY (INHALATION)",
    "topical": "TOPICAL",
    "tube": "ENTERAL",
    "other": "OTHER",
}
FREQUENCIES: Final = {
    "once": "ONCE",
    "qd": "QD",
    "bid": "BID",
    "tid": "TID",
    "qid": "QID",
    "qod": "QOD",
    "qw": "EVERY WEEK",
    "prn": "PRN",
    "other": "OTHER",
}
UNITS: Final = {"mg": "mg", "g": "g", "ug": "ug", "mL": "mL", "IU": "IU", "piece": "TABLET", "other": "OTHER"}
ONGOING: Final = {"Y": "ONGOING"}
INDICATIONS: Final = {
    "prophylaxis": "PROPHYLAXIS",
    "mh": "MEDICAL HISTORY",
    "ae": "ADVERSE EVENT",
    "irae": "IMMUNE-RELATED ADVERSE EVENT",
    "other": "OTHER",
}


def disease(column: str, term: str, *qualifiers: tuple[str, ...]) -> Target:
    """Return the record of a disease that everybody is asked about."""
    return record(
        "MH",
        needs=("OCCUR",),
        TERM=term,
        CAT="PRESPECIFIED DISEASE",
        PRESP="Y",
        OCCUR=a(column, ASKED),
        DTC=DAY,
        qualifiers=qualifiers_of(qualifiers),
    )


def habit(column: str, name: str, category: str, *qualifiers: tuple[str, ...], **more: Any) -> Target:
    """Return the record of a habit: ever or never, whether it goes on, and how much."""
    return record(
        "SU",
        needs=("OCCUR",),
        TRT=name,
        CAT=category,
        PRESP="Y",
        OCCUR=a(column, {"never": "N", "former": "Y", "current": "Y", **ASKED}),
        qualifiers=qualifiers_of(qualifiers),
        **more,
    )


def use(column: str) -> dict[str, Any]:
    """Return when the use began and ended, in relation to the visit."""
    begun = {"STRTPT": a(column, {"former": "BEFORE", "current": "BEFORE"}), "STTPT": a("USE_AT")}
    return {**begun, "ENRTPT": a(column, {"former": "BEFORE", "current": "ONGOING"}), "ENTPT": a("USE_AT")}


MAPPINGS: Final = (
    FormMapping(
        "DM",
        (
            record("DM", qualifiers=(q("ETHNICCN", "ETHNIC_CN", "Chinese Ethnic Group"),)),
            finding("SC", "EDULEVEL", "Level of Education Attained", a("EDUC"), DTC=DAY),
            finding("SC", "RISKAREA", "Lives Where This Cancer Is Frequent", a("RESIDENCE"), DTC=DAY),
            vital("HEIGHT", "Height", "HEIGHT", "cm", DAY),
            weight("WEIGHT", DAY),
            finding("VS", "WEIGHT6M", "Usual Weight 6 Months Ago", a("WEIGHT_6M"), unit="kg", DTC=DAY),
            finding("VS", "WTLOSS", "Weight Loss in 6 Months", a("WT_LOSS"), unit="%", DTC=DAY),
            vital("BMI", "Body Mass Index", "BMI", "kg/m2", DAY),
            vital("BSA", "Body Surface Area", "BSA", "m2", DAY),
            dysphagia("DYSPH", "DYSPH_SCALE", DAY),
            finding("RS", "NRS2002", "Nutritional Risk Score", a("NRS2002"), CAT="NRS 2002", DTC=DAY),
            feeding("FEED", DAY),
            ecog("ECOG", DAY),
            finding(
                "RS", "KPSS0101", "KPSS01-Karnofsky Performance Status", a("KPS"), CAT="KPS SCALE", DTC=DAY
            ),
            finding("RS", "ASACLAS", "ASA Physical Status Class", a("ASA"), CAT="ASA", DTC=DAY),
            record(
                "MH",
                each="CCI_ITEMS",
                only=(
                    when(
                        "CCI_ITEMS",
                        *(
                            "myocardial_infarction",
                            "heart_failure",
                            "peripheral_vascular",
                            "cerebrovascular",
                            "dementia",
                            "chronic_pulmonary",
                            "connective_tissue",
                            "peptic_ulcer",
                            "liver_mild",
                            "diabetes",
                            "diabetes_complicated",
                            "hemiplegia",
                            "renal",
                            "malignancy",
                            "liver_severe",
                            "metastatic",
                            "aids",
                        ),
                    ),
                ),
                TERM=a("CCI_ITEMS"),
                CAT="CHARLSON INDEX",
                PRESP="Y",
                OCCUR="Y",
                DTC=DAY,
            ),
            finding(
                "RS", "CCIAGE", "Charlson Comorbidity Index With Age", a("CCI_AGE"), CAT="CHARLSON", DTC=DAY
            ),
            habit("SMOKE", "TOBACCO", "TOBACCO", ("PACKYR", "PACK_Y"), ENDTC=a("QUIT_Y"), **use("SMOKE")),
            habit(
                "ALC",
                "ALCOHOL",
                "ALCOHOL",
                ("FLUSH", "FLUSH"),
                DOSE=a("ALC_G"),
                DOSU="g",
                DOSFRQ="QD",
                **use("ALC"),
            ),
            habit("HOT_DRINK", "VERY HOT DRINKS", "DIET"),
            habit("BETEL", "BETEL", "BETEL"),
            record(
                "MH",
                needs=("OCCUR",),
                TERM="Esophageal or gastric cancer in a first-degree relative",
                CAT="FAMILY HISTORY",
                PRESP="Y",
                OCCUR=a("FAM_GI", ASKED),
                DTC=DAY,
                qualifiers=(q("FAMGIN", "FAM_GI_N", "Number of Relatives With It"),),
            ),
            *(disease(column, term) for column, term in DISEASES.items()),
            disease(
                "MH_ILD",
                "Interstitial lung disease",
                ("ILDSYMPT", "MH_ILD_SYMPT", "With Symptoms, Now or Earlier"),
            ),
            disease("MH_PRIOR_CA", "Earlier cancer", ("PRIORTX", "PRIOR_CA_TX")),
            record(
                "CM",
                needs=("OCCUR",),
                TRT="LIVE VACCINE",
                CAT="PRESPECIFIED MEDICATION",
                PRESP="Y",
                OCCUR=a("VACC", ASKED),
            ),
        ),
        {
            "MH_ANY": "says whether form MH has records",
            "CM_ANY": "says whether form CM has records",
            "PRED_EQ": "worked out from form CM, whose records stand in CM",
            "IMMUNOSUPPR": "worked out from form CM, whose records stand in CM",
        },
    ),
    FormMapping(
        "DM_PRIOR_CA",
        (
            record(
                "MH",
                needs=("TERM",),
                SPID=Pattern("CA{ROW}"),
                TERM=a("CA_SITE"),
                CAT="EARLIER CANCER",
                STDTC=a("CA_YEAR"),
                DTC=DAY,
                qualifiers=(q("CATX", "CA_TX", "Treatments of the Earlier Cancer"),),
            ),
        ),
    ),
    FormMapping(
        "MH",
        (
            record(
                "MH",
                needs=("TERM",),
                SPID=a("FORMSEQ"),
                TERM=a("MH_TEXT"),
                DECOD=a("MH_DECOD"),
                CAT="GENERAL MEDICAL HISTORY",
                STDTC=a("MH_START"),
                ENDTC=a("MH_END"),
                ENRTPT=a("MH_ONGO", ONGOING),
                ENTPT=a("ONGOING_AT"),
            ),
        ),
    ),
    FormMapping(
        "CM",
        (
            record(
                "CM",
                needs=("TRT",),
                SPID=a("FORMSEQ"),
                TRT=a("CM_TRT"),
                DECOD=a("CODED_AS"),
                CAT="CONCOMITANT MEDICATION",
                DOSE=a("CM_DOSE"),
                DOSU=a("CM_DOSU", UNITS),
                ROUTE=a("CM_ROUTE", ROUTES),
                DOSFRQ=a("CM_FREQ", FREQUENCIES),
                STDTC=a("CM_START"),
                ENDTC=a("CM_END"),
                ENRTPT=a("CM_ONGO", ONGOING),
                ENTPT=a("ONGOING_AT"),
                INDC=a("CM_INDC", INDICATIONS),
                qualifiers=(
                    q("WHODCODE", "CM_CODE", "WHODrug Code"),
                    q("INDCTXT", "CM_INDC_TXT"),
                    q("STEROID", "CM_STEROID"),
                    q("PREDEQ", "CM_PRED", "Dose a Day as Prednisone (mg)"),
                    q("IMMSUP", "CM_IMMUNO"),
                    q("GCSF", "CM_GCSF"),
                    q("ABX", "CM_ABX"),
                ),
                relations=(Relation("AE", a("CM_AE")), Relation("MH", a("CM_MH"))),
            ),
        ),
    ),
)
