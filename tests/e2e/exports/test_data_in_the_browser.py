"""A table as a page in a real browser: a condition, an order, some columns, a saved view; the choice of an export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.e2e.browser import examine, follow, is_chinese, sign_in
from tests.integration.exports.test_cuts import History
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = {"en": {"width": 1280, "height": 900}, "zh": {"width": 820, "height": 1180}}


def test_a_table_is_narrowed_saved_and_exported(
    world: World, open_page: Callable[..., Page], live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)
    # given a participant with two stations
    history = History(world)
    for step in ("answered", "arm_given", "visits_planned"):
        history.go_on(step)
    page: Any = open_page(SIZES["en"])
    sign_in(page, world.data_manager.username, then="/exports/data/")
    examine(page, "data-list-en")
    # when a condition, an order and a name are chosen with the keyboard's own means
    follow(page, page.get_by_role("link", name="STAGE_NODE", exact=True))
    page.get_by_label("Column").first.select_option("ROW")
    page.get_by_label("Condition").first.select_option("least")
    page.get_by_label("Value").first.fill("2")
    follow(page, page.get_by_role("button", name="Show"))
    # then one row is left, and the view is kept and exported
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    examine(page, "data-en")
    page.get_by_label("Name").fill("second stations")
    page.get_by_label("Purpose").last.fill("look")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_role("link", name="second stations")).to_be_visible()
    page.get_by_label("Purpose").first.fill("look")
    follow(page, page.get_by_role("button", name="Take the export"))
    expect(page.get_by_text("ROW is at least 2")).to_be_visible()
    examine(page, "data-export-en")
    for address, name in (("/exports/new/", "export-new-en"), ("/codebook/?form=STAGE", "codebook-en")):
        page.goto(address)
        for summary in page.locator("main details > summary").all()[:1]:
            summary.click()
        examine(page, name)
    # and the pages are Chinese for who reads Chinese
    page = open_page(SIZES["zh"])
    sign_in(page, world.statistician.username)
    page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": "zh-hans", "url": live_server.url}]
    )
    for address, name in (
        ("/exports/new/", "export-new-zh"),
        ("/codebook/?form=STAGE", "codebook-zh"),
        ("/exports/data/", "data-list-zh"),
        ("/exports/data/STAGE/", "data-zh"),
    ):
        page.goto(address)
        for summary in page.locator("main details > summary").all()[:1]:
            summary.click()
        assert is_chinese(page), name
        examine(page, name)
