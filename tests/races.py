"""Two transactions at once, on connections of their own: the second begins while the first is not committed."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, transaction

from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope

LONGEST_WAIT = 20.0
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def overlapping(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what both did; ``first`` commits once ``second`` waits for it. A refusal comes back as a value."""
    with ThreadPoolExecutor(1) as other, scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            done = first()
            running = other.submit(_elsewhere, second)
            _wait_for(running)
        return done, running.result(LONGEST_WAIT)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Return what each work did, or was refused; they start together, each on a connection of its own."""
    start = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait()
        return _elsewhere(work)

    with ThreadPoolExecutor(len(works)) as others:
        return list(others.map(run, works))


def at_the_same_lock(lock: Callable[[], Any], *works: Callable[[], Any]) -> list[Any]:
    """Return what each work did, or was refused; all of them had asked for the lock before one was given it."""
    with ThreadPoolExecutor(len(works)) as others, scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            lock()
            running = [others.submit(_elsewhere, work) for work in works]
            until = time.monotonic() + LONGEST_WAIT
            while _waiting() < len(works):
                assert time.monotonic() < until, "not all of them wait"
                time.sleep(0.01)
        return [work.result(LONGEST_WAIT) for work in running]


def _elsewhere(work: Callable[[], Any]) -> Any:
    try:
        with scope(user_id=None, sites=EVERYTHING):
            return work()
    except Refusal as refusal:
        return refusal
    finally:
        connection.close()


def _wait_for(running: Future[Any]) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while not running.done() and not _waiting():
        assert time.monotonic() < until, "the second neither waits nor ends"
        time.sleep(0.01)


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return int(cursor.fetchone()[0])
