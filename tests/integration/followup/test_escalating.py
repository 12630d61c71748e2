"""What waits too long is escalated, once a level, and only while it waits (protocol 2.6; architecture 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as post
from django.db import transaction

from accounts.models import Mail
from accounts.outbox import send_waiting
from accounts.permissions import Role
from accounts.services import change_person
from audit.acts import open_act
from crf.models import Query, QueryState
from followup.models import AlertKind, Escalation
from followup.services import record_visit, settle_todos, withdraw_participant
from followup.services.todos import Wanted
from notices.alerts import Alert, level_after
from notices.mail_kinds import MAIL_KINDS
from notices.services.escalations import escalate_site
from notices.services.preferences import choose_notifications
from notices.sources import alerts_at
from notices.sources.todos import todos
from tests.integration.followup.conftest import noon
from tests.world import OPENED_ON, World
from trials import services as trials
from trials.models import Delegation, Participant, Site

CHAPTERS = ("2.6",)

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]
DAY = date(2026, 11, 20)


def told(world: World, on: date, kind: str, at: datetime | None = None) -> set[tuple[int, str]]:
    """Stage and person of what is newly told of a kind on the day."""
    before = set(Escalation.objects.values_list("pk", flat=True))
    escalate_site(site=world.site, on=on, at=at or noon(on))
    rows = Escalation.objects.exclude(pk__in=before).filter(kind=kind).select_related("to")
    return {(row.stage, row.to.username) for row in rows}


def a_todo(participant: Participant, *, done: bool = False) -> None:
    wanted = [Wanted("REPEAT_BIOPSY", "CRE:1", DAY, DAY + timedelta(28), done=done)]
    settle_todos(participant=participant, wanted=wanted, by=None, at=noon(DAY))


def test_a_closed_account_is_told_nothing(world: World, randomized: Make) -> None:
    a_todo(randomized())
    change_person(user=world.investigator, by=world.trial_manager, at=noon(DAY), is_active=False)
    assert told(world, DAY, "todo") == {(0, "coordinator")}


def test_who_has_left_the_site_is_told_nothing(world: World, randomized: Make) -> None:
    a_todo(randomized())
    theirs = Delegation.objects.get(user=world.investigator, site=world.site)
    day = DAY - timedelta(1)
    trials.end_delegation(delegation=theirs, on=day, reason="Moved", by=world.trial_manager, at=noon(day))
    assert told(world, DAY, "todo") == {(0, "coordinator")}


def test_a_message_names_what_its_reader_was_to_know_and_nothing_that_came_later(
    world: World, randomized: Make
) -> None:
    first, second = randomized(), randomized()
    a_todo(first)
    escalate_site(site=world.site, on=DAY, at=noon(DAY))
    a_todo(second)
    send_waiting(MAIL_KINDS, at=noon(DAY))
    bodies = [each.body for each in post.outbox]
    assert len(bodies) == 2
    assert all(first.number in body and second.number not in body for body in bodies)


def test_a_to_do_is_told_when_it_opens_when_it_is_late_and_a_week_later(
    world: World, randomized: Make
) -> None:
    a_todo(randomized())
    found = {days: told(world, DAY + timedelta(days), "todo") for days in (0, 1, 28, 29, 30, 35, 36)}
    assert found == {
        0: {(0, "coordinator"), (0, "investigator")},
        1: set(),
        28: set(),
        29: {(1, "coordinator"), (1, "investigator")},
        30: set(),
        35: {(2, "investigator"), (2, "trial_manager")},
        36: set(),
    }
    assert not Escalation.objects.filter(to=world.stranger).exists()


def test_running_again_writes_nothing(world: World, randomized: Make) -> None:
    a_todo(randomized())
    assert escalate_site(site=world.site, on=DAY, at=noon(DAY)) == 2
    assert escalate_site(site=world.site, on=DAY, at=noon(DAY)) == 0
    assert escalate_site(site=world.site, on=DAY, at=noon(DAY) + timedelta(minutes=30)) == 0
    assert Mail.objects.filter(kind="followup:escalation").count() == 2


@pytest.mark.parametrize("ending", ["done", "withdrawn", "dead", "left"])
def test_what_is_settled_before_the_mail_leaves_is_not_sent(
    world: World, randomized: Make, ending: str
) -> None:
    participant = randomized()
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(DAY)}
    a_todo(participant)
    escalate_site(site=world.site, on=DAY, at=noon(DAY))
    if ending == "done":
        a_todo(participant, done=True)
    elif ending == "withdrawn":
        withdraw_participant(participant=participant, on=DAY, all_contact=True, **by)
    elif ending == "dead":
        participant = trials.move_track(participant=participant, to="DEAD", on=DAY, **by)
        a_todo(participant)
    else:
        for person in (world.coordinator, world.investigator):
            change_person(user=person, by=None, at=noon(DAY), is_active=False)
    result = send_waiting(MAIL_KINDS, at=noon(DAY))
    assert (result.sent, result.dropped) == (0, 2)
    assert post.outbox == []


def test_the_message_names_number_matter_and_day_and_nothing_else(world: World, randomized: Make) -> None:
    participant = randomized()
    a_todo(participant)
    escalate_site(site=world.site, on=DAY, at=noon(DAY))
    send_waiting(MAIL_KINDS, at=noon(DAY))
    message = next(each for each in post.outbox if each.to == ["coordinator@example.org"])
    assert message.subject == "01 Riverside Hospital: 1 matter needs attention"
    assert "To-dos" in message.body
    line = f"  {participant.number}  repeat biopsy by 18 Dec 2026 (biopsy uncertain or high-grade dysplasia)"
    assert line in message.body.splitlines()


def test_a_query_without_an_answer_climbs(world: World, randomized: Make) -> None:
    participant = randomized()
    with open_act("tests:query:raise", by=world.monitor, at=noon(DAY), participant=participant) as act:
        query = Query.objects.create(
            participant=participant, site=world.site, form_code="DM", opened_at=noon(DAY), act=act
        )
    found = {days: told(world, DAY + timedelta(days), "query") for days in (13, 14, 28, 56)}
    site = {"coordinator", "investigator"}
    assert found == {
        13: set(),
        14: {(0, name) for name in site},
        28: {(1, name) for name in site | {"data_manager"}},
        56: {(2, "investigator"), (2, "trial_manager")},
    }
    with open_act("tests:query:answer", by=world.coordinator, at=noon(DAY), participant=participant) as act:
        Query.objects.filter(pk=query.pk).update(state=QueryState.ANSWERED, act=act)
    assert told(world, DAY + timedelta(200), "query") == set()


def test_a_form_still_empty_after_its_visit_is_told(world: World, randomized: Make, visit_of: Any) -> None:
    participant = randomized()
    visit = visit_of(participant, "OS36")
    record_visit(
        visit=visit_of(participant, "SWEEP-06"), took_place_on=DAY, by=world.coordinator, at=noon(DAY)
    )
    assert visit.forms == ["SURV"]
    due = DAY + timedelta(2)
    assert told(world, due, "form") == set()
    assert told(world, due + timedelta(1), "form") == {(0, "coordinator")}
    assert told(world, due + timedelta(15), "form") == {
        (1, name) for name in ("coordinator", "investigator", "data_manager")
    }


def test_a_possible_deviation_that_nobody_settles_is_told(world: World, randomized: Make) -> None:
    participant = randomized()
    found = trials.propose_deviation(
        participant=participant, rule="DOSE", key="N2", detail="Dose reduced", by=None, at=noon(DAY)
    )
    assert told(world, DAY + timedelta(6), "deviation") == set()
    assert told(world, DAY + timedelta(7), "deviation") == {(0, "coordinator"), (0, "investigator")}
    with transaction.atomic():
        alerts = alerts_at(world.site, on=DAY + timedelta(7), at=noon(DAY + timedelta(7)))
        said = [each.text() for each in alerts if each.kind == AlertKind.DEVIATION]
    assert said == ["other, found on 20 Nov 2026"], "no name of a rule"
    assert told(world, DAY + timedelta(21), "deviation") == {(1, "investigator"), (1, "monitor")}
    assert found is not None
    trials.settle_deviation(
        proposal=found, deviation_no=1, reason="It was", by=world.investigator, at=noon(DAY)
    )
    assert told(world, DAY + timedelta(90), "deviation") == set()


def test_training_that_ends_is_told_to_the_person_and_the_trial_manager(
    world: World, everywhere: None
) -> None:
    ends = date(OPENED_ON.year + 3, OPENED_ON.month, OPENED_ON.day)
    people = {"coordinator", "investigator", "trial_manager"}
    found = {left: told(world, ends - timedelta(left), "training") for left in (61, 60, 31, 30, 7, 0, -1)}
    assert {left: {name for _stage, name in rows} for left, rows in found.items()} == {
        61: set(), 60: people, 31: set(), 30: people, 7: people, 0: set(), -1: people,
    }  # fmt: skip
    change_person(user=world.coordinator, by=None, at=noon(ends), trained_on=ends)
    rows = Escalation.objects.filter(kind="training", to=world.coordinator)
    count = rows.count()
    told(world, ends + timedelta(30), "training")
    assert rows.count() == count


@pytest.fixture
def urgent_level(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A source of one urgent alert, as the clocks of safety are."""
    level = {"now": 0}

    def a_clock(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
        yield Alert(
            kind=AlertKind.CLOCK,
            key="sae:1",
            day=on,
            text=lambda: "24 hours",
            level=level["now"],
            recipients=frozenset({Role.INVESTIGATOR}),
            urgent=True,
        )

    monkeypatch.setattr("notices.sources.SOURCES", (a_clock, todos))
    return level


def test_an_urgent_matter_is_told_at_any_hour(
    world: World, randomized: Make, urgent_level: dict[str, int]
) -> None:
    a_todo(randomized())
    midnight = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    assert told(world, date(2026, 11, 21), "clock", midnight) == {(0, "investigator")}
    assert told(world, date(2026, 11, 21), "todo", midnight) == set()
    urgent_level["now"] = 1
    assert told(world, date(2026, 11, 21), "clock", midnight + timedelta(hours=1)) == {(1, "investigator")}
    assert told(world, date(2026, 11, 21), "todo", noon(date(2026, 11, 21))) == {
        (0, "coordinator"),
        (0, "investigator"),
    }


def test_the_hour_that_a_person_chose_is_kept(world: World, randomized: Make) -> None:
    a_todo(randomized())
    choose_notifications(user=world.coordinator, from_hour=15, without=[], at=noon(DAY))
    assert told(world, DAY, "todo") == {(0, "investigator")}
    assert told(world, DAY, "todo", noon(DAY) + timedelta(hours=3)) == {(0, "coordinator")}


@pytest.mark.parametrize(("waited", "level"), [(0, None), (2, None), (3, 0), (6, 0), (7, 1), (400, 1)])
def test_levels(waited: int, level: int | None) -> None:
    assert level_after(waited, (3, 7)) == level
