"""Adverse events (form AE), their serious reports (SAE), pregnancies (PREG), deviations (DV).

Without a licence of MedDRA, AEDECOD is the term of CTCAE 5.0 and AEBODSYS its class; where the trial codes in
MedDRA, the terms of MedDRA take their place (columns AE_PT and AE_SOC).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exports.sdtm.mapping import FormMapping, Pattern, Qualifier, Relation, a, finding, q, record, when

OUTCOMES: Final = {
    "recovered": "RECOVERED/RESOLVED",
    "recovering": "RECOVERING/RESOLVING",
    "sequelae": "RECOVERED/RESOLVED WITH SEQUELAE",
    "not_recovered": "NOT RECOVERED/NOT RESOLVED",
    "fatal": "FATAL",
    "unknown": "UNKNOWN",
}
ACTIONS: Final = {
    "none": "DOSE NOT CHANGED",
    "delayed": "DRUG INTERRUPTED",
    "omitted": "DRUG INTERRUPTED",
    "reduced": "DOSE REDUCED",
    "stopped": "DRUG WITHDRAWN",
    "na": "NOT APPLICABLE",
}
CRITERIA: Final = {
    "AESDTH": "SER_CRIT__DEATH",
    "AESLIFE": "SER_CRIT__LIFE",
    "AESHOSP": "SER_CRIT__HOSPITAL",
    "AESDISAB": "SER_CRIT__DISABILITY",
    "AESCONG": "SER_CRIT__CONGENITAL",
    "AESMIE": "SER_CRIT__IMPORTANT",
}
TICKED: Final[Mapping[str, str]] = {"1": "Y", "0": "N"}
RELATIONS: Final = {
    "not": "NOT RELATED",
    "unlikely": "UNLIKELY RELATED",
    "possible": "POSSIBLY RELATED",
    "probable": "PROBABLY RELATED",
    "definite": "DEFINITELY RELATED",
}
GRADES: Final = {str(grade): str(grade) for grade in range(1, 6)}
WITH_SAE: Final = "SAE_OF_"
"""What the report of a serious event says stands beside the event itself: one record for both."""


def reported(qnam: str, column: str, label: str = "") -> Qualifier:
    """Return a qualifier that the latest report of the serious event gives."""
    return q(qnam, WITH_SAE + column, label)


MAPPINGS: Final = (
    FormMapping(
        "AE",
        (
            record(
                "AE",
                needs=("TERM",),
                SPID=a("FORMSEQ"),
                TERM=a("AE_TERM"),
                LLT=a("AE_LLT"),
                LLTCD=a("AE_LLT_CD"),
                DECOD=a("DECODED"),
                PTCD=a("AE_PT_CD"),
                CAT=a("IRAE_TYPE"),
                BODSYS=a("BODY_SYSTEM"),
                BDSYCD=a("AE_SOC_CD"),
                SOC=a("BODY_SYSTEM"),
                SOCCD=a("AE_SOC_CD"),
                SER=a("SERIOUS"),
                ACN=a("ACTION_CAMRE", ACTIONS),
                ACNOTH=a("OTHER_ACTION"),
                REL=a("REL_WORST", RELATIONS),
                OUT=a("OUTCOME", OUTCOMES),
                SCONG=a(CRITERIA["AESCONG"], TICKED),
                SDISAB=a(CRITERIA["AESDISAB"], TICKED),
                SDTH=a(CRITERIA["AESDTH"], TICKED),
                SHOSP=a(CRITERIA["AESHOSP"], TICKED),
                SLIFE=a(CRITERIA["AESLIFE"], TICKED),
                SMIE=a(CRITERIA["AESMIE"], TICKED),
                TOXGR=a("GRADE"),
                STDTC=a("AE_ST"),
                ENDTC=a("AE_EN"),
                ENRTPT=a("AE_ONGO", {"Y": "ONGOING"}),
                ENTPT=a("ONGOING_AT"),
                qualifiers=(
                    q("AEPERIOD", "AE_PERIOD", "Period of the Trial"),
                    q("CTCAETRM", "CTCAE_TERM"),
                    q("CTCAECD", "CTCAE_CODE", "MedDRA Code of the CTCAE Term"),
                    q("SERAWARE", "SER_AWARE", "Site Learned That It Is Serious"),
                    q("RELCAMRE", "REL_CAMRE"),
                    q("RELCHEMO", "REL_CHEMO"),
                    q("RELRT", "REL_RT"),
                    q("RELSURG", "REL_SURG"),
                    q("AEOP", "AE_OP"),
                    q("RELPROC", "REL_PROC", "Related to a Procedure of Evaluation"),
                    q("RELDIS", "REL_DIS"),
                    q("IRAE", "IRAE"),
                    q("RCCEPMM", "RCCEP_MM"),
                    q("RCCEPGEN", "RCCEP_GEN"),
                    q("IRONSETD", "IR_ONSET_D", "Days From First Checkpoint Inhibitor"),
                    q("IRSTER", "IR_STER"),
                    q("IRPRED", "IR_PRED", "Highest Dose a Day as Prednisone (mg)"),
                    q("IRST", "IR_ST"),
                    q("IRPEAK", "IR_PEAK_DT"),
                    q("IRTAPER", "IR_TAPER_DT"),
                    q("IREN", "IR_EN"),
                    q("IRSTERD", "IR_STER_D"),
                    q("IRLONG", "IR_LONG", "Over 10 mg a Day for Over 30 Days"),
                    q("IRSECOND", "IR_2ND"),
                    q("AEKIND", "AE_KIND"),
                    q("AESI", "AESI"),
                    q("IRRECH", "IR_RECH", "Checkpoint Inhibitor Given Again"),
                    q("IRRECHDT", "IR_RECH_DT"),
                    q("IRAGN", "IR_AGAIN"),
                    q("IRAGNDT", "IR_AGAIN_DT"),
                    q("IRAGNGR", "IR_AGAIN_GR"),
                    q("ACNCHEMO", "ACTION_CHEMO"),
                    q("ACNRT", "ACTION_RT"),
                    q("ACNCAMR", "ACTION_CAMRE"),
                    q("DISCTX", "DISC_TX"),
                    q("NOSURG", "DISC_NOSURG"),
                    q("SURGDLY", "DISC_DELAY", "Delayed Surgery by Over 14 Days"),
                    q("CREREL", "CRE_REL", "Complication of an Evaluation"),
                    q("CREWHAT", "CRE_WHAT"),
                    reported("SAETYPE", "SAE_TYPE", "Kind of Report"),
                    reported("SAEFUNO", "SAE_FU_NO", "Follow-up Number of the Report"),
                    reported("SAEAWARE", "SAE_AWARE", "Site Learned of the Event"),
                    reported("SAEREPDT", "SAE_REPORT", "Reported to the Sponsor"),
                    reported("RELINV", "SAE_REL_INV", "Relation, by the Investigator"),
                    reported("RELSPON", "SAE_REL_SPO", "Relation, by the Sponsor"),
                    reported("SAEEXP", "SAE_EXP", "Expected by the Safety Information"),
                    reported("SUSARC", "SAE_SUSAR_CALC", "SUSAR by the Rule"),
                    reported("SUSAR", "SAE_SUSAR", "SUSAR, Confirmed by the Sponsor"),
                    reported("SAEECDT", "SAE_EC", "Reported to Ethics Committee"),
                    reported("SAEAUTH", "SAE_AUTH", "Reported to Authority"),
                ),
            ),
            record(
                "CM",
                needs=("TRT",),
                TRT=a("IR_2ND_TXT"),
                CAT="SECOND IMMUNOSUPPRESSANT",
                STDTC=a("IR_2ND_ST"),
                ENDTC=a("IR_2ND_EN"),
                INDC="IMMUNE-RELATED ADVERSE EVENT",
                relations=(Relation("AE", a("FORMSEQ")),),
            ),
        ),
        {
            "IN_WINDOW": "says whether the event had to be collected",
            "AE_DICT_VER": "Define-XML, dictionary of AE.AEDECOD",
            "CTCAE_VERSION": "Define-XML, dictionary of AE.AEDECOD",
            "CTCAE_GRADES": "grades that the term has: CTCAE itself",
            "LAB_TEST": "RELREC with the LB records of that day",
            "LAB_DT": "RELREC with the LB records of that day",
            "SER_CRIT": "AE.AESDTH, AESLIFE, AESHOSP, AESDISAB, AESCONG, AESMIE",
            "RCCEP_GRADE": "proposal for the grade",
        },
    ),
    FormMapping(
        "AE_AE_GRADES",
        (
            finding(
                "FA",
                "TOXGR",
                "Toxicity Grade",
                a("G_GRADE"),
                SPID=Pattern("AE{FORMSEQ}-G{ROW}"),
                OBJ=a("DECODED"),
                CAT="COURSE OF THE EVENT",
                DTC=a("G_FROM"),
                relations=(Relation("AE", a("FORMSEQ")),),
            ),
        ),
    ),
    FormMapping(
        "SAE",
        (
            record(
                "HO",
                needs=("STDTC", "ENDTC"),
                TERM="Hospital stay for a serious event",
                DECOD="HOSPITAL STAY",
                STDTC=a("SAE_ADM"),
                ENDTC=a("SAE_DIS"),
                relations=(Relation("AE", a("AE_NO")),),
            ),
        ),
        {
            "AE_NO_CALC": "proposal for AE_NO",
            "AE_NAMED": "AE.AETERM",
            "SAE_ARM": "DM.ARMCD",
            "SAE_AWARE_CALC": "SUPPAE.SERAWARE",
            "SAE_NARR": "CO, in pieces of 200 bytes, about the record of AE",
            "SAE_REL_CALC": "AE.AEREL",
            **dict.fromkeys(
                (
                    *("SAE_TYPE", "SAE_FU_NO", "SAE_AWARE", "SAE_REPORT", "SAE_REL_INV", "SAE_REL_SPO"),
                    *("SAE_EXP", "SAE_SUSAR_CALC", "SAE_SUSAR", "SAE_EC", "SAE_AUTH"),
                ),
                "SUPPAE, beside the record of AE",
            ),
        },
    ),
    FormMapping(
        "PREG",
        (
            finding(
                "RP",
                "PREGIND",
                "Pregnant Indicator",
                a("PREGNANT"),
                DTC=a("PREG_AWARE"),
                SPID=a("FORMSEQ"),
                qualifiers=(
                    q("PREGWHO", "PREG_WHO"),
                    q("PREGCONS", "PREG_CONSENT", "Partner Agreed to Data Collection"),
                    q("PREGAWAR", "PREG_AWARE"),
                    q("PREGREP", "PREG_REPORT"),
                ),
            ),
            finding(
                "RP",
                "LMPSTDTC",
                "Last Menstrual Period Start Date",
                a("PREG_LMP"),
                DTC=a("PREG_AWARE"),
                SPID=a("FORMSEQ"),
            ),
            finding(
                "RP",
                "EDLVRDTC",
                "Estimated Date of Delivery",
                a("PREG_DUE"),
                DTC=a("PREG_AWARE"),
                SPID=a("FORMSEQ"),
            ),
            finding(
                "RP",
                "PRGOUT",
                "Pregnancy Outcome",
                a("PREG_OUT"),
                DTC=a("PREG_OUT_DT"),
                SPID=a("FORMSEQ"),
                qualifiers=(q("CHILDTXT", "PREG_CHILD_TEXT"),),
            ),
            finding(
                "RP", "CHILDST", "Child at Birth", a("PREG_CHILD"), DTC=a("PREG_OUT_DT"), SPID=a("FORMSEQ")
            ),
        ),
    ),
    FormMapping(
        "DV",
        (
            record(
                "DV",
                needs=("TERM",),
                SPID=a("FORMSEQ"),
                TERM=a("DV_TERM"),
                CAT=a("DV_CAT"),
                STDTC=a("DV_DT"),
                qualifiers=(
                    q("DVCLOSE", "DV_CLOSE"),
                    q("DVSRC", "DV_SRC"),
                    q("DVRULE", "DV_RULE"),
                    q("DVFOUND", "DV_FOUND"),
                    q("DVXFROM", "DV_CROSS_FROM"),
                    q("DVXTO", "DV_CROSS_TO"),
                    q("DVXBY", "DV_CROSS_BY"),
                    q("DVACT", "DV_ACT"),
                    q("DVPREV", "DV_PREV"),
                    q("DVEC", "DV_EC"),
                    q("DVIMPC", "DV_IMP_CALC"),
                    q("DVIMP", "DV_IMP"),
                ),
                relations=(Relation("AE", a("DV_AE")),),
            ),
        ),
        {"DV_PP_CALC": "ADaM", "DV_PP": "ADaM"},
    ),
)
__all__ = ["GRADES", "MAPPINGS", "WITH_SAE", "when"]
