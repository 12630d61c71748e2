"""The whole test suite on two workers. Run: ``python -m bench.suite``."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from bench.databases import ROOT
from bench.table import HEAD, row

MINUTES = 15


def main() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
    began = time.monotonic()
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    minutes = (time.monotonic() - began) / 60
    passed = re.search(r"(\d+) passed", ended.stdout)
    print(HEAD)
    row(
        f"the whole test suite ({passed[1] if passed else 0} tests passed)",
        f"{minutes:.1f} min" + ("" if ended.returncode == 0 else ", and it did not pass"),
        f"≤ {MINUTES} min",
        kept=minutes <= MINUTES and ended.returncode == 0,
    )


if __name__ == "__main__":
    main()
