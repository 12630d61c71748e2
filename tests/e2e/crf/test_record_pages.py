"""The pages around a saved form in a real browser: typed, saved, compared, asked about, signed.

With ``PALACE3_LOOK=folder`` each page is also kept as a picture, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.test import Client
from playwright.sync_api import Page, expect

from crf.engine.submission import Answers
from crf.queries.services import raise_query
from crf.records.save import save_answers
from crf.store.records import record_key_of
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.e2e.browser import follow
from tests.integration.crf.test_saving import stage
from tests.world import NOW, World, screen
from tests.world_database import committed_world
from trials.models import Participant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
LOOK = os.environ.get("PALACE3_LOOK")


@pytest.fixture
def trial() -> tuple[World, Participant]:
    world = committed_world()
    return world, screen(world, signed_on=date(2026, 1, 5))


@pytest.fixture
def page_of(open_page: Callable[..., Page], live_server: Any) -> Callable[..., Page]:
    """Opens the program as a person."""

    def opened(user: Any, width: int = 1280) -> Page:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            client = Client()
            client.force_login(user)
        page = open_page({"width": width, "height": 900})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    return opened


def look(page: Page, name: str) -> None:
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}.png"), full_page=True)
    violations = Axe().run(page).response["violations"]
    assert not violations, [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in violations]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"


def saved(participant: Participant, by: Any, version: int, **said: Any) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        place = record_key_of(participant=participant, form="STAGE")
        save_answers(record_key=place, answers=Answers(**said), version=version, by=by, at=NOW)


def test_a_form_is_typed_by_keyboard_saved_and_changed_with_a_reason(trial: Any, page_of: Any) -> None:
    world, participant = trial
    page = page_of(world.coordinator)
    page.goto(f"/participants/{participant.number}/forms/STAGE/")
    look(page, "crf-form-empty")
    page.locator("#id-upper_cm").fill("900")
    page.locator("#id-upper_cm").press("Enter")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_role("heading", name="This form is not saved yet")).to_be_visible()
    look(page, "crf-form-refused")
    page.locator("#id-upper_cm").fill("27")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("Saved at").first).to_be_visible()
    page.locator("#id-upper_cm").fill("28")
    page.locator("#id-_reason").fill("Misread the report")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.locator("#id-upper_cm")).to_have_value("28.0")
    follow(page, page.get_by_role("link", name="History", exact=True))
    expect(page.get_by_text("Misread the report").first).to_be_visible()
    look(page, "crf-history")


def test_a_second_writer_compares_and_chooses(trial: Any, page_of: Any) -> None:
    world, participant = trial
    saved(participant, world.coordinator, 0, **stage())
    page = page_of(world.coordinator)
    page.goto(f"/participants/{participant.number}/forms/STAGE/")
    saved(participant, world.investigator, 1, **stage(eus_mm=12), reason="Misread")
    page.locator("#id-eus_mm").fill("13")
    page.locator("#id-_reason").fill("Measured again")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_role("heading", name="Compare and choose")).to_be_visible()
    look(page, "crf-merge")
    follow(page, page.get_by_role("button", name="Go on with these answers"))
    expect(page.locator("#id-eus_mm")).to_have_value("13.0")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("Saved at").first).to_be_visible()


def add_cancer(page: Any, organ: str) -> None:
    """Type a organ into the first empty row of the table, which the server drew or the button adds."""
    if not page.locator('[name^="prior_ca-"][name$="-ca_site"]').last.is_visible():
        page.get_by_role("button", name="Add a row").first.click()
    page.locator('[name^="prior_ca-"][name$="-ca_site"]').last.fill(organ)


def test_point_04_two_sessions_that_each_add_a_row_keep_both(trial: Any, page_of: Any) -> None:
    # given two people who have the same form open
    world, participant = trial
    with scope(user_id=None, sites=EVERYTHING):
        place = record_key_of(participant=participant, form="DM")
        answers = Answers(values={"mh_prior_ca": "Y"})
        save_answers(record_key=place, answers=answers, version=0, by=world.coordinator, at=NOW)
    first, second = page_of(world.coordinator), page_of(world.investigator)
    for page, organ in ((first, "Breast"), (second, "Thyroid")):
        page.goto(f"/participants/{participant.number}/forms/DM/")
        add_cancer(page, organ)
    # when the first saves, and then the second
    follow(first, first.get_by_role("button", name="Save", exact=True))
    expect(first.get_by_text("Saved at").first).to_be_visible()
    follow(second, second.get_by_role("button", name="Save", exact=True))
    # then the second sees two rows, goes on with what is proposed, and both are on record
    expect(second.get_by_role("heading", name="Compare and choose")).to_be_visible()
    expect(second.locator("main")).to_contain_text("Organ: Breast")
    expect(second.locator("main")).to_contain_text("Organ: Thyroid")
    look(second, "crf-merge-rows")
    follow(second, second.get_by_role("button", name="Go on with these answers"))
    follow(second, second.get_by_role("button", name="Save", exact=True))
    expect(second.get_by_text("Saved at").first).to_be_visible()
    expect(second.locator("#id-prior_ca-0-ca_site")).to_have_value("Breast")
    expect(second.locator("#id-prior_ca-1-ca_site")).to_have_value("Thyroid")


def test_queries_steps_and_eligibility(trial: Any, page_of: Any) -> None:
    world, participant = trial
    saved(participant, world.coordinator, 0, **stage(eus_mm=45))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        place = record_key_of(participant=participant, form="STAGE")
        query = raise_query(record_key=place, target="ct", text="Please check cT.", by=world.monitor, at=NOW)
    number = participant.number
    for name, user, address in (
        ("crf-form-read", world.monitor, f"/participants/{number}/forms/STAGE/"),
        ("crf-form-manager", world.data_manager, f"/participants/{number}/forms/STAGE/"),
        ("crf-form-queries", world.investigator, f"/participants/{number}/forms/STAGE/"),
        ("crf-queries", world.monitor, "/queries/"),
        ("crf-query", world.coordinator, f"/queries/{row_key(query)}/"),
        ("crf-ask", world.monitor, f"/participants/{number}/forms/STAGE/1/ask/"),
        ("crf-override", world.data_manager, f"/participants/{number}/forms/STAGE/1/override/"),
        ("crf-log", world.monitor, f"/participants/{number}/forms/AE/all/"),
        ("crf-eligibility", world.investigator, f"/participants/{number}/eligibility/"),
    ):
        for width in (1280, 820):
            page = page_of(user, width)
            assert page.goto(address).status == 200, name
            look(page, f"{name}-{width}")
            page.context.close()
