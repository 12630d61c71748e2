"""What a report of quality is made of: tables that a page, a chart and a CSV file all read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from kernel.spreadsheets import safe_cell


@dataclass(frozen=True)
class Table:
    """Rows of a report: a label, numbers, and the share that the last two columns of numbers make.

    ``warning`` is what has to be read with the table: it is printed on the page and in the file.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...] = ()
    total: tuple[str | int, ...] = ()
    slug: str = "table"
    warning: str = ""


@dataclass(frozen=True)
class Report:
    """One report: how it counts, its tables, perhaps a chart, and what to say while there is nothing."""

    slug: str
    title: str
    counts: str
    nothing: str
    tables: tuple[Table, ...] = ()
    chart: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        return not any(table.rows for table in self.tables)


def share(part: int, whole: int) -> str:
    """Return the percentage, to one decimal; a dash while there is nothing to divide by."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def added(label: str, rows: Sequence[Sequence[int]]) -> tuple[str | int, ...]:
    """Return the sums of the columns under ``label``."""
    return (label, *(sum(column) for column in zip(*rows, strict=True)))


def as_csv(report: Report) -> str:
    """Return every table of the report as one file, the table named in the first column; for spreadsheets too."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for table in report.tables:
        writer.writerow((report.title, *table.columns))
        for row in (*table.rows, *([table.total] if table.total else [])):
            writer.writerow((table.title, *(safe_cell(cell) for cell in row)))
        if table.warning and table.rows:
            writer.writerow((table.title, table.warning))
    return "\ufeff" + text.getvalue()
