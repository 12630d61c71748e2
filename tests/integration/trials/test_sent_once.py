"""A double click, or a browser that sends again after a lost answer, does a step once (bad input: double click)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from kernel.scope import EVERYTHING, scope
from tests.world import NOW, World, as_person
from tests.world_database import committed_world
from trials.models import Participant
from trials.services import register_participant

pytestmark = pytest.mark.django_db
REGISTER = "/participants/register/"


@pytest.fixture(autouse=True)
def counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str = REGISTER) -> str:
    found = re.search(r'name="once" value="([0-9a-f]{32})"', client.get(address).text)
    assert found
    return found[1]


def registered() -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Participant.objects.count()


def test_one_page_registers_one_participant(world: World) -> None:
    coordinator = client_of(world.coordinator)
    typed = {"site": world.site.pk, "once": page(coordinator)}
    assert coordinator.post(REGISTER, typed).status_code == 302
    again = coordinator.post(REGISTER, typed)
    assert again.status_code == 409
    assert "This page was sent already" in again.text
    assert typed["once"] in again.text, "nor does a press on the page that says so"
    assert registered() == 1
    assert coordinator.post(REGISTER, typed | {"once": page(coordinator)}).status_code == 302
    assert registered() == 2, "a page opened anew is another step"


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_step() -> None:
    world = committed_world()
    coordinator = client_of(world.coordinator)
    typed = {"site": world.site.pk, "once": page(coordinator)}

    def press(_: int) -> int:
        try:
            mine = Client()
            mine.cookies = coordinator.cookies
            return mine.post(REGISTER, typed).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as presses:
        assert sorted(presses.map(press, range(4))) == [302, 409, 409, 409]
    assert registered() == 1


def test_what_was_refused_may_be_sent_again(world: World) -> None:
    """Back in the browser, to the very page: what the service refused was not done, and its key is free."""
    coordinator = client_of(world.coordinator)
    with as_person(world.coordinator):
        person = register_participant(site=world.site, by=world.coordinator, at=NOW)
    address = reverse("trials:consent", args=[person.number])
    typed = {
        "version": world.consent_version.pk,
        "signed_on": (NOW + timedelta(days=4000)).date().isoformat(),
        "sensitive_data": "on",
        "once": page(coordinator, address),
    }
    refused = coordinator.post(address, typed)
    assert refused.status_code == 422
    assert "has not come yet" in refused.text or "future" in refused.text
    assert coordinator.post(address, typed | {"signed_on": "2026-11-20"}).status_code == 302


def test_a_key_is_its_owners_alone_and_one_that_is_none_holds_nobody_up(world: World) -> None:
    coordinator, investigator = client_of(world.coordinator), client_of(world.investigator)
    typed = {"site": world.site.pk, "once": page(coordinator)}
    assert coordinator.post(REGISTER, typed).status_code == 302
    assert investigator.post(REGISTER, typed).status_code == 302
    for odd in ("", "x" * 5000, "\u2603"):
        assert coordinator.post(REGISTER, typed | {"once": odd}).status_code == 302
