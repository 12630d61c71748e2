"""Every format holds the same cells as the CSV that COPY writes, and says what it could not hold."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from pyreadstat import read_dta, read_sav, read_xport

from crf import catalogue
from exports.cuts import Cut
from exports.formats import convert, frames
from exports.formats.convert import CODED, CONVERTERS
from exports.formats.kinds import LIMITS, DataFormat
from exports.formats.readers import readers_of
from exports.formats.short_names import LEGAL, declared_names, short_name, wanted, with_proposals
from exports.formats.shortening import Shortenings
from exports.listed.catalogue import BY_NAME
from exports.tables import Column, File
from exports.writing import files_for

CHAPTERS = ("3.0",)
CUT = Cut(at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC), is_past=False)
FILES = {file.name: file for file in files_for(list(catalogue.forms().values()), CUT, BY_NAME)}
NAUGHTY = (
    "=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "NA", "01", "1e5", 'a "quoted", one\nand a second line',
    "放射性食管炎 𠮷 😀", "NULL", "nan", "2025-03", "　", "x" * 200, "https://example.org", "\t tab", "'", "＝1+1",
)  # fmt: skip
LONG = "重" * 12_000  # 36,000 bytes
LONGEST = ("a" * 20_000, "重" * 20_000, LONG, "=" + "重" * 32_767)


def cells(column: Column, number: int) -> str:
    """A cell of the column; every third one is empty."""
    if number % 3 == 0:
        return ""
    match column.type:
        case "integer":
            return str((-1) ** number * number)
        case "decimal":
            return str(Decimal(number) / 8)
        case "date":
            return ("1899-12-31", "1958-02-17", "2028-02-29", "2025-03-05")[number % 4]
        case "code" if column.codes:
            return list(column.codes)[number % len(column.codes)]
        case _:
            return NAUGHTY[number % len(NAUGHTY)]


def typed(column: Column, cell: str) -> Any:
    if cell == "":
        return None
    match column.type:
        case "integer":
            return int(cell)
        case "decimal":
            return float(cell)
        case "date":
            return dt.date.fromisoformat(cell)
    return cell


def rows_of(file: File, number: int = 35) -> list[list[str]]:
    return [
        [cells(column, row + place) for place, column in enumerate(file.columns)] for row in range(number)
    ]


def source_of(folder: Path, file: File, rows: list[list[str]]) -> Path:
    """The file as COPY writes it: an empty text between quotes, a missing value with nothing."""
    path = folder / "rows"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([column.header for column in file.columns])
        writer.writerows(rows)
    return path


def converted(folder: Path, file: File, rows: list[list[str]], kind: DataFormat) -> tuple[Path, Shortenings]:
    shortenings, target = Shortenings(keep=[].append), folder / f"made.{kind.value}"
    CONVERTERS[kind](file, source_of(folder, file, rows), target, shortenings)
    return target, shortenings


def read_back(path: Path, file: File, kind: DataFormat) -> Iterator[list[Any]]:
    """Yield the rows as the format's own reader gives them."""
    match kind:
        case DataFormat.PARQUET:
            yield from map(list, pl.read_parquet(path).iter_rows())
        case DataFormat.CSV_EXCEL:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                for row in list(csv.reader(lines))[1:]:
                    yield [typed(column, cell) for column, cell in zip(file.columns, row, strict=True)]
        case DataFormat.XLSX:
            for sheet in openpyxl.load_workbook(path, read_only=False):
                for row in sheet.iter_rows(min_row=2, max_col=len(file.columns), values_only=True):
                    yield [cell.date() if isinstance(cell, dt.datetime) else cell for cell in row]
        case DataFormat.XPT | DataFormat.SAV | DataFormat.DTA:
            read = {DataFormat.XPT: read_xport, DataFormat.SAV: read_sav, DataFormat.DTA: read_dta}[kind]
            frame, _said = read(str(path), output_format="polars")
            chosen = [name for name in frame.columns if not name.endswith(CODED)]
            yield from map(list, frame.select(chosen).iter_rows())


def as_the_format_tells(column: Column, cell: Any, kind: DataFormat) -> Any:
    """What the format's reader can say of the cell: statistics know one kind of number, and no text of blanks."""
    if (
        kind == DataFormat.CSV_EXCEL
        and isinstance(cell, str)
        and cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    ):
        return f"'{cell}"
    if kind == DataFormat.XLSX and isinstance(cell, dt.date) and cell.year < 1900:
        return cell.isoformat()
    return cell


