"""Files that nobody would send on purpose, and some that somebody would: read as people see them, or refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook

from crf.locks.records import lock_record
from crf.locks.scope import LockScope
from crf.locks.services import freeze_data
from crf.models import Record, RecordState
from crf.records.signing import sign_record, verify_record
from crf.store.records import record_key_of
from exports.imports.files import FileTable, read_table
from exports.imports.services import carry_out_import
from exports.imports.sheets import read_sheet
from followup.services.loss import withdraw_participant
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_laboratory import visit_of
from tests.integration.exports.test_imports import HEAD as LAB_HEAD
from tests.integration.exports.test_imports import imported, lab, outcomes, previewed, results
from tests.world import NOW, PASSWORD, TODAY, World, screen
from trials import services as trials
from trials.models import Participant

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


def test_point_08_a_cell_is_read_as_what_is_typed_on_a_page(world: World, everything: None) -> None:
    """Full-width signs are plain ones, also in the participant's number; what a comma parts is not guessed at.

    A laboratory's result is kept as it wrote it, beside what it is in the protocol's unit.
    """
    participant = screen(world, signed_on=date(2026, 1, 5))
    visit_of(participant, "SCR")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in participant.number)
    when = "SCR;Y;２０２６年１月８日"
    for line in (f"{wide};{when};HGB;１２．９;g/dL;", f"{participant.number};{when};K;4,1;mmol/L;"):
        done = imported(world, (LAB_HEAD.replace(",", ";") + line).encode())
    assert results(participant) == {"HGB": ("１２．９", "129")}
    assert {cell["text"]: cell["outcome"] for cell in done.result}["4,1"] == "refused"
    weight = {"participant": "id", "answers": {"weight": "kg", "height": "cm"}}
    done = imported(world, f"id\tkg\tcm\n{wide}\t62,5\t１７１\n".encode(), form="DM", mapping=weight)
    refused, taken = done.result
    assert (refused["text"], refused["outcome"], taken["outcome"]) == ("62,5", "refused", "new")
    assert "comma" in refused["said"]


HISTORY = {
    "participant": "id",
    "match": ["mh_text"],
    "answers": {"mh_text": "what", "mh_start": "since", "mh_ongo": "ongoing"},
}


def history(participant: Participant, *lines: str) -> bytes:
    return ("id,what,since,ongoing\n" + "".join(f"{participant.number},{line}\n" for line in lines)).encode()


def test_point_08_a_signature_falls_as_on_the_page_and_a_locked_record_stays(
    world: World, everything: None
) -> None:
    """What stands is in conflict whatever the state; what was empty comes in with its reason, but not behind a lock."""
    participant = screen(world, signed_on=date(2026, 1, 5))
    imported(world, history(participant, "Gout,,Y", "Asthma,,Y"), form="MH", mapping=HISTORY)
    for sequence in (1, 2):
        key = record_key_of(participant=participant, form="MH", sequence=sequence)
        verify_record(record_key=key, version=1, by=world.monitor, at=NOW)
        sign_record(record_key=key, version=1, password=PASSWORD, by=world.investigator, at=NOW)
    lock_record(record_key=key, version=1, by=world.data_manager, at=NOW)
    done = imported(world, history(participant, "Gout,2019,N", "Asthma,2001,Y"), form="MH", mapping=HISTORY)
    assert [(cell["text"], cell["outcome"]) for cell in done.result if cell["outcome"] != "same"] == [
        ("2019", "new"),
        ("N", "conflict"),
        ("2001", "refused"),
    ]
    assert "locked" in next(cell["said"] for cell in done.result if cell["text"] == "2001")
    assert list(Record.objects.order_by("sequence").values_list("version", "state")) == [
        (2, RecordState.COMPLETE),
        (1, RecordState.LOCKED),
    ]


def test_point_08_who_withdrew_from_all_contact_is_refused_as_on_a_page(
    world: World, everything: None
) -> None:
    participant = screen(world, signed_on=date(2026, 1, 5))
    trials.reveal_arm(participant=participant, arm="2", by=None, at=NOW)
    withdraw_participant(participant=participant, on=TODAY, all_contact=True, by=world.coordinator, at=NOW)
    done = imported(world, history(participant, "Gout,2019,Y"), form="MH", mapping=HISTORY)
    assert outcomes(done) == {"refused": 3}
    assert all("X071" in cell["said"] for cell in done.result)
    assert not Record.objects.exists()
