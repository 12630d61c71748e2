"""Beat goes on through restarts of PostgreSQL, and a task that the broker did not take is handed over later."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError as BrokerAway

from kernel.postgresql.base import DatabaseWrapper
from kernel.tasks import send
from operations.models import Heartbeat, UnsentTask
from operations.scheduler import BEAT, SECONDS_UNTIL_NEXT_TRY, SteadyScheduler
from operations.services import hand_over_unsent
from palace3.celery import app
from palace3.settings import database_at
from tests.clock import clock_time

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60  # seconds; a machine that runs much else may take long to open four connections
LETTER = "trials:send_letter"


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> SteadyScheduler:
    """Beat's own, of which the broker takes everything."""
    steady = SteadyScheduler(app=app, lazy=True)
    monkeypatch.setattr(SteadyScheduler, "apply_entry", lambda self, entry, producer=None: None)
    monkeypatch.setattr(SteadyScheduler, "producer", None)
    steady.setup_schedule()
    return steady


def end_our_session(superuser: psycopg.Connection[Any]) -> None:
    """What a restart does to a connection."""
    superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.mark.parametrize("moment", ["note_alive", "schedule_changed", "all_as_schedule", "sync", "reserve"])
def test_beat_lives_through_a_restart_at_any_moment_of_its_round(
    scheduler: SteadyScheduler,
    superuser: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    assert scheduler.tick() >= 0
    PeriodicTask.objects.update(last_run_at=None)
    where: Any = "operations.scheduler" if moment == "note_alive" else None
    usual = getattr(SteadyScheduler, moment, None)
    ended: list[str] = []

    def break_off(*args: Any, **kwargs: Any) -> Any:
        if not ended:
            ended.append(moment)
            end_our_session(superuser)
        return (usual or note)(*args, **kwargs)

    from operations.services import note_alive as note

    if where:
        monkeypatch.setattr(f"{where}.note_alive", break_off)
    else:
        monkeypatch.setattr(SteadyScheduler, moment, break_off)
    scheduler._schedule, scheduler._initial_read, scheduler._heap = None, True, None
    rounds = [scheduler.tick() for _round in range(3)]
    if not ended:  # beat writes what it did last before it ends, and every three minutes
        end_our_session(superuser)
        rounds.append(scheduler.tick())
    assert all(wait >= 0 for wait in rounds)
    assert len(scheduler.schedule) > 10, "the whole schedule is read anew"
    assert Heartbeat.objects.get(name=BEAT).at <= clock_time()


def test_a_database_that_is_away_is_asked_again_in_a_while(
    scheduler: SteadyScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise psycopg.OperationalError("the connection is closed")

    monkeypatch.setattr("operations.scheduler.note_alive", away)
    assert scheduler.tick() == SECONDS_UNTIL_NEXT_TRY


def test_a_task_that_the_broker_did_not_take_is_kept_and_handed_over_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[tuple[Any, ...]] = []
    is_away = True

    def delay(*args: Any) -> None:
        if is_away:
            raise BrokerAway("redis://:secret@broker")
        taken.append(args)

    monkeypatch.setattr(app.tasks[LETTER], "delay", delay)
    for _twice in range(2):
        with transaction.atomic():
            send(LETTER, 7)
    assert list(UnsentTask.objects.values_list("task", "arguments")) == [(LETTER, [7])]
    assert "secret" not in caplog.text
    assert hand_over_unsent() == 0, "the broker is still away"
    is_away = False
    assert hand_over_unsent() == 1
    assert taken == [(7,)]
    assert hand_over_unsent() == 0


def test_what_beat_takes_up_by_itself_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def delay(*_: Any) -> None:
        raise BrokerAway

    monkeypatch.setattr(app.tasks["followup:roll"], "delay", delay)
    with transaction.atomic():
        send("followup:roll", may_fail=True)
    assert not UnsentTask.objects.exists()
    assert connection.is_usable()


def test_pooled_connections_that_died_asleep_fail_nobody(
    test_database: tuple[str, str], superuser: psycopg.Connection[Any]
) -> None:
    told = {
        **connection.settings_dict,
        **database_at(test_database[1], "kernel.postgresql", pool=True),
        "TEST": {},
    }
    told["OPTIONS"]["pool"]["timeout"] = PATIENCE
    met = threading.Barrier(4)
    refused: list[Exception] = []

    def ask(_number: int) -> int:
        pooled = DatabaseWrapper(told, alias="default")
        try:
            with pooled.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                met.wait(PATIENCE)  # four connections are open at once
                return int(cursor.fetchone()[0])
        except Exception as reason:
            refused.append(reason)
            met.abort()  # the others do not wait for somebody who was refused
            raise
        finally:
            pooled.close()
            connection.close()

    def all_four() -> set[int]:
        asked = [people.submit(ask, number) for number in range(4)]
        wait(asked)
        if refused:
            raise refused[0]  # the first cause, not the barrier that broke after it
        return {each.result() for each in asked}

    with ThreadPoolExecutor(4) as people:
        before = all_four()
        end_our_session(superuser)
        after = all_four()
    assert len(before) == len(after) == 4
    assert not before & after
