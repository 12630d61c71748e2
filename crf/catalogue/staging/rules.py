"""What the baseline work-up derives and compares (protocol 3.4, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from protocol.staging import clinical_stage, n_category

T_STEPS = {"Tis": 0, "T1": 1, "T1a": 1, "T1b": 1, "T2": 2, "T3": 3, "T4a": 4, "T4b": 5}
HIGH = ("cervical", "upper")


def stage_group(ct: str | None, cn: str | None, cm: str | None) -> str | None:
    return clinical_stage(ct, cn, cm)


def another_group(cstage: str, participant_strat_stage: str) -> str | None:
    """Return the stage group where it is not the one of the stratum that was used (protocol 3.2, X072)."""
    return cstage if cstage != participant_strat_stage else None


def length(lower_cm: Decimal, upper_cm: Decimal) -> Decimal:
    return lower_cm - upper_cm


def middle(lower_cm: Decimal, upper_cm: Decimal) -> Decimal:
    return (lower_cm + upper_cm) / 2


def glycolysis(mtv: Decimal, suvmean: Decimal) -> Decimal:
    return mtv * suvmean


def probe_stopped(eus_trav: str) -> bool:
    return eus_trav == "no"


def one_step_apart(ut: str, ct: str) -> bool:
    """Say whether uT and cT differ by at most one step; TX and T0 are not compared (protocol 3.4 B)."""
    if ut not in T_STEPS or ct not in T_STEPS:
        return True
    return abs(T_STEPS[ut] - T_STEPS[ct]) <= 1


def t4a_agrees(t4a_str: Sequence[str], ct: str) -> bool:
    return set(t4a_str) <= {"none"} or ct in ("T4a", "T4b")


def t4b_agrees(t4b_str: Sequence[str], ct: str) -> bool:
    return set(t4b_str) <= {"none"} or ct == "T4b"


def aorta_agrees(aorta_ang: str, t4b_str: Sequence[str] | None, ct: str | None) -> bool:
    return aorta_ang != "over_90" or "aorta" in (t4b_str or ()) or ct == "T4b"


def count_agrees(cn: str, cn_n: int) -> bool:
    return cn == "NX" or cn == n_category(cn_n)


def table_agrees(node: list[dict[str, Any]], cn_n: int) -> bool:
    """Say whether as many nodes are called positive in the table as are counted (protocol 3.4 F)."""
    return not node or [row["positive"] for row in node].count("Y") == cn_n


def airway_looked_at(bron_ind: str, site_sub: str | None, airway: str | None) -> bool:
    near = site_sub in HIGH or airway in ("contact", "indentation", "invasion")
    return bron_ind == "Y" or not near


def tests_after_consent(milestone_icf: date, soc: str | None, **days: date | None) -> bool:
    """Say whether no test is dated before consent, or standard care is ticked (X001)."""
    done = list(filter(None, days.values()))
    return soc == "Y" or not done or min(done) >= milestone_icf


def measurable(role: str, kind: str, size_mm: Decimal) -> bool:
    """Say whether a target lesion is large enough: 10 mm, a node 15 mm in short axis (protocol 3.4 C)."""
    return role != "target" or size_mm >= (15 if kind == "node" else 10)


def edges_in_order(lower_cm: Decimal, upper_cm: Decimal) -> bool:
    return lower_cm > upper_cm


def pressures_in_order(sbp: int, dbp: int) -> bool:
    return sbp > dbp


def invaded_airway_is_t4b(airway: str, ct: str) -> bool:
    return airway != "invasion" or ct == "T4b"


def proven_invasion_is_t4b(bron_res: str, ct: str) -> bool:
    return bron_res != "invasion" or ct == "T4b"


def bronchoscopy_done(bron_ind: str, bron_done: str) -> bool:
    """Say whether a bronchoscopy that was indicated was done."""
    return bron_ind != "Y" or bron_done != "N"


def lesion_explained(ct_m: Sequence[str] | None, cm: str | None, m_workup: str | None) -> bool:
    """Say whether a distant lesion on CT has its words where the tumour is called M0."""
    return not ct_m or cm != "M0" or bool(m_workup)


def review_agrees(stage_confirm: str | None, cstage: str | None) -> bool:
    return stage_confirm == cstage
