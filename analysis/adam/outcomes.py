"""ADRS: response, pathology, operation and survival at 36 months, one record for each outcome that is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from analysis.adam.declarations import PlacedOutcome, outcomes
from analysis.adam.source import AdamSource, Subject, as_day, kept
from analysis.columns import cells_of
from analysis.definitions import DEFINITIONS
from analysis.reading import DerivedParticipant
from exports.sdtm.package import Row
from exports.sdtm.records import is_number

YES_NO: Final = {"Y": "1", "N": "0"}


def endpoint_of(column: str) -> str:
    """Return the code of the endpoint that a column of the file of endpoints belongs to."""
    return next(each.code for each in DEFINITIONS if column in each.columns)


def outcome_rows(source: AdamSource, subject: Subject) -> Iterator[Row]:
    """Yield the outcomes of one subject."""
    if subject.derived is None:
        return
    cells = cells_of(subject.derived.values)
    for each in outcomes():
        value = cells[each.column]
        if each.dataset != "ADRS" or not value:
            continue
        said = "Y" if each.dated == "LATECCR" else value
        told = {
            "PARAM": each.label,
            "PARAMCD": each.name,
            "PARCAT1": endpoint_of(each.column),
            "ADT": as_day(_day(subject.derived, each, said)),
            "AVAL": YES_NO.get(said, said if is_number(said) else ""),
            "AVALC": said,
        }
        yield dict(kept(told))


def _day(derived: DerivedParticipant, outcome: PlacedOutcome, said: str) -> date | None:
    facts = derived.facts
    first = next(iter(facts.incisions), None)
    operation = facts.resection if outcome.dated == "RESECTION" else facts.resection or first
    days = {
        "CCR": facts.ccr,
        "LATECCR": facts.late_ccr,
        "RESECTION": operation.on if operation else None,
        "INCISION": operation.on if operation else None,
    }
    return days.get(outcome.dated)
