"""A choice of the participant moves the plan by itself, and moves it back when it is corrected (protocol 2.2, 2.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from audit.acts import open_act
from followup.models import Visit, VisitState
from followup.services import (
    add_unscheduled_visit,
    cancel_withdrawal,
    plan_visits_for,
    record_contact_attempt,
    record_lost,
    record_visit,
    withdraw_participant,
)
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import (
    LATER,
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
from trials import services as trials
from trials.models import Consent, Milestone, Participant, Withdrawal
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


REPORTED = date(2026, 11, 10)


@pytest.mark.parametrize("death_dt", ["2026-11-02", "2026-11-10", "2026-11", "2026"])
def test_rare_11_a_death_typed_into_a_later_sweep_and_taken_back_leaves_that_sweep_awaited(
    waiting: Callable[[str], Participant], save: Save, death_dt: str
) -> None:
    """SWEEP-12 opens in April 2027: a call of November 2026 is not that sweep, whatever it told."""
    patient = waiting("1")
    standing, sweep = planned(patient), visit(patient, "SWEEP-12")
    died = {**_changes(survival.dead()), "status_dt": REPORTED, "death_dt": death_dt}
    save(patient, "SURV", visit=sweep, values=died)
    patient.refresh_from_db()
    sweep.refresh_from_db()
    assert patient.state == Track.DEAD
    assert (sweep.state, sweep.met_on, sweep.took_place_on) == (VisitState.NOT_DONE, REPORTED, None)
    alive = {**survival.VALUES, "status_dt": REPORTED}
    for reason in ("Another participant's letter", "Read once more"):
        save(patient, "SURV", visit=visit(patient, "SWEEP-12"), values=alive, reason=reason)
        sweep.refresh_from_db()
        assert (sweep.state, sweep.met_on, sweep.took_place_on) == (VisitState.PLANNED, None, None)
        alive = {**alive, "v_source": "family"}
    assert planned(patient) == standing
    assert planned_anew(patient)


def test_rare_11_a_sweep_that_somebody_recorded_stays_when_the_death_typed_into_it_is_taken_back(
    waiting: Callable[[str], Participant], save: Save, world: World
) -> None:
    patient = waiting("1")
    sweep, by = visit(patient, "SWEEP-06"), {"by": world.coordinator, "at": LATER}
    record_visit(visit=sweep, took_place_on=date(2026, 11, 9), **by)
    died = {**_changes(survival.dead()), "status_dt": REPORTED, "death_dt": "2026-11-10"}
    save(patient, "SURV", visit=visit(patient, "SWEEP-06"), values=died)
    alive = {**survival.VALUES, "status_dt": REPORTED}
    save(
        patient, "SURV", visit=visit(patient, "SWEEP-06"), values=alive, reason="Another participant's letter"
    )
    sweep.refresh_from_db()
    assert (sweep.state, sweep.met_on, sweep.took_place_on) == (VisitState.DONE, None, date(2026, 11, 9))


def test_rare_11_a_death_whose_day_is_estimated_moves_with_what_the_estimate_rests_on(
    waiting: Callable[[str], Participant], save: Save, world: World
) -> None:
    """The 15th, not before the last proof of life and not after the report (decision D4); the exact day ends that."""
    patient, by = waiting("1"), {"by": world.coordinator, "at": LATER}
    told = {**_changes(survival.dead()), "status_dt": date(2026, 11, 19), "v_source": "family"}
    page = visit(patient, "OS36")
    save(patient, "SURV", visit=page, values={**told, "death_dt": "2026-11"})
    assert died(patient) == (date(2026, 11, 15), "estimate", date(2026, 11, 15))
    assert not Visit.objects.awaited().filter(participant=patient, closes__gte=date(2026, 11, 15)).exists()
    shown = client_of(world.coordinator).get(f"/participants/{patient.number}/").text
    assert "Died on a day that is not known exactly. 15 Nov 2026 is used." in shown
    add_unscheduled_visit(
        participant=patient, took_place_on=date(2026, 11, 17), forms=["VS"], why="Fever", **by
    )
    assert died(patient) == (date(2026, 11, 17), "estimate", date(2026, 11, 17))
    assert planned_anew(patient)
    save(patient, "SURV", visit=page, values={**told, "death_dt": "2026-11-18"}, reason="Letter")
    assert died(patient) == (date(2026, 11, 18), "form", date(2026, 11, 18))
    save(patient, "SURV", visit=page, values={**told, "death_dt": "2026"}, reason="Another letter")
    assert died(patient)[0] is None, "no day is taken from a year alone"
    assert planned_anew(patient)


@pytest.mark.parametrize(("written", "since"), [("2026-11", date(2026, 11, 10)), ("2026", date(2026, 6, 10))])
def test_rare_11_nobody_is_dead_before_the_last_proof_of_life_nor_after_the_report(
    waiting: Callable[[str], Participant], save: Save, written: str, since: date
) -> None:
    patient = waiting("1")
    told = {**_changes(survival.dead()), "status_dt": REPORTED, "death_dt": written}
    save(patient, "SURV", visit=visit(patient, "OS36"), values=told)
    patient.refresh_from_db()
    assert (patient.state, patient.state_since) == (Track.DEAD, since)
    assert planned_anew(patient)


def died(patient: Participant) -> tuple[date | None, str, date | None]:
    """Day of the milestone, what it rests on, and the day since which the participant is dead."""
    patient.refresh_from_db()
    assert patient.state == Track.DEAD
    milestone = Milestone.objects.get(participant=patient, code="DEATH")
    return milestone.on, milestone.source, patient.state_since


def test_rare_11_surgery_declined_at_an_uncertain_cre2_opens_surveillance_by_itself(
    waiting: Callable[[str], Participant], save: Save
) -> None:
    """What stays uncertain is no complete response: who declines the operation is followed all the same."""
    patient = waiting("1")
    evaluated(patient, save, "CRE-1")
    before, state = planned(patient), (patient.state, patient.state_since)
    assert state[0] == Track.AWAIT_CRE2
    uncertain = {"bx_result": "uncertain", "local_call": "4", "cre_outcome": "UNCERTAIN_REPEAT"}
    declines = {"mdt_dec": "surgery", "pt_dec": "declines_surgery", "pt_reason": "Fear."}
    cre2(patient, save, **uncertain, **declines)
    assert patient.state == Track.SURVEILLANCE
    assert any(code.startswith("AS-") for code in planned(patient))
    assert not any(code.startswith("SURG") for code in planned(patient))
    assert planned_anew(patient)
    cre2(patient, save, **uncertain, mdt_dec="biopsy")
    assert (patient.state, patient.state_since) == state
    assert planned(patient) == before - {"CRE-2"}


def cre2(participant: Participant, save: Save, **answers: Any) -> None:
    found = visit(participant, "CRE-2")
    reason = {"reason": "Misread"} if found.state == VisitState.DONE else {}
    save(participant, "CRE", visit=found, values={**response.VALUES, **answers}, **reason)
    participant.refresh_from_db()


CALLS = (("phone", date(2026, 8, 10)), ("family", date(2026, 9, 10)), ("phone", date(2026, 10, 15)))
GONE_ON, BACK_ON = date(2026, 10, 16), date(2026, 11, 1)


def lose(patient: Participant, world: World) -> None:
    by: dict[str, Any] = {"participant": patient, "by": world.coordinator, "at": LATER}
    for route, day in CALLS:
        record_contact_attempt(on=day, route=route, result="no_answer", **by)
    record_lost(on=GONE_ON, **by)


def find(patient: Participant, world: World) -> None:
    by: dict[str, Any] = {"participant": patient, "by": world.coordinator, "at": LATER}
    record_contact_attempt(on=BACK_ON, route="phone", result="reached", **by)


def leave(patient: Participant, world: World) -> None:
    withdraw_participant(participant=patient, on=GONE_ON, all_contact=True, by=world.coordinator, at=LATER)


def come_back(patient: Participant, world: World) -> None:
    withdrawal = Withdrawal.objects.get(participant=patient, cancelled_at=None)
    cancel_withdrawal(withdrawal=withdrawal, reason="Changed their mind", by=world.coordinator, at=LATER)


def die(patient: Participant, world: World) -> None:
    with transaction.atomic():
        trials.move_track(participant=patient, to=Track.DEAD, on=GONE_ON, by=world.coordinator, at=LATER)
        plan_visits_for(participant=patient, **SYSTEM)


def live(patient: Participant, world: World) -> None:
    with transaction.atomic():
        trials.end_death(participant=patient, by=world.coordinator, at=LATER)
        plan_visits_for(participant=patient, **SYSTEM)


AWAY = {
    "lost": ((lose,), (find,), Track.LOST),
    "withdrawn": ((leave,), (come_back,), Track.WITHDRAWN_ALL),
    "dead": ((die,), (live,), Track.DEAD),
    "lost, then withdrawn": ((lose, leave), (come_back, find), Track.WITHDRAWN_ALL),
    "lost, then dead": ((lose, die), (live, find), Track.DEAD),
    "withdrawn, then dead, taken back in between": ((leave, die), (come_back, live), Track.DEAD),
}


@pytest.mark.parametrize("how", AWAY)
@pytest.mark.parametrize("when", ["away", "back"])
def test_rare_11_a_choice_corrected_for_somebody_away_is_followed_once_they_are_back(
    waiting: Callable[[str], Participant], save: Save, world: World, how: str, when: str
) -> None:
    leaving, returning, track = AWAY[how]
    patient = waiting("1")
    evaluated(patient, save, "CRE-1")
    without_wish, state = planned(patient), (patient.state, patient.state_since)
    evaluated(patient, save, "CRE-1", **ASKS)
    with_wish = planned(patient)
    for step in leaving:
        step(patient, world)
    patient.refresh_from_db()
    gone = planned(patient)
    if when == "away":
        evaluated(patient, save, "CRE-1")
        assert (patient.state, patient.state_since) == (track, GONE_ON)
        assert planned(patient) <= gone, "nobody who is away is planned for"
    for step in returning:
        step(patient, world)
        patient.refresh_from_db()
    if when == "back":
        assert (patient.state, planned(patient)) == (Track.SURGERY_PLANNED, with_wish)
        evaluated(patient, save, "CRE-1")
    assert (patient.state, patient.state_since) == state
    assert planned(patient) == without_wish
    assert planned_anew(patient)


@pytest.mark.parametrize("how", [name for name, (_go, back, _track) in AWAY.items() if len(back) == 1])
def test_rare_11_a_choice_first_recorded_for_somebody_away_is_followed_once_they_are_back(
    waiting: Callable[[str], Participant], save: Save, world: World, how: str
) -> None:
    (go,), (back,), track = AWAY[how]
    patient = waiting("1")
    evaluated(patient, save, "CRE-1")
    go(patient, world)
    evaluated(patient, save, "CRE-1", **ASKS)
    assert patient.state == track
    back(patient, world)
    patient.refresh_from_db()
    assert (patient.state, "SURG-1" in planned(patient)) == (Track.SURGERY_PLANNED, True)
    assert planned_anew(patient)


@pytest.mark.parametrize(("gone", "track"), [(lose, Track.LOST), (leave, Track.WITHDRAWN_ALL)])
def test_rare_10_who_is_away_and_found_dead_in_a_register_is_dead_and_away_again_when_that_is_taken_back(
    waiting: Callable[[str], Participant], save: Save, world: World, gone: Any, track: str
) -> None:
    patient = waiting("1")
    allow_registers(patient)
    gone(patient, world)
    away, sweep = planned(patient), visit(patient, "SWEEP-06")
    told = {"status_dt": date(2026, 11, 10), "v_source": "register"}
    died = {**_changes(survival.dead()), **told, "death_dt": "2026-11-02"}
    save(patient, "SURV", visit=sweep, values=died)
    patient.refresh_from_db()
    assert (patient.state, patient.state_since) == (Track.DEAD, date(2026, 11, 2))
    assert not Visit.objects.awaited().filter(participant=patient, opens__gt=date(2026, 11, 2)).exists()
    assert planned_anew(patient)
    save(patient, "SURV", visit=sweep, values={"v_source": "register"}, reason="Another person's entry")
    patient.refresh_from_db()
    assert (patient.state, patient.state_since) == (track, GONE_ON)
    assert planned(patient) == away
    assert planned_anew(patient)


def test_rare_10_vital_status_from_a_register_is_recorded_from_the_page_of_who_withdrew(
    waiting: Callable[[str], Participant], world: World
) -> None:
    patient, browser = waiting("1"), client_of(world.coordinator)
    page = f"/participants/{patient.number}/"
    leave(patient, world)
    assert "Record vital status from a register" not in browser.get(page).text, (
        "the consent does not allow it"
    )
    allow_registers(patient)
    shown = browser.get(page).text.split("Record vital status from a register")[0]
    address = shown.rsplit('href="', 1)[1].split('"')[0]
    assert address.endswith(f"/forms/SURV/?visit={row_key(visit(patient, 'SWEEP-06'))}")
    assert browser.get(address).status_code == 200
    told = {"status_dt": "2026-11-10", "vital": "dead", "v_source": "register", "death_dt": "2026-11-02"}
    sent = browser.post(address, {**told, "_key": "k", "_version": "0"})
    assert sent.status_code == 302
    patient.refresh_from_db()
    assert (patient.state, patient.state_since) == (Track.DEAD, date(2026, 11, 2))
    gone = browser.get(page).text
    assert "Died on 2 Nov 2026" in gone
    assert "Withdrew on 16 Oct 2026 from: all contact." in gone


def allow_registers(patient: Participant) -> None:
    """The participant consented to a look into registers after a withdrawal."""
    with open_act("test:consent:allow", **SYSTEM) as act:
        Consent.objects.filter(participant=patient).update(register_lookup=True, act=act)
