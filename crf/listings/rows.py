"""The rows of a listing as its reader sees them, and as they leave in a file."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf.engine.base import RecordState
from crf.engine.messages import missing_text
from crf.engine.questions import DATED, QuestionKind
from crf.links import form_url
from crf.listings.definition import ListingColumn, ListingDefinition
from crf.listings.select import (
    Reader,
    Select,
    expression,
    row_key,
    row_version,
    select_of,
    told_key,
    told_version,
)
from crf.models import SavedListing
from crf.queries.sparing import names_looking_at_the_arm, spared_if_naming, telling_the_arm
from kernel.clock import with_offset
from kernel.errors import Forbidden, Refusal
from kernel.row_keys import key_of
from kernel.spreadsheets import Cell
from protocol.deviations import names_an_arm

PER_PAGE: Final = 50
MOST_PAGED: Final = 10_000
MOST_IN_FILE: Final = 50_000
KEY_COLUMNS: Final = (
    *("s.code", "p.number", "v.code", "v.occurrence", "r0.sequence", "r0.state"),
    *("s.time_zone", "r0.id", "r0.visit_id", "w.version"),
)
NUMBERS: Final = (QuestionKind.INTEGER, QuestionKind.DECIMAL)


class FormNotYours(Forbidden):
    code = "crf.form_not_yours"
    message = _("This listing reads the form {form}, which your role does not read.")


class ColumnTellsArm(Forbidden):
    code = "crf.column_tells_arm"
    message = _("The column “{column}” would tell the arm. Who may see the arm in lists reads it.")


class ColumnCountsByArm(Forbidden):
    code = "crf.column_counts_by_arm"
    message = _(
        "Rows are not filtered or sorted by “{column}”, which tells the arm: they would be counted by it. Show it as a "
        "column."
    )


class FileTooLong(Refusal):
    code = "crf.file_too_long"
    message = _("The listing has more than {most} rows. Narrow it with filters, or take an export.")


@dataclass(frozen=True)
class ListingCell:
    """One answer in words; ``is_missing`` where the words say why there is none. A day stays on one line."""

    text: str
    is_missing: bool = False
    is_day: bool = False


@dataclass(frozen=True)
class ListingRow:
    """One row: where it stands, its cells, and whether the reader has reviewed it as it is."""

    site: str
    participant: str
    visit: str
    sequence: int
    state: str
    cells: tuple[ListingCell, ...]
    href: str
    ask: str
    key: str
    version: str
    review: str


@dataclass(frozen=True)
class ListingPage:
    """One page of rows; ``count`` is one more than ``MOST_PAGED`` where there are more."""

    rows: tuple[ListingRow, ...]
    number: int
    pages: int
    count: int


def reader_of(user: User, listing: SavedListing, definition: ListingDefinition) -> Reader:
    """Return whose eyes read the listing: sites at which the person reads every one of its forms.

    Refuses: a form that the person reads nowhere; a column, filter or order that tells the arm to who is spared it.
    """
    sites: set[int] | None = None
    for source in definition.read:
        if not user.may(source.form.seen_by):
            raise FormNotYours(form=source.form.code)
        here = user.sites_with(source.form.seen_by)
        sites = sites if here is None else set(here) if sites is None else sites & here
    _refuse_arm(definition, sites, user)
    return Reader(user.pk, sites, listing.pk, settings.TRIAL_TIME_ZONE)


def _refuse_arm(definition: ListingDefinition, sites: set[int] | None, user: User) -> None:
    """Refuse what is asked by the arm to who sees no allocation, and what says the arm to who is not told it in lists.

    Whoever is told it of every site filters and sorts by nothing that says it: the rows would be counted by the arm.
    """
    seen, listed = (
        user.sites_with(each) for each in (Permission.ALLOCATION_VIEW, Permission.ALLOCATION_LIST)
    )
    for name in definition.used():
        column = definition.column(name)
        form, question = column.source.form, column.question
        told_by = names_looking_at_the_arm(form.code) | telling_the_arm(form)
        if question.name not in told_by and (column.group is None or column.group.name not in told_by):
            continue
        says = question.derived or question.name in telling_the_arm(form)
        if not _covers(seen, sites) or (says and not _covers(listed, sites)):
            raise ColumnTellsArm(column=name)
        if says and listed is None and name in definition.narrowing():
            raise ColumnCountsByArm(column=name)
    for each in definition.filters:
        if names_an_arm(each.value) and (listed is None or not _covers(listed, sites)):
            raise ColumnCountsByArm(column=each.column)


def _covers(sites: Collection[int] | None, read: Collection[int] | None) -> bool:
    """Say whether a right that is held at ``sites`` reaches all that is read."""
    return sites is None or (read is not None and set(read) <= set(sites))


def page_of(listing: SavedListing, user: User, *, number: int, show: str) -> ListingPage:
    """Return one page of the listing's rows, in three questions however many there are."""
    definition = ListingDefinition.from_json(listing.definition)
    reader = reader_of(user, listing, definition)
    select = select_of(definition, reader, show=show)
    count = select.count_up_to(MOST_PAGED)
    pages = max(1, -(-min(count, MOST_PAGED) // PER_PAGE))
    number = min(max(1, number), pages)
    rows = _found(definition, select, first=(number - 1) * PER_PAGE, most=PER_PAGE)
    told = _is_told(user, reader)
    lines = tuple(_line(definition, row, told=told) for row in rows)
    return ListingPage(lines, number, pages, count)


def _found(definition: ListingDefinition, select: Select, *, first: int, most: int) -> list[dict[str, Any]]:
    shown = definition.shown
    missing = {column.alias: f"{column.alias}.missing" for column in shown.values()}
    begun = tuple(source.begun_under for source in definition.read)
    names = (*KEY_COLUMNS, *begun, "row_key", "row_version", *missing, *shown)
    texts = (
        *KEY_COLUMNS,
        *begun,
        row_key(definition),
        row_version(definition),
        *missing.values(),
        *(expression(column) for column in shown.values()),
    )
    if definition.read[0].group:
        names, texts = (*names, "position"), (*texts, "g0.position")
    return [
        dict(zip(names, row, strict=True)) for row in select.rows(", ".join(texts), first=first, most=most)
    ]


def _is_told(user: User, reader: Reader) -> bool:
    """Say whether the reader is told the arm of everybody in the listing (ADR 55)."""
    return _covers(user.sites_with(Permission.ALLOCATION_LIST), reader.sites)


def _line(definition: ListingDefinition, row: Mapping[str, Any], *, told: bool) -> ListingRow:
    form, group = definition.read[0].form, definition.read[0].group
    ask = f"record:{key_of('record', row['r0.id'])}" + (f":{group.name}.{row['position']}" if group else "")
    seen, version = row["w.version"], row["row_version"]
    return ListingRow(
        site=row["s.code"],
        participant=row["p.number"],
        visit=_visit(row),
        sequence=row["r0.sequence"],
        state=row["r0.state"],
        cells=tuple(_cell(column, row[name], row, told=told) for name, column in definition.shown.items()),
        href=form_url(row["p.number"], form.code, visit_id=row["r0.visit_id"], sequence=row["r0.sequence"]),
        ask=ask,
        key=told_key(definition, row["row_key"]),
        version=told_version(definition, version),
        review="reviewed" if seen == version else "changed" if seen else "new",
    )


def _visit(row: Mapping[str, Any]) -> str:
    code, again = row["v.code"] or "", row["v.occurrence"] or 1
    return f"{code} ({again})" if again > 1 else code


def _cell(column: ListingColumn, value: Any, row: Mapping[str, Any], *, told: bool) -> ListingCell:
    reason = (_json(row[column.alias]) or {}).get(column.question.name, "") if value is None else ""
    if reason:
        return ListingCell(missing_text(reason), is_missing=True)
    words = column.in_words(value, row[column.source.begun_under], zone=row["s.time_zone"])
    return ListingCell(words if told else spared_if_naming(words), is_day=column.question.kind in DATED)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def rows_for_file(listing: SavedListing, user: User) -> list[list[Cell]]:
    """Return the head and every row as they leave: codes as codes, numbers as numbers, days as days.

    Answers that could say who somebody is stay, as they do from exports. Refuses: more rows than a file takes.
    """
    rows = _values(listing, user, first=0, most=MOST_IN_FILE + 1)
    if len(rows) - 1 > MOST_IN_FILE:
        raise FileTooLong(most=MOST_IN_FILE)
    return rows


def values_of_page(listing: SavedListing, user: User, *, number: int) -> tuple[list[list[Cell]], bool]:
    """Return the head and the rows of a page as they leave in a file, and whether it is the last one."""
    rows = _values(listing, user, first=(number - 1) * PER_PAGE, most=PER_PAGE + 1)
    return rows[: PER_PAGE + 1], len(rows) <= PER_PAGE + 1


def _values(listing: SavedListing, user: User, *, first: int, most: int) -> list[list[Cell]]:
    definition = ListingDefinition.from_json(listing.definition)
    reader = reader_of(user, listing, definition)
    select = select_of(definition, reader)
    shown = {name: column for name, column in definition.shown.items() if not column.is_identifying}
    rows, told = _found(definition, select, first=first, most=most), _is_told(user, reader)
    head: list[Cell] = ["SITE", "PARTICIPANT", "VISIT", "FORMSEQ", "STATE"]
    head += [column.header for column in shown.values()]
    return [head, *(_leaving(shown, row, told=told) for row in rows)]


def _leaving(shown: Mapping[str, ListingColumn], row: Mapping[str, Any], *, told: bool) -> list[Cell]:
    cells: list[Cell] = [
        row["s.code"],
        row["p.number"],
        _visit(row),
        row["r0.sequence"],
        RecordState(row["r0.state"]).value,
    ]
    for name, column in shown.items():
        value = _plain(column, row[name], row)
        cells.append(spared_if_naming(value) if isinstance(value, str) and not told else value)
    return cells


def _plain(column: ListingColumn, value: Any, row: Mapping[str, Any]) -> Cell:
    if value is None:
        reason = (_json(row[column.alias]) or {}).get(column.question.name, "")
        return reason or None
    if isinstance(value, datetime):
        return with_offset(value.astimezone(ZoneInfo(row["s.time_zone"])), row["s.time_zone"], to="minutes")
    if isinstance(value, list | tuple):
        return ";".join(str(each) for each in value)
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, Decimal) or column.question.kind in NUMBERS:
        return value
    return value if not isinstance(value, Sequence) else str(value)
