"""Casebooks of so many participants, made by two workers as in production: time, processor time, peak of a worker.

As Celery does, a worker that was larger than it may be makes place for a new process after its few casebooks.
Run: ``python -m bench.casebooks --trial 35600 [--participants 356] [--language zh-hans]``. Stopped and run again, it
makes those that are missing. The largest of the trial are among them: a worker's peak is theirs. ``--trial`` names a
trial that ``bench.databases`` keeps, unless ``--fill`` says to fill one.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.data_out import MANAGER, largest_of, numbers_of
from bench.databases import KEPT, ROOT, Trial, filled, kept, serve, server
from bench.table import HEAD, row

MINUTES, OF, WORKER = 45, 356, 300  # for casebooks of so many participants by two workers; MiB of each
WORKERS, LARGEST = 2, 3
AGAIN = 75  # a worker's process says that another one should go on


@dataclass(frozen=True)
class Worker:
    """What one process of a worker took."""

    processor: float
    peak: float


def wanted(trial: Trial, participants: int) -> list[str]:
    """Return the numbers of so many who were randomized: the largest few, then site by site in turn."""
    first = largest_of(trial, min(LARGEST, participants))
    others = [number for number in numbers_of(trial, participants) if number not in first]
    return [*first, *others][:participants]


def begun(numbers: list[str], language: str) -> tuple[int, int]:
    """Return the number of the export that makes them and how many stand; one that was stopped is taken up again."""
    from django.db import transaction
    from django.utils import timezone

    from crf import catalogue
    from exports.casebooks.papers import number_made
    from exports.casebooks.services import start_casebooks
    from exports.models import Export, ExportState
    from exports.selected.selection import Selection
    from exports.services import request_export
    from kernel.scope import EVERYTHING, scope
    from trials.commands import person_named
    from trials.models import Site
    from trials.models.people import own_scope

    now, purpose = timezone.now(), f"bench: casebooks of {len(numbers)}"
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        manager = person_named(MANAGER, now)
        sites = list(Site.objects.values_list("code", flat=True))
        unfinished = Export.objects.filter(
            purpose=purpose, language=language, state__in=(ExportState.QUEUED, ExportState.RUNNING)
        )
        export = unfinished.order_by("pk").last()
    if export is None:
        with own_scope(manager), transaction.atomic():
            export = request_export(
                forms=list(catalogue.forms()),
                sites=sites,
                purpose=purpose,
                language=language,
                data_format="casebooks",
                selection=Selection(participants=tuple(numbers)),
                by=manager,
                at=now,
            )
    with scope(user_id=None, sites=EVERYTHING):
        start_casebooks(export=export, at=now)
    return export.pk, number_made(export)


def made(number: int) -> bool:
    """Say whether the export is done."""
    from django.db import transaction

    from exports.models import Export, ExportState
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Export.objects.filter(pk=number, state=ExportState.DONE).exists()


def work(number: int) -> None:
    """Make casebooks of the export in this process until none is left for it, or it was larger than it may be."""
    import django

    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from exports.casebooks.services import make_casebooks
    from exports.models import Export
    from kernel.scope import EVERYTHING, scope
    from palace3.celery import LARGEST_PROCESS

    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            export = Export.objects.get(pk=number)
        while make_casebooks(export=export, at=timezone.now()):
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > LARGEST_PROCESS:
                raise SystemExit(AGAIN)


def worked(trial: Trial, media: Path, number: int) -> list[Worker]:
    """Have so many workers make what is missing; return what each of their processes took."""
    environment = {**os.environ, **trial.environment, "EXPORT_ROOT": str(media)}
    with ThreadPoolExecutor(WORKERS) as workers:
        return [
            each
            for told in workers.map(_one_worker, [environment] * WORKERS, [number] * WORKERS)
            for each in told
        ]


def _one_worker(environment: dict[str, str], number: int) -> list[Worker]:
    told = []
    while True:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.casebooks", "--worker", str(number)], env=environment, cwd=ROOT
        )
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.append(Worker(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
        if not process.returncode:
            return told
        if process.returncode != AGAIN:
            raise SystemExit("a worker failed; run the command again to go on")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trial", type=int, help="participants of the trial that is kept")
    parser.add_argument("--participants", type=int, default=OF)
    parser.add_argument("--language", default="en")
    parser.add_argument("--fill", action="store_true", help="fill the trial where it is not kept")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        work(asked.worker)
        return
    print(HEAD)
    with server() as running:
        trial = (filled if asked.fill else kept)(running, asked.trial)
        media = KEPT / f"casebooks-{asked.trial}-{asked.participants}-{asked.language}"
        media.mkdir(parents=True, exist_ok=True)
        os.environ["EXPORT_ROOT"] = str(media)
        serve(trial)
        numbers = wanted(trial, asked.participants)
        number, stood = begun(numbers, asked.language)
        began = time.monotonic()
        workers = worked(trial, media, number)
        seconds = time.monotonic() - began
        if not made(number):
            raise SystemExit("casebooks are missing; run the command again to go on")
        size = sum(path.stat().st_size for path in media.iterdir()) / 2**20
        now = len(numbers) - stood
        processor, peak = sum(each.processor for each in workers), max(each.peak for each in workers)
        minutes = seconds / 60 * OF / now if now else 0
        row(
            f"casebooks of {len(numbers)} participants, {now} of them in this run, {asked.language}, {size:.0f} MiB",
            f"{seconds / 60:.1f} min by {WORKERS} workers, {processor / max(now, 1):.1f} s of the processor each: "
            f"{OF} in {minutes:.0f} min",
            f"{OF} in ≤ {MINUTES} min",
            kept=minutes <= MINUTES,
        )
        row("a worker that made them, peak", f"{peak:.0f} MiB", f"≤ {WORKER} MiB", kept=peak <= WORKER)
        shutil.rmtree(media)  # else the next run takes over what still says the same


if __name__ == "__main__":
    main()
