"""The outbox on real sockets: a server that is away, refuses one address, or goes in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Mail
from accounts.outbox import TRIES, send_waiting
from accounts.services import write_mail
from audit.acts import open_act
from demo.servers.processes import free_port
from kernel.scope import EVERYTHING, scope
from notices.mail_kinds import MAIL_KINDS
from tests.integration.followup.post_office import Street
from tests.world import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def street(settings: Any) -> Iterator[Street]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 5
    found = Street(free_port())
    settings.EMAIL_PORT = found.port
    with scope(user_id=None, sites=EVERYTHING):
        yield found
    found.close()


@pytest.fixture
def write(street: Street) -> Callable[..., None]:
    def letters(number: int, address: str = "somebody@example.org") -> None:
        with open_act("tests:mail:write", by=None, at=NOW):
            start = Mail.objects.count()
            for each in range(start, start + number):
                write_mail(
                    to=None, address=address, kind="tests", key=f"letter {each}", subject=f"Letter {each}",
                    body="随访提醒", language="en", site=None, at=NOW,
                )  # fmt: skip

    return letters


@transaction.atomic
def unsent() -> int:
    return Mail.objects.filter(sent_at=None).count()


def test_nothing_is_lost_while_the_server_is_away_and_each_is_sent_once_when_it_is_back(
    street: Street, write: Callable[..., None]
) -> None:
    write(5)
    for minute in range(60):
        assert send_waiting(MAIL_KINDS, at=NOW + timedelta(minutes=minute)).away
    assert unsent() == 5
    office = street.open()
    assert send_waiting(MAIL_KINDS, at=NOW + timedelta(hours=1)).sent == 5
    assert send_waiting(MAIL_KINDS, at=NOW + timedelta(hours=2)).sent == 0
    assert len(set(office.ids)) == len(office.letters) == 5


def test_a_server_that_hangs_up_in_the_middle_gets_the_rest_later(
    street: Street, write: Callable[..., None]
) -> None:
    write(5)
    office = street.open(hangs_up_after=2)
    first = send_waiting(MAIL_KINDS, at=NOW)
    assert (first.sent, first.away) == (2, True)
    office.hangs_up_after = 0
    assert send_waiting(MAIL_KINDS, at=NOW).sent == 3
    assert len(set(office.ids)) == len(office.letters) == 5


def test_an_address_that_is_refused_does_not_hold_up_the_others(
    street: Street, write: Callable[..., None]
) -> None:
    write(1, "nobody@example.org")
    write(2)
    office = street.open()
    result = send_waiting(MAIL_KINDS, at=NOW)
    assert (result.sent, result.refused, len(office.letters)) == (2, 1, 2)
    assert send_waiting(MAIL_KINDS, at=NOW).refused == 0, "the next try waits"
    tries = sum(
        send_waiting(MAIL_KINDS, at=NOW + timedelta(minutes=minute)).refused for minute in range(0, 9000, 2)
    )
    assert tries == TRIES - 1
    assert unsent() == 1


def test_workers_at_once_send_each_letter_once(street: Street, write: Callable[..., None]) -> None:
    write(30)
    office = street.open()

    def work(_number: int) -> int:
        with scope(user_id=None, sites=EVERYTHING):
            try:
                return send_waiting(MAIL_KINDS, at=NOW).sent
            finally:
                connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 30
    assert len(set(office.ids)) == len(office.letters) == 30


def test_a_server_that_answers_late_for_one_letter_neither_holds_up_the_others_nor_gets_it_again_at_once(
    street: Street, write: Callable[..., None], settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    write(1, "slow@example.org")
    write(3)
    office = street.open()
    first = send_waiting(MAIL_KINDS, at=NOW)
    assert (first.sent, first.unanswered, first.away) == (3, 1, False)
    for seconds in (0, 60, 100):
        assert send_waiting(MAIL_KINDS, at=NOW + timedelta(seconds=seconds)).unanswered == 0
    assert len(office.letters) == 4
    office.goes_on.set()
    assert send_waiting(MAIL_KINDS, at=NOW + timedelta(minutes=2)).sent == 1, (
        "the next try, under the same id"
    )
    assert (len(office.letters), len(set(office.ids))) == (5, 4)
    assert unsent() == 0


def test_a_server_that_answers_nothing_any_more_is_left_alone_after_three_letters(
    street: Street, write: Callable[..., None], settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    write(5, "slow@example.org")
    street.open()
    result = send_waiting(MAIL_KINDS, at=NOW)
    assert (result.unanswered, result.away) == (3, True)


def test_without_a_named_server_nothing_counts_as_sent(
    street: Street, write: Callable[..., None], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "kernel.no_mail_server.NoMailServer"
    write(2)
    assert send_waiting(MAIL_KINDS, at=NOW).away
    assert unsent() == 2
