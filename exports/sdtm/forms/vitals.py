"""Vital signs (form VS) and nutrition assessments (NUT)."""

from __future__ import annotations

from typing import Final

from exports.sdtm.forms.shared import about, dysphagia, ecog, examination, feeding, vital, weight
from exports.sdtm.mapping import NOT_DONE, FormMapping, Target, a, finding, q, record, when

DAY: Final = a("VS_DT")
ASSESSED: Final = a("NUT_DT")


def measured(day: str) -> tuple[Target, ...]:
    """Return the records of temperature, blood pressure, rates and saturation, measured on the day of a column."""
    on = a(day)
    return (
        vital("TEMP", "Temperature", "TEMP", "C", on),
        vital("SYSBP", "Systolic Blood Pressure", "SBP", "mmHg", on),
        vital("DIABP", "Diastolic Blood Pressure", "DBP", "mmHg", on),
        vital("PULSE", "Pulse Rate", "HR", "beats/min", on),
        vital("RESP", "Respiratory Rate", "RR", "breaths/min", on),
        vital("OXYSAT", "Oxygen Saturation", "SPO2", "%", on),
    )


MAPPINGS: Final = (
    FormMapping(
        "VS",
        (
            record(
                "VS",
                only=(when("VS_DONE", "N"),),
                TESTCD="VSALL",
                TEST="Vital Signs",
                STAT=a("VS_DONE", NOT_DONE),
                REASND=a("VS_WHY"),
                DTC=DAY,
            ),
            weight("WEIGHT", DAY),
            finding("VS", "WTPCHG", "Weight Change From Baseline", a("WT_PCT"), unit="%", DTC=DAY),
            ecog("ECOG", DAY),
            dysphagia("DYSPH", "DYSPH_SCALE", DAY),
            *examination("EXAM", "EXAM_TXT", DAY),
            *measured("VS_DT"),
        ),
        {"WEIGHT_DOSED": "weight used for the dose: VS, from the doses of form TREAT"},
    ),
    FormMapping(
        "NUT",
        (
            weight("NUT_WT", ASSESSED, CAT="NUTRITION"),
            finding("VS", "WTPCHG", "Weight Change From Baseline", a("NUT_WTPCT"), unit="%", DTC=ASSESSED),
            vital("BMI", "Body Mass Index", "NUT_BMI", "kg/m2", ASSESSED),
            feeding("NUT_FEED", ASSESSED, CAT="NUTRITION"),
            about("INTAKE", "Food Eaten in the Last Week", "NUTRITION", "NUT_INTAKE", ASSESSED),
            about("TUBEDAYS", "Days With a Feeding Tube", "NUTRITION", "NUT_TUBE_D", ASSESSED, "DAYS"),
            finding(
                "RS",
                "NRS2002",
                "Nutritional Risk Score",
                a("NUT_NRS"),
                CAT="NRS 2002",
                DTC=ASSESSED,
                qualifiers=(q("NUTRISK", "NUT_RISK"),),
            ),
            finding("RS", "GLIM", "Malnutrition Grade", a("NUT_GLIM"), CAT="GLIM", DTC=ASSESSED),
            record(
                "PR",
                each="NUT_PLAN",
                only=(when("NUT_PLAN", "advice", "supplement", "tube", "parenteral", "other"),),
                TRT=a("NUT_PLAN"),
                CAT="NUTRITIONAL SUPPORT",
                STDTC=ASSESSED,
                qualifiers=(q("PLANTXT", "NUT_PLAN_TXT", "Other Nutritional Support"),),
            ),
        ),
    ),
)
