"""Chapter 3.6: a term of CTCAE is found while typing, by keyboard, and only its grades are offered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.clock import Clock
from tests.e2e.browser import axe, follow, sign_in, speak
from tests.world import NOW, World, screen

CHAPTERS = ("3.6",)
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def offered(page: Page) -> list[str]:
    seen = page.locator("[name=grade]:visible").evaluate_all("inputs => inputs.map(input => input.value)")
    return [grade for grade in seen if grade]


def look(page: Page, name: str) -> None:
    if "PALACE3_LOOK" in os.environ:
        page.screenshot(path=Path(os.environ["PALACE3_LOOK"]) / f"{name}.png")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_word_leads_to_the_term_and_its_grades(
    language: str, world: World, clock: Clock, open_page: Callable[..., Page]
) -> None:
    clock.go(NOW)
    number = screen(world).number
    page = open_page()
    sign_in(page, "coordinator")
    speak(page, language)
    page.goto(f"/participants/{number}/forms/AE/all/")
    follow(page, page.locator("a", has_text="添加记录" if language == "zh-hans" else "Add a record"))
    assert offered(page) == ["1", "2", "3", "4", "5"]
    # when a word that is no name is typed, its terms are offered, and the keyboard takes the second
    field = page.locator("[name=ctcae_term]")
    field.press_sequentially("neutropenia" if language == "en" else "粒细胞减少")
    options = page.locator("[data-term-list] [role=option]")
    expect(options.first).to_be_visible()
    expect(options.locator("[data-text]").first).to_have_text(
        "Neutrophil count decreased" if language == "en" else "中性粒细胞计数降低"
    )
    field.press("ArrowDown")
    look(page, f"terms-{language}")
    axe(page)
    field.press("Enter")
    expect(field).to_have_value("Neutrophil count decreased")
    # then grade 5, which the term does not have, is not offered
    expect(page.locator("[name=grade][value='5']")).to_be_hidden()
    assert offered(page) == ["1", "2", "3", "4"]
    look(page, f"grades-{language}")
    follow(page, page.locator("button[name=_action][value=save]"))
    expect(page.locator("[name=ctcae_term]")).to_have_value("Neutrophil count decreased")
    expect(page.locator("[name=_version]")).to_have_value("1")


def test_what_is_no_term_is_refused_and_stays(
    world: World, clock: Clock, open_page: Callable[..., Page]
) -> None:
    clock.go(NOW)
    number = screen(world).number
    page = open_page()
    sign_in(page, "coordinator", then=f"/participants/{number}/forms/AE/all/")
    follow(page, page.get_by_role("link", name="Add a record"))
    page.fill("[name=ctcae_term]", "Neutropenia")
    page.locator("[name=ae_term]").focus()
    follow(page, page.locator("button[name=_action][value=save]"))
    expect(page.locator("#note-ctcae_term")).to_contain_text(
        "Neutrophil count decreased, Febrile neutropenia"
    )
    expect(page.locator("[name=ctcae_term]")).to_have_value("Neutropenia")
