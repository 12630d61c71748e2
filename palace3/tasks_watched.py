"""Every run of every task is noted for the page of tasks, whatever became of it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.db import DatabaseError
from django.utils import timezone

log = logging.getLogger(__name__)
_started: dict[str, datetime] = {}
_OUTCOMES = {"SUCCESS": "done", "RETRY": "retried"}


@task_prerun.connect
def note_start(task_id: str, **_: Any) -> None:
    """The clock of this run has started."""
    _started[task_id] = timezone.now()


@task_postrun.connect
def note_end(task_id: str, task: Any, state: str | None, retval: Any, **_: Any) -> None:
    """The run is noted; a database that is away loses the note, never the task."""
    from followup.services.task_runs import note_run  # the models are not loaded yet when this file is

    ended_at = timezone.now()
    try:
        note_run(
            task=task.name,
            started_at=_started.pop(task_id, ended_at),
            ended_at=ended_at,
            outcome=_OUTCOMES.get(state or "", "failed"),
            fault=type(retval).__name__ if isinstance(retval, BaseException) else "",
        )
    except DatabaseError:
        log.warning("a run of %s could not be noted", task.name)
