"""What goes wrong while somebody types: nothing that was typed is lost, and nothing is saved twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.e2e.browser import examine, save_form, sign_in
from tests.world import NOW, PASSWORD, World, screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def number(world: World, clock: Clock) -> str:
    clock.go(NOW)
    return screen(world).number


def saves_of(number: str) -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Act.objects.filter(verb="crf:answers:save", participant_id__isnull=False).count()


def test_a_session_that_ends_while_typing_costs_nothing(number: str, open_page: Callable[..., Page]) -> None:
    # given a coordinator in the middle of a form
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/forms/ELIG/")
    page.fill("[name=birth]", "1961-04-17")
    # when the session ends, and the page notices at its next draft
    page.context.clear_cookies(name="sessionid")
    page.fill("[name=mdt_dt]", "2026-11-05")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible(timeout=20_000)
    page.get_by_label("Password of Coordinator").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_hidden()
    # then everything typed is still there, and is saved
    expect(page.locator("[name=birth]")).to_have_value("1961-04-17")
    save_form(page)
    expect(page.locator("[name=birth]")).to_have_value("1961-04-17")
    expect(page.locator("[name=mdt_dt]")).to_have_value("2026-11-05")


def test_a_double_click_saves_once(number: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/forms/ELIG/")
    page.fill("[name=birth]", "1961-04-17")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    expect(page.locator(".p3-head")).to_contain_text("In progress")
    assert saves_of(number) == 1


def test_who_saves_second_compares_and_chooses(number: str, open_page: Callable[..., Page]) -> None:
    # given two people of the site who have the same form open
    address = f"/participants/{number}/forms/ELIG/"
    first, second = open_page(), open_page()
    sign_in(first, "coordinator", then=address)
    sign_in(second, "investigator", then=address)
    # when both save
    first.fill("[name=birth]", "1961-04-17")
    second.fill("[name=birth]", "1961-04-19")
    save_form(first)
    second.get_by_role("button", name="Save", exact=True).click()
    # then the second sees both answers side by side, and nothing of the first is overwritten
    expect(second.locator("main")).to_contain_text("1961-04-17")
    expect(second.locator("main")).to_contain_text("1961-04-19")
    examine(second, "merge")
    assert saves_of(number) == 1


def test_a_participant_of_another_site_is_not_there(number: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    sign_in(page, "stranger")
    for address in ("", "forms/ELIG/", "eligibility/", "acts/"):
        answered: Any = page.goto(f"/participants/{number}/{address}")
        assert answered.status in {403, 404}
        theirs = page.locator("main").inner_text()
        page.goto(f"/participants/99-9999/{address}")
        assert page.locator("main").inner_text() == theirs.replace(number, "99-9999")
    examine(page, "not-found")
