"""One file of an export, made from its CSV in another format."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exports.formats.frames import frame_of, frames_of, schema_of
from exports.formats.kinds import LIMITS, DataFormat
from exports.formats.short_names import short_name
from exports.formats.shortening import Shortenings
from exports.tables import Column, File
from kernel.spreadsheets import safe_cell

if TYPE_CHECKING:
    from polars import DataFrame

ROWS_OF_A_SHEET: Final = 1_048_575  # below the names of the columns
ROWS_OF_A_GROUP: Final = 20_000  # of a Parquet file, which is written group by group
EXCEL_BEGINS: Final = 1900
STATA_VERSION: Final = 14  # what 15 writes of long texts comes back empty in some readers
CODED: Final = "_NUM"  # Stata has labels of codes for numbers alone: a number stands beside the code


def write_csv_for_excel(file: File, source: Path, target: Path, shortenings: Shortenings) -> None:
    """The file stands at ``target`` as CSV whose texts no spreadsheet runs, its lines ended as RFC 4180 says."""
    with target.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\r\n")
        writer.writerow([column.header for column in file.columns])
        for frame in _fitting(file, source, DataFormat.CSV_EXCEL, shortenings):
            writer.writerows([safe_cell(cell) for cell in row] for row in frame.iter_rows())


def _fitting(file: File, source: Path, kind: DataFormat, shortenings: Shortenings) -> Iterator[DataFrame]:
    """Yield the tables of the file one after another, each text as the format holds it."""
    rows = 0
    for frame in frames_of(file, source):
        yield shortenings.fitting_cells(file, frame, LIMITS[kind], before=rows)
        rows += frame.height


def write_xlsx(file: File, source: Path, target: Path, shortenings: Shortenings) -> None:
    """The file stands at ``target`` as a workbook: texts as texts, numbers as numbers, days as days.

    Rows beyond those that a sheet has stand on sheets of their own, each under the names of the columns.
    Refuses: a cell that the workbook did not take (ValueError).
    """
    import xlsxwriter  # type: ignore[import-untyped]

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(target), options | {"strings_to_numbers": False}) as book:
        head, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, rows = _sheet(book, file, head), 0
        for frame in _fitting(file, source, DataFormat.XLSX, shortenings):
            for row in frame.iter_rows():
                if rows and rows % ROWS_OF_A_SHEET == 0:
                    sheet = _sheet(book, file, head)
                for place, cell in enumerate(row):
                    if cell is not None:
                        _took(_write_cell(sheet, rows % ROWS_OF_A_SHEET + 1, place, cell, day))
                rows += 1
    shortenings.tell_further_rows(rows - ROWS_OF_A_SHEET, ROWS_OF_A_SHEET)


def _sheet(book: Any, file: File, head: Any) -> Any:
    """Return a sheet that follows those of the workbook, with the names of the columns: DATA, DATA 2 and so on."""
    number = len(book.worksheets()) + 1
    sheet = book.add_worksheet("DATA" if number == 1 else f"DATA {number}")
    for place, column in enumerate(file.columns):
        _took(sheet.write_string(0, place, column.header, head))
    sheet.freeze_panes(1, 3)
    return sheet


def _write_cell(sheet: Any, number: int, place: int, cell: Any, day: Any) -> int:
    if isinstance(cell, str):
        return int(sheet.write_string(number, place, cell))
    if isinstance(cell, int | float):
        return int(sheet.write_number(number, place, cell))
    if cell.year < EXCEL_BEGINS:
        return int(sheet.write_string(number, place, cell.isoformat()))
    return int(sheet.write_datetime(number, place, cell, day))


def _took(answer: int) -> None:
    if answer != 0:
        raise ValueError(f"the workbook did not take a cell ({answer})")


def write_parquet(file: File, source: Path, target: Path, shortenings: Shortenings) -> None:
    """The file stands at ``target`` as Parquet; the labels of its columns and codes stand in the file's metadata."""
    from polars.io.plugins import register_io_source

    said = {
        column.header: {
            "label": str(column.label),
            "codes": {code: str(text) for code, text in column.codes.items()},
        }
        for column in file.columns
    }

    def tables(*_asked: object) -> Iterator[DataFrame]:
        return frames_of(file, source)

    register_io_source(tables, schema=schema_of(file)).sink_parquet(
        target,
        row_group_size=ROWS_OF_A_GROUP,
        metadata={"columns": json.dumps(said, ensure_ascii=False)},
    )


