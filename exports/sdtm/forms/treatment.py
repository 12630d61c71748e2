"""Neoadjuvant treatment (form TREAT): exposure as collected (EC), as analysed (EX), radiotherapy (PR) and its plan."""

from __future__ import annotations

from typing import Any, Final

from exports.sdtm.forms.laboratory import day_of
from exports.sdtm.forms.shared import ESOPHAGUS, INVESTIGATOR
from exports.sdtm.mapping import (
    FormMapping,
    Pattern,
    Relation,
    Target,
    Value,
    a,
    finding,
    q,
    qualifiers_of,
    record,
    when,
)

GIVEN: Final = ("full", "reduced", "interrupted")
OCCURRED: Final = {"full": "Y", "reduced": "Y", "interrupted": "Y", "omitted": "N"}
FORMULATIONS: Final = {
    "albumin": "INJECTION, POWDER, LYOPHILIZED, FOR SUSPENSION",
    "solvent": "INJECTION, SOLUTION",
    "liposomal": "INJECTION, POWDER, LYOPHILIZED, FOR LIPOSOMAL SUSPENSION",
}
PLAN: Final = "RADIOTHERAPY PLAN"
START: Final = a("RT_START")


def infusion(
    drug: str, given: str, day: str, dose: str, why: str, number: str, form: Value, *more: tuple[str, ...]
) -> tuple[Target, Target]:
    """Return a dose as it was recorded, omitted ones too (EC), and as it was given (EX)."""
    link = Pattern(f"{drug[:4]}-{{{number}}}")
    chemotherapy = (Relation("AE", a("DOSE_AE")), Relation("CM", a("PREMED_CM")))
    relations = (Relation("AE", a("CI_AE")),) if drug == "CAMRELIZUMAB" else chemotherapy
    values: dict[str, Any] = {
        "LNKID": link,
        "TRT": drug,
        "DOSE": a(dose),
        "DOSU": "mg",
        "DOSFRM": form,
        "DOSFRQ": "ONCE",
        "ROUTE": "INTRAVENOUS",
        "ADJ": a(why),
        "STDTC": a(day),
        "ENDTC": a(day),
    }
    collected = record(
        "EC",
        needs=("OCCUR",),
        **{**values, "MOOD": "PERFORMED", "PRESP": "Y", "OCCUR": a(given, OCCURRED)},
        relations=relations,
        qualifiers=(q("GIVEN", given, "Dose as Planned, Reduced or Omitted"), *qualifiers_of(more)),
    )
    return collected, record("EX", only=(when(given, *GIVEN),), **values)


def plan(code: str, name: str, column: str, unit: str) -> Target:
    """Return a figure of the plan of radiotherapy."""
    return finding("FA", code, name, a(column), unit=unit, OBJ=PLAN, DTC=START)


