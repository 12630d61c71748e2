"""The one way to make a Celery task, and the one way to send it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from celery import Task, current_app, current_task, shared_task  # noqa: TID251 (the one place)
from django.db import InterfaceError, OperationalError, transaction
from kombu.exceptions import OperationalError as BrokerFault

from kernel.maintenance import maintenance
from kernel.scope import EVERYTHING, scope

log = logging.getLogger(__name__)
SECONDS_OF_MAINTENANCE = 60
_keepers: list[Callable[[str, Sequence[Any]], None]] = []


def task(*, name: str, retries: int = 5, **options: Any) -> Callable[[Callable[..., Any]], Task]:
    """Make ``function`` a task that survives a killed worker and may run twice.

    It is acknowledged after it ended, given back when its worker dies, retried with growing
    pauses while the database or the network is away, comes back after maintenance, and sees every site. The function
    takes ids and dates and calls one service, which must give the same result when run again.
    """

    def make(function: Callable[..., Any]) -> Task:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if maintenance() is not None and current_task:
                current_task.apply_async(args=args, kwargs=kwargs, countdown=SECONDS_OF_MAINTENANCE)
                return None
            with scope(user_id=None, sites=EVERYTHING):
                return function(*args, **kwargs)

        decorate: Any = shared_task(
            name=name,
            acks_late=True,
            reject_on_worker_lost=True,
            autoretry_for=(OperationalError, InterfaceError, ConnectionError),
            retry_backoff=2,
            retry_backoff_max=600,
            retry_jitter=True,
            max_retries=retries,
            **options,
        )
        made: Task = decorate(run)
        return made

    return make


def send(name: str, *args: Any, may_fail: bool = False) -> None:
    """The task ``name`` is with the broker once the transaction is committed; at once when none is open.

    A service names the task, as beat does, and so need not import the module whose tasks call it. A name that no
    task bears is refused here, before anything is committed. A broker that is away fails nothing that was committed:
    the task is kept and handed over later, unless it ``may_fail`` because beat takes its work up all the same.
    """
    current_app.tasks[name]  # raises where no task bears the name

    def hand_over() -> None:
        if not deliver(name, args) and not may_fail:
            for keep in _keepers:
                keep(name, args)

    transaction.on_commit(hand_over, robust=True)


def deliver(name: str, args: Sequence[Any]) -> bool:
    """Hand the task to the broker now; say whether it took it. Which fault it was is logged, never its text."""
    task: Any = current_app.tasks[name]
    try:
        task.delay(*args)
    except (BrokerFault, OSError) as fault:
        log.warning("task.not_taken: %s, %s", name, type(fault).__name__)
        return False
    return True


def keep_with(keep: Callable[[str, Sequence[Any]], None]) -> None:
    """Whoever stands above and has a table for it names, at the start, the function that keeps such a task."""
    _keepers[:] = [keep]
