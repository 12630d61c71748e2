"""What the statement of conformance says beside axe: zoom, spacing of text, reduced motion (WCAG 2.2 AA)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from palace3.accessibility_page import statement
from palace3.help_texts import read
from tests.e2e.browser import sign_in
from tests.imports import ROOT
from tests.world import World, screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ZOOMED = {"width": 640, "height": 450}  # 1280 × 900 at 200 %
READ = {"width": 320, "height": 256}  # 1280 × 1024 at 400 %
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""
# Texts whose box hides what does not fit: closed menus, and what is meant for screen readers alone, are left out.
CUT = """() => [...document.querySelectorAll('main *')].filter(box => {
  const style = getComputedStyle(box);
  return style.overflowX === 'hidden' && box.checkVisibility() && box.textContent.trim()
    && !box.closest('.visually-hidden') && box.scrollWidth > box.clientWidth + 1;
}).map(box => box.outerHTML.slice(0, 120))"""
MOVING = """() => [...document.querySelectorAll('*')].filter(part => {
  const style = getComputedStyle(part);
  return style.animationName !== 'none' || style.transitionDuration.split(',').some(time => parseFloat(time) > 0);
}).map(part => part.outerHTML.slice(0, 120))"""
# A sheet that a script makes is what a person's own extension does; a style element is refused by the policy.
SPACE = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet] }"
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


def test_zoom_spacing_and_motion(world: World, open_page: Callable[..., Page]) -> None:
    # given the main pages, in a browser that asks for less motion
    number = screen(world).number
    texts = [reverse("help"), reverse("help-role", args=["coordinator"]), reverse("accessibility")]
    one = f"/participants/{number}/"
    pages = [reverse("home"), "/participants/", one, f"{one}forms/STAGE/", "/visits/", "/queries/", *texts]
    page = open_page(ZOOMED, reduced_motion="reduce")
    sign_in(page, "coordinator")
    faults: dict[str, object] = {}
    for address in pages:
        page.goto(address)
        # then at 200 % nothing is wider than the window, and nothing moves
        faults[f"{address} at 200 %"] = page.evaluate(TOO_WIDE)
        faults[f"{address} moves"] = len(page.evaluate(MOVING))
        # and with more space between letters, words and lines it still fits, and no word is cut off
        page.evaluate(SPACE, SPACED)
        faults[f"{address} spaced"] = page.evaluate(TOO_WIDE)
        faults[f"{address} cut off"] = len(page.evaluate(CUT))
    # and at 400 % running text is read without going sideways
    page.set_viewport_size(READ)  # type: ignore[arg-type]
    for address in texts:
        page.goto(address)
        faults[f"{address} at 400 %"] = page.evaluate(TOO_WIDE)
    assert {name: fault for name, fault in faults.items() if fault} == {}


def test_the_statement_is_for_everybody_and_names_tests_that_exist(open_page: Callable[..., Page]) -> None:
    # given somebody who is not signed in
    page = open_page(locale="zh-CN")
    page.goto("/accounts/sign-in/")
    # when they follow the link at the foot of the page
    page.locator("footer a").click()
    # then they read it in their language
    page.get_by_role("heading", level=1, name=statement("zh-hans")["title"]).wait_for()
    tests = [
        item["test"] for part in read("accessibility")["parts"] for item in part["items"] if "test" in item
    ]
    assert tests
    assert [name for name in tests if not (ROOT / name).exists()] == []
