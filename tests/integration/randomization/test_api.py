"""Randomizing through the API: for a site that has a front end of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.permissions import Permission
from accounts.second_factor import code_at
from accounts.series import SIGNED_AT
from exports.living_access.services import make_token
from kernel.scope import EVERYTHING, scope
from randomization.allocation.verify import fault_of
from tests.clock import clock_time
from tests.world import PASSWORD, screen

CHAPTERS = ("1.9", "3.2")

pytestmark = pytest.mark.django_db(transaction=True)


def caller(user: Any, *scopes: Permission) -> Client:
    now = clock_time()
    with scope(user_id=None, sites=EVERYTHING):
        _token, secret = make_token(
            name="test",
            scopes=list(scopes),
            expires_at=now + timedelta(days=1),
            password=PASSWORD,
            code=code_at(user, now),
            by=user,
            at=now,
        )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def address(participant: Any) -> str:
    return f"/api/v1/participants/{participant.number}/allocation/"


def test_a_site_randomizes_from_its_own_front_end_once(world, part, eligible):
    participant = eligible()
    api = caller(world.investigator, Permission.ALLOCATION_REQUEST, Permission.ALLOCATION_VIEW)
    waiting = api.get(address(participant)).json()
    assert waiting == {"participant": participant.number, "stratum": "01/III", "unmet": []}
    sent = {"confirmed_stratum": waiting["stratum"], "password": PASSWORD}
    given = api.post(address(participant), sent, content_type="application/json")
    assert given.status_code == 201, given.content
    assert fault_of(given.json()["certificate"], part.root) is None
    again = api.post(address(participant), sent, content_type="application/json")
    assert (again.status_code, again.json()["number"]) == (200, given.json()["number"])
    assert api.get(address(participant)).json()["arm"] == given.json()["arm"]


def test_rule_33_the_first_signature_of_a_page_session_says_the_user_name(world, part, eligible):
    """A program says who it is with each call, by its token; a session of the pages says it once, with a signature."""
    participant, browser = eligible(), Client()
    browser.force_login(world.investigator)
    session = browser.session
    del session[SIGNED_AT]
    session.save()
    sent = {"confirmed_stratum": "01/III", "password": PASSWORD}
    refused = browser.post(address(participant), sent, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "accounts.name_not_given")
    sent["username"] = world.investigator.username
    given = browser.post(address(participant), sent, content_type="application/json")
    assert given.status_code == 201, given.content


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"confirmed_stratum": "01/III", "password": "wrong"}, 422),
        ({"confirmed_stratum": "01/II", "password": PASSWORD}, 409),
        ({}, 409),
        ([], 400),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(world, part, eligible, sent, status):
    participant = eligible()
    api = caller(world.investigator, Permission.ALLOCATION_REQUEST)
    refused = api.post(address(participant), sent, content_type="application/json")
    assert refused.status_code == status
    assert set(refused.json()) == {"detail", "code"}


def test_missing_steps_are_listed_and_strangers_learn_nothing(world, part, answers):
    participant = screen(world)
    api = caller(world.investigator, Permission.ALLOCATION_VIEW)
    assert "decision" in [each["code"] for each in api.get(address(participant)).json()["unmet"]]
    assert api.post(address(participant), {}, content_type="application/json").status_code == 403
    stranger = caller(world.stranger, Permission.ALLOCATION_VIEW)
    assert stranger.get(address(participant)).status_code == 404
