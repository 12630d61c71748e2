"""A passkey is made, opens a session instead of a code, and is removed: with Chromium's virtual authenticator."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services import change_person
from tests.e2e.browser import examine
from tests.e2e.conftest import TABLET, WIDE
from tests.world import NOW, PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def give_authenticator(page: Page) -> None:
    """The browser has a key of its own, as a ward's computer or a key ring has."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    more = {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options | more})


def by_password(page: Page) -> None:
    page.get_by_label("User name").fill("data_manager")
    page.get_by_label("Password").fill(PASSWORD)


def test_point_6_a_ward_without_telephones_signs_in_with_a_passkey(
    world: World, open_page: Any, live_server: Any
) -> None:
    change_person(user=world.data_manager, by=None, at=NOW, totp_secret="", totp_confirmed_at=None)
    page = open_page(WIDE)
    give_authenticator(page)
    host = live_server.url.replace("127.0.0.1", "localhost")  # an address in digits has no passkeys
    page.goto(f"{host}/accounts/sign-in/")
    by_password(page)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/accounts/second-factor/")
    page.get_by_role("link", name="Without a telephone: use a passkey").click()
    page.get_by_label("What it is").fill("ward computer")
    page.locator("[data-passkey-make] [name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added")).to_be_visible()
    expect(page.get_by_text("ward computer", exact=True)).to_be_visible()
    page.locator("#id_codes-password").fill(PASSWORD)
    page.get_by_role("button", name="Make ten codes").click()
    expect(page.locator("li.p3-key")).to_have_count(10)
    examine(page, "passkeys")

    page.context.clear_cookies()
    page.goto(f"{host}/accounts/sign-in/")
    by_password(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not match")).to_be_visible()  # the password alone opens nothing
    by_password(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/work-list/")
    (kept,) = User.objects.get(pk=world.data_manager.pk).passkeys or []
    assert kept["count"] > 0

    page.goto(f"{host}/accounts/sessions/")
    page.set_viewport_size(TABLET)
    examine(page, "sessions")
    page.goto(f"{host}/accounts/second-factor/passkeys/")
    examine(page, "passkeys-tablet")
    page.locator("#remove-password-1").fill(PASSWORD)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("your only second factor")).to_be_visible()
