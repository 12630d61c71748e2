"""A pneumonitis of grade 2 in Arm 1, serious by hospital admission, treated with a steroid; and a fatal one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.unit.crf.judging import example_of

VALUES: dict[str, Any] = {
    "ae_term": "Pneumonitis",
    "ctcae_term": "Pneumonitis",
    "ae_st": "2026-06-20",
    "ae_ongo": "N",
    "ae_en": "2026-07-18",
    "grade": "2",
    "outcome": "recovered",
    "ae_kind": "pneumonitis",
    "serious": "Y",
    "ser_crit": ["hospital"],
    "ser_aware": datetime(2026, 6, 21, 2, 0, tzinfo=UTC),
    "rel_camre": "probable",
    "rel_chemo": "unlikely",
    "rel_rt": "possible",
    "rel_surg": "na",
    "rel_proc": "not",
    "rel_dis": "not",
    "irae": "Y",
    "irae_type": "pneumonitis",
    "ir_ster": "Y",
    "ir_pred": 60,
    "ir_st": date(2026, 6, 21),
    "ir_en": date(2026, 7, 15),
    "ir_2nd": "N",
    "action_camre": "na",
    "action_chemo": "na",
    "action_rt": "na",
    "other_action": ["medication", "hospital"],
    "disc_tx": "N",
    "disc_nosurg": "N",
    "disc_delay": "N",
    "cre_rel": "N",
}
GROUPS: dict[str, Any] = {
    "ae_grades": [
        {"g_from": "2026-06-20", "g_grade": "1"},
        {"g_from": "2026-06-21", "g_grade": "2"},
    ]
}
CONTEXT: dict[str, Any] = {
    "today": date(2026, 8, 1),
    "site.zone": "Asia/Shanghai",
    "record.sequence": 1,
    "milestone.ICF": date(2026, 4, 28),
    "milestone.NEO_D1": date(2026, 5, 11),
    "milestone.LASTDOSE": date(2026, 6, 12),
    "milestone.LASTCAMRE": date(2026, 6, 1),
    "milestone.SURG": None,
    "milestone.CCR": None,
    "milestone.LATECCR": None,
    "SURG*": [],
    "TREAT.camre": [
        {"ci_dt": datetime(2026, 5, 11, 1, 0, tzinfo=UTC)},
        {"ci_dt": datetime(2026, 6, 1, 1, 0, tzinfo=UTC)},
    ],
    "TREAT.chemo": [{"adm_dt": date(2026, 5, 11)}, {"adm_dt": date(2026, 6, 8)}],
    "TREAT.rt_end": date(2026, 6, 12),
    "safety.clocks": [],
    "AS*": [],
    "FU*": [],
    "ST*": [],
    "SAE*": [{"ae_no": 1, "sequence": 1, "sae_report": datetime(2026, 6, 21, 9, 0, tzinfo=UTC)}],
    "SURV*": [],
    "SURV.death_dt": None,
    "ELIG.birth": "1964-05",
}
DEATH: dict[str, Any] = {
    "grade": "5",
    "outcome": "fatal",
    "ser_crit": ["death"],
    "SURV__death_dt": "2026-07-18",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)


def fatal(**changes: Any) -> dict[str, Any]:
    return example(**DEATH | {"ae_grades": []} | changes)
