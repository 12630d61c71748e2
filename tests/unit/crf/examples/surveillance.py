"""Month 6 of surveillance, well, with a whole evaluation."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES: dict[str, Any] = {
    "as_done": "Y",
    "as_dt": date(2026, 12, 14),
    "as_exam": "normal",
    "as_wt": 58.2,
    "as_ecog": "0",
    "as_dysph": "1",
    "as_feed": "oral",
    "as_dilat_n": 0,
    "as_sten": "none",
    "as_hosp_d": 0,
    **{f"as_late_{organ}": "N" for organ in ("lung", "heart", "thyr", "adren", "skin", "gut", "nerve")},
    "as_unsched": "N",
    "as_will": "yes",
}
GROUPS: dict[str, Any] = {"as_uns": [], "as_dilats": []}
EVALUATION: dict[str, Any] = {
    "visit_code": "AS-06",
    "cre_type": "AS",
    "cre_dt": date(2026, 12, 14),
    "pet_done": "Y",
    "ogd_done": "Y",
    "bob_n": 4,
    "eus_done": "Y",
    "cre_because": [],
    "pt_dec": "accepts",
}
CONTEXT: dict[str, Any] = {
    "today": date(2027, 1, 4),
    "site.zone": "Asia/Shanghai",
    "participant.protocol_version": "1.0",
    "participant.withdrawn": [],
    "visit.code": "AS-06",
    "visit.target": date(2026, 12, 12),
    "visit.opens": date(2026, 11, 28),
    "visit.closes": date(2026, 12, 26),
    "milestone.NEO_END": date(2026, 6, 12),
    "milestone.SURG": None,
    "TREAT.chemo": [{"weight_d": 60, "adm_dt": date(2026, 5, 11)}],
    "DM.weight": 61,
    "DM.dysph": "1",
    "AS*": [],
    "CRE*": [EVALUATION],
    "AE*": [],
    "setting.bite_on_bite_min": 4,
    "SURV.death_dt": None,
    "ELIG.birth": "1964-05",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)


def not_done(**changes: Any) -> dict[str, Any]:
    return example_of({"as_done": "N", "as_why": "ill"}, GROUPS, CONTEXT, changes)
