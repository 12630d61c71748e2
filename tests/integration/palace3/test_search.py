"""Search from every page: what is open to the person is found, and what is another site's is not (architecture 5)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crf.queries.services import raise_general_query
from followup.services import plan_visits_for
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from palace3.context import NAVIGATION
from reports.search import ACTIONS
from tests.world import NOW, World, screen
from trials import services as trials

CHAPTERS = ("0.1",)
pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def randomized(world: World) -> Any:
    participant = screen(world)
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING):
        trials.reveal_arm(participant=participant, arm="1", **by)
        trials.set_milestone(participant=participant, code="RAND", on=date(2026, 11, 9), source="test", **by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by)
        return participant


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def hits(user: Any, typed: str) -> dict[str, str]:
    """Return label and address of everything that is found."""
    page = client_of(user).get("/search/", {"q": typed}, headers={"HX-Request": "true"}).text
    assert "<html" not in page, "the dialog gets the answers alone"
    found = re.findall(r'<li><a href="([^"]+)">.*?<strong>(.*?)</strong>', page, re.S)
    return {label: address for address, label in found}


def test_a_participant_is_found_by_number_and_its_short_forms(world: World, randomized: Any) -> None:
    number = randomized.number
    address = f"/participants/{number}/"
    for typed in (number, number.replace("-000", "-"), number.replace("-", "－"), number[-1], f" {number} "):
        assert hits(world.coordinator, typed)[number] == address, typed


def test_another_site_finds_what_nobody_finds(world: World, randomized: Any) -> None:
    number = randomized.number
    elsewhere = client_of(world.stranger)
    for typed in (number, f"{number} N1", f"{number} TREAT", f"{number} withdrawal"):
        page = elsewhere.get("/search/", {"q": typed}).text
        nobody = elsewhere.get("/search/", {"q": typed.replace(number, "01-9876")}).text
        assert f"/participants/{number}" not in page
        assert page.replace(number, "").count("<li>") == nobody.replace("01-9876", "").count("<li>")


def test_a_visit_a_form_and_an_action_are_found_behind_the_number(world: World, randomized: Any) -> None:
    number = randomized.number
    found = hits(world.coordinator, f"{number} N1")
    with scope(user_id=None, sites=EVERYTHING):
        assert found[f"{number} N1"] == randomized.visits.get(code="N1").get_absolute_url()
    assert (
        hits(world.coordinator, f"{number} treat")[f"{number} TREAT"]
        == f"/participants/{number}/forms/TREAT/"
    )
    assert hits(world.coordinator, f"{number} withdr")["Withdrawal"] == f"/participants/{number}/withdraw/"
    assert "Withdrawal" not in hits(world.inspector, f"{number} withdr")


def test_a_form_that_may_not_be_opened_yet_is_not_offered(world: World) -> None:
    number = screen(world).number
    assert f"{number} STAGE" in hits(world.coordinator, f"{number} STAGE")
    assert not hits(world.coordinator, f"{number} SURG")


def test_a_query_is_found_by_its_number_where_it_may_be_read(world: World, randomized: Any) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        query = raise_general_query(participant=randomized, text="Why?", by=world.data_manager, at=NOW)
    key = row_key(query)
    for typed in (f"#{key}", key.upper()):
        assert hits(world.coordinator, typed)[f"#{key}"] == f"/queries/{key}/"
        assert f"#{key}" not in hits(world.stranger, typed)


def test_sites_and_pages_are_found_by_name_and_by_right(world: World) -> None:
    assert hits(world.trial_manager, "riverside")["01 Riverside Hospital"] == "/sites/01/"
    assert hits(world.trial_manager, "audit")["Audit trail"] == "/audit-trail/"
    assert "Audit trail" not in hits(world.stranger, "background")
    assert "Background tasks" not in hits(world.coordinator, "background")
    assert hits(world.coordinator, "register")["Register a participant"] == "/participants/register/"
    assert "Register a participant" not in hits(world.inspector, "register")


def test_without_words_it_shows_the_persons_pages_and_actions_and_each_opens(world: World) -> None:
    for user in (world.coordinator, world.data_manager, world.statistician):
        offered = hits(user, "")
        assert offered
        labels = {str(item.label) for _t, items in NAVIGATION for item in items} | {
            *(str(a.label) for a in ACTIONS),
            "Help",
        }
        assert set(offered) <= labels
        assert all(client_of(user).get(address).status_code == 200 for address in offered.values())


def test_the_page_asks_little(world: World, randomized: Any) -> None:
    client = client_of(world.coordinator)
    client.get("/search/")
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/search/", {"q": f"{randomized.number} N1"}).status_code == 200
    assert sum("SAVEPOINT" not in each["sql"] for each in seen.captured_queries) <= MOST_QUERIES


def test_whoever_is_not_signed_in_finds_nothing(world: World) -> None:
    assert Client().get("/search/", {"q": "01"}).status_code == 302
