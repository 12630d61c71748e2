"""Files that nobody would send on purpose, and some that somebody would: read as people see them, or refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook

from crf.locks.scope import LockScope
from crf.locks.services import freeze_data
from exports.imports.files import FileTable, read_table
from exports.imports.services import carry_out_import
from exports.imports.sheets import read_sheet
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_laboratory import visit_of
from tests.integration.exports.test_imports import lab, outcomes, previewed, results
from tests.world import NOW, World, screen

HEAD = ["SUBJID", "VALUE"]


def workbook(fill: Callable[[Workbook], None]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    fill(book)
    book.close()
    return file.getvalue()


def sheet_of(book: Workbook, *rows: Any, name: str = "") -> Any:
    sheet = book.add_worksheet(name)
    for number, row in enumerate((HEAD, *rows)):
        sheet.write_row(number, 0, row)
    return sheet


def cells(table: FileTable) -> list[str]:
    return [line.cells.get("VALUE", "") for line in table.lines]


def hidden_first(book: Workbook) -> None:
    hidden = sheet_of(book, ["1", "hidden"], name="old")
    sheet_of(book, ["1", "seen"], name="new").activate()
    hidden.hide()


def failed_formula(book: Workbook) -> None:
    sheet = sheet_of(book, ["1", ""], ["2", "x"])
    sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")


def with_seconds(book: Workbook) -> None:
    sheet = sheet_of(book, ["1", ""], ["2", ""])
    shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_datetime(1, 1, datetime(2026, 1, 8, 10, 0, 30), shown)  # noqa: DTZ001 (a sheet knows no zone)
    sheet.write_datetime(2, 1, datetime(2026, 1, 8, 10, 29, 59, 999_000), shown)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("fill", "shown"),
    [
        (hidden_first, ["seen"]),
        (failed_formula, ["#DIV/0!", "x"]),
        (with_seconds, ["2026-01-08 10:00:30", "2026-01-08 10:30"]),
        (lambda book: (book.add_chartsheet(), sheet_of(book, ["1", "below"])), ["below"]),
        (lambda book: sheet_of(book, ["1", 0.1 + 0.2], ["2", True]), ["0.3", "TRUE"]),
    ],
)
def test_point_08_a_workbook_is_read_as_who_opens_it_sees_it(fill: Any, shown: list[str]) -> None:
    assert cells(read_table(workbook(fill), name="x.xlsx")) == shown


def test_a_cell_far_away_takes_no_memory_of_the_server() -> None:
    """3 kB that ask for 17 thousand million cells: the process that reads them ends, and no other."""
    content = workbook(lambda book: sheet_of(book, ["1", "x"]))
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", far))
    with pytest.raises(Refusal) as refused:
        read_table(made.getvalue(), name="x.xlsx")
    assert refused.value.code == "exports.import_file_too_heavy"


def test_a_workbook_that_unfolds_to_more_than_it_may_is_not_unfolded() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _part in range(201):
                sheet.write(bytes(2**20))
    assert read_sheet(made.getvalue(), most_rows=1)["refused"] == "large"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"SUBJID,VALUE\n1," + b"x" * 20_001, "exports.import_cell_too_long"),
        (b"SUBJID,VALUE\n1," + b"x" * 200_000, "exports.import_cell_too_long"),
        (b",".join(b"c%d" % number for number in range(1_001)) + b"\n1", "exports.import_file_too_wide"),
        ("SUBJID,VALUE\n1,2\n".encode("utf-16"), "exports.import_file_unreadable"),
    ],
)
def test_a_file_that_is_too_much_is_told_what_of_it(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_table(content, name="x.csv")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("content", "shown", "first"),
    [
        (b"sep=;\r\nSUBJID;VALUE\r\n1;a\r\n", ["a"], 3),
        (b"\r\n\r\nSUBJID,VALUE\r\n1,a\r\n", ["a"], 4),
        (b"SUBJID,VALUE\r\n1,a\r2,b\n3,c", ["a", "b", "c"], 2),
        (b'\xef\xbb\xbfSUBJID,VALUE\n1,"=HYPERLINK(""x"")"\n', ['=HYPERLINK("x")'], 2),
    ],
)
def test_what_programs_write_around_the_data_is_no_data(content: bytes, shown: list[str], first: int) -> None:
    table = read_table(content, name="a\r\nb\u202e.csv")
    assert (cells(table), table.lines[0].number, table.name) == (shown, first, "a b.csv")


@pytest.fixture
def everything(db: None) -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def test_point_08_a_failed_formula_is_no_answer(world: World, everything: None) -> None:
    participant = screen(world)
    visit_of(participant, "SCR")
    file = lab(f"{participant.number},SCR,Y,2026-01-08,HGB,#N/A,g/dL,x")
    preview = previewed(world, file)
    assert {cell["text"]: cell["outcome"] for cell in preview.result}["#N/A"] == "refused"


def test_point_08_what_was_frozen_since_the_preview_is_refused_by_name(
    world: World, everything: None
) -> None:
    participant = screen(world)
    visit_of(participant, "SCR")
    preview = previewed(world, lab(f"{participant.number},SCR,Y,2026-01-08,HGB,12.9,g/dL,x"))
    assert set(outcomes(preview)) == {"new"}
    frozen = LockScope.of_participant(participant)
    freeze_data(scope=frozen, reason="cleaned", by=world.data_manager, at=NOW)
    done = carry_out_import(data_import=preview, by=world.coordinator, at=NOW)
    assert set(outcomes(done)) == {"refused"}
    assert all("frozen" in cell["said"] for cell in done.result)
    assert results(participant) == {}
