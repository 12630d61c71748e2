"""An ongoing hypertension."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {"mh_text": "hypertension", "mh_start": "2019", "mh_ongo": "Y"}
CONTEXT = {"today": date(2026, 11, 20), "ELIG.birth": "1964-03-09"}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {}, CONTEXT, changes)
