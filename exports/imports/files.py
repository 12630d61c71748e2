"""A file of data as lines of texts: CSV or XLSX, told apart by what they hold and not by their names."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from exports.imports.sheets import SECONDS, SheetRead
from kernel.errors import Refusal
from kernel.reading import UNPRINTABLE, UNSTORABLE

LARGEST_BYTES: Final = 10 * 2**20
MOST_LINES: Final = 20_000
BEFORE_NAMES: Final = 100  # empty lines above the names of the columns, and that of the names
MOST_COLUMNS: Final = 1_000
LONGEST_CELL: Final = 20_000
PATIENCE: Final = (
    SECONDS + 10
)  # until the process is ended from outside, should its own limit not have ended it
DELIMITERS: Final = (",", ";", "\t", "|")
_XLSX: Final = b"PK\x03\x04"
_SEPARATOR: Final = re.compile(
    r"sep=([,;\t|])\r?\n"
)  # which Excel writes and reads above the names of columns
csv.field_size_limit(LARGEST_BYTES)  # a long cell is refused as what it is


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


class FileTooHeavy(Refusal):
    code = "exports.import_file_too_heavy"
    message = _(
        "{name} cannot be read with the time and memory that a file may take. Keep only the cells with data, and save "
        "it anew."
    )
    status = 413
    fields = ("file",)


class FileTooWide(Refusal):
    code = "exports.import_file_too_wide"
    message = _("{name} has more than {most} columns. Leave out those that answer no question.")
    status = 413
    fields = ("file",)


class CellTooLong(Refusal):
    code = "exports.import_cell_too_long"
    message = _("Line {line} of {name} has more than {most} characters in the column “{column}”.")
    status = 422
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
    """One line of data: its number in the file, and those of its cells that hold something, by column."""

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
    shown = " ".join(UNPRINTABLE.sub("", name.replace("\\", "/").rpartition("/")[2]).split())[:120] or "file"
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge(name=shown, most=MOST_LINES)
    rows = _sheet(content, shown) if content.startswith(_XLSX) else _csv(content, shown)
    if any(UNSTORABLE.search(cell) for row in rows for cell in row):
        raise FileUnreadable(name=shown)
    first = next((place for place, row in enumerate(rows) if any(cell.strip() for cell in row)), len(rows))
    if len(rows) > first + MOST_LINES + 1:
        raise FileTooLarge(name=shown, most=MOST_LINES)
    header = _header(rows[first], shown) if rows[first:] else []
    lines = tuple(_lines(rows[first + 1 :], header, shown, first=first + 2))
    if not header or not lines:
        raise FileEmpty(name=shown)
    return FileTable(shown, hashlib.sha256(content).hexdigest(), tuple(filter(None, header)), lines)


def _header(row: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in row]
    while not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        raise FileTooWide(name=name, most=MOST_COLUMNS)
    for column in header:
        if column and header.count(column) > 1:
            raise ImportColumnTwice(name=name, column=column)
    return header


def _lines(rows: list[list[str]], header: list[str], name: str, *, first: int) -> list[FileLine]:
    """Return the lines that hold something, each with the cells that do."""
    lines = []
    for number, row in enumerate(rows, first):
        if any(cell.strip() for cell in row[len(header) :]):
            raise LineTooLong(name=name, line=number)
        named = zip(header, map(str.strip, row), strict=False)
        cells = {column: text for column, text in named if column and text}
        for column, text in cells.items():
            if len(text) > LONGEST_CELL:
                raise CellTooLong(name=name, line=number, column=column[:80], most=LONGEST_CELL)
        if cells:
            lines.append(FileLine(number, cells))
    return lines


def _csv(content: bytes, name: str) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileUnreadable(name=name) from None
    told = _SEPARATOR.match(text)
    if told:
        text = f"\n{text[told.end() :]}"  # an empty line in its place, so that lines keep their numbers
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = told[1] if told else max(DELIMITERS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise FileUnreadable(name=name) from None


def _sheet(content: bytes, name: str) -> list[list[str]]:
    """Return the cells of the first worksheet of a workbook that is seen; another process reads it (``sheets``)."""
    command = [sys.executable, "-m", "exports.imports.sheets", str(MOST_LINES + BEFORE_NAMES)]
    try:
        done = subprocess.run(  # noqa: S603 (our own module, no word of the file in the command)
            command,
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            cwd=settings.BASE_DIR,
            env={"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise FileTooHeavy(name=name) from None
    said: SheetRead = json.loads(done.stdout)
    if said["refused"] == "large":
        raise FileTooLarge(name=name, most=MOST_LINES)
    if said["refused"]:
        raise FileUnreadable(name=name)
    return said["rows"]
