"""A panel of day 22: counts, liver and kidneys, thyroid, as the laboratory of the site reports them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from protocol.laboratory import ReferenceLimits
from tests.unit.crf.judging import example_of

VALUES = {"lb_done": "Y", "lb_dt": date(2026, 5, 29), "lb_tm": "08:10"}
SINCE = date(2026, 1, 1)
TESTS = (
    ("HGB", "12.4", "g/dL"),
    ("WBC", "4.8", "10^9/L"),
    ("NEUT", "3.1", "10^9/L"),
    ("LYM", "1.2", "10^9/L"),
    ("PLAT", "180", "10^9/L"),
    ("ALT", "28", "U/L"),
    ("AST", "24", "U/L"),
    ("BILI", "9.6", "umol/L"),
    ("ALP", "80", "U/L"),
    ("GGT", "22", "U/L"),
    ("ALB", "41", "g/L"),
    ("CREAT", "70", "umol/L"),
    ("UREA", "5.1", "mmol/L"),
    ("SODIUM", "140", "mmol/L"),
    ("K", "4.1", "mmol/L"),
    ("CL", "103", "mmol/L"),
    ("CA", "2.3", "mmol/L"),
    ("MG", "0.85", "mmol/L"),
    ("GLUC", "5.2", "mmol/L"),
    ("LDH", "190", "U/L"),
)


def row(test: str, result: str | None, unit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"lb_test": test, "lb_res": result, "lb_unit": unit, "missing": {}} | more


def limits(test: str, low: str, high: str, unit: str = "", **more: Any) -> ReferenceLimits:
    from protocol.laboratory import TESTS as KNOWN

    bounds = (Decimal(low) if low else None, Decimal(high) if high else None)
    return ReferenceLimits(test, unit or KNOWN[test].unit, *bounds, **{"since": SINCE} | more)


RANGES = [
    limits("HGB", "130", "175", sex="M"),
    limits("HGB", "11.5", "15", "g/dL", sex="F"),
    limits("LYM", "1.1", "3.2"),
    limits("NEUT", "1.8", "6.3"),
    limits("ALT", "9", "50"),
    limits("BILI", "3.4", "10.1"),
    limits("CREAT", "57", "97"),
    limits("K", "3.5", "5.3"),
]
CONTEXT = {
    "today": date(2026, 11, 20),
    "site.reference_ranges": RANGES,
    "ELIG.sex": "M",
    "ELIG.birth": "1962-03",
    "milestone.NEO_D1": date(2026, 5, 8),
    "visit.code": "N2",
    "participant.arm": "1",
    "participant.protocol_version": "1.0",
    "LB*": [],
    "LB*.tests": [],
    "AE*": [],
    "setting.blood_count_event_grade": 3,
    "setting.blood_count_event_days": 7,
}
ROWS = {"tests": [row(*each) for each in TESTS]}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, ROWS, CONTEXT, changes)


def of(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a panel with these rows only, at a visit that asks for no test."""
    return example(**{"tests": list(rows), "visit.code": "X", **changes})
