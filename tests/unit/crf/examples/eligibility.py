"""An eligible participant of site 01, randomized, with the forms that eligibility reads."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "birth": "1964-03-09",
    "sex": "M",
    "contra": "Y",
    "hist_type": "1",
    "hist_dt": date(2026, 4, 20),
    "ct_e": "T3",
    "cn_e": "N1",
    "cm_e": "M0",
    "resectable": "Y",
    "mdt_dt": date(2026, 5, 4),
    "ecog": "1",
    **{f"inc_{n}": "Y" for n in (1, 2, 3)},
    **{f"exc_{n}": "N" for n in range(1, 9)},
}
CONTEXT = {
    "today": date(2026, 6, 1),
    "site.zone": "Asia/Shanghai",
    "site.activated_on": date(2026, 1, 5),
    "participant.number": "01-001",
    "consent.signed_on": date(2026, 4, 28),
    "consent.version": "1.0",
    "consent.version_in_force": True,
    "consent.biobank": True,
    "consent.register_lookup": False,
    "milestone.RAND": date(2026, 5, 8),
    "milestone.NEO_D1": date(2026, 5, 11),
    "setting.screening_window_days": 28,
    "setting.biopsy_window_days": 60,
    "STAGE.ct": "T3",
    "STAGE.cn": "N1",
    "STAGE.cm": "M0",
    "STAGE.airway": "clear",
    "STAGE.t4b_str": ["none"],
    "STAGE.pet_m": "none",
    "DM.mh_autoimmune": "N",
    "DM.mh_ild": "N",
    "DM.mh_prior_ca": "N",
    "DM.immunosuppr": "N",
    "DM.is_complete": True,
    "STAGE.is_complete": True,
    "participant.criteria_answered": {},
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)


def woman(**changes: Any) -> dict[str, Any]:
    """The same for a woman who can become pregnant, tested three days before treatment."""
    answers = {"sex": "F", "wocbp": "Y", "preg_res": "NEG", "preg_dt": date(2026, 5, 8)}
    return example(**(answers | changes))
