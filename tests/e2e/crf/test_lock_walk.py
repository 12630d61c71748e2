"""From an open query to the certificate of a locked site, in a real browser (issue point 17 and 20)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from crf.queries.services import raise_query
from crf.records.signing import sign_record, verify_record
from crf.store.records import record_key_of
from kernel.scope import EVERYTHING, scope
from tests.e2e.browser import follow
from tests.e2e.crf.test_record_pages import look, page_of, saved, trial  # noqa: F401 (fixtures)
from tests.integration.crf.test_saving import stage
from tests.world import NOW, PASSWORD, TODAY
from trials import services as trials

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_point_17_from_an_open_query_to_the_certificate_of_a_locked_site(
    trial: Any,  # noqa: F811
    page_of: Callable[..., Page],  # noqa: F811
) -> None:
    # given a site whose one form has an open query
    world, person = trial
    saved(person, world.coordinator, 0, **stage())
    by: dict[str, Any] = {"at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        place = record_key_of(participant=person, form="STAGE")
        asked = raise_query(record_key=place, target="", text="Which scanner?", by=world.monitor, **by)
        outcome = {"declined": True, "reason": "other_decline", "criteria": [], "on": TODAY}
        trials.record_screening_outcome(participant=person, **outcome, by=world.coordinator, **by)
    page = page_of(world.data_manager)
    # when the data manager opens the site to lock it, the query stands in the way and is a link
    page.goto("/sites/01/lock/")
    look(page, "lock-site-open")
    expect(page.get_by_label("You are here").locator("[aria-current]")).to_have_text("Site 01")
    expect(page.get_by_role("button", name="Lock", exact=True)).to_have_count(0)
    follow(page, page.get_by_role("link", name=f"{person.number} STAGE").first)
    assert page.url.endswith(asked.get_absolute_url())
    # and it is answered, closed, and the form verified and signed
    follow(page, page.get_by_role("button", name="Close", exact=False).first)
    with scope(user_id=None, sites=EVERYTHING):
        verify_record(record_key=place, version=1, by=world.monitor, **by)
        sign_record(record_key=place, version=1, password=PASSWORD, by=world.investigator, **by)
    # then the site is locked under a password, and the certificate is there
    page.goto("/sites/01/lock/")
    page.get_by_label("Your password").fill(PASSWORD)
    follow(page, page.get_by_role("button", name="Lock", exact=True))
    expect(page.get_by_text("Site 01: Locked")).to_be_visible()
    look(page, "lock-site-locked")
    address = page.get_by_role("link", name="Certificate (English)").get_attribute("href")
    assert page.context.request.get(address).body().startswith(b"%PDF")  # type: ignore[arg-type]
    page.goto(f"/participants/{person.number}/forms/STAGE/")
    expect(page.get_by_text("nothing is changed or added")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
