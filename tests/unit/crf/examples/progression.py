"""Metastases in the liver that were found during neoadjuvant treatment."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "prog_dt": date(2026, 2, 10),
    "prog_where": ["liver"],
    "prog_proof": "histology",
    "prog_cure": "Y",
}
CONTEXT = {
    "today": date(2026, 11, 20),
    "site.zone": "Asia/Shanghai",
    "milestone.RAND": date(2026, 1, 12),
    "milestone.NEO_D1": date(2026, 1, 20),
    "milestone.NEO_END": None,
    "milestone.SURG": None,
    "milestone.CCR": None,
    "PROG*": [],
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
