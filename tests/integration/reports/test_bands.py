"""The home of each role: late, this week, waiting for others; grouped by participant, with relative time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.permissions import Role
from reports.worklist.bands import Band, band_of, bands_of
from reports.worklist.places import PLACES
from reports.worklist.sections import WorkItem, WorkListSection
from tests.world import World, screen

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


def item(number: str = "01-0001", days: int | None = None, **said: Any) -> WorkItem:
    when = None if days is None else TODAY + timedelta(days=days)
    return WorkItem(number, "what", "/there/", when=when, **said)


@pytest.mark.parametrize(
    ("made", "band"),
    [
        (item(days=-1), Band.LATE),
        (item(days=0), Band.WEEK),
        (item(days=7), Band.WEEK),
        (item(days=8), Band.LATER),
        (item(), Band.WEEK),
        (item(days=-572, is_since=True), Band.WEEK),
        (item(days=3, state="overdue"), Band.LATE),
        (item(days=-1, waits=True), Band.OTHERS),
    ],
)
def test_each_line_stands_in_its_band(made: WorkItem, band: Band) -> None:
    assert band_of(made, TODAY) is band


def test_lines_of_a_participant_stand_together_and_the_most_urgent_first() -> None:
    clock = item("01-0003", 0, said="7 hours overdue", state="overdue")
    lines = [item("01-0002", -2), item("01-0001", -9), item("01-0002", -400), clock]
    late, week, others = bands_of([WorkListSection("Kind", "clock", "", lines)], today=TODAY)
    assert [(group.number, len(group.lines)) for group in late.groups] == [
        ("01-0003", 1),
        ("01-0002", 2),
        ("01-0001", 1),
    ]
    assert [line.said for line in late.groups[1].lines] == ["400 days late", "2 days late"]
    assert week.nothing == "Nothing is left for this week."
    assert not others.groups


def home(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.get("/work-list/").text


def test_nothing_left_is_said(world: World) -> None:
    page = home(world.coordinator)
    for said in ("Nothing is late.", "Nothing is left for this week.", "Nothing waits for others."):
        assert said in page


def test_whoever_decides_reads_of_a_participant_in_screening_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = screen(world).number
    monkeypatch.setattr("crf.catalogue.screening_forms", frozenset)  # nothing is asked before the decision
    assert "an investigator decides" in home(world.coordinator)
    page = home(world.investigator)
    assert number in page
    assert "Read the evidence and decide" in page
    assert "an investigator decides" not in page


@pytest.mark.parametrize("role", ["data_manager", "monitor", "trial_manager", "statistician", "inspector"])
def test_each_central_role_finds_the_pages_of_its_day_and_each_opens(world: World, role: str) -> None:
    client = Client()
    client.force_login(getattr(world, role))
    page = client.get("/work-list/").text
    for place in PLACES[Role(role)]:
        assert f'href="{place.href}"' in page
        assert client.get(place.href).status_code == 200


def test_the_menu_counts_what_the_lists_hold_and_nothing_of_other_sites(world: World) -> None:
    screen(world)

    def counts(user: Any) -> dict[str, str]:
        client = Client()
        client.force_login(user)
        counted: dict[str, str] = client.get("/work-list/counts/").json()["counts"]
        return counted

    assert "/participants/" not in counts(world.coordinator), "it would be taken for how many there are"
    assert int(counts(world.coordinator)["/visits/"]) >= 1
    assert counts(world.stranger) == {}
    assert Client().get("/work-list/counts/").status_code == 302