def same(column: Column, said: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return (said or "").rstrip(" ") == wanted.rstrip(" ")  # SAS and SPSS fill texts up with blanks
    return said == wanted or (wanted is None and said in (None, ""))


@pytest.mark.parametrize("kind", CONVERTERS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("name", ["PARTICIPANTS", "DM", "STAGE_CT_NODE", "CRE", "AE", "LB_TESTS", "QUERIES"])
def test_every_format_holds_every_cell(
    name: str, kind: DataFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is read and written part by part, as files that are too long for the memory are."""
    monkeypatch.setattr(frames, "AT_ONCE", 2_000)
    monkeypatch.setattr(convert, "ROWS_OF_A_GROUP", 10)
    file = FILES[name]
    rows = rows_of(file)
    path, shortenings = converted(tmp_path, file, rows, kind)
    back = list(read_back(path, file, kind))
    assert len(back) == len(rows)
    for number, (said, cells_) in enumerate(zip(back, rows, strict=True)):
        for column, one, cell in zip(file.columns, said, cells_, strict=True):
            wanted_cell = as_the_format_tells(column, typed(column, cell), kind)
            assert same(column, one, wanted_cell), (number, column.header, one, wanted_cell)
    assert [each for each in shortenings.told if each["what"] == "text"] == []


@pytest.mark.parametrize("kind", CONVERTERS, ids=lambda kind: kind.value)
def test_types_come_from_the_declaration_even_where_every_cell_is_empty(
    kind: DataFormat, tmp_path: Path
) -> None:
    file = FILES["DM"]
    empty, _said = converted(tmp_path, file, [["" for _column in file.columns]], kind)
    if kind == DataFormat.PARQUET:
        types = {"integer": pl.Int64, "decimal": pl.Float64, "date": pl.Date}
        assert list(pl.read_parquet_schema(empty).values()) == [
            types.get(column.type, pl.String) for column in file.columns
        ]
    if kind in (DataFormat.SAV, DataFormat.DTA, DataFormat.XPT):
        read: Any = {DataFormat.XPT: read_xport, DataFormat.SAV: read_sav, DataFormat.DTA: read_dta}[kind]
        _frame, said = read(str(empty), output_format="polars")
        for column, (name, stored) in zip(
            file.columns,
            [pair for pair in said.readstat_variable_types.items() if not pair[0].endswith(CODED)],
            strict=True,
        ):
            is_number = column.type in ("integer", "decimal", "date")
            assert (stored == "double") == is_number, (column.header, name, stored)
    assert len(list(read_back(empty, file, kind))) in (0, 1)


@pytest.mark.parametrize("kind", CONVERTERS, ids=lambda kind: kind.value)
@pytest.mark.parametrize(
    "text", LONGEST, ids=["20,000", "20,000 Chinese", "12,000 Chinese", "a long formula"]
)
def test_what_does_not_fit_is_told_and_stands_whole_beside(
    text: str, kind: DataFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        frames, "AT_ONCE", 1
    )  # the second row is counted as the second, though read by itself
    file, long_texts = FILES["AE"], []
    place = next(n for n, column in enumerate(file.columns) if column.header == "AE_TERM")
    rows = [["" for _column in file.columns] for _row in range(2)]
    rows[1][place] = text
    shortenings, path = Shortenings(keep=long_texts.append), tmp_path / f"made.{kind.value}"
    CONVERTERS[kind](file, source_of(tmp_path, file, rows), path, shortenings)
    back = list(read_back(path, file, kind))[1]
    limits = LIMITS[kind]
    told = [each for each in shortenings.told if each["what"] == "text"]
    if limits.whole(text, limits.text):
        assert back[place] == text
        assert (told, long_texts) == ([], [])
    else:
        assert told == [{"variable": "AE_TERM", "what": "text", "number": 1, "most": limits.text}]
        assert long_texts == [["AE", "2", "AE_TERM", text]]
        stands = back[place].removeprefix("'") if kind == DataFormat.CSV_EXCEL else back[place]
        assert stands != text
        assert text.startswith(stands)
        assert len(stands) >= limits.text / 4
        assert kind != DataFormat.CSV_EXCEL or len(back[place]) <= 32_767, "with the apostrophe"


def test_rows_that_a_sheet_does_not_hold_stand_on_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "ROWS_OF_A_SHEET", 14)
    file = FILES["PARTICIPANTS"]
    for number, sheets in ((14, ["DATA"]), (35, ["DATA", "DATA 2", "DATA 3"])):
        path, shortenings = converted(tmp_path, file, rows_of(file, number), DataFormat.XLSX)
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == sheets
        assert [[cell.value for cell in sheet[1]] for sheet in book] == [
            [column.header for column in file.columns] for _sheet in sheets
        ]
        assert len(list(read_back(path, file, DataFormat.XLSX))) == number
    assert shortenings.told == [{"variable": "", "what": "rows", "number": 21, "most": 14}]


@pytest.mark.parametrize("kind", [DataFormat.CSV_EXCEL, DataFormat.XLSX, DataFormat.PARQUET])
def test_no_more_than_a_part_of_a_long_file_is_in_memory(
    kind: DataFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAS, SPSS and Stata files are written of whole tables: their library takes nothing else."""
    sizes: list[int] = []
    whole = frames.frame_of

    def counted(file: File, source: Path | bytes) -> pl.DataFrame:
        frame = whole(file, source)
        sizes.append(frame.height)
        return frame

    for module in (frames, convert):
        monkeypatch.setattr(module, "frame_of", counted)
    monkeypatch.setattr(frames, "AT_ONCE", 4_000)
    file = FILES["PARTICIPANTS"]
    converted(tmp_path, file, rows_of(file, 200), kind)
    assert sum(sizes) == 200
    assert max(sizes) < 60


def test_stata_has_a_labelled_number_beside_each_code(tmp_path: Path) -> None:
    file = FILES["PARTICIPANTS"]
    row = ["" for _column in file.columns]
    place = next(n for n, column in enumerate(file.columns) if column.header == "ARM")
    row[place] = "2"
    path, _said = converted(tmp_path, file, [row], DataFormat.DTA)
    frame, said = read_dta(str(path), output_format="polars")
    assert frame["ARM"].to_list() == ["2"]
    assert said.variable_value_labels["ARM_NUM"][frame["ARM_NUM"][0]] == "2: 2"


def test_spss_labels_codes_with_what_fits(tmp_path: Path) -> None:
    file = FILES["AE"]
    path, shortenings = converted(tmp_path, file, rows_of(file, 4), DataFormat.SAV)
    _frame, said = read_sav(str(path), output_format="polars")
    for column in file.columns:
        if column.codes and column.type == "code":
            for code, label in column.codes.items():
                kept = LIMITS[DataFormat.SAV].shortened(str(label), 120)
                assert said.variable_value_labels[column.header][code] == kept.rstrip(" ")
    cut = {each["variable"] for each in shortenings.told}
    assert cut == {
        column.header
        for column in file.columns
        if any(len(str(text).encode()) > 120 for text in column.codes.values() if column.type == "code")
        or len(str(column.label).encode()) > 256
    }


@pytest.mark.parametrize(
    ("text", "most", "kept"), [("放射", 5, "放"), ("放射", 6, "放射"), ("abc", 2, "ab"), ("abc", None, "abc")]
)
def test_no_character_is_cut_in_two(text: str, most: int | None, kept: str) -> None:
    assert LIMITS[DataFormat.XPT].shortened(text, most) == kept
    assert LIMITS[DataFormat.XPT].whole(text, most) == (text == kept)
    assert LIMITS[DataFormat.XLSX].shortened("放射", 1) == "放"
    assert LIMITS[DataFormat.XLSX].shortened("放😀", 2) == "放"  # Excel counts what lies beyond U+FFFF twice


def test_every_file_and_column_has_a_declared_short_name() -> None:
    """``manage.py short_names`` proposes what is missing."""
    names = declared_names()
    lacking = [pair for pair in wanted(FILES.values()) if pair not in names]
    assert lacking == []
    for file in FILES.values():
        short = [names[file.name, column.header] for column in file.columns]
        assert len(set(short)) == len(short), file.name
    of_files = [names[name, ""] for name in FILES]
    assert len(set(of_files)) == len(of_files)
    assert [short for short in names.values() if not LEGAL.fullmatch(short)] == []
    assert len(set(names)) == len(names)


def test_a_new_column_changes_no_name() -> None:
    columns = (Column("SEX", "x"), Column("AGE_AT_CONSENT", "x"), Column("AGE_AT_CONSULT", "x"))
    first = with_proposals({}, [File("DEMOGRAPHICS", columns[:2], "", "", "")])
    second = with_proposals(first, [File("DEMOGRAPHICS", (columns[2], *columns[:2]), "", "", "")])
    assert {name: second[name] for name in first} == first
    short = second["DEMOGRAPHICS", "AGE_AT_CONSULT"]
    assert LEGAL.fullmatch(short)
    assert short not in first.values()


def test_transport_files_carry_the_short_names(tmp_path: Path) -> None:
    file = FILES["CRE"]
    path, _said = converted(tmp_path, file, rows_of(file, 2), DataFormat.XPT)
    frame, said = read_xport(str(path), output_format="polars")
    assert frame.columns == [short_name("CRE", column.header) for column in file.columns]
    assert said.table_name == short_name("CRE")


def pandas_tables(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("read_of_the_export", folder / "read.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tables()


@pytest.fixture
def csv_export(tmp_path: Path) -> Path:
    """A folder as an export of CSV files is, three files of it."""
    chosen = [FILES[name] for name in ("DM", "AE", "PARTICIPANTS")]
    for file in chosen:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.header for column in file.columns])
        writer.writerows(rows_of(file))
        (tmp_path / f"{file.name}.csv").write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    for name, script in readers_of(chosen).items():
        (tmp_path / name).write_text(script, encoding="utf-8")
    return tmp_path


def test_the_python_script_reads_each_cell_right(csv_export: Path) -> None:
    """``NA`` is not missing, ``01`` is not 1, and a day of the month stays a text."""
    import pandas as pd

    tables = pandas_tables(csv_export)
    assert set(tables) == {"DM", "AE", "PARTICIPANTS"}
    for name, frame in tables.items():
        file = FILES[name]
        for said, row in zip(frame.itertuples(index=False), rows_of(file), strict=True):
            for column, one, cell in zip(file.columns, said, row, strict=True):
                wanted_cell = typed(column, cell)
                if wanted_cell is None:
                    assert pd.isna(one), (name, column.header, one)
                elif isinstance(wanted_cell, dt.date):
                    assert one.date() == wanted_cell
                else:
                    assert one == wanted_cell, (name, column.header, one, wanted_cell)


def test_the_schema_names_every_column_and_its_type(csv_export: Path) -> None:
    schema = json.loads((csv_export / "schema.json").read_text())
    [dm] = [each for each in schema["resources"] if each["path"] == "DM.csv"]
    fields = dm["schema"]["fields"]
    assert [field["name"] for field in fields] == [column.header for column in FILES["DM"].columns]
    assert dm["schema"]["missingValues"] == [""]
    kinds = {column.header: column.type for column in FILES["DM"].columns}
    for field in fields:
        known = {"integer": "integer", "decimal": "number", "date": "date"}
        assert field["type"] == known.get(kinds[field["name"]], "string")


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_r_script_reads_each_cell_right(csv_export: Path) -> None:
    code = (
        'source("read.R"); t <- read_tables(); '
        'stopifnot(is.character(t$DM$SITEID), any(t$AE$AE_TERM == "NA", na.rm=TRUE));'
        "cat(nrow(t$DM), class(t$DM$WEIGHT), class(t$PARTICIPANTS$STATE_SINCE))"
    )
    said = subprocess.run(
        ["Rscript", "-e", code], cwd=csv_export, capture_output=True, text=True, check=True, timeout=120
    )
    assert said.stdout.split() == ["35", "numeric", "Date"]


def test_the_sas_and_stata_scripts_name_every_column(csv_export: Path) -> None:
    sas, stata = (csv_export / "read.sas").read_text(), (csv_export / "read.do").read_text()
    for column in FILES["AE"].columns:
        assert f" {short_name('AE', column.header)} :" in sas
        assert f"label variable {column.header} " in stata
    assert sas.count("data work.") == stata.count("save ") == 3


def test_the_sas_script_keeps_the_lines_of_a_text(csv_export: Path) -> None:
    """SAS ends a row at each line feed, also between quotation marks: they are put aside and come back."""
    sas = (csv_export / "read.sas").read_text()
    assert sas.count("%one_line_a_row(") == sas.count("infile rows_ ") == sas.count("'1E'x); end;") == 3
    source = (csv_export / "AE.csv").read_bytes()
    aside, is_open = bytearray(), False
    for byte in source:  # what the macro does
        is_open ^= byte == 0x22
        aside.append(0x1E if is_open and byte == 0x0A else byte)
    assert source.count(b"\n") > len(aside.splitlines()) == 1 + len(rows_of(FILES["AE"]))
    assert b"\x1e" not in source


def test_a_label_can_break_no_script() -> None:
    odd = Column("ODD", "x", "text", "It's `odd\"\n'; run; %let x=1;")
    file = File("DM", (FILES["DM"].columns[0], Column("SITEID", "x", label=odd.label)), "", "", "")
    scripts = readers_of([file])
    assert "'It''s `odd\" ''; run; %let x=1;'" in scripts["read.sas"]
    assert "`\"It's 'odd' '; run; %let x=1;\"'" in scripts["read.do"]


def test_no_column_has_the_name_of_a_number_beside_a_code() -> None:
    assert [
        each.header for file in FILES.values() for each in file.columns if each.header.endswith(CODED)
    ] == []
