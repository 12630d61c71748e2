"""Leaving, being lost, coming back: shown, foreseen, corrected and taken back (protocol 2.5, 3.16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from audit.models import Act
from followup.models import ContactAttempt, Reminder, Todo, TodoState, Visit, VisitState
from followup.services import (
    cancel_contact_attempt,
    cancel_loss,
    cancel_withdrawal,
    correct_withdrawal,
    plan_visits_for,
    record_contact_attempt,
    record_lost,
    record_visit,
    settle_todos,
    update_visit_states,
    withdraw_participant,
)
from followup.services.contacts import AttemptCancelled, ContactRefused
from followup.services.loss import LostAlready, WithdrawnInFuture
from followup.services.todos import Wanted
from followup.services.visits import VisitCancelled
from followup.visit_conduct import ContactResult, ContactRoute
from kernel.days import written
from notices.services.reminders import remind_site
from tests.integration.followup.conftest import noon
from tests.integration.followup.test_pages import client_of
from tests.world import World
from trials import services as trials
from trials.models import LossToFollowUp, Participant, Withdrawal
from trials.models.participants import Track
from trials.services.endings import (
    LeftOtherwise,
    LossCancelled,
    NothingWithdrawn,
    WithdrawalCancelled,
    WithdrawnAlready,
    WithdrawnBeforeConsent,
)

CHAPTERS = ("2.5", "3.16")

pytestmark = pytest.mark.django_db
__all__ = ["client_of"]

Make = Callable[..., Participant]
DAY = date(2026, 11, 20)

MILESTONES = {"NEO_D1": date(2025, 1, 12), "NEO_END": date(2025, 2, 12), "CRE1": date(2025, 3, 18)}


def standing(participant: Participant) -> dict[str, tuple[Any, Any, str]]:
    """Every visit that is asked for, with its window and reason."""
    rows = Visit.objects.filter(participant=participant).exclude(state=VisitState.CANCELLED)
    return {visit.code: (visit.opens, visit.closes, visit.reason) for visit in rows}


@pytest.fixture
def surveyed(world: World, randomized: Make) -> Participant:
    """Arm 1, residue at CRE-1, surgery declined: under surveillance, so that no operation is planned."""
    made = randomized()
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(DAY)}
    trials.set_milestone(participant=made, code="RAND", on=date(2025, 1, 2), source="test", **by)
    for code, day in MILESTONES.items():
        result = "positive" if code == "CRE1" else ""
        trials.set_milestone(participant=made, code=code, on=day, source="test", result=result, **by)
    trials.correct_track(participant=made, to=Track.SURVEILLANCE, on=date(2025, 4, 1), **by)
    made.refresh_from_db()
    plan_visits_for(participant=made, **by)
    return made


def leave(world: World, participant: Participant, on: date = DAY, **scopes: bool) -> Withdrawal:
    scopes = scopes or {"all_contact": True}
    return withdraw_participant(participant=participant, on=on, by=world.coordinator, at=noon(DAY), **scopes)


def test_rare_10_withdrawal_from_all_contact_plans_no_operation(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    before = standing(surveyed)
    assert "SURG-1" not in before
    leave(world, surveyed)
    after = standing(surveyed)
    assert after.items() <= before.items()
    assert all(closes < DAY for _opens, closes, _reason in after.values())
    page = client_of(world.coordinator).get(surveyed.get_absolute_url())
    case = page.context["case"]
    assert not case.next.coming, "nothing is looked forward to"
    assert {mark.kind for mark in case.path.marks} <= {"done", "off"}


OPEN_ON = date(2027, 1, 4)  # SWEEP-24 was planned for the 2nd, its window is open


def gone(world: World, participant: Participant) -> None:
    at = noon(OPEN_ON)
    withdraw_participant(participant=participant, on=OPEN_ON, all_contact=True, by=world.coordinator, at=at)


def die(world: World, participant: Participant) -> None:
    by: dict[str, Any] = {"participant": participant, "by": world.coordinator, "at": noon(OPEN_ON)}
    with transaction.atomic():
        trials.move_track(to=Track.DEAD, on=OPEN_ON, **by)
        trials.set_milestone(code="DEATH", on=OPEN_ON, source="test", **by)
        plan_visits_for(**by)


@pytest.mark.parametrize("ending", [gone, die])
def test_rare_10_a_visit_that_could_still_be_is_awaited_by_nobody_after_the_ending(
    world: World, surveyed: Participant, client_of: Any, ending: Callable[..., None]
) -> None:
    """What had passed stays on record as what it was."""
    update_visit_states(site=world.site, on=OPEN_ON, at=noon(OPEN_ON))
    rows, browser = Visit.objects.filter(participant=surveyed), client_of(world.coordinator)
    over = set(rows.filter(closes__lt=OPEN_ON).values_list("code", "state", "missed_on"))
    sweep = rows.awaited().get(code="SWEEP-24")
    assert sweep.get_absolute_url() in browser.get(reverse("followup:agenda"), {"show": "due"}).text
    ending(world, surveyed)
    assert not rows.awaited().filter(closes__gte=OPEN_ON).exists()
    assert set(rows.filter(closes__lt=OPEN_ON).values_list("code", "state", "missed_on")) == over
    for show in ("week", "list", "due"):
        agenda = browser.get(reverse("followup:agenda"), {"show": show}).text
        assert sweep.get_absolute_url() not in agenda
    assert sweep.get_absolute_url() not in browser.get(reverse("home")).text
    later = OPEN_ON + timedelta(40)
    update_visit_states(site=world.site, on=later, at=noon(later))
    remind_site(site=world.site, on=later, at=noon(later))
    assert not Reminder.objects.filter(visit=sweep).exists()


def test_rare_10_a_visit_of_before_the_ending_is_recorded_after_it(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    """Somebody came while the window was open, died, and the death was typed first."""
    visit = Visit.objects.get(participant=surveyed, code="SWEEP-24")
    assert visit.opens is not None
    die(world, surveyed)
    surveyed.refresh_from_db()
    browser, by = client_of(world.coordinator), {"by": world.coordinator, "at": noon(OPEN_ON + timedelta(1))}
    visit.refresh_from_db()
    assert visit.state == VisitState.CANCELLED
    assert "If it took place before that, record the day." in browser.get(visit.get_absolute_url()).text
    for day in (visit.opens - timedelta(1), OPEN_ON + timedelta(1)):
        with pytest.raises(VisitCancelled):
            record_visit(visit=visit, took_place_on=day, **by)
    done = record_visit(visit=visit, took_place_on=OPEN_ON, **by)
    assert (done.state, done.timing) == (VisitState.DONE, "in")
    assert plan_visits_for(participant=surveyed, **by) == []


def test_rare_10_a_withdrawal_that_is_cancelled_leaves_everything_as_it_was(
    world: World, surveyed: Participant
) -> None:
    asked = Wanted(trigger="DEVIATION", key="x", opened_on=DAY, due_on=DAY + timedelta(7))
    settle_todos(participant=surveyed, wanted=[asked], by=world.coordinator, at=noon(DAY))
    before, since = standing(surveyed), surveyed.state_since
    withdrawal = leave(world, surveyed)
    todo = Todo.objects.get(participant=surveyed, trigger="DEVIATION")
    assert todo.state == TodoState.DROPPED
    assert Todo.objects.get(participant=surveyed, state=TodoState.OPEN).trigger == "WITHDRAWAL"
    cancel_withdrawal(withdrawal=withdrawal, reason="Wrong person.", by=world.coordinator, at=noon(DAY))
    surveyed.refresh_from_db()
    assert (surveyed.state, surveyed.state_since) == (Track.SURVEILLANCE, since)
    assert standing(surveyed) == before
    ended = Todo.objects.get(participant=surveyed, trigger="WITHDRAWAL")
    assert ended.state == TodoState.DROPPED  # and what the answers ask for is asked for again
    assert Act.objects.get(verb="followup:withdrawal:cancel").reason == "Wrong person."
    with pytest.raises(WithdrawalCancelled):
        cancel_withdrawal(withdrawal=withdrawal, reason="Again.", by=world.coordinator, at=noon(DAY))


def test_rare_10_a_withdrawal_is_corrected_in_day_and_scope(world: World, surveyed: Participant) -> None:
    withdrawal = leave(world, surveyed)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(DAY)}
    correct_withdrawal(
        withdrawal=withdrawal, on=DAY - timedelta(10), reason="Earlier.", all_contact=True, **by
    )
    surveyed.refresh_from_db()
    assert (surveyed.state, surveyed.state_since) == (Track.WITHDRAWN_ALL, DAY - timedelta(10))
    correct_withdrawal(withdrawal=withdrawal, on=DAY, reason="Only paper.", quality_of_life=True, **by)
    surveyed.refresh_from_db()
    assert surveyed.state == Track.SURVEILLANCE
    still = Withdrawal.objects.get(participant=surveyed)
    assert (still.on, still.scopes) == (DAY, ["quality of life"])
    assert still.events.count() == 3


def test_rare_10_the_preview_of_a_corrected_withdrawal_names_what_is_asked_for_again(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    withdrawal, browser = leave(world, surveyed), client_of(world.coordinator)
    address = reverse("followup:correct-withdrawal", args=[surveyed.number, withdrawal.pk])
    asked = {"on": DAY.isoformat(), "quality_of_life": "on", "reason": "Only paper."}
    shown = browser.post(address, asked).text
    assert "Added" in shown
    assert "Now asked for: form CRE · form AS" in shown


def test_rare_10_impossible_withdrawals_are_refused(world: World, surveyed: Participant) -> None:
    with pytest.raises(WithdrawnBeforeConsent) as refusal:
        leave(world, surveyed, on=date(2020, 1, 28))
    assert "2020-01-28" in str(refusal.value)
    with pytest.raises(WithdrawnInFuture):
        leave(world, surveyed, on=DAY + timedelta(1))
    with pytest.raises(NothingWithdrawn):
        leave(world, surveyed, study_drug=False)
    leave(world, surveyed, quality_of_life=True)
    with pytest.raises(WithdrawnAlready):
        leave(world, surveyed, quality_of_life=True, study_drug=True)
    whole = leave(world, surveyed)
    with pytest.raises(WithdrawnAlready):
        leave(world, surveyed)
    with pytest.raises(WithdrawnAlready):
        leave(world, surveyed, study_drug=True)
    cancel_withdrawal(withdrawal=whole, reason="Error.", by=world.coordinator, at=noon(DAY))
    trials.move_track(participant=surveyed, to=Track.DEAD, on=DAY, by=world.coordinator, at=noon(DAY))
    with pytest.raises(LeftOtherwise):
        leave(world, surveyed)


def attempt(world: World, participant: Participant, on: date, result: str) -> None:
    at = noon(on)
    record_contact_attempt(
        participant=participant, on=on, route=ContactRoute.PHONE, result=result, by=world.coordinator, at=at
    )


def lose(world: World, participant: Participant) -> date:
    """Enough attempts in vain, by two routes, over two months."""
    for days, route in ((0, "phone"), (30, "family"), (61, "phone"), (62, "family")):
        record_contact_attempt(
            participant=participant,
            on=DAY + timedelta(days),
            route=route,
            result=ContactResult.NO_ANSWER,
            by=world.coordinator,
            at=noon(DAY + timedelta(days)),
        )
    lost_on = DAY + timedelta(62)
    record_lost(participant=participant, on=lost_on, by=world.coordinator, at=noon(lost_on))
    participant.refresh_from_db()
    return lost_on


def test_rare_10_reached_again_goes_back_to_where_they_were(world: World, surveyed: Participant) -> None:
    before = standing(surveyed)
    lost_on = lose(world, surveyed)
    assert surveyed.state == Track.LOST
    fewer = standing(surveyed)
    assert fewer.items() < before.items()
    found_on = lost_on + timedelta(20)
    attempt(world, surveyed, lost_on + timedelta(3), ContactResult.NO_ANSWER)
    surveyed.refresh_from_db()
    assert surveyed.state == Track.LOST
    attempt(world, surveyed, found_on, ContactResult.REACHED)
    surveyed.refresh_from_db()
    assert (surveyed.state, surveyed.state_since) == (Track.SURVEILLANCE, date(2025, 4, 1))
    assert standing(surveyed).keys() == before.keys()
    loss = LossToFollowUp.objects.get(participant=surveyed)
    assert (loss.lost_on, loss.reached_on) == (lost_on, found_on)


def cancelled(world: World, made: ContactAttempt, client_of: Any) -> None:
    """The attempt is cancelled on its page, which shows first what follows."""
    client = client_of(world.coordinator)
    contacts = reverse("followup:contacts", args=[made.participant.number])
    url = reverse("followup:cancel-attempt", args=[made.participant.number, made.pk])
    assert url in client.get(contacts).text
    shown = client.post(url, {"reason": "Another family."})
    told = {"reason": "Another family."}
    if shown.status_code == 200:
        told["confirmed"] = shown.context["form"].confirmation
        assert client.post(url, told).status_code == 302
    page = client.get(contacts).text
    assert url not in page
    assert "it counts for nothing" in page
    assert client.get(url).status_code == 404


def test_rare_10_a_contact_recorded_by_mistake_is_cancelled_and_the_loss_stands_again(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    lost_on = lose(world, surveyed)
    fewer = standing(surveyed)
    attempt(world, surveyed, lost_on + timedelta(20), ContactResult.REACHED)
    wrong = ContactAttempt.objects.latest("pk")
    cancelled(world, wrong, client_of)
    surveyed.refresh_from_db()
    loss = LossToFollowUp.objects.get(participant=surveyed)
    assert (surveyed.state, surveyed.state_since) == (Track.LOST, lost_on)
    assert (loss.lost_on, loss.reached_on) == (lost_on, None)
    assert standing(surveyed) == fewer
    with pytest.raises(AttemptCancelled):
        cancel_contact_attempt(attempt=wrong, reason="Again.", by=world.coordinator, at=noon(DAY))
    attempt(world, surveyed, lost_on + timedelta(30), ContactResult.REACHED)
    loss.refresh_from_db()
    assert loss.reached_on == lost_on + timedelta(30)


def test_rare_10_a_loss_ends_on_the_next_contact_that_stands(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    lost_on = lose(world, surveyed)
    attempt(world, surveyed, lost_on + timedelta(20), ContactResult.REACHED)
    wrong = ContactAttempt.objects.latest("pk")
    attempt(world, surveyed, lost_on + timedelta(40), ContactResult.REACHED)
    cancelled(world, wrong, client_of)
    surveyed.refresh_from_db()
    loss = LossToFollowUp.objects.get(participant=surveyed)
    assert surveyed.state == Track.SURVEILLANCE
    assert loss.reached_on == lost_on + timedelta(40)


def test_rare_10_an_attempt_in_vain_that_was_not_made_does_not_count(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    """The loss that rests on it is said to rest on too little; whoever died since is not lost by it."""
    lost_on = lose(world, surveyed)
    contacts = reverse("followup:contacts", args=[surveyed.number])
    assert "are not enough any more" not in client_of(world.coordinator).get(contacts).text
    cancelled(world, ContactAttempt.objects.earliest("pk"), client_of)
    assert "are not enough any more" in client_of(world.coordinator).get(contacts).text
    attempt(world, surveyed, lost_on + timedelta(20), ContactResult.REACHED)
    wrong = ContactAttempt.objects.latest("pk")
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(lost_on + timedelta(60))}
    with transaction.atomic():
        trials.move_track(participant=surveyed, to=Track.DEAD, on=lost_on + timedelta(50), **by)
    cancel_contact_attempt(attempt=wrong, reason="Another family.", **by)
    surveyed.refresh_from_db()
    assert surveyed.state == Track.DEAD
    with transaction.atomic():
        trials.end_death(participant=surveyed, **by)
    surveyed.refresh_from_db()
    assert (surveyed.state, surveyed.state_since) == (Track.LOST, lost_on)


def test_rare_10_whoever_is_lost_is_not_lost_once_more(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    lost_on = lose(world, surveyed)
    with pytest.raises(LostAlready) as refusal:
        record_lost(participant=surveyed, on=lost_on, by=world.coordinator, at=noon(lost_on))
    assert lost_on.isoformat() in str(refusal.value)
    page = client_of(world.coordinator).post(
        reverse("followup:lost", args=[surveyed.number]), {"on": "2026-11-20"}
    )
    assert page.status_code == 409
    assert LossToFollowUp.objects.filter(participant=surveyed).count() == 1


def test_rare_10_a_loss_recorded_by_mistake_is_cancelled(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    """Somebody was reached all the while: visits are as if nobody had said so, and the row keeps that it was said."""
    before = standing(surveyed)
    lose(world, surveyed)
    attempt(world, surveyed, DAY + timedelta(50), ContactResult.REACHED)
    surveyed.refresh_from_db()
    assert surveyed.state == Track.LOST
    loss = LossToFollowUp.objects.get(participant=surveyed)
    url = reverse("followup:cancel-loss", args=[surveyed.number, loss.pk])
    client = client_of(world.coordinator)
    participant_page = surveyed.get_absolute_url()
    shown_first = client.get(participant_page).content.decode()
    assert url in shown_first
    assert "Lost to follow-up since" in shown_first
    contacts = client.get(reverse("followup:contacts", args=[surveyed.number])).content.decode()
    assert url in contacts
    assert "may be recorded as lost" not in contacts

    shown = client.post(url, {"reason": "Reached in January."})
    assert shown.status_code == 200
    told = {"reason": "Reached in January.", "confirmed": shown.context["form"].confirmation}
    assert client.post(url, told).status_code == 302
    surveyed.refresh_from_db()
    loss.refresh_from_db()
    assert (surveyed.state, surveyed.state_since) == (Track.SURVEILLANCE, date(2025, 4, 1))
    assert loss.cancelled_at
    assert standing(surveyed).keys() == before.keys()
    assert client.get(url).status_code == 404
    with pytest.raises(LossCancelled):
        cancel_loss(loss=loss, reason="Again.", by=world.coordinator, at=noon(DAY))
    assert "Lost to follow-up since" not in client.get(participant_page).content.decode()


def test_rare_10_a_loss_is_cancelled_of_somebody_who_died_before_it(
    world: World, surveyed: Participant
) -> None:
    """The death stands; once it is taken back nobody is lost either."""
    lost_on = lose(world, surveyed)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(lost_on)}
    with transaction.atomic():
        trials.move_track(participant=surveyed, to=Track.DEAD, on=lost_on - timedelta(20), **by)
    cancel_loss(loss=LossToFollowUp.objects.get(participant=surveyed), reason="Dead by then.", **by)
    surveyed.refresh_from_db()
    assert surveyed.state == Track.DEAD
    with transaction.atomic():
        trials.end_death(participant=surveyed, **by)
    surveyed.refresh_from_db()
    assert surveyed.state == Track.SURVEILLANCE


def test_rare_10_nobody_is_called_who_refused_every_contact(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    leave(world, surveyed)
    surveyed.refresh_from_db()
    with pytest.raises(ContactRefused):
        attempt(world, surveyed, DAY, ContactResult.REACHED)
    page = client_of(world.coordinator).get(reverse("followup:contacts", args=[surveyed.number]))
    assert "nobody may try to reach them" in page.text
    assert "A new attempt" not in page.text


def test_rare_10_an_attempt_of_before_the_withdrawal_can_be_entered_after_it(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    leave(world, surveyed)
    address, before = reverse("followup:contacts", args=[surveyed.number]), DAY - timedelta(days=1)
    typed = {"route": ContactRoute.PHONE, "result": ContactResult.NO_ANSWER, "note": ""}
    late = client_of(world.coordinator).post(address, typed | {"on": DAY.isoformat()})
    assert late.status_code == 409
    done = client_of(world.coordinator).post(address, typed | {"on": before.isoformat()}, follow=True)
    assert "The attempt is on record." in done.text
    assert [each.on for each in ContactAttempt.objects.filter(participant=surveyed)] == [before]


def test_rare_10_a_withdrawal_before_days_on_which_they_were_met_says_so(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    attempt(world, surveyed, DAY, ContactResult.REACHED)
    url, answers = reverse("followup:withdraw", args=[surveyed.number]), {"all_contact": "on", "reason": ""}
    page = client_of(world.coordinator).post(url, answers | {"on": (DAY - timedelta(days=2)).isoformat()})
    assert f"still seen or reached: {written(DAY)}." in page.text
    same = client_of(world.coordinator).post(url, answers | {"on": DAY.isoformat()})
    assert "Not recorded yet" in same.text
    assert "still seen or reached" not in same.text


def test_rare_10_what_follows_is_shown_before_it_is_done(
    world: World, surveyed: Participant, client_of: Any
) -> None:
    browser = client_of(world.coordinator)
    url = reverse("followup:withdraw", args=[surveyed.number])
    answers = {"on": "2026-11-20", "all_contact": "on", "reason": ""}
    shown = browser.post(url, answers)
    words = shown.content.decode()
    assert "Not recorded yet" in words
    assert "SWEEP-24" in words
    assert not Withdrawal.objects.filter(participant=surveyed).exists()
    confirmed = shown.context["form"].confirmation
    other = browser.post(url, answers | {"confirmed": confirmed, "quality_of_life": "on"})
    assert "Not recorded yet" in other.content.decode()
    done = browser.post(url, answers | {"confirmed": confirmed})
    assert done.status_code == 302
    page = browser.get(done["Location"]).content.decode()
    assert "Withdrew on 20 Nov 2026 from: all contact." in page
    withdrawal = Withdrawal.objects.get(participant=surveyed)
    for name, fields in (
        ("correct-withdrawal", {"on": "2026-11-19", "all_contact": "on", "reason": "The day before."}),
        ("cancel-withdrawal", {"reason": "Recorded for somebody else."}),
    ):
        address = reverse(f"followup:{name}", args=[surveyed.number, withdrawal.pk])
        assert address in page
        asked = browser.post(address, fields)
        assert asked.status_code == 200, asked.content.decode()[-3000:]
        confirmed = asked.context["form"].confirmation
        assert browser.post(address, fields | {"confirmed": confirmed}).status_code == 302
    surveyed.refresh_from_db()
    assert surveyed.state == Track.SURVEILLANCE
    assert "Withdrew on" not in browser.get(done["Location"]).content.decode()
