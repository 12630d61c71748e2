"""Follow-up on the real broker with real workers that are killed with -9 in the middle of their work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import transaction

from accounts.models import Mail
from accounts.services import write_mail
from audit.acts import open_act
from demo.servers.broker import EmbeddedBroker
from demo.servers.processes import free_port
from followup.models import Visit, VisitState
from kernel.scope import EVERYTHING, scope
from palace3.celery import app
from tests.integration.followup.post_office import Street
from tests.integration.palace3.test_worker import Worker, broker, eventually, start_worker
from tests.world import NOW, World
from trials.models import DeviationProposal, Participant

__all__ = ["broker", "start_worker"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Start = Callable[[str], Worker]
LETTERS = 6


@pytest.fixture
def street(monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    """Where the workers' mail server stands: told to them as an installation is told."""
    found = Street(free_port())
    monkeypatch.setenv("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setenv("EMAIL_PORT", str(found.port))
    yield found
    found.close()


def send(broker: EmbeddedBroker, task: str, *args: Any) -> None:
    with app.connection_for_write(broker.url) as connection:
        app.send_task(task, args=args, connection=connection)


@transaction.atomic
def unsent() -> int:
    return Mail.objects.filter(sent_at=None).count()


def test_a_worker_killed_between_two_letters_loses_none_and_sends_none_twice(
    broker: EmbeddedBroker, start_worker: Start, street: Street, everywhere: None
) -> None:
    with open_act("tests:mail:write", by=None, at=NOW):
        for number in range(LETTERS):
            write_mail(
                to=None, address="somebody@example.org", kind="tests", key=f"letter {number}",
                subject=f"Letter {number}", body="Text", language="en", site=None, at=NOW,
            )  # fmt: skip
    office = street.open()
    office.stalls_after = 2
    first = start_worker("first")
    send(broker, "accounts:send_mail")
    assert office.stalled.wait(60), first.log.read_text()
    first.kill()
    assert unsent() == LETTERS - 2, "what was accepted is marked, what was not still waits"

    office.stalls_after = 0
    heir = start_worker("heir")

    assert eventually(lambda: unsent() == 0, within=60), heir.log.read_text()
    assert len(set(office.ids)) == len(office.letters) == LETTERS


def test_a_worker_killed_in_the_middle_of_a_night_leaves_it_to_the_next(
    broker: EmbeddedBroker,
    start_worker: Start,
    world: World,
    randomized: Callable[..., Participant],
    superuser: psycopg.Connection[Any],
) -> None:
    people = [randomized() for _number in range(3)]
    day = date(2026, 11, 25)
    first = start_worker("first")
    with superuser.transaction():
        superuser.execute("SELECT 1 FROM followup_visit WHERE code = 'N1' FOR UPDATE")
        send(broker, "followup:roll_site", world.site.pk, day.isoformat())
        assert eventually(lambda: first.says("received"), within=60), first.log.read_text()
        assert eventually(lambda: _is_stuck(superuser), within=20), (
            "the worker holds people and waits for a visit"
        )
        first.kill()
    assert _overdue(day) == 0

    heir = start_worker("heir")

    assert eventually(lambda: _overdue(day) > 0, within=60), heir.log.read_text()
    assert eventually(lambda: heir.says("succeeded"), within=20), heir.log.read_text()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        states = Visit.objects.filter(code="N1").values_list("state", flat=True)
        assert list(states) == [VisitState.OVERDUE] * len(people)
        assert DeviationProposal.objects.filter(key__startswith="N1:").count() == len(people)


def _is_stuck(superuser: psycopg.Connection[Any]) -> bool:
    superuser.execute("SELECT pg_stat_clear_snapshot()")
    row = superuser.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%followup_visit%'"
    ).fetchone()
    return bool(row and row[0])


def _overdue(day: date) -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Visit.objects.filter(code="N1", state=VisitState.OVERDUE, closes__lt=day).count()
