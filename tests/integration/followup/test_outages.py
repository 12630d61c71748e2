"""The broker or the database goes in the middle of the work: nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import transaction

from demo.servers.broker import EmbeddedBroker
from demo.servers.postgres import EmbeddedPostgres
from followup.models import Visit, VisitState
from kernel.postgresql.roles import prepare, url_of
from kernel.scope import EVERYTHING, scope
from tests.database import SECRET_KEY
from tests.integration.followup.filled_elsewhere import LETTERS
from tests.integration.followup.post_office import Street
from tests.integration.followup.test_worker import Start, send, street
from tests.integration.palace3.test_worker import ROOT, Worker, broker, eventually, start_worker
from tests.world import World
from trials.models import DeviationProposal, Participant

__all__ = ["broker", "start_worker", "street"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DAY = date(2026, 11, 25)
LONG = 90


def crash(broker: EmbeddedBroker) -> None:
    """The broker is killed with -9 and started again over what it had written (it writes every second)."""
    time.sleep(1.5)
    os.kill(broker.pid(), signal.SIGKILL)
    broker.stop()
    broker.start()


def overdue() -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Visit.objects.filter(code="N1", state=VisitState.OVERDUE, closes__lt=DAY).count()


def assert_rolled_once(people: list[Participant]) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert set(Visit.objects.filter(code="N1").values_list("state", flat=True)) == {VisitState.OVERDUE}
        assert DeviationProposal.objects.filter(key__startswith="N1:").count() == len(people)


def test_tasks_that_wait_in_a_killed_broker_are_done_after_it_is_back(
    broker: EmbeddedBroker, start_worker: Start, world: World, randomized: Callable[..., Participant]
) -> None:
    people = [randomized(), randomized("2", world.other_site)]
    for site in (world.site, world.other_site):
        send(broker, "followup:roll_site", site.pk, DAY.isoformat())
    crash(broker)
    worker = start_worker("worker")
    assert eventually(lambda: overdue() == len(people), within=LONG), worker.log.read_text()
    assert_rolled_once(people)


def test_a_worker_survives_the_broker_and_goes_on(
    broker: EmbeddedBroker, start_worker: Start, world: World, randomized: Callable[..., Participant]
) -> None:
    people = [randomized()]
    worker = start_worker("worker")
    assert eventually(lambda: worker.says("ready"), within=LONG), worker.log.read_text()
    crash(broker)
    send(broker, "followup:roll_site", world.site.pk, DAY.isoformat())
    assert eventually(lambda: overdue() == len(people), within=LONG), worker.log.read_text()
    assert_rolled_once(people)


def test_a_session_that_the_database_ends_in_the_middle_of_a_night_is_tried_again(
    broker: EmbeddedBroker,
    start_worker: Start,
    world: World,
    randomized: Callable[..., Participant],
    superuser: psycopg.Connection[Any],
) -> None:
    people = [randomized() for _number in range(3)]
    worker = start_worker("worker")
    with superuser.transaction():
        superuser.execute("SELECT 1 FROM followup_visit WHERE code = 'N1' FOR UPDATE")
        send(broker, "followup:roll_site", world.site.pk, DAY.isoformat())
        assert eventually(lambda: end_waiting_session(superuser), within=LONG), worker.log.read_text()
    assert eventually(lambda: overdue() == len(people), within=LONG), worker.log.read_text()
    assert worker.says("retry")
    assert_rolled_once(people)


def end_waiting_session(superuser: psycopg.Connection[Any]) -> bool:
    superuser.execute("SELECT pg_stat_clear_snapshot()")
    ended = superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%followup_visit%'"
    ).fetchall()
    return bool(ended)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[EmbeddedPostgres, str, int]]:
    """A server of this test alone with a small trial: the server, the application's address, the site's id."""
    with EmbeddedPostgres(tmp_path / "postgres", fsync=True, max_connections=30) as server:
        owner, app = prepare(server.admin_url, "palace3_crash", "test-only", "test-only")
        environment = os.environ | {
            "DATABASE_URL": app,
            "DATABASE_OWNER_URL": owner,
            "SECRET_KEY": SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "palace3.settings",
        }
        migrate = ["manage.py", "migrate", "--database", "owner", "--verbosity", "0", "--no-input"]
        for program in (migrate, ["-m", "tests.integration.followup.filled_elsewhere"]):
            done = subprocess.run(
                [sys.executable, *program],
                cwd=ROOT,
                env=environment,
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
        yield server, app, int(done.stdout)


def test_a_database_server_killed_between_two_letters_loses_none_and_sends_none_twice(
    own_server: tuple[EmbeddedPostgres, str, int], broker: EmbeddedBroker, street: Street, tmp_path: Path
) -> None:
    server, app, site = own_server
    office = street.open()
    office.stalls_after = 2
    worker = Worker(tmp_path / "worker.log", broker.url, app)
    try:
        send(broker, "accounts:send_mail")
        assert office.stalled.wait(LONG), worker.log.read_text()
        os.kill(server.postmaster_pid(), signal.SIGKILL)
        server.stop()
        server.start()
        office.stalls_after = 0
        office.goes_on.set()
        send(broker, "accounts:send_mail")
        send(broker, "followup:roll_site", site, DAY.isoformat())
        admin_url = url_of(server.admin_url, database="palace3_crash")
        assert eventually(lambda: ask(admin_url, UNSENT) == 0, within=LONG), worker.log.read_text()
        assert eventually(lambda: ask(admin_url, OVERDUE) == 3, within=LONG), worker.log.read_text()
        assert ask(admin_url, DEVIATIONS) == 3
    finally:
        worker.kill()
    assert len(set(office.ids)) == len(office.letters) == LETTERS


UNSENT = "SELECT count(*) FROM accounts_mail WHERE sent_at IS NULL"
OVERDUE = "SELECT count(*) FROM followup_visit WHERE code = 'N1' AND state = 'overdue'"
DEVIATIONS = "SELECT count(*) FROM trials_deviationproposal WHERE key LIKE 'N1:%'"


def ask(url: str, sql: str) -> int:
    with psycopg.connect(url) as admin:
        row = admin.execute(sql).fetchone()  # type: ignore[arg-type]
    return int(row[0]) if row else -1
