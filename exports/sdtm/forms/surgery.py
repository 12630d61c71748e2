"""Surgery (form SURG), its pathology (PATH) and its complications (COMP)."""

from __future__ import annotations

from typing import Any, Final

from exports.sdtm.forms.shared import ESOPHAGUS, LYMPH_NODE, ORGANS, ecog, feeding, pdl1, tissue, weight
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

DAY: Final = a("SURG_DT")
REPORT: Final = a("PATH_DT")
OPERATION: Final = Pattern("OP{OP_NO}")
COMPLICATION: Final = Pattern("OP{OP_NO}-C{ROW}")
ALIVE: Final = {"alive": "ALIVE", "dead": "DEAD", "unknown": "UNKNOWN"}


def part(name: str, column: str) -> Target:
    """Return the record of a step of the operation that is asked for."""
    return record(
        "PR",
        needs=("OCCUR",),
        GRPID=OPERATION,
        TRT=name,
        CAT="STEP OF THE OPERATION",
        PRESP="Y",
        OCCUR=a(column),
        STDTC=DAY,
    )


def margin(code: str, name: str, column: str, which: str, unit: str = "") -> Target:
    """Return a finding about one margin of the specimen."""
    return specimen(code, name, column, unit, which)


def specimen(code: str, name: str, column: str, unit: str = "", which: str = "") -> Target:
    """Return a finding in the specimen of an operation."""
    more: dict[str, Any] = {"CAT": which} if which else {}
    return tissue(
        code, name, column, REPORT, unit, LOC=ESOPHAGUS, GRPID=OPERATION, EVAL="PATHOLOGIST", **more
    )


def regression(column: str, system: str) -> Target:
    """Return the grade of regression by one of the systems."""
    more: dict[str, Any] = {"LOC": ESOPHAGUS, "GRPID": OPERATION, "EVAL": "PATHOLOGIST"}
    detail = f"{system} TUMOR REGRESSION GRADE"
    return tissue("TUMRGR", "Tumor Regression", column, REPORT, TSTDTL=detail, **more)


def nodes(code: str, name: str, column: str) -> Target:
    """Return a finding in the lymph nodes of the specimen."""
    return tissue(code, name, column, REPORT, LOC=LYMPH_NODE, GRPID=OPERATION, EVAL="PATHOLOGIST")


def category(code: str, name: str, column: str, *more: tuple[str, ...]) -> Target:
    """Return a pathological category of the TNM classification."""
    return finding(
        "RS",
        code,
        name,
        a(column),
        CAT="AJCC V8",
        SCAT="PATHOLOGICAL, AFTER TREATMENT",
        GRPID=OPERATION,
        EVAL="PATHOLOGIST",
        DTC=REPORT,
        qualifiers=qualifiers_of(more),
    )


def followed(name: str, column: str, day: str = "COMP_DT") -> Target:
    """Return the record of what a complication led to."""
    return record(
        "PR",
        needs=("OCCUR",),
        GRPID=COMPLICATION,
        TRT=name,
        CAT="TREATMENT OF A COMPLICATION",
        PRESP="Y",
        OCCUR=a(column),
        STDTC=a(day),
    )


