"""Somebody asks a centre for a call, in either language, with and without scripts, on a telephone and on a desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.e2e.browser import examine, follow, sign_in
from tests.e2e.conftest import TABLET, WIDE
from tests.integration.trials.contact_world import WHO
from tests.world import NOW, World
from trials import services
from trials.models import ContactRequest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
SIZES = [pytest.param(size, id=str(size["width"])) for size in (PHONE, TABLET, WIDE)]
SEND = {"en": "Ask for a call", "zh-hans": "请联系我"}
SHOW = {"en": "Show distances", "zh-hans": "查看距离"}


@pytest.fixture
def placed(world: World) -> World:
    """The centres have a place on the map."""
    by: dict[str, Any] = {"by": world.trial_manager, "at": NOW, "reason": "map"}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        hours = {"office_hours": "Mon-Fri 08:00-17:00", "languages_spoken": "中文, English"}
        services.change_site(site=world.site, latitude="31.23", longitude="121.47", **hours, **by)
        services.change_site(site=world.other_site, latitude="30.57", longitude="104.07", **hours, **by)
    return world


def fill(page: Page) -> None:
    page.locator("#id_last_name").fill(WHO.last_name)
    page.locator("#id_first_name").fill(WHO.first_name)
    page.locator("#id_phone").fill(WHO.phone_typed)
    page.locator("#id_email").fill("hua@gmial.com")
    page.locator("#id_language").fill(WHO.language)
    page.locator("#id_message").fill("<b>晚上</b>")
    page.locator("#id_consent").check()
    page.locator("#id_sensitive").check()


def wait_as_people_do(clock: Clock) -> None:
    from datetime import timedelta

    clock.go(clock.now() + timedelta(minutes=1))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("size", SIZES)
def test_asking_for_a_call(
    placed: World, open_page: Any, clock: Clock, size: dict[str, int], language: str, scripts: bool
) -> None:
    page = open_page(size, java_script_enabled=scripts)
    name = f"contact-{language}-{size['width']}-{'js' if scripts else 'plain'}"
    page.goto(f"/contact/?lang={language}")
    look(page, name, scripts)
    # given a city, the nearest centre is chosen
    page.locator("#id_city").fill("重庆")
    page.get_by_role("button", name=SHOW[language]).click()
    expect(page.locator("input[name=site][value='02']")).to_be_checked()
    # when something is missing, it is said and nothing is lost
    fill(page)
    page.locator("#id_phone").fill("12345")
    wait_as_people_do(clock)
    follow(page, page.get_by_role("button", name=SEND[language]).last)
    expect(page.locator("#errors")).to_be_visible()
    assert page.locator("#id_message").input_value() == "<b>晚上</b>"
    look(page, f"{name}-refused", scripts)
    # then it is put right, and the near miss of an address is kept as it is
    page.locator("#id_phone").fill(WHO.phone_typed)
    follow(page, page.get_by_role("button", name=SEND[language]).last)
    page.wait_for_url("**/contact/sent/**")
    look(page, f"{name}-sent", scripts)
    assert page.context.cookies() == []
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert ContactRequest.objects.get().site == placed.other_site


def look(page: Page, name: str, scripts: bool) -> None:
    """Axe needs scripts; without them the page must still fit and hold no token."""
    if scripts:
        examine(page, name)
        return
    assert "{{" not in page.content()
    assert page.locator("main").bounding_box()["width"] <= page.viewport_size["width"]


def test_the_position_stays_in_the_browser(placed: World, open_page: Any, clock: Clock) -> None:
    asked: list[str] = []
    page = open_page(PHONE, geolocation={"latitude": 29.56, "longitude": 106.55}, permissions=["geolocation"])
    page.goto("/contact/")
    page.on("request", lambda sent: asked.append(sent.url + (sent.post_data or "")))
    page.get_by_role("button", name="Use my position").click()
    expect(page.locator("input[name=site][value='02']")).to_be_checked()
    expect(page.get_by_text("about 264 km away")).to_be_visible()
    assert [address for address in asked if "/static/" not in address] == []
    examine(page, "contact-position")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_of_the_news(
    placed: World, open_page: Any, clock: Clock, size: dict[str, int], language: str
) -> None:
    page = open_page(size)
    page.goto(f"/news/?lang={language}")
    examine(page, f"news-{language}-{size['width']}")
    follow(page, page.locator("form .btn-primary"))
    expect(page.locator("#errors")).to_be_visible()
    examine(page, f"news-refused-{language}-{size['width']}")
    page.locator("#id_email").fill("reader@example.com")
    page.locator("#id_consent").check()
    wait_as_people_do(clock)
    follow(page, page.locator("form .btn-primary"))
    page.wait_for_url("**/news/sent/**")
    examine(page, f"news-sent-{language}-{size['width']}")
    assert page.context.cookies() == []


@pytest.mark.parametrize(("size", "language"), [(WIDE, "zh-hans"), (TABLET, "en")], ids=["wide", "tablet"])
def test_the_centres_pages(
    placed: World, open_page: Any, clock: Clock, size: dict[str, int], language: str
) -> None:
    from tests.integration.trials.contact_world import receive

    clock.go(NOW)
    receive()
    wait_as_people_do(clock)
    page = open_page(size)
    sign_in(page, "coordinator", then="/accounts/")
    if size is TABLET:
        page.get_by_role("button", name="Menu").click()
    follow(page, page.locator(f"button[name=language][value={language}]"))
    name = f"{language}-{size['width']}"
    page.goto("/requests/")
    examine(page, f"requests-{name}")
    follow(page, page.get_by_role("link", name="ABCD-2345"))
    examine(page, f"request-{name}")
    for step in ("call", "close", "erase"):
        page.goto(f"/requests/ABCD-2345/{step}/")
        examine(page, f"request-{step}-{name}")
    page.goto("/requests/ABCD-2345/call/")
    page.locator("input[name=result][value=reached]").check()
    page.locator("textarea[name=remark]").fill("说普通话也可以")
    follow(page, page.locator("main button[type=submit].btn-primary"))
    page.wait_for_url("**/requests/ABCD-2345/")
    expect(page.get_by_text("说普通话也可以")).to_be_visible()
    examine(page, f"request-called-{name}")
    page.goto("/requests/ABCD-2345/erase/")
    follow(page, page.locator("main button[type=submit].btn-danger"))
    page.wait_for_url("**/requests/ABCD-2345/")
    examine(page, f"request-erased-{name}")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_trial_managers_pages(placed: World, open_page: Any, clock: Clock, language: str) -> None:
    from tests.integration.trials.contact_world import receive

    clock.go(NOW)
    receive()
    page = open_page()
    sign_in(page, "trial_manager", then="/accounts/")
    follow(page, page.locator(f"button[name=language][value={language}]"))
    for address in ("requests/counts/", "news/letters/", "news/letters/new/"):
        page.goto(f"/{address}")
        examine(page, f"{address.strip('/').replace('/', '-')}-{language}")
