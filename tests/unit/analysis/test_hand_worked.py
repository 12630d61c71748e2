"""Histories worked by hand, from the text of chapter 6 and decisions B, C, D and E: every endpoint of each.

``PLAIN`` holds every endpoint of somebody who was treated in Arm 1 and of whom nothing else is known but that they
live on day 1,400. A case says what differs; everything that it does not name has to stay as it is in ``PLAIN``.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from analysis.columns import cells_of
from analysis.facts import participant_facts
from analysis.rules import rules_of
from analysis.stored import StoredParticipant
from protocol.endpoint_values import endpoint_values
from protocol.facts import ParticipantFacts
from tests.unit.analysis.histories import (
    comp,
    cre,
    dead,
    fu,
    given_up,
    on,
    path,
    stored,
    surg,
    treat,
)

CHAPTERS = ("2.5", "3.13", "6.1", "6.2", "6.3", "6.4", "6.5", "6.8")

DFS = ("DFSA", "DFSB", "DFSA_SUSPICION", "DFSA_SECOND", "DFSA_MISSED")
Cells = dict[str, str]


def time(name: str, days: int, event: int, because: str) -> Cells:
    return {f"{name}_DAYS": str(days), f"{name}_EVENT": str(event), f"{name}_REASON": because}


def cause(name: str, days: int, ended: str) -> Cells:
    return {f"{name}_DAYS": str(days), f"{name}_CAUSE": ended}


def dfs(days: int, event: int = 0, because: str = "last_clear_assessment") -> Cells:
    return {key: value for name in DFS for key, value in time(name, days, event, because).items()}


def os(days: int, event: int = 0, because: str = "last_alive", *, at_36: str = "", years: str) -> Cells:
    both = time("OS", days, event, because) | time("OS_LATEST", days, event, because)
    return both | {"OS36": at_36, "YEARS": years}


def seen(days: int, because: str = "last_alive", event: int = 0) -> Cells:
    """Neither operated nor dead by the last day known, or dead on it."""
    ended = "death" if event else "censored"
    return time("OFS", days, event, because) | cause("OESOPHAGECTOMY", days, ended)


def organ(*kept: str) -> Cells:
    return dict(zip(("ORGAN12", "ORGAN24", "ORGAN36"), kept, strict=True))


def blank(*names: str) -> Cells:
    return dict.fromkeys(names, "")


def looked(evaluations: int, pet: int, whole: int | None = None) -> Cells:
    whole = evaluations if whole is None else whole
    return {
        "CRE_EVALUATED": str(evaluations),
        "CRE_WHOLE": str(whole),
        "ENDOSCOPIES": str(evaluations),
        "PET_CTS": str(pet),
    }


OF_TREATMENT = {
    "CARBO_N": "5",
    "NABP_N": "5",
    "CAMRE_N": "2",
    "FRACTIONS": "23",
    "GRAY": "41.40",
    "CARBO_RDI": "100.0",
    "NABP_RDI": "100.0",
    "CHEMO_WHOLE": "Y",
    "RT_WHOLE": "Y",
    "COMPLETED": "Y",
}
OF_EVENTS = {
    "AE_WORST": "0",
    "AE_G3": "N",
    "AE_SERIOUS": "N",
    "AE_RELATED": "",
    "AE_IMMUNE": "N",
    "AE_STOPPED": "N",
    "AE_DIED": "N",
}
NO_OPERATION = blank(
    *("SURG_INTENT", "DAYS_TO_SURGERY", "DAYS_REGROWTH_TO_SURGERY", "SALVAGE_R0", "MISSED_RESIDUE"),
    *("PCR", "MPR", "R0", "R0_MARGIN", "R0_1MM", "TRG", "NODE_POSITIVE", "LN_POS", "LN_EXAM", "LN_RATIO"),
    *("DOWNSTAGED_T", "DOWNSTAGED_N", "COMP_ANY", "CD_WORST", "CD_IIIA", "CD_IIIB", "CCI", "LEAK"),
    *("PNEUMONIA", "PALSY", "CHYLE", "LOS", "ICU_DAYS", "READMITTED", "REOPERATED", "TEXTBOOK"),
    *("DEATH_30", "DEATH_90", "DEATH_HOSPITAL"),
)
PLAIN = {
    **os(1400, at_36="Y", years="3.8330"),
    **dfs(0),
    **blank("PFSS_DAYS", "PFSS_EVENT", "PFSS_REASON", "CCR_DT", "LATECCR_DT", "CRE1_NOT_CLEAR"),
    **blank("CRE2_NOT_CLEAR", "RST_CLEAR", "DURABLE_DAYS", "DURABLE_EVENT", "DURABLE_REASON"),
    **blank("REGROWTH_DAYS", "REGROWTH_CAUSE"),
    "CCR": "N",
    "STARTED": "Y",
    "CRE1_REACHED": "N",
    **organ("Y", "Y", "Y"),
    **seen(1400),
    "SURG_PLANNED": "N",
    "SURG_BEGUN": "N",
    "RESECTED": "N",
    **NO_OPERATION,
    **OF_TREATMENT,
    **OF_EVENTS,
    "CRE_COMPLICATIONS": "0",
    **blank(
        *(
            f"{scale}_{part}"
            for scale in ("OESDYS", "DY", "FA", "PF2", "EF")
            for part in ("BASE", "TTD_DAYS", "TTD_EVENT")
        )
    ),
    "CRE_DUE": "0",
    "CRE_DONE": "0",
    "CRE_IN_WINDOW": "0",
    **looked(0, 0),
    "DILATATIONS": "0",
    "HOSPITAL_DAYS": "0",
    "ICE_DECLINED_SURGERY": "N",
    "ICE_ASKED_FOR_SURGERY": "N",
    "ICE_NEVER_STARTED": "N",
    "ICE_PROGRESSED": "N",
    "ICE_LATER_PD1": "N",
    "ICE_DIED_WITHOUT_CANCER": "N",
}
CLEAN_SPECIMEN = {
    "PCR": "Y",
    "MPR": "Y",
    "R0": "Y",
    "R0_MARGIN": "Y",
    "R0_1MM": "Y",
    "TRG": "0",
    "NODE_POSITIVE": "N",
    "LN_POS": "0",
    "LN_EXAM": "20",
    "LN_RATIO": "0.0000",
    "DOWNSTAGED_T": "Y",
    "DOWNSTAGED_N": "Y",
}
TUMOUR_LEFT = {**CLEAN_SPECIMEN, "PCR": "N", "MPR": "N", "TRG": "2"}
T2 = {"t": "T2", "resid_pct": 30, "trg_cap": "2", "trg_mandard": "3"}
NO_COMPLICATION = {
    "COMP_ANY": "N",
    "CD_WORST": "",
    "CD_IIIA": "N",
    "CD_IIIB": "N",
    "CCI": "0.0",
    "LEAK": "N",
    "PNEUMONIA": "N",
    "PALSY": "N",
    "CHYLE": "N",
    "REOPERATED": "N",
}
WENT_HOME = {
    "LOS": "12",
    "ICU_DAYS": "1.0",
    "READMITTED": "N",
    "TEXTBOOK": "Y",
    "HOSPITAL_DAYS": "12",
    "DEATH_30": "N",
    "DEATH_90": "N",
    "DEATH_HOSPITAL": "N",
}


def operated(day: int, intent: str, since: str, **more: str) -> Cells:
    """A resection without a complication and with a clean specimen; an R0 is an assessment without disease (E3)."""
    return {
        **dfs(day),
        **organ("N", "N", "N"),
        **time("OFS", day, 1, "oesophagectomy"),
        **cause("OESOPHAGECTOMY", day, "oesophagectomy"),
        "SURG_PLANNED": "Y",
        "SURG_BEGUN": "Y",
        "RESECTED": "Y",
        "SURG_INTENT": intent,
        "DAYS_TO_SURGERY": since,
        **CLEAN_SPECIMEN,
        **NO_COMPLICATION,
        **WENT_HOME,
        **more,
    }


RESTAGED = cre(72, "RST", "RST_CLEAR", bob_n=None)
RESIDUE = cre(72, "RST", "RST_RESIDUE", "1", bob_n=None)
ARM_2 = {"arm": 2, "CRE": [RESTAGED]}
PLANNED = {**ARM_2, "SURG": [surg(79, "planned")], "PATH": [path()], "COMP": [comp()]}
IN_ARM_2 = {"CAMRE_N": "0", "RST_CLEAR": "Y", **looked(1, 1)}
AFTER_SURGERY = {**IN_ARM_2, **operated(79, "planned", "42")}
CRE1 = cre(72, "CRE1", "CCR_SO_FAR")
CRE2 = cre(114, "CRE2", "CCR")
AS06 = cre(219, "AS", "PERSISTENT_CCR")
AS09 = cre(310, "AS", "PERSISTENT_CCR")
REGROWTH = cre(310, "AS", "REGROWTH", "1", proven_on=on(310))
WATCHED = [CRE1, CRE2, AS06]
DECLARED = {"CCR": "Y", "CCR_DT": "2025-04-25", "CRE1_REACHED": "Y"}  # day 114
REGROWN = {
    **DECLARED,
    **looked(4, 3),
    **time("DFSB", 310, 1, "locoregional"),
    **time("PFSS", 196, 1, "locoregional"),
    **time("DURABLE", 196, 1, "regrowth"),
    **cause("REGROWTH", 196, "regrowth"),
}
SALVAGED = {"CRE": [*WATCHED, REGROWTH], "PATH": [path(**T2)], "COMP": [comp()]}
OF_SALVAGE = {**TUMOUR_LEFT, "SALVAGE_R0": "Y"}


def without_recurrence(
    *names: str, days: int, event: int = 0, because: str = "last_clear_assessment"
) -> Cells:
    return {key: value for name in names for key, value in time(name, days, event, because).items()}


class Case(NamedTuple):
    """One history, and what differs from ``PLAIN``."""

    name: str
    forms: dict[str, Any]
    differs: Cells
    cut: int = 1500


FREE_BUT_STRICT = ("DFSA", "DFSA_SUSPICION", "DFSA_SECOND", "DFSA_MISSED")

CASES = [
    Case("arm 1, treated, no evaluation", {}, {}),
    Case("arm 2, treated, no restaging", {"arm": 2}, {"CAMRE_N": "0"}),
    Case(
        "never treated, seen to day 400",
        {"milestones": {}, "TREAT": [], "last": 400, "state": "NEVER_TREATED"},
        {
            **os(400, years="1.0951"),
            **seen(400),
            **organ("Y", "", ""),
            **blank(*OF_TREATMENT, *OF_EVENTS),
            "STARTED": "N",
            "ICE_NEVER_STARTED": "Y",
        },
    ),
    Case(
        "progression during treatment that prevents cure, dead of cancer on day 200",
        {
            "treatment": treat(
                1, carbo_n=3, nabp_n=3, ci_n=1, deliv_fx=12, deliv_gy=Decimal("21.60"), completed="N"
            ),
            "milestones": {"NEO_D1": 7, "NEO_END": 22, "LASTDOSE": 22},
            "PROG": [
                {"prog_dt": on(24), "prog_where": ["primary"], "prog_proof": "histology", "prog_cure": "Y"}
            ],
            "SURV": [dead(on(200), 205)],
            "last": 150,
        },
        {
            **os(200, 1, "death", at_36="N", years="0.5476"),
            **dfs(24, 1, "neoadjuvant_progression"),
            **organ("N", "N", "N"),
            **seen(200, "death", 1),
            "CARBO_N": "3",
            "NABP_N": "3",
            "CAMRE_N": "1",
            "FRACTIONS": "12",
            "GRAY": "21.60",
            "CHEMO_WHOLE": "N",
            "RT_WHOLE": "N",
            "COMPLETED": "N",
            "ICE_PROGRESSED": "Y",
        },
    ),
    Case(
        "distant progression before the decision, in the liver, by imaging; cure no longer meant",
        {"PROG": [{"prog_dt": on(50), "prog_where": ["liver"], "prog_proof": "imaging", "prog_cure": "Y"}]},
        {**dfs(50, 1, "distant"), "ICE_PROGRESSED": "Y"},
    ),
    Case(
        "local progression before the decision that is still resected R0 is no event",
        {
            **PLANNED,
            "PROG": [
                {"prog_dt": on(40), "prog_where": ["nodes"], "prog_proof": "cytology", "prog_cure": "N"}
            ],
        },
        {**AFTER_SURGERY, "ICE_PROGRESSED": "Y"},
    ),
    Case("arm 2, planned resection R0, pCR", PLANNED, AFTER_SURGERY),
    Case(
        "arm 2, R0, distant recurrence suspected on day 380 and proven on day 400",
        {**PLANNED, "FU": [fu(400, ("distant",), 400, 380)]},
        {**AFTER_SURGERY, **dfs(400, 1, "distant"), **time("DFSA_SUSPICION", 380, 1, "distant")},
    ),
    Case(
        "arm 2, R0, nodal recurrence proven on day 500",
        {**PLANNED, "FU": [fu(500, ("node",), 500, 470)]},
        {**AFTER_SURGERY, **dfs(500, 1, "locoregional"), **time("DFSA_SUSPICION", 470, 1, "locoregional")},
    ),
    Case(
        "arm 2, R0, recurrence suspected and never proven is no event",
        {**PLANNED, "FU": [fu(500, ("anastomotic",), None, 470)]},
        AFTER_SURGERY,
    ),
    Case(
        "arm 2, R0, dead of the heart on day 900",
        {**PLANNED, "SURV": [dead(on(900), 910, "cardiovascular")], "last": 800},
        {
            **AFTER_SURGERY,
            **os(900, 1, "death", at_36="N", years="2.4641"),
            **dfs(900, 1, "death"),
            "ICE_DIED_WITHOUT_CANCER": "Y",
        },
    ),
    Case(
        "arm 2, R1, two of 22 nodes positive",
        {
            **PLANNED,
            "PATH": [
                path(
                    t="T3", n="N1", resid_pct=40, trg_cap="2", ln_exam=22, ln_pos=2, r_status="R1", r_rcp="R1"
                )
            ],
        },
        {
            **AFTER_SURGERY,
            **dfs(79, 1, "not_r0"),
            "PCR": "N",
            "MPR": "N",
            "R0": "N",
            "R0_MARGIN": "N",
            "R0_1MM": "N",
            "TRG": "2",
            "NODE_POSITIVE": "Y",
            "LN_POS": "2",
            "LN_EXAM": "22",
            "LN_RATIO": "0.0909",
            "DOWNSTAGED_T": "N",
            "DOWNSTAGED_N": "N",
            "TEXTBOOK": "N",
        },
    ),
    Case(
        "arm 2, R0 by the margin and R1 by 1 mm; 8 % residue is a major response",
        {**PLANNED, "PATH": [path(t="T2", resid_pct=8, trg_cap="1", ln_exam=18, r_rcp="R1")]},
        {**AFTER_SURGERY, "PCR": "N", "R0_1MM": "N", "TRG": "1", "LN_EXAM": "18"},
    ),
    Case(
        "arm 2, ypTis N0 is no pCR, and under 1 % residue is a major response",
        {**PLANNED, "PATH": [path(t="Tis", resid_pct=None, resid_lt1="Y", trg_cap="1")]},
        {**AFTER_SURGERY, "PCR": "N", "TRG": "1"},
    ),
    Case(
        "arm 2, explored, unresectable",
        {
            **ARM_2,
            "SURG": [
                surg(
                    79,
                    "planned",
                    "explored",
                    no_surg_reason="unresectable",
                    resid_macro="r2_local",
                    los=6,
                    disch_dt=on(85),
                )
            ],
        },
        {
            **IN_ARM_2,
            **dfs(79, 1, "not_r0"),
            **organ("N", "N", "N"),
            "SURG_PLANNED": "Y",
            "SURG_BEGUN": "Y",
            "SURG_INTENT": "planned",
            "DAYS_TO_SURGERY": "42",
            **WENT_HOME,
            "LOS": "6",
            "HOSPITAL_DAYS": "6",
            "TEXTBOOK": "N",
        },
    ),
    Case(
        "arm 2, residue at restaging, metastasis found at the exploration",
        {
            **PLANNED,
            "CRE": [RESIDUE],
            "SURG": [surg(79, "planned", "explored", no_surg_reason="distant", resid_macro="m1")],
            "PATH": [],
            "COMP": [],
        },
        {
            **IN_ARM_2,
            **dfs(79, 1, "distant"),
            **organ("N", "N", "N"),
            "RST_CLEAR": "N",
            "SURG_PLANNED": "Y",
            "SURG_BEGUN": "Y",
            "SURG_INTENT": "planned",
            "DAYS_TO_SURGERY": "42",
            **WENT_HOME,
            "TEXTBOOK": "N",
        },
    ),
    Case(
        "arm 2, declines surgery after a clear restaging, late cCR in surveillance",
        {
            **ARM_2,
            "CRE": [RESTAGED, cre(219, "AS", "CCR_SO_FAR"), cre(310, "AS", "CCR", ccr_late=True)],
            "SURG": [given_up(75, "patient_refused")],
        },
        {
            **IN_ARM_2,
            **looked(3, 3),
            **dfs(310),
            "LATECCR_DT": "2025-11-07",
            "SURG_PLANNED": "Y",
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "arm 2, declines surgery with proven residue: an event on the day of the refusal",
        {**ARM_2, "CRE": [RESIDUE], "SURG": [given_up(75, "patient_refused")]},
        {
            **IN_ARM_2,
            **dfs(75, 1, "not_resectable"),
            **organ("N", "N", "N"),
            "RST_CLEAR": "N",
            "SURG_PLANNED": "Y",
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "arm 2, unfit for surgery without proof of residue: no event",
        {**ARM_2, "SURG": [given_up(75, "unfit")]},
        {**IN_ARM_2, **dfs(72), "SURG_PLANNED": "Y"},
    ),
    Case(
        "arm 2, unresectable by decision of the team, not explored",
        {**ARM_2, "SURG": [given_up(80, "unresectable")]},
        {**IN_ARM_2, **dfs(80, 1, "not_resectable"), **organ("N", "N", "N"), "SURG_PLANNED": "Y"},
    ),
    Case(
        "arm 2, metastasis at restaging, proven two days before it",
        {**ARM_2, "CRE": [cre(72, "RST", "DISTANT", bob_n=None, proven_on=on(70))]},
        {**IN_ARM_2, **dfs(70, 1, "distant"), "RST_CLEAR": "N"},
    ),
    Case(
        "arm 1, cCR that lasts",
        {"CRE": [*WATCHED, AS09]},
        {
            **DECLARED,
            **looked(4, 3),
            **dfs(310),
            **time("PFSS", 196, 0, "last_clear_assessment"),
            **time("DURABLE", 196, 0, "censored"),
            **cause("REGROWTH", 196, "censored"),
        },
    ),
    Case(
        "arm 1, regrowth removed R0 after 40 days: event of DFS-B and PFS-S, not of DFS-A",
        {**SALVAGED, "SURG": [surg(350, "salvage")]},
        {**operated(350, "salvage", ""), **REGROWN, **OF_SALVAGE, "DAYS_REGROWTH_TO_SURGERY": "40"},
    ),
    Case(
        "arm 1, regrowth removed R0 on day 90 after proof: still no event of DFS-A",
        {**SALVAGED, "SURG": [surg(400, "salvage")]},
        {
            **operated(400, "salvage", ""),
            **REGROWN,
            **OF_SALVAGE,
            **organ("N", "N", "N"),
            "DAYS_REGROWTH_TO_SURGERY": "90",
        },
    ),
    Case(
        "arm 1, regrowth removed R0 on day 91 after proof: an event of DFS-A at the proof",
        {**SALVAGED, "SURG": [surg(401, "salvage")]},
        {
            **operated(401, "salvage", ""),
            **REGROWN,
            **dfs(310, 1, "locoregional"),
            **OF_SALVAGE,
            "DAYS_REGROWTH_TO_SURGERY": "91",
        },
    ),
    Case(
        "arm 1, regrowth, salvage R1: an event of DFS-A on the day of the operation",
        {**SALVAGED, "SURG": [surg(350, "salvage")], "PATH": [path(**T2, r_status="R1", r_rcp="R1")]},
        {
            **operated(350, "salvage", ""),
            **REGROWN,
            **without_recurrence(*FREE_BUT_STRICT, days=350, event=1, because="not_r0"),
            **OF_SALVAGE,
            "SALVAGE_R0": "N",
            "R0": "N",
            "R0_MARGIN": "N",
            "R0_1MM": "N",
            "TEXTBOOK": "N",
            "DAYS_REGROWTH_TO_SURGERY": "40",
        },
    ),
    Case(
        "arm 1, regrowth, declines surgery on day 315",
        {
            "CRE": [
                *WATCHED,
                REGROWTH | {"pt_dec": "declines_surgery", "mdt_dt": on(315)},
            ]
        },
        {
            **REGROWN,
            **without_recurrence(*FREE_BUT_STRICT, days=315, event=1, because="not_resectable"),
            **organ("N", "N", "N"),
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "arm 1, regrowth resected by endoscopy after 20 days, clear afterwards: the organ is kept",
        {
            "CRE": [*WATCHED, REGROWTH, cre(402, "AS", "PERSISTENT_CCR")],
            "ST": [{"st_kind": "endoscopic_resection", "st_intent": "curative", "st_start": "2025-11-27"}],
        },
        {**REGROWN, **looked(5, 4), **without_recurrence(*FREE_BUT_STRICT, days=402)},
    ),
    Case(
        "arm 1, regrowth treated by radiotherapy and not cleared: an event at the proof",
        {
            "CRE": [*WATCHED, REGROWTH],
            "ST": [{"st_kind": "rt", "st_intent": "curative", "st_start": "2025-12"}],
        },
        {**REGROWN, **dfs(310, 1, "locoregional"), **organ("N", "N", "N")},
    ),
    Case(
        "arm 1, cCR, asks for surgery: pCR, nothing missed",
        {
            "CRE": [CRE1, CRE2, AS06 | {"pt_dec": "asks_surgery"}],
            "SURG": [surg(250, "wish")],
            "PATH": [path()],
            "COMP": [comp()],
        },
        {
            **operated(250, "wish", "213"),
            **DECLARED,
            **looked(3, 2),
            **time("PFSS", 136, 0, "last_clear_assessment"),
            **time("DURABLE", 136, 0, "oesophagectomy"),
            **cause("REGROWTH", 136, "oesophagectomy"),
            "MISSED_RESIDUE": "N",
            "ICE_ASKED_FOR_SURGERY": "Y",
        },
    ),
    Case(
        "arm 1, cCR, asks for surgery: tumour was missed",
        {
            "CRE": [CRE1, CRE2, AS06 | {"pt_dec": "asks_surgery"}],
            "SURG": [surg(250, "wish")],
            "PATH": [path(**T2)],
            "COMP": [comp()],
        },
        {
            **operated(250, "wish", "213"),
            **DECLARED,
            **TUMOUR_LEFT,
            **looked(3, 2),
            **time("PFSS", 136, 0, "last_clear_assessment"),
            **time("DURABLE", 136, 0, "oesophagectomy"),
            **cause("REGROWTH", 136, "oesophagectomy"),
            "MISSED_RESIDUE": "Y",
            "ICE_ASKED_FOR_SURGERY": "Y",
        },
    ),
    Case(
        "arm 1, residue at CRE-1, resected R0",
        {
            "CRE": [cre(72, "CRE1", "NON_CCR", "1")],
            "SURG": [surg(93, "non_ccr")],
            "PATH": [path(**T2)],
            "COMP": [comp()],
        },
        {
            **operated(93, "non_ccr", "56"),
            **TUMOUR_LEFT,
            **looked(1, 0),
            "CRE1_REACHED": "Y",
            "CRE1_NOT_CLEAR": "primary",
        },
    ),
    Case(
        "arm 1, positive node at CRE-2, resected R0",
        {
            "CRE": [CRE1, cre(114, "CRE2", "NON_CCR", "2")],
            "SURG": [surg(135, "non_ccr")],
            "PATH": [path(**T2)],
            "COMP": [comp()],
        },
        {
            **operated(135, "non_ccr", "98"),
            **TUMOUR_LEFT,
            **looked(2, 1),
            "CRE1_REACHED": "Y",
            "CRE2_NOT_CLEAR": "node",
        },
    ),
    Case(
        "arm 1, residue only suspected at CRE-2, and the specimen is clean",
        {
            "CRE": [CRE1, cre(114, "CRE2", "NON_CCR", "3")],
            "SURG": [surg(135, "non_ccr")],
            "PATH": [path()],
            "COMP": [comp()],
        },
        {
            **operated(135, "non_ccr", "98"),
            **looked(2, 1),
            "CRE1_REACHED": "Y",
            "CRE2_NOT_CLEAR": "suspected",
        },
    ),
    Case(
        "arm 1, residue suspected and never proven, declines surgery: no event",
        {
            "CRE": [CRE1, cre(114, "CRE2", "NON_CCR", "3")],
            "SURG": [given_up(120, "patient_refused")],
        },
        {
            **dfs(72),
            **looked(2, 1),
            "CRE1_REACHED": "Y",
            "CRE2_NOT_CLEAR": "suspected",
            "SURG_PLANNED": "Y",
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "arm 1, metastasis at CRE-1, dead of cancer on day 300",
        {"CRE": [cre(72, "CRE1", "DISTANT")], "SURV": [dead(on(300), 301)], "last": 250},
        {
            **os(300, 1, "death", at_36="N", years="0.8214"),
            **dfs(72, 1, "distant"),
            **organ("N", "N", "N"),
            **seen(300, "death", 1),
            **looked(1, 0),
            "CRE1_REACHED": "Y",
            "CRE1_NOT_CLEAR": "distant",
        },
    ),
    Case(
        "arm 1, cCR, metastasis on day 219",
        {"CRE": [CRE1, CRE2, cre(219, "AS", "DISTANT", proven_on=on(219))]},
        {
            **DECLARED,
            **looked(3, 2),
            **dfs(219, 1, "distant"),
            **time("PFSS", 105, 1, "distant"),
            **time("DURABLE", 105, 1, "distant"),
            **cause("REGROWTH", 105, "distant"),
        },
    ),
    Case(
        "arm 1, cCR, dead of pneumonitis on day 250; the event began after the neoadjuvant period",
        {
            "CRE": WATCHED,
            "SURV": [dead(on(250), 251, "immune")],
            "last": None,
            "AE": [
                {
                    "ae_st": on(240),
                    "grade": "5",
                    "serious": "Y",
                    "outcome": "fatal",
                    "irae": "Y",
                    "rel_camre": "probable",
                }
            ],
        },
        {
            **DECLARED,
            **looked(3, 2),
            **os(250, 1, "death", at_36="N", years="0.6845"),
            **dfs(250, 1, "death"),
            **organ("N", "N", "N"),
            **seen(250, "death", 1),
            **time("PFSS", 136, 1, "death"),
            **time("DURABLE", 136, 1, "death"),
            **cause("REGROWTH", 136, "death"),
            "ICE_DIED_WITHOUT_CANCER": "Y",
        },
    ),
    Case(
        "a death known by its month counts on the 15th",
        {"SURV": [dead("2026-03", 464)], "last": 400},
        {
            **os(438, 1, "death", at_36="N", years="1.1992"),
            **dfs(438, 1, "death"),
            **organ("Y", "N", "N"),
            **seen(438, "death", 1),
        },
    ),
    Case(
        "a death known by its month, alive on the 20th of it, counts on the 20th",
        {"SURV": [dead("2026-03", 464)], "last": 443},
        {
            **os(443, 1, "death", at_36="N", years="1.2129"),
            **dfs(443, 1, "death"),
            **organ("Y", "N", "N"),
            **seen(443, "death", 1),
        },
    ),
    Case(
        "a death known by its year enters by its bounds",
        {"SURV": [dead("2027", 881)], "last": 400},
        {
            **os(730, 1, "month_unknown", at_36="N", years="1.9986"),
            **time("OS_LATEST", 881, 1, "month_unknown"),
            **dfs(730, 1, "death"),
            **organ("Y", "N", "N"),
            **seen(730, "death", 1),
        },
    ),
    Case(
        "a death of which no date is known lies between the last life and the report",
        {"SURV": [dead(None, 600, "unknown")], "last": 400},
        {
            **os(400, 1, "year_unknown", at_36="N", years="1.0951"),
            **time("OS_LATEST", 600, 1, "year_unknown"),
            **dfs(400, 1, "death"),
            **organ("Y", "N", "N"),
            **seen(400, "death", 1),
            "ICE_DIED_WITHOUT_CANCER": "",
        },
    ),
    Case(
        "a death after the cut proves life at the cut",
        {"SURV": [dead(on(700), 705)], "last": 450},
        {**os(500, 0, "death_after_cut", years="1.3689"), **seen(500), **organ("Y", "", "")},
        cut=500,
    ),
    Case(
        "cut after CRE-1: nothing of what follows is known",
        {**SALVAGED, "SURG": [surg(350, "salvage")]},
        {
            **os(72, years="0.1971"),
            **dfs(72),
            **organ("", "", ""),
            **seen(72),
            **looked(1, 0),
            "CCR": "",
            "CRE1_REACHED": "Y",
        },
        cut=100,
    ),
    Case(
        "cut between regrowth and salvage: no event of DFS-A while it can still be removed in time",
        {**SALVAGED, "SURG": [surg(350, "salvage")]},
        {
            **REGROWN,
            **os(310, years="0.8487"),
            **without_recurrence(*FREE_BUT_STRICT, days=219),
            **organ("", "", ""),
            **seen(310),
        },
        cut=330,
    ),
    Case(
        "cut before the pathologist has reported: R is open, the oesophagus is out",
        {**PLANNED, "PATH": [path(path_dt=on(110))], "COMP": []},
        {
            **AFTER_SURGERY,
            **os(91, years="0.2491"),
            **dfs(72),
            **blank(*CLEAN_SPECIMEN, *NO_COMPLICATION, "TEXTBOOK", "DEATH_30", "DEATH_90"),
        },
        cut=100,
    ),
    Case(
        "lost after day 200",
        {"last": 200, "state": "LOST"},
        {**os(200, years="0.5476"), **seen(200), **organ("", "", "")},
    ),
    Case(
        "withdrawn from all contact on day 100, before CRE-2, and cut soon after",
        {"CRE": [CRE1], "last": None, "left": 100},
        {
            **os(72, years="0.1971"),
            **dfs(72),
            **seen(72),
            **organ("", "", ""),
            **looked(1, 0),
            "CCR": "N",
            "CRE1_REACHED": "Y",
        },
        cut=120,
    ),
    Case(
        "declines further work-up after CRE-1: no cCR in the intention to treat",
        {"CRE": [CRE1 | {"pt_dec": "declines_workup"}]},
        {**dfs(72), **looked(1, 0), "CRE1_REACHED": "Y"},
    ),
    Case(
        "not evaluable at CRE-2 is no cCR",
        {"CRE": [CRE1, cre(114, "CRE2", "NOT_EVALUABLE", "5", eus_done="N")]},
        {**dfs(72), **looked(2, 1, whole=1), "CRE1_REACHED": "Y"},
    ),
    Case(
        "uncertain at CRE-2, clear at the repeat: a cCR of that day",
        {"CRE": [CRE1, cre(114, "CRE2", "UNCERTAIN_REPEAT", "4"), cre(142, "UNS", "CCR", ccr_late=False)]},
        {
            "CCR": "Y",
            "CCR_DT": "2025-05-23",
            "CRE1_REACHED": "Y",
            **looked(3, 2),
            **dfs(142),
            **time("PFSS", 0, 0, "last_clear_assessment"),
            **time("DURABLE", 0, 0, "censored"),
            **cause("REGROWTH", 0, "censored"),
        },
    ),
    Case(
        "arm 1, residue suspected at CRE-1, declines surgery, late cCR on day 310: no cCR, no PFS-S",
        {
            "CRE": [
                cre(72, "CRE1", "NON_CCR", "3", pt_dec="declines_surgery"),
                cre(219, "AS", "CCR_SO_FAR"),
                cre(310, "AS", "CCR", ccr_late=True),
            ]
        },
        {
            **dfs(310),
            **looked(3, 2),
            "LATECCR_DT": "2025-11-07",
            "CRE1_REACHED": "Y",
            "CRE1_NOT_CLEAR": "suspected",
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "a second primary is an event of its sensitivity analysis alone",
        {**PLANNED, "FU": [fu(600, ("second_primary",), 600, 590)]},
        {**AFTER_SURGERY, **time("DFSA_SECOND", 600, 1, "second_primary")},
    ),
    Case(
        "two evaluations missed before a metastasis: censored before them in the sensitivity analysis",
        {
            "CRE": [*WATCHED, AS09],
            "FU": [fu(600, ("distant",), 600, 600)],
            "visits": tuple(
                {"code": code, "forms": ["CRE"], "closes": on(day), "took_place_on": None, "timing": ""}
                for code, day in (("AS-12", 416), ("AS-16", 545))
            ),
        },
        {
            **DECLARED,
            **looked(4, 3),
            **dfs(600, 1, "distant"),
            **time("DFSA_MISSED", 310, 0, "missed_assessments"),
            **time("PFSS", 486, 1, "distant"),
            **time("DURABLE", 486, 1, "distant"),
            **cause("REGROWTH", 486, "distant"),
            "CRE_DUE": "2",
        },
    ),
    Case(
        "regrowth suspected in surveillance that the specimen proves right is dated by the suspicion",
        {
            **SALVAGED,
            "CRE": [*WATCHED, cre(310, "AS", "REGROWTH", "3", proven_on=on(310))],
            "SURG": [surg(350, "salvage")],
        },
        {
            **operated(350, "salvage", ""),
            **REGROWN,
            **without_recurrence(*FREE_BUT_STRICT, days=350),
            **OF_SALVAGE,
            "DAYS_REGROWTH_TO_SURGERY": "40",
        },
    ),
    Case(
        "regrowth suspected in surveillance and a clean specimen: no regrowth, operated with a cCR",
        {
            "CRE": [*WATCHED, cre(310, "AS", "REGROWTH", "3", proven_on=on(310))],
            "SURG": [surg(350, "salvage")],
            "PATH": [path()],
            "COMP": [comp()],
        },
        {
            **operated(350, "salvage", ""),
            **DECLARED,
            **looked(4, 3),
            **time("PFSS", 236, 0, "last_clear_assessment"),
            **time("DURABLE", 236, 0, "oesophagectomy"),
            **cause("REGROWTH", 236, "oesophagectomy"),
            "SALVAGE_R0": "Y",
            "MISSED_RESIDUE": "N",
        },
    ),
    Case(
        "arm 2, dead in hospital 20 days after the operation, of a leak",
        {
            **PLANNED,
            "SURG": [surg(79, "planned", disch_dt=None, disch_to=None, los=None, readm=None)],
            "COMP": [comp(comp_any="Y", cd_worst="V", cci=Decimal("100.0"))],
            "SURV": [dead(on(99), 100, "surgery")],
            "last": None,
            "groups": {
                "COMP.comps": [{"record_id": 601, "eccg_code": "GI01", "comp_reop": "Y", "comp_icu": "Y"}],
            },
        },
        {
            **AFTER_SURGERY,
            **os(99, 1, "death", at_36="N", years="0.2710"),
            **dfs(99, 1, "death"),
            "COMP_ANY": "Y",
            "CD_WORST": "V",
            "CD_IIIA": "Y",
            "CD_IIIB": "Y",
            "CCI": "100.0",
            "LEAK": "Y",
            "REOPERATED": "Y",
            "LOS": "",
            "READMITTED": "",
            "TEXTBOOK": "N",
            "HOSPITAL_DAYS": "0",
            "DEATH_30": "Y",
            "DEATH_90": "Y",
            "DEATH_HOSPITAL": "Y",
            "ICE_DIED_WITHOUT_CANCER": "Y",
        },
    ),
    Case(
        "arm 2, dead in the month after the operation: 30-day mortality is unknown, 90-day is certain",
        {**PLANNED, "SURV": [dead("2025-04", 130)], "last": 92},
        {
            **AFTER_SURGERY,
            **os(104, 1, "death", at_36="N", years="0.2847"),
            **dfs(104, 1, "death"),
            "DEATH_30": "",
            "DEATH_90": "Y",
            "TEXTBOOK": "",
        },
    ),
    Case(
        "arm 2, recurrence after R0 and a re-resection: the first specimen counts",
        {
            **PLANNED,
            "SURG": [surg(79, "planned"), surg(330, "recurrence", "reresection", los=9)],
            "PATH": [path(), path(2, **T2)],
            "FU": [fu(300, ("anastomotic",), 300, 300)],
        },
        {**AFTER_SURGERY, **dfs(300, 1, "locoregional"), "HOSPITAL_DAYS": "21"},
    ),
    Case(
        "arm 2, PD-1 inhibitor after a recurrence that is judged unresectable",
        {
            **PLANNED,
            "FU": [fu(500, ("node",), 500, 500, resectable="N")],
            "ST": [{"st_kind": "io", "st_class": ["pd1"], "st_start": "2026-07"}],
        },
        {**AFTER_SURGERY, **dfs(500, 1, "locoregional"), "ICE_LATER_PD1": "Y"},
    ),
    Case(
        "adverse events: the neoadjuvant period counts, what came later does not",
        {
            "AE": [
                {"ae_st": on(30), "grade": "3", "serious": "Y", "rel_chemo": "probable", "disc_tx": "Y"},
                {"ae_st": "2025-03", "grade": "2", "irae": "Y", "rel_camre": "possible"},
                {"ae_st": on(200), "grade": "4", "rel_rt": "definite", "cre_rel": "Y"},
            ]
        },
        {
            "AE_WORST": "3",
            "AE_G3": "Y",
            "AE_SERIOUS": "Y",
            "AE_RELATED": "camre chemo",
            "AE_IMMUNE": "Y",
            "AE_STOPPED": "Y",
            "CRE_COMPLICATIONS": "1",
        },
    ),
    Case(
        "quality of life: worse by 10 points, in the direction of each scale",
        {
            "QOL": [
                {"q_done_dt": on(2), "oesdys": Decimal(20), "pf2": Decimal(80), "ef": Decimal(75)},
                {"q_done_dt": on(219), "oesdys": Decimal("22.22"), "pf2": Decimal(60), "ef": Decimal(75)},
                {"q_done_dt": on(402), "oesdys": Decimal("44.44"), "pf2": Decimal(60), "ef": Decimal(90)},
            ]
        },
        {
            "OESDYS_BASE": "20.00",
            "OESDYS_TTD_DAYS": "402",
            "OESDYS_TTD_EVENT": "1",
            "PF2_BASE": "80.00",
            "PF2_TTD_DAYS": "219",
            "PF2_TTD_EVENT": "1",
            "EF_BASE": "75.00",
            "EF_TTD_DAYS": "402",
            "EF_TTD_EVENT": "0",
        },
    ),
    Case(
        "the burden of surveillance, and evaluations kept",
        {
            "CRE": [CRE1, CRE2],
            "AS": [{"as_dt": on(219), "as_dilat_n": 2, "as_hosp_d": 5}],
            "groups": {"AS.as_uns": [{"record_id": 1, "u_what": "endoscopy", "u_dt": on(160)}]},
            "visits": (
                {
                    "code": "CRE-1",
                    "forms": ["CRE"],
                    "closes": on(79),
                    "took_place_on": on(72),
                    "timing": "in",
                },
                {
                    "code": "CRE-2",
                    "forms": ["CRE"],
                    "closes": on(110),
                    "took_place_on": on(114),
                    "timing": "late",
                },
            ),
        },
        {
            **DECLARED,
            **looked(2, 1),
            **dfs(114),
            **time("PFSS", 0, 0, "last_clear_assessment"),
            **time("DURABLE", 0, 0, "censored"),
            **cause("REGROWTH", 0, "censored"),
            "ENDOSCOPIES": "3",
            "DILATATIONS": "2",
            "HOSPITAL_DAYS": "5",
            "CRE_DUE": "2",
            "CRE_DONE": "2",
            "CRE_IN_WINDOW": "1",
        },
    ),
    Case(
        "completed on the day of the cut",
        {"last": 1500},
        {**os(1500, 0, "data_cut", at_36="Y", years="4.1068"), **seen(1500)},
    ),
]


def derived(participant: StoredParticipant, cut: int) -> Cells:
    facts = participant_facts(participant, cutoff=on(cut))
    return cells_of(endpoint_values(facts, rules_of("1.0")))


def test_there_are_at_least_forty_histories_of_both_arms() -> None:
    arms = [case.forms.get("arm", 1) for case in CASES]
    assert len({case.name for case in CASES}) == len(CASES) >= 40
    assert min(arms.count(1), arms.count(2)) >= 15


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_endpoint_of_a_history(case: Case) -> None:
    assert case.differs.keys() <= PLAIN.keys()
    expected = PLAIN | case.differs
    told = derived(stored(**case.forms), case.cut)
    wrong = {
        name: (told.get(name), expected.get(name))
        for name in expected | told
        if told.get(name) != expected.get(name)
    }
    assert not wrong, "derived, worked by hand: " + "; ".join(f"{k} {v}" for k, v in wrong.items())


def test_the_arm_is_no_part_of_what_endpoints_rest_on() -> None:
    """The same forms give the same endpoints: nothing derived can know the arm but from what was done."""
    assert not {"arm", "allocation", "treatment_arm"} & {each.name for each in fields(ParticipantFacts)}
    assert not {"arm"} & {each.name for each in fields(StoredParticipant)}
    with pytest.raises(AttributeError):
        participant_facts(stored(), cutoff=on(1500)).cutoff = on(1)  # type: ignore[misc]


@pytest.mark.parametrize(("made", "alive_on"), [("records", 300), ("telephone", 400), (None, 400)])
def test_a_visit_at_which_nobody_was_met_proves_no_life(made: str | None, alive_on: int) -> None:
    visit = {
        "code": "AS-12",
        "forms": ["CRE"],
        "closes": on(416),
        "took_place_on": on(400),
        "contact_mode": made,
    }
    facts = participant_facts(stored(last=300, visits=(visit,)), cutoff=on(1500))
    assert facts.last_alive == on(alive_on)