MAPPINGS: Final = (
    FormMapping(
        "SURG",
        (
            record(
                "PR",
                only=(when("SURG_DONE", "resection", "reresection", "explored"),),
                SPID=OPERATION,
                TRT="ESOPHAGECTOMY",
                CAT="SURGERY",
                SCAT=a("INTENT"),
                PRESP="Y",
                OCCUR=a("SURG_DONE", {"resection": "Y", "reresection": "Y", "explored": "N"}),
                LOC=ESOPHAGUS,
                STDTC=DAY,
                DUR=Pattern("PT{OP_MIN}M"),
                qualifiers=(
                    q("SURGDONE", "SURG_DONE", "What Became of the Planned Operation"),
                    q("REASNOC", "NO_SURG_REASON", "Reason for Occur Value"),
                    q("NOSURGTX", "NO_SURG_OTHER"),
                    q("APPROACH", "APPROACH"),
                    q("APPROTH", "APPROACH_OTHER"),
                    q("ACCTHOR", "ACCESS_TH"),
                    q("ACCABD", "ACCESS_AB"),
                    q("WKNEO", "WK_FROM_NEO", "Weeks Since End of Neoadjuvant Treatment"),
                    q("WKCRE", "WK_FROM_CRE", "Weeks Since the Last Evaluation"),
                    q("DAYSNEO", "DAYS_FROM_NEO", "Days Since End of Neoadjuvant Treatment"),
                    q("DAYSREGR", "DAYS_FROM_REGROW", "Days Since Proof of the Regrowth"),
                    q("SURGEON", "SURG_VOL"),
                    q("TIMING", "SURG_TIMING"),
                    q("CENTRE", "SURG_CENTRE"),
                    q("CONVERT", "CONVERSION"),
                    q("CONVREAS", "CONV_REASON"),
                    q("LND", "LND"),
                    q("STATIONS", "STATIONS"),
                    q("CONDUIT", "CONDUIT"),
                    q("ROUTE", "ROUTE"),
                    q("ANASTLOC", "ANAST_SITE"),
                    q("ANASTECH", "ANAST_TECH"),
                    q("ANAESMIN", "ANAES_MIN", "Anesthetic Time (min)"),
                    q("FIBROSIS", "ADHESION"),
                    q("ENBLOC", "ADJ_ORGAN"),
                    q("ENBLOCTX", "ADJ_OTHER"),
                ),
            ),
            record(
                "PR",
                only=(when("SURG_DONE", "none"),),
                SPID=OPERATION,
                TRT="ESOPHAGECTOMY",
                CAT="SURGERY",
                SCAT=a("INTENT"),
                PRESP="Y",
                OCCUR="N",
                qualifiers=(
                    q("REASNOC", "NO_SURG_REASON", "Reason for Occur Value"),
                    q("NOSURGTX", "NO_SURG_OTHER"),
                    q("GIVENUP", "NO_SURG_DT", "Date on Which the Plan Was Given Up"),
                ),
            ),
            finding("RS", "ASACLAS", "ASA Physical Status Class", a("ASA"), CAT="ASA", DTC=DAY),
            ecog("ECOG_PRE", DAY),
            weight("WT_PRE", DAY, CAT="PREOPERATIVE"),
            finding("LB", "ALB", "Albumin", a("ALB_PRE"), unit="g/L", CAT="CHEMISTRY", DTC=DAY),
            part("THORACIC DUCT LIGATION", "DUCT"),
            part("FEEDING JEJUNOSTOMY", "JEJUN"),
            part("PYLORIC DRAINAGE", "PYLOR"),
            part("OMENTAL WRAP", "OMENTUM"),
            part("EXTUBATION IN THEATRE", "EXTUB"),
            finding("FA", "BLDLOSS", "Blood Loss", a("EBL"), unit="mL", OBJ="ESOPHAGECTOMY", DTC=DAY),
            record(
                "CM",
                needs=("DOSE",),
                TRT="RED BLOOD CELLS",
                CAT="TRANSFUSION DURING SURGERY",
                DOSE=a("TRANSF"),
                DOSU="U",
                STDTC=DAY,
            ),
            record(
                "CE",
                each="IO_COMPL",
                only=(
                    when("IO_COMPL", "bleeding", "airway", "rln", "duct", "splenectomy", "arrest", "other"),
                ),
                GRPID=OPERATION,
                TERM=a("IO_COMPL"),
                CAT="EVENT DURING SURGERY",
                STDTC=DAY,
                qualifiers=(q("EVENTTXT", "IO_OTHER"),),
            ),
            finding(
                "FA",
                "RESIDUAL",
                "Tumor Left Behind, Macroscopic",
                a("RESID_MACRO"),
                OBJ="ESOPHAGECTOMY",
                DTC=DAY,
            ),
            record(
                "PR",
                needs=("DUR",),
                GRPID=OPERATION,
                TRT="MECHANICAL VENTILATION",
                CAT="AFTER SURGERY",
                STDTC=DAY,
                DUR=a("VENT_FOR"),
            ),
            record(
                "HO",
                needs=("ENDTC",),
                GRPID=OPERATION,
                TERM="Hospital stay of the operation",
                DECOD="HOSPITAL STAY",
                STDTC=DAY,
                ENDTC=a("DISCH_DT"),
                qualifiers=(
                    q("DISCHTO", "DISCH_TO"),
                    q("LOS", "LOS", "Length of Stay (days)"),
                    q("READM30", "READM"),
                ),
            ),
            record(
                "HO",
                needs=("DUR",),
                GRPID=OPERATION,
                TERM="Intensive care after the operation",
                DECOD="INTENSIVE CARE UNIT STAY",
                STDTC=DAY,
                DUR=a("ICU_FOR"),
            ),
        ),
    ),
    FormMapping(
        "SURG_READMS",
        (
            record(
                "HO",
                needs=("STDTC",),
                GRPID=OPERATION,
                SPID=Pattern("OP{OP_NO}-R{ROW}"),
                TERM="Readmission",
                DECOD="HOSPITAL STAY",
                STDTC=a("READM_DT"),
                qualifiers=(
                    q("HOREAS", "READM_REASON", "Reason of the Readmission"),
                    q("HOREASTX", "READM_TEXT", "Other Reason of the Readmission"),
                ),
                relations=(Relation("AE", a("READM_AE")),),
            ),
        ),
    ),
    FormMapping(
        "PATH",
        (
            specimen("HISTTYPC", "Histologic Type of Cancer", "HIST"),
            specimen("TUMBEDSZ", "Tumor Bed, Largest Extent", "BED_CM", "cm"),
            specimen("BEDEMB", "Tumor Bed Fully Embedded", "BED_FULL"),
            specimen("RESIDLT1", "Residual Tumor Under 1%, Not None", "RESID_LT1"),
            specimen("RESIDPCT", "Residual Viable Tumor in the Bed", "RESID_PCT", "%"),
            specimen("RESIDLAY", "Layers That Hold Residual Tumor", "RESID_LAYER"),
            regression("TRG_CAP", "CAP"),
            regression("TRG_MANDARD", "MANDARD"),
            regression("TRG_BECKER", "BECKER"),
            regression("TRG_CHIR", "CHIRIEAC"),
            nodes("NODERGR", "Lymph Node Regression", "TRG_LN"),
            category("YPTCAT", "Pathologic T Category After Treatment", "YPT"),
            nodes("LNEXNUM", "Number of Lymph Nodes Examined", "LN_EXAM"),
            nodes("LNINNUM", "Number of Lymph Nodes Involved", "LN_POS"),
            nodes("LNMICNUM", "Number of Nodes With Micrometastasis", "LN_MIC"),
            nodes("LNITCNUM", "Number of Nodes With Isolated Cells", "LN_ITC"),
            category("YPNCAT", "Pathologic N Category After Treatment", "YPN"),
            category("YPMCAT", "M Category at Surgery", "YPM"),
            record(
                "TU",
                needs=("LOC",),
                TESTCD="METIND",
                TEST="Metastatic Tumor Site Indicator",
                ORRES="Y",
                STRESC="Y",
                GRPID=OPERATION,
                LOC=a("YPM_SITE", ORGANS),
                METHOD="HISTOPATHOLOGY",
                EVAL="PATHOLOGIST",
                DTC=REPORT,
            ),
            category("YPSTAGE", "Pathologic Stage Group After Treatment", "YPSTAGE", ("CENTRALP", "CENTRAL")),
            nodes("LNSCRNUM", "Number of Nodes With Scar, No Tumor", "LN_SCAR"),
            nodes("LNEXCPSD", "Lymph Node Extracapsular Spread", "ENE"),
            specimen("OVLTGRD", "Histologic Grade", "GRADE_Y"),
            specimen("LVINV", "Lymphovascular Invasion", "LVI"),
            specimen("PNLINV", "Perineural Invasion", "PNI"),
            margin("SGMGDIST", "Surgical Margin Distance", "M_PROX", "PROXIMAL MARGIN", "mm"),
            margin("SGMGSTAT", "Surgical Margins Status", "INV_PROX", "PROXIMAL MARGIN"),
            margin("SGMGDIST", "Surgical Margin Distance", "M_DIST", "DISTAL MARGIN", "mm"),
            margin("SGMGSTAT", "Surgical Margins Status", "INV_DIST", "DISTAL MARGIN"),
            margin("SGMGDIST", "Surgical Margin Distance", "M_CRM", "CIRCUMFERENTIAL MARGIN", "mm"),
            margin("SGMGSTAT", "Surgical Margins Status", "INV_CRM", "CIRCUMFERENTIAL MARGIN"),
            category("RCAT", "Residual Tumor Category", "R_STATUS", ("RCALC", "RCALC"), ("RRCP", "R_RCP")),
            *pdl1(REPORT, GRPID=OPERATION),
            finding(
                "RS",
                "PATHRESP",
                "Pathologic Response",
                a("PCR", {"Y": "CR", "N": "NOT CR"}),
                CAT="PATHOLOGIC RESPONSE",
                GRPID=OPERATION,
                EVAL="PATHOLOGIST",
                DTC=REPORT,
            ),
            finding(
                "RS",
                "MJPTHIND",
                "Major Pathological Response Indicator",
                a("MPR"),
                CAT="PATHOLOGIC RESPONSE",
                GRPID=OPERATION,
                EVAL="PATHOLOGIST",
                DTC=REPORT,
            ),
        ),
        {
            "OP_NO_CALC": "proposal for OP_NO",
            "OP_DT": "PR.PRSTDTC of the operation",
            "PATH_ID": "identifying: leaves in no export",
        },
    ),
    FormMapping(
        "PATH_LN_TABLE",
        tuple(
            finding(
                "MI",
                code,
                name,
                a(column),
                SPEC="TISSUE",
                LOC=LYMPH_NODE,
                GRPID=OPERATION,
                SPID=Pattern("STATION {STATION}"),
                EVAL="PATHOLOGIST",
                DTC=REPORT,
                qualifiers=(q("STATION", "STATION", "Lymph Node Station"),),
            )
            for code, name, column in (
                ("LNEXNUM", "Number of Lymph Nodes Examined", "EXAMINED"),
                ("LNINNUM", "Number of Lymph Nodes Involved", "POSITIVE"),
            )
        ),
    ),
    FormMapping(
        "COMP",
        (
            record(
                "CE",
                only=(when("COMP_ANY", "N"),),
                GRPID=OPERATION,
                TERM="Complication of the operation",
                CAT="COMPLICATION OF SURGERY",
                PRESP="Y",
                OCCUR=a("COMP_ANY"),
                DTC=a("OP_DT"),
            ),
            feeding("FEED_DC", a("OP_DT"), CAT="DISCHARGE"),
            *(
                finding(
                    "SS",
                    "SURVSTAT",
                    "Survival Status",
                    a(f"{asked}_STATUS"),
                    GRPID=OPERATION,
                    SPID=Pattern("OP{OP_NO}-" + asked),
                    DTC=a(f"{asked}_DT"),
                    STRESC=a(f"{asked}_STATUS", ALIVE),
                )
                for asked in ("PO30", "PO90")
            ),
        ),
        {
            "OP_NO_CALC": "proposal for OP_NO",
            "CD_WORST": "ADaM",
            "CCI": "ADaM",
            "DIED_HOSP": "ADaM",
            "DIED_30": "ADaM",
            "DIED_90": "ADaM",
        },
    ),
    FormMapping(
        "COMP_COMPS",
        (
            record(
                "CE",
                needs=("TERM",),
                GRPID=COMPLICATION,
                TERM=a("ECCG_CODE"),
                CAT="COMPLICATION OF SURGERY",
                STDTC=a("COMP_DT"),
                ENDTC=a("COMP_EN"),
                qualifiers=(
                    q("COMPTEXT", "COMP_TEXT", "Complication in Words"),
                    q("LEAKTYPE", "LEAK_TYPE"),
                    q("NECRTYPE", "NECR_TYPE"),
                    q("PALSTYPE", "PALSY_TYPE"),
                    q("PALSSIDE", "PALSY_SIDE"),
                    q("CHYLTYPE", "CHYLE_TYPE"),
                    q("CHYLVOL", "CHYLE_VOL"),
                    q("CLAVIEN", "CD_GRADE"),
                    q("COMPTX", "COMP_TX", "Treatment of the Complication"),
                    q("POD", "POD"),
                    q("ICU", "COMP_ICU"),
                    q("HOSPPROL", "COMP_PROL"),
                ),
                relations=(Relation("AE", a("COMP_AE")),),
            ),
            followed("REOPERATION", "COMP_REOP", "COMP_REOP_DT"),
            followed("RADIOLOGICAL INTERVENTION", "COMP_RADIO"),
            followed("UNPLANNED INTUBATION", "COMP_REINT"),
            followed("TRACHEOSTOMY", "COMP_TRACH"),
        ),
    ),
)
