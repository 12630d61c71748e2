"""Children end with the one that started them, and nothing of theirs stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.servers.processes import EmbeddedError
from demo.servers.supervisor import Supervisor

WITH_GRANDCHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(p.pid, flush=True); time.sleep(60)"
)
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(claim: Callable[[], bool], *, within: float = 10) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.05)
    return claim()


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(environment=dict(os.environ), folder=tmp_path)


def test_stopping_ends_children_and_grandchildren(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = supervisor.start("web", [sys.executable, "-c", WITH_GRANDCHILD], log=log)
    assert eventually(lambda: log.read_text().strip() != "")
    grandchild = int(log.read_text())

    supervisor.stop()

    assert child.process.poll() is not None
    assert eventually(lambda: not is_alive(grandchild))


def test_a_child_that_does_not_listen_is_made_to(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.servers.supervisor.STOP_SECONDS", 0.5)
    child = supervisor.start("worker", [sys.executable, "-c", DEAF], log=tmp_path / "log")
    assert eventually(lambda: "deaf" in (tmp_path / "log").read_text())

    supervisor.stop()

    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_dies_ends_the_whole_with_its_last_words(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start("beat", [sys.executable, "-c", "raise SystemExit('out of ink')"], log=tmp_path / "log")
    with pytest.raises(EmbeddedError, match=r"beat ended with 1(.|\n)*out of ink"):
        supervisor.watch()
    supervisor.stop()


def test_a_command_that_fails_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(EmbeddedError, match="migrate ended with 3"):
        supervisor.finish(supervisor.begin("migrate", [sys.executable, "-c", "raise SystemExit(3)"]))


def test_a_command_that_ended_well_is_not_dead(supervisor: Supervisor) -> None:
    command = [sys.executable, "-c", "import os; assert os.environ['OWNER'] == 'told'"]
    migrate = supervisor.begin("migrate", command, OWNER="told")
    assert eventually(lambda: migrate.process.poll() is not None)
    supervisor.refuse_the_dead()
    supervisor.finish(migrate)
    assert "OWNER" not in supervisor.environment

    failed = supervisor.begin("simulate", [sys.executable, "-c", "raise SystemExit(3)"])
    assert eventually(lambda: failed.process.poll() is not None)
    with pytest.raises(EmbeddedError, match="simulate ended with 3"):
        supervisor.refuse_the_dead()


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel of Linux tells children that their parent died"
)
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import os, sys, time; from pathlib import Path; from demo.servers.supervisor import Supervisor;"
        "s = Supervisor(environment=dict(os.environ), folder=Path('/'));"
        f"c = s.start('web', [sys.executable, '-c', 'import time; time.sleep(60)'], log=Path({str(log)!r}));"
        "print(c.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: not is_alive(child))
