"""The pages of visits, as each person meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from followup.models import ContactAttempt, Visit, VisitState
from kernel.row_keys import row_key
from tests.integration.followup.conftest import noon
from tests.world import TODAY, World
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("3.0", "3.16")

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def path_of(visit_of: Any) -> Callable[[Participant, str], str]:
    def path(participant: Participant, code: str) -> str:
        return f"/participants/{participant.number}/visits/{row_key(visit_of(participant, code))}/"

    return path


def test_the_visit_page_says_what_why_and_when(
    world: World, randomized: Make, path_of: Any, client_of: Any
) -> None:
    participant = randomized()
    page = client_of(world.coordinator).get(path_of(participant, "N1"))
    assert page.status_code == 200
    for words in ("Window", "Why it is planned", "Counted from", "To be done", "Record the visit"):
        assert words in page.text
    assert 'datetime="2026-11-10"' in page.text
    assert "CALENDAR" not in page.text, "reasons are said in words"
    assert "PROVISIONAL" not in page.text


def test_the_visit_page_speaks_chinese(world: World, randomized: Make, path_of: Any, client_of: Any) -> None:
    client = client_of(world.coordinator)
    page = client.get(path_of(randomized(), "N1"), headers={"Accept-Language": "zh-hans"})
    assert page.status_code == 200
    assert "新辅助第 1 天" in page.text


def test_days_are_typed_and_written_in_one_way(
    world: World, randomized: Make, path_of: Any, client_of: Any
) -> None:
    """A browser's own date field shows the order of day and month of its machine: none is used."""
    coordinator, path = client_of(world.coordinator), path_of(randomized(), "N1")
    for address in (path, "/visits/?show=week"):
        page = coordinator.get(address).text
        assert 'type="date"' not in page
        assert "data-day" in page
    day = coordinator.get(f"{path}day/").text
    assert re.search(r"The window is from \d+ \w{3} \d{4} to \d+ \w{3} \d{4}\.", day)


def test_a_visit_that_took_place_is_early_in_or_late(
    world: World, randomized: Make, path_of: Any, visit_of: Any, client_of: Any
) -> None:
    participant = randomized()
    coordinator, path = client_of(world.coordinator), path_of(participant, "N1")
    saved = coordinator.post(f"{path}took-place/", {"took_place_on": "2026-11-12"}, follow=True)
    assert "Visit N1 took place on 2026-11-12: in the window." in saved.text
    assert visit_of(participant, "N1").state == VisitState.DONE
    without = coordinator.post(f"{path}took-place/", {"took_place_on": "2026-11-08"})
    assert without.status_code == 422
    changed = {"took_place_on": "2026-11-08", "reason": "Typed wrongly"}
    said = coordinator.post(f"{path}took-place/", changed, follow=True)
    assert "2 days before the window" in said.text
    assert visit_of(participant, "N1").timing == "early"


def test_a_day_to_come_is_refused_above_what_was_typed(
    world: World, randomized: Make, path_of: Any, client_of: Any
) -> None:
    path = path_of(randomized(), "N1")
    tomorrow = TODAY + timedelta(1)
    refused = client_of(world.coordinator).post(f"{path}took-place/", {"took_place_on": tomorrow.isoformat()})
    assert refused.status_code == 422
    assert "has not come yet" in refused.text
    assert tomorrow.isoformat() in refused.text


def test_a_visit_not_done_says_why(
    world: World, randomized: Make, path_of: Any, visit_of: Any, client_of: Any
) -> None:
    participant = randomized()
    coordinator, path = client_of(world.coordinator), path_of(participant, "N1")
    silent = coordinator.post(f"{path}not-done/", {"why": "other"})
    assert silent.status_code == 422
    assert "Say in words" in silent.text
    page = coordinator.post(f"{path}not-done/", {"why": "elsewhere"}, follow=True)
    assert "Seen elsewhere" in page.text
    assert visit_of(participant, "N1").not_done_reason == "elsewhere"


def test_another_day_is_proposed_inside_the_window_only(
    world: World, randomized: Make, path_of: Any, visit_of: Any, client_of: Any
) -> None:
    participant = randomized()
    coordinator, path = client_of(world.coordinator), path_of(participant, "N1")
    outside = coordinator.post(f"{path}day/", {"day": "2026-12-24"})
    assert outside.status_code == 422
    assert "outside the window" in outside.text
    assert coordinator.post(f"{path}day/", {"day": "2026-11-24"}).status_code == 302
    assert visit_of(participant, "N1").proposed_on == date(2026, 11, 24)


