"""The page of a participant: who, what is next, the pathway that is drawn, and phases that fold (protocol 2.1-2.5)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from followup.models import Visit, VisitState
from followup.services import plan_visits_for
from kernel.days import time_left, time_since, time_until
from kernel.scope import EVERYTHING, scope
from protocol.text import load, versions
from reports.pathway import LEFT, WIDTH, pathway
from reports.phases import PHASE_OF_SERIES
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Milestone, Participant

CHAPTERS = ("2.1", "2.2", "2.5")
pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture
def randomized(world: World) -> Any:
    participant = screen(world)
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING):
        trials.reveal_arm(participant=participant, arm="2", **by)
        for code, on in (("RAND", date(2026, 11, 9)), ("NEO_D1", date(2026, 11, 16))):
            trials.set_milestone(participant=participant, code=code, on=on, source="test", **by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by)
        return participant


def page_of(user: Any, number: str, *, language: str = "en") -> str:
    client = Client()
    client.force_login(user)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client.get(f"/participants/{number}/").text


@pytest.mark.parametrize("version", versions())
def test_every_series_of_the_protocol_belongs_to_a_phase(version: str) -> None:
    assert {rule.series for rule in load(version).visits} <= set(PHASE_OF_SERIES)


@pytest.mark.parametrize(
    ("days", "left", "until", "since"),
    [
        (4, "4 days left", "in 4 days", "new today"),
        (1, "1 day left", "tomorrow", "new today"),
        (0, "last day today", "today", "new today"),
        (-1, "1 day late", "22 Nov 2026", "1 day old"),
        (-572, "572 days late", "30 Apr 2025", "572 days old"),
    ],
)
def test_days_are_said_in_one_way(days: int, left: str, until: str, since: str) -> None:
    day = TODAY + timedelta(days=days)
    assert time_left(day, today=TODAY) == left
    assert time_until(day, today=TODAY) == until
    assert time_since(day, today=TODAY) == since


def test_what_is_due_leads_to_where_it_is_done_and_exits_stand_in_the_menu(
    world: World, randomized: Any
) -> None:
    page = page_of(world.coordinator, randomized.number)
    band = page[page.index('id="next"') : page.index('id="pathway"')]
    with scope(user_id=None, sites=EVERYTHING):
        due = [
            visit for visit in randomized.visits.all() if visit.opens and visit.opens <= date(2026, 11, 20)
        ]
    assert due
    assert all(visit.get_absolute_url() in band for visit in due if visit.state != VisitState.DONE)
    assert re.search(r"\d+ days? (left|late)|last day today", band)
    (menu,) = re.findall(r'<details class="p3-drop">.*?</details>', page, re.S)
    assert "Withdrawal" in menu
    assert page.count("Withdrawal</a>") == menu.count("Withdrawal</a>") == 1
    chinese = page_of(world.coordinator, randomized.number, language="zh-hans")
    assert "退出研究</a>" in chinese
    assert "退出</a>" not in chinese, "退出 alone reads as the way out of the program"


def test_who_stands_with_arm_for_those_who_may_know_it(world: World, randomized: Any) -> None:
    who = page_of(world.coordinator, randomized.number).split('class="p3-who"')[1].split("</h1>")[1][:900]
    assert "Active comparator" in who
    assert "day " in who


def test_phases_that_lie_ahead_are_folded_with_when_they_begin(world: World, randomized: Any) -> None:
    page = page_of(world.coordinator, randomized.number)
    folds = {
        re.search(r"<strong>(.*?)</strong>", part)[1]: part.startswith(" open")  # type: ignore[index]
        for part in page.split('<details class="p3-phase"')[1:]
    }
    assert folds["Neoadjuvant treatment"] is True
    assert folds["Vital status"] is False
    assert "visits planned · first in" in page
    assert page.count("One record for the whole phase") == 1, (
        "TREAT stands once and not at each of its visits"
    )


def drawn(*visits: Visit, arm: str = "1", **milestones: date) -> Any:
    reached = [Milestone(code=code, on=on) for code, on in milestones.items()]
    names = {visit.pk: visit.code for visit in visits}
    for visit in visits:
        visit.participant = Participant(number="01-0001")
    return pathway(load("1.0"), reached, visits, names, arm=arm, today=TODAY)


def visit_of(
    pk: int, code: str, opens: int, *, state: str = VisitState.PLANNED, took: int | None = None
) -> Visit:
    first = TODAY + timedelta(days=opens)
    day = None if took is None else TODAY + timedelta(days=took)
    return Visit(
        pk=pk, code=code, opens=first, closes=first + timedelta(days=14), state=state, took_place_on=day
    )


def test_nothing_is_drawn_of_somebody_of_whom_no_day_is_known() -> None:
    assert drawn() is None


def test_time_is_true_to_scale_and_everything_stands_inside() -> None:
    path = drawn(visit_of(1, "N1", -60, state=VisitState.DONE, took=-60), visit_of(2, "CRE-1", 0))
    first, second = path.marks
    assert (first.kind, second.kind) == ("done", "ahead")
    assert first.point == LEFT
    assert abs((second.x - first.point) / (path.today - first.point) - 1) < 0.01
    assert all(LEFT <= mark.x <= mark.x + mark.width <= WIDTH for mark in path.marks)
    assert "60 days" not in first.when


def test_an_evaluation_to_come_shows_each_way_of_the_protocol_and_a_past_one_the_way_taken() -> None:
    ahead = drawn(visit_of(1, "CRE-2", 5))
    ways = {branch.why for branch in ahead.branches}
    assert ways == {"cCR", "locoregional residue"}
    assert not any(branch.is_taken for branch in ahead.branches)
    past = drawn(visit_of(1, "CRE-2", -30, state=VisitState.DONE, took=-25), visit_of(2, "AS-06", 40))
    assert [(branch.why, branch.is_taken) for branch in past.branches] == [("cCR", True)]
    assert "Surgery and recovery" not in {lane.title for lane in past.lanes}


def test_names_of_milestones_on_one_day_do_not_cover_each_other() -> None:
    path = drawn(visit_of(1, "N1", -10), RAND=TODAY, ICF=TODAY, NEO_D1=TODAY, NEO_END=TODAY, CRE1=TODAY)
    named = [flag.y for flag in path.flags if flag.is_named]
    assert len(named) == len(set(named)) == 4
    assert len(path.flags) == 5, (
        "one that finds no room is a point with its name in the title and in the table"
    )
