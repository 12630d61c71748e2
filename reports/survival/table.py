"""A CSV table of times and events, read strictly: a cell is understood, or the table is refused with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kernel.punctuation import listed
from kernel.reading import UnreadableError, plain, words
from protocol.statistics.observations import Observation
from reports.survival.refusals import (
    CellBeforeOrigin,
    CellBlank,
    CellNotEvent,
    CellNotText,
    CellNotTime,
    ColumnMissing,
    ColumnTwice,
    GroupNamedTau,
    GroupsTooMany,
    ParticipantTwice,
    RowOfOtherLength,
    TableNotCsv,
    TableNotUtf8,
    TableWithoutRows,
)

LARGEST_TIME: Final = 10**9
MOST_CAUSES: Final = 99
MOST_GROUPS: Final = 50
MISSING: Final = frozenset({"", ".", "NA"})
RESERVED: Final = "tau"
_TIME: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE: Final = re.compile(r"0*([0-9]{1,2})(?:\.0*)?")


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The names of the columns that the analysis reads; ``identifier`` is read where the table has it."""

    time: str
    event: str
    group: str
    stratum: str | None = None
    identifier: str = "id"

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which there is no analysis."""
        return (self.time, self.event, self.group, *([self.stratum] if self.stratum is not None else []))


@dataclass(frozen=True, slots=True)
class SurvivalTable:
    """The rows that are analysed, and the lines of those left out because a cell was blank."""

    observations: tuple[Observation, ...]
    lines_left_out: tuple[int, ...]


def read_table(
    content: bytes,
    columns: TableColumns,
    *,
    file: str,
    omit_missing: bool = False,
    repeated_identifiers: bool = False,
) -> SurvivalTable:
    """Read a CSV file.

    Refuses: TableNotUtf8, TableNotCsv, TableWithoutRows, ColumnMissing, ColumnTwice, RowOfOtherLength, CellBlank,
    CellNotTime, CellBeforeOrigin, CellNotEvent, CellNotText, GroupNamedTau, ParticipantTwice, GroupsTooMany.
    Locks: nothing.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableNotUtf8(file=file) from error
    lines = _lines(text)
    head = [_name(cell) for cell in next(lines, (0, []))[1]]
    rows = list(lines)
    if not rows:
        raise TableWithoutRows(file=file)
    _check_head(head, columns)
    observations, left_out, first_lines = [], [], dict[str, int]()
    for line, cells in rows:
        if len(cells) != len(head):
            raise RowOfOtherLength(line=line, cells=len(cells), columns=len(head))
        row = dict(zip(head, cells, strict=True))
        if blank := [name for name in columns.needed if plain(row[name]) in MISSING]:
            if not omit_missing:
                raise CellBlank(line=line, column=blank[0])
            left_out.append(line)
            continue
        if not repeated_identifiers:
            _check_identifier(row, columns.identifier, line, first_lines)
        observations.append(_observation(row, columns, line))
    if not observations:
        raise TableWithoutRows(file=file)
    if (groups := len({row.group for row in observations})) > MOST_GROUPS:
        raise GroupsTooMany(column=columns.group, groups=groups, most=MOST_GROUPS)
    return SurvivalTable(tuple(observations), tuple(left_out))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableNotCsv(line=reader.line_num, reason=error) from error
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _check_head(head: Sequence[str], columns: TableColumns) -> None:
    for column in (*columns.needed, columns.identifier):
        if head.count(column) > 1:
            raise ColumnTwice(column=column)
    for column in columns.needed:
        if column not in head:
            raise ColumnMissing(column=column, columns=listed(head))


def _check_identifier(row: Mapping[str, str], column: str, line: int, first_lines: dict[str, int]) -> None:
    identifier = plain(row.get(column, ""))
    if identifier in MISSING:
        return
    if identifier in first_lines:
        raise ParticipantTwice(first=first_lines[identifier], line=line, column=column, cell=identifier)
    first_lines[identifier] = line


def _observation(row: Mapping[str, str], columns: TableColumns, line: int) -> Observation:
    group = _text(row, columns.group, line)
    if group == RESERVED:
        raise GroupNamedTau
    return Observation(
        _time(row[columns.time], columns.time, line),
        _event(row[columns.event], columns.event, line),
        group,
        _text(row, columns.stratum, line) if columns.stratum is not None else "",
    )


def _time(cell: str, column: str, line: int) -> float:
    typed = plain(cell)
    value = float(typed) if _TIME.fullmatch(typed) else LARGEST_TIME + 1
    if value < 0:
        raise CellBeforeOrigin(line=line, column=column, cell=typed)
    if value > LARGEST_TIME:
        raise CellNotTime(line=line, column=column, cell=cell.strip(), largest=LARGEST_TIME)
    return abs(value)  # -0 is 0


def _event(cell: str, column: str, line: int) -> int:
    match = _WHOLE.fullmatch(plain(cell))
    if match is None:
        raise CellNotEvent(line=line, column=column, cell=cell.strip(), largest=MOST_CAUSES)
    return int(match[1])


def _text(row: Mapping[str, str], column: str, line: int) -> str:
    try:
        return words(row[column])
    except UnreadableError as error:
        raise CellNotText(line=line, column=column) from error


def _name(cell: str) -> str:
    return cell.strip()