def test_an_unscheduled_visit_is_recorded_with_its_forms(
    world: World, randomized: Make, visit_of: Any, client_of: Any
) -> None:
    participant = randomized()
    coordinator = client_of(world.coordinator)
    path = f"/participants/{participant.number}/visits/new/"
    assert 'value="CRE"' in coordinator.get(path).text
    typed = {"took_place_on": "2026-11-20", "why": "Dysphagia came back", "forms": ["CRE"]}
    page = coordinator.post(path, typed, follow=True)
    assert "Dysphagia came back" in page.text
    assert visit_of(participant, "UNS").forms == ["CRE"]


def test_contacts_are_kept_and_the_rule_is_said(
    world: World, randomized: Make, client_of: Any, time_machine: Any
) -> None:
    participant = randomized()
    time_machine.move_to(noon(date(2027, 1, 20)), tick=False)
    coordinator = client_of(world.coordinator)
    path = f"/participants/{participant.number}/contacts/"
    for on, route in (("2026-11-12", "phone"), ("2026-12-20", "letter"), ("2027-01-15", "phone")):
        typed = {"on": on, "route": route, "result": "no_answer"}
        assert coordinator.post(path, typed).status_code == 302
    page = coordinator.get(path)
    assert "may be recorded as lost" in page.text
    assert client_of(world.monitor).post(path, typed).status_code == 403
    coordinator.post(path, {"on": "2027-01-16", "route": "phone", "result": "reached"})
    assert "may be recorded as lost" not in coordinator.get(path).text
    assert ContactAttempt.objects.count() == 4


def test_the_agenda_shows_the_week_and_what_waits(world: World, randomized: Make, client_of: Any) -> None:
    participant = randomized()
    coordinator = client_of(world.coordinator)
    week = coordinator.get("/visits/?from=2026-11-18")
    assert participant.number in week.text
    assert "N1" in week.text
    for show in ("due", "overdue", "missed", "nonsense"):
        assert coordinator.get(f"/visits/?show={show}").status_code == 200
    assert coordinator.get("/visits/?from=2026-99-99").status_code == 200


def test_the_agenda_costs_the_same_for_many(
    world: World, randomized: Make, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    for _number in range(4):
        randomized()
    coordinator = client_of(world.coordinator)
    coordinator.get("/visits/")
    with django_assert_max_num_queries(15):
        coordinator.get("/visits/?from=2026-11-18")


@pytest.mark.parametrize("page", ["", "took-place/", "not-done/", "day/"])
def test_a_stranger_finds_nothing(
    world: World, randomized: Make, path_of: Any, client_of: Any, page: str
) -> None:
    participant = randomized()
    stranger = client_of(world.stranger)
    assert stranger.get(f"{path_of(participant, 'N1')}{page}").status_code == 404
    assert stranger.get(f"/participants/{participant.number}/contacts/").status_code == 404
    assert participant.number not in stranger.get("/visits/?from=2026-11-18").text


def test_who_only_reads_changes_nothing(world: World, randomized: Make, path_of: Any, client_of: Any) -> None:
    participant = randomized()
    path = path_of(participant, "N1")
    inspector = client_of(world.inspector)
    page = inspector.get(path)
    assert page.status_code == 200
    assert "Record the visit" not in page.text
    assert inspector.post(f"{path}took-place/", {"took_place_on": "2026-11-12"}).status_code == 403
    typed = {"on": "2026-11-12", "route": "phone", "result": "reached"}
    inspector.post(f"/participants/{participant.number}/contacts/", typed)
    assert not ContactAttempt.objects.exists()


def test_a_cancelled_visit_is_not_recorded(
    world: World, randomized: Make, path_of: Any, visit_of: Any, client_of: Any
) -> None:
    participant = randomized()
    by: dict[str, Any] = {"by": world.coordinator, "at": noon(date(2026, 11, 20))}
    trials.record_withdrawal(participant=participant, on=date(2026, 11, 20), all_contact=True, **by)
    from followup.services import plan_visits_for

    plan_visits_for(participant=participant, **by)
    gone = Visit.objects.filter(participant=participant, state=VisitState.CANCELLED)
    dropped = gone.filter(opens__gt=date(2026, 11, 20)).first()
    assert dropped is not None
    coordinator = client_of(world.coordinator)
    refused = coordinator.post(
        f"/participants/{participant.number}/visits/{row_key(dropped)}/took-place/",
        {"took_place_on": "2026-11-20"},
    )
    assert refused.status_code == 409
    assert "no longer planned" in refused.text
