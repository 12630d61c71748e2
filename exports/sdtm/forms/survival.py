"""Survival status (form SURV), end of phase or study (EOS), and what the register of the trial says of both."""

from __future__ import annotations

from typing import Final

from exports.sdtm.forms.shared import INVESTIGATOR
from exports.sdtm.mapping import FormMapping, Pattern, Relation, a, finding, q, record, when

DAY: Final = a("STATUS_DT")
VITAL: Final = {"alive": "ALIVE", "dead": "DEAD", "unknown": "UNKNOWN"}
PHASES: Final = {
    "neoadjuvant": "NEOADJUVANT TREATMENT",
    "response": "RESPONSE EVALUATION",
    "surveillance": "SURVEILLANCE",
    "follow_up": "FOLLOW-UP",
    "study": "STUDY PARTICIPATION",
}
REASONS: Final = {
    "progression": "PROGRESSIVE DISEASE",
    "regrowth": "DISEASE RELAPSE",
    "adverse_event": "ADVERSE EVENT",
    "death": "DEATH",
    "lost": "LOST TO FOLLOW-UP",
    "withdrew": "WITHDRAWAL BY SUBJECT",
    "physician": "PHYSICIAN DECISION",
    "pregnancy": "PREGNANCY",
    "moved": "OTHER",
    "sponsor": "SPONSOR REQUEST",
    "other": "OTHER",
}

MAPPINGS: Final = (
    FormMapping(
        "SURV",
        (
            finding("SS", "SURVSTAT", "Survival Status", a("VITAL"), STRESC=a("VITAL", VITAL), DTC=DAY),
            finding("SS", "INFOSCSS", "Information Source for Survival Status", a("V_SOURCE"), DTC=DAY),
            finding("RS", "DZNOW", "Disease at This Contact", a("DZ_NOW"), CAT="SURVIVAL FOLLOW-UP", DTC=DAY),
            record(
                "DS",
                only=(when("VITAL", "dead"),),
                TERM="Death",
                DECOD="DEATH",
                CAT="OTHER EVENT",
                STDTC=a("DEATH_DT"),
                qualifiers=(q("DTHEXACT", "DEATH_KNOWN"),),
            ),
            record("DM", DTHDTC=a("DEATH_DT"), DTHFL=a("VITAL", {"dead": "Y"})),
            finding(
                "DD",
                "PRCDTH",
                "Primary Cause of Death",
                a("COD"),
                EVAL=INVESTIGATOR,
                DTC=a("DEATH_DT"),
                relations=(Relation("AE", a("DEATH_AE")),),
                qualifiers=(q("CODTEXT", "COD_TEXT"),),
            ),
            finding(
                "DD",
                "PRCDTH",
                "Primary Cause of Death",
                a("COD_CENTRAL"),
                EVAL="ADJUDICATION COMMITTEE",
                DTC=a("DEATH_DT"),
            ),
            finding(
                "DD", "DTHCOIND", "Death Certificate Obtained Indicator", a("COD_CERT"), DTC=a("DEATH_DT")
            ),
            finding("DD", "AUTOPIND", "Autopsy Indicator", a("AUTOPSY"), DTC=a("DEATH_DT")),
            finding("DD", "LOCDTH", "Location of Death", a("D_PLACE"), DTC=a("DEATH_DT")),
            record(
                "CM",
                only=(when("ST_ANY", "N"),),
                TRT="NEW ANTICANCER THERAPY",
                SPID=Pattern("{VISIT}-{VISITSEQ}-{FORMSEQ}"),
                CAT="SUBSEQUENT THERAPY",
                PRESP="Y",
                OCCUR=a("ST_ANY"),
            ),
        ),
        {
            "LAST_ALIVE_DT": "ADaM, from SS",
            "ST_DUE": "work list: a record of form ST is expected",
            "DEATH_CALC": "ADSL.DTHDT",
            "DEATH_FIRST": "ADaM",
            "DEATH_LAST": "ADaM",
            "D30S": "ADaM",
            "D90S": "ADaM",
            "D_INH": "ADaM",
            "D30T": "ADaM",
            "D90T": "ADaM",
        },
    ),
    FormMapping(
        "EOS",
        (
            record(
                "DS",
                only=(when("EOS_STATUS", "completed"),),
                TERM="Completed",
                DECOD="COMPLETED",
                CAT="DISPOSITION EVENT",
                SCAT=a("EOS_PHASE", PHASES),
                STDTC=a("EOS_DT"),
            ),
            record(
                "DS",
                only=(when("EOS_STATUS", "stopped"),),
                TERM=a("EOS_WHY"),
                DECOD=a("EOS_WHY", REASONS),
                CAT="DISPOSITION EVENT",
                SCAT=a("EOS_PHASE", PHASES),
                STDTC=a("EOS_DT"),
                qualifiers=(
                    q("EOSWHYTX", "EOS_WHY_TEXT"),
                    q("WDDT", "WD_DT"),
                    q("WDDRUG", "WD_DRUG"),
                    q("WDPROC", "WD_PROC"),
                    q("WDQOL", "WD_QOL", "No More Quality-of-Life Questionnaires"),
                    q("WDALL", "WD_ALL"),
                    q("WDDATA", "WD_DATA", "Data Recorded So Far May Be Kept"),
                    q("WDSAMP", "WD_SAMP"),
                    q("WDREG", "WD_REG", "Look-up of Vital Status Still Allowed"),
                    q("LTFUDT", "LTFU_DT"),
                    q("LTFUN", "LTFU_TRIES"),
                    q("LTFUROUT", "LTFU_ROUTES"),
                    q("LTFUDAYS", "LTFU_DAYS"),
                ),
            ),
        ),
        {"EOS_BEGIN": "SE.SESTDTC of the phase", "LAST_CONTACT": "ADaM, from SS"},
    ),
    FormMapping(
        "WITHDRAWALS",
        (
            record(
                "DS",
                only=(when("NOT_CANCELLED", "Y"),),
                TERM="Withdrawal of consent",
                DECOD="WITHDRAWAL OF CONSENT FROM PROTOCOL-SPECIFIED ACTIVITY",
                CAT="OTHER EVENT",
                SCAT=a("WITHDRAWN_FROM"),
                STDTC=a("WITHDRAWN_ON"),
                qualifiers=(q("WDREASON", "REASON", "Reason of the Withdrawal"),),
            ),
        ),
    ),
    FormMapping(
        "LOSSES",
        (
            record(
                "DS",
                only=(when("NOT_CANCELLED", "Y"),),
                TERM="Lost to follow-up",
                DECOD="LOST TO FOLLOW-UP",
                CAT="OTHER EVENT",
                STDTC=a("LOST_ON"),
                qualifiers=(q("REACHED", "REACHED_ON", "Reached Again On"),),
            ),
        ),
    ),
    FormMapping(
        "MILESTONES",
        (
            record(
                "DS",
                only=(when("MILESTONE", "RAND"),),
                TERM="Randomized",
                DECOD="RANDOMIZED",
                CAT="PROTOCOL MILESTONE",
                STDTC=a("DATE"),
            ),
        ),
    ),
    FormMapping(
        "TRANSFERS",
        (
            record(
                "DS",
                needs=("STDTC",),
                TERM="Transferred to another site",
                DECOD="SITE TRANSFER",
                CAT="OTHER EVENT",
                STDTC=a("AGREED_FOR"),
                qualifiers=(
                    q("FROMSITE", "FROM_SITE", "Releasing Site"),
                    q("TOSITE", "TO_SITE", "Receiving Site"),
                ),
            ),
        ),
    ),
)
