"""The initial report of the pneumonitis, in time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.unit.crf.examples import adverse_event
from tests.unit.crf.judging import example_of

EVENT: dict[str, Any] = {
    **adverse_event.VALUES,
    "sequence": 1,
    "rel_worst": "probable",
}
VALUES: dict[str, Any] = {
    "ae_no": 1,
    "sae_type": "initial",
    "sae_aware": datetime(2026, 6, 21, 2, 0, tzinfo=UTC),
    "sae_report": datetime(2026, 6, 21, 20, 0, tzinfo=UTC),
    "sae_narr": "Cough and fever three weeks after the second dose. CT shows ground glass in both lower lobes.",
    "sae_adm": date(2026, 6, 21),
    "sae_dis": date(2026, 7, 2),
    "sae_rel_inv": "probable",
    "sae_ec": date(2026, 6, 25),
}
JUDGED: dict[str, Any] = {
    "event_no": 1,
    "expectedness": "unexpected",
    "reference": "IB 9",
    "causality": "possible",
    "susar": True,
    "authority_on": date(2026, 7, 1),
    "follow_up_on": None,
}
CONTEXT: dict[str, Any] = {
    "today": date(2026, 8, 1),
    "site.zone": "Asia/Shanghai",
    "record.sequence": 1,
    "participant.arm": "1",
    "AE*": [EVENT],
    "SAE*": [],
    "sponsor.assessments": [],
    "safety.clocks": [],
    "SURV.death_dt": None,
    "ELIG.birth": "1964-05",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)


def judged(**changes: Any) -> dict[str, Any]:
    return example(**{"sponsor.assessments": [JUDGED], **changes})
