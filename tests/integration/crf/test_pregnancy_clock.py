"""The clock of a pregnancy: 24 hours since the site knew, and never later (protocol 2.6, decision D7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from crf.links import form_url
from crf.models import SafetyClock
from crf.safety.clocks import open_clocks
from notices.sources.safety import safety_clocks
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_safety import LATER, event, write
from tests.unit.crf.examples import pregnancy
from tests.unit.crf.examples.pregnancy import AWARE
from tests.world import World, screen
from trials.models import DeviationProposal, Participant

CHAPTERS = ("2.6", "3.15")
pytestmark = pytest.mark.django_db

UNTOLD = pregnancy.VALUES | pregnancy.ONGOING | {"preg_report": None}


@pytest.fixture
def person(world: World, everything: None) -> Participant:
    return screen(world, signed_on=date(2026, 4, 28))


def report(world: World, person: Participant, sequence: int | None = None, **changes: Any) -> Any:
    said = {} if sequence is None else {"sequence": sequence, "reasons_for_change": {}}
    return write(world, person, "PREG", UNTOLD | changes, **said)


def clock_of(person: Participant, number: int = 1) -> SafetyClock:
    return SafetyClock.objects.get(participant=person, kind="pregnancy", event_no=number, ended_at=None)


def test_the_24_hours_begin_when_the_site_knew(world: World, person: Participant) -> None:
    report(world, person)
    clock = clock_of(person)
    assert (clock.starts_at, clock.due_at, clock.met_at) == (AWARE, AWARE + timedelta(hours=24), None)
    assert clock.subject == "PREG #1"
    [shown] = open_clocks(world.site, at=AWARE)
    assert (shown.subject, shown.of_site) == ("PREG #1", True)
    assert shown.href == form_url(person.number, "PREG", sequence=1)


def test_a_report_in_time_meets_it_and_proposes_nothing(world: World, person: Participant) -> None:
    report(world, person, preg_report=AWARE + timedelta(hours=24))
    assert clock_of(person).met_at == AWARE + timedelta(hours=24)
    assert not DeviationProposal.objects.filter(participant=person).exists()


def test_a_late_report_is_proposed_as_a_deviation(world: World, person: Participant) -> None:
    report(world, person)
    report(world, person, preg_report=AWARE + timedelta(hours=25))
    proposal = DeviationProposal.objects.get(participant=person)
    assert (proposal.rule, proposal.key) == ("late_pregnancy", "PREG-2")


def test_an_event_and_a_pregnancy_of_one_number_have_clocks_of_their_own(
    world: World, person: Participant
) -> None:
    event(world, person)
    report(world, person)
    assert [clock.subject for clock in SafetyClock.objects.order_by("kind")] == ["PREG #1", "AE #1"]
    client = client_of(world.data_manager)
    page = client.get(reverse("crf:assess", args=[person.number, 1]))
    assert page.status_code == 200
    assert [line.clock.kind for line in page.context["lines"]] == ["sae_report"]


@pytest.mark.parametrize(
    ("language", "due"), [("en", "PREG #1: Report the pregnancy"), ("zh-hans", "PREG #1：")]
)
def test_the_notice_says_what_it_is_about(world: World, person: Participant, language: str, due: str) -> None:
    report(world, person)
    [alert] = safety_clocks(world.site, on=LATER.date(), at=LATER)
    with override(language):
        assert alert.text().startswith(due)
