"""Passkeys, recovery codes, own sessions, notices and stolen passwords (requirements 5 to 9)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client

from accounts.factors import make_recovery_codes
from accounts.models import Mail, User
from accounts.passwords import BreachListValidator, is_listed
from accounts.services import change_person, sign_in
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.world import NOW, PASSWORD, SECRET, World
from trials.services.people import reset_account


def answer(client: Client, **typed: str) -> Any:
    return client.post("/accounts/sign-in/", {"username": "coordinator", "password": PASSWORD, **typed})


def with_factor(user: User, **more: Any) -> User:
    factor: Any = {"totp_secret": SECRET, "totp_confirmed_at": NOW, "totp_last_step": 0}
    return change_person(user=user, by=None, at=NOW, **factor, **more)


def notices() -> list[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(
            Mail.objects.filter(kind="accounts:notice").order_by("pk").values_list("subject", flat=True)
        )


def test_the_database_holds_no_second_factor_in_clear(world: World, settings: Any) -> None:
    """Whoever has a copy of the database has no code of anybody by it."""
    with_factor(world.coordinator)
    with connection.cursor() as cursor:
        cursor.execute("SELECT totp_secret FROM accounts_user WHERE id = %s", [world.coordinator.pk])
        stored = cursor.fetchone()[0]
    assert stored.startswith("sealed:")
    assert SECRET not in stored
    assert User.objects.get(pk=world.coordinator.pk).app_secret == SECRET
    old, another = settings.PALACE3_IDENTITY_KEY, base64.b64encode(bytes(range(1, 33))).decode()
    settings.PALACE3_IDENTITY_KEY = another
    assert User.objects.get(pk=world.coordinator.pk).app_secret == "", (
        "and not by the key of another installation"
    )
    settings.PALACE3_IDENTITY_KEY = f"{another},{old}"
    opened = User.objects.get(pk=world.coordinator.pk)
    change_person(user=opened, by=None, at=NOW, verb="reseal", totp_secret=opened.app_secret)
    settings.PALACE3_IDENTITY_KEY = another
    assert User.objects.get(pk=world.coordinator.pk).app_secret == SECRET


def test_a_sealed_factor_moved_to_another_account_opens_nothing(world: World) -> None:
    """Who writes to the database puts the own app's secret on no other person."""
    with_factor(world.coordinator)
    with_factor(world.investigator)
    mine, other = (User.objects.get(pk=each.pk) for each in (world.coordinator, world.investigator))
    assert other.app_secret == SECRET
    other.totp_secret = mine.totp_secret
    assert other.app_secret == ""


def test_a_recovery_code_opens_one_session_and_its_owner_is_told(world: World) -> None:
    with_factor(world.coordinator, email="c@example.org")
    with scope(user_id=world.coordinator.pk, sites=()):
        codes = make_recovery_codes(user=world.coordinator, at=NOW)
    assert len(set(codes)) == 10
    assert answer(Client(), code=codes[3].upper()).status_code == 302
    assert answer(Client(), code=codes[3]).status_code == 422, "each is good for one sign-in"
    assert answer(Client(), code=codes[4].replace("-", " ")).status_code == 302
    assert len(User.objects.get(pk=world.coordinator.pk).recovery_codes or []) == 8
    assert notices().count("A recovery code was used") == 2


def test_a_reset_takes_every_factor_away_and_tells_the_owner(world: World) -> None:
    with_factor(
        world.coordinator, email="c@example.org", recovery_codes=["x"], passkeys=[{"key": "x"}],
        signed_in_at=NOW,
    )  # fmt: skip
    reset_account(
        user=world.coordinator, password="given by the manager", by=world.trial_manager, at=NOW, reason="lost"
    )
    left = User.objects.get(pk=world.coordinator.pk)
    assert (left.totp_secret, left.passkeys, left.recovery_codes) == ("", None, None)
    assert not left.has_second_factor
    assert notices() == ["Your account was reset"]


