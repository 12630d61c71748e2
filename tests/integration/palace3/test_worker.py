"""A real worker on a real broker: tasks arrive, and one that dies in the middle is done by the next worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.servers.broker import EmbeddedBroker
from palace3.celery import LARGEST_PROCESS, LONGEST_TASK_SECONDS, VISIBILITY_SECONDS, app
from palace3.schedule import SCHEDULE
from tests.database import SECRET_KEY

ROOT = Path(__file__).resolve().parents[3]


def eventually(claim: Callable[[], bool], *, within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.1)
    return claim()


class Worker:
    """A worker process that writes to ``log``; it and its children are ended by their own process group."""

    def __init__(self, log: Path, broker: str, database: str) -> None:
        self.log = log
        environment = os.environ | {
            "BROKER_URL": broker,
            "DATABASE_URL": database,
            "SECRET_KEY": SECRET_KEY,
            "LONGEST_TASK_SECONDS": "10",
        }
        options = [
            "worker",
            "--concurrency",
            "1",
            "--without-mingle",
            "--without-gossip",
            "--loglevel",
            "INFO",
        ]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "palace3.celery", *options],
                cwd=ROOT, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def says(self, words: str) -> bool:
        said = self.log.read_text()
        assert self.process.poll() is None, said
        return words in said

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker") as started:
        yield started


@pytest.fixture
def start_worker(
    broker: EmbeddedBroker, tmp_path: Path, test_database: tuple[str, str]
) -> Iterator[Callable[[str], Worker]]:
    started: list[Worker] = []

    def start(name: str) -> Worker:
        started.append(Worker(tmp_path / f"{name}.log", broker.url, test_database[1]))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def send(broker: EmbeddedBroker, task: str) -> None:
    with app.connection_for_write(broker.url) as connection:
        app.send_task(task, connection=connection)


def test_a_task_sent_from_here_is_done_there(
    broker: EmbeddedBroker, start_worker: Callable[[str], Worker]
) -> None:
    worker = start_worker("worker")
    send(broker, "audit:seal")
    assert eventually(lambda: worker.says("succeeded"), within=60), worker.log.read_text()


@pytest.mark.slow
def test_a_task_whose_worker_was_killed_in_the_middle_is_done_by_the_next(
    broker: EmbeddedBroker, start_worker: Callable[[str], Worker], superuser: psycopg.Connection[Any]
) -> None:
    first = start_worker("first")
    with superuser.transaction():
        superuser.execute("LOCK TABLE audit_act, audit_seal")
        send(broker, "audit:seal")
        assert eventually(lambda: first.says("received"), within=60), first.log.read_text()
        assert not first.says("succeeded")
        first.kill()

    heir = start_worker("heir")

    assert eventually(lambda: heir.says("succeeded"), within=60), heir.log.read_text()


def test_the_broker_gives_a_task_back_only_after_it_must_have_ended() -> None:
    options = app.conf.broker_transport_options
    assert (
        options["visibility_timeout"] == VISIBILITY_SECONDS > LONGEST_TASK_SECONDS == app.conf.task_time_limit
    )
    assert options["unacked_restore_throttle"] == 1
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_a_process_that_printed_much_makes_place_for_a_small_one() -> None:
    assert app.conf.worker_max_memory_per_child == LARGEST_PROCESS < 300 * 1024


def test_everything_scheduled_is_a_task() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)
