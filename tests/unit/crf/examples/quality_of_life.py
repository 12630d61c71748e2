"""A questionnaire before randomization: every item answered, no two scales alike."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

ITEMS = {f"q{n}": str(1 + n % 4) for n in range(1, 49)} | {"q29": "5", "q30": "6"}
VALUES: dict[str, Any] = {
    "q_done": "Y",
    "q_done_dt": date(2026, 5, 6),
    "q_inst": ["c30", "oes18"],
    "q_ver": "c30_3_0",
    "q_lang": "zh_cn",
    "q_mode": "paper",
    "q_by": "alone",
    "q_order": "Y",
    **ITEMS,
}
GROUPS: dict[str, Any] = {"q_double": []}
CONTEXT: dict[str, Any] = {
    "today": date(2026, 6, 1),
    "site.zone": "Asia/Shanghai",
    "visit.code": "QOL-0",
    "visit.target": date(2026, 5, 8),
    "milestone.ICF": date(2026, 4, 28),
    "milestone.RAND": date(2026, 5, 8),
    "setting.qol_window_days": 14,
    "setting.oes18_dysphagia_reversed": True,
    "SURV.death_dt": None,
    "ELIG.birth": "1964-05",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)


def not_done(reason: str = "ill", **changes: Any) -> dict[str, Any]:
    return example_of({"q_done": "N", "q_miss": reason}, GROUPS, CONTEXT, changes)
