"""What the records of ADaM are made from: the subject, and the SDTM records of the same cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from analysis.reading import DerivedParticipant
from exports.sdtm.package import STUDY, Dataset, Row


@dataclass(frozen=True)
class Subject:
    """One subject: the record of DM, and what was derived where the subject was randomized by the cut."""

    number: str
    demographics: Row
    derived: DerivedParticipant | None

    @property
    def usubjid(self) -> str:
        """Return the identifier of the subject in SDTM."""
        return f"{STUDY}-{self.number}"


@dataclass(frozen=True)
class AdamSource:
    """The SDTM data sets, read by subject, and the day of the cut."""

    sdtm: Mapping[str, Dataset]
    cutoff: date

    @cached_property
    def _by_subject(self) -> Mapping[tuple[str, str], list[Row]]:
        grouped: dict[tuple[str, str], list[Row]] = {}
        for name, dataset in self.sdtm.items():
            for row in dataset.rows:
                grouped.setdefault((name, row.get("USUBJID", "")), []).append(row)
        return grouped

    def rows(self, name: str, subject: Subject) -> list[Row]:
        """Return the records of a subject in a data set of SDTM."""
        return self._by_subject.get((name, subject.usubjid), [])

    def qualifier(self, name: str, subject: Subject, qnam: str) -> str:
        """Return a supplemental qualifier of a subject's only record."""
        return next((row["QVAL"] for row in self.rows(name, subject) if row["QNAM"] == qnam), "")


def days_between(since: date | None, day: date | None) -> str:
    """Return the days from one day to another as a text; nothing where one is not known."""
    return str((day - since).days) if since and day else ""


def relative_day(day: date | None, reference: date | None) -> str:
    """Return the day of analysis: 1 on the reference day, -1 on the day before it."""
    if day is None or reference is None:
        return ""
    apart = (day - reference).days
    return str(apart + 1 if apart >= 0 else apart)


def as_day(day: date | None) -> str:
    """Return a day as the rows hold it."""
    return day.isoformat() if day else ""


def whole_day(text: str) -> date | None:
    """Return the day of an SDTM date, where it is known to the day."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def kept(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the values that are known."""
    yield from ((name, value) for name, value in values.items() if value)
