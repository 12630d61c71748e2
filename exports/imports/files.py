"""A file of data as lines of texts: CSV or XLSX, told apart by what they hold and not by their names. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from kernel.errors import Refusal

LARGEST_BYTES: Final = 10 * 2**20
LARGEST_UNPACKED: Final = 200 * 2**20
MOST_LINES: Final = 20_000
LONGEST_CELL: Final = 20_000
DELIMITERS: Final = (",", ";", "\t", "|")
_XLSX: Final = b"PK\x03\x04"


class FileUnreadable(Refusal):
    code = "exports.import_file_unreadable"
    message = _(
        "{name} is neither CSV in UTF-8 nor XLSX. Save the sheet as “CSV UTF-8” or as XLSX, and choose it again."
    )
    status = 422
    fields = ("file",)


class FileTooLarge(Refusal):
    code = "exports.import_file_too_large"
    message = _("{name} holds more than {most} lines or 10 MB. Cut it into several files.")
    status = 413
    fields = ("file",)


class FileEmpty(Refusal):
    code = "exports.import_file_empty"
    message = _("{name} holds no line of data below the names of its columns.")
    status = 422
    fields = ("file",)


class ImportColumnTwice(Refusal):
    code = "exports.import_column_twice"
    message = _("{name} names the column “{column}” more than once. Give each column a name of its own.")
    status = 422
    fields = ("file",)


class LineTooLong(Refusal):
    code = "exports.import_line_too_long"
    message = _(
        "Line {line} of {name} has more cells than there are columns. Put texts with separators in quotes."
    )
    status = 422
    fields = ("file",)


@dataclass(frozen=True)
class FileLine:
    """One line of data: its number in the file, the line of names being the first, and its cells by column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class FileTable:
    """A file that was read: its name without a path, its digest, the names of its columns, its lines."""

    name: str
    digest: str
    columns: tuple[str, ...]
    lines: tuple[FileLine, ...]


def read_table(content: bytes, *, name: str) -> FileTable:
    """Return the lines of a CSV or XLSX file; texts as they stand, days as 2026-11-29, empty lines left out.

    Refuses: what is neither; a file without data, or with more than is taken; a column named twice; a line with
    cells that belong to no column.
    """
    shown = name.replace("\\", "/").rpartition("/")[2][:120] or "file"
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge(name=shown, most=MOST_LINES)
    rows = _sheet(content, shown) if content.startswith(_XLSX) else _csv(content, shown)
    if len(rows) > MOST_LINES + 1:
        raise FileTooLarge(name=shown, most=MOST_LINES)
    header = [cell.strip() for cell in rows[0]] if rows else []
    while header and not header[-1]:
        header.pop()
    lines = tuple(_lines(rows[1:], header, shown))
    if not header or not lines:
        raise FileEmpty(name=shown)
    for column in header:
        if column and header.count(column) > 1:
            raise ImportColumnTwice(name=shown, column=column)
    return FileTable(shown, hashlib.sha256(content).hexdigest(), tuple(filter(None, header)), lines)


def _lines(rows: list[list[str]], header: list[str], name: str) -> list[FileLine]:
    lines = []
    for number, row in enumerate(rows, 2):
        if any(cell.strip() for cell in row[len(header) :]):
            raise LineTooLong(name=name, line=number)
        cells = {
            column: row[place].strip() if place < len(row) else "" for place, column in enumerate(header)
        }
        cells.pop("", None)
        if any(len(cell) > LONGEST_CELL for cell in cells.values()):
            raise FileTooLarge(name=name, most=MOST_LINES)
        if any(cells.values()):
            lines.append(FileLine(number, cells))
    return lines


def _csv(content: bytes, name: str) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileUnreadable(name=name) from None
    if "\0" in text:
        raise FileUnreadable(name=name)
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise FileUnreadable(name=name) from None


def _sheet(content: bytes, name: str) -> list[list[str]]:
    """Return the cells of the first sheet of a workbook that is no larger unpacked than fits."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > LARGEST_UNPACKED:
                raise FileTooLarge(name=name, most=MOST_LINES)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, ValueError, IndexError):
        raise FileUnreadable(name=name) from None
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> str:
    """Return a cell as somebody would type it: 5 and not 5.0, 2026-11-29 and not a count of days."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
