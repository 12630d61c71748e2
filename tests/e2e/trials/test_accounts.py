"""The life of an account at the browser, as in production: invited, enrolled, locked by an outsider, reset, closed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from playwright.sync_api import Page, expect

from accounts.models import Mail, User
from accounts.second_factor import code_at
from accounts.services import change_person
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.e2e.browser import examine, follow, sign_in
from tests.world import NOW, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OWN = "the heron waits at the mill"


def mails(kind: str) -> list[Mail]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return [
            each
            for each in Mail.objects.filter(to__username="coordinator").order_by("pk")
            if kind in each.key
        ]


def tries(page: Page, code: str, password: str = OWN) -> None:
    """The coordinator's name, a password and a code are sent from the sign-in page."""
    page.goto("/accounts/sign-in/")
    page.get_by_label("User name").fill("coordinator")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Code from your app").fill(code)
    follow(page, page.get_by_role("button", name="Sign in"))


def submit(page: Page) -> None:
    follow(page, page.locator("main form button[type=submit]").first)


def takes_the_link(manager: Page, own: Page, stranger: Page) -> None:
    """The manager invites; the link that was mailed sets a password, once."""
    manager.goto("/people/coordinator/invite/")
    submit(manager)
    (link,) = re.findall(r"/accounts/first-password/\S+", mails("invitation")[0].body)
    own.goto(link)
    for name in ("new", "again"):
        own.locator(f'[name="{name}"]').fill(OWN)
    examine(own, "first-password")
    submit(own)
    expect(own.get_by_text("Your password is set.")).to_be_visible()
    stranger.goto(link)
    expect(stranger.get_by_text("This link was used")).to_be_visible()


def enrols(own: Page, person: User) -> str:
    """Nothing is open before the app is enrolled; return one of ten recovery codes."""
    tries(own, "")
    own.goto("/work-list/")
    assert own.url.endswith("/accounts/second-factor/")
    own.locator("#id_begin-password").fill(OWN)
    follow(own, own.get_by_role("button", name="Begin"))
    person.refresh_from_db()
    expect(own.locator("main")).to_contain_text(person.app_secret)
    own.get_by_label("Code from your app").fill(code_at(person, clock_time()))
    follow(own, own.get_by_role("button", name="Confirm the code"))
    expect(own.get_by_text("The second factor is set up.")).to_be_visible()
    own.goto("/accounts/second-factor/passkeys/")
    own.locator("#id_codes-password").fill(OWN)
    follow(own, own.get_by_role("button", name="Make ten codes"))
    return own.locator("li.p3-key").first.inner_text()


def ends_another(own: Page, second: Page, stranger: Page, recovery: str) -> None:
    """A recovery code opens one session, of which the owner is told; they see it, and end it."""
    tries(second, recovery)
    second.wait_for_url("**/work-list/")
    assert (len(mails("recovery_code")), len(mails("new_browser"))) == (1, 1)
    tries(stranger, recovery)
    expect(stranger.get_by_text("do not match")).to_be_visible()
    own.goto("/accounts/sessions/")
    expect(own.locator(".p3-checklist li")).to_have_count(2)
    own.locator("#id_password").fill(OWN)
    submit(own)
    expect(own.get_by_text("Every other session of yours has ended.")).to_be_visible()
    second.goto("/work-list/")
    assert "/accounts/sign-in/" in second.url


def makes_a_token(own: Page, person: User) -> str:
    """A program may read participants until next month; return what it calls with."""
    own.goto("/tokens/")
    form = own.locator("main form").last
    form.locator('[name="name"]').fill("Weekly list")
    form.locator('[name="expires_on"]').fill((clock_time() + timedelta(days=30)).date().isoformat())
    form.locator('[name="scopes"][value="participant_view"]').check()
    form.locator('[name="password"]').fill(OWN)
    form.locator('[name="code"]').fill(code_at(person, clock_time()))
    follow(own, form.locator("button[type=submit]"))
    return own.locator(".p3-alert code").inner_text()


def answer_to(stranger: Page, token: str) -> int:
    """What a call with the token is answered, from a browser in which nobody is signed in."""
    return stranger.request.get("/api/v1/participants/", headers={"Authorization": f"Bearer {token}"}).status


def closes_what_nobody_uses(manager: Page) -> None:
    """An account that nobody has used for long stands on the page of people, with the way to close it."""
    manager.goto("/people/")
    unused = manager.locator("details", has_text="Accounts that nobody has used for 90 days")
    expect(unused.locator("li")).to_have_count(1)
    follow(manager, unused.get_by_role("link", name="Close"))
    manager.locator("#id_reason").fill("left the sponsor")
    submit(manager)
    manager.goto("/people/")
    expect(manager.get_by_text("Accounts that nobody has used for 90 days")).to_have_count(0)


def test_point_6_an_account_from_its_invitation_to_its_reset(
    world: World, open_page: Any, settings: Any
) -> None:
    settings.SECOND_FACTOR_OF_EVERYBODY = True
    told: dict[str, Any] = {"email": "coordinator@example.org", "totp_secret": "", "totp_confirmed_at": None}
    change_person(user=world.coordinator, by=None, at=NOW, password=make_password(None), **told)
    long_ago = clock_time() - timedelta(days=91)
    change_person(user=world.monitor, by=None, at=NOW, signed_in_at=long_ago)
    manager, own, second, stranger = (open_page() for _each in range(4))
    sign_in(manager, "trial_manager")
    takes_the_link(manager, own, stranger)
    ends_another(own, second, stranger, enrols(own, world.coordinator))
    # an outsider locks the name for outsiders, and its owner is told
    for _try in range(4):
        tries(stranger, "", "a guess")
    assert len(mails("locked")) == 1
    own.goto("/work-list/")
    assert own.url.endswith("/work-list/")
    # the manager sees what opens something without anybody signing in
    token = makes_a_token(own, world.coordinator)
    assert answer_to(stranger, token) == 200
    manager.goto("/access/")
    expect(manager.get_by_role("row").filter(has_text="Weekly list")).to_contain_text("coordinator")
    # a reset ends session and token; what opened the account before opens nothing
    manager.goto("/people/coordinator/reset/")
    manager.locator("#id_password").fill("a first password of hers")
    manager.locator("#id_reason").fill("telephone lost")
    submit(manager)
    own.goto("/work-list/")
    assert "/accounts/sign-in/" in own.url
    tries(own, code_at(world.coordinator, clock_time()))
    expect(own.get_by_text("do not match")).to_be_visible()
    assert len(mails("reset")) == 1
    assert answer_to(stranger, token) == 401
    manager.goto("/access/")
    expect(manager.get_by_text("Nobody has a token or a calendar address")).to_be_visible()
    closes_what_nobody_uses(manager)
