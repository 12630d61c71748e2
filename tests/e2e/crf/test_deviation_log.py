"""The log of deviations in a real browser: its table fits the window, in both languages (protocol 3.15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page

from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.e2e.browser import examine, sign_in, speak
from tests.e2e.conftest import TABLET, WIDE
from tests.integration.crf.test_deviations import AT, MISSED, SYSTEM, decided, record
from tests.world import World, screen
from trials.services import reveal_arm

CHAPTERS = ("3.15",)
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Endoscopy was done before PET-CT, since the scanner of the site was out of service for two weeks."
TOLD = {"dv_ec": date(2026, 11, 18), "dv_close": date(2026, 11, 19), "dv_term": LONG}


@pytest.mark.parametrize("size", [WIDE, TABLET])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_point_19_the_table_of_the_log_fits_the_window(
    language: str, size: dict[str, Any], world: World, clock: Clock, open_page: Callable[..., Page]
) -> None:
    clock.go(AT)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = reveal_arm(participant=screen(world, signed_on=date(2026, 4, 28)), arm="2", **SYSTEM)
        for category in ("cre_content", "wrong_treatment", "missed_visit"):
            record(person, world.coordinator, MISSED | TOLD | {"dv_cat": category})
        decided(person, world.trial_manager, importance="important", reason="Seen twice")
    page = open_page(size)
    sign_in(page, "trial_manager")
    speak(page, language)
    page.goto("/deviations/")
    examine(page, f"deviations-{language}-{size['width']}")
    for table in page.locator(".p3-scroll").all():
        assert table.evaluate("part => part.scrollWidth - part.clientWidth") <= 0
