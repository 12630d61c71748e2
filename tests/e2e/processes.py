"""Fixtures of browser tests that run worker and beat as in production: what is sent goes to the broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from demo.servers.broker import EmbeddedBroker
from palace3.celery import app
from tests.database import SECRET_KEY
from tests.integration.palace3.test_worker import ROOT


@pytest.fixture
def sent_to_broker(broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the web process sends goes to the broker, as in production."""

    def sent(task: Any, *arguments: Any) -> None:
        with app.connection_for_write(broker.url) as connection:
            app.send_task(task.name, args=arguments, connection=connection)

    monkeypatch.setattr("celery.app.task.Task.delay", sent)


@pytest.fixture
def beat(
    broker: EmbeddedBroker, test_database: tuple[str, str], tmp_path: Path, sent_to_broker: None
) -> Iterator[Path]:
    """Beat, a process of its own; its log."""
    log = tmp_path / "beat.log"
    told = {"BROKER_URL": broker.url, "DATABASE_URL": test_database[1], "SECRET_KEY": SECRET_KEY}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "palace3.celery", "beat", "--loglevel", "INFO", "--pidfile="],
            cwd=ROOT, env=os.environ | told, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    yield log
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # told to end while it starts, it may wait for ever
    process.wait(60)
