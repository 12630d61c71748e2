"""Forms of visits that took place and are not complete stand on a page of whoever reads answers (protocol 2.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from crf.models import ExpectedForm
from followup.models import AlertKind, Visit, VisitState
from followup.services import mark_not_done, record_visit
from notices.sources import alerts_at
from reports.matrix import forms_of_visit
from reports.unfinished_forms import lines_of
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, visit
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import survival
from tests.world import World
from trials.models import Participant, Site

CHAPTERS = ("2.2", "2.6")
__all__ = ["everything", "person", "save"]  # fixtures

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 9)
PAGE = "/forms-to-fill-in/"


@pytest.fixture
def seen(person: Participant) -> Visit:
    """A sweep that took place, whose survival form is empty."""
    randomized(person)
    sweep = visit(person, "SWEEP-06")
    record_visit(visit=sweep, took_place_on=ON, **SYSTEM)
    return Visit.objects.select_related("participant").get(pk=sweep.pk)


def owed(on: date = ON) -> list[tuple[str, str, str, int]]:
    rows = ExpectedForm.objects.unfilled().select_related("participant", "visit").order_by("due_on", "pk")
    return [
        (line.expected.visit_code, line.code, line.state, line.days_late)
        for line in lines_of(rows, today=on)
        if line.expected.visit_code == "SWEEP-06"
    ]


def test_point_08_an_empty_form_of_a_visit_is_due_then_overdue_until_it_is_complete(
    seen: Visit, save: Save
) -> None:
    assert owed() == [("SWEEP-06", "SURV", "due", 0)]
    assert owed(ON + timedelta(days=2)) == [("SWEEP-06", "SURV", "due", 0)]
    assert owed(ON + timedelta(days=3)) == [("SWEEP-06", "SURV", "overdue", 1)]
    assert owed(ON + timedelta(days=400)) == [("SWEEP-06", "SURV", "overdue", 398)]
    save(seen.participant, "SURV", visit=seen, values={"status_dt": ON})
    assert owed() == [("SWEEP-06", "SURV", "in_progress", 0)]
    assert owed(ON + timedelta(days=3)) == [("SWEEP-06", "SURV", "overdue", 1)]
    values = {**survival.VALUES, "status_dt": ON}
    save(seen.participant, "SURV", visit=seen, values=values)
    assert owed() == []


def test_d1_a_visit_that_did_not_take_place_owes_nothing(person: Participant) -> None:
    randomized(person)
    sweep = visit(person, "SWEEP-06")
    assert owed() == [], sweep.state
    mark_not_done(visit=sweep, why="elsewhere", by=None, at=datetime(2027, 3, 1, 8, tzinfo=UTC))
    assert Visit.objects.get(pk=sweep.pk).state == VisitState.NOT_DONE
    assert owed() == []


def test_point_08_the_badge_of_a_form_is_overdue_after_its_day(seen: Visit) -> None:
    def shown(on: date) -> dict[str, Any]:
        return {form.code: cell.state for form, cell in forms_of_visit(seen, today=on)}

    assert shown(ON + timedelta(days=2))["SURV"] == "due"
    assert shown(ON + timedelta(days=3))["SURV"] == "overdue"


def told(site: Site, on: date) -> list[tuple[str, int, set[str]]]:
    at = datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    with transaction.atomic():
        alerts = [each for each in alerts_at(site, on=on, at=at) if each.kind == AlertKind.FORM]
        return [(each.text(), each.level, {str(role) for role in each.recipients}) for each in alerts]


def test_point_08_an_overdue_form_is_told_at_the_site_and_later_to_the_data_managers(
    world: World, seen: Visit
) -> None:
    due = ON + timedelta(days=2)
    assert told(world.site, due) == []
    words = "form SURV SWEEP-06, due on 11 Nov 2026"
    assert told(world.site, due + timedelta(days=1)) == [(words, 0, {"coordinator"})]
    assert told(world.site, due + timedelta(days=14))[0][1] == 0
    assert told(world.site, due + timedelta(days=15)) == [
        (words, 1, {"coordinator", "investigator", "data_manager"})
    ]


def test_point_08_it_stands_on_the_work_lists_and_in_a_report(
    world: World, seen: Visit, time_machine: Any
) -> None:
    number, section = seen.participant.number, "SWEEP-06 · SURV · Survival status"
    time_machine.move_to(datetime(2026, 11, 10, 4, tzinfo=UTC), tick=False)
    assert section in client_of(world.coordinator).get("/work-list/").text
    assert section not in client_of(world.data_manager).get("/work-list/").text, "it is not overdue yet"
    time_machine.move_to(datetime(2026, 11, 20, 4, tzinfo=UTC), tick=False)
    for reader in (world.coordinator, world.investigator, world.data_manager):
        page = client_of(reader).get("/work-list/").text
        assert section in page.split('id="band-late"')[1].split("</section>")[0]
        assert "9 days late" in page
        assert f"/participants/{number}/forms/SURV/" in page
    assert section not in client_of(world.stranger).get("/work-list/").text
    report = client_of(world.data_manager).get("/reports/visits/").text
    assert "Overdue forms" in report


def test_d1_site_data_manager_and_monitor_find_it_and_a_stranger_does_not(world: World, seen: Visit) -> None:
    number = seen.participant.number
    for reader in (world.coordinator, world.data_manager, world.monitor):
        page = client_of(reader).get(PAGE).text
        assert number in page
        assert f"/participants/{number}/" in page
        assert "SURV" in page
        assert PAGE in client_of(reader).get("/work-list/").text, "the menu leads there"
    assert number not in client_of(world.stranger).get(PAGE).text
    reader: Client = client_of(world.data_manager)
    assert number in reader.get(PAGE, {"form": "SURV", "site": world.site.code}).text
    assert number not in reader.get(PAGE, {"form": "CRE"}).text
    assert "is no choice of this page" in reader.get(PAGE, {"form": "NONE"}).text
