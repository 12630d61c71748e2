"""Back, a lost answer and a way out, in a real browser: what is stored is what was last acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect, sync_playwright

from crf.catalogue.adverse_event.form import AdverseEvent
from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.e2e.browser import environment, examine, follow, save_form, sign_in
from tests.e2e.conftest import ARGUMENTS, CHROMIUM
from tests.world import NOW, World, screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COPIES = (
    "[...Object.keys(sessionStorage), ...Object.keys(localStorage)].filter((name) => name.startsWith('crf:'))"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that keeps pages it has left in its memory, which the driver otherwise forbids."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            env=environment(),
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield opened
        opened.close()


@pytest.fixture
def number(world: World, clock: Clock) -> str:
    clock.go(NOW)
    return screen(world).number


def events() -> list[tuple[int, str]]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(AdverseEvent.objects.order_by("sequence").values_list("sequence", "ae_term"))


def add_event(page: Page, number: str) -> None:
    page.goto(f"/participants/{number}/forms/AE/all/")
    follow(page, page.get_by_role("link", name="Add a record"))


def test_point_01_back_change_and_save_saves_the_change(number: str, open_page: Callable[..., Page]) -> None:
    # given a form that was saved
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/forms/ELIG/")
    page.fill("[name=birth]", "1961-04-17")
    save_form(page)
    # when the coordinator goes back, changes the answer and saves
    page.go_back()
    expect(page.locator("[name=birth]")).to_have_value("1961-04-17")
    expect(page.locator("[name=_version]")).to_have_value("1")
    page.fill("[name=birth]", "1961-04-19")
    page.fill("[name=_reason]", "Misread")
    save_form(page)
    # then that answer is stored
    page.reload()
    expect(page.locator("[name=birth]")).to_have_value("1961-04-19")


def test_point_01_a_page_that_comes_back_from_memory_is_asked_for_anew(
    number: str, open_page: Callable[..., Page]
) -> None:
    page, address = open_page(), f"/participants/{number}/forms/ELIG/"
    sign_in(page, "coordinator", then=address)
    page.fill("[name=birth]", "1961-04-17")
    key = page.input_value("[name=_key]")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    # nothing typed is lost, and nothing asks whether to leave
    expect(page.locator("[name=birth]")).to_have_value("1961-04-17")
    assert page.input_value("[name=_key]") != key or page.get_by_text("This is your draft").count()
    save_form(page)


def test_point_02_a_new_record_is_empty_after_another_was_saved(
    number: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    sign_in(page, "coordinator")
    add_event(page, number)
    page.fill("[name=ae_term]", "Fatigue")
    save_form(page)
    assert page.evaluate(COPIES) == [], "what is stored stays in no store of the browser"
    add_event(page, number)
    page.wait_for_timeout(300)
    expect(page.locator("[name=ae_term]")).to_have_value("")
    page.fill("[name=ae_term]", "Nausea")
    save_form(page)
    page.go_back()
    expect(page.locator("[name=ae_term]")).to_have_value("Nausea")
    expect(page.locator("[name=_version]")).to_have_value("1")  # of the record, not of one more
    assert events() == [(1, "Fatigue"), (2, "Nausea")]


def test_point_02_after_a_lost_answer_the_record_is_there_once(
    number: str, open_page: Callable[..., Page]
) -> None:
    # given a save that was stored and whose answer never came
    page = open_page()
    sign_in(page, "coordinator")
    add_event(page, number)
    page.fill("[name=ae_term]", "Fatigue")

    def lose(route: Any) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route("**/AE/0/**", lose)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_timeout(1500)
    page.unroute("**/AE/0/**")
    assert events() == [(1, "Fatigue")]
    # when the coordinator looks at the log and adds another record
    page.goto(f"/participants/{number}/forms/AE/all/")
    expect(page.get_by_role("heading", name="New records that you typed")).to_be_hidden()
    assert page.evaluate(COPIES) == []
    add_event(page, number)
    # then nothing of the first stands on it
    expect(page.locator("[name=ae_term]")).to_have_value("")
    assert events() == [(1, "Fatigue")]


def test_point_03_a_draft_of_a_new_record_is_found_on_the_page_of_the_log(
    number: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    sign_in(page, "coordinator")
    add_event(page, number)
    page.fill("[name=ae_term]", "Fatigue")
    expect(page.locator(".p3-saved")).to_contain_text("kept as a draft", timeout=20_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/participants/{number}/forms/AE/all/")
    examine(page, "log-drafts")
    follow(page, page.get_by_role("link", name="Fatigue"))
    expect(page.locator("[name=ae_term]")).to_have_value("Fatigue")
    save_form(page)
    assert events() == [(1, "Fatigue")]
    page.goto(f"/participants/{number}/forms/AE/all/")
    expect(page.get_by_role("heading", name="New records that you typed")).to_be_hidden()


def test_point_01_back_after_sign_out_shows_nothing(number: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/forms/ELIG/")
    page.fill("[name=birth]", "1961-04-17")
    save_form(page)
    page.goto("/work-list/")
    follow(page, page.get_by_role("button", name="Sign out"))
    assert page.evaluate(COPIES) == []
    for _step in range(2):
        page.go_back()
        page.wait_for_url("**/accounts/sign-in/**")
        assert "1961-04-17" not in page.content()


def test_point_06_what_was_too_large_is_still_there_after_going_back(
    number: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/forms/ELIG/")
    page.fill("[name=birth]", "1961-04-17")
    page.evaluate(
        """() => {
            const big = document.createElement("input");
            Object.assign(big, { type: "hidden", name: "_big", value: "x".repeat(2700000) });
            document.querySelector("#crf-form").append(big);
        }"""
    )
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.locator("h1")).to_contain_text("too large")
    page.go_back()
    expect(page.locator("[name=birth]")).to_have_value("1961-04-17")
    save_form(page)
