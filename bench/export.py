"""The export of every form and every site against PostgreSQL's COPY of the same tables, and its memory.

Both write to a file. Then each other format, and a moment of the past, against CSV of the same three forms; and a page
asked while an export is written. Run: ``python -m bench.export [--participants 35600]``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

from bench.databases import Trial, filled, serve, server
from bench.pages import Asked, person
from bench.table import HEAD, alternated, row

RATIO = 0.5
PAST = 3
BESIDE = 1.5
MEMORY = 40  # MiB that may be added by an export of any size


SOME = ("DM", "STAGE", "AE")
TABLES = ("PARTICIPANTS", "MILESTONES", "VISITS")
ASKED = (("work list", "coord01", "/work-list/"), ("participants", "data", "/participants/"))


def whole(forms: Sequence[str] = (), data_format: str = "csv", cut_at: datetime | None = None) -> int:
    """The export job as the worker does it: register, write, count, digest; return its rows."""
    from django.utils import timezone

    from crf import catalogue
    from exports.selected.selection import Selection
    from exports.services import path_of, request_export, write_export
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):
        export = request_export(
            forms=list(forms or catalogue.forms()),
            sites=[f"{number:02d}" for number in range(1, 7)],
            purpose="bench",
            data_format=data_format,
            cut_at=cut_at,
            selection=Selection(tables=TABLES, arm="shown"),
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


def without_worker(folder: str) -> None:
    """From here on files are written into the folder, and no worker is told."""
    from django.conf import settings

    from exports import services

    settings.MEDIA_ROOT = folder
    services.send = lambda name, *args, **more: None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=35_600)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with server() as running, tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        trial = filled(running, asked.participants)
        serve(trial)
        without_worker(folder)
        print(f"\n{asked.participants} participants\n\n{HEAD}")
        _against_copy(Path(folder) / "plain.csv", asked.rounds)
        _beside(trial, folder)
        _in_time(1)
        _each_format()


def _against_copy(target: Path, rounds: int) -> None:
    plain(target)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = whole()
    added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    taken = alternated({"copy": lambda: plain(target), "export": whole}, rounds=rounds, warm=0)
    ratio = taken["copy"] / taken["export"]
    row(
        f"export of every form, {rows:,} rows",
        f"{ratio:.2f} × COPY's speed ({taken['export'] / 1000:.1f} and {taken['copy'] / 1000:.1f} s)",
        f"≥ {RATIO} ×",
        kept=ratio >= RATIO,
    )
    row("memory an export adds", f"{added:.0f} MiB", f"flat: ≤ {MEMORY} MiB", kept=added <= MEMORY)


def _in_time(rounds: int) -> None:
    """A moment of the past against now, the same forms."""
    from django.utils import timezone

    cut = timezone.now() - timedelta(minutes=5)
    ways = {"now": lambda: whole(SOME), "past": lambda: whole(SOME, cut_at=cut)}
    taken = alternated(ways, rounds=rounds, warm=0)
    ratio = taken["past"] / taken["now"]
    row(
        f"{', '.join(SOME)} as of five minutes ago",
        f"{ratio:.2f} × the time of now ({taken['past'] / 1000:.1f} and {taken['now'] / 1000:.1f} s)",
        f"≤ {PAST} ×",
        kept=ratio <= PAST,
    )


def _each_format() -> None:
    """Each other format against CSV: rows a second, and the memory that it adds."""
    for kind in ("csv", "csv-excel", "parquet", "xpt", "sav", "dta", "xlsx"):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows: list[int] = []
        taken = alternated(
            {kind: lambda kind=kind, rows=rows: rows.append(whole(SOME, kind))}, rounds=1, warm=0
        )
        seconds = taken[kind] / 1000
        added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
        row(
            f"{', '.join(SOME)} as {kind}",
            f"{seconds:.1f} s, {rows[0] / seconds:,.0f} rows/s; {added:.0f} MiB added",
        )


def _beside(trial: Trial, folder: str) -> None:
    """Pages while an export of everything is written by another process, against the same pages alone."""
    pages = Asked(trial)
    alone = {what: _median(pages, user, address) for what, user, address in ASKED}
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    writing = context.Process(target=_write_again, args=(trial, folder, begun), daemon=True)
    writing.start()
    begun.wait()
    meanwhile = {what: _median(pages, user, address) for what, user, address in ASKED}
    was_writing = writing.is_alive()
    writing.terminate()
    writing.join()
    for what, before in alone.items():
        ratio = meanwhile[what] / before
        row(
            f"{what} while an export is written" + ("" if was_writing else " (it ended before)"),
            f"{ratio:.2f} × alone ({meanwhile[what]:.0f} and {before:.0f} ms)",
            f"≤ {BESIDE} ×",
            kept=ratio <= BESIDE,
        )


def _median(pages: Asked, user: str, address: str, rounds: int = 60) -> float:
    pages.get(user, address)
    return statistics.median(pages.get(user, address)[1] for _round in range(rounds))


def _write_again(trial: Trial, folder: str, begun: Event) -> None:
    serve(trial)
    without_worker(folder)
    begun.set()
    while True:
        whole()


if __name__ == "__main__":
    main()
