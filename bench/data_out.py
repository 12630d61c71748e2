"""What leaves of so many participants, by the command itself: seconds, processor time, size and peak memory.

Run: ``python -m bench.data_out --trial 35600 --participants 356 2000``. Each format is taken by ``manage.py export`` in
a process of its own, of randomized participants of every site in turn; the peak is that of the process. ``--trial``
names a trial that ``bench.databases`` keeps: one of another schema is refused, unless ``--fill`` says to fill one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.databases import ROOT, Trial, filled, kept, server
from bench.table import HEAD, row

FORMATS = ("csv", "odm132", "odm132-all", "odm20", "sdtm-xpt", "sdtm-json", "adam")
WHOLE = "adam"  # is never narrowed to participants: it is taken of the whole trial, by the statistician
MANAGER, STATISTICIAN = "data", "stats"


@dataclass(frozen=True)
class Taken:
    """One export: what it took, and how large it is."""

    seconds: float
    processor: float
    peak: float
    size: float


def taken(trial: Trial, kind: str, numbers: list[str], folder: Path) -> Taken:
    """Take the participants in one format; return what it took."""
    command = [
        *(sys.executable, str(ROOT / "manage.py"), "export", "--format", kind, "--purpose", "bench"),
        *("--out", str(folder), "--as", STATISTICIAN if kind == WHOLE else MANAGER),
    ]
    if kind != WHOLE:
        command += ["--participants", *numbers]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="palace3-media-") as media:
        environment = {**os.environ, **trial.environment, "EXPORT_ROOT": media}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{kind} of {len(numbers)} participants was not taken")
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    return Taken(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size)


def numbers_of(trial: Trial, participants: int) -> list[str]:
    """Return the first numbers of those who were randomized, site by site in turn."""
    return _numbers(trial, "row_number() OVER (PARTITION BY site_id ORDER BY number), number", participants)


def largest_of(trial: Trial, participants: int) -> list[str]:
    """Return the numbers of those about whom most was written down."""
    return _numbers(
        trial, "(SELECT count(*) FROM audit_act a WHERE a.participant_id = p.id) DESC", participants
    )


def _numbers(trial: Trial, order: str, participants: int) -> list[str]:
    sql = f"SELECT number FROM trials_participant p WHERE arm IS NOT NULL ORDER BY {order} LIMIT {participants:d}"
    with psycopg.connect(trial.admin) as admin:
        return [number for (number,) in admin.execute(sql)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trial", type=int, required=True, help="participants of the trial that is kept")
    parser.add_argument("--participants", type=int, nargs="*", default=[356, 2000])
    parser.add_argument("--formats", nargs="*", choices=FORMATS, default=FORMATS)
    parser.add_argument("--fill", action="store_true", help="fill the trial where it is not kept")
    asked = parser.parse_args()
    print(HEAD)
    with server() as running, tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        trial = (filled if asked.fill else kept)(running, asked.trial)
        for participants in asked.participants:
            numbers = numbers_of(trial, participants)
            for kind in asked.formats:
                if kind == WHOLE and asked.trial > participants:
                    row(
                        f"{kind}, {participants:,} participants",
                        f"a trial of {participants:,} is wanted for it",
                    )
                    continue
                told = taken(trial, kind, numbers, Path(folder) / f"{kind}-{participants}")
                row(
                    f"{kind}, {len(numbers):,} participants, {told.size:.0f} MiB",
                    f"{told.seconds:.0f} s, {told.processor:.0f} s of the processor; peak {told.peak:.0f} MiB",
                )


if __name__ == "__main__":
    main()
