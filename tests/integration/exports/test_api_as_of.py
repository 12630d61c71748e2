"""A program is given records as they stood at a moment: what was stored by then, whatever was changed since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from tests.clock import Clock
from tests.integration.exports.test_put_and_patch import Api
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
LATER = datetime(2027, 1, 11, 3, tzinfo=UTC)  # the database keeps the machine's clock


def now_in_the_database() -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at.isoformat()


def listed(client: Client, **asked: str) -> list[Any]:
    answer = client.get("/api/v1/answers/DM/", {"purpose": "copy", **asked})
    assert answer.status_code == 200, answer.content
    results: list[Any] = answer.json()["results"]
    return results


def test_point_9_a_record_is_given_as_it_stood(world: World, clock: Clock) -> None:
    nothing = now_in_the_database()
    clock.go(LATER)
    api = Api(world)
    first, in_list, then = api.shown, listed(api.client), now_in_the_database()
    gone = [{"position": 2, "remove": True}]
    body = {"version": 1, "groups": {"prior_ca": gone}, "answers": {"height": "171"}, "reason": "x"}
    assert api.patch(body).status_code == 200
    assert api.shown != first

    assert api.client.get(api.address, {"as_of": then}).json() == first
    assert listed(api.client, as_of=then) == in_list
    assert listed(api.client, as_of=now_in_the_database()) == listed(api.client)
    assert api.client.get(api.address, {"as_of": nothing}).json()["state"] == "empty"
    assert listed(api.client, as_of=nothing) == []


def test_point_9_what_no_moment_is_or_has_not_come_is_refused(world: World) -> None:
    api = Api(world)
    asked: tuple[tuple[dict[str, str], str], ...] = (
        ({"as_of": "2999-01-01T00:00:00+00:00"}, "exports.unknown_value"),
        ({"as_of": "yesterday"}, "exports.unknown_value"),
        (
            {"as_of": "2026-01-01T00:00:00+00:00", "changed_since": "2026-01-01T00:00:00+00:00"},
            "exports.then_or_since",
        ),
    )
    for parameters, code in asked:
        answer = api.client.get("/api/v1/answers/DM/", {"purpose": "copy", **parameters})
        assert (answer.status_code, answer.json()["code"]) == (400, code), parameters
