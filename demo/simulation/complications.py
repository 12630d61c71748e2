"""What went wrong after an operation, told on day 30 and again on day 90."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from demo.simulation.answers import Case, Sent

Row = dict[str, Any]

CHANCES = (
    ("PU01", 0.16, "II", ["antibiotics"], (3, 8)),
    ("CA03", 0.10, "II", ["drugs"], (2, 4)),
    ("NE01", 0.09, "I", ["none"], (1, 2)),
    ("PU02", 0.08, "IIIa", ["radiology"], (4, 12)),
    ("IN01", 0.06, "I", ["bedside"], (5, 10)),
    ("GI11", 0.05, "II", ["nutrition"], (5, 9)),
    ("OT01", 0.03, "II", ["nutrition"], (3, 6)),
)
OF_PALSY = {"palsy_type": "I", "palsy_side": "A"}
OF_CHYLE = {"chyle_type": "II", "chyle_vol": "A"}
LEAK_ON, LEAK_LASTS = 6, 21


def complications(case: Case, on: date, visit_code: str) -> Sent:
    """COMP: the complications so far, and who was alive when the visit asked."""
    if not case.complications:
        case.complications = {"answers": {"op_no": 1, "feed_dc": "jejunostomy"}, "groups": _rows(case)}
    told = case.complications["answers"]
    told["comp_any"] = "Y" if case.complications["groups"]["comps"] else "N"
    day = {"PO30": "po30", "PO90": "po90"}[visit_code]
    told |= {f"{day}_dt": on, f"{day}_status": "alive"}
    return case.complications


def _rows(case: Case) -> dict[str, list[Row]]:
    """The story of an operation has dice of its own: other forms stay as they are."""
    dice = random.Random(f"complications of {case.number}")  # noqa: S311
    operated: date = case.surgery["surg_dt"]
    rows = [
        _row(code, operated + timedelta(days=dice.randint(*days)), grade, treatment, dice)
        for code, chance, grade, treatment, days in CHANCES
        if dice.random() < chance
    ]
    return {"comps": [*rows, *([_leak(operated)] if case.has_second_look else [])]}


def _row(code: str, onset: date, grade: str, treatment: list[str], dice: random.Random) -> Row:
    of_its_type = {"NE01": OF_PALSY, "OT01": OF_CHYLE}.get(code, {})
    return {
        "eccg_code": code,
        "comp_dt": onset,
        "cd_grade": grade,
        "comp_tx": treatment,
        "comp_reop": "N",
        "comp_radio": "Y" if "radiology" in treatment else "N",
        "comp_reint": "N",
        "comp_icu": "N",
        "comp_prol": dice.choice("YN") if grade.startswith("III") else "N",
        "comp_en": onset + timedelta(days=dice.randint(4, 12)),
        **of_its_type,
    }


def _leak(operated: date) -> Row:
    onset = operated + timedelta(days=LEAK_ON)
    return {
        "eccg_code": "GI01",
        "leak_type": "III",
        "comp_dt": onset,
        "cd_grade": "IIIb",
        "comp_tx": ["antibiotics", "operation"],
        "comp_reop": "Y",
        "comp_reop_dt": onset,
        "comp_radio": "N",
        "comp_reint": "N",
        "comp_icu": "Y",
        "comp_prol": "Y",
        "comp_en": onset + timedelta(days=LEAK_LASTS),
    }
