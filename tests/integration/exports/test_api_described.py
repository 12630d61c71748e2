"""What the description of the API says of an answer is so: each answer is held against its schema."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from jsonschema import Draft202012Validator

from accounts.permissions import Permission
from crf import catalogue
from crf.queries.assigning import Assignee
from crf.queries.services import raise_query
from tests.integration.crf.conftest import place_at
from tests.integration.exports.test_api import caller
from tests.world import NOW, World, as_person, screen
from trials.models import Participant

pytestmark = pytest.mark.django_db


@pytest.fixture
def described(world: World) -> dict[str, Any]:
    schema: dict[str, Any] = Client().get("/api/schema/?format=json").json()
    return schema


def fits(described: dict[str, Any], path: str, answer: Any, method: str = "get") -> None:
    """Hold an answer against what the description says of its status."""
    responses = described["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, (path, answer.status_code, answer.content[:300])
    (content,) = responses[str(answer.status_code)]["content"].values()
    whole = {**content["schema"], "components": described["components"]}
    faults = [
        f"{list(fault.absolute_path)}: {fault.message[:300]}"
        for fault in Draft202012Validator(whole).iter_errors(answer.json())
    ]
    assert not faults, (path, faults[:5])


def test_every_schema_is_a_schema(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            assert said["tags"], (path, method)
            assert said["summary"], (path, method)
            assert {"401", "403", "429"} <= set(said["responses"]), (path, method)


def to_somebody(participant: Participant, world: World) -> None:
    """A query is for one person, so that no role is to answer it."""
    with as_person(world.data_manager), transaction.atomic():
        raise_query(
            record_key=place_at(participant, "DM"),
            text="Please check",
            assignee=str(Assignee(user_id=world.coordinator.pk)),
            by=world.data_manager,
            at=NOW,
        )


def test_every_list_answers_as_described(world: World, described: dict[str, Any]) -> None:
    to_somebody(screen(world), world)
    api = caller(world.data_manager, *[p for p in Permission if world.data_manager.may(p)])
    opened = 0
    for path, methods in described["paths"].items():
        if "get" in methods and "{" not in path:
            fits(described, path, api.get(path))
            opened += 1
    assert opened >= 10
    for form in catalogue.forms():
        path = "/api/v1/answers/{code}/"
        fits(described, path, api.get(path.format(code=form), {"purpose": "Review"}))


def test_what_is_saved_or_refused_answers_as_described(world: World, described: dict[str, Any]) -> None:
    path = "/api/v1/participants/{number}/answers/{code}/"
    number = screen(world).number
    api = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW, Permission.PARTICIPANT_REGISTER)
    where = path.format(number=number, code="DM")

    def put(body: Any) -> Any:
        return api.put(where, body, content_type="application/json")

    fits(described, path, api.get(where))
    rows = {"prior_ca": [{"ca_site": "Breast", "ca_year": 2011}]}
    saved = put({"answers": {"mh_prior_ca": "Y", "weight": "61.5"}, "groups": rows})
    assert saved.status_code == 200
    fits(described, path, saved, "put")
    fits(described, path, api.get(where))
    refusals = {
        400: put([]),
        409: put({"answers": {"weight": 60}, "replace": True}),
        422: put({"version": 1, "answers": {"weight": "heavy"}, "replace": True, "reason": "x"}),
        404: api.put(where.replace("DM", "NONE"), {}, content_type="application/json"),
        415: api.put(where, "weight=60", content_type="text/plain"),
    }
    for status, answer in refusals.items():
        assert answer.status_code == status, answer.content
        fits(described, path, answer, "put")
    made = api.post("/api/v1/participants/", {"site": world.site.code}, content_type="application/json")
    fits(described, "/api/v1/participants/", made, "post")
