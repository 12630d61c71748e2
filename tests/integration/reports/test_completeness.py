"""Completeness by site, visit and form, by month, and days from visit to entry (protocol 2.2, 3.0)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from crf.locks.records import lock_record
from crf.models import CellCount, ExpectedForm, MonthCount
from crf.records.expected import compare_expected_forms
from crf.records.signing import sign_record, verify_record
from crf.store.records import record_key_of
from followup.models import Visit
from followup.services import mark_not_done, record_visit
from reports.completeness import cells_of, percentile
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, visit
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples import vital_signs
from tests.world import PASSWORD, World
from trials.models import Participant

CHAPTERS = ("2.2", "3.0")
__all__ = ["everything", "person", "save"]  # fixtures

pytestmark = pytest.mark.django_db
N1 = date(2026, 5, 15)
PAGE, LIST, FILE = "/completeness/", "/completeness/forms/", "/completeness/csv/"
TYPED_AT = datetime(2026, 5, 19, 16, 30, tzinfo=UTC)  # half past midnight of the 20th, where the site is


@pytest.fixture
def typed(person: Participant, save: Save) -> Visit:
    """The first visit of the treatment took place, and its vital signs were typed five days later."""
    randomized(person)
    record_visit(visit=visit(person, "N1"), took_place_on=N1, **SYSTEM)
    found = Visit.objects.select_related("participant__site").get(participant=person, code="N1")
    save(person, "VS", visit=found, values={**vital_signs.VALUES, "vs_dt": N1}, at=TYPED_AT)
    return found


def test_point_10_a_cell_counts_what_is_expected_entered_complete_and_overdue(
    world: World, typed: Visit
) -> None:
    cells = cells_of(world.data_manager, today=date(2026, 11, 20))
    assert cells["01", "N1", "VS"].row == (1, 1, 1, 0, 0, 0, 0, 0)
    assert cells["01", "N1", "AE"].row == (1, 0, 0, 1, 0, 0, 0, 0)
    assert cells_of(world.data_manager, today=N1)["01", "N1", "AE"].numbers["overdue"] == 0
    assert cells_of(world.stranger, today=N1) == {}


def test_point_10_a_form_that_is_signed_or_locked_still_counts_as_verified(
    world: World, typed: Visit
) -> None:
    """The share that is verified fell with every signature, and was nothing at a locked site."""
    told: dict[str, Any] = {"version": 1, "at": TYPED_AT}
    told["record_key"] = record_key_of(participant=typed.participant, form="VS", visit=typed)

    def steps() -> tuple[int, ...]:
        return cells_of(world.monitor, today=N1)["01", "N1", "VS"].row[-3:]

    verify_record(**told, by=world.monitor)
    assert steps() == (1, 0, 0)
    sign_record(**told, by=world.investigator, password=PASSWORD)
    assert steps() == (1, 1, 0)
    lock_record(**told, by=world.data_manager)
    assert steps() == (1, 1, 1)
    for show in ("verified", "signed", "locked"):
        behind = client_of(world.monitor).get(LIST, {"visit": "N1", "form": "VS", "show": show})
        assert typed.participant.number in behind.text, show


def test_point_10_the_page_leads_from_a_cell_to_its_forms(world: World, typed: Visit) -> None:
    number = typed.participant.number
    for reader in (world.data_manager, world.monitor, world.coordinator):
        page = client_of(reader).get(PAGE).text
        assert "N1, VS: 1 of 1" in page
        assert "N1, AE: 0 of 1" in page
        assert f"{LIST}?visit=N1&amp;form=AE&amp;show=complete" in page
        home = client_of(reader).get("/work-list/").text
        assert PAGE in home, "the menu leads there"
        assert ("01, VS: 1 of 1" in home) is (reader != world.coordinator), (
            "the map of those who see many sites"
        )
    reader = client_of(world.data_manager)
    overdue = reader.get(PAGE, {"measure": "overdue", "site": "01"}).text
    assert "N1, AE: 1 of 1" in overdue
    behind = reader.get(LIST, {"visit": "N1", "form": "AE", "site": "01", "show": "overdue"}).text
    assert number in behind
    assert "Adverse event" in behind
    assert (
        "No form is counted here" in reader.get(LIST, {"visit": "N1", "form": "AE", "show": "complete"}).text
    )
    assert number not in client_of(world.stranger).get(LIST).text
    assert client_of(world.trial_manager).get(PAGE).status_code == 403


def test_point_10_days_from_visit_to_entry_are_counted_at_the_site(world: World, typed: Visit) -> None:
    found = MonthCount.objects.filter(days__isnull=False).values_list("month", "state", "days")
    assert list(found.annotate(n=Sum("number")).filter(n__gt=0)) == [(date(2026, 5, 1), "complete", 5, 1)]
    page = client_of(world.data_manager).get(PAGE).text
    assert "Days from visit to entry" in page
    assert "2026-05" in page


@pytest.mark.parametrize(
    ("days", "quartiles"),
    [
        ({3: 1}, (3, 3, 3)),
        ({1: 1, 2: 1, 3: 1, 4: 1}, (1, 2, 3)),
        ({0: 3, 10: 1}, (0, 0, 0)),
        ({0: 2, 5: 2, 60: 1}, (0, 5, 5)),
        ({}, (0, 0, 0)),
    ],
)
def test_point_10_quartiles_are_days_that_so_many_forms_do_not_exceed(
    days: dict[int, int], quartiles: tuple[int, int, int]
) -> None:
    assert tuple(percentile(days, percent) for percent in (25, 50, 75)) == quartiles


def counted() -> Counter[tuple[Any, ...]]:
    rows = CellCount.objects.values_list("site", "visit_code", "form_code", "state").annotate(n=Sum("number"))
    return Counter({tuple(row[:4]): row[4] for row in rows if row[4]})


def test_point_10_the_numbers_follow_every_change_and_the_night_adds_them_up(
    world: World, typed: Visit, save: Save
) -> None:
    def agree() -> None:
        rows = ExpectedForm.objects.values_list("site", "visit_code", "form_code", "state")
        assert counted() == Counter(rows)
        months = MonthCount.objects.aggregate(n=Sum("number"))["n"] or 0
        assert months == ExpectedForm.objects.count()

    agree()
    record_visit(visit=typed, took_place_on=N1 + timedelta(days=40), reason="Misread", **SYSTEM)
    agree()
    mark_not_done(visit=typed, why="No bed", reason="Wrong visit", **SYSTEM)
    agree()
    record_visit(visit=typed, took_place_on=N1, reason="It was", **SYSTEM)
    agree()
    before = CellCount.objects.count()
    compare_expected_forms()
    agree()
    assert CellCount.objects.count() < before
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT crf_recount()")
    agree()


def test_point_10_the_same_numbers_leave_as_a_file_and_by_the_api(world: World, typed: Visit) -> None:
    answer = client_of(world.monitor).get(FILE)
    assert answer["Content-Disposition"] == 'attachment; filename="PALACE-3_completeness_all_2026-11-20.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][1:7] == ["Site", "Visit", "Form", "Expected", "Complete", "Entered"]
    assert ["01", "N1", "VS", "1", "1", "1", "0", "0", "0", "0", "0"] in [row[1:] for row in rows]
    told = caller(world.data_manager).get("/api/v1/completeness/", {"site": "01"}).json()
    assert {
        "site": "01", "visit": "N1", "form": "VS", "expected": 1, "entered": 1, "complete": 1, "overdue": 0,
        "queried": 0, "verified": 0, "signed": 0, "locked": 0,
    } in told  # fmt: skip
    reader, nobody = caller(world.data_manager), caller(world.stranger)
    (month,) = reader.get("/api/v1/completeness/months/", {"site": "01"}).json()
    forms = ExpectedForm.objects.filter(took_place_on=N1).count()
    assert month == {"site": "01", "month": "2026-05", "expected": forms, "entered": 1, "complete": 1}
    (days,) = reader.get("/api/v1/completeness/days-to-entry/").json()
    quartiles = dict.fromkeys(("days_at_25_percent", "days_at_50_percent", "days_at_75_percent"), 5)
    assert days == {"site": "01", "forms": 1, **quartiles}
    for address in ("", "months/", "days-to-entry/"):
        assert nobody.get(f"/api/v1/completeness/{address}").json() == []
    long = client_of(world.monitor).get(FILE, {"as": "long"}).content.decode()
    assert "completeness,By month of the visit,2026-05,Complete,1,,2026-11-20" in long
    assert "completeness,Days from visit to entry,01,Median,5,,2026-11-20" in long
    assert client_of(world.monitor).get(FILE, {"as": "xlsx"}).content.startswith(b"PK")
