"""What each file of an export says of itself, before its first row: columns in their order, and their types."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
from pyreadstat import read_dta, read_sav, read_xport

from exports.formats.kinds import DataFormat
from exports.models import Export
from exports.services import path_of

STATISTICS: dict[str, Any] = {"xpt": read_xport, "sav": read_sav, "dta": read_dta}
Shape = dict[str, list[tuple[str, str]]]


def shapes_of(export: Export, folder: Path, *, of: Collection[str] = ()) -> Shape:
    """Return name and type of each column of each file of data (those named), as the format's own reader tells them."""
    with zipfile.ZipFile(path_of(export)) as archive:
        names = [name for name in archive.namelist() if name.rpartition(".")[2] in ENDINGS]
        data = [
            name for name in of or names if name not in ("CODEBOOK.csv", "CODELISTS.csv", "LONG_TEXTS.csv")
        ]
        return {name: _columns(Path(archive.extract(name, folder))) for name in data}


ENDINGS = {"csv", *(kind.value for kind in DataFormat)}


def _columns(path: Path) -> list[tuple[str, str]]:
    ending = path.suffix[1:]
    if ending == "csv":
        header = next(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
        return [(name, "") for name in header]
    if ending == "xlsx":
        with closing(openpyxl.load_workbook(path, read_only=True)) as workbook:
            return [(str(cell.value), "") for cell in next(workbook["DATA"].iter_rows(max_row=1))]
    if ending == "parquet":
        return [(name, str(kind)) for name, kind in pl.read_parquet_schema(path).items()]
    _frame, said = STATISTICS[ending](str(path), metadataonly=True)
    return list(said.readstat_variable_types.items())
