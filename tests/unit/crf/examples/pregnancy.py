"""Pregnancy of a partner, who agreed that her data are collected; a healthy child."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.unit.crf.judging import example_of

AWARE = datetime(2026, 6, 21, 2, 0, tzinfo=UTC)
VALUES = {
    "preg_who": "partner",
    "preg_consent": "Y",
    "preg_aware": AWARE,
    "preg_report": datetime(2026, 6, 21, 9, 30, tzinfo=UTC),
    "preg_lmp": "2026-05-02",
    "preg_due": "2027-02-06",
    "preg_out": "live_birth",
    "preg_out_dt": date(2027, 2, 1),
    "preg_child": "healthy",
}
ONGOING = {"preg_out": "ongoing", "preg_out_dt": None, "preg_child": None}
CONTEXT = {
    "today": date(2027, 3, 10),
    "site.zone": "Asia/Shanghai",
    "ELIG.sex": "M",
    "AE*": [],
    "setting.pregnancy_report_hours": 24,
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
