"""``make bench``: every budget of architecture 11, one part after the other, each with its ratios in one run.

``--write`` puts the table into bench/RESULTS.md; ``--only pages,save`` measures some parts.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

PARTS = {
    "pages": ("bench.pages",),
    "reports": ("bench.reports",),
    "forms": ("bench.forms", "--participants", "100"),
    "guards": ("bench.guards", "--participants", "100"),
    "export": ("bench.export",),
    "allocation": ("bench.allocation",),
    "night": ("bench.followup", "--only", "night"),
    "lighthouse": ("bench.lighthouse",),
    "demo": ("bench.demo",),
    "suite": ("bench.suite",),
}
RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- the table begins -->", "<!-- the table ends -->"


def measured(part: str) -> list[str]:
    """Return the lines that a part printed for the table; they are shown as they come."""
    began, lines = time.monotonic(), []
    command = [sys.executable, "-m", *PARTS[part]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    print(f"({part}: {time.monotonic() - began:.0f} s)\n", flush=True)
    if running.returncode:
        lines.append(f"\n{part} ended with {running.returncode}; nothing of it counts.")
    return [f"\n## {part}: `python -m {' '.join(PARTS[part])}`", *lines]


def write(lines: list[str]) -> None:
    """The table in RESULTS.md is the one measured now; the words around it stay."""
    before, _begin, rest = RESULTS.read_text().partition(BEGIN)
    _old, _end, after = rest.partition(END)
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    head = (
        f"Measured {when} on {os.cpu_count()} cores with Python {platform.python_version()}; mean load of the last "
        f"quarter of an hour {os.getloadavg()[2]:.1f}. Read the ratios; times are of one machine.\n"
    )
    RESULTS.write_text(f"{before}{BEGIN}\n\n{head}" + "\n".join(lines) + f"\n\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--write", action="store_true", help="put the table into bench/RESULTS.md")
    asked = parser.parse_args()
    lines = [line for part in asked.only.split(",") for line in measured(part)]
    if asked.write:
        write(lines)


if __name__ == "__main__":
    main()
