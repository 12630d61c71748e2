"""The demo as a new user meets it: one command, an address, accounts.

Stopped, it leaves nothing running; started again, everything is still there.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg
import pytest

from demo.servers.processes import free_port
from operations.watching import DEGRADES

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 400


class Demo:
    """The supervising command as a process; ``said`` is what it printed so far."""

    def __init__(self, folder: Path, port: int) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABASE_", "PALACE3_"))
        }
        self.said = ""
        self.process = subprocess.Popen(
            [
                sys.executable, "manage.py", "demo", "--folder", str(folder), "--port", str(port),
                "--participants", "6", "--sites", "2",
            ],
            cwd=ROOT, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def wait_until_it_serves(self) -> str:
        """The address it printed."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C ends everything" in line:
                break
        found = re.search(r"http://127\.0\.0\.1:\d+/", self.said)
        assert found, self.said
        return found.group()

    def stop(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        self.said += out


def processes_of(folder: Path) -> list[str]:
    """The command lines of every living process that was started for ``folder``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().decode(errors="replace")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
        if command and (str(folder) in command or f"={folder}" in environment):
            found.append(command)
    return found


def count_of_participants(folder: Path) -> int:
    values = dict(line.split("=", 1) for line in (folder / "environment").read_text().splitlines())
    password = (folder / "postgres" / "admin-password").read_text()
    place = values["DATABASE_URL"].strip("'").rpartition("@")[2]
    with psycopg.connect(f"postgresql://postgres:{password}@{place}") as admin:
        row = admin.execute("SELECT count(*) FROM trials_participant").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.slow
def test_served_stopped_and_served_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = Demo(folder, free_port())
    try:
        address = first.wait_until_it_serves()
        with urllib.request.urlopen(f"{address}accounts/sign-in/", timeout=30) as page:
            assert page.status == 200
        with urllib.request.urlopen(f"{address}readyz", timeout=30) as page:
            states = json.load(page)
        assert states.pop("state") in {"ready", "degraded"}  # beat has just begun
        assert set(states.values()) <= {"ok", "degraded"}
        assert {name for name, state in states.items() if state == "degraded"} <= set(DEGRADES)
        names = [account["name"] for account in json.loads((folder / "accounts.json").read_text())]
        assert names
        assert all(name in first.said for name in names)
        participants = count_of_participants(folder)
        assert participants > 0
        assert (folder / "accounts.json").stat().st_mode & 0o077 == 0
    finally:
        first.stop(signal.SIGINT)
    assert first.process.returncode == 0, first.said
    assert "nothing is left running" in first.said
    assert processes_of(folder) == []

    begun = time.monotonic()
    second = Demo(folder, free_port())
    try:
        assert second.wait_until_it_serves() != address
        assert "filling" not in second.said
        assert count_of_participants(folder) == participants
        assert time.monotonic() - begun < PATIENCE / 4
    finally:
        second.stop(signal.SIGTERM)
    assert processes_of(folder) == []

    reset = [sys.executable, "manage.py", "demo", "--folder", str(folder), "--reset"]
    assert subprocess.run(reset, cwd=ROOT, check=False, capture_output=True).returncode == 0
    assert not folder.exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = Demo(tmp_path / "demo", port)
        out, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode != 0
    assert f"Port {port} is taken. Choose another: make demo PORT={port + 1}" in out
    assert "Traceback" not in out