def write_xpt(file: File, source: Path, target: Path, shortenings: Shortenings) -> None:
    """The file stands at ``target`` as a SAS transport file of version 5, under the declared short names."""
    from pyreadstat import write_xport

    limits = LIMITS[DataFormat.XPT]
    frame = shortenings.fitting_cells(file, frame_of(file, source), limits)
    short = {column.header: short_name(file.name, column.header) for column in file.columns}
    labels: list[str | None] = [
        shortenings.fitting_label(each.header, str(each.label), limits) for each in file.columns
    ]
    title = limits.shortened(file.name, limits.label)
    told: dict[str, Any] = {
        "file_label": title,
        "table_name": short_name(file.name),
        "file_format_version": 5,
    }
    write_xport(frame.rename(short), str(target), column_labels=labels, **told)


def write_sav(file: File, source: Path, target: Path, shortenings: Shortenings) -> None:
    """The file stands at ``target`` as a system file of SPSS, with labels of columns and of codes."""
    from pyreadstat import write_sav as write

    limits = LIMITS[DataFormat.SAV]
    frame = shortenings.fitting_cells(file, frame_of(file, source), limits)
    labels: list[str | None] = [
        shortenings.fitting_label(each.header, str(each.label), limits) for each in file.columns
    ]
    of_codes: Any = {each.header: _code_labels(each, shortenings, DataFormat.SAV) for each in _coded(file)}
    write(frame, str(target), column_labels=labels, variable_value_labels=of_codes)


def write_dta(file: File, source: Path, target: Path, shortenings: Shortenings) -> None:
    """The file stands at ``target`` as a data set of Stata: beside each code, a number carries the code's label."""
    from pyreadstat import write_dta as write

    limits = LIMITS[DataFormat.DTA]
    frame = shortenings.fitting_cells(file, frame_of(file, source), limits)
    frame, labels, of_codes = _with_numbers(file, frame, shortenings)
    names = {name: _legal(file, name) for name in frame.columns}
    write(
        frame.rename(names),
        str(target),
        column_labels=[shortenings.fitting_label(name, labels[name], limits) for name in frame.columns],
        variable_value_labels={names[name]: texts for name, texts in of_codes.items()},
        version=STATA_VERSION,
    )


def _with_numbers(
    file: File, frame: DataFrame, shortenings: Shortenings
) -> tuple[DataFrame, dict[str, str], dict[str, dict[int | float, str]]]:
    """Return the table with a number beside each code, the label of each column, and those of the numbers."""
    import polars as pl

    labels = {column.header: str(column.label) for column in file.columns}
    of_codes: dict[str, dict[int | float, str]] = {}
    order: list[str] = []
    for column in file.columns:
        order.append(column.header)
        if column.codes and column.type == "code":
            numbers = {code: number for number, code in enumerate(column.codes, start=1)}
            numbered = f"{column.header}{CODED}"
            texts = _code_labels(column, shortenings, DataFormat.DTA)
            of_codes[numbered] = {numbers[code]: f"{code}: {text}" for code, text in texts.items()}
            known = pl.col(column.header).replace_strict(numbers, default=None, return_dtype=pl.Int64)
            frame = frame.with_columns(known.alias(numbered))
            labels[numbered] = labels[column.header]
            order.append(numbered)
    return frame.select(order), labels, of_codes


def _legal(file: File, name: str) -> str:
    """Return the name as Stata takes it: where it is too long, the declared short name."""
    if len(name) <= (LIMITS[DataFormat.DTA].name or 0):
        return name
    own = name.removesuffix(CODED)
    return short_name(file.name, own) + (CODED if own != name else "")


def _coded(file: File) -> list[Column]:
    return [column for column in file.columns if column.codes and column.type == "code"]


def _code_labels(column: Column, shortenings: Shortenings, kind: DataFormat) -> dict[str, str]:
    return {
        code: shortenings.fitting_code_label(column.header, str(text), LIMITS[kind])
        for code, text in column.codes.items()
    }


Convert = Callable[[File, Path, Path, Shortenings], None]
CONVERTERS: Final[dict[DataFormat, Convert]] = {
    DataFormat.CSV_EXCEL: write_csv_for_excel,
    DataFormat.XLSX: write_xlsx,
    DataFormat.PARQUET: write_parquet,
    DataFormat.XPT: write_xpt,
    DataFormat.SAV: write_sav,
    DataFormat.DTA: write_dta,
}
ENDINGS: Final = {
    kind: "csv" if kind in (DataFormat.CSV, DataFormat.CSV_EXCEL) else kind.value for kind in DataFormat
}
