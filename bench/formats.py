"""Memory and time of each format in which files leave: one long file of made-up rows, no database.

Run: ``python -m bench.formats --rows 50000 1000000``. The file is ``LB_TESTS``, the longest of a trial; each format is
written in a process of its own, whose memory before and at its peak are told.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.databases import ROOT
from bench.table import HEAD, row

if TYPE_CHECKING:
    from exports.tables import Column, File

FORMATS: Final = ("csv-excel", "xlsx", "parquet", "xpt", "sav", "dta")
FLAT: Final = ("csv-excel", "xlsx", "parquet")  # the library of the others takes a whole table
FILE: Final = "LB_TESTS"
MIB: Final = 2**20


def _file() -> File:
    from crf import catalogue
    from exports.cuts import Cut
    from exports.writing import files_for

    cut = Cut(at=datetime(2026, 11, 20, tzinfo=UTC), is_past=False)
    return next(file for file in files_for([catalogue.form("LB")], cut, ()) if file.name == FILE)


def _cell(column: Column, number: int) -> str:
    if number % 4 == 0:
        return ""
    match column.type:
        case "integer":
            return str(number % 90)
        case "decimal":
            return str(number % 1000 / 8)
        case "date":
            return "2026-03-05"
        case "code" if column.codes:
            return list(column.codes)[number % len(column.codes)]
        case _:
            return f"text {number % 100_000}"


def write_rows(path: Path, rows: int) -> None:
    """The file as COPY would write it stands at ``path``."""
    columns = _file().columns
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([column.header for column in columns])
        writer.writerows(
            [_cell(column, number * 7 + place) for place, column in enumerate(columns)]
            for number in range(rows)
        )


def convert(kind: str, source: Path, target: Path) -> dict[str, float]:
    """Write the file in one format; return what it took, as this process sees it."""
    from exports.formats.convert import CONVERTERS
    from exports.formats.kinds import DataFormat
    from exports.formats.shortening import Shortenings

    for library in ("polars", "pyreadstat", "xlsxwriter"):  # what they take is no part of the file
        import_module(library)
    file = _file()
    before, began = _peak(), time.process_time()
    CONVERTERS[DataFormat(kind)](file, source, target, Shortenings(keep=lambda _line: None))
    return {"before": before, "peak": _peak(), "processor": time.process_time() - began}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 1_000_000])
    parser.add_argument("--formats", nargs="*", choices=FORMATS, default=FORMATS)
    parser.add_argument("--one", nargs=3, metavar=("FORMAT", "SOURCE", "TARGET"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ.setdefault("SECRET_KEY", "bench")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "palace3.settings")
    import django

    django.setup()
    if asked.one:
        kind, source, target = asked.one
        print(json.dumps(convert(kind, Path(source), Path(target))))
        return
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        for rows in asked.rows:
            source = Path(folder) / f"{rows}"
            write_rows(source, rows)
            for kind in asked.formats:
                target = Path(folder) / f"made.{kind}"
                command = [sys.executable, "-m", "bench.formats", "--one", kind, str(source), str(target)]
                done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
                told = json.loads(done.stdout)
                added = told["peak"] - told["before"]
                row(
                    f"{kind}, {rows:,} rows, {source.stat().st_size / MIB:.0f} MiB of CSV",
                    f"{told['processor']:.1f} s of the processor, {target.stat().st_size / MIB:.0f} MiB; "
                    f"{added:.0f} MiB of memory added",
                    "flat: ≤ 150 MiB added" if kind in FLAT else "",
                    kept=added <= 150 if kind in FLAT else None,
                )
                target.unlink()


if __name__ == "__main__":
    main()
