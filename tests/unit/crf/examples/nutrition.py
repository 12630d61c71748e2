"""A nutrition assessment in week three: eating less, at risk, with supplements."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES: dict[str, Any] = {
    "nut_dt": date(2026, 6, 1),
    "nut_wt": 57.0,
    "nut_feed": "oral_supplement",
    "nut_intake": "reduced",
    "nut_tube_d": 0,
    "nut_nrs": 3,
    "nut_glim": "moderate",
    "nut_plan": ["advice", "supplement"],
}
CONTEXT: dict[str, Any] = {
    "today": date(2026, 6, 10),
    "site.zone": "Asia/Shanghai",
    "milestone.ICF": date(2026, 4, 28),
    "DM.weight": 60,
    "DM.height": 168,
    "NUT*": [],
    "VS*": [],
    "SURV.death_dt": None,
    "ELIG.birth": "1964-05",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
