"""The page of a laboratory panel in a real browser: pasted into, saved, and an adverse event begun from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from followup.models import Visit
from followup.services import plan_visits_for
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from protocol.reference_lines import read_range_lines
from tests.e2e.crf.test_record_pages import look, page_of, trial  # noqa: F401 - fixtures
from tests.world import NOW
from trials import services as trials
from trials.services.laboratory import add_reference_ranges

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINES = "血小板计数(PLT)\t40\t10^9/L\nHGB\t12.9\tg/dL\nFerritin\t100\tug/L"


def test_point_01_a_panel_is_pasted_saved_and_an_event_begun(
    trial: Any,  # noqa: F811
    page_of: Callable[..., Page],  # noqa: F811
    live_server: Any,
) -> None:
    world, participant = trial
    by: dict[str, Any] = {"by": None, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        lines = list(read_range_lines(["HGB\tg/L\t130-175"]))
        add_reference_ranges(site=world.site, laboratory="", since=date(2026, 1, 1), lines=lines, **by)
        trials.reveal_arm(participant=participant, arm="1", **by)
        trials.set_milestone(participant=participant, code="RAND", on=date(2026, 1, 8), source="test", **by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by)
        visit = Visit.objects.get(participant=participant, code="N1")
    page = page_of(world.coordinator)
    page.goto(f"{live_server.url}/participants/{participant.number}/forms/LB/?visit={row_key(visit)}")
    expect(page.locator("[data-vanishing]")).to_be_hidden()
    page.locator("#part-panel").get_by_label("Yes").check()
    page.locator("#id-lb_dt").fill("2026-01-09")
    expect(page.locator('[data-group="tests"] tbody tr').first).to_contain_text("Haemoglobin")
    page.get_by_text("Paste results").click()
    page.get_by_label("Lines from the laboratory system").fill(LINES)
    page.get_by_role("button", name="Take the lines over").click()
    expect(page.get_by_text("Line 3, “Ferritin")).to_be_visible()
    expect(page.locator("#id-lb_dt")).to_have_value("2026-01-09")
    expect(page.locator('[name="tests-0-lb_res"]')).to_have_value("12.9")
    look(page, "panel-pasted")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Graded values")).to_be_visible()
    expect(page.locator('[data-group="tests"] tbody tr').first).to_contain_text("low")
    look(page, "panel-saved")
    page.get_by_role("button", name="Record as adverse event").last.click()
    expect(page.locator("#id-ctcae_term")).to_have_value("Platelet count decreased")
    expect(page.locator("#id-lab_dt")).to_have_value("2026-01-09")
