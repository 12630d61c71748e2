"""ADLB: the results of LB with baseline and change."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from analysis.adam.declarations import adam_variables
from analysis.adam.source import AdamSource, Subject, as_day, kept, whole_day
from exports.sdtm.package import Row
from exports.sdtm.records import plain_number

OF_BLOOD: Final = ("BLOOD", "SERUM", "PLASMA", "SERUM OR PLASMA OR BLOOD", "")


def laboratory_rows(source: AdamSource, subject: Subject) -> Iterator[Row]:
    """Yield the results of one subject; what was not done has no record."""
    results = [row for row in source.rows("LB", subject) if row.get("LBSTRESC")]
    baselines = {_parameter(row): row for row in results if row.get("LBLOBXFL") == "Y"}
    taken = [each for each in adam_variables("ADLB") if each.predecessor.startswith("LB.")]
    for row in results:
        values = {each.variable.name: row.get(each.predecessor.removeprefix("LB."), "") for each in taken}
        values |= {"PARAM": _parameter(row), "ADT": as_day(whole_day(row.get("LBDTC", "")))}
        yield dict(kept(values | _change(row, baselines.get(_parameter(row)))))


def _parameter(row: Row) -> str:
    specimen = row.get("LBSPEC", "")
    where = f", {specimen.capitalize()}" if specimen not in OF_BLOOD else ""
    unit = f" ({row['LBSTRESU']})" if row.get("LBSTRESU") else ""
    return f"{row['LBTEST']}{where}{unit}"


def _change(row: Row, baseline: Row | None) -> Row:
    if baseline is None or not baseline.get("LBSTRESN"):
        return {}
    values = {"BASE": baseline["LBSTRESN"]}
    is_later = row.get("LBDTC", "")[:10] > baseline.get("LBDTC", "")[:10]
    if row.get("LBSTRESN") and is_later:
        values["CHG"] = plain_number(f"{Decimal(row['LBSTRESN']) - Decimal(baseline['LBSTRESN']):f}")
    return values
