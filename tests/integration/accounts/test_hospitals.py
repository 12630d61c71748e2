"""Sign-in through a hospital, against a provider that is started here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyotp
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.translation import override
from joserfc.jwk import ECKey

from accounts.hospital.provider import HospitalsFileRefused, hospitals
from accounts.models import Mail, User
from accounts.services import change_person
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.clock import NOW, Clock, clock_time
from tests.oidc import CLIENT, CLIENT_SECRET, LocalProvider, local_provider
from tests.world import PASSWORD, SECRET, World
from trials.services.people import reset_account

GO, SIGN_IN = "/accounts/hospitals/riverside/go/", "/accounts/sign-in/"


@pytest.fixture(scope="module")
def served() -> Iterator[LocalProvider]:
    with local_provider() as provider:
        yield provider


def write_file(folder: Path, served_at: str, **more: str) -> Path:
    """Write the file that an installation has: one hospital, its secret beside it."""
    (folder / "secret").write_text(CLIENT_SECRET + "\n")
    row = {
        "key": "riverside",
        "name": "Riverside Hospital",
        "name_zh": "河畔医院",
        "issuer": served_at,
        "client_id": CLIENT,
        "secret_file": str(folder / "secret"),
    } | more
    lines = "\n".join(f"{name} = {value!r}" for name, value in row.items())
    path = folder / "hospitals.toml"
    path.write_text(f'[[hospital]]\n{lines}\nfactor_amr = ["mfa"]\n', encoding="utf-8")
    return path


@pytest.fixture
def provider(served: LocalProvider, settings: Any, tmp_path: Path) -> Iterator[LocalProvider]:
    served.more, served.signs_with, served.is_silent = {}, served.key, False
    settings.HOSPITALS_FILE = str(write_file(tmp_path, served.issuer))
    cache.clear()
    yield served
    cache.clear()


def back_from(client: Client, provider: LocalProvider) -> str:
    """Follow the link to the hospital and sign in there; return the address to which the browser is sent back."""
    asked = client.get(GO)
    assert asked.status_code == 302, asked.text
    assert asked["Location"].startswith(f"{provider.issuer}/authorize?")
    query = dict(parse_qsl(urlsplit(asked["Location"]).query))
    return provider.authorize(query).partition("testserver")[2]


def there_and_back(client: Client, provider: LocalProvider) -> Any:
    """Go to the hospital and come back; return the page that the browser then sees."""
    return client.get(back_from(client, provider), follow=True)


def connected(provider: LocalProvider, user: User) -> Client:
    """Connect the account of ``user`` as its owner does, signed in and with the password; return the browser."""
    client = Client()
    client.force_login(user)
    assert client.post("/accounts/hospitals/riverside/connect/", {"password": PASSWORD}).status_code == 302
    assert "opens your account from now on" in there_and_back(client, provider).text
    return client


def acts_of(user: User | None, *, verb: str) -> int:
    with scope(user_id=None, sites=EVERYTHING):
        return Act.objects.filter(by=user, verb=verb).count()


def without_factor(user: User) -> None:
    change_person(user=user, by=None, at=NOW, totp_secret="", totp_confirmed_at=None)


def test_without_a_file_nothing_is_offered_and_no_address_answers(client: Client, world: World) -> None:
    assert "/hospitals/" not in client.get(SIGN_IN).text
    assert client.get(GO).status_code == 404
    client.force_login(world.coordinator)
    assert client.get("/accounts/hospitals/").status_code == 404


def test_a_connected_account_is_opened_with_its_own_code(
    provider: LocalProvider, world: World, client: Client
) -> None:
    connected(provider, world.investigator)
    assert "Sign in through Riverside Hospital" in client.get(SIGN_IN).text
    asked = there_and_back(client, provider)
    assert "asks for its own second factor" in asked.text
    assert not asked.context["user"].is_authenticated
    wrong = client.post("/accounts/hospitals/code/", {"code": "000000"})
    assert wrong.status_code == 422
    assert "do not match" in wrong.text
    right = client.post("/accounts/hospitals/code/", {"code": pyotp.TOTP(SECRET).at(clock_time())})
    assert right.status_code == 302
    assert client.get("/accounts/").context["user"] == world.investigator
    assert acts_of(world.investigator, verb="accounts:hospital:connect") == 1
    assert acts_of(world.investigator, verb="accounts:session:refuse") == 1
    with scope(user_id=None, sites=EVERYTHING):
        opened = Act.objects.filter(by=world.investigator, verb="accounts:session:open").latest("pk")
        told = Mail.objects.filter(to=world.investigator, kind="accounts:notice").count()
    assert opened.reason == "hospital:riverside"
    assert told == (1 if world.investigator.email else 0)
    out = client.post("/accounts/sign-out/", follow=True)
    assert "may still hold you signed in" in out.text
    left = client.get("/accounts/hospitals/riverside/leave/")
    assert left["Location"].startswith(
        f"{provider.issuer}/logout?client_id={CLIENT}&post_logout_redirect_uri="
    )


def test_two_factors_of_the_hospital_count_only_in_the_words_that_the_file_names(
    provider: LocalProvider, world: World
) -> None:
    connected(provider, world.investigator)
    provider.more = {"amr": ["pwd"]}
    assert "asks for its own second factor" in there_and_back(Client(), provider).text
    provider.more = {"amr": ["pwd", "mfa"]}
    assert there_and_back(Client(), provider).context["user"] == world.investigator


def test_nobody_is_made_or_connected_by_an_address(provider: LocalProvider, world: World) -> None:
    change_person(user=world.coordinator, by=None, at=NOW, email="someone@riverside.example.org")
    provider.more = {"email": "someone@riverside.example.org", "email_verified": True}
    people = User.objects.count()
    page = there_and_back(Client(), provider)
    assert "opens nothing here now" in page.text
    assert not page.context["user"].is_authenticated
    assert User.objects.count() == people


@pytest.mark.parametrize(
    "untrue",
    [
        {"nonce": "of another sign-in"},
        {"aud": "another program"},
        {"iss": "https://elsewhere.example.org"},
        {"exp": 1_700_000_000},
        {"azp": "another program"},
        {"sub": None},
    ],
    ids=lambda each: next(iter(each)),
)
def test_an_answer_that_is_not_to_this_question_opens_nothing(
    provider: LocalProvider, world: World, untrue: dict[str, Any]
) -> None:
    without_factor(world.coordinator)
    connected(provider, world.coordinator)
    provider.more = untrue
    page = there_and_back(Client(), provider)
    assert "does not belong to this sign-in" in page.text
    assert not page.context["user"].is_authenticated


def test_another_key_another_browser_and_a_second_use_open_nothing(
    provider: LocalProvider, world: World, client: Client
) -> None:
    without_factor(world.coordinator)
    connected(provider, world.coordinator)
    provider.signs_with = ECKey.generate_key("P-256", {"kid": "one"})
    assert not there_and_back(client, provider).context["user"].is_authenticated
    provider.signs_with = provider.key
    page = there_and_back(client, provider)
    assert page.context["user"] == world.coordinator
    client.post("/accounts/sign-out/")
    used = back_from(client, provider)
    assert client.get(used, follow=True).context["user"] == world.coordinator
    client.post("/accounts/sign-out/")
    for browser in (client, Client()):
        again = browser.get(used, follow=True)
        assert "does not belong to this sign-in" in again.text
        assert not again.context["user"].is_authenticated


def test_a_hospital_that_is_silent_is_named_in_the_reader_s_language(
    provider: LocalProvider, world: World, client: Client
) -> None:
    provider.is_silent = True
    assert "Riverside Hospital does not answer" in client.get(GO, follow=True).text
    client.cookies["django_language"] = "zh-hans"
    with override("zh-hans"):
        assert "河畔医院" in client.get(GO, follow=True).text


def test_connecting_asks_the_password_and_one_hospital_account_opens_one_person(
    provider: LocalProvider, world: World, client: Client
) -> None:
    client.force_login(world.coordinator)
    refused = client.post("/accounts/hospitals/riverside/connect/", {"password": "not this one"})
    assert refused.status_code == 422
    assert client.get(GO)["Location"] == "/accounts/hospitals/"
    connected(provider, world.investigator)
    client.post("/accounts/hospitals/riverside/connect/", {"password": PASSWORD})
    assert "somebody else&#x27;s account" in there_and_back(client, provider).text
    world.coordinator.refresh_from_db()
    assert not world.coordinator.hospital_accounts


def test_taking_away_and_a_reset_end_it(provider: LocalProvider, world: World) -> None:
    client = connected(provider, world.coordinator)
    typed = {"remove-password": PASSWORD, "remove-issuer": provider.issuer}
    assert client.post("/accounts/hospitals/take-away/", typed).status_code == 302
    assert "opens nothing here now" in there_and_back(Client(), provider).text
    connected(provider, world.coordinator)
    reset_account(
        user=world.coordinator,
        password="a sentence for one sign-in",
        reason="account taken over",
        by=world.trial_manager,
        at=clock_time(),
    )
    assert "opens nothing here now" in there_and_back(Client(), provider).text


def test_a_locked_account_and_a_late_code_open_nothing(
    provider: LocalProvider, world: World, client: Client, clock: Clock
) -> None:
    connected(provider, world.investigator)
    change_person(user=world.investigator, by=None, at=NOW, locked_until=clock_time() + timedelta(minutes=9))
    provider.more = {"amr": ["mfa"]}
    assert "opens nothing here now" in there_and_back(client, provider).text
    provider.more = {}
    there_and_back(client, provider)
    clock.go(clock_time() + timedelta(minutes=11))
    late = client.post("/accounts/hospitals/code/", {"code": pyotp.TOTP(SECRET).at(clock_time())})
    assert late["Location"] == SIGN_IN


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"issuer": "http://id.riverside.example.org"}, "not an https address"),
        ({"secret_file": "/nowhere"}, "stands in no file"),
        ({"colour": "blue"}, "cannot be used"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(
    settings: Any, tmp_path: Path, wrong: dict[str, str], said: str
) -> None:
    settings.HOSPITALS_FILE = str(write_file(tmp_path, "https://id.riverside.example.org", **wrong))
    with pytest.raises(HospitalsFileRefused, match=said):
        hospitals()
