"""Signing in, staying in, and coming back without losing the page (requirements 5–9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.browsers import sessions_of
from accounts.models import BrowserSession, User
from accounts.services import MayNotSign, change_person, create_person, set_password, sign, sign_in
from accounts.throttle import MOST_FAILURES
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.world import NOW, PASSWORD, World

SECRET = "A" * 32
OF_ONE_ANSWER = {"X-Request-ID", "Content-Length", "Content-Security-Policy", "Set-Cookie"}


def answer(client: Client, **typed: str) -> Any:
    return client.post("/accounts/sign-in/", {"username": "coordinator", "password": PASSWORD, **typed})


def acts_of(user: User) -> list[str]:
    return list(Act.objects.filter(by=user).order_by("pk").values_list("verb", flat=True))


def give_factor(user: User) -> None:
    change_person(
        user=user,
        by=None,
        at=clock_time(),
        totp_secret=SECRET,
        totp_confirmed_at=clock_time(),
        totp_last_step=0,
    )


def test_the_right_password_opens_a_session(client: Client, world: World) -> None:
    assert answer(client).status_code == 302
    assert client.get("/accounts/").context["user"] == world.coordinator


def test_who_signs_in_a_second_time_in_a_browser_has_one_session_under_a_new_key(
    world: World, client: Client
) -> None:
    """Two tabs of the sign-in page, or an answer that was lost: the second press ended in a 500."""
    assert answer(client).status_code == 302
    first = client.session.session_key
    assert answer(client).status_code == 302
    assert client.session.session_key != first
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert sessions_of(world.coordinator).count() == BrowserSession.objects.count() == 1
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("address", ["/accounts/sign-in/", "/accounts/sign-in-again/"])
def test_somebody_signs_in_at_a_browser_in_which_another_person_works(
    client: Client, world: World, address: str
) -> None:
    """A machine of a ward: the act of signing in is the newcomer's, whoever was there before."""
    assert answer(client).status_code == 302
    typed = {"username": "monitor", "password": PASSWORD}
    assert client.post(address, typed).status_code in {200, 302}
    assert client.get("/accounts/").context["user"] == world.monitor
    assert acts_of(world.monitor)[-1] == "accounts:session:open"


def test_a_wrong_password_keeps_the_name_and_says_what_to_do(client: Client, world: World) -> None:
    response = answer(client, password="not this one")
    assert response.status_code == 422
    assert 'value="coordinator"' in response.text
    assert "do not match" in response.text
    assert PASSWORD not in response.text


def test_point_6_an_account_is_opened_by_its_address_as_by_its_name(world: World) -> None:
    """However it is spelled; an address of several accounts, of a closed one or of nobody opens none."""
    for user in (world.coordinator, world.monitor, world.data_manager, world.stranger):
        shared = user in (world.monitor, world.data_manager)
        address = "office@example.org" if shared else f"{user.username}@example.org"
        change_person(user=user, by=None, at=NOW, email=address, is_active=user != world.stranger)
    assert answer(Client(), username="Coordinator@Example.org").status_code == 302
    assert acts_of(world.coordinator)[-1] == "accounts:session:open"
    for nobodys in ("office@example.org", "stranger@example.org", "nobody@example.org", "@"):
        refused = answer(Client(), username=nobodys)
        assert refused.status_code == 422, nobodys
        assert "do not match" in refused.text


def test_unknown_and_wrong_get_the_same_sentence(client: Client, world: World) -> None:
    wrong = answer(client, password="not this one").context["form"].non_field_errors()
    unknown = answer(client, username="nobody").context["form"].non_field_errors()
    assert wrong == unknown


