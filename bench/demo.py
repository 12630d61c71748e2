"""From one command to a served demo, with packages installed. Run: ``python -m bench.demo``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from bench.databases import ROOT
from bench.table import HEAD, row

BUDGET = 60


def served_after(folder: str) -> tuple[float, float]:
    """Return the seconds until a page answers that the trial is being filled, and until the demo greets.

    The demo is stopped afterwards.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "manage.py"), "demo", "--folder", folder, "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE")}
    began, answered = time.monotonic(), 0.0
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    assert demo.stdout is not None
    try:
        for line in demo.stdout:
            sys.stderr.write(line)
            if not answered and _answers(f"http://127.0.0.1:{port}/"):
                answered = time.monotonic() - began
            if "is served at" in line:
                return answered, time.monotonic() - began
        raise RuntimeError(f"the demo ended with {demo.wait()}")
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 (our own loopback address)
            return True
    except urllib.error.HTTPError as refused:
        return refused.code == 503
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        answered, seconds = served_after(folder)
    print(HEAD)
    row("one command to a page that says the trial is being filled", f"{answered:.1f} s", "")
    row("one command to a served demo", f"{seconds:.1f} s", f"≤ {BUDGET} s", kept=seconds <= BUDGET)


if __name__ == "__main__":
    main()
