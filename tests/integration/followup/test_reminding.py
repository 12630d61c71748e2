"""Reminders: once for each visit, kind and person, and only while they are true (protocol 2.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as post

from accounts.models import Mail
from accounts.outbox import send_waiting
from accounts.services import change_person
from followup.models import Reminder, Visit, VisitState
from followup.services import (
    mark_not_done,
    plan_visits_for,
    record_contact_attempt,
    record_visit,
    update_visit_states,
)
from notices.mail_kinds import MAIL_KINDS
from notices.services.reminders import remind_site
from notices.tasks import is_time_for_digest
from tests.integration.followup.conftest import noon
from tests.world import World
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("2.2", "2.6")

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]
DAY = date(2026, 11, 20)


def morning(world: World, day: date) -> int:
    update_visit_states(site=world.site, on=day, at=noon(day))
    return remind_site(site=world.site, on=day, at=noon(day))


def reminded(participant: Participant) -> set[tuple[str, str, str]]:
    rows = Reminder.objects.filter(participant=participant).select_related("visit", "to")
    return {(row.visit.code, row.kind, row.to.username) for row in rows}


def test_reminders_escalate_from_the_coordinator_to_the_trial_manager(world: World, randomized: Make) -> None:
    participant = randomized()
    for day in range(60):
        morning(world, date(2026, 11, 10) + timedelta(day))
    of_n1 = {(kind, name) for code, kind, name in reminded(participant) if code == "N1"}
    assert of_n1 == {
        ("open", "coordinator"),
        ("closing", "coordinator"),
        ("overdue", "coordinator"),
        ("overdue", "investigator"),
        ("escalated", "investigator"),
        ("escalated", "trial_manager"),
    }


def test_one_row_for_each_visit_kind_and_person_however_often_it_runs(world: World, randomized: Make) -> None:
    randomized()
    for _again in range(3):
        for day in (20, 21, 22):
            morning(world, date(2026, 11, day))
    rows = list(Reminder.objects.values_list("visit", "kind", "to"))
    assert len(rows) == len(set(rows))
    assert Mail.objects.filter(created_at=noon(date(2026, 11, 21))).count() == 0


def test_the_digest_names_numbers_and_windows_in_the_language_of_its_reader(
    world: World, randomized: Make
) -> None:
    change_person(user=world.coordinator, by=None, at=noon(DAY), language="zh-hans")
    participant = randomized()
    morning(world, DAY)
    mail = Mail.objects.get(to=world.coordinator)
    assert participant.number in mail.body
    assert "2026-11-24" in mail.body
    assert "河畔医院" in mail.subject
    assert not {"{", "}", "%("} & set(mail.body.split())


def test_the_digest_is_sent_once(world: World, randomized: Make) -> None:
    randomized()
    written = morning(world, DAY)
    assert send_waiting(MAIL_KINDS, at=noon(DAY)).sent == written
    assert send_waiting(MAIL_KINDS, at=noon(DAY)).sent == 0
    assert len(post.outbox) == written
    assert all(message.extra_headers["Message-ID"] for message in post.outbox)


@pytest.mark.parametrize("ending", ["done", "not done", "withdrawn", "dead", "left"])
def test_what_is_settled_before_the_mail_leaves_is_not_sent(
    world: World, randomized: Make, visit_of: Any, ending: str
) -> None:
    participant = randomized()
    morning(world, DAY)
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(DAY)}
    for visit in Visit.objects.filter(participant=participant).open_on(DAY):
        if ending == "done":
            record_visit(visit=visit, took_place_on=DAY, **by)
        elif ending == "not done":
            mark_not_done(visit=visit, why="ill", **by)
    if ending == "withdrawn":
        trials.record_withdrawal(participant=participant, on=DAY, all_contact=True, **by)
    elif ending == "dead":
        trials.set_milestone(participant=participant, code="DEATH", on=DAY, source="SURV", **by)
        trials.move_track(participant=participant, to="DEAD", on=DAY, **by)
        plan_visits_for(participant=participant, **by)
    elif ending == "left":
        change_person(user=world.coordinator, by=None, at=noon(DAY), is_active=False)
        change_person(user=world.investigator, by=None, at=noon(DAY), is_active=False)
    result = send_waiting(MAIL_KINDS, at=noon(DAY))
    assert (result.sent, len(post.outbox)) == (0, 0)
    assert result.dropped == Mail.objects.exclude(dropped_at=None).count() > 0
    assert send_waiting(MAIL_KINDS, at=noon(DAY)).dropped == 0


def test_only_what_is_still_open_is_named(world: World, randomized: Make, visit_of: Any) -> None:
    settled, waiting = randomized(), randomized()
    morning(world, DAY)
    for visit in Visit.objects.filter(participant=settled).open_on(DAY):
        record_visit(visit=visit, took_place_on=DAY, by=world.coordinator, at=noon(DAY))
    send_waiting(MAIL_KINDS, at=noon(DAY))
    assert waiting.number in post.outbox[0].body
    assert settled.number not in post.outbox[0].body


def test_a_sweep_is_asked_for_only_without_a_contact(world: World, randomized: Make, visit_of: Any) -> None:
    reached, silent = randomized(), randomized()
    sweep = visit_of(reached, "SWEEP-06")
    on = sweep.opens
    attempt = {"participant": reached, "on": on, "route": "phone", "result": "reached"}
    record_contact_attempt(**attempt, by=world.coordinator, at=noon(on))
    morning(world, on)
    assert ("SWEEP-06", "vital", "coordinator") in reminded(silent)
    assert not any(code == "SWEEP-06" for code, _kind, _to in reminded(reached))


def test_month_36_is_asked_for_never_early(world: World, randomized: Make, visit_of: Any) -> None:
    participant = randomized()
    month36 = visit_of(participant, "OS36")
    morning(world, month36.opens - timedelta(1))
    assert "OS36" not in {code for code, _kind, _to in reminded(participant)}
    morning(world, month36.opens)
    assert ("OS36", "vital", "coordinator") in reminded(participant)


def test_who_has_no_address_is_shown_as_such(world: World, randomized: Make) -> None:
    change_person(user=world.coordinator, by=None, at=noon(DAY), email="")
    randomized()
    morning(world, DAY)
    rows = Reminder.objects.filter(to=world.coordinator)
    assert rows.exists()
    assert not rows.exclude(mail=None).exists()


def test_a_quiet_morning_writes_nothing(world: World, randomized: Make) -> None:
    assert morning(world, DAY) == 0
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("utc", "due"), [((22, 0), True), ((21, 59), False), ((15, 59), True), ((16, 0), False)]
)
def test_digests_are_written_from_six_in_the_morning_to_midnight_at_the_site(
    world: World, utc: tuple[int, int], due: bool
) -> None:
    assert is_time_for_digest(datetime(2026, 11, 20, *utc, tzinfo=UTC), world.site) is due


def test_states_are_known_to_every_kind(world: World) -> None:
    from followup.models import ReminderKind
    from notices.digest_text import WANTED_STATES

    assert set(WANTED_STATES) == set(ReminderKind)
    assert all(VisitState.DONE not in states for states in WANTED_STATES.values())
