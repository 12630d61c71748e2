"""The administrator's page of API tokens and calendar addresses: what still opens something, and revoking it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessUse, User
from accounts.permissions import Permission
from accounts.second_factor import code_at
from accounts.services import change_person, note_use
from audit.models import Act
from exports.access import living_access
from exports.living_access.services import make_token, revoke_token
from exports.models import ApiToken
from followup.models import CalendarFeed
from followup.services import make_feed, revoke_feed
from tests.world import NOW, PASSWORD, World

pytestmark = pytest.mark.django_db
REASON = {"reason": "The laptop was stolen"}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def token_of(user: User, **more: Any) -> tuple[ApiToken, str]:
    told = {"name": "listing", "expires_at": NOW + timedelta(days=30), "at": NOW} | more
    return make_token(
        scopes=[Permission.PARTICIPANT_VIEW],
        password=PASSWORD,
        code=code_at(user, told["at"]),
        by=user,
        **told,
    )


def call(secret: str, address: str = "/api/v1/participants/") -> int:
    return Client(HTTP_AUTHORIZATION=f"Bearer {secret}").get(address).status_code


def living(at: Any = NOW) -> set[tuple[str, str]]:
    return {(one.kind, one.owner.username) for one in living_access(at=at)}


def test_point_22_what_opens_something_is_listed_and_nothing_else(world: World) -> None:
    """Before, nobody but its owner saw a token or a calendar address."""
    token, _secret = token_of(world.coordinator)
    make_feed(user=world.monitor, at=NOW)
    assert living() == {("token", "coordinator"), ("feed", "monitor")}

    assert living(NOW + timedelta(days=30)) == {("feed", "monitor")}, "expired"
    revoke_token(token=token, by=world.coordinator, at=NOW)
    assert living() == {("feed", "monitor")}, "revoked by its owner"
    revoke_feed(user=world.monitor, at=NOW)
    assert living() == set()

    token_of(world.data_manager)
    make_feed(user=world.investigator, at=NOW)
    assert living() == {("token", "data_manager"), ("feed", "investigator")}
    change_person(user=world.data_manager, by=None, at=NOW, is_active=False)
    change_person(user=world.investigator, by=None, at=NOW, access_reset_at=NOW + timedelta(minutes=1))
    assert living() == set(), "the account is closed, the access was reset"


def test_point_22_the_page_names_owner_kind_rights_and_uses(world: World, time_machine: Any) -> None:
    _token, secret = token_of(world.coordinator, name="nightly listing")
    manager, page = client_of(world.trial_manager), reverse("exports:access")
    text = manager.get(page).content.decode()
    for told in ("nightly listing", world.coordinator.display_name, "see participants", "Not yet"):
        assert told in text
    assert secret not in text

    assert call(secret) == 200
    assert "Not yet" not in manager.get(page).content.decode()
    make_feed(user=world.monitor, at=NOW)
    assert "Until it is revoked" in manager.get(page).content.decode()
    assert page in manager.get(reverse("trials:people")).content.decode()


def test_point_22_a_use_is_noted_once_in_fifteen_minutes(world: World) -> None:
    note_use(digest="a" * 64, at=NOW)
    note_use(digest="a" * 64, at=NOW + timedelta(minutes=14))
    assert AccessUse.objects.get().used_at == NOW
    later = NOW + timedelta(minutes=15)
    note_use(digest="a" * 64, at=later)
    assert AccessUse.objects.get().used_at == later


def test_point_22_a_refused_call_counts_as_a_use_and_an_unknown_token_as_none(world: World) -> None:
    _token, secret = token_of(world.coordinator)
    assert call("p3_nobody") == 401
    assert not AccessUse.objects.exists()
    assert call(secret, "/api/v1/visits/") == 403
    assert AccessUse.objects.count() == 1
    assert client_of(world.coordinator).get("/api/v1/participants/").status_code == 200
    assert AccessUse.objects.count() == 1, "a person who is signed in uses no token"


def test_point_22_reading_a_calendar_is_a_use(world: World) -> None:
    token = make_feed(user=world.coordinator, at=NOW)
    address = reverse("followup:feed-file", args=[token])
    assert Client().get(reverse("followup:feed-file", args=["nobody"])).status_code == 404
    assert not AccessUse.objects.exists()
    assert Client().get(address).status_code == 200
    assert AccessUse.objects.get().digest == CalendarFeed.objects.get().digest


@pytest.mark.parametrize("kind", ["token", "feed"])
def test_point_22_an_administrator_revokes_for_a_reason(world: World, kind: str) -> None:
    _token, secret = token_of(world.coordinator)
    feed = reverse("followup:feed-file", args=[make_feed(user=world.coordinator, at=NOW)])
    row = ApiToken.objects.get() if kind == "token" else CalendarFeed.objects.get()
    manager, page = client_of(world.trial_manager), reverse("exports:access-end", args=[kind, row.pk])
    assert manager.get(page).status_code == 200
    assert manager.post(page, {"reason": ""}).status_code == 422
    assert (call(secret), Client().get(feed).status_code) == (200, 200)

    assert manager.post(page, REASON).status_code == 302
    assert call(secret) == (401 if kind == "token" else 200)
    assert Client().get(feed).status_code == (404 if kind == "feed" else 200)
    act = Act.objects.get(verb={"token": "exports:token:end", "feed": "followup:feed:end"}[kind])
    assert (act.by, act.reason) == (world.trial_manager, REASON["reason"])
    row.refresh_from_db()
    assert row.act_id == act.pk
    assert manager.get(page).status_code == 404, "it opens nothing any more"


def test_point_22_nobody_else_revokes_what_is_not_theirs(world: World) -> None:
    token, secret = token_of(world.coordinator)
    for who in (world.coordinator, world.data_manager, world.inspector, world.monitor, world.statistician):
        for page in (reverse("exports:access"), reverse("exports:access-end", args=["token", token.pk])):
            assert client_of(who).post(page, REASON).status_code == 403
    assert client_of(world.trial_manager).get("/access/other/1/end/").status_code == 404
    assert call(secret) == 200
