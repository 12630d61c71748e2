"""A participant of Arm 2, alive at month 36; and one who died of the disease."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "status_dt": date(2029, 5, 10),
    "vital": "alive",
    "v_source": "phone",
    "dz_now": "none",
}


def operation(on: date = date(2026, 7, 27), **more: Any) -> dict[str, Any]:
    """An operation as the survival form reads it."""
    left = {"surg_done": "resection", "surg_dt": on, "disch_dt": date(2026, 8, 8), "disch_to": "home"}
    return left | more


CONTEXT = {
    "AE*": [],
    "today": date(2029, 6, 1),
    "site.zone": "Asia/Shanghai",
    "visit.code": "OS36",
    "visit.target": date(2029, 5, 8),
    "visit.opens": date(2029, 5, 8),
    "visit.last_on": date(2028, 12, 4),
    "milestone.RAND": date(2026, 5, 8),
    "milestone.NEO_D1": date(2026, 5, 11),
    "milestone.LASTDOSE": date(2026, 6, 12),
    "SURG*": [operation()],
    "FU*": [{"fu_dt": date(2029, 1, 5), "alive": "Y", "dz_status": "none"}],
    "CRE*": [{"cre_dt": date(2026, 7, 14), "pet_dt": date(2026, 7, 7)}],
    "SURV*": [],
    "QOL*": [],
    "ST*": [],
    "milestone.REGROWTH": None,
    "milestone.DM": None,
    "FU*.img": [],
    "setting.central_review": False,
    "setting.sweep_months": 6,
}
DEATH = {
    "status_dt": date(2029, 5, 20),
    "vital": "dead",
    "v_source": "family",
    "dz_now": None,
    "death_dt": "2029-03-11",
    "cod": "oesophageal_cancer",
    "cod_cert": "N",
    "autopsy": "N",
    "d_place": "home",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)


def dead(**changes: Any) -> dict[str, Any]:
    return example(**DEATH | changes)
