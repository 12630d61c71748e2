"""What is on record of a visit, from when on, and that a visit that moves is announced anew (issue point 2.17)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Mail
from accounts.outbox import send_waiting
from audit.acts import open_act
from audit.models import Act
from crf import catalogue
from crf.store.records import RandomizationFirst, record_key_of
from followup.models import Escalation, Reminder, Visit, VisitState
from followup.services import (
    add_unscheduled_visit,
    mark_not_done,
    plan_visits_for,
    record_visit,
    settle_todos,
    update_visit_states,
)
from followup.services.todos import Wanted
from followup.services.visits import ReasonForChangeNeeded, VisitCancelled, VisitNotOpenYet
from kernel.row_keys import row_key
from notices.mail_kinds import MAIL_KINDS
from notices.services.escalations import escalate_site
from notices.services.reminders import remind_site
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.exports.test_api import caller
from tests.integration.followup.conftest import noon
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models import DeviationProposal, Participant

CHAPTERS = ("2.1", "2.6")

pytestmark = pytest.mark.django_db
Make = Callable[..., Participant]
AFTER_RANDOMIZATION = [code for code, form in catalogue.forms().items() if not form.before_randomization]


def of(world: World, day: date = TODAY) -> dict[str, Any]:
    return {"by": world.coordinator, "at": noon(day)}


@pytest.mark.parametrize("code", AFTER_RANDOMIZATION)
def test_point_17_a_form_after_randomization_is_not_opened_before_it(
    world: World, everywhere: None, code: str
) -> None:
    person = screen(world)
    visit = add_unscheduled_visit(
        participant=person, took_place_on=TODAY, forms=[code], why="Asked for", **of(world)
    )
    where = f"?visit={row_key(visit)}"
    client, program = client_of(world.coordinator), caller(world.coordinator)
    pages = [form_url(person, code), form_url(person, code, "draft"), form_url(person, code, "derive")]
    answers = [client.get(pages[0] + where), *(client.post(page + where) for page in pages)]
    api = f"/api/v1/participants/{person.number}/answers/{code}/{where}"
    answers += [program.get(api), client.get(f"/participants/{person.number}/forms/{code}/all/")]
    for answer in answers:
        assert answer.status_code == 409, answer.request["PATH_INFO"]
        assert "randomize first" in answer.content.decode()
    with pytest.raises(RandomizationFirst, match="is not randomized yet"):
        record_key_of(participant=person, form=code, visit=visit)


def test_point_17_the_participant_page_offers_no_form_before_its_step(world: World, everywhere: None) -> None:
    person = screen(world)
    page = client_of(world.coordinator).get(person.get_absolute_url()).content.decode()
    offered = {code for code in catalogue.forms() if f"/forms/{code}/" in page}
    assert offered.isdisjoint(AFTER_RANDOMIZATION)
    assert offered >= {"ELIG", "STAGE", "DM"}
    asked = client_of(world.coordinator).get(f"/participants/{person.number}/visits/unscheduled/")
    assert not [code for code in AFTER_RANDOMIZATION if f'value="{code}"' in asked.content.decode()]


def test_point_17_a_visit_is_not_done_only_once_its_window_has_opened(
    world: World, randomized: Make, visit_of: Any
) -> None:
    person = randomized()
    last = visit_of(person, "OS36")
    with pytest.raises(VisitNotOpenYet, match=f"opens on {last.opens}"):
        mark_not_done(visit=last, why="refused", **of(world))
    page = client_of(world.coordinator).get(last.get_absolute_url()).content.decode()
    assert "not-done" not in page
    before = last.opens - timedelta(days=1)
    with pytest.raises(VisitNotOpenYet):
        mark_not_done(visit=last, why="refused", reason="Insisted", **of(world, before))
    assert mark_not_done(visit=last, why="refused", **of(world, last.opens)).state == VisitState.NOT_DONE


def test_point_17_a_visit_that_is_no_longer_planned_is_not_marked_either(
    world: World, randomized: Make, visit_of: Any
) -> None:
    person = randomized()
    with transaction.atomic():
        trials.set_milestone(participant=person, code="DEATH", on=TODAY, source="SURV", **of(world))
        trials.move_track(participant=person, to="DEAD", on=TODAY, **of(world))
        plan_visits_for(participant=person, **of(world))
    with pytest.raises(VisitCancelled):
        mark_not_done(visit=visit_of(person, "OS36"), why="ill", **of(world))


DONE = ("done", date(2026, 11, 16))
OTHER_DAY = ("done", date(2026, 11, 17))
ILL, REFUSED = ("not done", "ill"), ("not done", "refused")


def write(visit: Visit, what: tuple[str, Any], world: World, reason: str = "") -> Visit:
    if what[0] == "done":
        return record_visit(visit=visit, took_place_on=what[1], reason=reason, **of(world))
    return mark_not_done(visit=visit, why=what[1], reason=reason, **of(world))


@pytest.mark.parametrize("first", [DONE, ILL], ids=str)
@pytest.mark.parametrize("then", [DONE, OTHER_DAY, ILL, REFUSED], ids=str)
def test_point_17_any_change_of_what_is_on_record_asks_for_a_reason(
    world: World, randomized: Make, visit_of: Any, first: Any, then: Any
) -> None:
    visit = visit_of(randomized(), "N1")
    write(visit, first, world)
    if first == then:
        write(visit, then, world)  # the same once more is no change
        return
    for silent in ("", "   "):
        with pytest.raises(ReasonForChangeNeeded, match="Give a reason"):
            write(visit, then, world, silent)
    write(visit, then, world, "Read from the wrong line")
    verb = "record" if then[0] == "done" else "not_done"
    act = Act.objects.filter(verb=f"followup:visit:{verb}").latest("pk")
    assert act.reason == "Read from the wrong line"


@pytest.mark.parametrize("first", [DONE, ILL], ids=str)
@pytest.mark.parametrize("page", ["took-place", "not-done"])
def test_point_17_the_pages_ask_for_the_reason(
    world: World, randomized: Make, visit_of: Any, first: Any, page: str
) -> None:
    visit = visit_of(randomized(), "N1")
    write(visit, first, world)
    client, where = client_of(world.coordinator), f"{visit.get_absolute_url()}{page}/"
    assert 'name="reason"' in client.get(where).content.decode()
    sent = {"took_place_on": "2026-11-18", "why": "staff"}
    assert client.post(where, sent).status_code == 422
    assert client.post(where, {**sent, "reason": "Typed on the wrong visit"}).status_code == 302


def morning(world: World, day: date) -> None:
    update_visit_states(site=world.site, on=day, at=noon(day))
    remind_site(site=world.site, on=day, at=noon(day))


def announced(visit: Visit) -> set[tuple[str, str]]:
    rows = Reminder.objects.filter(visit=visit, opens=visit.opens, closes=visit.closes)
    return {(row.kind, row.to.username) for row in rows.select_related("to")}


def moved_to(person: Participant, world: World, started: date | None, on: date) -> None:
    with transaction.atomic():
        trials.set_milestone(participant=person, code="NEO_D1", on=started, source="TREAT", **of(world, on))
        plan_visits_for(participant=person, **of(world, on))


EVERYBODY = {
    ("open", "coordinator"),
    ("closing", "coordinator"),
    ("overdue", "coordinator"),
    ("overdue", "investigator"),
    ("escalated", "investigator"),
    ("escalated", "trial_manager"),
}


def test_point_17_a_visit_that_moves_after_its_reminder_is_announced_anew(
    world: World, randomized: Make, visit_of: Any
) -> None:
    person, start = randomized(), date(2026, 11, 16)
    moved_to(person, world, start, start)
    first = visit_of(person, "NE")
    for day in range(70):
        morning(world, start + timedelta(day))
    told = announced(first)
    assert told >= EVERYBODY - {("open", "coordinator"), ("closing", "coordinator")}
    later = start + timedelta(70)
    moved_to(person, world, later, later)
    again = visit_of(person, "NE")
    assert (again.pk, again.opens) == (first.pk, first.opens + timedelta(70))
    for day in range(70):
        morning(world, later + timedelta(day))
    assert announced(again) == told, "every kind that called for the first window calls for the second"
    rows = list(Reminder.objects.values_list("visit", "kind", "to", "opens", "closes"))
    assert len(rows) == len(set(rows))
    missed = DeviationProposal.objects.filter(participant=person, rule="VISIT-MISSED", key__startswith="NE:")
    assert missed.count() == 2


def test_point_17_a_visit_that_was_dropped_and_is_wanted_again_is_announced_anew(
    world: World, randomized: Make, visit_of: Any
) -> None:
    person, start = randomized(), date(2026, 11, 16)
    moved_to(person, world, start, start)
    first = visit_of(person, "NE")
    morning(world, first.opens)
    told = announced(first)
    assert told
    moved_to(person, world, None, first.opens)
    dropped = Reminder.objects.filter(visit=first.pk)
    count = dropped.count()
    morning(world, first.opens + timedelta(1))
    assert (visit_of(person, "NE").state, dropped.count()) == (VisitState.CANCELLED, count)
    later = start + timedelta(40)
    moved_to(person, world, later, later)
    again = visit_of(person, "NE")
    assert (again.pk, again.opens) == (first.pk, first.opens + timedelta(40))
    morning(world, again.opens)
    assert announced(again) == told


def test_point_17_a_reminder_of_a_window_that_has_moved_is_not_sent(
    world: World, randomized: Make, visit_of: Any
) -> None:
    person, start = randomized(), date(2026, 11, 16)
    moved_to(person, world, start, start)
    day = visit_of(person, "NE").opens
    morning(world, day)
    kept = set(Mail.objects.values_list("pk", flat=True))
    moved_to(person, world, start + timedelta(60), day)
    sent_about = {mail.pk for mail in Mail.objects.filter(pk__in=kept) if " NE " in mail.body}
    assert sent_about
    send_waiting(MAIL_KINDS, at=noon(day))
    assert all(" NE " not in mail.body for mail in Mail.objects.filter(pk__in=kept, dropped_at=None))


def reminders_of(visit: Visit) -> int:
    return Reminder.objects.filter(visit=visit).count()


def test_point_17_an_old_reminder_counts_for_the_window_of_its_visit(
    world: World, randomized: Make, visit_of: Any
) -> None:
    person = randomized()
    visit = visit_of(person, "N1")
    morning(world, visit.opens)
    told = reminders_of(visit)
    with open_act("test:reminder:forget", by=None, at=NOW, site=world.site) as act:
        Reminder.objects.update(opens=None, closes=None, act=act)
    morning(world, visit.opens + timedelta(1))
    assert reminders_of(visit) == told == 1


def test_point_17_a_to_do_with_another_day_is_escalated_anew(world: World, randomized: Make) -> None:
    person = randomized()

    def asked(due: date) -> None:
        settle_todos(participant=person, wanted=[Wanted("REPEAT_BIOPSY", "CRE:1", TODAY, due)], **of(world))

    def stages(due: date) -> set[int]:
        for day in range(60):
            escalate_site(site=world.site, on=TODAY + timedelta(day), at=noon(TODAY + timedelta(day)))
        return set(Escalation.objects.filter(alert_day=due).values_list("stage", flat=True))

    due = TODAY + timedelta(7)
    asked(due)
    assert stages(due) == {0, 1, 2}
    asked(due + timedelta(30))
    assert stages(due + timedelta(30)) == {0, 1, 2}
    rows = list(Escalation.objects.values_list("kind", "key", "alert_day", "stage", "to"))
    assert len(rows) == len(set(rows))
