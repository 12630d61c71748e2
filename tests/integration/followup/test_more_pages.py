"""The month, adherence, the private feed, what would move, loss, and the background tasks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.services import change_person
from followup import calendar
from followup.adherence import adherence_of
from followup.models import CalendarFeed, TaskRun, Visit, VisitState
from followup.monitor import SAID, watched_tasks
from followup.services import record_contact_attempt, record_lost, record_visit, update_visit_states
from followup.services.loss import NotYetLost
from followup.services.task_runs import note_run
from tests.clock import clock_time
from tests.integration.followup.conftest import noon
from tests.world import NOW, World
from trials.models import Participant

CHAPTERS = ("3.16", "6.7")

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]


@pytest.fixture
def coordinator(world: World) -> Client:
    client = Client()
    client.force_login(world.coordinator)
    return client


def test_the_month_shows_each_visit_on_its_day(randomized: Make, coordinator: Client) -> None:
    participant = randomized()
    page = coordinator.get("/visits/month/?month=2026-11-01")
    assert page.status_code == 200
    assert f"{participant.number} N1" in page.text
    assert participant.number not in coordinator.get("/visits/month/?month=2020-02-29").text
    assert coordinator.get("/visits/month/?month=nonsense").status_code == 200


def test_point_23_a_month_is_shown_as_asked_or_the_page_says_why_not(coordinator: Client) -> None:
    for asked in (
        "2025-09",
        "2025-9",
        "2025年9月",
        "２０２５－０９",
        "2025-09-17",
        "2025/9",
        "9/2025",
        "Sep 2025",
    ):
        page = coordinator.get("/visits/month/", {"month": asked})
        assert "<h1>September 2025</h1>" in page.text.replace("\n", ""), asked
        assert "is no day" not in page.text
    for asked in ("nonsense", "2025-13", "9-25", "2025-09-31"):
        page = coordinator.get("/visits/month/", {"month": asked}).text
        assert f"“{asked}” is no day and no month" in page
    assert "“2026-99-99” is no day" in coordinator.get("/visits/?from=2026-99-99").text
    assert "There is no site “99”" in coordinator.get("/visits/month/?site=99").text


def test_a_full_day_of_the_month_leads_to_its_week(
    randomized: Make, coordinator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "PER_DAY", 1)
    first, second = randomized(), randomized()
    on = Visit.objects.get(participant=first, code="N1").proposed_on
    assert on
    page = coordinator.get(f"/visits/month/?month={on:%Y-%m}-01").text
    assert f"{first.number} N1" in page
    assert f"{second.number} N1" not in page
    monday = on - timedelta(days=on.weekday())
    assert f"?show=week&amp;from={monday}" in page
    assert "and 1 more" in page


def test_adherence_counts_early_in_late_and_missed(
    world: World, randomized: Make, visit_of: Any, coordinator: Client
) -> None:
    days = {"early": date(2026, 11, 9), "in": date(2026, 11, 24), "late": date(2026, 11, 25)}
    for day in days.values():
        visit = visit_of(randomized(), "N1")
        record_visit(visit=visit, took_place_on=day, by=world.coordinator, at=noon(date(2026, 12, 1)))
    randomized()
    update_visit_states(site=world.site, on=date(2026, 11, 25), at=noon(date(2026, 11, 25)))
    kept = {row.label: row for row in adherence_of(Visit.objects.all()).by_visit}["N1"]
    assert (kept.early, kept.inside, kept.late, kept.overdue, kept.percent_inside) == (1, 1, 1, 1, 25)
    whole = adherence_of(Visit.objects.all())
    assert [(row.label, row.asked) for row in whole.by_site] == [("01", sum(r.asked for r in whole.by_visit))]
    assert adherence_of(Visit.objects.all(), site="02").by_visit == []
    page = coordinator.get("/visits/adherence/")
    assert "25 %" in page.text


def address_in(page: Any) -> str:
    found = re.search(r'value="(http://[^"]+\.ics)"', page.text)
    assert found
    return found[1].removeprefix("http://testserver")


def test_a_feed_shows_numbers_until_it_is_revoked(
    world: World, randomized: Make, coordinator: Client
) -> None:
    mine, theirs = randomized(), randomized(site=world.other_site)
    page = coordinator.post("/visits/feed/make/", follow=True)
    address = address_in(page)
    assert address not in coordinator.get("/visits/feed/").text, "shown once"
    answer = Client().get(address)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert f"SUMMARY:{mine.number} N1" in answer.text
    assert theirs.number not in answer.text
    coordinator.post("/visits/feed/revoke/")
    assert Client().get(address).status_code == 404


def test_a_new_address_ends_the_old_one(coordinator: Client) -> None:
    first = address_in(coordinator.post("/visits/feed/make/", follow=True))
    second = address_in(coordinator.post("/visits/feed/make/", follow=True))
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 1
    token = second.rsplit("/", 1)[1].removesuffix(".ics")
    assert not CalendarFeed.objects.filter(digest=token).exists(), "the token itself is kept nowhere"


def test_a_closed_account_reads_no_feed(world: World, coordinator: Client) -> None:
    address = address_in(coordinator.post("/visits/feed/make/", follow=True))
    change_person(user=world.coordinator, by=None, at=NOW, is_active=False)
    assert Client().get(address).status_code == 404


def test_what_would_move_is_shown_and_not_written(randomized: Make, coordinator: Client) -> None:
    participant = randomized()
    before = list(Visit.objects.filter(participant=participant).values_list("code", "opens", "state"))
    path = f"/participants/{participant.number}/plan/"
    assert coordinator.get(path).status_code == 200
    page = coordinator.get(path, {"milestone": "NEO_D1", "on": "2026-11-16"})
    assert "CRE-1" not in page.text.split("The visits would change")[0]
    assert "N2" in page.text
    assert "21 Nov 2026" in page.text
    assert before == list(Visit.objects.filter(participant=participant).values_list("code", "opens", "state"))
    assert coordinator.get(path, {"milestone": "WRONG"}).status_code == 422


def test_nobody_is_lost_before_enough_was_tried(world: World, randomized: Make, visit_of: Any) -> None:
    participant = randomized()
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(date(2027, 3, 1))}
    for on, route in (
        (date(2027, 1, 1), "phone"),
        (date(2027, 1, 20), "letter"),
        (date(2027, 3, 1), "phone"),
    ):
        with pytest.raises(NotYetLost, match="keep trying"):
            record_lost(participant=participant, on=date(2027, 3, 1), **by)
        record_contact_attempt(participant=participant, on=on, route=route, result="no_answer", **by)
    with pytest.raises(NotYetLost):
        record_lost(participant=participant, on=date(2027, 3, 1), **by)
    late = {"by": world.coordinator, "at": noon(date(2027, 3, 2))}
    record_contact_attempt(
        participant=participant, on=date(2027, 3, 2), route="doctor", result="no_answer", **late
    )
    lost = record_lost(participant=participant, on=date(2027, 3, 2), **late)
    assert lost.state == "LOST"
    waiting = {
        v.code for v in Visit.objects.filter(participant=participant).awaited() if v.opens > date(2027, 3, 2)
    }
    assert waiting
    assert all(code.startswith(("OS36", "SWEEP")) for code in waiting)


def test_the_loss_is_recorded_on_its_page(world: World, randomized: Make, coordinator: Client) -> None:
    participant = randomized()
    today = clock_time().date()
    page = coordinator.get(f"/participants/{participant.number}/lost/").text
    assert "at least 3 attempts in vain since they were last reached, on at least 2 different routes" in page
    assert f'href="/participants/{participant.number}/contacts/"' in page
    refused = coordinator.post(f"/participants/{participant.number}/lost/", {"on": today.isoformat()})
    assert refused.status_code == 409
    assert "did not count as lost" in refused.text


def test_the_monitor_counts_runs_retries_and_failures(world: World) -> None:
    for outcome, fault in (("done", ""), ("retried", "OperationalError"), ("failed", "KeyError")):
        note_run(
            task="tests:thing",
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=2),
            outcome=outcome,
            fault=fault,
        )
    run = TaskRun.objects.get()
    assert (run.runs, run.retries, run.failures, run.milliseconds) == (3, 1, 1, 2000)
    assert (run.fault, run.outcome) == ("KeyError", "failed")


def test_every_task_is_told_in_words() -> None:
    """A task's own name says little to who watches it."""
    from palace3.celery import app

    app.loader.import_default_modules()
    own = {name for name in app.tasks if not name.startswith(("celery.", "tests"))}
    assert own
    assert own <= set(SAID)