MAPPINGS: Final = (
    FormMapping(
        "TREAT",
        (
            record(
                "EC",
                only=(when("CI_ANY", "N"),),
                TRT="CAMRELIZUMAB",
                MOOD="PERFORMED",
                PRESP="Y",
                OCCUR=a("CI_ANY"),
            ),
            record(
                "PR",
                needs=("OCCUR",),
                LNKID="RT",
                TRT="RADIOTHERAPY",
                CAT="NEOADJUVANT TREATMENT",
                PRESP="Y",
                OCCUR=a("RT_GIVEN"),
                DOSE=a("DELIV_GY"),
                DOSU="Gy",
                LOC=ESOPHAGUS,
                STDTC=START,
                ENDTC=a("RT_END"),
                relations=(Relation("AE", a("GAP_AE")),),
                qualifiers=(
                    q("TECH", "TECH"),
                    q("IMGD", "IMGD"),
                    q("FOURD", "FOURD"),
                    q("PRESCGY", "PRESC_GY", "Prescribed Dose (Gy)"),
                    q("PRESCFX", "PRESC_FX"),
                    q("DPF", "DPF", "Dose per Fraction (Gy)"),
                    q("DELIVFX", "DELIV_FX"),
                    q("GAPDAYS", "GAP_DAYS", "Unplanned Weekdays Without a Fraction"),
                    q("GAPREAS", "GAP_REASON"),
                    q("ELECTN", "ELECT_N"),
                    q("PLANQA", "PLAN_QA"),
                ),
            ),
            record(
                "EX",
                only=(when("RT_GIVEN", "Y"),),
                LNKID="RT",
                TRT="RADIOTHERAPY",
                DOSE=a("DELIV_GY"),
                DOSU="Gy",
                DOSFRM="NOT APPLICABLE",
                LOC=ESOPHAGUS,
                STDTC=START,
                ENDTC=a("RT_END"),
            ),
            plan("GTVVOL", "Gross Tumor Volume", "GTV", "cm3"),
            plan("CTVVOL", "Clinical Target Volume", "CTV", "cm3"),
            plan("PTVVOL", "Planning Target Volume", "PTV", "cm3"),
            plan("CTVMARG", "CTV Margin Along the Esophagus", "CTV_MARGIN", "cm"),
            plan("LUNGV5", "Lung V5", "LUNG_V5", "%"),
            plan("LUNGV20", "Lung V20", "LUNG_V20", "%"),
            plan("LUNGMEAN", "Mean Lung Dose", "MLD", "Gy"),
            plan("HEARTV30", "Heart V30", "HEART_V30", "%"),
            plan("HEARTV40", "Heart V40", "HEART_V40", "%"),
            plan("HEARTMN", "Mean Heart Dose", "MHD", "Gy"),
            plan("CORDMAX", "Spinal Cord, Highest Dose", "CORD_MAX", "Gy"),
            plan("LIVERV30", "Liver V30", "LIVER_V30", "%"),
            plan("KIDNYV18", "Kidney V18", "KIDNEY_V18", "%"),
            record(
                "DS",
                only=(when("COMPLETED", "Y"),),
                TERM="Neoadjuvant treatment completed as planned",
                DECOD="COMPLETED",
                CAT="DISPOSITION EVENT",
                SCAT="NEOADJUVANT TREATMENT",
                STDTC=a("NEO_END"),
            ),
            record(
                "DS",
                only=(when("COMPLETED", "N"),),
                needs=("TERM",),
                TERM=a("STOP_REASON"),
                DECOD=a(
                    "STOP_REASON",
                    {
                        "toxicity": "ADVERSE EVENT",
                        "progression": "PROGRESSIVE DISEASE",
                        "patient": "WITHDRAWAL BY SUBJECT",
                        "physician": "PHYSICIAN DECISION",
                        "death": "DEATH",
                        "other": "OTHER",
                    },
                ),
                CAT="DISPOSITION EVENT",
                SCAT="NEOADJUVANT TREATMENT",
                STDTC=a("NEO_END"),
            ),
            finding(
                "RS",
                "OVRLRESP",
                "Overall Response",
                a("RESP_END"),
                CAT="RECIST 1.1",
                SCAT="END OF NEOADJUVANT TREATMENT",
                EVAL=INVESTIGATOR,
                DTC=a("NEO_END"),
            ),
        ),
        {
            "GAP_CALC": "worked out from the fractions to check GAP_DAYS",
            "CONCURRENT_CHEMO_ON_DAY1": "worked out from EX",
            "NEO_D1": "DM.RFSTDTC, DM.RFXSTDTC",
            "CHEMO_N": "ADaM, from EX",
            "CARBO_N": "ADaM, from EX",
            "NABP_N": "ADaM, from EX",
            "CARBO_INT": "ADaM, from EX",
            "NABP_INT": "ADaM, from EX",
            "CI_N": "ADaM, from EX",
            "RT_PCT": "ADaM, from EX",
            "LAST_DOSE": "DM.RFXENDTC",
            "LAST_CAMRE": "ADaM, from EX",
        },
    ),
    FormMapping(
        "TREAT_CHEMO",
        (
            *infusion(
                "CARBOPLATIN",
                "CARBO_GIVEN",
                "CARBO_DT",
                "CARBO_MG",
                "CARBO_REASON",
                "DOSE_NO",
                "INJECTION, SOLUTION",
                ("AUC", "CARBO_AUC", "Carboplatin, Area Under the Curve"),
                ("CALCMG", "CARBO_CALC", "Dose Expected (mg)"),
                ("INFREAC", "INFUSION_REAC"),
                ("PLANDAY", "PLANNED_DAY"),
            ),
            *infusion(
                "PACLITAXEL",
                "NABP_GIVEN",
                "NABP_DT",
                "NABP_MG",
                "NABP_REASON",
                "DOSE_NO",
                a("FORM_TAX", FORMULATIONS),
                ("MGM2", "NABP_MGM2", "Paclitaxel per Square Metre (mg/m2)"),
                ("CALCMG", "NABP_CALC", "Dose Expected (mg)"),
                ("PLANDAY", "PLANNED_DAY"),
            ),
            day_of("ANC_D", "Neutrophils", "NEUT", unit="10^9/L"),
            day_of("PLT_D", "Platelets", "PLAT", unit="10^9/L"),
            day_of("CREAT_D", "Creatinine", "CREAT", unit="umol/L"),
            finding(
                "LB",
                "CREATCLR",
                "Creatinine Clearance",
                a("GFR_D"),
                unit="mL/min",
                CAT="DOSING",
                DTC=a("COUNTED_ON"),
                qualifiers=(q("GFRCALC", "GFR_CALC"),),
            ),
            finding("VS", "WEIGHT", "Weight", a("WEIGHT_D"), unit="kg", CAT="DOSING", DTC=a("DOSED_ON")),
            record("CM", needs=("TRT",), TRT=a("PREMED"), CAT="PREMEDICATION", STDTC=a("DOSED_ON")),
        ),
    ),
    FormMapping(
        "TREAT_CAMRE",
        (
            *infusion(
                "CAMRELIZUMAB",
                "CI_GIVEN",
                "CI_DT",
                "CI_MG",
                "CI_WHY",
                "CI_NO",
                "INJECTION, POWDER, LYOPHILIZED, FOR SOLUTION",
                ("INFMIN", "CI_MIN", "Infusion Time (min)"),
                ("LOT", "CI_LOT"),
                ("PREALT", "CI_PRE_ALT"),
                ("PRECREAT", "CI_PRE_CREAT"),
                ("PRETSH", "CI_PRE_TSH"),
                ("PREGLUC", "CI_PRE_GLUC"),
                ("PRETROP", "CI_PRE_TROP"),
                ("PRESPO2", "CI_PRE_SPO2", "Oxygen Saturation Seen Before Dose"),
                ("INFREAC", "CI_REAC"),
                ("PLANDAY", "PLANNED_DAY"),
            ),
            record(
                "DS",
                only=(when("CI_STOP", "Y"),),
                TERM=a("CI_STOP_WHY"),
                DECOD=a(
                    "CI_STOP_WHY",
                    {
                        "irae": "ADVERSE EVENT",
                        "other_ae": "ADVERSE EVENT",
                        "infection": "ADVERSE EVENT",
                        "laboratory": "ADVERSE EVENT",
                        "patient": "WITHDRAWAL BY SUBJECT",
                        "logistic": "LOGISTICAL PROBLEM",
                        "error": "OTHER",
                    },
                ),
                CAT="DISPOSITION EVENT",
                SCAT="CAMRELIZUMAB",
                STDTC=a("CI_STOP_DT"),
            ),
        ),
    ),
    FormMapping(
        "TREAT_RT_FX",
        (
            record(
                "PR",
                needs=("STDTC",),
                LNKID="RT",
                TRT="RADIOTHERAPY FRACTION",
                CAT="NEOADJUVANT TREATMENT",
                DOSE=a("FX_GY"),
                DOSU="Gy",
                LOC=ESOPHAGUS,
                STDTC=a("FX_DT"),
            ),
        ),
    ),
)
