"""Files for spreadsheets: what was written is what is read, and nothing that somebody typed is a formula (3.15)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from kernel.spreadsheets import as_csv, as_xlsx

NAMES = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda text: not {"\ufffe", "\uffff"} & set(text)
)
CELLS = st.one_of(
    st.none(),
    TEXTS,
    st.sampled_from(["=1+1", "+1", "-2+3", "@SUM(A1)", "＝1＋1", "\n=1", "<b>&amp;", '"', "中文"]),
    st.integers(-(10**9), 10**9),
    st.decimals(-1000, 1000, places=2),
    st.dates(date(1900, 3, 1), date(2100, 1, 1)),
    st.booleans(),
)


def cells_of(content: bytes) -> dict[str, Any]:
    """Return what a spreadsheet reads, by the place of the cell; formulas under "formulas"."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            ET.fromstring(book.read(name))  # noqa: S314 (our own file)
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    found: dict[str, Any] = {"formulas": sheet.findall(".//s:f", NAMES)}
    for cell in sheet.findall(".//s:c", NAMES):
        text = cell.find("s:is/s:t", NAMES)
        value = cell.find("s:v", NAMES)
        said = text.text if text is not None else value.text if value is not None else None
        found[cell.attrib["r"]] = said and re.sub(
            "_x([0-9A-Fa-f]{4})_", lambda sign: chr(int(sign[1], 16)), said
        )
    return found


@given(st.lists(CELLS, min_size=1, max_size=30))
def test_point_15_what_is_written_to_a_workbook_is_read_again_and_no_cell_is_a_formula(
    row: list[Any],
) -> None:
    found = cells_of(as_xlsx([["HEAD"], row], title="=1 [x]: a/b?"))
    assert found.pop("formulas") == []
    assert found.pop("A1") == "HEAD"
    letters = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA", "AB", "AC", "AD"]
    for letter, cell in zip(letters, row, strict=False):
        read = found.get(f"{letter}2")
        if cell is None:
            assert read is None
        elif isinstance(cell, bool):
            assert read == str(int(cell))
        elif isinstance(cell, date):
            assert int(read) == (cell - date(1899, 12, 30)).days
        elif isinstance(cell, int | Decimal):
            assert Decimal(read) == cell
        else:
            assert read == cell


@given(st.lists(CELLS, min_size=1, max_size=30))
def test_point_15_no_cell_of_a_csv_file_begins_like_a_formula(row: list[Any]) -> None:
    text = as_csv([row]).decode().removeprefix("\ufeff")
    (read,) = csv.reader(io.StringIO(text, newline=""))
    for cell, seen in zip(row, read, strict=True):
        if isinstance(cell, str):
            assert seen in (cell, f"'{cell}")
            assert not re.match(r"[=+\-@\t\r\n＝＋－＠]", seen)
        else:
            assert seen == ("" if cell is None else str(cell))


def test_the_same_rows_make_the_same_file() -> None:
    rows = [["A"], [1], ["x"]]
    assert as_xlsx(rows, title="One") == as_xlsx(rows, title="One")


def test_a_workbook_holds_only_what_a_spreadsheet_opens() -> None:
    """What XML cannot hold is left out, and the name of the sheet is as long as one may be."""
    signs = "a\x00\x0b\ufffe\uffff_x0041_ _x005F_ \U0001f600"
    assert cells_of(as_xlsx([[signs]], title="One"))["A1"] == "a_x0041_ _x005F_ \U0001f600"
    for title, name in (
        ("\U0001f600" * 40, "\U0001f600" * 15),
        ("x" * 40, "x" * 31),
        ("\uffff'\n", "Listing"),
    ):
        with zipfile.ZipFile(io.BytesIO(as_xlsx([["A"]], title=title))) as book:
            sheets = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 (our own file)
        assert [sheet.attrib["name"] for sheet in sheets.iterfind("s:sheets/s:sheet", NAMES)] == [name]
