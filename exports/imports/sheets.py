"""A workbook as rows of texts, read by a process of its own: ``python -m exports.imports.sheets``. Pure.

A few kilobytes can say that a cell stands in the last row of the last column, or unfold to gigabytes; whoever reads
such a file may run out of memory or time, and no server of pages should. The rows are those of the first worksheet
that somebody who opens the workbook sees.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final, TypedDict
from xml.etree import ElementTree as ET

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

LARGEST_UNPACKED: Final = 200 * 2**20
MEMORY: Final = 2**30
SECONDS: Final = 30
MOST_CHARACTERS: Final = 50 * 2**20
HOLDS_FAULT: Final = re.compile(rb"""\bt=["']e["']""")
CELL: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")


class SheetRead(TypedDict):
    """What the process answers: the rows, or why there are none ("unreadable", "large")."""

    refused: str
    rows: list[list[str]]


def read_sheet(content: bytes, *, most_rows: int) -> SheetRead:
    """Return the cells of the first worksheet that is seen, as somebody would type them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > LARGEST_UNPACKED:
                return SheetRead(refused="large", rows=[])
            rows = _rows(content, archive)
    except (CalamineError, ET.ParseError, zipfile.BadZipFile, ValueError, KeyError, IndexError):
        return SheetRead(refused="unreadable", rows=[])
    length = sum(len(cell) for row in rows for cell in row)
    if len(rows) > most_rows or length > MOST_CHARACTERS:
        return SheetRead(refused="large", rows=[])
    return SheetRead(refused="", rows=rows)


def _rows(content: bytes, archive: zipfile.ZipFile) -> list[list[str]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    seen = [
        each.name
        for each in book.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    ]
    if not seen:
        return []
    cells = book.get_sheet_by_name(seen[0]).to_python(skip_empty_area=False)
    rows = [[text_of(cell) for cell in row] for row in cells]
    for row, column, fault in _faults(archive, seen[0]):
        rows[row][column] = fault
    return rows


def _faults(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Yield the cells whose formula failed and what they show, as #DIV/0!: calamine reads them as empty."""
    content = archive.read(_part_of(archive, sheet))
    if not HOLDS_FAULT.search(content):
        return
    for _event, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 (under limits of memory and time)
        place = CELL.fullmatch(element.get("r", ""))
        if element.get("t") == "e" and place:
            column = 0
            for letter in place[1]:
                column = column * 26 + ord(letter) - ord("A") + 1
            shown = next((each.text for each in element if each.tag.endswith("}v")), "")
            yield int(place[2]) - 1, column - 1, shown or ""
        if element.tag.endswith("}row"):
            element.clear()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the file of the archive that holds a worksheet."""
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (the same)
    ids = {
        each.get("name"): value
        for each in book.iter()
        if each.tag.endswith("}sheet")
        for name, value in each.items()
        if name.endswith("}id")
    }
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 (the same)
    target = {each.get("Id"): each.get("Target", "") for each in links}[ids[sheet]]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def text_of(cell: Any) -> str:
    """Return a cell as somebody would type it: 5 and not 5.0, 2026-11-29 and not a count of days.

    Seconds that the cell has stay, so that a question of minutes refuses them; a sheet keeps 15 digits of a number.
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        shown = float(f"{cell:.15g}")
        return str(int(shown)) if shown.is_integer() and abs(shown) < 2**53 else repr(shown)
    if isinstance(cell, datetime):
        near = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
        return f"{near:%Y-%m-%d}" if near.time() == time() else f"{near:%Y-%m-%d} {_clock(near.time())}"
    if isinstance(cell, date):
        return cell.isoformat()
    return _clock(cell) if isinstance(cell, time) else str(cell)


def _clock(at: time) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def answer(source: IO[bytes], target: IO[bytes], most_rows: int) -> None:
    """Read a workbook from ``source`` and write what it holds as JSON."""
    said = read_sheet(source.read(), most_rows=most_rows)
    target.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def main() -> None:
    """Answer under limits of memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))


if __name__ == "__main__":
    main()
