"""Reports for programs: one number a row, with what it is a number of, in which unit, and as of which day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from kernel.spreadsheets import Cell, as_csv, as_xlsx
from reports.quality import Report

COLUMNS: Final = ("report", "table", "row", "column", "value", "unit", "as_of")
_NUMBER: Final = re.compile(r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)( %)?")
KINDS: Final = {
    "long": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ENDINGS: Final = {"long": "long.csv", "xlsx": "xlsx"}


def tidy_rows(report: Report, *, as_of: date) -> Iterator[tuple[Cell, ...]]:
    """Yield the head, then each cell of each table; a share is its number, with % beside it."""
    yield COLUMNS
    for table in report.tables:
        for row in (*table.rows, *([table.total] if table.total else [])):
            for column, cell in zip(table.columns[1:], row[1:], strict=False):
                yield (report.slug, table.title, row[0], column, *_number(cell), as_of)


def tidy_file(report: Report, kind: str, *, as_of: date) -> bytes:
    """Return the rows as one of ``KINDS``: CSV, or a workbook whose numbers and days are numbers and days."""
    rows = tidy_rows(report, as_of=as_of)
    return as_xlsx(rows, title=report.title) if kind == "xlsx" else as_csv(list(rows))


def _number(cell: str | int) -> tuple[Cell, str]:
    """Return a number and its unit; what is none, such as an interval, is the text that it is."""
    if isinstance(cell, int):
        return cell, ""
    match = _NUMBER.fullmatch(cell)
    if match is None:
        return cell, ""
    return float(match[1]) if "." in match[1] else int(match[1]), "%" if match[2] else ""
