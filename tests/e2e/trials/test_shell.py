"""The shell and the pages of sites, people and screening in a real browser.

With ``PALACE3_LOOK=folder`` each page is also kept as a picture, to be looked at.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.services import create_person
from kernel.scope import EVERYTHING, scope
from tests.e2e.browser import examine, follow, sign_in
from tests.e2e.conftest import TABLET, WIDE
from tests.world import NOW, PASSWORD, World, screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MANAGER_PAGES = [
    "/sites/",
    "/sites/01/",
    "/sites/new/",
    "/sites/01/change/",
    "/sites/01/checklist/ethics/",
    "/sites/01/move/closed/",
    "/sites/01/consent-versions/new/",
    "/people/",
    "/people/new/",
    "/people/newcomer/",
    "/people/newcomer/change/",
    "/people/newcomer/reset/",
    "/people/newcomer/delegate/",
    "/accounts/",
    "/accounts/password/",
    "/accounts/second-factor/",
    "/nothing/here/",
]
SITE_PAGES = ["register/", "{}/consent/", "{}/screen-failure/", "{}/decline/", "{}/withdraw/"]


@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (TABLET, "zh-hans")], ids=["wide", "tablet"])
def test_every_page_is_accessible_and_fits(
    world: World, open_page: Any, size: dict[str, int], language: str
) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        create_person(username="newcomer", display_name="New Comer", by=None, at=NOW)
    number = screen(world).number
    for username, pages in (
        ("trial_manager", MANAGER_PAGES),
        ("coordinator", ["/participants/" + page.format(number) for page in SITE_PAGES]),
    ):
        page = open_page(size)
        page.goto("/accounts/sign-in/")
        examine(page, f"sign-in-{language}-{size['width']}")
        sign_in(page, username)
        page.goto("/accounts/")
        if size is TABLET:
            page.get_by_role("button", name="Menu").click()
        follow(page, page.locator(f"button[name=language][value={language}]"))
        for address in pages:
            page.goto(address)
            foot = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--p3-foot')")
            assert page.title() in foot, "a printed page says which it is"
            assert "UTC+8" in foot
            examine(page, f"{address.strip('/').replace('/', '-')}-{language}-{size['width']}")


def test_typed_answers_survive_the_end_of_the_session(world: World, open_page: Any) -> None:
    number = screen(world).number
    page = open_page()
    sign_in(page, "coordinator")
    page.goto(f"/participants/{number}/withdraw/")
    page.get_by_label("Reason").fill("moves to another town")
    page.get_by_label("No more study drug").check()
    page.context.clear_cookies(name="sessionid")
    page.evaluate("void window.palace3.signInAgain()")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    page.get_by_label("Password of Coordinator").fill("not the one")
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.get_by_text("do not match")).to_be_visible()
    page.get_by_label("Password of Coordinator").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_hidden()
    page.get_by_role("button", name="Record the withdrawal").click()
    expect(page.get_by_text("Not recorded yet: see what follows")).to_be_visible()
    page.get_by_role("button", name="Record the withdrawal").click()
    page.wait_for_url(f"**/participants/{number}/")


def test_the_session_warns_before_it_ends_and_goes_on_when_asked(world: World, open_page: Any) -> None:
    page = open_page()
    page.clock.install()
    sign_in(page, "coordinator")
    page.goto("/accounts/")
    page.route(
        "**/accounts/session/",
        lambda route: route.fulfill(json={"seconds": 90 if route.request.method == "GET" else 1800}),
    )
    page.clock.fast_forward("28:30")
    expect(page.get_by_role("heading", name="Are you still there?")).to_be_visible()
    page.get_by_role("button", name="Stay signed in").click()
    expect(page.get_by_role("heading", name="Are you still there?")).to_be_hidden()


def test_the_keyboard_alone_reaches_the_content_and_the_menu(world: World, open_page: Any) -> None:
    page = open_page(TABLET)
    sign_in(page, "coordinator")
    page.goto("/accounts/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    menu = page.get_by_role("button", name="Menu")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sites")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Sites")).to_be_hidden()
    expect(menu).to_be_focused()


def test_point_23_a_day_is_typed_in_any_usual_way_or_chosen_in_the_calendar(
    world: World, open_page: Any
) -> None:
    number = screen(world).number
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/withdraw/")
    day = page.locator("input[data-day]").first
    for typed, understood in (
        ("28/11/2026", "2026-11-28"),
        ("5 Mar 2026", "2026-03-05"),
        ("２０２６年３月５号", "2026-03-05"),
        ("05/03/2026", "05/03/2026"),
    ):
        day.fill(typed)
        day.blur()
        expect(day).to_have_value(understood)
    follow(page, page.locator("main form button[type=submit]").first)
    expect(page.locator("main")).to_contain_text("Day and month can be taken for each other")
    expect(day).to_have_value("05/03/2026")

    # The calendar itself is the browser's: what it shows when it opens, and what becomes of a choice, is ours.
    page.evaluate(
        """HTMLInputElement.prototype.showPicker = function () {
            window.shown = this.value;
            this.value = "2026-11-19";
            this.dispatchEvent(new Event("change", { bubbles: true }));
        }"""
    )
    day.fill("2026-11-18")
    box = day.bounding_box()
    day.click(position={"x": box["width"] - 10, "y": box["height"] / 2})
    expect(day).to_have_value("2026-11-19")
    assert page.evaluate("window.shown") == "2026-11-18"
    day.fill("2026-11-01")
    day.press("Alt+ArrowDown")
    expect(day).to_have_value("2026-11-19")
    expect(day).to_be_focused()
