"""A file of an export as tables with the declared types, whatever its cells look like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from exports.tables import Column, File

if TYPE_CHECKING:
    from polars import DataFrame

AT_ONCE: Final = 4 * 2**20  # bytes of CSV: what is read at a time takes about ten times as much memory


def frame_of(file: File, source: Path | bytes) -> DataFrame:
    """Return CSV as a table: whole numbers, decimals, days and texts, as the columns declare.

    An empty cell is a missing value. ``NA`` and ``01`` stay texts, and so do days that are not known to the day.
    """
    import polars as pl  # a heavy library, loaded where a format needs it

    frame = pl.read_csv(source, schema=schema_of(file), encoding="utf8", null_values=[""])
    return frame.with_columns(pl.col(pl.String).replace("", None))


def frames_of(file: File, path: Path) -> Iterator[DataFrame]:
    """Yield the CSV at ``path`` as tables that follow one another, each of about ``AT_ONCE`` bytes of it.

    However long the file is, memory holds one of them.
    """
    with path.open("rb") as lines:
        head = lines.readline()
        block, is_open = bytearray(head), False
        for line in lines:
            block += line
            is_open ^= line.count(b'"') % 2 == 1  # a text of several lines is one row
            if len(block) >= AT_ONCE and not is_open:
                yield frame_of(file, bytes(block))
                block = bytearray(head)
        if len(block) > len(head):
            yield frame_of(file, bytes(block))


def schema_of(file: File) -> dict[str, Any]:
    """Return the type of each column, as it is declared."""
    return {column.header: _type_of(column) for column in file.columns}


def _type_of(column: Column) -> Any:
    import polars as pl

    return {"integer": pl.Int64, "decimal": pl.Float64, "date": pl.Date}.get(column.type, pl.String)
