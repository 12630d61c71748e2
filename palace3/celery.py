"""The Celery application: what worker, beat and every sender of tasks share."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "palace3.settings")

from django.conf import settings

from kernel.environment import EnvironmentRefused
from kernel.production import refuse_unsafe
from palace3 import protocol_texts, tasks_watched  # noqa: F401 (they listen)
from palace3.logging import LOGGING
from palace3.schedule import SCHEDULE
from palace3.tracing import end_tracing, start_tracing

# No task may run longer: the broker would hand it to a second worker while the first still works on it.
LONGEST_TASK_SECONDS = int(os.environ.get("LONGEST_TASK_SECONDS", "1500"))
VISIBILITY_SECONDS = LONGEST_TASK_SECONDS * 6 // 5

LARGEST_PROCESS = 250 * 1024  # KiB: a process that was larger than this ends with its task (bench/RESULTS.md)

app = Celery("palace3")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        # With the visibility timeout alone a lost task waits for every tenth sweep of kombu, about 100 s.
        "unacked_restore_interval": min(10, VISIBILITY_SECONDS // 4),
        "unacked_restore_throttle": 1,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_soft_time_limit=LONGEST_TASK_SECONDS * 9 // 10,
    task_time_limit=LONGEST_TASK_SECONDS,
    worker_prefetch_multiplier=1,
    # A rendering of a long PDF keeps its memory; the next process starts small again.
    worker_max_tasks_per_child=200,
    worker_max_memory_per_child=LARGEST_PROCESS,
    worker_redirect_stdouts=False,
    timezone="UTC",
    beat_scheduler="operations.scheduler:SteadyScheduler",
    beat_schedule=SCHEDULE,
)


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery's own logging would print what a task returned; ours does not."""
    logging.config.dictConfig(LOGGING)


@worker_init.connect
@beat_init.connect
def start_safely(**_: Any) -> None:
    """Worker and beat start, unless this is production and something is unsafe."""
    try:
        refuse_unsafe(settings)
    except EnvironmentRefused as refusal:  # an exception of a signal would be logged, and the process go on
        raise SystemExit(str(refusal)) from refusal


@worker_process_init.connect
def trace_tasks(**_: Any) -> None:
    """Each process of a worker sends its own spans; the one that started it does no task."""
    start_tracing("worker")


@worker_process_shutdown.connect
def send_last_spans(**_: Any) -> None:
    """Such a process ends without what others do at their exit."""
    end_tracing()


@beat_init.connect
def trace_beat(**_: Any) -> None:
    """What beat sends begins a trace."""
    start_tracing("beat")
