"""News of this trial: nothing without a confirmation, one press to leave, two people for each letter, once to each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core import mail as box
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import Mail
from accounts.outbox import send_waiting
from accounts.permissions import Role
from notices.mail_kinds import MAIL_KINDS
from tests.clock import NIGHT, Clock, clock_time
from tests.integration.trials.contact_world import SENT_AT, as_the_system, everything, later, open_form
from tests.world import TODAY, World, _person, as_person
from tests.world_database import committed_world
from trials.models import NewsLetter, NewsReader
from website.services import news
from website.tasks import forget

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "gruenwald.reader@example.com"


@pytest.fixture
def world(transactional_db: None) -> World:
    return committed_world()


@pytest.fixture(autouse=True)
def _post_office(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_ADDRESS = "https://trial.example"


def deliver(at: datetime) -> list[Any]:
    """Send what waits and return what went to the reader."""
    del box.outbox[:]
    with as_the_system():
        send_waiting(MAIL_KINDS, at=at)
    return [message for message in box.outbox if message.to == [ADDRESS]]


def sign_up(visitor: Client, clock: Clock, lang: str = "en", email: str = ADDRESS) -> Any:
    token = open_form(visitor, f"/news/?lang={lang}")
    clock.go(clock_time() + timedelta(minutes=1))
    return visitor.post(f"/news/?lang={lang}", {"email": email, "consent": "on", "token": token})


def address_in(message: Any) -> str:
    found = re.search(r"https://trial\.example(/\S+)", message.body)
    assert found
    return found.group(1)


@pytest.fixture
def reader(world: World, clock: Clock) -> Client:
    """Somebody who signed up in Chinese and confirmed."""
    visitor = Client(enforce_csrf_checks=True)
    sign_up(visitor, clock, "zh-hans")
    (asked,) = deliver(clock_time())
    assert visitor.post(address_in(asked)).status_code == 200
    return visitor


def letter(world: World, *, approved_on: date = date(2026, 11, 1), at: datetime = SENT_AT) -> NewsLetter:
    with as_person(world.trial_manager):
        return news.write_letter(
            subject_en="News",
            subject_zh="消息",
            text_en="A centre opened.",
            text_zh="一家中心已开放。",
            approved_on=approved_on,
            approval="EC-1",
            by=world.trial_manager,
            at=at,
        )


def second_manager() -> Any:
    with as_the_system(), transaction.atomic():
        return _person("second_manager", Role.TRIAL_MANAGER, None)


def test_nothing_is_sent_before_the_owner_says_so_themselves(world: World, clock: Clock) -> None:
    visitor = Client(enforce_csrf_checks=True)
    answer = sign_up(visitor, clock)
    assert answer.status_code == 302
    (asked,) = deliver(clock_time())
    page = visitor.get(address_in(asked))
    assert "Do you want the news" in page.text
    with as_the_system(), transaction.atomic():
        assert not NewsReader.objects.confirmed().exists(), (
            "a program that opens every address confirms nothing"
        )
    assert "You get the news" in visitor.post(address_in(asked)).text
    with as_the_system(), transaction.atomic():
        assert NewsReader.objects.confirmed().count() == 1


def test_the_address_stands_nowhere_in_clear_and_leaving_deletes_it(
    reader: Client, world: World, clock: Clock, superuser: psycopg.Connection[Any]
) -> None:
    sealed = bytes(superuser.execute("SELECT sealed FROM trials_newsreader").fetchone()[0]).hex()  # type: ignore[index]
    assert not [table for table, rows in everything(superuser).items() if "gruenwald" in rows]
    release(world)
    (sent,) = deliver(clock_time())
    assert sent.subject == "消息"
    assert "一家中心已开放" in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = sent.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("https://trial.example")
    by_itself = Client(enforce_csrf_checks=True).post(leave, {"List-Unsubscribe": "One-Click"})
    assert by_itself.status_code == 200
    assert not [table for table, rows in everything(superuser).items() if sealed in rows]


def release(world: World) -> NewsLetter:
    made, second = letter(world), second_manager()
    with as_person(second):
        news.release_letter(letter=made, by=second, at=clock_time())
    news.send_letter_to_readers(letter_pk=made.pk, at=clock_time())
    return made


@pytest.fixture(autouse=True)
def _tasks_at_once() -> Iterator[None]:
    from palace3.celery import app

    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def test_a_letter_goes_to_each_reader_once_however_often_it_is_sent(
    reader: Client, world: World, clock: Clock
) -> None:
    made = release(world)
    assert news.send_letter_to_readers(letter_pk=made.pk, at=clock_time()) == 0
    assert len(deliver(clock_time())) == 1
    assert deliver(later(days=1)) == []
    with as_the_system(), transaction.atomic():
        assert NewsLetter.objects.get().mails == 1
        assert Mail.objects.filter(kind="trials:news").count() == 1


def test_who_leaves_before_the_letter_left_gets_none(reader: Client, world: World, clock: Clock) -> None:
    release(world)
    with as_the_system(), transaction.atomic():
        NewsReader.objects.all().delete()
    assert deliver(clock_time()) == []


def test_whoever_wrote_a_letter_cannot_release_it(reader: Client, world: World, clock: Clock) -> None:
    made = letter(world)
    with as_person(world.trial_manager), pytest.raises(news.OwnLetter):
        news.release_letter(letter=made, by=world.trial_manager, at=SENT_AT)
    client = Client()
    client.force_login(world.trial_manager)
    assert client.post(f"/news/letters/{made.pk}/release/").status_code == 409
    assert "Whoever wrote it cannot" in client.get(f"/news/letters/{made.pk}/").text
    from audit.acts import open_act

    with as_the_system(), pytest.raises(DatabaseError, match="two_people"):
        with open_act("trials:letter:release", by=None, at=SENT_AT) as act:
            NewsLetter.objects.filter(pk=made.pk).update(
                released_by=world.trial_manager, released_at=SENT_AT, act=act
            )


def test_a_letter_is_written_and_released_on_its_pages(reader: Client, world: World, clock: Clock) -> None:
    typed = {
        "subject_en": "News", "subject_zh": "消息", "text_en": "<b>One</b>", "text_zh": "一",
        "approved_on": "2026-11-01", "approval": "EC-1",
    }  # fmt: skip
    writer, second = Client(), Client()
    writer.force_login(world.trial_manager)
    second.force_login(second_manager())
    assert writer.post("/news/letters/new/", {**typed, "approved_on": "2027-01-01"}).status_code == 422
    page = writer.post("/news/letters/new/", typed).headers["Location"]
    assert "&lt;b&gt;One&lt;/b&gt;" in second.get(page).text
    assert second.post(f"{page}release/").status_code == 302
    assert second.post(f"{page}release/").status_code == 409
    assert "1" in second.get("/news/letters/").text
    assert len(deliver(clock_time())) == 1


def test_the_answer_is_the_same_for_known_and_new_addresses(
    reader: Client, world: World, clock: Clock
) -> None:
    known, new = sign_up(reader, clock), sign_up(reader, clock, email="somebody.else@example.com")
    assert known.status_code == new.status_code == 302
    assert known.headers["Location"] == new.headers["Location"]
    assert deliver(clock_time()) == [], "a known address is not written to again"


def test_one_address_is_asked_once_a_day(world: World, clock: Clock) -> None:
    visitor = Client()
    for _ in range(3):
        sign_up(visitor, clock)
    assert len(deliver(clock_time())) == 1


def test_who_confirmed_is_not_asked_again_and_keeps_their_row(
    reader: Client, world: World, clock: Clock
) -> None:
    with as_the_system():
        before = NewsReader.objects.values_list("pk", "confirmed_at").get()
    news.ask_for_news(email=ADDRESS, language="en", at=clock_time() + timedelta(days=2))
    assert deliver(clock_time() + timedelta(days=3)) == []
    with as_the_system():
        assert NewsReader.objects.values_list("pk", "confirmed_at").get() == before


def test_a_ticket_confirms_its_own_reader_alone(world: World, clock: Clock) -> None:
    first, second = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    sign_up(first, clock, email="someone.else@example.com")
    sign_up(second, clock)
    (asked,) = deliver(clock_time())
    assert second.post(address_in(asked)).status_code == 200
    with as_the_system():
        states = [each.confirmed_at is not None for each in NewsReader.objects.order_by("asked_at")]
    assert states == [False, True]


def test_a_letter_that_nobody_released_goes_to_nobody(reader: Client, world: World, clock: Clock) -> None:
    written = letter(world)
    assert news.send_letter_to_readers(letter_pk=written.pk, at=clock_time()) == 0
    assert deliver(clock_time()) == []


def test_who_did_not_confirm_gets_no_letter(world: World, clock: Clock) -> None:
    sign_up(Client(enforce_csrf_checks=True), clock)
    assert len(deliver(clock_time())) == 1, "the question whether they want it"
    written = letter(world)
    with as_person(world.second_statistician):
        news.release_letter(letter=written, by=world.second_statistician, at=clock_time())
    assert news.send_letter_to_readers(letter_pk=written.pk, at=clock_time()) == 0


def test_their_time_comes(world: World, clock: Clock) -> None:
    visitor = Client()
    sign_up(visitor, clock)
    clock.go(later(days=8))
    forget()
    with as_the_system(), transaction.atomic():
        assert not NewsReader.objects.exists()


def test_a_confirmed_reader_lasts_three_years(reader: Client, world: World, clock: Clock) -> None:
    clock.go(later(days=1090))
    forget()
    assert news.count_readers() == {"en": 0, "zh": 1}
    clock.go(later(days=1096))
    forget()
    assert news.count_readers() == {"en": 0, "zh": 0}


@pytest.mark.parametrize("what", ["confirm", "leave"])
def test_a_made_up_ticket_does_nothing(world: World, clock: Clock, what: str) -> None:
    answer = Client().post(f"/news/{what}/made:up/")
    assert answer.status_code == 404
    assert "not known any more" in answer.text


@pytest.mark.parametrize("who", ["trial_manager", "data_manager", "coordinator", "inspector"])
def test_nobody_signed_in_can_read_a_reader(reader: Client, world: World, clock: Clock, who: str) -> None:
    with as_person(getattr(world, who)), transaction.atomic():
        assert not NewsReader.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM trials_newsreader")
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": ""}, "Type the address"),
        ({"email": "x@example.com\r\nBcc: y@example.com"}, "cannot be printed"),
        ({"consent": ""}, "Without your agreement"),
        ({"email": "hua@gmial.com"}, "hua@gmail.com"),
        ({"token": "made up"}, "open for a long time"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(
    world: World, clock: Clock, typed: dict[str, str], sentence: str
) -> None:
    visitor = Client()
    token = open_form(visitor, "/news/")
    clock.go(later(minutes=1))
    answer = visitor.post("/news/", {"email": ADDRESS, "consent": "on", "token": token, **typed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not typed.get("email") or typed["email"].split("\r")[0] in answer.text


def test_a_letter_approved_today_is_written_at_night(world: World) -> None:
    with as_person(world.trial_manager):
        assert letter(world, approved_on=TODAY, at=NIGHT).approved_on == TODAY
        with pytest.raises(news.ApprovedInFuture):
            letter(world, approved_on=TODAY + timedelta(days=1), at=NIGHT)
