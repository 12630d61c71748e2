"""A change of strategy, found at the site and closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "dv_src": "site",
    "dv_dt": date(2026, 9, 1),
    "dv_found": date(2026, 9, 4),
    "dv_cat": "crossover",
    "dv_term": "The participant asked for the operation although none was planned.",
    "dv_cross_to": "surgery",
    "dv_cross_by": "participant",
    "dv_act": "Talked through with the team, operation planned.",
    "dv_ec": date(2026, 9, 10),
    "dv_close": date(2026, 9, 20),
}
CONTEXT = {
    "today": date(2026, 11, 20),
    "site.zone": "Asia/Shanghai",
    "milestone.ICF": date(2026, 1, 5),
    "participant.arm": "1",
    "record.sequence": 2,
    "central.decisions": [],
    "SURG*": [{"surg_done": "resection"}],
    "CRE*": [{"pt_dec": "accepts"}],
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
