"""The ADaM data sets of one cut: made from the endpoints as they are derived everywhere, and from SDTM records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from analysis.adam.declarations import adam_datasets, adam_variables
from analysis.adam.events import event_rows
from analysis.adam.laboratory import laboratory_rows
from analysis.adam.outcomes import outcome_rows
from analysis.adam.quality import quality_rows
from analysis.adam.source import AdamSource, Subject
from analysis.adam.subjects import subject_row
from analysis.adam.times import time_rows
from analysis.reading import DerivedParticipant
from exports.sdtm.package import Dataset, Row, SdtmPackage

Rows = Callable[[AdamSource, Subject], Iterator[Row]]
MADE_BY: Final[Mapping[str, Rows]] = {
    "ADAE": event_rows,
    "ADLB": laboratory_rows,
    "ADQS": quality_rows,
    "ADTTE": time_rows,
    "ADRS": outcome_rows,
}


@dataclass(frozen=True)
class AdamPackage:
    """The data sets with the SDTM package and the derived participants that they are made from."""

    sdtm: SdtmPackage
    derived: tuple[DerivedParticipant, ...]
    cutoff: date

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """Return every subject of the study, and what was derived of those who were randomized."""
        known = {each.facts.number: each for each in self.derived}
        registered = {row["SUBJID"]: row for row in self.sdtm.datasets["DM"].rows}
        numbers = sorted(known.keys() | registered.keys())
        return tuple(Subject(number, registered.get(number, {}), known.get(number)) for number in numbers)

    @cached_property
    def datasets(self) -> Mapping[str, Dataset]:
        """Map the name of each data set to it; only ADSL stands where it has no record as well."""
        source = AdamSource(self.sdtm.datasets, self.cutoff)
        level = {each.number: subject_row(source, each) for each in self.subjects}
        made = {"ADSL": _dataset("ADSL", list(level.values()))}
        for code, rows in MADE_BY.items():
            every = [
                _with_subject(code, row, level[each.number])
                for each in self.subjects
                for row in rows(source, each)
            ]
            if every:
                made[code] = _dataset(code, every)
        return made


def _with_subject(code: str, row: Row, subject: Row) -> Row:
    """Return the row with what it takes from ADSL."""
    taken = {
        each.variable.name: subject.get(each.variable.name, "")
        for each in adam_variables(code)
        if each.predecessor.startswith("ADSL.")
    }
    return {name: value for name, value in (taken | row).items() if value}


def _dataset(code: str, rows: list[Row]) -> Dataset:
    declared = adam_datasets()[code]
    variables = tuple(each.variable for each in adam_variables(code))
    return Dataset(code, code, declared.label, variables, rows, declared.keys)
