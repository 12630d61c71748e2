"""A data cut asks for the vital status of whoever was not met near it (protocol 2.2, SWEEP)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import User
from audit.models import Act
from followup.cuts import progress_of_cuts
from followup.history import days_met
from followup.models import DataCut, Visit, VisitState
from followup.services import (
    announce_data_cut,
    cancel_data_cut,
    move_data_cut,
    plan_data_cuts,
    record_contact_attempt,
    record_visit,
    update_visit_states,
    withdraw_participant,
)
from followup.services.cuts import CutAnnounced, CutCancelled, CutOver, CutTooEarly
from followup.services.rolling import met_near
from notices.services.reminders import remind_site
from reports.worklist.visits import visit_sections
from tests.integration.followup.conftest import noon
from tests.integration.followup.test_pages import client_of
from tests.world import World, screen
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("2.2",)

pytestmark = pytest.mark.django_db
__all__ = ["client_of"]

Make = Callable[..., Participant]
DAY = date(2026, 11, 20)
CUT = date(2027, 3, 31)


def announced(world: World, on: date = CUT) -> DataCut:
    cut = announce_data_cut(on=on, purpose="Interim report", by=world.data_manager, at=noon(DAY))
    for site in (world.site, world.other_site):
        assert plan_data_cuts(site=site, at=noon(DAY)) == 1
    return cut


def sweep_of(participant: Participant) -> Visit | None:
    found: Visit | None = Visit.objects.filter(participant=participant, code="SWEEP-C1").first()
    return found


def test_everybody_who_lives_is_asked_for_around_the_day(world: World, randomized: Make) -> None:
    one, elsewhere, gone = randomized(), randomized("2", world.other_site), randomized()
    withdraw_participant(participant=gone, on=DAY, all_contact=True, by=world.coordinator, at=noon(DAY))
    announced(world)
    for participant in (one, elsewhere):
        sweep = sweep_of(participant)
        assert sweep is not None
        assert (sweep.opens, sweep.target, sweep.closes) == (
            date(2027, 3, 17),
            CUT,
            date(2027, 4, 14),
        )
        assert (sweep.forms, sweep.reason, sweep.state) == (["SURV"], "DATA_CUT", VisitState.PLANNED)
    assert sweep_of(gone) is None
    assert plan_data_cuts(site=world.site, at=noon(DAY)) == 0


def test_who_was_seen_or_reached_is_not_asked_for(world: World, randomized: Make, visit_of: Any) -> None:
    seen, reached, neither, before = randomized(), randomized(), randomized(), randomized()
    announced(world)
    day = CUT - timedelta(days=90)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(day)}
    record_visit(visit=visit_of(seen, "N1"), took_place_on=day, **by)
    record_contact_attempt(participant=reached, on=day, route="phone", result="reached", **by)
    record_contact_attempt(participant=neither, on=day, route="phone", result="no_answer", **by)
    earlier = day - timedelta(1)
    record_contact_attempt(participant=before, on=earlier, route="phone", result="reached", **by)
    states = {name: sweep_of(each).state for name, each in vars_of(seen, reached, neither, before)}  # type: ignore[union-attr]
    assert states == {
        "seen": VisitState.CANCELLED,
        "reached": VisitState.CANCELLED,
        "neither": VisitState.PLANNED,
        "before": VisitState.PLANNED,
    }


def test_an_answered_sweep_is_no_contact_near_the_next_cut(
    world: World, randomized: Make, visit_of: Any
) -> None:
    """X064: a register may have answered it, or nobody may have known."""
    asked, reached = randomized(), randomized()
    announced(world)
    on = CUT - timedelta(14)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(CUT)}
    for participant in (asked, reached):
        record_visit(visit=visit_of(participant, "SWEEP-C1"), took_place_on=on, **by)
    record_contact_attempt(participant=reached, on=on, route="phone", result="reached", **by)
    announced(world, CUT + timedelta(40))
    assert days_met([asked.pk, reached.pk], on, CUT) == {reached.pk: [(on, None)]}
    assert states_of(asked) == {"SWEEP-C1": VisitState.DONE, "SWEEP-C2": VisitState.PLANNED}
    sweep = visit_of(asked, "SWEEP-C2")
    assert met_near([sweep]) == {}
    record_contact_attempt(participant=asked, on=CUT, route="phone", result="reached", **by)
    assert met_near([sweep]) == {sweep.pk: CUT}


def vars_of(*people: Participant) -> list[tuple[str, Participant]]:
    return list(zip(("seen", "reached", "neither", "before"), people, strict=True))


def test_the_site_is_reminded_and_the_progress_is_counted(
    world: World, randomized: Make, visit_of: Any
) -> None:
    participant = randomized()
    announced(world)
    opens = CUT - timedelta(14)
    update_visit_states(site=world.site, on=opens, at=noon(opens))
    remind_site(site=world.site, on=opens, at=noon(opens))
    sweep = visit_of(participant, "SWEEP-C1")
    assert set(sweep.reminders.values_list("kind", "to__username")) == {("vital", "coordinator")}
    assert [
        (each.asked, each.known, each.waiting) for each in progress_of_cuts(world.data_manager, at=noon(DAY))
    ] == [(1, 0, 1)]
    # and nobody answers: it is overdue, for as long as no later cut asks anew (X064)
    for late in (sweep.closes + timedelta(1), CUT + timedelta(days=183)):
        update_visit_states(site=world.site, on=late, at=noon(late))
        assert sweep.get_absolute_url() in overdue_of(world.coordinator, late)
        assert overdue_of(world.stranger, late) == []
    sweep.refresh_from_db()
    record_visit(visit=sweep, took_place_on=opens, by=world.coordinator, at=noon(opens))
    assert [(each.asked, each.known) for each in progress_of_cuts(world.data_manager, at=noon(DAY))] == [
        (1, 1)
    ]
    assert progress_of_cuts(world.stranger, at=noon(DAY))[0].asked == 0


def overdue_of(user: User, on: date) -> list[str]:
    """Where the overdue visits of a person's work list lead on that day."""
    return [item.href for item in visit_sections(user, on)[0].items if item.state == "overdue"]


