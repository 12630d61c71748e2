"""The last observation before the first exposure (--LOBXFL)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exports.sdtm.records import SdtmRecord

SAME = ("TESTCD", "TSTDTL", "CAT", "SCAT", "OBJ", "LOC", "METHOD", "EVAL", "LNKID", "GRPID", "SPID")


def flag_baseline(
    code: str, records: Iterable[SdtmRecord], milestones: Mapping[str, Mapping[str, str]]
) -> None:
    """The last result of each test up to the day of the first treatment has the flag; without a treatment none has."""
    last: dict[tuple[str, ...], SdtmRecord] = {}
    for record in records:
        day, first = (
            record.values.get(f"{code}DTC", "")[:10],
            milestones.get(record.subject, {}).get("NEO_D1", ""),
        )
        if not record.values.get(f"{code}ORRES") or not first or len(day) < len(first) or day > first:
            continue
        key = record.subject, *(record.values.get(f"{code}{name}", "") for name in SAME)
        if key not in last or last[key].values[f"{code}DTC"] <= record.values[f"{code}DTC"]:
            last[key] = record
    for record in last.values():
        record.values[f"{code}LOBXFL"] = "Y"
