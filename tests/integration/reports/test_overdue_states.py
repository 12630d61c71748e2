"""A participant who stays in a state longer than the protocol allows stands on the work list (protocol 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.html import strip_tags

from audit.acts import open_act
from followup.models import AlertKind, Visit
from followup.services import plan_visits_for, record_visit
from followup.track_limits import overdue
from kernel.days import written
from kernel.scope import EVERYTHING, scope
from notices.sources import alerts_at
from protocol.text import load
from reports.overdue_states import overdue_state
from reports.visits_kept import visits_kept
from tests.integration.crf.test_pages import client_of
from tests.integration.followup.conftest import noon
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant, Site

CHAPTERS = ("2.5",)

pytestmark = pytest.mark.django_db
STARTED_ON, ENDED_ON = date(2026, 11, 17), date(2026, 12, 18)


@pytest.fixture(autouse=True)
def everywhere() -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


@transaction.atomic
def treated(world: World, arm: str = "1") -> Participant:
    """Randomized on 10 November 2026 and treated since the 17th."""
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    person = screen(world)
    trials.reveal_arm(participant=person, arm=arm, **by)
    return moved(person, world, RAND=date(2026, 11, 10), NEO_D1=STARTED_ON, to="NEOADJUVANT")


@transaction.atomic
def moved(person: Participant, world: World, *, to: str, **milestones: date) -> Participant:
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    for code, on in milestones.items():
        trials.set_milestone(participant=person, code=code, on=on, source="test", **by)
    if to != Participant.objects.get(pk=person.pk).state:
        trials.move_track(participant=person, to=to, on=max(milestones.values()), **by)
    plan_visits_for(participant=Participant.objects.get(pk=person.pk), **by)
    return Participant.objects.select_related("site").get(pk=person.pk)


def late(on: date) -> list[tuple[str, int, str]]:
    """Return who is overdue on the day: the state, for how many days, and the form that ends it."""
    with transaction.atomic():
        found = overdue(Participant.objects.select_related("site"), on=on)
        lines = [overdue_state(each, today=on) for each in found]
        return [(each.participant.state, each.days, each.form) for each in lines if each]


def closes(person: Participant, code: str) -> date:
    day = Visit.objects.get(participant=person, code=code).closes
    assert day is not None
    return day


def test_point_25_every_state_ends_at_a_visit_or_is_open_ended() -> None:
    tracks = load("1.0").tracks
    assert all((bool(each.ends_at), each.open_ended, each.terminal).count(True) == 1 for each in tracks)
    assert {each.code: each.ends_at for each in tracks if each.ends_at} == {
        "SCREENED": ("RND",),
        "RANDOMISED": ("N1",),
        "NEOADJUVANT": ("NE",),
        "AWAIT_CRE1": ("CRE-1",),
        "AWAIT_CRE2": ("CRE-2",),
        "AWAIT_RESTAGE": ("RST",),
        "SURGERY_PLANNED": ("SURG-1", "SURG-2"),
        "OPERATED": ("DC",),
    }


def test_point_25_treatment_that_never_ends_is_overdue_after_the_window_of_its_last_visit(
    world: World,
) -> None:
    person = treated(world)
    last = STARTED_ON + timedelta(days=44)
    assert closes(person, "NE") == last
    assert late(last) == []
    assert late(last + timedelta(days=1)) == [("NEOADJUVANT", 1, "TREAT")]
    assert late(last + timedelta(days=298)) == [("NEOADJUVANT", 298, "TREAT")]


def test_point_25_a_visit_that_took_place_does_not_end_the_state_by_itself(world: World) -> None:
    person = treated(world)
    visit = Visit.objects.select_related("participant__site").get(participant=person, code="NE")
    record_visit(visit=visit, took_place_on=ENDED_ON, by=world.coordinator, at=noon(ENDED_ON))
    assert late(STARTED_ON + timedelta(days=50)) == [("NEOADJUVANT", 6, "TREAT")]


@pytest.mark.parametrize(
    ("arm", "ways", "state", "form"),
    [
        ("1", [("AWAIT_CRE1", "CRE-1")], "AWAIT_CRE1", "CRE"),
        ("1", [("AWAIT_CRE1", "CRE-1"), ("AWAIT_CRE2", "CRE-2")], "AWAIT_CRE2", "CRE"),
        ("2", [("AWAIT_RESTAGE", "RST")], "AWAIT_RESTAGE", "CRE"),
        ("2", [("AWAIT_RESTAGE", "RST"), ("SURGERY_PLANNED", "SURG-2")], "SURGERY_PLANNED", "SURG"),
    ],
)
def test_point_25_each_waiting_ends_with_the_window_of_its_visit(
    world: World, arm: str, ways: list[tuple[str, str]], state: str, form: str
) -> None:
    person = treated(world, arm)
    for to, _code in ways:
        person = moved(person, world, to=to, NEO_END=ENDED_ON)
    last = closes(person, ways[-1][1])
    assert late(last) == []
    assert late(last + timedelta(days=3)) == [(state, 3, form)]


def test_point_25_screening_without_an_end_is_for_the_investigator(world: World) -> None:
    person = screen(world)
    with transaction.atomic():
        plan_visits_for(participant=person, by=world.coordinator, at=NOW)
    last = closes(person, "RND")
    assert last == date(2026, 11, 2) + timedelta(days=28)
    assert late(last + timedelta(days=2)) == [("SCREENED", 2, "")]


def page(user: Any, address: str, on: date, time_machine: Any) -> str:
    time_machine.move_to(noon(on), tick=False)
    answer = client_of(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_point_25_the_work_list_names_days_role_and_form(world: World, time_machine: Any) -> None:
    person = treated(world)
    on = STARTED_ON + timedelta(days=54)
    for user in (world.coordinator, world.investigator):
        shown = page(user, "/work-list/", on, time_machine)
        assert "States that should have ended" in shown
        assert "10 days late" in shown
        assert "Coordinator: complete TREAT" in shown
        assert f'href="/participants/{person.number}/forms/TREAT/"' in shown
    assert person.number not in page(world.stranger, "/work-list/", on, time_machine)


def test_point_25_list_and_page_of_a_participant_say_it_to_everybody(world: World, time_machine: Any) -> None:
    on = STARTED_ON + timedelta(days=54)
    person = treated(world)
    in_time = moved(treated(world), world, to="AWAIT_CRE1", NEO_END=on - timedelta(days=5))
    listed = page(world.data_manager, "/participants/?late=yes", on, time_machine)
    assert "10 days late" in listed
    assert person.number in listed
    assert in_time.number not in listed
    shown = page(world.data_manager, person.get_absolute_url(), on, time_machine)
    assert "should have ended by 31 Dec 2026: 10 days late" in shown
    assert "Go there" not in shown
    assert "Go there" in page(world.coordinator, person.get_absolute_url(), on, time_machine)


def test_point_25_the_report_counts_overdue_states_by_site(world: World) -> None:
    treated(world)
    treated(world, "2")
    on = STARTED_ON + timedelta(days=54)
    with transaction.atomic():
        report = visits_kept(Site.objects.all(), today=on)
    table = next(each for each in report.tables if each.slug == "overdue-states")
    assert table.rows == (("01", 2, 10),)


def test_point_25_an_overdue_state_is_told_at_the_site_and_then_above_it(world: World) -> None:
    person = treated(world)

    def told(days: int) -> list[tuple[int, str]]:
        on = STARTED_ON + timedelta(days=44 + days)
        with transaction.atomic():
            alerts = alerts_at(world.site, on=on, at=noon(on))
            return [(each.level, each.text()) for each in alerts if each.kind == AlertKind.STATE]

    assert told(0) == []
    missing = "End of neoadjuvant treatment is not known since 31 Dec 2026"
    state = "(Neoadjuvant treatment, to have ended by 31 Dec 2026)"
    assert told(1) == [(0, f"{missing}: CRE-1 cannot be planned {state}")]
    assert [level for level, _text in told(13)] == [0]
    assert told(14) == [(1, f"{missing} {state}")], "the visit would tell the arm above the site"
    moved(person, world, to="AWAIT_CRE1", NEO_END=ENDED_ON)
    assert told(14) == []


@pytest.mark.parametrize("on", [STARTED_ON + timedelta(days=54)])
def test_point_09_a_milestone_that_is_missing_is_named_with_the_visit_that_waits_for_it(
    world: World, on: date, time_machine: Any
) -> None:
    person = treated(world)
    why = "End of neoadjuvant treatment is not known since 31 Dec 2026: CRE-1 cannot be planned"
    for user in (world.coordinator, world.investigator, world.data_manager):
        assert why in page(user, "/work-list/", on, time_machine)
        assert why in strip_tags(page(user, person.get_absolute_url(), on, time_machine))
    shown = strip_tags(page(world.trial_manager, person.get_absolute_url(), on, time_machine))
    assert "End of neoadjuvant treatment is not known since 31 Dec 2026" in shown
    assert "CRE-1 cannot be planned" not in shown, "it would tell the arm"


def test_point_09_an_evaluation_without_an_outcome_is_named(world: World) -> None:
    person = moved(treated(world), world, to="AWAIT_CRE1", NEO_END=ENDED_ON)
    last = closes(person, "CRE-1")
    on = last + timedelta(days=1)

    def why() -> str:
        with transaction.atomic():
            (found,) = [overdue_state(each, today=on) for each in overdue(Participant.objects.all(), on=on)]
            assert found
            return found.why()

    assert why().startswith("First response evaluation is not known since ")
    with transaction.atomic():
        trials.set_milestone(
            participant=person, code="CRE1", on=last, source="test", by=world.coordinator, at=NOW
        )
    assert why() == f"First response evaluation is known ({written(last)}), its outcome is not"


def test_point_09_a_state_whose_visit_is_not_planned_has_the_days_of_the_protocol(world: World) -> None:
    person = treated(world)
    with open_act("followup:visits:plan", by=None, at=NOW, participant=person) as act:
        Visit.objects.filter(participant=person, code="NE").update(state="cancelled", turns_on=None, act=act)
    since = person.state_since
    assert late(since + timedelta(days=45)) == []
    assert late(since + timedelta(days=46)) == [("NEOADJUVANT", 1, "TREAT")]


def test_point_09_every_state_that_ends_has_days_and_mostly_a_milestone() -> None:
    ending = {each.code: (each.lasts_days, each.awaits) for each in load("1.0").tracks if each.ends_at}
    assert ending == {
        "SCREENED": (28, None),
        "RANDOMISED": (21, "NEO_D1"),
        "NEOADJUVANT": (45, "NEO_END"),
        "AWAIT_CRE1": (42, "CRE1"),
        "AWAIT_CRE2": (56, "CRE2"),
        "AWAIT_RESTAGE": (42, None),
        "SURGERY_PLANNED": (56, "SURG"),
        "OPERATED": (30, None),
    }
