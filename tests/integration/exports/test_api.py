"""The API gives what the pages give, to whom they give it, and says no in one sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.permissions import Permission
from accounts.second_factor import code_at
from exports.services import make_token, revoke_token
from exports.tokens import RightNotHeld
from tests.clock import clock_time
from tests.world import PASSWORD, World, screen

pytestmark = pytest.mark.django_db
READ = [Permission.PARTICIPANT_VIEW, Permission.CRF_VIEW, Permission.VISIT_VIEW, Permission.PROTOCOL_VIEW]


def caller(user: Any, *scopes: Permission) -> Client:
    now = clock_time()
    _token, secret = make_token(
        name="test",
        scopes=list(scopes or READ),
        expires_at=now + timedelta(days=1),
        password=PASSWORD,
        code=code_at(user, now),
        by=user,
        at=now,
    )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_without_a_token_nothing_is_told(world: World, client: Client) -> None:
    answer = client.get("/api/v1/participants/")
    assert answer.status_code == 401
    assert answer.json()["code"] == "api.not_authenticated"
    assert set(answer.json()) == {"detail", "code"}


def test_a_coordinator_sees_own_participants_only(world: World) -> None:
    mine, theirs = screen(world), screen(world, site=world.other_site)
    api = caller(world.coordinator)
    assert [row["number"] for row in api.get("/api/v1/participants/").json()["results"]] == [mine.number]
    assert api.get(f"/api/v1/participants/{theirs.number}/").status_code == 404
    assert api.get("/api/v1/participants/99-9999/").status_code == 404


def test_a_token_opens_only_its_scopes(world: World) -> None:
    api = caller(world.coordinator, Permission.PROTOCOL_VIEW)
    assert api.get("/api/v1/codebook/").status_code == 200
    answer = api.get("/api/v1/participants/")
    assert answer.status_code == 403
    assert "role" in answer.json()["detail"]


def test_nobody_gives_away_what_they_do_not_hold(world: World) -> None:
    with pytest.raises(RightNotHeld):
        caller(world.coordinator, Permission.EXPORT_TAKE)


def test_a_revoked_or_expired_token_opens_nothing(world: World) -> None:
    now = clock_time()
    token, secret = make_token(
        name="x",
        scopes=READ,
        expires_at=now + timedelta(days=1),
        password=PASSWORD,
        by=world.coordinator,
        at=now,
    )
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    assert api.get("/api/v1/participants/").status_code == 200
    revoke_token(token=token, by=world.coordinator, at=now)
    assert api.get("/api/v1/participants/").status_code == 401


def test_pages_go_on_by_cursor(world: World) -> None:
    for _n in range(3):
        screen(world)
    api = caller(world.coordinator)
    first = api.get("/api/v1/participants/?page_size=2").json()
    second = api.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (2, 1, None)


def test_a_refusal_is_one_sentence_with_its_status(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    where = f"/api/v1/participants/{participant.number}/answers/PATH/"
    answer = api.put(where, {"answers": {"path_dt": "2026-11-03"}}, content_type="application/json")
    assert answer.status_code == 409
    assert participant.number in answer.json()["detail"]
    unread = where.replace("PATH", "ELIG")
    assert api.put(unread, ["no"], content_type="application/json").status_code == 400
    assert api.get("/api/v1/participants/" + participant.number + "/answers/NOPE/").status_code == 404


def test_a_data_manager_writes_no_answers(world: World) -> None:
    participant = screen(world)
    api = caller(world.data_manager)
    answer = api.put(
        f"/api/v1/participants/{participant.number}/answers/PATH/", {}, content_type="application/json"
    )
    assert answer.status_code == 403


def test_answers_are_saved_like_on_the_page(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW, Permission.IDENTIFYING_VIEW)
    where = f"/api/v1/participants/{participant.number}/answers/ELIG/"
    sent = {"answers": {"sex": "M", "birth": "1964-03"}}
    saved = api.put(where, sent, content_type="application/json")
    assert saved.status_code == 200, saved.content
    shown = api.get(where).json()
    assert (shown["answers"]["sex"], shown["answers"]["birth"], shown["version"]) == ("M", "1964-03", 1)
    again = api.put(where, {"answers": {**sent["answers"], "sex": "F"}}, content_type="application/json")
    assert again.status_code == 409
    changed = api.put(
        where, {"version": 1, "answers": {"sex": "F", "birth": "1964-03"}}, content_type="application/json"
    )
    assert changed.status_code == 422
    assert "why" in changed.json()["detail"].lower()


def test_an_unreadable_answer_has_its_own_sentence(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, Permission.CRF_EDIT)
    answer = api.put(
        f"/api/v1/participants/{participant.number}/answers/ELIG/",
        {"answers": {"birth": "long ago"}},
        content_type="application/json",
    )
    assert answer.status_code == 422
    assert "birth" in answer.json()["errors"]


def test_the_schema_describes_every_address(world: World, client: Client) -> None:
    answer = client.get("/api/schema/?format=json")
    assert answer.status_code == 200
    assert "/api/v1/participants/{number}/answers/{code}/" in answer.json()["paths"]
