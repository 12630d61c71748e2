"""A choice of the participant moves the plan by itself, and moves it back when it is corrected (protocol 2.2, 2.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from followup.models import Visit, VisitState
from followup.services import plan_visits_for
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import (
    SYSTEM,
    _changes,
    person,
    randomized,
    screened_on_paper,
    treated,
    visit,
)
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import response, surgery, survival
from tests.world import World
from trials.models import Milestone, Participant
from trials.models.participants import Track

CHAPTERS = ("2.2", "2.5", "3.7", "3.13")

pytestmark = pytest.mark.django_db
__all__ = ["person"]  # a fixture of the tests of consequences


def planned(participant: Participant) -> set[str]:
    rows = Visit.objects.awaited().filter(participant=participant)
    return set(rows.values_list("code", flat=True))


def planned_anew(participant: Participant) -> bool:
    """Say whether planning once more would change nothing."""
    return plan_visits_for(participant=participant, **SYSTEM) == []


@pytest.fixture
def waiting(person: Participant, save: Save) -> Callable[[str], Participant]:
    """Make a participant of an arm who was treated and waits for the evaluation."""

    def make(arm: str) -> Participant:
        screened_on_paper(person, save)
        treated(randomized(person, arm), save)
        return person

    return make


def evaluated(participant: Participant, save: Save, code: str, **answers: Any) -> None:
    first = {**response.VALUES, **_changes(response.at_cre1()), **answers}
    reason = (
        {"reason": "Read from the wrong line"}
        if Visit.objects.filter(participant=participant, code=code, state=VisitState.DONE).exists()
        else {}
    )
    save(participant, "CRE", visit=visit(participant, code), values=first, **reason)
    participant.refresh_from_db()


ASKS = {
    "mdt_dt": date(2026, 7, 20),
    "mdt_dec": "surveillance",
    "pt_dec": "asks_surgery",
    "pt_reason": "Fear.",
}


def test_rare_11_surgery_asked_for_after_cre1_ends_cre2_once_it_is_done(
    waiting: Callable[[str], Participant], save: Save
) -> None:
    patient = waiting("1")
    evaluated(patient, save, "CRE-1", **ASKS)
    assert patient.state == Track.SURGERY_PLANNED
    assert {"SURG-1", "CRE-2"} <= planned(patient), "evaluated after all, if the operation is not done"
    inside = visit(patient, "CRE-2").opens
    done = {**surgery.VALUES, "surg_dt": inside, "disch_dt": inside + timedelta(12)}
    save(patient, "SURG", values=done)
    patient.refresh_from_db()
    assert Milestone.objects.get(participant=patient, code="SURG").on == inside
    assert "CRE-2" not in planned(patient)
    assert planned_anew(patient)


def test_rare_11_a_wish_for_surgery_that_is_corrected_moves_the_plan_back(
    waiting: Callable[[str], Participant], save: Save
) -> None:
    patient = waiting("1")
    evaluated(patient, save, "CRE-1")
    before, state = planned(patient), (patient.state, patient.state_since)
    assert state[0] == Track.AWAIT_CRE2
    evaluated(patient, save, "CRE-1", **ASKS)
    assert patient.state == Track.SURGERY_PLANNED
    evaluated(patient, save, "CRE-1")
    assert (patient.state, patient.state_since) == state
    assert planned(patient) == before
    assert planned_anew(patient)


def test_rare_11_surgery_declined_at_restaging_opens_surveillance_by_itself(
    waiting: Callable[[str], Participant], save: Save
) -> None:
    patient = waiting("2")
    before = planned(patient)
    assert "SURG-2" in before
    declines = {"mdt_dt": date(2026, 7, 20), "mdt_dec": "surgery", "pt_dec": "declines_surgery"}
    found = {**declines, "pt_reason": "Fear.", "cre_outcome": None}
    evaluated(patient, save, "RST", **found)
    assert patient.state == Track.SURVEILLANCE
    assert "SURG-2" not in planned(patient)
    assert any(code.startswith("AS-") for code in planned(patient))
    assert planned_anew(patient)
    evaluated(patient, save, "RST", **{**found, "pt_dec": "agrees", "pt_reason": None})
    assert patient.state == Track.AWAIT_RESTAGE
    assert planned(patient) == before - {"RST"}


def test_rare_11_a_death_reported_in_a_sweep_is_reached_from_the_page_and_the_sweep_counts_as_met(
    waiting: Callable[[str], Participant], save: Save, world: World
) -> None:
    patient = waiting("1")
    standing = planned(patient)
    sweep = visit(patient, "SWEEP-06")
    reported = date(2026, 11, 10)
    died = {**_changes(survival.dead()), "status_dt": reported, "death_dt": "2026-11-02"}
    save(patient, "SURV", visit=sweep, values=died)
    sweep.refresh_from_db()
    assert (sweep.state, sweep.met_on, sweep.took_place_on) == (VisitState.NOT_DONE, reported, None)
    assert planned_anew(patient)
    page = client_of(world.coordinator).get(f"/participants/{patient.number}/").text
    assert "Open the form SURV that says so" in page
    alive = {**survival.VALUES, "status_dt": reported}
    save(patient, "SURV", visit=sweep, values=alive, reason="Another participant's letter")
    sweep.refresh_from_db()
    assert (sweep.state, sweep.met_on, sweep.took_place_on) == (VisitState.DONE, None, reported)
    assert planned(patient) == standing - {"SWEEP-06"}


def test_rare_11_a_death_taken_back_without_an_answer_leaves_the_sweep_awaited(
    waiting: Callable[[str], Participant], save: Save
) -> None:
    patient = waiting("1")
    standing, sweep = planned(patient), visit(patient, "SWEEP-06")
    died = {**_changes(survival.dead()), "status_dt": date(2026, 11, 10), "death_dt": "2026-11-02"}
    save(patient, "SURV", visit=sweep, values=died)
    save(patient, "SURV", visit=sweep, values={"v_source": "phone"}, reason="Another participant's letter")
    assert planned(patient) == standing
    assert planned_anew(patient)
