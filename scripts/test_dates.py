"""Runs the tests on other dates: once with the machine's own, then once for each day of ``dates``.

``make test-dates`` runs this nightly with pytest's arguments (``ARGS``). libfaketime, Debian's package ``faketime``,
shifts the clock of pytest and of all that it starts, PostgreSQL included; how fast time passes stays the machine's.
The browser, which stands still under that library, keeps its own: no page asks it for the day. One line a date with
pytest's closing line; the whole output stands in ``var/test-dates``. Ends with 1 if a date failed. ``DATES="night
leap-day"`` runs those alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from set_up import apt_install

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "var" / "test-dates"
LIBRARY = "libfaketimeMT.so.1"
A_LEAP_DAY = datetime(2028, 2, 29, 12, tzinfo=UTC)
MIDNIGHT_HAS_PASSED_IN_CHINA = {"hour": 17, "minute": 30, "second": 0}


def main(arguments: list[str]) -> int:
    """Run the tests on each date; return 1 if one failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    library, started = find_library(), datetime.now(UTC)  # noqa: TID251 (the machine's own)
    chosen = os.environ.get("DATES", "").split()
    failed = False
    for name, day in dates(started):
        if chosen and name not in chosen:
            continue
        code, closing = run_tests(
            arguments, shift=day and day - started, library=library, log=LOGS / f"{name}.log"
        )
        failed |= code != 0
        print(f"{name:<16} {day or started:%Y-%m-%d %H:%M} UTC  {closing.strip(' =')}", flush=True)
    return int(failed)


def dates(now: datetime) -> Iterator[tuple[str, datetime | None]]:
    """Yield a name and a moment for each run; None is the machine's own clock."""
    night = now.replace(**MIDNIGHT_HAS_PASSED_IN_CHINA)
    yield "today", None
    yield "leap-day", A_LEAP_DAY
    yield "end-of-year", datetime(now.year, 12, 31, 23, 30, tzinfo=UTC)  # the next year in China
    yield "night", night if night > now else night + timedelta(days=1)
    yield "five-years-on", now + timedelta(days=5 * 365 + 1)


def run_tests(
    arguments: Sequence[str], *, shift: timedelta | None, library: Path, log: Path
) -> tuple[int, str]:
    """Run pytest with its clock shifted; return its exit code and closing line."""
    environment = os.environ | ({} if shift is None else shifted(shift, library))
    command = [sys.executable, "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider", *arguments]
    with log.open("w", encoding="utf-8") as output:
        started = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code = started.wait()
        except KeyboardInterrupt:
            started.wait()  # pytest was told as well, and stops its server
            raise
    lines = log.read_text(encoding="utf-8").splitlines()
    return code, next((line for line in reversed(lines) if line.strip()), "printed nothing")


def shifted(shift: timedelta, library: Path) -> dict[str, str]:
    """Return the environment in which every process's calendar, and nothing else, is ``shift`` ahead."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{int(shift.total_seconds()):+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "PYTHONPATH": str(ROOT / "scripts" / "shifted_clock"),
    }


def find_library() -> Path:
    """Return libfaketime; it is installed first where that can be done."""
    if not (paths := libraries()):
        apt_install(("faketime",))
        paths = libraries()
    if not paths:
        sys.exit("The tests' dates are shifted by libfaketime. Install it: sudo apt install faketime")
    return paths[0]


def libraries() -> list[Path]:
    return sorted(Path("/usr").glob(f"lib*/**/faketime/{LIBRARY}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
