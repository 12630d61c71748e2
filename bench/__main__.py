"""``make bench``: every budget in one run."""

from __future__ import annotations

import subprocess
import sys

PARTS = ("bench.budgets", "bench.allocation", "bench.lighthouse")

if __name__ == "__main__":
    for part in PARTS:
        print(f"\n## {part}\n", flush=True)
        subprocess.run([sys.executable, "-m", part], check=True)