def test_who_is_lost_is_asked_for_and_who_is_dead_or_not_randomized_is_not(
    world: World, randomized: Make
) -> None:
    lost, dead, screened = randomized(), randomized(), screen(world)
    for each, track in ((lost, "LOST"), (dead, "DEAD")):
        trials.move_track(participant=each, to=track, on=DAY, by=world.coordinator, at=noon(DAY))
    announced(world)
    assert sweep_of(lost) is not None
    assert sweep_of(dead) is None
    assert sweep_of(screened) is None


def test_who_is_randomized_afterwards_is_asked_for_too(world: World, randomized: Make) -> None:
    announced(world)
    assert sweep_of(randomized()) is not None


def test_a_day_is_announced_once_and_in_time(world: World, everywhere: None) -> None:
    announced(world)
    with pytest.raises(CutAnnounced):
        announce_data_cut(on=CUT, purpose="Again", by=world.data_manager, at=noon(DAY))
    with pytest.raises(CutTooEarly):
        announce_data_cut(on=DAY - timedelta(15), purpose="Late", by=world.data_manager, at=noon(DAY))


def test_a_cut_is_announced_without_a_broker_too(
    world: World,
    everywhere: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """The next roll takes it up; what was announced is on record, and the page says so."""

    def away() -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("followup.tasks.roll.delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        announce_data_cut(on=CUT, purpose="Interim report", by=world.data_manager, at=noon(DAY))
    assert plan_data_cuts(site=world.site, at=noon(DAY)) == 1


def test_the_page_announces_and_only_for_those_who_may(world: World, client_of: Any, settings: Any) -> None:
    manager = client_of(world.trial_manager)
    later = (noon(DAY) + timedelta(days=100)).date()
    typed = {"on": later.isoformat(), "purpose": "Interim report"}
    coordinator = client_of(world.coordinator)
    assert "Announce the data cut" not in coordinator.get("/visits/data-cuts/").text
    refused = coordinator.post("/visits/data-cuts/", typed)
    assert refused.status_code == 403
    assert "Your role does not include this" in refused.text
    assert not DataCut.objects.exists()
    assert manager.post("/visits/data-cuts/", typed).status_code == 302
    page = manager.get("/visits/data-cuts/")
    assert "Interim report" in page.text
    again = manager.post("/visits/data-cuts/", typed)
    assert again.status_code == 409
    assert "announced already" in again.text


LATER = date(2027, 6, 30)


def taken_up(world: World) -> list[int]:
    return [plan_data_cuts(site=site, at=noon(DAY)) for site in (world.site, world.other_site)]


def states_of(participant: Participant) -> dict[str, str]:
    sweeps = Visit.objects.filter(participant=participant, code__startswith="SWEEP-C")
    return dict(sweeps.values_list("code", "state"))


def test_rare_12_a_cancelled_data_cut_asks_nobody_any_more(
    world: World, randomized: Make, visit_of: Any
) -> None:
    asked, answered, elsewhere = randomized(), randomized(), randomized("2", world.other_site)
    cut = announced(world)
    opens = CUT - timedelta(14)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(opens)}
    record_visit(visit=visit_of(answered, "SWEEP-C1"), took_place_on=opens, **by)
    cancel_data_cut(cut=cut, reason="No meeting.", by=world.data_manager, at=noon(DAY))
    assert taken_up(world) == [1, 1]
    assert taken_up(world) == [0, 0]
    assert states_of(asked) == states_of(elsewhere) == {"SWEEP-C1": VisitState.CANCELLED}
    assert states_of(answered) == {"SWEEP-C1": VisitState.DONE}
    later = randomized()
    assert states_of(later) == {}
    act = Act.objects.get(verb="followup:datacut:cancel")
    assert (act.reason, act.by) == ("No meeting.", world.data_manager)
    with pytest.raises(CutCancelled):
        cancel_data_cut(cut=cut, reason="Again.", by=world.data_manager, at=noon(DAY))
    with pytest.raises(CutCancelled):
        move_data_cut(cut=cut, on=LATER, reason="Again.", by=world.data_manager, at=noon(DAY))


def test_rare_12_a_data_cut_cancelled_before_a_site_knew_it_leaves_no_sweep(
    world: World, randomized: Make
) -> None:
    """What planning for another reason took up meanwhile goes as well."""
    cut = announce_data_cut(on=CUT, purpose="Interim report", by=world.data_manager, at=noon(DAY))
    one = randomized()
    assert states_of(one) == {"SWEEP-C1": VisitState.PLANNED}
    cancel_data_cut(cut=cut, reason="No meeting.", by=world.data_manager, at=noon(DAY))
    assert taken_up(world) == [1, 1]
    assert states_of(one) == {"SWEEP-C1": VisitState.CANCELLED}


def test_rare_12_a_moved_data_cut_asks_anew_whom_nobody_met_near_the_new_day(
    world: World, randomized: Make, visit_of: Any
) -> None:
    asked, answered, near = randomized(), randomized(), randomized()
    cut = announced(world)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(CUT)}
    early, late = CUT - timedelta(14), LATER - timedelta(90)
    record_visit(visit=visit_of(answered, "SWEEP-C1"), took_place_on=early, **by)
    by["at"] = noon(late)
    record_contact_attempt(participant=near, on=late, route="phone", result="reached", **by)
    moved = move_data_cut(cut=cut, on=LATER, reason="Committee later.", by=world.data_manager, at=noon(DAY))
    assert taken_up(world) == [2, 2]
    assert states_of(asked) == {"SWEEP-C1": VisitState.CANCELLED, "SWEEP-C2": VisitState.PLANNED}
    assert states_of(answered) == {"SWEEP-C1": VisitState.DONE, "SWEEP-C2": VisitState.PLANNED}
    assert states_of(near) == {"SWEEP-C1": VisitState.CANCELLED}
    assert visit_of(asked, "SWEEP-C2").target == LATER
    cut.refresh_from_db()
    assert (cut.on, cut.moved_to, moved.purpose) == (CUT, moved, "Interim report")
    assert Act.objects.get(verb="followup:datacut:move").reason == "Committee later."


