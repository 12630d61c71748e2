"""No later answer gives more time, and a fatal event is a death at once (protocol 2.6, 3.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Mail
from crf.models import Query, SafetyClock
from crf.safety.clocks import open_clocks
from followup.models import Todo, Visit, VisitState
from followup.services import add_unscheduled_visit
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from notices.services.escalations import escalate_site
from notices.services.reminders import candidates, reminder_days
from tests.integration.crf.test_consequences import randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_safety import (
    AWARE,
    GOES_ON,
    LATER,
    UNEXPECTED,
    assess,
    clocks,
    event,
    person,
    report,
    write,
)
from tests.unit.crf.examples import adverse_event, serious_event, survival
from tests.world import World
from trials.models import DeviationProposal, Participant
from trials.models.participants import Track

CHAPTERS = ("2.5", "2.6", "3.6", "3.15")

pytestmark = pytest.mark.django_db
__all__ = ["person"]

HOURS = timedelta(hours=1)
DAY = timedelta(days=1)


def the_clock(person: Participant) -> SafetyClock:
    return clocks(person)["sae_report"]


def test_point_12_a_report_that_says_later_does_not_make_the_event_in_time(
    world: World, person: Participant
) -> None:
    event(world, person)
    late = AWARE + 5 * DAY
    report(world, person, sae_aware=late - 4 * HOURS, sae_report=late - 2 * HOURS)
    clock = the_clock(person)
    assert (clock.starts_at, clock.due_at) == (AWARE, AWARE + 24 * HOURS)
    assert (clock.first_due_at, clock.was_late) == (AWARE + 24 * HOURS, True)
    assert DeviationProposal.objects.get(participant=person).rule == "late_sae"
    living = Query.objects.living().filter(participant=person).values_list("check_code", flat=True)
    assert {"SAE-03", "SAE-11"} <= set(living)


def test_point_12_the_query_of_a_late_report_is_closed_by_nobody_but_a_person(
    world: World, person: Participant
) -> None:
    event(world, person)
    report(world, person, sae_report=AWARE + 30 * HOURS)
    write(world, person, "AE", GOES_ON | {"ser_aware": AWARE + 10 * HOURS}, sequence=1, reason="x")
    in_time = serious_event.VALUES | {"sae_aware": AWARE + 10 * HOURS}
    write(world, person, "SAE", in_time, sequence=1, reason="The report was sent earlier")
    assert Query.objects.get(participant=person, check_code="SAE-03").state != "closed"
    assert the_clock(person).due_at == AWARE + 24 * HOURS
    assert DeviationProposal.objects.filter(participant=person).count() == 1


def test_point_12_a_serious_event_without_awareness_runs_since_it_was_saved(
    world: World, person: Participant
) -> None:
    event(world, person, ser_aware=None, ser_crit=None)
    clock = the_clock(person)
    assert (clock.starts_at, clock.due_at, clock.provisional) == (LATER, LATER + DAY, True)
    page = client_of(world.coordinator).get(reverse("crf:form", args=[person.number, "AE"]))
    assert "Nobody has said yet since when the event is known" in page.text
    assert reverse("crf:form", args=[person.number, "SAE", 0]) in page.text
    work = client_of(world.coordinator).get(reverse("home")).text
    assert "Report the serious event to the sponsor" in work
    day = local_date(LATER, world.site.time_zone)
    escalate_site(site=world.site, on=day, at=LATER)
    with scope(user_id=None, sites=EVERYTHING):
        mails = list(Mail.objects.values_list("to__username", "subject"))
    urgent = {to: subject for to, subject in mails if subject.startswith("URGENT")}
    assert urgent.keys() == {"coordinator", "investigator"}, "the clock comes alone"
    assert set(urgent.values()) == {"URGENT 01-0001: by 3 Jul 2026 10:00 UTC+8, 24 h left"}
    late = sorted(to for to, subject in mails if not subject.startswith("URGENT"))
    assert late == ["data_manager", "investigator", "trial_manager"], "screening should have ended"
    assert open_clocks(world.site, at=LATER)[0].provisional


def test_point_12_it_is_told_at_once(
    world: World, person: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr("crf.safety.clock_rows.send", lambda *said, **_more: sent.append(said))
    event(world, person, ser_aware=None)
    assert sent == [("followup:escalate_site", world.site.pk, "2026-07-02")]
    report(world, person)
    assert len(sent) == 1, "a clock that is met is no news"


def test_point_12_an_earlier_moment_moves_it_earlier_and_a_later_one_does_not(
    world: World, person: Participant
) -> None:
    event(world, person, ser_aware=None)
    said = (LATER + DAY / 2, LATER - 3 * HOURS, LATER - HOURS, None, LATER - 5 * HOURS, LATER - HOURS)
    due = []
    for number, aware in enumerate(said):
        at = LATER + timedelta(minutes=number)
        values = GOES_ON | {"ser_aware": aware}
        write(world, person, "AE", values, sequence=1, reason="x", at=at + DAY)
        due.append(the_clock(person).due_at - DAY)
    assert due == [LATER, *[LATER - 3 * HOURS] * 3, *[LATER - 5 * HOURS] * 2]
    assert the_clock(person).first_due_at == LATER + DAY


def test_point_12_taking_seriousness_back_and_giving_it_again_gives_no_more_time(
    world: World, person: Participant
) -> None:
    event(world, person)
    plain = GOES_ON | {"serious": "N", "ser_crit": None, "ser_aware": None}
    write(world, person, "AE", plain, sequence=1, reason="Misread")
    again = GOES_ON | {"ser_aware": LATER - HOURS}
    write(world, person, "AE", again, sequence=1, reason="Serious after all")
    assert SafetyClock.objects.get(participant=person).due_at == AWARE + DAY


def test_point_12_a_case_that_becomes_fatal_gets_its_days_from_then(
    world: World, person: Participant
) -> None:
    event(world, person)
    report(world, person)
    assess(world, person)
    became = LATER + 3 * DAY
    grave = GOES_ON | {"ser_crit": ["hospital", "life"]}
    write(world, person, "AE", grave, sequence=1, reason="Ventilated", at=became)
    clock = clocks(person)["susar_urgent"]
    assert (clock.starts_at, clock.provisional) == (became, True)
    assert clock.due_at == datetime(2026, 7, 12, 16, 0, tzinfo=UTC)
    known = replace(UNEXPECTED, known_at=became - HOURS)
    assess(world, person, known, reason="Life-threatening now", at=became + HOURS)
    clock = clocks(person)["susar_urgent"]
    assert (clock.starts_at, clock.provisional) == (became - HOURS, False)
    url = reverse("crf:assess", args=[person.number, 1])
    assert "known since" in client_of(world.trial_manager).get(url).text


def test_point_12_a_case_that_qualifies_anew_has_a_clock_of_its_own(
    world: World, person: Participant
) -> None:
    event(world, person)
    report(world, person)
    assess(world, person)
    expected = replace(UNEXPECTED, expectedness="expected", susar=False, known_at=None)
    assess(world, person, expected, reason="Edition 10", at=LATER + DAY)
    anew = LATER + 30 * DAY
    assess(world, person, replace(UNEXPECTED, known_at=anew), reason="A new pattern", at=anew)
    rows = SafetyClock.objects.filter(participant=person, kind="susar_other").order_by("pk")
    first, second = rows
    assert (first.starts_at, first.ended_at) == (serious_event.VALUES["sae_report"], LATER + DAY)
    assert (second.starts_at, second.runs) == (anew, True)


FATAL = adverse_event.VALUES | {
    "grade": "5",
    "outcome": "fatal",
    "ser_crit": ["death"],
    "ae_ongo": "N",
    "ae_en": "2026-07-01",
    "ir_en": date(2026, 7, 1),
}


DIED: dict[str, Any] = {"status_dt": date(2026, 7, 2), "death_dt": "2026-07-01"}


@pytest.fixture
def in_treatment(world: World, person: Participant, save: Any) -> Participant:
    found = randomized(person)
    treated(found, save)
    return found


def test_point_12_a_fatal_event_is_a_death_at_once(world: World, in_treatment: Participant) -> None:
    person = in_treatment
    assert Visit.objects.filter(participant=person, state=VisitState.PLANNED).exists()
    write(world, person, "AE", FATAL)
    person.refresh_from_db()
    assert (person.state, person.state_since) == (Track.DEAD, date(2026, 7, 1))
    todo = Todo.objects.get(participant=person, trigger="DEATH_SAE")
    assert (todo.state, todo.due_on) == ("open", date(2026, 6, 22))
    coming = Visit.objects.filter(participant=person, target__gt=date(2026, 7, 1))
    assert set(coming.values_list("state", flat=True)) <= {VisitState.CANCELLED}
    named = candidates(world.site, date(2026, 7, 2), reminder_days(world.site))
    assert not named.filter(participant=person).exists()
    page = client_of(world.coordinator).get(person.get_absolute_url()).text
    assert "A death is recorded; its death page is not there yet" in page
    assert "Death page and serious adverse event report" in page


def test_point_12_grade_5_alone_is_a_death_with_its_clock(world: World, in_treatment: Participant) -> None:
    person = in_treatment
    half = FATAL | {"outcome": None, "serious": None, "ser_crit": None, "ser_aware": None}
    write(world, person, "AE", half)
    person.refresh_from_db()
    assert person.state == Track.DEAD
    assert the_clock(person).provisional


def test_point_12_a_death_that_was_a_mistake_is_taken_back_when_no_form_says_it(
    world: World, in_treatment: Participant, save: Any
) -> None:
    person = in_treatment
    before = person.state
    write(world, person, "AE", FATAL)
    write(world, person, "AE", GOES_ON, sequence=1, reason="Another patient")
    person.refresh_from_db()
    assert person.state == before
    assert Todo.objects.get(participant=person, trigger="DEATH_SAE").state == "dropped"
    write(world, person, "AE", FATAL, sequence=1, reason="It was this patient")
    page = add_unscheduled_visit(
        participant=person, took_place_on=DIED["status_dt"], forms=["SURV"], why="Death", by=None, at=LATER
    )
    save(person, "SURV", values=survival.VALUES | survival.DEATH | DIED, visit=page, at=LATER)
    write(world, person, "AE", GOES_ON, sequence=1, reason="The event ended before", at=LATER)
    person.refresh_from_db()
    assert person.state == Track.DEAD, "the survival form still says so"
