"""The cells of an export as each format's own reader gives them, held against those of the CSV of the same rows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from exports.formats.kinds import LIMITS, DataFormat
from exports.formats.shortening import LONG_TEXTS
from exports.models import Export
from exports.services import path_of
from tests.unit.exports.test_formats import FILES, as_the_format_tells, read_back, same, typed

BESIDE = {"CODEBOOK", "CODELISTS", Path(LONG_TEXTS).stem}
Rows = list[list[str]]


def rows_of_csv(export: Export) -> dict[str, Rows]:
    """Return the rows of each file of data, in the order of the declared columns."""
    with zipfile.ZipFile(path_of(export)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv")]
        texts = {Path(name).stem: archive.read(name).decode("utf-8-sig") for name in names}
    return {
        name: list(csv.reader(io.StringIO(text)))[1:] for name, text in texts.items() if name not in BESIDE
    }


def different_cells(export: Export, wanted: dict[str, Rows], folder: Path) -> Iterator[str]:
    """Yield each cell that is another than in the CSV; a text that the format cuts stands whole beside it."""
    kind = DataFormat(export.data_format)
    folder.mkdir()
    with zipfile.ZipFile(path_of(export)) as archive:
        beside = archive.read(LONG_TEXTS).decode("utf-8-sig") if LONG_TEXTS in archive.namelist() else ""
        long_texts = {tuple(line) for line in csv.reader(io.StringIO(beside))}
        for name, rows in wanted.items():
            file = FILES[name]
            ending = "csv" if kind == DataFormat.CSV_EXCEL else kind.value
            back = list(read_back(Path(archive.extract(f"{name}.{ending}", folder)), file, kind))
            if len(back) != len(rows):
                yield f"{name}: {len(back)} rows of {len(rows)}"
            for number, (said, cells) in enumerate(zip(back, rows, strict=True), 1):
                for column, one, cell in zip(file.columns, said, cells, strict=True):
                    expected = as_the_format_tells(column, typed(column, cell), kind)
                    is_cut = isinstance(expected, str) and not LIMITS[kind].whole(expected, LIMITS[kind].text)
                    stands = (name, str(number), column.header, cell) in long_texts
                    if not (stands and expected.startswith(one) if is_cut else same(column, one, expected)):
                        yield f"{name} {number} {column.header}: {one!r}, not {expected!r}"
