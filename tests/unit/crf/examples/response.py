"""A clear CRE-2 after a clear CRE-1: a clinical complete response in Arm 1."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "ogd_done": "Y",
    "ogd_dt": date(2026, 8, 25),
    "symptoms": ["none"],
    "pet_done": "Y",
    "pet_dt": date(2026, 8, 18),
    "pet_prim": "diffuse",
    "pet_suv": 3,
    "pet_dm": "none",
    "ct_done": "N",
    "sedation": "conscious",
    "passable": "yes",
    "look": "scar",
    "lugol_nbi": "Y",
    "lugol_new": "N",
    "bob_n": 4,
    "bx_other_n": 0,
    "bx_result": "none",
    "bx_adequate": "yes",
    "eus_done": "Y",
    "eus_dt": date(2026, 8, 25),
    "eus_mm": 4,
    "eus_any": "N",
    "local_call": "0",
    "dist_call": "0",
    "cre_outcome": "CCR",
    "mdt_dt": date(2026, 9, 1),
    "mdt_dec": "surveillance",
    "pt_dec": "accepts",
    "proc_compl": "N",
}
CRE1 = {
    "visit_code": "CRE-1",
    "cre_type": "CRE1",
    "cre_dt": date(2026, 7, 14),
    "cre_outcome": "CCR_SO_FAR",
    "local_call": "0",
    "dist_call": "0",
    "bx_result": "none",
}
CONTEXT = {
    "AE*": [],
    "today": date(2026, 9, 10),
    "site.zone": "Asia/Shanghai",
    "participant.arm": "1",
    "visit.code": "CRE-2",
    "visit.opens": date(2026, 8, 18),
    "visit.closes": date(2026, 9, 1),
    "milestone.NEO_END": date(2026, 6, 9),
    "milestone.CCR": None,
    "milestone.SURG": None,
    "CRE*": [CRE1],
    "setting.suspected_without_proof_is_noncCR": True,
    "setting.surveillance_suspicion_is_regrowth": True,
    "setting.clear_evaluations_apart_weeks": 4,
    "setting.lumen_must_be_passable": True,
    "setting.superficial_biopsies_are_evaluable": False,
    "setting.ct_wall_limit_mm": None,
    "setting.eus_thickness_limit_mm": None,
    "STAGE.ct_mm": None,
    "STAGE.eus_mm": None,
    "setting.early_cre1_days": 21,
    "setting.early_cre2_days": 56,
    "setting.cre2_late_limit_days": 98,
    "setting.bite_on_bite_min": 4,
    "setting.restaging_pet_ct": True,
}
GROUPS: dict[str, list[dict[str, Any]]] = {"pet_nodes": [], "eus_nodes": []}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)


def at_cre1(**changes: Any) -> dict[str, Any]:
    """A clear CRE-1, without PET-CT."""
    first = {
        "visit__code": "CRE-1",
        "visit__opens": date(2026, 7, 7),
        "visit__closes": date(2026, 7, 21),
        "ogd_dt": date(2026, 7, 14),
        "eus_dt": date(2026, 7, 14),
        "pet_done": "N",
        "cre_outcome": "CCR_SO_FAR",
        "mdt_dt": None,
        "mdt_dec": None,
        "CRE*": [],
    }
    return example(**first | changes)


def in_surveillance(**changes: Any) -> dict[str, Any]:
    """A clear evaluation at month 6, after a cCR."""
    ccr = CRE1 | {
        "visit_code": "CRE-2",
        "cre_type": "CRE2",
        "cre_dt": date(2026, 8, 25),
        "cre_outcome": "CCR",
    }
    sixth = {
        "visit__code": "AS-06",
        "visit__opens": date(2026, 11, 25),
        "visit__closes": date(2026, 12, 23),
        "today": date(2026, 12, 24),
        "ogd_dt": date(2026, 12, 9),
        "eus_dt": date(2026, 12, 9),
        "pet_dt": date(2026, 12, 2),
        "mdt_dt": date(2026, 12, 10),
        "milestone__CCR": date(2026, 8, 25),
        "cre_outcome": "PERSISTENT_CCR",
        "CRE*": [CRE1, ccr],
    }
    return example(**sixth | changes)


def suspect_node(**changes: Any) -> dict[str, Any]:
    row = {"station": "7", "short_mm": 8, "fna_done": "Y", "fna_res": "negative"}
    return {"eus_any": "Y", "eus_nodes": [row | changes]}
