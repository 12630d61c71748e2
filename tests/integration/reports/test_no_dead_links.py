"""A page gives no link that its reader may not follow: a trial manager sees states, but opens no form."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.world import World, screen

pytestmark = pytest.mark.django_db


def read(person: User, address: str) -> str:
    client = Client()
    client.force_login(person)
    return client.get(address).text


def test_forms_are_links_for_whoever_may_open_them(world: World) -> None:
    number = screen(world).number
    address, form = f"/participants/{number}/", f'href="/participants/{number}/forms/'
    assert form in read(world.coordinator, address)
    of_deviations = read(world.trial_manager, address).replace(f"{form}DV/", "")
    assert form not in of_deviations, "the trial manager opens the log of deviations and no other form"
    assert "STAGE" in read(world.trial_manager, address)