def test_the_trial_manager_sees_what_is_late(world: World) -> None:
    from django_celery_beat.models import CrontabSchedule, PeriodicTask

    hourly = CrontabSchedule.objects.create(minute="5", timezone="UTC")
    PeriodicTask.objects.create(name="hourly", task="tests:hourly", crontab=hourly)
    PeriodicTask.objects.create(name="never", task="tests:never", crontab=hourly)
    note_run(task="tests:hourly", started_at=NOW, ended_at=NOW, outcome="done")
    watched = {task.name: task for task in watched_tasks(at=NOW + timedelta(minutes=5))}
    assert (watched["tests:hourly"].state, watched["tests:hourly"].next_at) == (
        "done", NOW + timedelta(minutes=5),
    )  # fmt: skip
    assert watched_tasks(at=NOW + timedelta(hours=2))[0].state == "late"
    manager = Client()
    manager.force_login(world.trial_manager)
    page = manager.get("/tasks/")
    assert page.status_code == 200
    assert "tests:hourly" in page.text
    assert "tests:never" in page.text


def test_a_visit_of_the_past_is_kept_in_the_month(
    world: World, randomized: Make, visit_of: Any, coordinator: Client
) -> None:
    participant = randomized()
    record_visit(
        visit=visit_of(participant, "N1"), took_place_on=date(2026, 11, 12), by=world.coordinator,
        at=noon(date(2026, 11, 12)),
    )  # fmt: skip
    page = coordinator.get("/visits/month/?month=2026-11-01")
    assert "Took place" in page.text
    assert visit_of(participant, "N1").state == VisitState.DONE
