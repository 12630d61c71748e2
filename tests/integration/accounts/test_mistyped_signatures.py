"""Nobody guesses a password at an open session: tries at a signature are few, and on record (11.300(d))."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.second_factor import code_at
from accounts.series import SIGNED_AT
from accounts.services import LOCKED_FOR, TRIES_BEFORE_LOCK, signing_locked
from audit.models import Act
from protocol.text import load
from tests.clock import clock_time
from tests.world import PASSWORD, World, as_person
from trials.models import Confirmation

pytestmark = pytest.mark.django_db
SECOND = "comparison"
VERB = "accounts:signature:refuse"
DRAWN = re.compile(r'<input[^>]*\bid="id_(signer|password)"[^>]*>')


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sign(client: Client, password: str, *, code: str = "lost_days", signer: str = "") -> Any:
    asked = next(each for each in load("1.0").open_questions() if each.code == code)
    typed = {f"seen-{asked.key}": asked.digest, "note": "Protocol 3.0, page 41", "password": password}
    typed |= {"signer": signer} if signer else {}
    return client.post("/protocol/questions/1.0/confirm/", typed)


def change_password(client: Client, password: str) -> Any:
    typed = {"password": password, "new": "a sentence of my own", "again": "a sentence of my own"}
    return client.post("/accounts/password/", typed)


def enrol_again(client: Client, password: str) -> Any:
    return client.post("/accounts/second-factor/begin/", {"begin-password": password})


def noted(world: World) -> int:
    return Act.objects.filter(verb=VERB, by=world.trial_manager).count()


@pytest.mark.parametrize("ask", [sign, change_password, enrol_again])
def test_after_five_wrong_passwords_nothing_is_signed_for_a_while(
    world: World, ask: Callable[..., Any]
) -> None:
    manager = client_of(world.trial_manager)
    for _ in range(TRIES_BEFORE_LOCK):
        assert ask(manager, "a guess").status_code == 422
    with as_person(world.trial_manager):
        assert noted(world) == TRIES_BEFORE_LOCK
    rests = ask(manager, PASSWORD)
    assert rests.status_code in {422, 429}
    assert "this account signs nothing for 15 minutes" in rests.text
    world.trial_manager.refresh_from_db()
    assert world.trial_manager.check_password(PASSWORD)
    assert world.trial_manager.totp_confirmed_at
    with as_person(world.trial_manager):
        assert not Confirmation.objects.exists()
        later = clock_time() + LOCKED_FOR
        assert not signing_locked(world.trial_manager, at=later)


def signed_in(user: Any) -> Client:
    """A browser in which ``user`` has signed in at the page, and signed nothing yet."""
    client, typed = Client(), {"username": user.username, "password": PASSWORD}
    typed["code"] = code_at(user, clock_time())
    assert client.post("/accounts/sign-in/", typed).status_code == 302
    return client


def shown_to(client: Client) -> str:
    key = next(each.key for each in load("1.0").open_questions() if each.code == SECOND)
    return client.get("/protocol/questions/1.0/confirm/", {"tick": key}).text


def marked(answer: Any) -> list[str]:
    """The fields of the signature that the page marks as refused."""
    return [each[1] for each in DRAWN.finditer(answer.text) if "is-invalid" in each[0]]


def test_rule_33_the_first_signature_of_a_session_asks_for_name_and_password(world: World) -> None:
    own, manager = world.trial_manager.username, signed_in(world.trial_manager)
    assert DRAWN.findall(shown_to(manager)) == ["signer", "password"]
    alone = sign(manager, PASSWORD)
    assert (alone.status_code, alone.context["form"].refusal.code) == (422, "accounts.name_not_given")
    assert marked(alone) == ["signer"]
    another = sign(manager, PASSWORD, signer=world.investigator.username)
    assert (another.status_code, marked(another)) == (422, ["signer"])
    slip = sign(manager, "a slip", signer=own)
    assert (slip.status_code, marked(slip)) == (422, ["password"])
    with as_person(world.trial_manager):
        assert noted(world) == 2  # another's name, and the slip
        assert not Confirmation.objects.exists()
    assert sign(manager, PASSWORD, signer=f" {own}").status_code == 302
    # the series goes on with the password alone
    assert 'name="signer"' not in shown_to(manager)
    assert sign(manager, PASSWORD, code=SECOND).status_code == 302
    with as_person(world.trial_manager):
        assert Confirmation.objects.count() == 2


@pytest.mark.parametrize(("idle", "status"), [(-1, 302), (0, 422)])
def test_rule_33_a_series_ends_after_as_long_as_a_session_may_be_idle(
    world: World, settings: Any, idle: int, status: int
) -> None:
    manager = client_of(world.trial_manager)
    session = manager.session
    session[SIGNED_AT] = (
        clock_time() - timedelta(minutes=settings.IDLE_MINUTES, seconds=idle * 30)
    ).timestamp()
    session.save()
    assert sign(manager, PASSWORD).status_code == status


def test_rule_33_who_signs_in_again_begins_a_series(world: World) -> None:
    manager = client_of(world.trial_manager)
    typed = {"username": world.trial_manager.username, "password": PASSWORD}
    typed["code"] = code_at(world.trial_manager, clock_time())
    assert manager.post("/accounts/sign-in-again/", typed).status_code == 200
    assert sign(manager, PASSWORD).status_code == 422
    assert sign(manager, PASSWORD, signer=world.trial_manager.username).status_code == 302


def test_an_outsider_who_fails_to_sign_in_keeps_nobody_from_signing(world: World) -> None:
    manager = client_of(world.trial_manager)
    for _ in range(TRIES_BEFORE_LOCK):
        Client().post("/accounts/sign-in/", {"username": world.trial_manager.username, "password": "a guess"})
    assert sign(manager, PASSWORD).status_code == 302


def test_one_slip_is_on_record_and_stops_nobody(world: World) -> None:
    manager = client_of(world.trial_manager)
    assert sign(manager, "a slip").status_code == 422
    assert sign(manager, PASSWORD).status_code == 302
    with as_person(world.trial_manager):
        assert noted(world) == 1
        assert Confirmation.objects.count() == 1


def test_a_slip_is_counted_for_whoever_made_it_alone(world: World) -> None:
    sign(client_of(world.trial_manager), "a slip")
    assert client_of(world.coordinator).get("/accounts/").status_code == 200
    with as_person(world.trial_manager):
        assert noted(world) == 1
        assert not Act.objects.filter(verb=VERB).exclude(by=world.trial_manager).exists()
