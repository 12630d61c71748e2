"""What broke in the courses of a person: impossible days, and a loss beside visits (protocol 2.5, 3.16)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from followup.models import ContactAttempt
from followup.services import (
    add_unscheduled_visit,
    cancel_contact_attempt,
    cancel_withdrawal,
    correct_withdrawal,
    plan_visits_for,
    record_contact_attempt,
    record_lost,
    record_visit,
    withdraw_participant,
)
from followup.services.contacts import (
    ContactAfterDeath,
    ContactBeforeConsent,
    ContactBeforeRegistration,
    ContactRefused,
)
from followup.services.loss import LostInFuture, NotYetLost, SeenSince
from kernel.errors import Refusal
from tests.integration.followup.conftest import noon
from tests.integration.followup.test_courses import DAY, lose, standing, surveyed
from tests.integration.followup.test_pages import client_of
from tests.world import World, screen
from trials import services as trials
from trials.models import LossToFollowUp, Participant, Withdrawal
from trials.models.participants import Track
from trials.services.endings import WithdrawnAfterDeath, WithdrawnBeforeRegistration
from trials.services.participants import ScreeningEndedBeforeConsent, ScreeningEndedInFuture

CHAPTERS = ("2.5", "3.16", "3.17")

pytestmark = pytest.mark.django_db
__all__ = ["client_of", "surveyed"]


def by(world: World, at: date = DAY) -> dict[str, Any]:
    return {"by": world.coordinator, "at": noon(at)}


def called(
    world: World, participant: Participant, on: date, result: str = "no_answer", route: str = "phone"
) -> None:
    now = by(world, max(on, DAY))
    record_contact_attempt(participant=participant, on=on, route=route, result=result, **now)


def died(world: World, participant: Participant, on: date) -> None:
    with transaction.atomic():
        trials.move_track(participant=participant, to=Track.DEAD, on=on, **by(world))
        trials.set_milestone(participant=participant, code="DEATH", on=on, source="test", **by(world))
        plan_visits_for(participant=participant, **by(world))
    participant.refresh_from_db()


def test_rare_11_nobody_was_called_before_they_consented(world: World, surveyed: Participant) -> None:
    """One attempt of a wrong year made sixty days of two calls."""
    with pytest.raises(ContactBeforeConsent, match="1926-11-20"):
        called(world, surveyed, date(1926, 11, 20))
    assert not ContactAttempt.objects.filter(participant=surveyed).exists()


def test_rare_11_the_dead_are_not_reached_after_their_death(world: World, surveyed: Participant) -> None:
    died(world, surveyed, DAY - timedelta(9))
    for result in ("reached", "refused"):
        with pytest.raises(ContactAfterDeath, match="2026-11-11"):
            called(world, surveyed, DAY - timedelta(8), result)
    called(world, surveyed, DAY - timedelta(9), "reached")
    called(world, surveyed, DAY - timedelta(8))


def test_rare_11_nobody_withdraws_after_their_death(world: World, surveyed: Participant) -> None:
    withdrawal = withdraw_participant(
        participant=surveyed, on=DAY - timedelta(15), quality_of_life=True, **by(world)
    )
    died(world, surveyed, DAY - timedelta(9))
    with pytest.raises(WithdrawnAfterDeath, match="2026-11-11"):
        withdraw_participant(participant=surveyed, on=DAY, study_drug=True, **by(world))
    with pytest.raises(WithdrawnAfterDeath):
        correct_withdrawal(withdrawal=withdrawal, on=DAY, reason="r", quality_of_life=True, **by(world))
    withdraw_participant(participant=surveyed, on=DAY - timedelta(9), study_drug=True, **by(world))


def test_rare_11_attempts_before_the_last_visit_do_not_make_a_loss(
    world: World, surveyed: Participant
) -> None:
    """Who came to a visit was reached that day, whatever the calls before it."""
    for days, route in ((0, "phone"), (30, "family"), (61, "phone")):
        called(world, surveyed, DAY + timedelta(days), route=route)
    seen_on = DAY + timedelta(65)
    add_unscheduled_visit(
        participant=surveyed, took_place_on=seen_on, forms=[], why="Dysphagia", **by(world, seen_on)
    )
    with pytest.raises(NotYetLost):
        record_lost(participant=surveyed, on=seen_on, **by(world, seen_on))
    with pytest.raises(SeenSince, match=seen_on.isoformat()):
        record_lost(participant=surveyed, on=seen_on - timedelta(2), **by(world, seen_on))


def test_rare_11_nobody_is_lost_on_a_day_to_come(world: World, surveyed: Participant) -> None:
    for days, route in ((0, "phone"), (30, "family"), (61, "phone")):
        called(world, surveyed, DAY + timedelta(days), route=route)
    today = DAY + timedelta(61)
    with pytest.raises(LostInFuture):
        record_lost(participant=surveyed, on=today + timedelta(1), **by(world, today))
    record_lost(participant=surveyed, on=today, **by(world, today))


def test_rare_11_who_comes_to_a_visit_is_found(world: World, surveyed: Participant) -> None:
    before = standing(surveyed)
    lost_on = lose(world, surveyed)
    seen_on = lost_on + timedelta(10)
    add_unscheduled_visit(
        participant=surveyed, took_place_on=seen_on, forms=[], why="Dysphagia", **by(world, seen_on)
    )
    surveyed.refresh_from_db()
    assert surveyed.state == Track.SURVEILLANCE
    assert LossToFollowUp.objects.get(participant=surveyed).reached_on == seen_on
    assert standing(surveyed).keys() - {"UNS"} == before.keys()


def test_rare_11_a_sweep_in_a_register_finds_nobody(world: World, surveyed: Participant) -> None:
    """Nor does it end a loss whose recorded end is cancelled."""
    lost_on = lose(world, surveyed)
    called(world, surveyed, lost_on + timedelta(2), "reached")
    wrong = ContactAttempt.objects.latest("pk")
    sweep = surveyed.visits.get(code="SWEEP-30")
    assert sweep.opens is not None
    record_visit(visit=sweep, took_place_on=sweep.opens, **by(world, sweep.opens))
    cancel_contact_attempt(attempt=wrong, reason="Another family.", **by(world, sweep.opens))
    surveyed.refresh_from_db()
    assert surveyed.state == Track.LOST
    assert LossToFollowUp.objects.get(participant=surveyed).reached_on is None


def test_rare_11_two_losses_of_which_the_first_end_was_a_mistake_end_together(
    world: World, surveyed: Participant
) -> None:
    first = lose(world, surveyed)
    found_on = first + timedelta(5)
    called(world, surveyed, found_on, "reached")
    wrong = ContactAttempt.objects.latest("pk")
    for days, route in ((10, "phone"), (40, "family"), (75, "phone")):
        called(world, surveyed, found_on + timedelta(days), route=route)
    second = found_on + timedelta(75)
    record_lost(participant=surveyed, on=second, **by(world, second))
    cancel_contact_attempt(attempt=wrong, reason="Another family.", **by(world, second))
    called(world, surveyed, second + timedelta(20), "reached")
    surveyed.refresh_from_db()
    assert surveyed.state == Track.SURVEILLANCE
    losses = LossToFollowUp.objects.filter(participant=surveyed)
    assert not losses.filter(reached_on=None, cancelled_at=None).exists()
    assert losses.get(cancelled_at=None).lost_on == first, "the later loss was part of the first"
    left_on = second + timedelta(21)
    withdraw_participant(participant=surveyed, on=left_on, all_contact=True, **by(world, left_on))
    whole = Withdrawal.objects.get(participant=surveyed)
    cancel_withdrawal(withdrawal=whole, reason="Misheard.", **by(world, left_on))
    surveyed.refresh_from_db()
    assert surveyed.state == Track.SURVEILLANCE


@pytest.mark.parametrize(
    ("day", "refusal"),
    [(DAY + timedelta(1), ScreeningEndedInFuture), (date(2026, 11, 1), ScreeningEndedBeforeConsent)],
)
def test_rare_11_screening_ends_on_a_day_that_can_be(
    world: World, everywhere: None, day: date, refusal: type[Refusal]
) -> None:
    participant = screen(world, signed_on=date(2026, 11, 2))
    with pytest.raises(refusal, match=day.isoformat()):
        trials.record_screening_outcome(
            participant=participant, declined=True, reason="physician", criteria=[], on=day, **by(world)
        )


def test_rare_10_what_was_shown_in_another_window_before_a_change_is_shown_again(
    world: World, surveyed: Participant, client_of: Any, time_machine: Any
) -> None:
    """The second window had shown the cancelling of a withdrawal that the first has narrowed meanwhile."""
    time_machine.move_to(noon(DAY), tick=False)
    whole = withdraw_participant(participant=surveyed, on=DAY, all_contact=True, **by(world))
    window = client_of(world.coordinator)
    address = reverse("followup:cancel-withdrawal", args=[surveyed.number, whole.pk])
    seen = {"reason": "Misheard."}
    seen["confirmed"] = window.post(address, seen).context["form"].confirmation
    correct_withdrawal(withdrawal=whole, on=DAY, reason="Paper only.", quality_of_life=True, **by(world))
    again = window.post(address, seen)
    assert again.status_code == 200
    assert Withdrawal.objects.get(pk=whole.pk).cancelled_at is None
    assert "Not recorded yet" in again.text
    seen["confirmed"] = again.context["form"].confirmation
    plan_visits_for(participant=surveyed, **by(world))
    assert window.post(address, seen).status_code == 302
    assert Withdrawal.objects.get(pk=whole.pk).cancelled_at is not None


def test_rare_10_who_withdrew_from_all_contact_in_screening_is_called_no_more(
    world: World, everywhere: None, client_of: Any
) -> None:
    participant = screen(world, signed_on=date(2026, 11, 2))
    withdraw_participant(participant=participant, on=DAY, all_contact=True, **by(world))
    participant.refresh_from_db()
    assert participant.state == Track.WITHDRAWN
    with pytest.raises(ContactRefused):
        called(world, participant, DAY, "reached")
    page = client_of(world.coordinator).get(reverse("followup:contacts", args=[participant.number]))
    assert "nobody may try to reach them" in page.text


def test_rare_10_without_a_consent_nothing_is_before_the_registration(world: World, everywhere: None) -> None:
    participant = trials.register_participant(site=world.site, **by(world))
    before = participant.registered_on - timedelta(days=1)
    with pytest.raises(WithdrawnBeforeRegistration, match=f"{before}"):
        withdraw_participant(participant=participant, on=before, all_contact=True, **by(world))
    with pytest.raises(ContactBeforeRegistration, match=f"{before}"):
        called(world, participant, before)
