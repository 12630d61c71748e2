"""What of the chosen forms and sites an export holds: participants, visits, days, states, tables, and the arm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crf.engine.base import COMPLETED, RecordState
from exports.listed.catalogue import BY_NAME, USUAL
from exports.models import ArmShown
from exports.tables import Column, File
from kernel.errors import Refusal
from kernel.punctuation import listed
from protocol.text import load, versions
from trials.models import Participant

SELECTABLE: Final = tuple(state.value for state in (RecordState.IN_PROGRESS, *COMPLETED))
OUTSIDE_THE_PLAN: Final = "UNS"  # an unscheduled visit is in no version of the protocol


class ParticipantNotSelectable(Refusal):
    code = "exports.unknown_participant"
    fields = ("participants",)
    message = _("There is no participant {number} at the chosen sites.")
    status = 422


class UnknownVisit(Refusal):
    code = "exports.unknown_visit"
    fields = ("visits",)
    message = _("No version of the protocol plans a visit {code}.")
    status = 422


class UnknownState(Refusal):
    code = "exports.unknown_state"
    fields = ("states",)
    message = _("No record has the state “{state}”. Choose of {known}.")
    status = 422


class UnknownTable(Refusal):
    code = "exports.unknown_table"
    fields = ("tables",)
    message = _("There is no table {name} beside the forms. Choose of {known}.")
    status = 422


class UnknownArmShown(Refusal):
    code = "exports.unknown_arm_shown"
    fields = ("arm",)
    message = _("The arm is shown, masked or absent, not “{arm}”.")
    status = 422


class DaysInDisorder(Refusal):
    code = "exports.days_in_disorder"
    fields = ("until",)
    message = _("{since} comes after {until}. Choose a last day that is not before the first.")
    status = 422


class UnknownColumn(Refusal):
    code = "exports.unknown_column"
    fields = ("columns",)
    message = _("The table {file} has no column {name}.")
    status = 422


class UnreadableFilter(Refusal):
    code = "exports.unreadable_filter"
    message = _("“{value}” cannot be compared with {name}: it is no {type}.")
    status = 422


@dataclass(frozen=True)
class ColumnFilter:
    """One condition on the rows of a table: a column, how it is tried, and with which value."""

    column: str
    test: str
    value: str = ""


@dataclass(frozen=True)
class TableView:
    """One table as somebody looks at it: its columns (all where none is named), its rows, and their order.

    A column in ``order`` with a minus before it goes from the highest to the lowest.
    """

    file: str
    columns: tuple[str, ...] = ()
    filters: tuple[ColumnFilter, ...] = ()
    order: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return the view that was kept as JSON."""
        return cls(
            said["file"],
            tuple(said.get("columns", ())),
            tuple(ColumnFilter(*each) for each in said.get("filters", ())),
            tuple(said.get("order", ())),
        )

    def as_json(self) -> dict[str, Any]:
        filters = [[each.column, each.test, each.value] for each in self.filters]
        said = {"columns": list(self.columns), "filters": filters, "order": list(self.order)}
        return {"file": self.file} | {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Selection:
    """What of the chosen forms and sites leaves; what is empty narrows nothing.

    ``tables`` are those beside the forms, None where the usual ones leave. ``since`` and ``until`` are days of the
    trial's calendar on which a row was changed last. ``identifying`` takes answers that could say who somebody is.
    """

    participants: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    tables: tuple[str, ...] | None = None
    arm: str = ""
    identifying: bool = False
    view: TableView | None = field(default=None)

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> Self:
        """Return the selection that was kept with an export; one from before there were any shows the arm."""
        if said is None:
            return cls(arm=ArmShown.SHOWN.value)
        tables = said.get("tables")
        return cls(
            participants=tuple(said.get("participants", ())),
            visits=tuple(said.get("visits", ())),
            states=tuple(said.get("states", ())),
            since=_day(said.get("since")),
            until=_day(said.get("until")),
            tables=None if tables is None else tuple(tables),
            arm=said.get("arm", ""),
            identifying=said.get("identifying", False),
            view=TableView.of(said["view"]) if said.get("view") else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as the register keeps it: what narrows nothing is left out."""
        said = {
            "participants": list(self.participants),
            "visits": list(self.visits),
            "states": list(self.states),
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "arm": self.arm,
            "identifying": self.identifying,
            "view": self.view and self.view.as_json(),
        }
        tables = {} if self.tables is None else {"tables": list(self.tables)}
        return {name: value for name, value in said.items() if value} | tables

    @property
    def named_tables(self) -> tuple[str, ...]:
        return USUAL if self.tables is None else self.tables

    @property
    def narrows(self) -> list[str]:
        """The names of what narrows rows or columns in a way that documents of whole records cannot follow."""
        said = {
            "visits": self.visits,
            "states": self.states,
            "since": self.since,
            "until": self.until,
            "tables": self.tables,
            "identifying": self.identifying,
            "view": self.view,
        }
        return [name for name, value in said.items() if value]

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the places in the SQL that narrows."""
        zone = ZoneInfo(settings.TRIAL_TIME_ZONE)
        first = self.since and datetime(self.since.year, self.since.month, self.since.day, tzinfo=zone)
        after = self.until and self.until + timedelta(days=1)
        end = after and datetime(after.year, after.month, after.day, tzinfo=zone)
        return {
            "participants": list(self.participants),
            "visits": list(self.visits),
            "states": list(self.states),
            "since": first,
            "until": end,
        } | {f"filter_{place}": each.value for place, each in enumerate(self.filters)}

    @property
    def filters(self) -> tuple[ColumnFilter, ...]:
        return self.view.filters if self.view else ()

    def ordered(self) -> Self:
        """Return the same selection, each of its lists in one order and without doubles."""
        tables = self.tables
        return replace(
            self,
            participants=tuple(sorted(set(self.participants))),
            visits=tuple(sorted(set(self.visits))),
            states=tuple(state for state in SELECTABLE if state in self.states),
            tables=None if tables is None else tuple(name for name in BY_NAME if name in tables),
        )


@dataclass(frozen=True)
class KeptSelection(Selection):
    """A selection that was kept, of somebody whose rights are asked elsewhere."""


EVERYTHING_USUAL: Final = Selection()


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def planned_visits() -> list[str]:
    """Return the codes of the visits of every version of the protocol, and that of unscheduled ones."""
    planned = dict.fromkeys(visit.code for version in versions() for visit in load(version).visits)
    return [*planned, OUTSIDE_THE_PLAN]


def refuse_odd_selection(chosen: Selection, sites: Iterable[str]) -> None:
    """Refuse a selection of something that does not exist, by its name, and days in disorder."""
    if chosen.participants:
        known = Participant.objects.filter(number__in=chosen.participants, site__code__in=list(sites))
        _refuse_unknown(
            chosen.participants, known.values_list("number", flat=True), ParticipantNotSelectable, "number"
        )
    _refuse_unknown(chosen.visits, planned_visits(), UnknownVisit, "code")
    _refuse_unknown(chosen.states, SELECTABLE, UnknownState, "state")
    _refuse_unknown(chosen.tables or (), BY_NAME, UnknownTable, "name")
    if chosen.arm and chosen.arm not in ArmShown.values:
        raise UnknownArmShown(arm=chosen.arm)
    if chosen.since and chosen.until and chosen.since > chosen.until:
        raise DaysInDisorder(since=chosen.since.isoformat(), until=chosen.until.isoformat())


def _refuse_unknown(named: Iterable[str], known: Iterable[str], refusal: type[Refusal], name: str) -> None:
    every = list(known)
    for each in named:
        if each not in every:
            raise refusal(**{name: each, "known": listed(every)})


def refuse_odd_view(view: TableView, file: File) -> None:
    """Refuse a view with a column that the table has not, or a value that cannot be compared with it."""
    columns = {column.header: column for column in file.columns}
    for name in (
        *view.columns,
        *(each.lstrip("-") for each in view.order),
        *(f.column for f in view.filters),
    ):
        if name not in columns:
            raise UnknownColumn(file=file.name, name=name)
    for each in view.filters:
        if each.test not in TESTS or not _fits(columns[each.column], each):
            raise UnreadableFilter(value=each.value, name=each.column, type=columns[each.column].type)


TESTS: Final = {
    "is": _("is"),
    "not": _("is not"),
    "contains": _("contains"),
    "least": _("is at least"),
    "most": _("is at most"),
    "answered": _("is answered"),
    "empty": _("is not answered"),
}
WITHOUT_VALUE: Final = ("answered", "empty")
COMPARED_AS_TEXT: Final = ("contains",)
_NUMBER: Final = re.compile(
    "[+-]?[0-9]{1,15}(?:[.][0-9]{1,15})?"
)  # what the database reads as the same number


def _fits(column: Column, each: ColumnFilter) -> bool:
    if each.test in WITHOUT_VALUE:
        return True
    if each.test in COMPARED_AS_TEXT:
        return "\0" not in each.value
    if column.type in ("integer", "decimal"):
        return bool(_NUMBER.fullmatch(each.value))
    if column.type == "date":
        return _is_day(each.value)
    return "\0" not in each.value


def _is_day(text: str) -> bool:
    try:
        return len(text) == len("2026-01-31") and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
