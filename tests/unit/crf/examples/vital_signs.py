"""Vital signs on the day of the second dose, with the weight that the dose was calculated from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.unit.crf.judging import example_of

DOSE = {"adm_dt": date(2026, 5, 15), "nabp_dt": None, "weight_d": Decimal("61.4")}
VALUES = {
    "vs_done": "Y",
    "vs_dt": date(2026, 5, 15),
    "weight": Decimal("61.4"),
    "ecog": "1",
    "dysph": "2",
    "temp": Decimal("36.6"),
    "sbp": 122,
    "dbp": 78,
    "hr": 80,
    "rr": 16,
    "spo2": 97,
    "exam": "normal",
}
CONTEXT = {
    "today": date(2026, 11, 20),
    "visit.code": "N2",
    "DM.weight": Decimal("62.0"),
    "TREAT.chemo": [{"adm_dt": date(2026, 5, 8), "nabp_dt": None, "weight_d": Decimal("62.0")}, DOSE],
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