def test_an_outsider_locks_the_name_and_not_the_browser_of_its_owner(world: World) -> None:
    change_person(user=world.coordinator, by=None, at=NOW, email="c@example.org")
    own = Client()
    assert answer(own).status_code == 302
    own.post("/accounts/sign-out/")
    for _try in range(5):
        answer(Client(), password="not this one")
    assert answer(Client()).status_code == 422, "the name rests for whoever comes from outside"
    assert answer(own).status_code == 302, "and its owner goes on randomizing"
    assert notices().count("Sign-ins to your account rest") == 1
    own.post("/accounts/sign-out/")
    for _try in range(5):
        answer(own, password="not this one")
    assert answer(own).status_code == 422, "a browser that was left behind guesses five times as well"


def test_a_person_sees_their_sessions_and_ends_the_others(world: World) -> None:
    change_person(user=world.coordinator, by=None, at=NOW, email="c@example.org")
    here = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"})
    there = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    answer(here)
    answer(there)
    assert notices() == ["A sign-in from a new browser"], "the first one of all is no news"
    page = here.get("/accounts/sessions/")
    assert [each.browser for each in page.context["sessions"]] == ["Firefox · Linux", "Chrome · Windows"]
    assert here.post("/accounts/sessions/", {"password": "wrong"}).status_code == 422
    assert here.post("/accounts/sessions/", {"password": PASSWORD}).status_code == 302
    assert there.get("/accounts/").status_code == 302
    assert here.get("/accounts/").status_code == 200
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Act.objects.filter(verb="accounts:session:end", by=world.coordinator).count() == 1


def test_who_has_passkeys_alone_shows_one_before_a_token_is_made(world: World) -> None:
    from accounts.services import SignInAgain, refuse_wrong_code

    user = change_person(user=world.coordinator, by=None, at=NOW, passkeys=[{"key": "x"}], signed_in_at=NOW)
    refuse_wrong_code(by=user, code="", at=NOW + timedelta(minutes=14))
    with pytest.raises(SignInAgain):
        refuse_wrong_code(by=user, code="", at=NOW + timedelta(minutes=16))


@pytest.mark.parametrize("sent", ["", "{}", "[]", "x", '{"rawId": "AA", "response": 1}', '{"id": null}'])
def test_what_is_no_passkey_opens_nothing_and_breaks_nothing(world: World, sent: str) -> None:
    change_person(
        user=world.coordinator, by=None, at=NOW, passkeys=[{"key": "AAAA", "count": 0, "name": "k"}]
    )
    client = Client()
    assert client.post("/accounts/passkey/").status_code == 200
    assert answer(client, passkey=sent).status_code == 422


def test_too_many_tries_say_when_to_come_back(world: World) -> None:
    from django.core.cache import cache

    from accounts.throttle import MOST_FAILURES

    cache.set("sign-in-failures:127.0.0.1/32", MOST_FAILURES, 900)
    refused = answer(Client())
    cache.clear()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")


@pytest.mark.parametrize("password", ["password2026!", "coord03coord03", "aaaaaaaaaaaa", "Football!!!!"])
def test_a_stolen_password_is_refused_without_a_network(password: str) -> None:
    with pytest.raises(ValidationError):
        BreachListValidator().validate(password)


def test_a_list_of_stolen_passwords_is_searched_not_read(tmp_path: Path) -> None:
    stolen = [f"stolen words {number}" for number in range(500)]
    digests = sorted(
        hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest().upper() for each in stolen
    )
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{digest}:{number}\n" for number, digest in enumerate(digests)))
    assert all(is_listed(path, each) for each in stolen)
    assert not any(is_listed(path, f"{each}!") for each in stolen)
    with pytest.raises(ValidationError):
        BreachListValidator(str(path)).validate("stolen words 7")
    BreachListValidator(str(path)).validate("seven quiet herons at dawn")


def test_a_code_of_the_app_still_opens_beside_passkeys(world: World) -> None:
    with_factor(world.coordinator, passkeys=[{"key": "AAAA", "count": 0, "name": "k"}])
    at = clock_time()
    user = sign_in(username="coordinator", password=PASSWORD, code=pyotp.TOTP(SECRET).at(at), at=at)
    assert user == world.coordinator
