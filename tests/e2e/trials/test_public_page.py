"""The public page in a real browser: both languages, three sizes, with and without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import LOOK, TOKENS, axe, examine, follow, give_password, sign_in
from tests.e2e.conftest import TABLET, WIDE
from tests.integration.trials.test_public_page import released
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TELEPHONE = {"width": 390, "height": 844}
SIZES = {"telephone": TELEPHONE, "tablet": TABLET, "wide": WIDE}
SAID = {
    "en": ("/", "Cancer of the gullet: an operation, or close checks instead?", "Questions and answers"),
    "zh-hans": ("/zh/", "食管癌放化疗之后：手术，还是密切检查？", "常见问题"),
}


@pytest.fixture
def page_of_trial(world: World) -> World:
    released(world)
    return world


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("language", SAID)
def test_anybody_reads_the_page_on_any_screen(
    page_of_trial: World, open_page: Any, language: str, scripts: bool
) -> None:
    address, headline, questions = SAID[language]
    for name, size in SIZES.items():
        page = open_page(size, java_script_enabled=scripts)
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(headline)
        expect(page.get_by_role("heading", name=questions)).to_be_visible()
        expect(page.get_by_role("img").filter(has=page.locator("desc"))).to_have_count(2)
        assert page.locator("html").get_attribute("lang") == language
        assert page.context.cookies() == []
        assert not [token for token in TOKENS if token in page.content()]
        if scripts:
            examine(page, f"public-{language}-{name}")
        else:
            assert _overflow_without_scripts(page, size) == []
        page.context.close()


def _overflow_without_scripts(page: Page, size: dict[str, int]) -> list[str]:
    """Return what reaches over the right edge, asked of the layout from outside the page."""
    boxes = ((each, each.bounding_box()) for each in page.locator("main *:not(svg *)").all()[:400:4])
    return [
        each.inner_text()[:40]
        for each, box in boxes
        if box is not None and box["width"] > 1 and box["x"] + box["width"] > size["width"] + 1
    ]


@pytest.mark.parametrize("language", SAID)
def test_the_way_between_the_languages_and_to_a_centre(
    page_of_trial: World, open_page: Any, language: str
) -> None:
    page = open_page(TELEPHONE)
    page.goto(SAID[language][0])
    other = "zh-hans" if language == "en" else "en"
    follow(page, page.locator(f'a[hreflang="{other}"]'))
    expect(page.get_by_role("heading", level=1)).to_have_text(SAID[other][1])
    assert page.context.cookies() == []
    links = [str(each.get_attribute("href")) for each in page.locator('main a[href^="/contact/"]').all()]
    assert len(links) == 3  # one for each open centre, and the nearest
    assert all(("lang=zh-hans" in link) == (other == "zh-hans") for link in links)


def test_the_page_that_is_being_prepared_is_calm_and_accessible(world: World, open_page: Any) -> None:
    for address in ("/", "/zh/"):
        page = open_page(TELEPHONE)
        page.goto(address)
        examine(page, f"public-prepared{address.replace('/', '-')}")
        expect(page.get_by_text("NCT06339060")).to_be_visible()


def test_the_printed_page_holds_everything(page_of_trial: World, open_page: Any) -> None:
    page = open_page(WIDE)
    page.goto("/")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="What are the risks?")).to_be_visible()
    expect(page.get_by_text("Write to a centre at")).to_be_visible()
    expect(page.locator(".pub-tools")).to_be_hidden()
    if LOOK:
        page.pdf(path=Path(LOOK) / "public.pdf", format="A4")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_staff_draft_preview_and_release_a_text(world: World, open_page: Any, language: str) -> None:
    from django.db import transaction

    from kernel.scope import EVERYTHING, scope
    from tests.integration.trials.test_public_texts import second_trial_manager

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        second_trial_manager()
    writer = open_page(WIDE)
    sign_in(writer, "trial_manager", then=f"/texts/compare/{language}/draft/")
    examine(writer, f"texts-draft-{language}")
    writer.get_by_label("Title").fill("Two ways")
    writer.get_by_label("Text", exact=False).last.fill("For {participants} people, at {nowhere}.")
    follow(writer, writer.get_by_role("button", name="Keep as a draft"))
    expect(writer.get_by_text("“{nowhere}”").first).to_be_visible()
    writer.get_by_label("Text", exact=False).last.fill("For {participants} people.")
    with writer.expect_popup() as opened:
        writer.get_by_role("button", name="Preview in a new tab").click()
    expect(opened.value.get_by_text("For 356 people.")).to_be_visible()
    axe(opened.value)
    follow(writer, writer.get_by_role("button", name="Keep as a draft"))
    expect(writer.get_by_role("heading", name="Version 1")).to_be_visible()
    examine(writer, f"texts-text-{language}")
    writer.goto(f"/texts/release/{language}/")
    expect(writer.get_by_text("No draft waits for you")).to_be_visible()

    reader = open_page(TABLET)
    sign_in(reader, "second_trial_manager", then="/texts/")
    examine(reader, f"texts-list-{language}")
    reader.goto(f"/texts/release/{language}/")
    examine(reader, f"texts-release-{language}")
    reader.get_by_label("What the trial compares").check()
    reader.get_by_label("Approved by the ethics committee on").fill("2026-11-02")
    reader.get_by_label("Number of the ethics approval").fill("EC-7")
    give_password(reader, "second_trial_manager")
    reader.get_by_role("button", name="Sign and release").click()
    reader.wait_for_url("**/texts/")
    reader.goto("/" if language == "en" else "/zh/")
    expect(reader.get_by_text("For 356 people.")).to_be_visible()