def test_point_06_a_name_that_nobody_has_costs_the_work_of_one_that_somebody_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who counts milliseconds learns no names: each try hashes once."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str, *more: Any) -> str:
        hashed.append(password)
        return str(encode(self, password, salt, *more))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    closed, invited, locked = world.stranger, world.monitor, world.data_manager
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        change_person(user=closed, by=None, at=NOW, is_active=False)
        change_person(user=invited, by=None, at=NOW, password=make_password(None))
        change_person(user=locked, by=None, at=NOW, locked_until=clock_time() + timedelta(hours=1))
    hashed.clear()
    pages = set()
    for name in (
        "nobody",
        world.coordinator.username,
        *(each.username for each in (closed, invited, locked)),
    ):
        refused = answer(Client(), username=name, password="not this one")
        assert len(hashed) == 1, name
        hashed.clear()
        page = re.sub(
            r'(name="csrfmiddlewaretoken" value|name="csrf-token" content)="[^"]+"', "", refused.text
        )
        told = {key: value for key, value in refused.headers.items() if key not in OF_ONE_ANSWER}
        pages.add((refused.status_code, page.replace(f'value="{name}"', ""), str(told)))
    assert len(pages) == 1  # wording, status and headers tell nothing either, to the byte


def test_tries_of_a_name_that_nobody_has_are_known_as_such_and_the_name_is_not_kept(world: World) -> None:
    for name in ("nobody", "Nobody", "my-password-by-mistake"):
        assert sign_in(username=name, password="x", code="", at=NOW) is None
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        said = list(
            Act.objects.filter(verb="accounts:session:refuse").order_by("pk").values_list("reason", flat=True)
        )
    assert said[0] == said[1] != said[2]
    assert all(each.startswith("name:") and "nobody" not in each and "mistake" not in each for each in said)


def test_point_3_refusals_from_one_network_are_known_as_such_and_its_address_is_not_kept(
    world: World,
) -> None:
    """Of a name that somebody has and of one that nobody has; a known browser is counted as before."""
    first, second = Client(REMOTE_ADDR="203.0.113.7"), Client(REMOTE_ADDR="203.0.113.8")
    assert answer(first).status_code == 302
    for client, name in ((first, "coordinator"), (first, "nobody"), (second, "monitor")):
        assert answer(client, username=name, password="not this one").status_code == 422
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        refused = Act.objects.filter(verb="accounts:session:refuse").order_by("pk")
        known, unknown, elsewhere = refused.values_list("reason", flat=True)
    network = known.split()[-1]
    assert re.fullmatch(r"browser:[0-9a-f]{16} network:[0-9a-f]{16}", known)
    assert re.fullmatch(f"name:[0-9a-f]{{16}} {network}", unknown)
    assert re.fullmatch(r"network:[0-9a-f]{16}", elsewhere)
    assert elsewhere != network


def test_after_five_wrong_tries_the_right_password_waits_too(client: Client, world: World) -> None:
    for _ in range(5):
        answer(client, password="not this one")
    assert answer(client).status_code == 422
    world.coordinator.refresh_from_db()
    assert world.coordinator.locked_until is not None


@pytest.fixture
def counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_a_place_that_fails_again_and_again_is_told_to_wait(world: World, counts: None) -> None:
    """Whoever has one address of IPv6 has as many as they like: the network counts, not the address."""
    for number in range(MOST_FAILURES):
        guessing = Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}")
        assert answer(guessing, username=f"guess{number}").status_code == 422
    there = Client(REMOTE_ADDR="2001:db8:1:2:3::4")
    refused = answer(there)
    assert refused.status_code == 429
    assert "Wait 15 minutes" in refused.text
    in_place = there.post("/accounts/sign-in-again/", {"username": "coordinator", "password": PASSWORD})
    assert in_place.status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert answer(elsewhere).status_code == 302


def test_behind_our_proxy_the_place_is_the_one_the_proxy_saw(
    world: World, counts: None, settings: Any
) -> None:
    settings.BEHIND_TLS, settings.SECURE_SSL_REDIRECT = True, False
    for number in range(MOST_FAILURES):
        invented = Client(headers={"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.9"})
        answer(invented, username=f"guess{number}")
    assert answer(Client(headers={"X-Forwarded-For": "198.51.100.9"})).status_code == 429
    assert answer(Client(headers={"X-Forwarded-For": "198.51.100.10"})).status_code == 302


