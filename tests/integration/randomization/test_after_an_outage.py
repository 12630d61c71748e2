"""After an outage: openings come first, participants later, and what was given meanwhile (point 7 of the rare days)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings, strategies

from audit.acts import open_act
from kernel.scope import EVERYTHING, scope
from randomization.models import Allocation, Envelope, EnvelopeState
from randomization.services import declare_void, record_opening, take_opening_back
from randomization.services.envelopes import (
    EnvelopeCannotMove,
    EnvelopeDayImpossible,
    EnvelopeDoesNotFit,
    EnvelopeNotEntered,
    EnvelopeUsed,
    OpenedOtherwise,
    OpeningEntered,
    OpeningImpossible,
    move_envelope,
)
from tests.integration.randomization.test_envelopes import OUTAGE, paper, press, told
from tests.races import at_the_same_lock
from tests.world import NOW, PASSWORD, TODAY, World, as_person
from trials import services as trials
from trials.models import Milestone, Participant

__all__ = ["paper"]
pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Participant]
OPENED_AT = datetime(2026, 11, 18, 15, 10, tzinfo=UTC)  # 23:10 by the clock of the site


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def opening(world: World, envelope: Envelope, *, at: time = time(23, 10), **more: Any) -> Envelope:
    with as_person(world.investigator):
        return record_opening(
            envelope=envelope,
            opened_on=more.pop("on", OUTAGE),
            opened_at=at,
            opened_by="investigator on duty, study nurse",
            by=world.investigator,
            at=NOW,
            **more,
        )


def stored(envelope: Envelope) -> Envelope:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Envelope.objects.select_related("site").get(pk=envelope.pk)


def test_rare_07_an_opening_is_corrected_with_a_reason_alone(world: World, paper: list[Envelope]) -> None:
    """Entered once more, by somebody else or with another hour, it is refused until a reason is given."""
    opening(world, paper[1])
    page = reverse("randomization:open-envelope", args=[paper[1].number])
    typed = {"opened_on": OUTAGE.isoformat(), "opened_at": "22:00", "opened_by": "somebody else"}
    refused = browser(world.investigator).post(page, typed)
    assert refused.status_code == 422
    assert "Give the reason" in refused.content.decode()
    assert stored(paper[1]).opened_at == OPENED_AT
    assert browser(world.investigator).post(page, typed | {"reason": "misread"}).status_code == 302
    assert stored(paper[1]).opened_by == "somebody else"


def test_rare_07_whoever_randomizes_is_told_of_opened_envelopes_that_wait(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    participant = eligible()
    page = reverse("randomization:randomize", args=[participant.number])
    told_of = "An opened envelope waits for its participant"
    assert told_of not in browser(world.investigator).get(page).content.decode()
    opening(world, paper[1])
    shown = browser(world.investigator).get(page).content.decode()
    assert told_of in shown
    assert paper[1].number in shown


def test_rare_07_an_opening_is_recorded_before_its_participant_is_entered(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    opened = opening(world, paper[1])
    assert (opened.state, opened.opened_at, opened.allocation_id) == ("opened", OPENED_AT, None)
    assert press(world, eligible()).sequence == 5, "its place stays reserved"
    participant = eligible()
    with pytest.raises(OpenedOtherwise, match="opened at 2026-11-18 23:10"):
        press(world, participant, told(paper[1].number, at=time(22, 0)))
    allocation = press(world, participant, told(paper[1].number))
    assert (allocation.number, allocation.randomized_at) == (paper[1].number, OPENED_AT)
    assert stored(paper[1]).allocation_id == allocation.pk
    with pytest.raises(OpeningEntered, match=participant.number):
        opening(world, paper[1], reason="another hour")
    with as_person(world.investigator), pytest.raises(OpeningEntered):
        take_opening_back(envelope=paper[1], reason="r", by=world.investigator, at=NOW)


def test_rare_07_an_opening_is_corrected_and_taken_back_with_a_reason(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    opening(world, paper[0])
    opening(world, paper[0], at=time(22, 40), reason="the note says 22:40")
    assert stored(paper[0]).opened_at == datetime(2026, 11, 18, 14, 40, tzinfo=UTC)
    with as_person(world.investigator):
        take_opening_back(envelope=paper[0], reason="it was number two", by=world.investigator, at=NOW)
        with pytest.raises(EnvelopeCannotMove):
            take_opening_back(envelope=paper[0], reason="again", by=world.investigator, at=NOW)
        move_envelope(envelope=paper[0], to="returned", on=TODAY, by=world.investigator, at=NOW)
    with pytest.raises(EnvelopeCannotMove, match="Returned unopened"):
        opening(world, paper[0])
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        versions: Any = paper[0].events.order_by("pgh_id")  # type: ignore[attr-defined]
        reasons = [each.act.reason for each in versions]
    assert reasons[-3:-1] == ["the note says 22:40", "it was number two"]


def test_rare_07_a_second_envelope_is_declared_void_and_its_place_is_given_to_nobody(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    opening(world, paper[0])
    opening(world, paper[1])
    address = reverse("randomization:void-envelope", args=[paper[1].number])
    assert address not in browser(world.investigator).get(reverse("randomization:outage")).text
    assert browser(world.investigator).get(address).status_code == 403
    statistician = browser(world.statistician)
    assert address in statistician.get(reverse("randomization:outage")).text
    done = statistician.post(address, {"wanted": "void", "reason": "both opened for one patient"})
    assert done.status_code == 302
    in_another_window = statistician.post(address, {"wanted": "void", "reason": "as my colleague says"})
    assert in_another_window.status_code == 409, "it does not undo what the page says"
    assert f"Envelope {paper[1].number} is void" in in_another_window.text
    assert f"is “{EnvelopeState.VOID.label}” already. Nothing was changed." in in_another_window.text
    second = stored(paper[1])
    assert (second.state, second.opened_at) == (EnvelopeState.VOID, OPENED_AT)
    assert paper[1].number not in statistician.get(reverse("randomization:outage")).text
    participant = eligible()
    with pytest.raises(EnvelopeDoesNotFit):
        press(world, participant, told(paper[1].number))
    with pytest.raises(EnvelopeCannotMove):
        opening(world, paper[1], reason="not void")
    with as_person(world.investigator), pytest.raises(EnvelopeCannotMove):
        move_envelope(envelope=paper[1], to="returned", on=TODAY, by=world.investigator, at=NOW)
    assert press(world, participant, told(paper[0].number)).number == paper[0].number
    assert press(world, eligible()).sequence == 5, "a void place is given to nobody on line"
    with as_person(world.statistician), pytest.raises(OpeningEntered):
        declare_void(envelope=paper[0], reason="r", by=world.statistician, at=NOW)
    assert (
        statistician.post(address, {"wanted": "not_void", "reason": "the third one it was"}).status_code
        == 302
    )
    assert stored(paper[1]).state == EnvelopeState.OPENED
    late = eligible()
    assert press(world, late, told(paper[1].number)).number == paper[1].number


@pytest.mark.parametrize("moment", [{"on": TODAY, "at": time(10, 1)}, {"on": date(2026, 10, 20)}])
def test_rare_07_an_opening_in_the_future_or_before_printing_is_refused(
    world: World, paper: list[Envelope], moment: dict[str, Any]
) -> None:
    with pytest.raises(OpeningImpossible):
        opening(world, paper[0], **moment)
    assert stored(paper[0]).state == EnvelopeState.HANDED_OVER


def test_rare_07_the_database_keeps_the_opening_of_an_entered_envelope(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    press(world, eligible(), told(paper[0].number))
    with as_person(world.investigator), pytest.raises(DatabaseError, match="set once and stays"):
        _move_opening(paper[0], world)


def _move_opening(envelope: Envelope, world: World) -> None:
    with open_act("randomization:envelope:open", by=world.investigator, at=NOW, site=world.site) as act:
        Envelope.objects.filter(pk=envelope.pk).update(opened_at=NOW, act=act)


def test_rare_07_the_first_hour_by_its_pages_and_treatment_of_the_outage(
    world: World, paper: list[Envelope], eligible: Make, time_machine: Any
) -> None:
    """B2: chemotherapy given the day after the opening was refused for good."""
    time_machine.move_to(NOW, tick=False)
    investigator, coordinator = browser(world.investigator), browser(world.coordinator)
    page = reverse("randomization:outage")
    assert "Stratum 01/III: which envelopes were opened?" in coordinator.get(page).text
    address = reverse("randomization:open-envelope", args=[paper[2].number])
    assert coordinator.get(address).status_code == 403
    assert investigator.post(address, {"opened_on": "2026-11-18"}).status_code == 422
    moment = {"opened_on": "2026-11-18", "opened_at": "23:10", "opened_by": "duty"}
    assert investigator.post(address, moment).status_code == 302
    assert "the participant is not entered yet" in investigator.get(page).text
    work_list = investigator.get(reverse("home")).text
    assert "Opened envelopes to enter" in work_list
    assert paper[2].number in work_list
    participant = eligible()
    typed = {"confirmed_stratum": "01/III", "strata_right": "on", "password": PASSWORD}
    entered = investigator.post(
        f"/participants/{participant.number}/randomize/", typed | {"envelope": paper[2].number.lower()}
    )
    assert entered.status_code == 302, "day, hour and persons are on record"
    assert "Opened envelopes to enter" not in investigator.get(reverse("home")).text
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Milestone.objects.get(participant=participant, code="RAND").on == OUTAGE
    form = reverse("crf:form", args=[participant.number, "TREAT", 1])
    assert coordinator.get(form).status_code == 200
    given = {"_version": "0", "_key": "k1", "rt_given": "Y", "rt_start": "2026-11-17"}
    too_early = coordinator.post(form, given)
    assert too_early.status_code != 302
    assert "before randomization on" in too_early.text
    saved = coordinator.post(form, given | {"rt_start": "2026-11-19"})
    assert saved.status_code == 302, saved.text[:3000]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Milestone.objects.get(participant=participant, code="NEO_D1").on == date(2026, 11, 19)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=strategies.lists(
        strategies.tuples(
            strategies.sampled_from(["on line", "open", "back", "enter", "return"]),
            strategies.integers(min_value=0, max_value=3),
        ),
        min_size=2,
        max_size=8,
    )
)
def test_rare_07_no_place_has_two_holders_after_openings_entries_and_randomizations(
    world: World, paper: list[Envelope], eligible: Make, steps: list[tuple[str, int]]
) -> None:
    """Any sequence of openings, corrections, envelopes entered or returned, and randomizations on line."""
    for step, which in steps:
        envelope = stored(paper[which])
        try:
            _take(step, world, envelope, eligible)
        except (EnvelopeCannotMove, OpeningEntered, EnvelopeUsed, OpenedOtherwise, EnvelopeDoesNotFit):
            continue
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            given_out = list(Allocation.objects.values_list("number", flat=True))
            out = Envelope.objects.out().filter(allocation=None).values_list("number", flat=True)
            assert len(given_out) == len(set(given_out))
            assert not set(given_out) & set(out), "a place on paper was given on line"
            for each in Envelope.objects.exclude(allocation=None).select_related("allocation"):
                assert each.allocation is not None
                assert (each.number, each.opened_at) == (
                    each.allocation.number,
                    each.allocation.randomized_at,
                )


def _take(step: str, world: World, envelope: Envelope, eligible: Make) -> None:
    if step == "on line":
        press(world, eligible())
    elif step == "open":
        opening(world, envelope, reason="x")
    elif step == "enter":
        press(world, eligible(), told(envelope.number))
    elif step == "back":
        with as_person(world.investigator):
            take_opening_back(envelope=envelope, reason="x", by=world.investigator, at=NOW)
    else:
        with as_person(world.investigator):
            move_envelope(envelope=envelope, to="returned", on=TODAY, by=world.investigator, at=NOW)


def test_rare_07_an_envelope_opened_before_a_new_consent_is_entered_after_it(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    """The consent that stood when it was opened counts, not the one signed since."""
    participant = eligible()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        add: Any = {"by": None, "at": NOW}
        text = trials.add_consent_version(site=world.site, label="1.1", approved_on=date(2026, 11, 19), **add)
        trials.record_consent(
            participant=participant, version=text, signed_on=TODAY, sensitive_data=True, **add
        )
        participant.refresh_from_db()
    assert press(world, participant, told(paper[0].number)).number == paper[0].number


def test_rare_07_an_envelope_is_not_opened_or_returned_before_it_was_handed_over(
    world: World, paper: list[Envelope]
) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert paper[0].handed_over_on is not None
        before = paper[0].handed_over_on - timedelta(1)
        assert before >= paper[0].printed_at.date()
    with pytest.raises(OpeningImpossible):
        opening(world, paper[0], on=before)
    with as_person(world.investigator), pytest.raises(EnvelopeDayImpossible):
        move_envelope(envelope=paper[0], to="returned", on=before, by=world.investigator, at=NOW)


def test_rare_07_a_second_window_with_another_envelope_is_told_that_it_is_not_entered(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    """It was answered "is randomized", and a patient could have been treated by one paper and listed by another."""
    participant = eligible()
    assert press(world, participant, told(paper[0].number)).number == paper[0].number
    assert press(world, participant, told(paper[0].number)).number == paper[0].number, "a double press"
    with pytest.raises(EnvelopeNotEntered, match=paper[0].number):
        press(world, participant, told(paper[1].number))
    address = reverse("randomization:randomize", args=[participant.number])
    investigator = browser(world.investigator)
    assert investigator.get(address).status_code == 302
    typed = {
        "confirmed_stratum": "01/III",
        "strata_right": "on",
        "envelope": paper[1].number,
        "opened_on": f"{OUTAGE}",
        "opened_at": "23:10",
        "opened_by": "investigator on duty",
        "password": PASSWORD,
    }
    answer = investigator.post(address, typed)
    assert answer.status_code == 409
    assert f"Envelope {paper[1].number} is not entered" in answer.text
    assert reverse("randomization:allocation", args=[participant.number]) in answer.text
    assert "these steps are missing" not in answer.text
    assert investigator.post(address, {**typed, "envelope": ""}).status_code == 302
    assert stored(paper[1]).allocation is None


def test_rare_07_two_windows_at_once_with_two_envelopes_enter_one(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    participant = eligible()
    allocation, refusal = sorted(
        at_the_same_lock(
            lambda: Participant.objects.lock(participant.pk),
            lambda: press(world, participant, told(paper[0].number)),
            lambda: press(world, participant, told(paper[1].number)),
        ),
        key=lambda result: isinstance(result, EnvelopeNotEntered),
    )
    assert isinstance(refusal, EnvelopeNotEntered)
    entered = [envelope.number for envelope in paper if stored(envelope).allocation_id is not None]
    assert entered == [allocation.number]


def test_rare_07_who_opened_an_envelope_is_not_overwritten_when_it_is_entered(
    world: World, paper: list[Envelope], eligible: Make
) -> None:
    opening(world, paper[0])
    with pytest.raises(OpenedOtherwise, match="study nurse"):
        press(
            world,
            eligible(),
            replace(told(paper[0].number), opened_at=time(23, 10), opened_by="somebody else"),
        )
    assert stored(paper[0]).opened_by == "investigator on duty, study nurse"


def test_rare_07_an_envelope_that_was_never_handed_over_is_not_with_the_site_afterwards(
    world: World, paper: list[Envelope]
) -> None:
    never, was = paper[0], paper[1]
    with (
        as_person(world.statistician),
        open_act("randomization:envelope:print", by=world.statistician, at=NOW, site=world.site) as act,
    ):
        never.state, never.handed_over_on, never.act = EnvelopeState.PRINTED, None, act
        never.save(update_fields=["state", "handed_over_on", "act"])
    for envelope in (never, was):
        opening(world, envelope)
        with as_person(world.investigator):
            take_opening_back(envelope=envelope, reason="another one", by=world.investigator, at=NOW)
    assert stored(never).state == EnvelopeState.PRINTED
    assert stored(was).state == EnvelopeState.HANDED_OVER
