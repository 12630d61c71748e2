"""The embedded broker keeps what was queued, takes over from a dead owner, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from demo.servers.broker import EmbeddedBroker
from demo.servers.processes import EmbeddedError


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    made = EmbeddedBroker(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


def ask(broker: EmbeddedBroker, *words: str) -> object:
    client = redis.Redis.from_url(broker.url, decode_responses=True)
    try:
        return client.execute_command(*words)
    finally:
        client.close()


def test_what_was_queued_is_there_after_a_kill(broker: EmbeddedBroker) -> None:
    ask(broker, "LPUSH", "celery", "one", "two")
    time.sleep(1.2)  # its file is synced every second
    os.kill(broker.pid(), signal.SIGKILL)
    broker.stop()

    broker.start()

    assert ask(broker, "LLEN", "celery") == 2


def test_stopped_and_started_it_keeps_queue_and_address(broker: EmbeddedBroker) -> None:
    address = broker.url
    ask(broker, "LPUSH", "celery", "one")
    broker.stop()
    assert not broker.is_running()

    broker.start()

    assert broker.url == address
    assert ask(broker, "LLEN", "celery") == 1


def test_a_broker_whose_owner_died_is_replaced(broker: EmbeddedBroker) -> None:
    broker._lock.release()
    with EmbeddedBroker(broker.directory) as heir:
        assert not broker.is_running()
        assert ask(heir, "PING") is True or ask(heir, "PING") == "PONG"


def test_one_folder_has_one_owner(broker: EmbeddedBroker) -> None:
    with pytest.raises(EmbeddedError, match="Another process is using"):
        EmbeddedBroker(broker.directory).start()


def test_it_asks_for_the_password_and_shows_it_to_nobody(broker: EmbeddedBroker) -> None:
    stranger = redis.Redis(host="127.0.0.1", port=broker.port)
    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    stranger.close()
    assert broker.password not in Path(f"/proc/{broker.pid()}/cmdline").read_text()
    assert (broker.directory / "broker.conf").stat().st_mode & 0o777 == 0o600
