"""The pages of visits in a real browser: read by axe, at a desk and on a tablet, in both languages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import expect

from followup.models import Visit
from followup.services import (
    announce_data_cut,
    plan_data_cuts,
    plan_visits_for,
    record_contact_attempt,
    settle_todos,
    update_visit_states,
)
from followup.services.todos import Wanted
from kernel.scope import EVERYTHING, scope
from notices.services.escalations import escalate_site
from notices.services.reminders import remind_site
from tests.e2e.browser import examine, sign_in, speak
from tests.e2e.conftest import TABLET, WIDE
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models import Participant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def participant(world: World) -> Participant:
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        made = screen(world)
        trials.reveal_arm(participant=made, arm="1", **by)
        trials.set_milestone(participant=made, code="RAND", on=date(2026, 11, 10), source="test", **by)
        made.refresh_from_db()
        plan_visits_for(participant=made, **by)
        update_visit_states(site=world.site, on=TODAY, at=NOW)
        remind_site(site=world.site, on=TODAY, at=NOW)
        record_contact_attempt(participant=made, on=TODAY, route="phone", result="no_answer", **by)
        visit = Visit.objects.get(participant=made, code="N1")
        asked = [
            Wanted("REPEAT_BIOPSY", "CRE:1", TODAY - timedelta(40), TODAY - timedelta(12), visit_id=visit.pk),
            Wanted("CRE_POSITIVE", "CRE:2", TODAY, TODAY + timedelta(14), visit_id=visit.pk),
        ]
        settle_todos(participant=made, wanted=asked, **by)
        escalate_site(site=world.site, on=TODAY, at=NOW)
        announce_data_cut(on=date(2027, 3, 31), purpose="Interim report", by=world.data_manager, at=NOW)
        plan_data_cuts(site=world.site, at=NOW)
    return made


def visit_path(participant: Participant, code: str) -> str:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return (
            Visit.objects.select_related("participant")
            .get(participant=participant, code=code)
            .get_absolute_url()
        )


def pages_of(participant: Participant) -> list[str]:
    visit, number = visit_path(participant, "N1"), participant.number
    return [
        "/visits/?from=2026-11-18",
        "/visits/?show=due",
        "/visits/?show=list",
        "/visits/?show=todos",
        "/visits/data-cuts/",
        "/visits/notifications/",
        "/work-list/",
        "/visits/month/?month=2026-11-01",
        "/visits/adherence/",
        "/visits/feed/",
        visit,
        f"{visit}not-done/",
        f"{visit}day/",
        f"/participants/{number}/visits/new/",
        f"/participants/{number}/contacts/",
        f"/participants/{number}/lost/",
        f"/participants/{number}/withdraw/",
        f"/participants/{number}/",
        f"/participants/{number}/plan/?milestone=NEO_D1&on=2026-11-16",
    ]


@pytest.mark.parametrize(("size", "language"), [(TABLET, "en"), (WIDE, "zh-hans")])
def test_axe_finds_nothing_and_nothing_runs_off_the_page(
    open_page: Any, world: World, participant: Participant, size: dict[str, int], language: str
) -> None:
    page = open_page(size)
    sign_in(page, "coordinator")
    speak(page, language)
    for number, path in enumerate(pages_of(participant)):
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, path
        examine(page, f"visits-{number}-{language}-{size['width']}")


def test_the_trial_manager_reads_the_tasks(open_page: Any, world: World) -> None:
    page = open_page(TABLET)
    sign_in(page, "trial_manager")
    page.goto("/tasks/")
    examine(page, "tasks")
    page.goto("/visits/data-cuts/")
    examine(page, "cuts-empty")


def test_a_coordinator_records_a_visit_by_keyboard(
    open_page: Any, world: World, participant: Participant
) -> None:
    """Given a visit whose window is open; when its day is typed and Enter pressed; then it took place."""
    page = open_page()
    sign_in(page, "coordinator")
    page.goto(visit_path(participant, "N1"))
    page.get_by_label("Took place on").fill("2026-11-17")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Visit N1 took place on 2026-11-17: in the window.")).to_be_visible()
    expect(page.get_by_role("link", name="Change the day")).to_be_visible()
