"""The pages people open most: what they show, to whom, and with how few queries (architecture 10, 11)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from crf.queries.services import raise_query
from crf.store.records import record_key_of
from design.badges import badge_for
from followup.services import plan_visits_for
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from reports.worklist.sections import SHOWN
from tests.world import NOW, World, screen
from trials import services as trials

CHAPTERS = ("0.1",)

pytestmark = pytest.mark.django_db
MOST_QUERIES = 15
HOME = "/work-list/"


@pytest.fixture
def randomized(world: World) -> Any:
    participant = screen(world)
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING):
        trials.reveal_arm(participant=participant, arm="2", **by)
        trials.set_milestone(participant=participant, code="RAND", on=date(2026, 11, 9), source="test", **by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by)
        return participant


def of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


ROLES = ["coordinator", "investigator", "data_manager", "trial_manager", "inspector"]


def asked(client: Client, address: str) -> int:
    """Return how many queries a page asks when the session is awake; savepoints are the test's own."""
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return sum("SAVEPOINT" not in query["sql"] for query in seen.captured_queries)


@pytest.mark.parametrize("role", ROLES)
def test_work_list_asks_little(world: World, randomized: Any, role: str) -> None:
    assert asked(of(getattr(world, role)), "/work-list/") <= MOST_QUERIES


def test_point_24_who_is_screened_is_asked_for_once(world: World) -> None:
    """Before, an investigator's work list asked twice, and was the sixteenth question of its page."""
    screened = screen(world).number
    client = Client()
    client.force_login(world.investigator)
    client.get("/work-list/")
    with CaptureQueriesContext(connection) as seen:
        page = client.get("/work-list/").content.decode()
    assert sum("trials_eligibilitydecision" in each["sql"] for each in seen) == 1
    assert screened in page


def test_a_draft_is_on_its_owners_work_list_and_leads_back_to_the_form(world: World, randomized: Any) -> None:
    client = of(world.coordinator)
    with scope(user_id=None, sites=EVERYTHING):
        visit = randomized.visits.first()
    addresses = [
        f"/participants/{randomized.number}/forms/ELIG/",
        f"/participants/{randomized.number}/forms/CRE/?visit={row_key(visit)}",
    ]
    for address in addresses:
        page, _mark, query = address.partition("?")
        typed = {"values": {"_version": ["0"], "sex": ["F"]}}
        kept = client.post(f"{page}1/draft/?{query}", typed, content_type="application/json")
        assert kept.status_code == 200
    shown = client.get("/work-list/").text
    for address in addresses:
        assert address in shown
        assert client.get(address).status_code == 200
    assert addresses[0] not in of(world.investigator).get("/work-list/").text


def test_participant_page_asks_little_however_much_there_is(world: World, randomized: Any) -> None:
    client = of(world.coordinator)
    address = f"/participants/{randomized.number}/"
    with scope(user_id=None, sites=EVERYTHING):
        stage = record_key_of(participant=randomized, form="STAGE")
        raise_query(record_key=stage, text="Which day?", by=world.data_manager, at=NOW)
    assert asked(client, address) < MOST_QUERIES, "in a request the scope is one question more"
    page = client.get(address).content.decode()
    assert "<dt>Open queries</dt><dd>1</dd>" in page
    assert "OS36" in page
    assert "SURG" in page


def test_list_asks_the_same_for_one_as_for_many(world: World) -> None:
    client = of(world.coordinator)
    screen(world)
    one = asked(client, "/participants/")
    for _more in range(4):
        screen(world)
    assert asked(client, "/participants/") == one <= MOST_QUERIES


def test_screening_shows_the_next_step(world: World) -> None:
    participant = screen(world)
    page = of(world.investigator).get(f"/participants/{participant.number}/").content.decode()
    assert f"/participants/{participant.number}/eligibility/" in page
    assert "/randomize/" not in page


def test_rare_13_a_site_that_is_closed_shows_no_way_to_randomization(world: World) -> None:
    participant = screen(world)
    page = of(world.investigator).get(f"/participants/{participant.number}/").text
    assert "Steps to randomization" in page
    assert "The site is closed" not in page
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        trials.move_site(site=world.site, to="closed", reason="Enough", by=None, at=NOW)
    page = of(world.investigator).get(f"/participants/{participant.number}/").text
    assert "Steps to randomization" not in page
    assert "The site is closed: record how screening ended." in page


def test_point_24_each_step_of_screening_leads_to_where_it_is_done(world: World) -> None:
    participant = screen(world)
    page = of(world.coordinator).get(f"/participants/{participant.number}/").text
    step = re.search(r"<strong>Screening answers</strong>.*?</li>", page, re.S)
    assert step
    link = re.search(r'href="([^"]+)">Answer the screening forms<', step[0])
    assert link
    assert of(world.coordinator).get(link[1]).status_code == 200


