"""One end of each thing: of dispositions in one subcategory and epoch the first counts (guide 6.2.3, assumption 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exports.sdtm.records import SdtmRecord

DISPOSITION: Final = "DISPOSITION EVENT"
OTHER: Final = "OTHER EVENT"
AGAIN: Final = "{scat}, STATED AGAIN"


def keep_first_ends(code: str, records: Iterable[SdtmRecord]) -> None:
    """The first end is the disposition; one that was stated again is kept as another event, with its own words."""
    if code != "DS":
        return
    seen: set[tuple[str, str, str]] = set()
    ends = [each for each in records if each.values.get("DSCAT") == DISPOSITION]
    for end in sorted(ends, key=lambda each: each.values.get("DSSTDTC", "") or "9"):
        scat = end.values.get("DSSCAT", "")
        key = end.subject, scat, end.values.get("EPOCH", "")
        if key in seen:
            end.values |= {"DSCAT": OTHER, "DSSCAT": AGAIN.format(scat=scat or DISPOSITION)}
        seen.add(key)
