"""The study as it ended for somebody who withdrew from all contact."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

ENDED = date(2026, 9, 3)
VALUES = {
    "eos_phase": "study",
    "eos_dt": ENDED,
    "eos_status": "stopped",
    "eos_why": "withdrew",
    "wd_data": "Y",
    "wd_samp": "N",
    "wd_reg": "Y",
}
WITHDRAWAL = {
    "on": ENDED,
    "study_drug": False,
    "procedures": True,
    "quality_of_life": False,
    "all_contact": True,
}
CONTEXT = {
    "today": date(2026, 11, 20),
    "site.zone": "Asia/Shanghai",
    "milestone.NEO_D1": date(2026, 1, 20),
    "milestone.NEO_END": date(2026, 2, 20),
    "milestone.CCR": None,
    "milestone.SURG": None,
    "milestone.RAND": date(2026, 1, 12),
    "consent.register_lookup": True,
    "conduct.withdrawals": [WITHDRAWAL],
    "conduct.losses": [],
    "conduct.attempts": [],
    "EOS*": [],
    "SURV*": [],
    "SURV.last_alive_dt": date(2026, 9, 1),
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
