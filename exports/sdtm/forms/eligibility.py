"""Eligibility (form ELIG)."""

from __future__ import annotations

from typing import Final

from exports.sdtm.forms.shared import ESOPHAGUS, INVESTIGATOR, NEGATIVE_POSITIVE, ecog, stage
from exports.sdtm.mapping import YES_NO, FormMapping, Target, a, finding, q, record, when

CRITERIA: Final = {
    **{f"INC_{number}": f"I-{number}" for number in range(1, 4)},
    **{f"EXC_{number}": f"E-{number}" for number in range(1, 9)},
    **{
        f"OPT_{name}": f"OPT-{name}"
        for name in ("LAB", "LOC", "LEN", "WT", "FIST", "HEP", "CA2", "LUNG", "ER")
    },
}
"""Each question about a criterion, with the code that the protocol text gives the criterion (TI.IETESTCD)."""
NOT_MET: Final = {"I": "N", "E": "Y", "O": "Y"}


def criterion(column: str, code: str) -> Target:
    """Return the record of a criterion that was not met; one that was met has none (guide, IE)."""
    not_met = NOT_MET[code[0]]
    return record(
        "IE",
        only=(when(column, not_met),),
        TESTCD=short_code(code),
        TEST=f"criterion {code}",
        CAT="INCLUSION" if code[0] == "I" else "EXCLUSION",
        ORRES=a(column, YES_NO),
        STRESC=a(column, YES_NO),
        DTC=a("DECIDED_ON"),
    )


def short_code(code: str) -> str:
    """Return the code of a criterion as IETESTCD: INCL01, EXCL01, OPTLAB."""
    kind, _dash, rest = code.partition("-")
    return f"{ {'I': 'INCL', 'E': 'EXCL'}[kind] }{int(rest):02}" if kind in "IE" else f"OPT{rest}"


SCREEN_FAILURES: Final = {
    "criterion": "SCREEN FAILURE",
    "consent_withdrawn": "WITHDRAWAL BY SUBJECT",
    "progression": "PROGRESSIVE DISEASE",
    "death": "DEATH",
    "administrative": "SCREEN FAILURE",
    "other": "SCREEN FAILURE",
}
MAPPINGS: Final = (
    FormMapping(
        "ELIG",
        (
            record(
                "DM",
                RFICDTC=a("ICF_DT"),
                AGE=a("AGE"),
                SEX=a("SEX", {"M": "M", "F": "F"}),
                qualifiers=(q("CONTRA", "CONTRA"),),
            ),
            finding("RP", "CHILDPOT", "Childbearing Potential", a("WOCBP"), DTC=a("ICF_DT")),
            finding(
                "LB",
                "HCG",
                "Choriogonadotropin Beta",
                a("PREG_RES", NEGATIVE_POSITIVE),
                CAT="PREGNANCY TEST",
                DTC=a("PREG_DT"),
            ),
            record(
                "LB",
                only=(when("PREG_RES", "ND"),),
                TESTCD="HCG",
                TEST="Choriogonadotropin Beta",
                CAT="PREGNANCY TEST",
                STAT=a("PREG_RES", {"ND": "NOT DONE"}),
                DTC=a("ICF_DT"),
            ),
            finding(
                "MI",
                "HISTTYPC",
                "Histologic Type of Cancer",
                a("HIST_TYPE"),
                SPEC="TISSUE",
                LOC=ESOPHAGUS,
                METHOD="BIOPSY",
                DTC=a("HIST_DT"),
            ),
            stage("CTCAT", "Clinical T Category", "CT_E", a("MDT_DT"), SCAT="ELIGIBILITY"),
            stage("CNCAT", "Clinical N Category", "CN_E", a("MDT_DT"), SCAT="ELIGIBILITY"),
            stage("CMCAT", "Clinical M Category", "CM_E", a("MDT_DT"), SCAT="ELIGIBILITY"),
            finding(
                "RS",
                "RESECTBL",
                "Resectable by Multidisciplinary Team",
                a("RESECTABLE"),
                CAT="RESECTABILITY",
                EVAL="ADJUDICATION COMMITTEE",
                DTC=a("MDT_DT"),
            ),
            ecog("ECOG", a("ICF_DT"), SCAT="ELIGIBILITY"),
            *(criterion(column, code) for column, code in CRITERIA.items()),
            record(
                "DS",
                only=(when("ELIG_OK", "Y"),),
                needs=("STDTC",),
                TERM="Eligibility criteria met",
                DECOD="ELIGIBILITY CRITERIA MET",
                CAT="PROTOCOL MILESTONE",
                STDTC=a("ELIG_SIG"),
            ),
            record(
                "DS",
                needs=("TERM",),
                TERM=a("SF_REASON"),
                DECOD=a("SF_REASON", SCREEN_FAILURES),
                CAT="DISPOSITION EVENT",
                SCAT="SCREENING",
                STDTC=a("STATE_SINCE"),
            ),
            record(
                "DS",
                needs=("TERM",),
                TERM=a("APPROACHED_NO"),
                DECOD="WITHDRAWAL BY SUBJECT",
                CAT="DISPOSITION EVENT",
                SCAT="SCREENING",
                STDTC=a("STATE_SINCE"),
            ),
        ),
        {
            "SCREEN_NO": "DM.SUBJID",
            "ICF_VER": "SUPPDS.ICFVER, from the consents",
            "ICF_BIOBANK": "DS, consent to extra samples, from the consents",
            "ICF_REG": "DS, consent to look up vital status, from the consents",
            "BIRTH": "identifying: leaves in no export; DM.AGE says the age",
        },
    ),
    FormMapping(
        "CONSENTS",
        (
            record(
                "DS",
                only=(when("ANSWER", "signed"),),
                TERM="Informed consent obtained",
                DECOD="INFORMED CONSENT OBTAINED",
                CAT="PROTOCOL MILESTONE",
                STDTC=a("ANSWERED_ON"),
                qualifiers=(
                    q("ICFVER", "CONSENT_VERSION", "Version of the Consent"),
                    q("ICFSENS", "SENSITIVE_DATA", "Consent to Use of Sensitive Data"),
                ),
            ),
            *(
                record(
                    "DS",
                    only=(when("ANSWER", "signed"), when(column, "Y")),
                    TERM=term,
                    DECOD="INFORMED CONSENT OBTAINED FOR PROTOCOL-SPECIFIED ACTIVITY",
                    CAT="PROTOCOL MILESTONE",
                    SCAT=scat,
                    STDTC=a("ANSWERED_ON"),
                )
                for column, term, scat in (
                    ("BIOBANK", "Consent to extra samples", "EXTRA SAMPLES"),
                    ("REGISTER_LOOKUP", "Consent to look up vital status", "VITAL STATUS LOOK-UP"),
                )
            ),
            record(
                "DS",
                only=(when("ANSWER", "refused"),),
                TERM="Did not sign a new version of the consent",
                DECOD="INFORMED CONSENT DECLINED FOR PROTOCOL-SPECIFIED ACTIVITY",
                CAT="OTHER EVENT",
                STDTC=a("ANSWERED_ON"),
                qualifiers=(
                    q("ICFVER", "CONSENT_VERSION", "Version of the Consent"),
                    q("AFTERREF", "AFTER_REFUSAL", "What Follows the Refusal"),
                ),
            ),
        ),
    ),
)
__all__ = ["CRITERIA", "INVESTIGATOR", "MAPPINGS", "short_code"]
