"""A file of an export as a table with the declared types, whatever its cells look like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from exports.tables import Column, File

if TYPE_CHECKING:
    from polars import DataFrame


def frame_of(file: File, path: Path) -> DataFrame:
    """Return the CSV at ``path`` as a table: whole numbers, decimals, days and texts, as the columns declare.

    An empty cell is a missing value. ``NA`` and ``01`` stay texts, and so do days that are not known to the day.
    """
    import polars as pl  # a heavy library, loaded where a format needs it

    schema = {column.header: _type_of(column) for column in file.columns}
    frame = pl.read_csv(path, schema=schema, encoding="utf8", null_values=[""])
    return frame.with_columns(pl.col(pl.String).replace("", None))


def _type_of(column: Column) -> Any:
    import polars as pl

    return {"integer": pl.Int64, "decimal": pl.Float64, "date": pl.Date}.get(column.type, pl.String)
