"""How many pages the tasks of every day take, walked by links that stand on the page before (docs/tasks.md)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from crf import catalogue
from crf.eligibility.evidence import current_evidence
from crf.engine.base import RecordState
from crf.engine.typed import raw_of
from crf.models import Query, QueryState, Record
from crf.queries.services import raise_query
from followup.models import Visit, VisitState
from followup.services import plan_visits_for, record_visit
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, everything, place_at, save, screened
from tests.integration.crf.test_consequences import numbered
from tests.integration.crf.test_saving import stage
from tests.unit.crf.examples import demographics, eligibility, staging
from tests.world import NOW, PASSWORD, ZONE, World
from trials.models import Participant

CHAPTERS = ("0.1",)
__all__ = ["everything", "save", "screened"]  # fixtures
pytestmark = pytest.mark.django_db
TABLE = Path(__file__).resolve().parents[3] / "docs" / "tasks.md"


class Walk:
    """One person's way through the pages: each is reached by a link of the page before."""

    def __init__(self, user: Any) -> None:
        self.client = Client()
        self.client.force_login(user)
        self.pages = self.passwords = 0
        self.page = self.client.get("/work-list/").text

    def follow(self, pattern: str) -> str:
        """Open the first link of the page whose address fits."""
        links = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', self.page)]
        address = next(link for link in links if re.search(pattern, link))
        return self.open(address)

    def open(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        self.pages += 1
        self.page = answer.text
        return address

    def press(self, address: str, sent: dict[str, Any]) -> None:
        """Send a form that stands on the page, and see the page after it."""
        assert "<form" in self.page
        answer = self.client.post(address, sent, follow=True)
        assert answer.status_code == 200, answer.text[:2000]
        self.pages += 1
        self.passwords += "password" in sent
        self.page = answer.text


def records_a_visit(world: World, person: Participant) -> Walk:
    with scope(user_id=None, sites=EVERYTHING):
        plan_visits_for(participant=person, by=world.coordinator, at=NOW)
        visit = Visit.objects.filter(participant=person, opens__lte=NOW.date()).first()
    assert visit is not None
    walk = Walk(world.coordinator)
    address = walk.follow(rf"/visits/{row_key(visit)}/$")
    walk.press(f"{address}took-place/", {"took_place_on": str(NOW.date())})
    visit.refresh_from_db()
    assert visit.state == VisitState.DONE
    return walk


def answers_three_queries(world: World, person: Participant) -> Walk:
    asked = [
        raise_query(record_key=place_at(person, "STAGE"), target=name, text="Why?", by=world.monitor, at=NOW)
        for name in ("eus_mm", "ct_mm", "ct_len")
    ]
    walk = Walk(world.coordinator)
    address = walk.follow(r"/queries/several/\?participant=")
    walk.press(address, {f"text-{row_key(query)}": "As in the report" for query in asked})
    assert not Query.objects.filter(pk__in=[query.pk for query in asked], state=QueryState.OPEN).exists()
    return walk


def raises_a_query(world: World, person: Participant) -> Walk:
    walk = Walk(world.data_manager)
    walk.follow(r"^/search/")
    walk.open(f"/participants/{person.number}/forms/STAGE/")
    address = walk.follow(r"/forms/STAGE/.*ask/")
    walk.press(address, {"target": "eus_mm", "text": "Which report?"})
    assert Query.objects.filter(participant=person, form_code="STAGE", target="eus_mm").exists()
    return walk


def sees_what_is_incomplete(world: World, person: Participant) -> Walk:
    with scope(user_id=None, sites=EVERYTHING):
        plan_visits_for(participant=person, by=world.coordinator, at=NOW)
        visit = Visit.objects.get(participant=person, code="SCR")
        record_visit(visit=visit, took_place_on=NOW.date(), by=world.coordinator, at=NOW)
    walk = Walk(world.data_manager)
    walk.follow(r"/forms-to-fill-in/\?site=01&form=ELIG")
    assert person.number in walk.page
    return walk


def signs_together(world: World, person: Participant) -> Walk:
    waiting = Record.objects.filter(participant=person, state=RecordState.COMPLETE)
    number = waiting.count()
    assert number >= 2
    walk = Walk(world.investigator)
    address = walk.follow(r"/signing/lot/\?participant=")
    ticked = dict(re.findall(r'name="(sign:\w+)" value="([^"]+)"', walk.page))
    assert len(ticked) == number
    walk.press(address, ticked | {"password": PASSWORD})
    assert not waiting.exists()
    return walk


def registers_until_ready(world: World, person: Participant) -> Walk:
    """From nobody to the investigator's decision: each form is saved, and the next one that is due opens."""
    walk = Walk(world.coordinator)
    address = walk.follow(r"/participants/register/")
    walk.press(address, {"site": world.site.pk})
    number = re.findall(r"/participants/([\w-]+)/consent/", walk.page)[0]
    signed = {"signed_on": "2026-01-05", "sensitive_data": "on", "version": world.consent_version.pk}
    walk.press(f"/participants/{number}/consent/", signed)
    address = walk.follow(r"/forms/(ELIG|DM|STAGE)/")
    for _form in range(3):
        code = address.split("/")[4]
        answer = walk.client.post(address, typed(code) | {"_action": "next"}, follow=True)
        address, walk.page, walk.pages = answer.request["PATH_INFO"], answer.text, walk.pages + 1
    assert address == f"/participants/{number}/"
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert current_evidence(Participant.objects.get(number=number)).verdict is True
    return walk


def typed(code: str) -> dict[str, Any]:
    example = {"ELIG": eligibility, "DM": demographics, "STAGE": staging}[code]
    groups = numbered(getattr(example, "GROUPS", {}))
    rows = {name: [{**row, "missing": {}} for row in rows] for name, rows in groups.items()}
    raw = raw_of(catalogue.form(code), values=example.VALUES, groups=rows, missing={}, zone=ZONE)
    return {**raw, "_version": "0", "_key": f"first {code}"}


def finds_a_visit(world: World, person: Participant) -> Walk:
    with scope(user_id=None, sites=EVERYTHING):
        plan_visits_for(participant=person, by=world.coordinator, at=NOW)
    walk = Walk(world.coordinator)
    walk.open(f"/search/?q={person.number}+SCR")
    walk.follow(rf"/participants/{person.number}/visits/\w+/$")
    return walk


PROMISED = {
    ("record a visit", "pages"): 2,
    ("dose 5 by the keyboard", "keys"): 12,
    ("answer three queries", "pages"): 2,
    ("register until ready", "pages"): 8,
    ("record a serious event", "pages"): 3,
    ("raise a query", "pages"): 1,
    ("see what is incomplete", "pages"): 1,
    ("sign a year of follow-up", "passwords"): 1,
}
TASKS: dict[str, Callable[[World, Participant], Walk]] = {
    "record a visit that is due": records_a_visit,
    "answer three queries of a participant": answers_three_queries,
    "raise a query about an answer": raises_a_query,
    "see what is incomplete": sees_what_is_incomplete,
    "sign what waits of a participant": signs_together,
    "register until the decision is ready": registers_until_ready,
    "find a visit of a participant by its number": finds_a_visit,
}


def written() -> dict[str, tuple[int, int]]:
    """Return pages and passwords of each task, as the table has them."""
    rows = [
        line.strip("| \n").split(" | ")
        for line in TABLE.read_text().partition("By the keyboard")[0].splitlines()
        if line.startswith("|")
    ]
    return {row[0]: (int(row[3]), int(row[5])) for row in rows[2:]}


def rows_under(head: str) -> list[list[str]]:
    """Return the rows of the table whose first heading is ``head``."""
    _before, _mark, table = TABLE.read_text().partition(f"| {head} |")
    lines = table.partition("\n\n")[0].strip().splitlines()[2:]
    return [line.strip("| ").split(" | ") for line in lines]


def test_the_eight_promised_tasks_take_no_more_than_promised() -> None:
    walked = {(name, "pages"): pages for name, (pages, _passwords) in written().items()}
    walked |= {(name, "passwords"): passwords for name, (_pages, passwords) in written().items()}
    for name, _who, pages, keys in rows_under("by keyboard"):
        walked |= {(name, "pages"): int(pages)} | ({(name, "keys"): int(keys)} if keys.isdigit() else {})
    promised = rows_under("promised")
    assert {(task, counted): int(most) for task, counted, most, _now, _walk in promised} == PROMISED
    for task, counted, most, now, walk in promised:
        assert walked[(walk, counted)] == int(now) <= int(most), task


def test_the_table_has_every_task_that_is_walked() -> None:
    assert set(written()) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_as_many_pages_as_the_table_says(
    world: World, screened: Participant, save: Save, task: str
) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "DM", values=demographics.VALUES, groups=getattr(demographics, "GROUPS", {}))
    walk = TASKS[task](world, screened)
    assert (walk.pages, walk.passwords) == written()[task]