def test_a_second_factor_is_asked_where_it_is_set_up(client: Client, world: World) -> None:
    give_factor(world.coordinator)
    assert answer(client).status_code == 422
    assert answer(client, code="000000").status_code == 422
    code = pyotp.TOTP(SECRET).now()
    assert answer(client, code=code).status_code == 302
    assert answer(Client(), code=code).status_code == 422, "whoever looked over the shoulder"


def full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


def test_point_07_a_code_is_read_as_apps_and_keyboards_write_it(world: World, counts: None) -> None:
    for position, written in enumerate(
        (full_width, lambda code: f"{code[:3]} {code[3:]}", "\u200b{}".format)
    ):
        give_factor(world.coordinator)
        at = pyotp.TOTP(SECRET).now()
        assert answer(Client(), code=written(at)).status_code == 302, position
    assert answer(Client(), username=full_width("coordinator"), code=full_width("000000")).status_code == 422


@pytest.mark.parametrize("code", ["１２３４５６", "①②③④⑤⑥", "١٢٣٤٥٦", "é", "", "12", "1" * 100])
def test_point_07_an_unreadable_code_tells_nothing_of_an_account(
    code: str, world: World, counts: None
) -> None:
    give_factor(world.investigator)
    tried = ("nobody", "coordinator", "investigator")
    said = [answer(Client(), username=name, password="not this one", code=code) for name in tried]
    assert {page.status_code for page in said} == {422}
    assert len({str(page.context["form"].non_field_errors()) for page in said}) == 1
    refused = Act.objects.filter(verb="accounts:session:refuse")
    assert sorted(str(act.by) for act in refused) == sorted(
        ["None", str(world.coordinator), str(world.investigator)]
    )
    for person in (world.coordinator, world.investigator):
        person.refresh_from_db()
        assert person.failed_sign_ins == 1


def test_point_07_a_code_read_wrong_counts_as_a_failure(world: World, counts: None) -> None:
    give_factor(world.coordinator)
    for count in range(1, 5):
        assert answer(Client(), code="１２３４５６").status_code == 422
        world.coordinator.refresh_from_db()
        assert world.coordinator.failed_sign_ins == count
    answer(Client(), code="②")
    world.coordinator.refresh_from_db()
    assert world.coordinator.locked_until is not None


def test_point_07_the_first_code_is_read_from_any_keyboard(client: Client, world: World) -> None:
    change_person(
        user=world.coordinator, by=None, at=clock_time(), totp_secret=SECRET, totp_confirmed_at=None
    )
    answer(client)
    for typed in ("①②③④⑤⑥", "é", "abc def"):
        assert client.post("/accounts/second-factor/", {"code": typed}).status_code == 422
    code = full_width(pyotp.TOTP(SECRET).now())
    typed = f"{code[:3]}\u3000{code[3:]}"
    assert client.post("/accounts/second-factor/", {"code": typed}).status_code == 302


def test_a_privileged_role_sets_up_its_factor_before_anything_else(client: Client, world: World) -> None:
    change_person(user=world.data_manager, by=None, at=clock_time(), totp_secret="", totp_confirmed_at=None)
    answer(client, username="data_manager")
    assert client.get(reverse("home")).headers["Location"] == "/accounts/second-factor/"
    client.post("/accounts/second-factor/begin/", {"begin-password": PASSWORD})
    world.data_manager.refresh_from_db()
    page = client.get("/accounts/second-factor/")
    assert world.data_manager.app_secret in page.text
    code = pyotp.TOTP(world.data_manager.app_secret).now()
    assert client.post("/accounts/second-factor/", {"code": code}).status_code == 302
    assert client.get("/accounts/").status_code == 200


