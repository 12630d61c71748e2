"""A whole installation on this machine: PostgreSQL, broker, two web nodes, worker and beat, kept up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg

from demo.servers.broker import EmbeddedBroker
from demo.servers.postgres import EmbeddedPostgres
from demo.servers.processes import free_port
from kernel.postgresql.roles import url_of

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "palace3"
FILL_SECONDS = 600
RESTART_SECONDS = 1.0


class Installation:
    """Inside, everything runs; what dies is started again after a second, as a service manager does."""

    def __init__(self, folder: Path, *, participants: int = 8) -> None:
        self.folder = folder
        self.participants = participants
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self.broker = EmbeddedBroker(folder / "broker")
        self.ports: list[int] = []
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._held: set[str] = set()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        if not (self.folder / "filled").exists():
            self._fill()
        self.postgres.start()
        self.broker.start()
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:palace3.gunicorn"]
        celery = [sys.executable, "-m", "celery", "-A", "palace3.celery"]
        quiet = ["--concurrency", "1", "--without-mingle", "--without-gossip"]
        for number in (1, 2):
            self.ports.append(free_port(None))
            self.start(f"web{number}", gunicorn, WEB_BIND=f"127.0.0.1:{self.ports[-1]}", WEB_WORKERS="1")
        self.start("worker", [*celery, "worker", *quiet, "-n", "faults@%h"])
        self.start("beat", [*celery, "beat", "--max-interval", "5", "--pidfile="])
        threading.Thread(target=self._keep_up, daemon=True).start()
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        time.sleep(RESTART_SECONDS)
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        self.broker.stop()
        self.postgres.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What the demonstration told its processes, with the ports of today."""
        told = {}
        for line in (self.folder / "environment").read_text().splitlines():
            name, _, value = line.partition("=")
            told[name] = value.strip("'")
        told = {
            name: value
            for name, value in told.items()
            if name not in {"DATABASE_OWNER_URL", "DATABASE_BACKUP_URL"}
        }
        place = f"127.0.0.1:{self.postgres.port}"
        told["DATABASE_URL"] = told["DATABASE_URL"].rpartition("@")[0] + f"@{place}/{DATABASE}"
        told["BROKER_URL"] = self.broker.url
        return os.environ | told | {"MAINTENANCE_FILE": str(self.folder / "maintenance.json")}

    @property
    def database(self) -> str:
        return url_of(self.postgres.admin_url, database=DATABASE)

    def start(self, name: str, command: list[str], **told: str) -> None:
        """The process runs in a group of its own, with what it is ``told`` beside the others' environment."""
        self._commands[name] = (command, told)
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command, env=self.environment | told, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        log.close()

    def kill(self, name: str, *, held: bool = False) -> None:
        """Kill -9 of the process with its children; ``held``: it stays away until it is released."""
        if held:
            self._held.add(name)
        with suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def release(self, name: str, **told: str) -> None:
        command, before = self._commands[name]
        self.start(name, command, **(before | told))
        self._held.discard(name)

    def usual(self, name: str) -> tuple[list[str], dict[str, str]]:
        """Return the command of the process and what it is told beside the others' environment."""
        return self._commands[name]

    def run_as(self, name: str, command: list[str], told: dict[str, str]) -> None:
        """The process, which was killed or is new, runs by this command and is kept up."""
        self.start(name, command, **told)
        self._held.discard(name)

    def forget(self, name: str) -> None:
        """A process that was killed and held is not kept up any more."""
        del self.processes[name], self._commands[name]

    def is_ready(self, port: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_ready(self, seconds: float = 90) -> float:
        """Return after how many seconds every node serves."""
        begun = time.monotonic()
        while not all(map(self.is_ready, self.ports)):
            if time.monotonic() - begun > seconds:
                raise TimeoutError(f"not ready after {seconds} s; see {self.folder}")
            time.sleep(0.2)
        return time.monotonic() - begun

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database) as there:
            return there.execute(query, values).fetchall()  # type: ignore[arg-type]

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    def _keep_up(self) -> None:
        while not self._ended.wait(RESTART_SECONDS):
            for name, process in list(self.processes.items()):
                if process.poll() is not None and name not in self._held and not self._ended.is_set():
                    command, told = self._commands[name]
                    self.start(name, command, **told)

    def _fill(self) -> None:
        """The demonstration fills its trial into the folder, and is ended."""
        command = [sys.executable, str(ROOT / "manage.py"), "demo", "--folder", str(self.folder)]
        command += ["--participants", str(self.participants), "--sites", "2", "--port", str(free_port(None))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
            try:
                assert demo.stdout
                for line in demo.stdout:
                    if "is served at" in line:
                        break
            finally:
                demo.send_signal(signal.SIGINT)
                demo.wait(FILL_SECONDS)
