"""SAS transport files of version 5, as regulators take them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from exports.sdtm.package import Dataset

LONGEST_LABEL = 40
VERSION: Final = 5


def write_transport(dataset: Dataset, folder: Path) -> Path:
    """The data set stands in the folder: names of 8 characters, labels of 40, texts of 200 bytes, or nothing at all.

    Refuses: a label or a value that the format would cut (ValueError).
    """
    import polars as pl
    from pyreadstat import write_xport

    target = folder / f"{dataset.name.lower()}.xpt"
    columns: dict[str, list[float | None] | list[date | None] | list[str]] = {}
    for variable in dataset.variables:
        if len(variable.label) > LONGEST_LABEL:
            raise ValueError(f"{dataset.name}.{variable.name}: the label is longer than {LONGEST_LABEL}")
        values = [row.get(variable.name, "") for row in dataset.rows]
        if variable.is_date:
            columns[variable.name] = [date.fromisoformat(value) if value else None for value in values]
        elif variable.is_number:
            columns[variable.name] = [float(value) if value else None for value in values]
        else:
            columns[variable.name] = [_whole(dataset, variable.name, value) for value in values]
    kinds: dict[bool, type[pl.DataType]] = {True: pl.Float64, False: pl.String}
    schema = {each.name: pl.Date if each.is_date else kinds[each.is_number] for each in dataset.variables}
    write_xport(
        pl.DataFrame(columns, schema=schema),
        str(target),
        file_label=dataset.label[:LONGEST_LABEL],
        table_name=dataset.name,
        column_labels=[variable.label for variable in dataset.variables],
        file_format_version=VERSION,
    )
    return target


def _whole(dataset: Dataset, name: str, value: str) -> str:
    if len(value.encode()) > 200:
        raise ValueError(f"{dataset.name}.{name}: a value is longer than 200 bytes")
    return value
