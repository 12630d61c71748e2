"""A request at its centre: who sees it, what can be done about it, and who is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Mail
from accounts.outbox import send_waiting
from audit.models import Act
from notices.mail_kinds import MAIL_KINDS
from tests.clock import Clock
from tests.integration.trials.contact_world import SENT_AT, TELLING, WHO, as_the_system, later, receive
from tests.world import World, as_person
from trials.models import ContactIdentity, ContactRequest, Participant, RequestCall
from website.services import requests as services
from website.services.escalating import call_by, escalate_late_requests

pytestmark = pytest.mark.django_db
PAGE = "/requests/ABCD-2345/"


@pytest.fixture
def client(world: World) -> Client:
    opened = Client()
    opened.force_login(world.coordinator)
    return opened


def state() -> str:
    with as_the_system():
        return str(ContactRequest.objects.get().state)


def called(world: World, request: ContactRequest, result: str = "reached", **more: Any) -> RequestCall:
    with as_person(world.coordinator):
        return services.record_call(
            request=request,
            called_at=later(hours=2),
            result=result,
            by=world.coordinator,
            at=later(hours=3),
            **more,
        )


def test_the_centre_sees_who_asks_and_that_it_looked_is_on_record(
    clock: Clock, world: World, client: Client
) -> None:
    receive()
    page = client.get(PAGE)
    assert page.status_code == 200
    assert all(
        word in page.text for word in (WHO.last_name, WHO.first_name, WHO.phone, WHO.message, WHO.email)
    )
    assert Act.objects.filter(verb="trials:request:look", by=world.coordinator).count() == 1
    assert "ABCD-2345" in client.get("/work-list/").text
    for place in ("/work-list/", "/requests/"):
        assert not [word for word in TELLING if word in client.get(place).text]


@pytest.mark.parametrize(
    "who", ["stranger", "data_manager", "trial_manager", "monitor", "statistician", "inspector"]
)
def test_nobody_else_knows_that_it_exists(clock: Clock, world: World, who: str) -> None:
    receive()
    person = getattr(world, who)
    with as_person(person):
        assert not ContactRequest.objects.exists()
        assert not ContactIdentity.objects.exists()
    client = Client(raise_request_exception=False)
    client.force_login(person)
    theirs, nobodys = client.get(PAGE), client.get("/requests/ZZZZ-9999/")
    assert theirs.status_code == nobodys.status_code in {403, 404}
    for address in (
        "/work-list/",
        "/requests/",
        "/participants/?q=ABCD-2345",
        "/participants/?q=Grünwald",
        "/sites/",
    ):
        found = client.get(address)
        assert not [
            word for word in (*TELLING, "ABCD-2345") if word in found.text.replace(f"{address[15:]}", "")
        ]


def test_the_sites_own_monitor_or_a_delegation_that_ended_sees_nothing(clock: Clock, world: World) -> None:
    from accounts.permissions import Grant, Role

    receive()
    world.monitor.grants = (Grant(Role.MONITOR, world.site.pk),)
    world.coordinator.grants = ()
    for person in (world.monitor, world.coordinator):
        with as_person(person):
            assert not ContactRequest.objects.exists()
            assert not ContactIdentity.objects.exists()


def test_from_new_to_screening_without_copying_who_it_is(clock: Clock, world: World, client: Client) -> None:
    receive()
    clock.go(later(hours=3))
    answer = client.post(
        f"{PAGE}call/",
        {
            "on": "2026-11-20",
            "time": "11:30",
            "result": "later",
            "again_on": "2026-11-24",
            "remark": "asks for 小华",
        },
    )
    assert answer.status_code == 302
    assert state() == "called"
    assert "asks for 小华" in client.get(PAGE).text
    assert client.post(f"{PAGE}invite/", {"remark": "Tuesday"}).status_code == 302
    assert state() == "invited"
    answer = client.post(f"{PAGE}screen/")
    assert answer.status_code == 302
    with as_the_system():
        participant = Participant.objects.get(came_by_request=True)
        request = ContactRequest.objects.get()
        assert request.participant == participant
        assert request.state == "screened"
    assert answer.headers["Location"] == f"/participants/{participant.number}/consent/"


def test_the_hours_of_a_call_are_those_of_the_site(clock: Clock, world: World, client: Client) -> None:
    receive()
    clock.go(later(hours=3))
    client.post(f"{PAGE}call/", {"on": "2026-11-20", "time": "11:30", "result": "no_answer"})
    with as_the_system():
        assert RequestCall.objects.get().called_at == datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    answer = client.post(f"{PAGE}call/", {"on": "2026-11-21", "time": "11:30", "result": "no_answer"})
    assert answer.status_code == 422
    assert "not between the request and now" in answer.text


def test_a_call_in_the_minute_of_the_request_is_taken(clock: Clock, world: World, client: Client) -> None:
    """The page asks for hours and minutes: a call of the same minute is not before the request."""
    receive(at=SENT_AT + timedelta(seconds=20))
    clock.go(SENT_AT + timedelta(seconds=50))
    typed = {"on": "2026-11-20", "time": "10:00", "result": "reached"}
    assert client.post(f"{PAGE}call/", typed).status_code == 302
    assert state() == "called"


@pytest.mark.parametrize(
    ("typed", "status", "ending"),
    [
        ({"how": "declined"}, 302, "declined"),
        ({"how": "unreached"}, 302, "unreached"),
        ({"how": "not_suitable", "reason": "age"}, 302, "not_suitable"),
        ({"how": "not_suitable"}, 422, "called"),
        ({"how": "declined", "reason": "age"}, 422, "called"),
        ({}, 422, "called"),
    ],
)
def test_a_request_is_closed_with_what_belongs_to_it(
    clock: Clock, world: World, client: Client, typed: dict[str, str], status: int, ending: str
) -> None:
    request = receive()
    called(world, request)
    assert client.post(f"{PAGE}close/", typed).status_code == status
    assert state() == ending


def test_what_cannot_be_is_refused_in_words(clock: Clock, world: World, client: Client) -> None:
    request = receive()
    assert "Nobody has spoken" in client.post(f"{PAGE}invite/", {}).text
    assert "Nobody has spoken" in client.post(f"{PAGE}screen/", {}).text
    called(world, request, "no_answer")
    assert "Nobody has spoken" in client.post(f"{PAGE}close/", {"how": "declined"}).text
    assert client.post(f"{PAGE}close/", {"how": "unreached"}).status_code == 302
    again = client.post(f"{PAGE}close/", {"how": "unreached"})
    assert again.status_code == 409
    assert "is closed" in again.text


def test_the_centre_is_told_of_a_request_and_not_of_whom(clock: Clock, world: World) -> None:
    receive()
    with as_the_system():
        told = Mail.objects.filter(kind="trials:request_arrived")
        assert {mail.address for mail in told} == {world.coordinator.email, world.investigator.email}
        assert not [word for mail in told for word in TELLING if word in mail.subject + mail.body]


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 11, 20), date(2026, 11, 24)),  # Friday: Monday, Tuesday
        (date(2026, 11, 23), date(2026, 11, 25)),
        (date(2026, 9, 30), date(2026, 10, 9)),  # the National Day week is not worked
        (
            date(2026, 2, 13),
            date(2026, 2, 24),
        ),  # the Saturday after it is a make-up day, then the Spring Festival
    ],
)
def test_two_working_days_are_those_of_china(received: date, last: date) -> None:
    from trials.holidays import works_on

    between = [date.fromordinal(n) for n in range(received.toordinal() + 1, last.toordinal() + 1)]
    assert call_by(received) == last, [day for day in between if works_on(day)]


def test_a_late_request_is_escalated_once_and_not_after_a_call(
    clock: Clock, world: World, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    request = receive()
    with as_the_system():
        assert escalate_late_requests(at=datetime(2026, 11, 24, 15, tzinfo=UTC)) == 0
        assert escalate_late_requests(at=datetime(2026, 11, 24, 17, tzinfo=UTC)) == 1
        assert escalate_late_requests(at=datetime(2026, 11, 25, 17, tzinfo=UTC)) == 0
        late = Mail.objects.filter(kind="trials:request_late")
        assert {mail.address for mail in late} == {
            world.coordinator.email, world.investigator.email, world.trial_manager.email,
        }  # fmt: skip
        assert not [word for mail in late for word in TELLING if word in mail.subject + mail.body]
    called(world, request)
    with as_the_system():
        send_waiting(MAIL_KINDS, at=datetime(2026, 11, 25, 18, tzinfo=UTC))
        assert {mail.sent_at for mail in Mail.objects.filter(kind="trials:request_late")} == {None}


def test_while_the_mail_server_is_down_the_request_is_safe_and_the_mail_goes_later_once(
    clock: Clock, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core import mail as box

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    receive()

    def gone(_self: Any) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as down:
        down.setattr("django.core.mail.backends.locmem.EmailBackend.open", gone)
        with as_the_system():
            assert send_waiting(MAIL_KINDS, at=later(minutes=1)).away
    assert state() == "new"
    with as_the_system():
        send_waiting(MAIL_KINDS, at=later(minutes=30))
        send_waiting(MAIL_KINDS, at=later(minutes=60))
    theirs = [message for message in box.outbox if message.to == [WHO.email]]
    assert len(theirs) == 1
    assert not [word for word in TELLING if word in theirs[0].subject + theirs[0].body]


def test_who_was_erased_before_the_mail_left_gets_none(clock: Clock, world: World, settings: Any) -> None:
    from django.core import mail as box

    from website.services.erasing import erase_on_request

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    request = receive()
    with as_person(world.coordinator):
        erase_on_request(request=request, by=world.coordinator, at=SENT_AT)
    with as_the_system():
        send_waiting(MAIL_KINDS, at=later(minutes=1))
        assert Mail.objects.get(kind="trials:acknowledged").dropped_at is not None
    assert not [message for message in box.outbox if message.to == [WHO.email]]
