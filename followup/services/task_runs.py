"""Runs of background tasks are counted, for the page of tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from followup.models import TaskRun
from kernel.scope import EVERYTHING, scope

DONE: Final = "done"
RETRIED: Final = "retried"
FAILED: Final = "failed"


def note_run(*, task: str, started_at: datetime, ended_at: datetime, outcome: str, fault: str = "") -> None:
    """The run counts among those of its task, and is its last one."""
    took = int((ended_at - started_at) / timedelta(milliseconds=1))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        TaskRun.objects.get_or_create(task=task)
        row = TaskRun.objects.filter(task=task)
        row.update(
            started_at=started_at,
            ended_at=ended_at,
            milliseconds=max(0, took),
            outcome=outcome,
            runs=F("runs") + 1,
            retries=F("retries") + int(outcome == RETRIED),
            failures=F("failures") + int(outcome == FAILED),
        )
        if outcome != DONE:
            row.update(failed_at=ended_at, fault=fault)
