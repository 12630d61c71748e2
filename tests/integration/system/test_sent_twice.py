"""What one page or one call creates is there once, however often it is sent (bad input: double click, lost answer)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts.permissions import Permission
from crf.engine.submission import Answers
from crf.models import AnswerComment, Query, QueryMessage, WorkingNote
from crf.queries.services import raise_query
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from exports.models import ApiToken, Export
from followup.models import CalendarFeed
from kernel.once import new_key
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_api import caller
from tests.world import NOW, PASSWORD, World, as_person, screen
from trials.models import Participant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def number_of(model: Any) -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return int(model.objects.count())


def key_on(client: Client, page: str, sent_to: str) -> str:
    """The key in the form of the page that is sent to the address."""
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", client.get(page).text, re.S)
    action = next(
        form for form in forms if f'action="{sent_to}"' in form or (page == sent_to and "action=" not in form)
    )
    found = re.search(r'name="once" value="([0-9a-f]{32})"', action)
    assert found, f"{page} has no key"
    return found[1]


def asked(world: World, person: Participant) -> Query:
    place = record_key_of(participant=person, form="DM")
    with as_person(world.data_manager), transaction.atomic():
        query: Query = raise_query(record_key=place, text="Is it so?", by=world.data_manager, at=NOW)
        return query


FORM = "/participants/{number}/forms/DM/1"
CASES: dict[str, tuple[str, str, str, dict[str, Any], Any]] = {
    # who sends it, from which page, to which address, what, and what there is one more of
    "a query": ("data_manager", f"{FORM}/ask/", f"{FORM}/ask/", {"text": "Is it so?"}, Query),
    "an answer": (
        "coordinator",
        "/queries/{query}/",
        "/queries/{query}/answer/",
        {"text": "It is"},
        QueryMessage,
    ),
    "a query asked again": (
        "data_manager",
        "/queries/{answered}/",
        "/queries/{answered}/again/",
        {"text": "Is it?"},
        QueryMessage,
    ),
    "a note about a form": ("coordinator", f"{FORM}/note/", f"{FORM}/note/", {"text": "Ask"}, WorkingNote),
    "a comment": (
        "coordinator",
        f"{FORM}/comment/",
        f"{FORM}/comment/",
        {"text": "Read on paper", "target": "height"},
        AnswerComment,
    ),
    "a note": (
        "coordinator",
        "/participants/{number}/notes/",
        "/participants/{number}/notes/new/",
        {"text": "Ask"},
        WorkingNote,
    ),
    "an export": (
        "data_manager",
        "/exports/new/",
        "/exports/new/",
        {"forms": ["DM"], "sites": ["01"], "purpose": "A check", "data_format": "csv", "cut_at": ""},
        Export,
    ),
    "a token": (
        "coordinator",
        "/tokens/",
        "/tokens/",
        {
            "name": "R",
            "scopes": [Permission.VISIT_VIEW.value],
            "expires_on": "2026-12-20",
            "password": PASSWORD,
        },
        ApiToken,
    ),
    "an address of a calendar": ("coordinator", "/visits/feed/", "/visits/feed/make/", {}, CalendarFeed),
}


@pytest.mark.parametrize("what", CASES)
def test_point_05_a_page_sent_twice_creates_one(world: World, what: str) -> None:
    who, page, address, typed, model = CASES[what]
    person = screen(world)
    query, answered = asked(world, person), asked(world, person)
    with as_person(world.coordinator), transaction.atomic():
        place = record_key_of(participant=person, form="DM")
        typed_before = Answers(values={"height": Decimal(170)})
        save_answers(
            record_key=place, answers=typed_before, version=NEW, key="dm", by=world.coordinator, at=NOW
        )
    client = client_of(world.coordinator)
    assert client.post(f"/queries/{row_key(answered)}/answer/", {"text": "It is"}).status_code == 302
    names = {"number": person.number, "query": row_key(query), "answered": row_key(answered)}
    client, page, address = client_of(getattr(world, who)), page.format(**names), address.format(**names)
    sent, before = typed | {"once": key_on(client, page, address)}, number_of(model)
    first = client.post(address, sent)
    assert first.status_code in {200, 302}
    assert number_of(model) == before + 1
    again = client.post(address, sent)
    assert again.status_code == 409
    assert "This page was sent already" in again.text
    assert number_of(model) == before + 1
    anew = client.post(address, typed | {"once": new_key()})
    assert (anew.status_code, number_of(model) - before) in {(302, 2), (200, 2), (409, 1)}


REGISTER, TAKE = "/api/v1/participants/", "/api/v1/exports/"
EXPORT = {"sites": ["01"], "forms": ["DM"], "purpose": "A check"}
CALLS: dict[str, tuple[str, Permission, dict[str, Any], dict[str, Any], Any]] = {
    REGISTER: ("coordinator", Permission.PARTICIPANT_REGISTER, {"site": "01"}, {"site": "02"}, Participant),
    TAKE: ("data_manager", Permission.EXPORT_TAKE, EXPORT, EXPORT | {"purpose": "Another"}, Export),
}


@pytest.mark.parametrize("address", CALLS)
def test_point_05_a_call_sent_twice_creates_one_and_is_given_its_first_answer(
    world: World, address: str
) -> None:
    who, right, body, other, model = CALLS[address]
    api = caller(getattr(world, who), right)

    def call(sent: dict[str, Any], key: str = "run-1") -> Any:
        return api.post(address, sent, headers={"Idempotency-Key": key}, content_type="application/json")

    before = number_of(model)
    first, again = call(body), call(body)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code in {201, 202}
    assert number_of(model) == before + 1
    refused = call(other)
    assert (refused.status_code, refused.json()["code"]) == (409, "exports.key_used")
    assert f"POST {address}" in refused.json()["detail"]
    too_long = call(body, key="k" * 65)
    assert (too_long.status_code, too_long.json()["code"]) == (400, "crf.key_too_long")
    assert number_of(model) == before + 1
    assert call(body, key="run-2").status_code == first.status_code
    assert number_of(model) == before + 2


def test_point_05_a_key_of_a_call_is_its_senders_alone_and_free_after_a_refusal(world: World) -> None:
    def call(user: Any, site: str) -> Any:
        api = caller(user, Permission.PARTICIPANT_REGISTER)
        sent = {"headers": {"Idempotency-Key": "k"}, "content_type": "application/json"}
        return api.post(REGISTER, {"site": site}, **sent)

    assert call(world.coordinator, "02").status_code == 404
    mine, theirs = call(world.coordinator, "01"), call(world.investigator, "01")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["number"] != theirs.json()["number"]


def test_point_05_a_call_that_is_being_done_is_not_done_beside_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.api import views

    api, told = caller(world.coordinator, Permission.PARTICIPANT_REGISTER), []
    sent = {"headers": {"Idempotency-Key": "k"}, "content_type": "application/json"}
    register = views.register_participant

    def slow(**given: Any) -> Any:
        told.append(api.post(REGISTER, {"site": "01"}, **sent))
        return register(**given)

    monkeypatch.setattr(views, "register_participant", slow)
    assert api.post(REGISTER, {"site": "01"}, **sent).status_code == 201
    assert [(each.status_code, each.json()["code"]) for each in told] == [(409, "exports.call_in_progress")]
