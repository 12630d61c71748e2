"""Survival maturity as people see it: pooled by right, overdue calls by site, by arm on record alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from audit.models import Act
from followup.models import Visit, VisitState
from tests.clock import Clock
from tests.integration.analysis.test_safety_report import number_of
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.world import World
from trials.models import Participant

CHAPTERS = ("6.1", "6.7")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]


def test_nothing_set_is_said_plainly_and_calls_that_are_overdue_are_counted(
    world: World, person: Participant, save: Save, clock: Clock
) -> None:
    patient = randomized(person)
    treated(patient, save)
    clock.go(datetime(2028, 3, 1, 2, tzinfo=UTC))
    asked = Visit.objects.filter(participant=patient, forms__contains=["SURV"], closes__lt="2028-03-01")
    overdue = asked.exclude(state=VisitState.CANCELLED).filter(took_place_on=None).count()
    address = reverse("analysis:maturity")

    page = client_of(world.trial_manager).get(address).text
    other = client_of(world.stranger).get(address).text

    assert number_of(page, "Deaths expected by now") == ["not set"]
    assert number_of(page, "Assumed survival at 36 months") == ["not set", "not signed"]
    assert "Nobody has reached month 36 yet." in page
    assert number_of(page, "Randomized") == ["1"]
    assert int(number_of(page, "All sites")[1]) >= 0
    assert f'<td class="is-number">{overdue}</td>' in page
    assert "Arm 1" not in page
    assert number_of(other, "Randomized") == ["0"]


@pytest.mark.parametrize("name", ["analysis:maturity-by-arm", "analysis:maturity-arms-file"])
def test_by_arm_is_the_statisticians_and_each_look_is_on_record(
    world: World, person: Participant, name: str
) -> None:
    randomized(person)

    assert client_of(world.trial_manager).get(reverse(name)).status_code == 403
    assert not Act.objects.filter(verb="analysis:arms:look").exists()
    shown = client_of(world.statistician).get(reverse(name))

    assert "Arm 1: At risk" in shown.content.decode()
    assert Act.objects.get(verb="analysis:arms:look").reason == "survival maturity"
