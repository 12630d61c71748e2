"""Serious events beside those of a sponsor's safety database: a file out, a file in, and the differences by name. Pure
but for the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.safety.serious import SeriousEventLine, standing_of
from exports.imports.files import FileTable
from kernel.errors import Refusal
from kernel.spreadsheets import Cell, as_csv
from protocol.safety_deadlines import ClockKind

SafetyRecord = Mapping[str, str | int]  # one event under the names of the columns
KEYS: Final = ("SUBJID", "AESEQ")
# What both sides know: these are compared where the file has the column.
COMPARED: Final = (
    *("AETERM", "AESTDTC", "AEENDTC", "AETOXGR", "AEOUT", "AESDTH", "AESLIFE", "AESHOSP", "AESDISAB"),
    *("AESCONG", "AESMIE", "AEREL", "RELSPON", "EXPECTED", "SUSAR", "REPORTED"),
)
COLUMNS: Final[Mapping[str, str | Promise]] = {
    "SUBJID": _("Participant"),
    "AESEQ": _("Event"),
    "SITEID": _("Site"),
    "AETERM": _("Adverse event"),
    "AEDECOD": _("CTCAE term"),
    "AESTDTC": _("Began"),
    "AEENDTC": _("Ended"),
    "AETOXGR": _("CTCAE grade"),
    "AEOUT": _("Outcome of the event"),
    "AESDTH": _("Death"),
    "AESLIFE": _("Life-threatening"),
    "AESHOSP": _("Hospital"),
    "AESDISAB": _("Disability"),
    "AESCONG": _("Congenital anomaly"),
    "AESMIE": _("Other important event"),
    "AEREL": _("Relation, by the investigator"),
    "RELSPON": _("Relation, by the sponsor"),
    "EXPECTED": _("Expectedness"),
    "SUSAR": _("SUSAR"),
    "AWARE": _("Site knew since"),
    "REPORTED": _("First reported on"),
    "REPORTS": _("Reports"),
    "DUE": _("Report due"),
    "CLOCK": _("Clock"),
    "SUSARDUE": _("SUSAR due"),
}
CRITERIA: Final = {
    "AESDTH": "death",
    "AESLIFE": "life",
    "AESHOSP": "hospital",
    "AESDISAB": "disability",
    "AESCONG": "congenital",
    "AESMIE": "important",
}
SUSAR_CLOCKS: Final = (ClockKind.SUSAR_URGENT, ClockKind.SUSAR_OTHER)


class NoKeyColumn(Refusal):
    code = "analysis.no_key_column"
    fields = ("file",)
    message = _("The file has no column “{column}”. Each line needs SUBJID and AESEQ to name its event.")
    status = 422


class EventTwice(Refusal):
    code = "analysis.event_twice"
    fields = ("file",)
    message = _("Line {line} names event {event} of participant {participant} once more. One line an event.")
    status = 422


class EventNotNamed(Refusal):
    code = "analysis.event_not_named"
    fields = ("file",)
    message = _("Line {line} names no event: AESEQ is a whole number and SUBJID a participant.")
    status = 422


class MismatchKind(StrEnum):
    """What differs between the two sides."""

    ONLY_HERE = "only_here"
    ONLY_THERE = "only_there"
    VALUE = "value"


@dataclass(frozen=True)
class SafetyDifference:
    """One difference, named: of which event, in which column, with both values."""

    kind: MismatchKind
    number: str
    event_no: int
    column: str = ""
    here: str = ""
    there: str = ""


@dataclass(frozen=True)
class Reconciliation:
    """What the comparison found, and what it could not compare."""

    here: int
    there: int
    differences: tuple[SafetyDifference, ...]
    not_compared: tuple[str, ...]
    not_known: tuple[str, ...]


def record_of(line: SeriousEventLine, *, at: datetime) -> SafetyRecord:
    """Return one serious event as the line of the file, under the names of ``COLUMNS``."""
    event, judged = line.event, line.last
    report_clock = line.clock(ClockKind.SAE_REPORT.value)
    susar_clock = next(filter(None, (line.clock(kind.value) for kind in SUSAR_CLOCKS)), None)
    met = set(event["ser_crit"] or ()) | ({"death"} if line.fatal else set())
    susar = judged.get("susar")
    return {
        "SUBJID": line.number,
        "AESEQ": line.event_no,
        "SITEID": line.site,
        "AETERM": event["ae_term"] or "",
        "AEDECOD": event["ctcae_term"] or "",
        "AESTDTC": event["ae_st"] or "",
        "AEENDTC": event["ae_en"] or "",
        "AETOXGR": event["grade"] or "",
        "AEOUT": event["outcome"] or "",
        **{column: "Y" if code in met else "N" for column, code in CRITERIA.items()},
        "AEREL": line.investigator or "",
        "RELSPON": judged.get("causality") or "",
        "EXPECTED": judged.get("expectedness") or "",
        "SUSAR": "" if susar is None else "Y" if susar else "N",
        "AWARE": _moment(line.aware, line.zone),
        "REPORTED": _moment(line.reported, line.zone)[:10],
        "REPORTS": len(line.reports),
        "DUE": _moment(report_clock["due_at"] if report_clock else None, line.zone),
        "CLOCK": standing_of(report_clock, at=at),
        "SUSARDUE": _moment(susar_clock["due_at"] if susar_clock else None, settings.TRIAL_TIME_ZONE),
    }


def _moment(moment: datetime | None, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") if moment else ""


def file_of(records: Iterable[Mapping[str, Cell]]) -> bytes:
    """Return the records as CSV under the names of ``COLUMNS``, as a safety database takes them in."""
    return as_csv([tuple(COLUMNS), *(tuple(record.values()) for record in records)])


def differences_file(result: Reconciliation) -> bytes:
    """Return the differences as CSV, one line each."""
    rows = [
        (each.kind.value, each.number, each.event_no, each.column, each.here, each.there)
        for each in result.differences
    ]
    return as_csv([("DIFFERENCE", *KEYS, "COLUMN", "HERE", "THERE"), *rows])


def reconciled(records: Iterable[Mapping[str, Any]], table: FileTable) -> Reconciliation:
    """Compare the records of this system with the lines of the file.

    Refuses: a file without the columns of the key; a line that names no event; an event named twice.
    """
    theirs, headings = _by_key(table), table.columns
    ours = {(str(each["SUBJID"]), int(each["AESEQ"])): each for each in records}
    shared = [column for column in COMPARED if column in headings]
    differences = [
        SafetyDifference(MismatchKind.ONLY_HERE, number, event)
        for number, event in ours.keys() - theirs.keys()
    ]
    differences += [
        SafetyDifference(MismatchKind.ONLY_THERE, number, event)
        for number, event in theirs.keys() - ours.keys()
    ]
    for key in ours.keys() & theirs.keys():
        for column in shared:
            here, there = str(ours[key][column]), theirs[key].get(column, "")
            if _plain(here) != _plain(there):
                differences.append(SafetyDifference(MismatchKind.VALUE, *key, column, here, there))
    differences.sort(key=lambda each: (each.number, each.event_no, each.column))
    return Reconciliation(
        here=len(ours),
        there=len(theirs),
        differences=tuple(differences),
        not_compared=tuple(column for column in COMPARED if column not in headings),
        not_known=tuple(column for column in headings if column not in COLUMNS),
    )


def _plain(value: str) -> str:
    """Return a value as it is compared: without case and runs of blanks, and without the sign of a guarded cell."""
    return " ".join(value.removeprefix("'").split()).casefold()


def _by_key(table: FileTable) -> dict[tuple[str, int], dict[str, str]]:
    for column in KEYS:
        if column not in table.columns:
            raise NoKeyColumn(column=column)
    theirs: dict[tuple[str, int], dict[str, str]] = {}
    for line in table.lines:
        number, event = (line.cells.get(column, "").removeprefix("'") for column in KEYS)
        if not number or not event.isascii() or not event.isdigit():
            raise EventNotNamed(line=line.number)
        key = (number, int(event))
        if key in theirs:
            raise EventTwice(line=line.number, participant=number, event=event)
        theirs[key] = line.cells
    return theirs
