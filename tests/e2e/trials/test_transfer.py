"""Three people transfer a participant, at the browser, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.e2e.browser import LOOK, examine, follow, sign_in, speak
from tests.e2e.conftest import TABLET, WIDE
from tests.integration.followup.test_transfer import followed
from tests.world import World
from tests.world_database import committed_world
from trials.models import Participant

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


def looked_at(page: Page, name: str) -> None:
    """The page is sound in the language in force; it is looked at on a tablet, and with the eyes at full width too."""
    if LOOK:
        page.screenshot(path=Path(LOOK) / f"transfer-{name}-1280.png", full_page=True)
    page.set_viewport_size(TABLET)
    examine(page, f"transfer-{name}-820")
    page.set_viewport_size(WIDE)


def submit(page: Page) -> None:
    follow(page, page.locator("main form button[type=submit]"))


def step(page: Page, name: str) -> None:
    """Follow the step's button, look at what it asks, and press it."""
    follow(page, page.locator(f'a[href$="/{name}/"]'))
    looked_at(page, name)
    submit(page)


def from_the_work_list(page: Page, username: str, language: str, words: str) -> None:
    sign_in(page, username)
    speak(page, language)
    page.goto(reverse("home"))
    expect(page.locator("main")).to_contain_text(words)
    follow(page, page.locator('a[href^="/transfers/"]').first)


def test_rare_13_three_people_transfer_a_participant(open_page: Open) -> None:
    world: World = committed_world()
    person: Participant = followed(world)
    releasing, receiving, manager = open_page(), open_page(), open_page()
    sign_in(releasing, "investigator", then=person.get_absolute_url())
    follow(releasing, releasing.locator('a[href$="/transfer/"]'))
    releasing.locator('[name="receiving"]').select_option(value=str(world.other_site.pk))
    releasing.locator('[name="reason"]').fill("she moves to her daughter")
    looked_at(releasing, "propose")
    submit(releasing)
    looked_at(releasing, "proposed")
    from_the_work_list(receiving, "other_investigator", "zh-hans", "接受或拒绝从 01 中心转至 02 中心")
    step(receiving, "accept")
    from_the_work_list(manager, "trial_manager", "zh-hans", "确认或拒绝从 01 中心转至 02 中心")
    step(manager, "confirm")
    expect(manager.locator("body")).to_contain_text("已确认，受试者已在接收中心")
    looked_at(manager, "confirmed-zh")
    receiving.goto(person.get_absolute_url())
    expect(receiving.locator("main")).to_contain_text("从 01 中心转至 02 中心")
    looked_at(receiving, "participant-zh")
    releasing.goto("/participants/")
    expect(releasing.locator("main")).to_contain_text("at site 02 since")
    looked_at(releasing, "released")
