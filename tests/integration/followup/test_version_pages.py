"""The pages of protocol versions, as the trial manager and the site meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from followup.models import Visit
from followup.services import migrate_participants
from protocol.text import digest_of
from tests.clock import Clock, clock_time
from tests.integration.followup.test_amending import in_surveillance
from tests.versions import amended, shelf
from tests.world import TODAY, World
from trials.models import Participant, SiteVersion

pytestmark = pytest.mark.django_db

AT_SITE = "/protocol/versions/2.0/sites/01/"
APPROVAL = {"approved_on": "2026-11-20", "reference": "EC 2026-17", "letter_on": "2026-11-20"}
Make = Callable[..., Participant]


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path) -> Iterator[None]:
    with shelf(tmp_path, v2_0=amended()):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_rare_01_the_manager_approves_previews_and_opens_a_version(
    world: World,
    everywhere: None,
    randomized: Make,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: Any,
    clock: Clock,
) -> None:
    participant = in_surveillance(world, randomized())
    manager = client_of(world.trial_manager)
    page = manager.get("/protocol/versions/")
    assert "Version 2.0: what it would change" in page.text
    assert "Approval not on record" in page.text
    preview = manager.get(AT_SITE)
    for words in (participant.number, "AS-15", "Added", "AS-16", "No longer planned", "Record the approval"):
        assert words in preview.text
    assert "Open it at the site" not in preview.text
    refused = manager.post(f"{AT_SITE}open/", {"reason": "Amendment 1"})
    assert refused.status_code == 409
    assert "Record the approval first" in refused.text
    assert manager.post(f"{AT_SITE}approve/", APPROVAL).status_code == 302
    assert "Open it at the site" in manager.get(AT_SITE).text
    _without_a_worker(monkeypatch)
    opened = manager.post(f"{AT_SITE}open/", {"reason": "Amendment 1"}, follow=True)
    assert "follows version 2.0 from today on" in opened.text
    assert "1 participant is still to be taken over" in opened.text
    clock.go(clock_time() + timedelta(minutes=61))
    assert (
        "1 participant has waited for longer than an hour" in client_of(world.trial_manager).get(AT_SITE).text
    )
    migrate_participants(site_version=SiteVersion.objects.get(), at=clock_time())
    assert "follows the version since" in client_of(world.trial_manager).get(AT_SITE).text
    assert Visit.objects.filter(participant=participant, code="AS-18").exists()


def _without_a_worker(monkeypatch: Any) -> None:
    monkeypatch.setattr("followup.tasks.carry_one_version.delay", lambda pk: None)


def test_an_approval_is_corrected_with_a_reason_and_never_dated_ahead(world: World, everywhere: None) -> None:
    manager = client_of(world.trial_manager)
    ahead = manager.post(f"{AT_SITE}approve/", APPROVAL | {"approved_on": (TODAY + timedelta(1)).isoformat()})
    assert ahead.status_code == 422
    assert "has not come yet" in ahead.text
    manager.post(f"{AT_SITE}approve/", APPROVAL | {"reference": "EC 1"})
    page = manager.get(f"{AT_SITE}approve/")
    assert 'value="EC 1"' in page.text
    silent = manager.post(f"{AT_SITE}approve/", APPROVAL | {"approved_on": "2026-11-09"})
    assert silent.status_code == 422
    said = APPROVAL | {"approved_on": "2026-11-09", "reason": "Read from the wrong letter"}
    assert manager.post(f"{AT_SITE}approve/", said).status_code == 302
    assert SiteVersion.objects.get().approved_on == date(2026, 11, 9)


def test_who_must_consent_anew_is_listed(
    world: World, everywhere: None, randomized: Make, monkeypatch: Any
) -> None:
    participant = randomized()
    _without_a_worker(monkeypatch)
    manager = client_of(world.trial_manager)
    manager.post("/sites/01/consent-versions/new/", {"label": "2.0", "approved_on": "2026-11-20"})
    consent = world.site.consent_versions.get(label="2.0")
    manager.post(f"{AT_SITE}approve/", APPROVAL | {"consent": consent.pk})
    assert "must consent anew" in manager.get(AT_SITE).text
    manager.post(f"{AT_SITE}open/", {"reason": "Amendment 1"})
    migrate_participants(site_version=SiteVersion.objects.get(), at=clock_time())
    work = client_of(world.coordinator).get("/work-list/")
    assert "The new consent text is to be signed" in work.text
    page = client_of(world.coordinator).get(AT_SITE)
    assert "Still to sign consent version 2.0" in page.text
    assert participant.number in page.text


def test_a_stranger_and_a_wrong_version_find_nothing(world: World) -> None:
    assert client_of(world.stranger).get(AT_SITE).status_code == 404
    assert client_of(world.trial_manager).get("/protocol/versions/9.9/sites/01/").status_code == 404
    assert "Riverside" not in client_of(world.stranger).get("/protocol/versions/").text


def test_the_pages_speak_chinese(world: World) -> None:
    manager = client_of(world.trial_manager)
    page = manager.get("/protocol/versions/", headers={"Accept-Language": "zh-hans"})
    assert "方案版本" in page.text
    assert page.status_code == 200


@pytest.mark.parametrize("people", [1, 4])
def test_the_preview_costs_the_same_for_many(
    world: World, everywhere: None, randomized: Make, django_assert_max_num_queries: Any, people: int
) -> None:
    for _number in range(people):
        randomized()
    manager = client_of(world.trial_manager)
    manager.get(AT_SITE)
    with django_assert_max_num_queries(17):
        manager.get(AT_SITE)


def test_rare_03_the_history_of_versions_stands_on_a_page(
    world: World, everywhere: None, randomized: Make, monkeypatch: Any
) -> None:
    participant = randomized()
    _without_a_worker(monkeypatch)
    manager = client_of(world.trial_manager)
    manager.post(f"{AT_SITE}approve/", APPROVAL)
    manager.post(f"{AT_SITE}open/", {"reason": "Amendment 1"})
    migrate_participants(site_version=SiteVersion.objects.get(), at=clock_time())
    address = f"/participants/{participant.number}/protocol-versions/"
    assert address in client_of(world.coordinator).get(f"/participants/{participant.number}/").text
    page = client_of(world.coordinator).get(address)
    assert [each.version for each in page.context["followed"]] == ["1.0", "2.0"]
    assert digest_of("1.0") in page.text
    assert digest_of("2.0") in page.text
    assert client_of(world.stranger).get(address).status_code == 404
