"""Forms of visits that took place and are not complete stand on a page of whoever reads answers (protocol 2.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from followup.models import Visit, VisitState
from followup.services import mark_not_done, record_visit
from reports.matrix import forms_of_visit
from reports.unfinished_forms import lines_of, owing
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, visit
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import survival
from tests.world import World
from trials.models import Participant

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


def owed(on: date = ON) -> list[tuple[str, tuple[tuple[str, str], ...], bool]]:
    rows = lines_of(owing(Visit.objects.select_related("participant")), today=on)
    return [
        (str(row.visit), tuple((form.code, form.state) for form in row.forms), row.is_late) for row in rows
    ]


def test_d1_an_empty_form_of_a_visit_that_took_place_is_on_a_list_until_it_is_complete(
    seen: Visit, save: Save
) -> None:
    assert owed() == [("SWEEP-06", (("SURV", "empty"),), False)]
    assert owed(ON + timedelta(days=400))[0][2], "it waits however long ago the visit was"
    save(seen.participant, "SURV", visit=seen, values={"status_dt": ON})
    assert owed() == [("SWEEP-06", (("SURV", "in_progress"),), False)]
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


def test_d1_the_badge_of_a_form_that_waits_for_weeks_is_overdue(seen: Visit) -> None:
    def shown(on: date) -> dict[str, Any]:
        return {form.code: cell.state for form, cell in forms_of_visit(seen, today=on)}

    assert shown(ON)["SURV"] == "due"
    assert shown(ON + timedelta(days=400))["SURV"] == "overdue"


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