def test_rare_12_days_of_data_cuts_that_cannot_be_are_refused(world: World, everywhere: None) -> None:
    cut, by = announced(world), {"by": world.data_manager, "reason": "Later."}
    other = announce_data_cut(on=LATER, purpose="Report", by=world.data_manager, at=noon(DAY))
    for day in (CUT, LATER):
        with pytest.raises(CutAnnounced):
            move_data_cut(cut=cut, on=day, at=noon(DAY), **by)
    with pytest.raises(CutTooEarly):
        move_data_cut(cut=cut, on=DAY - timedelta(15), at=noon(DAY), **by)
    over = noon(CUT + timedelta(15))
    with pytest.raises(CutOver):
        cancel_data_cut(cut=cut, at=over, **by)
    with pytest.raises(CutOver):
        move_data_cut(cut=cut, on=LATER + timedelta(30), at=over, **by)
    cancel_data_cut(cut=other, at=noon(DAY), **by)
    assert move_data_cut(cut=cut, on=LATER, at=noon(DAY), **by).number == 3
    again = announce_data_cut(on=CUT, purpose="Report", by=world.data_manager, at=noon(DAY))
    assert again.number == 4


def test_rare_12_the_page_moves_and_cancels_and_says_why(world: World, client_of: Any) -> None:
    manager, coordinator = client_of(world.trial_manager), client_of(world.coordinator)
    first, second = (noon(DAY) + timedelta(days=100)).date(), (noon(DAY) + timedelta(days=150)).date()
    manager.post("/visits/data-cuts/", {"on": first.isoformat(), "purpose": "Interim report"})
    move = f"/visits/data-cuts/{DataCut.objects.get(number=1).pk}/move/"
    assert manager.get(move).status_code == 200
    assert coordinator.get(move).status_code == 403
    assert move not in coordinator.get("/visits/data-cuts/").text
    typed = {"on": second.isoformat(), "reason": "Committee later."}
    assert manager.post(move, {**typed, "reason": ""}).status_code == 422
    assert manager.post(move, typed).status_code == 302
    page = manager.get("/visits/data-cuts/").text
    assert "Committee later." in page
    assert move not in page
    cancel = f"/visits/data-cuts/{DataCut.objects.get(number=2).pk}/cancel/"
    assert manager.post(cancel, {"reason": "No meeting."}).status_code == 302
    assert "No meeting." in manager.get("/visits/data-cuts/").text
    assert manager.post(cancel, {"reason": "Again."}).status_code == 409
