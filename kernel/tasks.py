"""The one way to make a Celery task."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import Task, shared_task  # noqa: TID251 (the one place)
from django.db import InterfaceError, OperationalError

from kernel.scope import EVERYTHING, scope


def task(*, name: str, retries: int = 5, **options: Any) -> Callable[[Callable[..., Any]], Task]:
    """Make ``function`` a task that survives a killed worker and may run twice.

    It is acknowledged after it ended, given back when its worker dies, retried with growing
    pauses while the database or the network is away, and sees every site. The function takes
    ids and dates and calls one service, which must give the same result when run again.
    """

    def make(function: Callable[..., Any]) -> Task:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
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
