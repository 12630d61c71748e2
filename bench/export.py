"""The export of every form and every site against PostgreSQL's COPY of the same tables, and its memory.

Both write to a file. Run: ``python -m bench.export [--participants 35600]``.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path

from bench.databases import filled, serve, server
from bench.pages import person
from bench.table import HEAD, alternated, row

RATIO = 0.3
MEMORY = 40  # MiB that may be added by an export of any size


def whole() -> int:
    """The export job as the worker does it: register, write, count, digest; return its rows."""
    from django.utils import timezone

    from crf import catalogue
    from exports.services import path_of, request_export, write_export
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):
        export = request_export(
            forms=list(catalogue.forms()),
            sites=[f"{number:02d}" for number in range(1, 7)],
            purpose="bench",
            by=person("data"),
            at=timezone.now(),
        )
        written = write_export(export=export, at=timezone.now())
        path_of(written).unlink()
        return written.rows


def plain(target: Path) -> None:
    """COPY of the tables behind the exported files, whole, one after the other."""
    from django.db import connection, transaction

    from crf import catalogue
    from kernel.scope import EVERYTHING, scope

    tables = ["trials_participant", "trials_milestone", "followup_visit", "crf_record"]
    for form in catalogue.forms().values():
        tables += [form.model._meta.db_table, *(g.model._meta.db_table for g in form.groups.values())]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic(), connection.cursor() as cursor:
        with target.open("wb") as file:
            for table in tables:
                with cursor.cursor.copy(f"COPY {table} TO STDOUT (FORMAT csv, HEADER true)") as copy:
                    for chunk in copy:
                        file.write(chunk)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=35_600)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with server() as running, tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        serve(filled(running, asked.participants))
        from django.conf import settings

        from exports import services

        settings.MEDIA_ROOT = folder
        services._send = lambda pk: None  # noqa: SLF001 (no worker here: the job is done at once)
        target = Path(folder) / "plain.csv"
        plain(target)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows = whole()
        added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
        ways = {"copy": lambda: plain(target), "export": whole}
        taken = alternated(ways, rounds=asked.rounds, warm=0)
    print(f"\n{asked.participants} participants, {rows:,} rows\n\n{HEAD}")
    ratio = taken["copy"] / taken["export"]
    row(
        "export of every form",
        f"{ratio:.2f} × COPY's speed ({taken['export'] / 1000:.1f} and {taken['copy'] / 1000:.1f} s)",
        f"≥ {RATIO} ×",
        kept=ratio >= RATIO,
    )
    row("memory an export adds", f"{added:.0f} MiB", f"flat: ≤ {MEMORY} MiB", kept=added <= MEMORY)


if __name__ == "__main__":
    main()
