"""Work that is shared out among processes: each speaks to the database on a connection of its own."""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Iterator

import pytest
from django.db import connection

from demo.simulation.bulk import in_parallel

CHAPTERS = ("3.0",)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), pg_sleep(0.3)")
        return int(cursor.fetchone()[0])


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An event loop runs in this thread, as a browser's driver leaves one."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    before, running = events._get_running_loop(), asyncio.new_event_loop()
    events._set_running_loop(running)
    yield
    connection.close()
    events._set_running_loop(before)
    running.close()


@pytest.fixture
def own(transactional_db: None) -> int:
    """The connection of the thread is open before a loop runs."""
    return backend()


def test_processes_share_no_connection_where_an_event_loop_runs(own: int, loop: None) -> None:
    """Before, both spoke on the thread's connection: they read each other's rows, or waited for ever."""
    backend()
    first, second = in_parallel(lambda share: [str(backend())], {1: 1.0, 2: 1.0})
    assert len({str(own), first, second}) == 3
    assert backend() != own
