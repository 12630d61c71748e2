"""Amlodipine for a hypertension of the history, and a steroid for an immune-related event."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "cm_trt": "amlodipine",
    "cm_start": "2019-05",
    "cm_ongo": "Y",
    "cm_indc": "mh",
    "cm_mh": 1,
    "cm_steroid": "N",
    "cm_immuno": "N",
}
STEROID = {
    "cm_trt": "prednisone",
    "cm_indc": "irae",
    "cm_mh": None,
    "cm_ae": 2,
    "cm_steroid": "Y",
    "cm_pred": 20,
}
CONTEXT = {
    "today": date(2026, 11, 20),
    "site.zone": "Asia/Shanghai",
    "ELIG.birth": "1964-03-09",
    "MH*": [{"sequence": 1}],
    "AE*": [{"sequence": 1, "irae": "N"}, {"sequence": 2, "irae": "Y"}],
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
