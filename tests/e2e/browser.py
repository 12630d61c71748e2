"""What a person does at the browser: sign in, type a form, look at a page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from crf import catalogue
from exports.typed import as_typed
from tests.clock import clock_time
from tests.world import PASSWORD, SECRET

LOOK = os.environ.get("PALACE3_LOOK")
TOKENS = ("{{", "}}", "{%", "%}", "⟦", "⟧")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def environment() -> dict[str, str | float | bool]:
    """The environment in which a browser starts: Chromium stands still under the library of ``make test-dates``."""
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


def sign_in(
    page: Page, username: str, *, then: str = "", password: str = PASSWORD, secret: str = SECRET
) -> None:
    """The person is signed in, through the sign-in page, and on ``then``."""
    page.goto("/accounts/sign-in/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Code from your app").fill(pyotp.TOTP(secret).at(clock_time()) if secret else "")
    follow(page, page.get_by_role("button", name="Sign in"))
    page.wait_for_url(lambda address: "sign-in" not in address)
    if then:
        page.goto(then)


def give_password(page: Page, username: str, password: str = PASSWORD) -> None:
    """The page holds what signs: the password, and the user name where it is the first signature of the session."""
    if (signer := page.locator('main [name="signer"]')).count():
        signer.fill(username)
    page.locator('main [name="password"]').fill(password)


def follow(page: Page, link: Locator) -> None:
    """The page that the link or the button leads to is open and loaded.

    A click returns while the next page may still be on its way: what is looked at then is the old page, or half
    of the new one. What stands in a menu is opened first, as a person does.
    """
    if not link.is_visible():
        link.locator("xpath=ancestor::details[not(@open)][1]/summary").click()
    with page.expect_navigation():
        link.click()


def axe(page: Page) -> None:
    """Axe finds nothing on the page, once it is loaded."""
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    assert not found, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def examine(page: Page, name: str) -> None:
    """The page is accessible, fits the window, and holds no token of a template."""
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} is too wide"
    assert not [token for token in TOKENS if token in page.content()], name
    if LOOK:
        page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def is_chinese(page: Page) -> bool:
    """Say whether heading and navigation are in Chinese."""
    said = [page.locator("h1").inner_text(), *page.locator("nav .p3-nav a").all_text_contents()]
    return all(CHINESE.search(text) or re.fullmatch(r"[\W\dA-Z0-9-]+", text.strip()) for text in said)


def typed_texts(sent: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what is typed under each name of the page, as text."""
    raw = {name: value for name, value in as_typed(sent).items() if not name.startswith("_")}
    return {
        name: [_text(one) for one in value] if isinstance(value, list | tuple) else [_text(value)]
        for name, value in raw.items()
    }


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def type_form(page: Page, code: str, sent: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every answer of ``sent`` stands on the page that is open, typed in the order in which it is asked."""
    whole = typed_texts(sent)
    printed = set(_printed(code))
    waiting = {name: texts for name, texts in whole.items() if name not in printed}
    groups = dict(sent.get("groups", {}))
    while waiting:
        before = len(waiting)
        for group in [name for name in groups if page.locator(f'[data-group="{name}"]').is_visible()]:
            _make_rows(page, group, len(groups.pop(group)))  # an answer above may ask for it
        _open_rows(page)
        for name in _in_order(page, waiting):
            _answer(page.locator(f'[name="{name}"]'), waiting.pop(name))
        assert len(waiting) < before, f"not asked on this page: {sorted(waiting)}"
    return whole


def _open_rows(page: Page) -> None:
    """Every row that is folded to a line stands open, as when each line is pressed."""
    page.evaluate(
        "() => document.querySelectorAll('details[data-fold]:not([open])').forEach(row => { row.open = true })"
    )


def _printed(code: str) -> Iterator[str]:
    """Yield the names that rows of fixed groups bring with them; nobody types those."""
    for group in catalogue.form(code).groups.values():
        if group.fixed:
            for index, start in enumerate(group.starts_with):
                yield from (f"{group.name}-{index}-{name}" for name in start)


def _make_rows(page: Page, group: str, number: int) -> None:
    block = page.locator(f'[data-group="{group}"]')
    rows = block.locator(
        "[data-row]:not(details:not([open]) [data-row])"
    )  # one that is folded is opened first
    while rows.count() < number:
        block.get_by_role("button", name="Add a row").click()


def _in_order(page: Page, waiting: Mapping[str, list[str]]) -> list[str]:
    """Return the waiting names whose field is asked now, from the top of the page."""
    asked: list[str] = page.evaluate(
        "() => [...new Set([...document.querySelectorAll('[data-crf] [name]')]"
        ".filter(field => field.checkVisibility()).map(field => field.name))]"
    )
    return [name for name in asked if name in waiting]


def _answer(field: Locator, texts: list[str]) -> None:
    kind = field.first.evaluate("field => field.type")
    if kind in {"radio", "checkbox"}:
        for text in texts:
            field.and_(field.page.locator(f'[value="{text}"]')).check()
    elif kind == "select-one":
        field.select_option(texts[0])
    else:
        field.fill(texts[0])


def save_form(page: Page) -> None:
    """The form is saved, and the page says so."""
    follow(page, page.get_by_role("button", name="Save", exact=True))
    refused = page.locator(".p3-errors")
    assert refused.count() == 0, refused.inner_text()


def speak(page: Page, language: str) -> None:
    """The browser goes on in ``language``."""
    server = re.match(r"https?://[^/]+", page.url)
    assert server
    page.context.add_cookies([{"name": "django_language", "value": language, "url": server.group()}])