@pytest.mark.parametrize("username", ["coordinator", "monitor", "inspector", "reviewer"])
def test_in_production_every_role_sets_up_its_factor_before_anything_else(
    client: Client, world: World, settings: Any, username: str
) -> None:
    answer(client, username=username)
    assert client.get(reverse("home")).status_code == 200
    settings.SECOND_FACTOR_OF_EVERYBODY = True
    assert client.get(reverse("home")).headers["Location"] == "/accounts/second-factor/"
    give_factor(getattr(world, username))
    assert client.get(reverse("home")).status_code == 200


@pytest.mark.parametrize("name", ["another browser", "one browser"])
def test_a_session_does_not_work_in_another_browser(world: World, name: str) -> None:
    here = Client(headers={"User-Agent": "one browser"})
    answer(here)
    there = Client(headers={"User-Agent": name})
    # A key that was taken goes without the secret of the browser, or with it into one that calls itself otherwise.
    taken = ["sessionid", "p3_browser"] if name == "another browser" else ["sessionid"]
    for cookie in taken:
        there.cookies[cookie] = here.cookies[cookie].value
    assert there.get("/accounts/").status_code == 302
    assert here.get("/accounts/").status_code == 302, "and it has ended for both"


def test_the_session_ends_when_nobody_is_there(client: Client, world: World, settings: Any) -> None:
    answer(client)
    session = client.session
    session["seen_at"] = clock_time().timestamp() - settings.IDLE_MINUTES * 60 - 1
    session.save()
    assert client.get("/accounts/session/", headers={"X-Background": "1"}).json() == {"seconds": 0}
    assert acts_of(world.coordinator)[-1] == "accounts:session:expire"
    assert client.get("/accounts/", headers={"X-Requested-With": "fetch"}).status_code == 401


def test_asking_how_long_it_lasts_does_not_make_it_longer(client: Client, world: World) -> None:
    answer(client)
    session = client.session
    session["seen_at"] = clock_time().timestamp() - 600
    session.save()
    for _ in range(2):
        left = client.get("/accounts/session/", headers={"X-Background": "1"}).json()["seconds"]
        assert left <= 1200
    assert client.post("/accounts/session/").json()["seconds"] == 1800


def test_the_same_person_comes_back_in_place(client: Client, world: World) -> None:
    typed = {"username": "coordinator", "password": PASSWORD}
    response = client.post("/accounts/sign-in-again/", typed)
    assert response.json()["seconds"] == 1800
    assert response.json()["csrf"]
    refused = client.post("/accounts/sign-in-again/", typed | {"password": "wrong"})
    assert refused.status_code == 422
    assert "do not match" in refused.json()["message"]


def test_a_new_password_ends_the_other_sessions(client: Client, world: World) -> None:
    elsewhere = Client()
    answer(client)
    answer(elsewhere)
    new = "seven quiet herons at dawn"
    response = client.post("/accounts/password/", {"password": PASSWORD, "new": new, "again": new})
    assert response.status_code == 302
    assert client.get("/accounts/").status_code == 200
    assert elsewhere.get("/accounts/").status_code == 302


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"password": "wrong"}, "password"),
        ({"new": "short", "again": "short"}, "new"),
        ({"again": "something quite different"}, "again"),
    ],
)
def test_a_password_that_cannot_be_taken_says_why(
    client: Client, world: World, typed: dict[str, str], field: str
) -> None:
    answer(client)
    new = "seven quiet herons at dawn"
    response = client.post("/accounts/password/", {"password": PASSWORD, "new": new, "again": new} | typed)
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_the_language_chosen_stays_with_the_person(client: Client, world: World) -> None:
    answer(client)
    client.post("/accounts/language/", {"language": "zh-hans", "next": "/accounts/"})
    assert 'lang="zh-hans"' in client.get("/accounts/").text
    elsewhere = Client()
    answer(elsewhere)
    assert 'lang="zh-hans"' in elsewhere.get("/accounts/").text


