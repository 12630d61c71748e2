"""An outage: places on paper are reserved, an envelope takes its own place, and counts from its opening."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies

from audit.acts import open_act
from crf.eligibility.window import TooOld
from kernel.scope import EVERYTHING, scope
from randomization.allocation_list import unseal
from randomization.models import Allocation, AllocationError, Envelope, EnvelopeState, ListPart
from randomization.services import EmergencyEnvelope, move_envelope, randomize
from randomization.services.envelopes import (
    EnvelopeCannotMove,
    EnvelopeDayImpossible,
    EnvelopeDoesNotFit,
    EnvelopeUsed,
    OpenedAtImpossible,
)
from tests.world import NOW, PASSWORD, TODAY, World, as_person
from trials.models import DeviationProposal, Milestone, Participant

Make = Callable[..., Participant]
PRINTED_AT = NOW - timedelta(days=30)
OUTAGE = date(2026, 11, 18)


@pytest.fixture
def browser() -> Callable[[Any], Client]:
    def sign_in(person: Any) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def paper(world: World, part: ListPart, superuser: Any) -> list[Envelope]:
    """The first four places of stratum 01/III are in envelopes at the site."""
    rows = superuser.execute(
        "SELECT s.number, t.name, s.sequence FROM allocation.slot s JOIN allocation.stratum t "
        "ON t.id = s.stratum_id WHERE t.name = '01/III' AND s.sequence <= 4 ORDER BY s.sequence"
    ).fetchall()
    with (
        as_person(world.statistician),
        open_act(
            "randomization:envelope:print", by=world.statistician, at=PRINTED_AT, site=world.site
        ) as act,
    ):
        return [
            Envelope.objects.create(
                site=world.site, number=number, stratum=stratum, sequence=sequence, printed_at=PRINTED_AT,
                state=EnvelopeState.HANDED_OVER, handed_over_on=date(2026, 10, 22), act=act,
            )
            for number, stratum, sequence in rows
        ]  # fmt: skip


def told(number: str, *, on: date = OUTAGE, at: time = time(23, 10)) -> EmergencyEnvelope:
    return EmergencyEnvelope(number, on, at, "investigator on duty, study nurse")


def press(world: World, participant: Participant, envelope: EmergencyEnvelope | None = None) -> Allocation:
    with as_person(world.investigator):
        return randomize(
            participant=participant,
            confirmed_stratum="01/III",
            by=world.investigator,
            password=PASSWORD,
            at=NOW,
            envelope=envelope,
        )


def test_rare_07_a_place_on_paper_is_given_to_nobody_on_line(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    """B1: the system is back, and somebody is randomized before the envelope is entered."""
    on_line = press(world, eligible())
    assert on_line.sequence == 5
    entered = press(world, eligible(), told(paper[2].number.lower()))
    assert (entered.number, entered.sequence) == (paper[2].number, 3), "its own place, out of order"
    assert press(world, eligible(), told(paper[0].number)).sequence == 1
    assert press(world, eligible()).sequence == 6


def test_rare_07_randomization_counts_from_the_opening(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    """B2: opened at 23:10 two days ago by the clock of the site, typed today."""
    participant = eligible()
    allocation = press(world, participant, told(paper[0].number))
    assert allocation.randomized_at == datetime(2026, 11, 18, 15, 10, tzinfo=UTC)
    assert allocation.revealed_at == NOW
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Milestone.objects.get(participant=participant, code="RAND").on == OUTAGE
        envelope = Envelope.objects.get(number=allocation.number)
        assert (envelope.state, envelope.allocation_id) == ("opened", allocation.pk)
        assert (envelope.opened_at, envelope.opened_by) == (
            allocation.randomized_at,
            "investigator on duty, study nurse",
        )
        (incident,) = AllocationError.objects.all()
        assert incident.found_on == TODAY
        assert "opened 2026-11-18 23:10 by investigator on duty" in incident.detail


def test_rare_07_a_number_is_given_once_and_the_message_names_who_holds_it(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    first, second = eligible(), eligible()
    press(world, first, told(paper[0].number))
    with pytest.raises(EnvelopeUsed, match=f"belongs to participant {first.number} since 2026-11-18"):
        press(world, second, told(paper[0].number))
    on_line = press(world, second)
    with pytest.raises(EnvelopeUsed, match=second.number):
        press(world, eligible(), told(on_line.number))


def test_rare_07_a_number_that_is_on_no_envelope_of_the_stratum_is_refused(
    world: World, paper: list[Envelope], eligible: Make, superuser: Any
) -> None:
    other = superuser.execute(
        "SELECT s.number FROM allocation.slot s JOIN allocation.stratum t ON t.id = s.stratum_id "
        "WHERE t.name = '01/III' AND s.sequence = 9"
    ).fetchone()[0]
    for number in (other, "R1A-000000"):
        with pytest.raises(EnvelopeDoesNotFit, match="register of envelopes"):
            press(world, eligible(), told(number))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert not Allocation.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [
        {"on": TODAY, "at": time(10, 1)},  # one minute from now
        {"on": date(2026, 10, 20)},  # before it was printed
        {"on": date(2026, 11, 1)},  # before the consent of 2 November
    ],
)
def test_rare_07_an_opening_that_cannot_be_is_refused(
    world: World, paper: list[Envelope], eligible: Make, moment: dict[str, Any]
) -> None:
    with pytest.raises(OpenedAtImpossible):
        press(world, eligible(), told(paper[0].number, **moment))


def test_rare_07_an_envelope_that_came_back_frees_its_place(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    by: dict[str, Any] = {"by": world.investigator, "at": NOW, "reason": "no outage this year"}
    with as_person(world.investigator):
        with pytest.raises(EnvelopeDayImpossible):
            move_envelope(envelope=paper[0], to="returned", on=date(2026, 11, 21), **by)
        move_envelope(envelope=paper[0], to="returned", on=TODAY, **by)
        with pytest.raises(EnvelopeCannotMove, match="“Returned unopened” and cannot become “With the site”"):
            move_envelope(envelope=paper[0], to="handed_over", on=TODAY, **by)
    with pytest.raises(EnvelopeDoesNotFit):
        press(world, eligible(), told(paper[0].number))
    assert press(world, eligible()).sequence == 1


def test_rare_07_the_page_takes_day_hour_and_persons(
    world: World, paper: list[Envelope], eligible: Make, browser: Any
) -> None:
    participant, investigator = eligible(), browser(world.investigator)
    address = f"/participants/{participant.number}/randomize/"
    typed = {"confirmed_stratum": "01/III", "strata_right": "on", "password": PASSWORD}
    untold = investigator.post(address, typed | {"envelope": paper[1].number})
    assert untold.status_code == 422
    assert {"opened_on", "opened_at", "opened_by"} == set(untold.context["form"].errors)
    moment = {"opened_on": "2026-11-18", "opened_at": "00:00", "opened_by": "duty"}
    assert investigator.post(address, typed | {"envelope": paper[1].number} | moment).status_code == 302
    page = investigator.get("/randomization/envelopes/").text
    for words in (
        paper[0].number,
        "With the site",
        "Opened",
        participant.number,
        "The first hour after an outage",
    ):
        assert words in page
    moved = investigator.post(
        f"/randomization/envelopes/{paper[0].number}/",
        {"to": "destroyed", "on": "2026-11-20", "reason": "torn"},
    )
    assert moved.status_code == 302
    assert "Destroyed unopened" in investigator.get("/randomization/envelopes/").text


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=strategies.lists(strategies.sampled_from(["on line", 0, 1, 2, 3]), min_size=1, max_size=6))
def test_rare_07_no_place_has_two_holders_whatever_the_order(
    world: World, paper: list[Envelope], eligible: Make, steps: list[Any]
) -> None:
    """Any mixture of randomizing on line and entering envelopes, some of them twice."""
    for step in steps:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            taken = set(Allocation.objects.values_list("number", flat=True))
        if step == "on line":
            assert press(world, eligible()).number not in taken | {each.number for each in paper}
        elif paper[step].number in taken:
            with pytest.raises(EnvelopeUsed):
                press(world, eligible(), told(paper[step].number))
        else:
            assert press(world, eligible(), told(paper[step].number)).number == paper[step].number


def test_the_order_is_proved_without_the_places_on_paper() -> None:
    def place(sequence: int, hour: int | None) -> unseal.OpenPlace:
        at = datetime(2026, 11, 20, hour, tzinfo=UTC) if hour is not None else None
        return unseal.OpenPlace("01/II", sequence, 1, 4, "1", f"N{sequence}", "", at, ())

    list_ = unseal.OpenPart("1A", "", "", (place(1, None), place(2, 3), place(3, 9), place(4, 4)))
    assert unseal.unfollowed_order([list_]) == ["01/II"]
    assert unseal.unfollowed_order([list_], on_paper={"N1", "N3"}) == []


def test_rare_08_screening_that_is_too_old_stops_randomization_or_takes_a_signed_reason(
    world: World, part: ListPart, eligible: Make, monkeypatch: pytest.MonkeyPatch, browser: Any
) -> None:
    old = TooOld("ct_dt", "Date of CT", date(2025, 8, 27), 28, 450, "/x/")
    monkeypatch.setattr("randomization.allocation.readiness.too_old_on", lambda *_, **__: [old])
    participant, investigator = eligible(), browser(world.investigator)
    address = f"/participants/{participant.number}/randomize/"
    assert "450 days ago; the protocol allows 28 days" in investigator.get(address).text
    typed = {"confirmed_stratum": "01/III", "strata_right": "on", "password": PASSWORD}
    refused = investigator.post(address, typed)
    assert refused.status_code == 409
    assert "too old for randomization on 2026-11-20: Date of CT 2025-08-27" in refused.text
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert not Allocation.objects.exists()
    assert investigator.post(address, typed | {"too_old_reason": "CT of 18 November seen"}).status_code == 302
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        proposal = DeviationProposal.objects.get(key__startswith="screening-window-")
        assert proposal.detail == "Date of CT 2025-08-27: CT of 18 November seen"
