"""The nightly run: states follow the calendar, whatever was left out or ran twice (architecture 8)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Act
from followup.models import AWAITED, Visit, VisitState
from followup.rolling import state_on
from followup.services import (
    mark_not_done,
    plan_visits_for,
    record_contact_attempt,
    record_visit,
    update_visit_states,
)
from followup.services.rolling import span_of
from kernel.scope import EVERYTHING, scope
from tests.integration.followup.conftest import RANDOMIZED_ON, noon
from tests.world import World
from trials.models import DeviationProposal, Participant

CHAPTERS = ("2.1", "2.2", "2.6", "3.15")

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]


def roll(world: World, day: date) -> int:
    return update_visit_states(site=world.site, on=day, at=noon(day))


def states(participant: Participant) -> dict[str, str]:
    return dict(Visit.objects.filter(participant=participant).values_list("code", "state"))


def expected(participant: Participant, day: date) -> dict[str, str]:
    awaited = Visit.objects.filter(participant=participant, state__in=(*AWAITED, VisitState.MISSED))
    return {visit.code: state_on(day, span_of(visit)) for visit in awaited}


def test_every_state_is_what_the_calendar_says(world: World, randomized: Make) -> None:
    participant = randomized()
    for day in (
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2027, 5, 1),
        date(2029, 11, 10),
        date(2030, 1, 6),
    ):
        roll(world, day)
        assert expected(participant, day).items() <= states(participant).items()


def test_a_second_run_of_the_same_night_changes_nothing(world: World, randomized: Make) -> None:
    randomized()
    assert roll(world, date(2026, 11, 25)) > 0
    acts = Act.objects.count()
    assert roll(world, date(2026, 11, 25)) == 0
    assert Act.objects.count() == acts


def test_a_missed_night_is_caught_up(world: World, randomized: Make) -> None:
    one, other = randomized(), randomized()
    for day in range(60):
        roll(world, RANDOMIZED_ON + timedelta(day))
    every_night = states(one)
    assert states(other) == every_night


def test_a_quiet_night_reads_nothing_but_the_index(world: World, randomized: Make) -> None:
    for _number in range(3):
        randomized()
    roll(world, date(2026, 11, 25))
    with CaptureQueriesContext(connection) as queries:
        roll(world, date(2026, 11, 25))
    assert len(queries) <= 4


def test_a_passed_window_proposes_a_deviation_once(world: World, randomized: Make) -> None:
    participant = randomized()
    for day in (25, 26, 27):
        roll(world, date(2026, 11, day))
    found = DeviationProposal.objects.filter(
        participant=participant, rule="VISIT-MISSED", key__startswith="N1:"
    )
    assert [proposal.said for proposal in found] == [
        "Visit N1: the window of 2026-11-10 to 2026-11-24 passed with nothing recorded."
    ]


def test_planning_again_leaves_a_missed_visit_missed(world: World, randomized: Make) -> None:
    participant = randomized()
    day = date(2028, 1, 1)
    roll(world, day)
    assert VisitState.MISSED in states(participant).values()
    assert plan_visits_for(participant=participant, by=None, at=noon(day)) == []


@pytest.mark.parametrize("settle", ["done", "not done"])
def test_what_a_person_settled_is_never_turned(
    world: World, randomized: Make, visit_of: Any, settle: str
) -> None:
    participant = randomized()
    visit = visit_of(participant, "N1")
    day = date(2026, 11, 20)
    if settle == "done":
        record_visit(visit=visit, took_place_on=day, by=world.coordinator, at=noon(day))
    else:
        mark_not_done(visit=visit, why="ill", by=world.coordinator, at=noon(day))
    before = visit_of(participant, "N1").state
    roll(world, date(2027, 2, 1))
    assert visit_of(participant, "N1").state == before
    assert not DeviationProposal.objects.filter(participant=participant, key__startswith="N1:").exists()


def test_a_sweep_is_needless_when_the_participant_was_reached(
    world: World, randomized: Make, visit_of: Any
) -> None:
    reached, silent = randomized(), randomized()
    sweep = visit_of(reached, "SWEEP-06")
    record_contact_attempt(
        participant=reached, on=sweep.target, route="phone", result="reached",
        by=world.coordinator, at=noon(sweep.target),
    )  # fmt: skip
    roll(world, sweep.closes + timedelta(1))
    settled = visit_of(reached, "SWEEP-06")
    assert (settled.state, settled.met_on) == (VisitState.NOT_DONE, sweep.target)
    assert visit_of(silent, "SWEEP-06").state == VisitState.OVERDUE


def test_sweeps_go_on_after_five_years(world: World, randomized: Make) -> None:
    participant = randomized()
    roll(world, date(2031, 11, 20))
    assert "SWEEP-66" in states(participant)


def test_each_site_lives_in_its_own_day(world: World, randomized: Make) -> None:
    mine, theirs = randomized(), randomized(site=world.other_site)
    roll(world, date(2026, 11, 25))
    assert states(mine)["N1"] == VisitState.OVERDUE
    assert states(theirs)["N1"] != VisitState.OVERDUE


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_share_the_work(world: World, randomized: Make) -> None:
    people = [randomized() for _number in range(6)]
    day = date(2027, 6, 1)
    with transaction.atomic():
        waiting = Visit.objects.filter(site=world.site).awaited().turning(on=day).count()
    start = threading.Barrier(2)

    def run(_number: int) -> int:
        with scope(user_id=None, sites=EVERYTHING):
            start.wait()
            try:
                return update_visit_states(site=world.site, on=day, at=noon(day), batch=7)
            finally:
                connection.close()

    with ThreadPoolExecutor(2) as workers:
        turned = list(workers.map(run, range(2)))
    with transaction.atomic():
        left = roll(world, day)
        assert sum(turned) + left == waiting, "no visit was turned twice, none was left out"
        assert all(expected(each, day).items() <= states(each).items() for each in people)
        proposed = DeviationProposal.objects.values_list("participant", "key")
        assert len(set(proposed)) == len(proposed) > 0
