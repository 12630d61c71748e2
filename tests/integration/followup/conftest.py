"""A participant with visits, and the days that follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from followup.models import Visit
from followup.services import plan_visits_for
from kernel.scope import EVERYTHING, scope
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant, Site

RANDOMIZED_ON = date(2026, 11, 10)


def noon(day: date) -> datetime:
    """Midday in Shanghai."""
    return datetime(day.year, day.month, day.day, 4, 0, tzinfo=UTC)


@pytest.fixture
def everywhere() -> Any:
    """What the system itself sees: every site."""
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.fixture
def randomized(world: World, everywhere: None) -> Callable[..., Participant]:
    """Make a participant of an arm, randomized on 10 November 2026, with the visits planned."""

    @transaction.atomic
    def make(arm: str = "1", site: Site | None = None) -> Participant:
        by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
        participant = screen(world, site=site)
        trials.reveal_arm(participant=participant, arm=arm, **by)
        trials.set_milestone(participant=participant, code="RAND", on=RANDOMIZED_ON, source="test", **by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by)
        return participant

    return make


@pytest.fixture
def visit_of(everywhere: None) -> Callable[[Participant, str], Visit]:
    """Return the visit with the code, as it is stored now."""

    def get(participant: Participant, code: str) -> Visit:
        return Visit.objects.select_related("participant__site").get(participant=participant, code=code)

    return get
