"""Visits follow milestones; what took place stays (protocol 2; architecture 8)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from followup.models import Visit, VisitState
from followup.services import mark_not_done, plan_visits_for, preview_plan, record_visit
from followup.services.visits import ReasonForChangeNeeded, VisitInFuture
from tests.world import NOW, World, as_person, screen
from trials import services as trials

CHAPTERS = ("2.1", "2.2")

pytestmark = pytest.mark.django_db


def by(world: World) -> dict[str, Any]:
    return {"by": world.coordinator, "at": NOW}


@pytest.fixture
def randomized(world: World) -> Any:
    participant = screen(world)
    with as_person(world.coordinator):
        trials.reveal_arm(participant=participant, arm="1", **by(world))
        trials.set_milestone(
            participant=participant, code="RAND", on=date(2026, 11, 10), source="test", **by(world)
        )
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by(world))
        yield participant


def windows(participant: Any) -> dict[str, tuple[date, date]]:
    return {v.code: (v.opens, v.closes) for v in Visit.objects.filter(participant=participant).current()}


def test_randomization_plans_the_first_visits(world: World, randomized: Any) -> None:
    planned = windows(randomized)
    assert planned["N1"] == (date(2026, 11, 10), date(2026, 11, 24))
    assert planned["OS36"][0] == date(2029, 11, 10)
    assert "N2" not in planned


def test_planning_twice_writes_nothing(world: World, randomized: Any) -> None:
    assert plan_visits_for(participant=randomized, **by(world)) == []


def test_a_milestone_plans_what_hangs_on_it_and_leaves_what_took_place(world: World, randomized: Any) -> None:
    trials.set_milestone(
        participant=randomized, code="NEO_D1", on=date(2026, 11, 16), source="TREAT", **by(world)
    )
    assert {c.code for c in preview_plan(participant=randomized, at=NOW)} >= {"N2", "N5", "NE"}
    plan_visits_for(participant=randomized, **by(world))
    first = Visit.objects.get(participant=randomized, code="N1")
    record_visit(visit=first, took_place_on=date(2026, 11, 16), **by(world))
    trials.set_milestone(
        participant=randomized, code="NEO_D1", on=date(2026, 11, 17), source="TREAT", **by(world)
    )
    plan_visits_for(participant=randomized, **by(world))
    first.refresh_from_db()
    assert (first.state, first.took_place_on, first.timing) == (VisitState.DONE, date(2026, 11, 16), "in")
    assert windows(randomized)["N2"] == (date(2026, 11, 22), date(2026, 11, 26))


def test_a_visit_cannot_take_place_tomorrow(world: World, randomized: Any) -> None:
    visit = Visit.objects.get(participant=randomized, code="N1")
    with pytest.raises(VisitInFuture, match="has not come yet"):
        record_visit(visit=visit, took_place_on=date(2026, 11, 21), **by(world))


def test_a_recorded_day_changes_only_with_a_reason(world: World, randomized: Any) -> None:
    visit = Visit.objects.get(participant=randomized, code="N1")
    record_visit(visit=visit, took_place_on=date(2026, 11, 16), **by(world))
    with pytest.raises(ReasonForChangeNeeded):
        record_visit(visit=visit, took_place_on=date(2026, 11, 17), **by(world))
    record_visit(visit=visit, took_place_on=date(2026, 11, 17), reason="Typed wrongly", **by(world))


def test_a_visit_not_done_keeps_its_reason(world: World, randomized: Any) -> None:
    visit = Visit.objects.get(participant=randomized, code="N1")
    mark_not_done(visit=visit, why="refused", **by(world))
    visit.refresh_from_db()
    assert (visit.state, visit.not_done_reason) == (VisitState.NOT_DONE, "refused")


def test_death_ends_every_visit_to_come(world: World, randomized: Any) -> None:
    trials.set_milestone(
        participant=randomized, code="DEATH", on=date(2026, 11, 18), source="SURV", **by(world)
    )
    trials.move_track(participant=randomized, to="DEAD", on=date(2026, 11, 18), **by(world))
    plan_visits_for(participant=randomized, **by(world))
    assert (
        not Visit.objects.filter(participant=randomized)
        .awaited()
        .filter(target__gt=date(2026, 11, 18))
        .exists()
    )
