"""To-dos where people look for their work: work list, agenda, visit and participant page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from followup.services import settle_todos, update_visit_states
from followup.services.todos import Wanted
from notices.services.escalations import escalate_site
from notices.services.reminders import remind_site
from tests.integration.followup.conftest import noon
from tests.integration.followup.test_pages import client_of
from tests.world import TODAY, World
from trials.models import Participant

CHAPTERS = ("2.6",)

pytestmark = pytest.mark.django_db
__all__ = ["client_of"]

Make = Callable[..., Participant]


@pytest.fixture
def participant(world: World, randomized: Make, visit_of: Any) -> Participant:
    made = randomized()
    asked = [
        Wanted("REPEAT_BIOPSY", "CRE:1", TODAY - timedelta(40), TODAY, visit_id=visit_of(made, "N1").pk),
        Wanted("DEATH", "death", TODAY, TODAY + timedelta(7)),
    ]
    settle_todos(participant=made, wanted=asked, by=world.coordinator, at=noon(TODAY))
    return made


@pytest.mark.parametrize("page", ["/work-list/", "/visits/?show=todos", "/participants/{}/"])
def test_they_stand_where_work_is_looked_for(
    world: World, participant: Participant, client_of: Any, page: str
) -> None:
    shown = client_of(world.coordinator).get(page.format(participant.number))
    assert shown.status_code == 200
    assert "Repeat biopsy" in shown.text
    assert "Death page and end of study" in shown.text
    assert 'datetime="2026-11-27"' in shown.text


def test_a_visit_shows_only_what_it_asked_for(
    world: World, participant: Participant, client_of: Any, visit_of: Any
) -> None:
    shown = client_of(world.coordinator).get(visit_of(participant, "N1").get_absolute_url())
    assert "Repeat biopsy" in shown.text
    assert "Death page" not in shown.text


def test_a_stranger_sees_none_of_them(world: World, participant: Participant, client_of: Any) -> None:
    stranger = client_of(world.stranger)
    for page in ("/work-list/", "/visits/?show=todos"):
        shown = stranger.get(page)
        assert shown.status_code == 200
        assert "Repeat biopsy" not in shown.text


def test_the_delivery_of_what_was_told_is_shown(
    world: World, participant: Participant, client_of: Any
) -> None:
    update_visit_states(site=world.site, on=TODAY, at=noon(TODAY))
    remind_site(site=world.site, on=TODAY, at=noon(TODAY))
    escalate_site(site=world.site, on=TODAY, at=noon(TODAY))
    coordinator = client_of(world.coordinator)
    page = coordinator.get(f"/participants/{participant.number}/")
    assert "Reminders and their delivery" in page.text
    assert f"/participants/{participant.number}/messages/" in page.text
    sent = coordinator.get(f"/participants/{participant.number}/messages/")
    assert sent.status_code == 200
    assert "Waits to be sent" in sent.text
    log = coordinator.get(f"/participants/{participant.number}/contacts/")
    assert "Escalations" in log.text
    assert "To-dos" in log.text
