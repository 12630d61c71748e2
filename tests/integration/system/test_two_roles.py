"""Whoever holds one role at one site and another elsewhere may do at each site what its role includes, and no more.

``@requires`` asks whether a right is held anywhere; that it is held *here* is the business of ``open_to``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import Role
from tests.integration.system.test_permission_matrix import COMMITTING, MATRIX, address_of, addresses, sample
from tests.world import NOW, World, as_person, screen
from trials import services

pytestmark = pytest.mark.django_db
PARTS = dict(addresses())
# What an investigator may do and a monitor may not, at addresses that name a participant.
ONLY_INVESTIGATORS = sorted(
    name
    for name, (_method, allowed) in MATRIX.items()
    if "number" in PARTS[name] and "I" in allowed and "M" not in allowed and name not in COMMITTING
)


@pytest.fixture
def both(world: World) -> User:
    """The investigator of site 01, who is the monitor of site 02 as well."""
    with as_person(world.trial_manager):
        services.delegate(
            user=world.investigator,
            role=Role.MONITOR,
            site=world.other_site,
            starts_on=date(2026, 1, 1),
            by=None,
            at=NOW,
        )
    return world.investigator


@pytest.mark.parametrize("name", ONLY_INVESTIGATORS)
def test_a_right_at_one_site_is_none_at_the_other(world: World, both: User, name: str) -> None:
    own, other = screen(world), screen(world, site=world.other_site)
    client = Client(raise_request_exception=False)
    client.force_login(both)
    assert client.get(f"/participants/{other.number}/").status_code == 200, "as a monitor they read there"
    for method in ("get", "post"):
        answered: Any = getattr(client, method)(address_of(name, PARTS[name], sample(world, other.number)))
        assert answered.status_code in {403, 404, 405}, (method, answered.status_code)
    method = MATRIX[name][0]
    here: Any = getattr(client, method)(address_of(name, PARTS[name], sample(world, own.number)))
    assert here.status_code != 403, "while at their own site the page is theirs"