def test_a_language_chosen_before_signing_in_is_kept(client: Client, world: World) -> None:
    client.post("/accounts/language/", {"language": "zh-hans"})
    answer(client)
    world.coordinator.refresh_from_db()
    assert world.coordinator.language == "zh-hans"


def test_nobody_is_led_to_another_house_after_signing_in(client: Client, world: World) -> None:
    assert answer(client, next="https://elsewhere.example/").headers["Location"] == reverse("home")


def test_signing_out_ends_the_session(client: Client, world: World) -> None:
    answer(client)
    client.post("/accounts/sign-out/")
    assert client.get("/accounts/").status_code == 302
    assert acts_of(world.coordinator)[-1] == "accounts:session:close"


def test_signing_out_twice_is_no_second_act(client: Client, world: World) -> None:
    answer(client)
    for _ in range(2):
        assert client.post("/accounts/sign-out/").status_code == 302
    assert acts_of(world.coordinator).count("accounts:session:close") == 1


def test_a_password_that_somebody_else_chose_is_changed_before_anything_else(
    client: Client, world: World
) -> None:
    set_password(user=world.coordinator, password="given by the manager", by=world.trial_manager, at=NOW)
    answer(client, password="given by the manager")
    for address in (reverse("home"), "/accounts/", "/participants/", "/api/v1/participants/"):
        assert client.get(address).headers["Location"] == "/accounts/password/"
    page = client.get("/accounts/password/")
    assert "chosen by somebody else" in page.text
    assert "Leave it as it is" not in page.text
    typed = {
        "password": "given by the manager",
        "new": "given by the manager",
        "again": "given by the manager",
    }
    same = client.post("/accounts/password/", typed)
    assert "new" in same.context["form"].errors
    new = "seven quiet herons at dawn"
    assert client.post("/accounts/password/", typed | {"new": new, "again": new}).status_code == 302
    assert client.get(reverse("home")).status_code == 200


def test_who_has_not_changed_the_first_password_can_still_leave(client: Client, world: World) -> None:
    set_password(user=world.coordinator, password="given by the manager", by=world.trial_manager, at=NOW)
    answer(client, password="given by the manager")
    assert client.post("/accounts/sign-out/").headers["Location"] == "/accounts/sign-in/"


def test_a_new_account_begins_with_a_password_to_change(world: World) -> None:
    made = create_person(
        username="newcomer",
        display_name="New",
        password="given by the manager",
        by=world.trial_manager,
        at=NOW,
    )
    assert made.must_change_password
    assert not world.coordinator.must_change_password


def test_the_accounts_are_shown_in_a_demonstration_only(client: Client, world: World, settings: Any) -> None:
    assert "data_manager" not in client.get("/accounts/sign-in/").text
    settings.PALACE3_DEMO = True
    assert "data_manager" in client.get("/accounts/sign-in/").text


def test_accountability_is_accepted_once_by_its_owner(client: Client, world: World) -> None:
    change_person(user=world.coordinator, by=None, at=clock_time(), accountability_accepted_on=None)
    answer(client)
    client.post("/accounts/accountability/")
    world.coordinator.refresh_from_db()
    assert world.coordinator.accountable_since is not None


def test_a_new_policy_of_accountability_is_accepted_anew_before_signing(
    client: Client, world: World, settings: Any
) -> None:
    answer(client)
    accept = reverse("accounts:accept-accountability")
    assert accept not in client.get("/accounts/").text
    settings.ACCOUNTABILITY_SINCE = world.coordinator.accountability_accepted_on + timedelta(days=1)
    assert accept in client.get("/accounts/").text
    with pytest.raises(MayNotSign, match="accountability policy"):
        sign(record="x", digest="x", meaning="x", by=world.coordinator, password=PASSWORD, at=clock_time())
    client.post(accept)
    world.coordinator.refresh_from_db()
    assert world.coordinator.accountable_since == world.coordinator.accountability_accepted_on
    assert accept not in client.get("/accounts/").text
