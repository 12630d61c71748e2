"""Second-line PD-1 inhibitor with chemotherapy after a distant recurrence of Arm 2."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

RECURRED_ON = date(2027, 6, 14)
VALUES = {
    "st_kind": "io",
    "st_class": ["pd1", "chemo"],
    "st_regimen": "camrelizumab, irinotecan",
    "st_line": 1,
    "st_intent": "palliative",
    "st_place": "other",
    "st_start": "2027-07",
    "st_end": "2027-12-03",
    "st_resp": "PR",
}
CONTEXT = {
    "today": date(2028, 1, 10),
    "site.zone": "Asia/Shanghai",
    "CRE*": [],
    "SURG*": [],
    "FU*": [],
    "SURV*": [],
    "milestone.REGROWTH": None,
    "milestone.DM": RECURRED_ON,
}
RADIOTHERAPY = {
    "st_kind": "rt",
    "st_gy": 50,
    "st_part": "left neck",
    "st_class": None,
    "st_regimen": None,
    "st_line": None,
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
