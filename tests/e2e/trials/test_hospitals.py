"""An account is connected with a hospital and opened through it, in a browser that keeps the policy of contents."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import examine
from tests.e2e.conftest import TABLET, WIDE
from tests.integration.accounts.test_hospitals import write_file
from tests.oidc import local_provider
from tests.world import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_point_6_a_hospital_opens_an_account_in_a_browser(
    world: World, open_page: Any, live_server: Any, settings: Any, tmp_path: Path
) -> None:
    with local_provider() as provider:
        settings.HOSPITALS_FILE = str(write_file(tmp_path, provider.issuer))
        page = open_page(WIDE, beside=urlsplit(provider.issuer).netloc)
        page.goto(f"{live_server.url}/accounts/sign-in/")
        page.get_by_label("User name").fill("coordinator")
        page.get_by_label("Password").fill(PASSWORD)
        examine(page, "sign-in with a hospital")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/work-list/**")
        page.goto(f"{live_server.url}/accounts/hospitals/")
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Connect").click()
        page.get_by_role("link", name="Go on to Riverside Hospital").click()
        expect(page.get_by_text("opens your account from now on")).to_be_visible()
        examine(page, "hospitals")
        page.set_viewport_size(TABLET)
        examine(page, "hospitals")

        page.context.clear_cookies()
        page.goto(f"{live_server.url}/accounts/sign-in/")
        page.get_by_role("link", name="Sign in through Riverside Hospital").click()
        page.wait_for_url("**/work-list/**")
        page.goto(f"{live_server.url}/accounts/")
        expect(page.get_by_text("coordinator", exact=True)).to_be_visible()
