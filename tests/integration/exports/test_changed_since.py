"""A copy elsewhere follows by what changed: nothing is left out, whatever was being written when it last asked."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from accounts.permissions import Permission
from exports.api import changes
from exports.api.changes import changed_until
from kernel.row_keys import key_of, row_of
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_put_and_patch import Api
from tests.world import World, screen

pytestmark = pytest.mark.django_db(transaction=True)
PARTICIPANTS = "/api/v1/participants/"


@pytest.fixture
def reader(world: World) -> Client:
    return caller(world.data_manager, Permission.PARTICIPANT_VIEW, Permission.CRF_VIEW, Permission.VISIT_VIEW)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is open: other tests on the same server are, and rows would come twice, as they may."""
    counted = changes._transactions

    def only_ours() -> tuple[int, int, int]:
        cluster, _oldest, coming = counted()
        return cluster, coming, coming

    monkeypatch.setattr(changes, "_transactions", only_ours)


def numbers(reader: Client, since: str) -> set[str]:
    answer = reader.get(PARTICIPANTS, {"changed_since": since})
    assert answer.status_code == 200, answer.content
    return {row["number"] for row in answer.json()["results"]}


@pytest.mark.usefixtures("alone")
def test_what_was_written_since_is_given_and_what_stands_is_not(world: World, reader: Client) -> None:
    before = screen(world).number
    until = reader.get(PARTICIPANTS).json()["changed_until"]
    assert numbers(reader, until) == set()
    after = screen(world).number
    assert numbers(reader, until) == {after}
    assert before not in numbers(reader, until)
    for path in ("/api/v1/visits/", "/api/v1/answers/ELIG/"):
        whole = reader.get(path, {"purpose": "copy"}).json() if "answers" in path else reader.get(path).json()
        asked = {"changed_since": whole["changed_until"]}
        rest = reader.get(path, asked | ({"purpose": "copy"} if "answers" in path else {})).json()
        assert rest["results"] == [], path


def test_what_was_being_written_when_the_copy_was_read_comes_with_the_next(
    world: World, reader: Client
) -> None:
    """By a moment it would be lost: the transaction began before it and ended after it."""
    written, may_end, made = threading.Event(), threading.Event(), []

    def slow() -> None:
        try:
            with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
                made.append(screen(world).number)
                written.set()
                may_end.wait(timeout=60)
        finally:
            written.set()
            connections.close_all()

    writer = threading.Thread(target=slow)
    writer.start()
    written.wait(timeout=60)
    first = reader.get(PARTICIPANTS).json()
    moment = "2000-01-01T00:00:00+00:00"
    assert made
    assert made[0] not in {row["number"] for row in first["results"]}
    may_end.set()
    writer.join(timeout=60)
    assert made[0] in numbers(reader, first["changed_until"])
    assert made[0] in numbers(reader, moment)


@pytest.mark.usefixtures("alone")
def test_a_record_is_given_whole_with_the_rows_that_went(world: World) -> None:
    api = Api(world)
    where = "/api/v1/answers/DM/"
    until = api.client.get(where, {"purpose": "copy"}).json()["changed_until"]

    def given() -> list[Any]:
        answer = api.client.get(where, {"purpose": "copy", "changed_since": until})
        results: list[Any] = answer.json()["results"]
        return results

    assert given() == []
    gone = {"prior_ca": [{"position": 2, "remove": True}]}
    assert api.patch({"version": 1, "groups": gone, "reason": "Not his"}).status_code == 200
    (record,) = given()
    assert record["version"] == 2
    assert record["visit_code"] is None
    rows = record["groups"]["prior_ca"]
    assert [row["position"] for row in rows] == [1, 2]
    assert rows[1].keys() == {"row_id", "position", "removed"}
    assert rows[1]["removed"] is True
    assert [row["position"] for row in api.shown["groups"]["prior_ca"]] == [1]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("yesterday", "exports.not_a_point_in_time"),
        ("2026-10-01T08:00:00", "exports.not_a_point_in_time"),
        ("tx.1", "exports.not_a_point_in_time"),
        ("tx.１.２", "exports.not_a_point_in_time"),
        (f"tx.1.{'9' * 40}", "exports.not_a_point_in_time"),
        ("tx.1.800", "exports.point_in_time_gone"),
    ],
)
def test_what_names_no_point_in_time_is_refused(reader: Client, said: str, code: str) -> None:
    answer = reader.get(PARTICIPANTS, {"changed_since": said})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_name_from_the_future_or_from_too_long_ago_is_refused(reader: Client) -> None:
    name, cluster, oldest = changed_until().split(".")
    number = row_of("transaction", oldest)
    assert number is not None
    assert not oldest.isdecimal(), "it would count what other sites write"
    for far in (number + 2**20, number + 2**31):
        answer = reader.get(PARTICIPANTS, {"changed_since": f"{name}.{cluster}.{key_of('transaction', far)}"})
        assert answer.json()["code"] == "exports.point_in_time_gone"