def test_point_24_both_work_lists_say_the_same_of_missing_evidence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen(world)
    coordinator, investigator = of(world.coordinator), of(world.investigator)
    assert "Answer the screening forms; then an investigator decides" in coordinator.get(HOME).text
    assert "Screening forms are not complete yet" in investigator.get(HOME).text
    assert "Read the evidence and decide" not in investigator.get(HOME).text
    monkeypatch.setattr("crf.catalogue.screening_forms", frozenset)  # nothing is asked before the decision
    assert "The screening forms are complete: an investigator decides" in coordinator.get(HOME).text
    assert "Read the evidence and decide" in investigator.get(HOME).text


def test_point_24_a_list_that_is_longer_says_how_much_of_it_stands_there(world: World) -> None:
    for _each in range(SHOWN):
        screen(world)
    assert _screened_at_home(world) == (SHOWN, False)
    screen(world)
    assert _screened_at_home(world) == (SHOWN, True)


def _screened_at_home(world: World) -> tuple[int, bool]:
    """Return how many in screening stand on the page, and whether it says that there are more."""
    page = of(world.coordinator).get(HOME).text
    lists = page.split('id="whole"')[1].split("</section>")[0]
    (screening,) = (line for line in lists.split("<li>") if "In screening" in line)
    is_longer = f"The first {SHOWN} of {SHOWN + 1} stand above." in screening
    return page.count("Answer the screening forms; then an investigator decides"), is_longer


def test_point_24_a_form_that_is_due_is_to_be_filled_and_a_visit_to_be_made() -> None:
    with translation.override("zh-hans"):
        assert str(badge_for("form", "due").label) == "待填写"
        assert str(badge_for("visit", "due").label) == "待访视"


def test_a_stranger_finds_neither_page_nor_line(world: World, randomized: Any) -> None:
    client = of(world.stranger)
    assert client.get(f"/participants/{randomized.number}/").status_code == 404
    assert randomized.number not in client.get("/participants/?number=01").content.decode().replace(
        "?number=01", ""
    )


@pytest.mark.parametrize(
    "filters", ["state=SCREENED", "site=01", "number=0001", "number=01-0", "number=1-000", "randomized=no"]
)
def test_filters_narrow_the_list(world: World, filters: str) -> None:
    participant = screen(world)
    assert participant.number in of(world.coordinator).get(f"/participants/?{filters}").content.decode()
    nothing = of(world.coordinator).get(f"/participants/?{filters}&arm=1").content.decode()
    assert f">{participant.number}<" not in nothing


def test_point_07_a_number_is_searched_for_with_any_keyboard(world: World) -> None:
    participant = screen(world)
    assert participant.number == "01-0001"
    for typed in (
        "01-0001",
        "０１－０００１",
        "01‑0001",
        "01–0001",
        "01-1",
        " 01 - 0001\u200b",
        "０１ー１",
        "０００１",
    ):
        found = of(world.coordinator).get("/participants/", {"number": typed}).text
        assert ">01-0001<" in found, typed
    assert ">01-0001<" not in of(world.coordinator).get("/participants/", {"number": "01-2"}).text


def test_the_trial_manager_sees_no_arm(world: World, randomized: Any) -> None:
    page = of(world.trial_manager).get(f"/participants/{randomized.number}/").content.decode()
    assert "Active comparator" not in page
    assert (
        "Active comparator"
        in of(world.coordinator).get(f"/participants/{randomized.number}/").content.decode()
    )


def test_acts_are_told_in_words(world: World) -> None:
    participant = screen(world)
    page = of(world.inspector).get(f"/participants/{participant.number}/acts/").content.decode()
    assert "Consent recorded" in page
    assert "trials:consent:record" not in page


def test_defaults_are_never_shown_as_the_protocol(world: World) -> None:
    page = of(world.coordinator).get("/protocol/questions/").content.decode()
    assert "default, not confirmed by the study team" in page


def test_a_list_is_sorted_by_the_column_that_is_chosen_and_filters_stay(world: World) -> None:
    first, second = screen(world).number, screen(world).number
    client = of(world.coordinator)
    up = client.get("/participants/", {"sort": "registered", "state": "SCREENED"}).text
    assert 'aria-sort="ascending"' in up
    (again,) = re.findall(r'aria-sort="ascending"><a class="p3-sort" href="([^"]+)"', up)
    assert "sort=-registered" in again, "the next press turns it round"
    assert "state=SCREENED" in again
    down = client.get("/participants/", {"sort": "-number"}).text
    assert down.index(f">{second}<") < down.index(f">{first}<")
    assert client.get("/participants/", {"sort": "arm; DROP TABLE"}).status_code == 200
    signing = of(world.investigator).get("/signing/", {"sort": "-form"})
    assert signing.status_code == 200
