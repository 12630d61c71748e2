"""Imports, the audit trail and listings by API: as the pages have them, by right, and as they are described."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.permissions import Permission
from audit.models import Act
from crf.models import SavedListing
from followup.models import Visit
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_laboratory import visit_of
from tests.integration.crf.test_listings import made
from tests.integration.exports.test_api import READ, caller
from tests.integration.exports.test_api_described import described, fits
from tests.integration.exports.test_imports import LAB, lab
from tests.integration.exports.test_put_and_patch import Api
from tests.world import World, screen
from trials.models import Participant

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["described"]
IMPORTS = "/api/v1/imports/"


@pytest.fixture
def screened(world: World) -> Participant:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = screen(world, signed_on=date(2026, 1, 5))
        visit_of(participant, "SCR")
    return participant


def sent(table: bytes, **more: Any) -> dict[str, Any]:
    content = base64.b64encode(table).decode()
    return {"form": "LB", "file": content, "file_name": "lab.csv", "mapping": LAB} | more


def post(api: Client, path: str, body: Any = None, **headers: str) -> Any:
    return api.post(path, body or {}, content_type="application/json", headers=headers)


def test_point_9_a_file_is_previewed_and_taken_by_api(
    world: World, screened: Participant, described: dict[str, Any]
) -> None:
    api = caller(world.coordinator, Permission.CRF_EDIT, *READ)
    line = f"{screened.number},Screening,yes,2026-01-06,Potassium,4.1,mmol/L,"
    preview = post(api, IMPORTS, sent(lab(line)), **{"Idempotency-Key": "once"})
    assert preview.status_code == 201, preview.content
    fits(described, IMPORTS, preview, "post")
    assert preview.json()["state"] == "previewed"
    assert preview.json()["counts"]["new"] == 5
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        visit = Visit.objects.get(participant=screened, code="SCR")
    address = f"/api/v1/participants/{screened.number}/answers/LB/?visit={row_key(visit)}"
    assert api.get(address).json()["state"] == "empty"
    again = post(api, IMPORTS, sent(lab(line)), **{"Idempotency-Key": "once"})
    assert again.json()["id"] == preview.json()["id"]

    one = f"{IMPORTS}{preview.json()['id']}/"
    done = post(api, f"{one}take/")
    fits(described, "/api/v1/imports/{id}/take/", done, "post")
    assert done.json()["state"] == "done"
    stored = api.get(address).json()
    assert [(row["lb_test"], row["lb_res"]) for row in stored["groups"]["tests"]] == [("K", "4.1")]
    assert post(api, f"{one}take/").status_code == 409
    fits(described, "/api/v1/imports/{id}/", api.get(one))
    fits(described, IMPORTS, api.get(IMPORTS))
    third = post(api, IMPORTS, sent(lab(line)))
    assert third.json()["counts"] | {"same": 0} == dict.fromkeys(("new", "same", "conflict", "refused"), 0)
    put_aside = post(api, f"{IMPORTS}{third.json()['id']}/discard/")
    fits(described, "/api/v1/imports/{id}/discard/", put_aside, "post")
    assert put_aside.json()["state"] == "discarded"


def test_point_9_an_import_is_refused_as_on_its_page(world: World, screened: Participant) -> None:
    mine = caller(world.coordinator, Permission.CRF_EDIT)
    line = f"{screened.number},Screening,yes,2026-01-06,Potassium,4.1,mmol/L,"
    stranger = caller(world.stranger, Permission.CRF_EDIT)
    refused = post(stranger, IMPORTS, sent(lab(line)))
    assert (refused.status_code, refused.json()["code"]) == (422, "exports.import_of_nobody")
    number = post(mine, IMPORTS, sent(lab(line))).json()["id"]
    assert stranger.get(f"{IMPORTS}{number}/").status_code == 404
    assert post(stranger, f"{IMPORTS}{number}/take/").status_code == 404
    for body, code in (
        (sent(lab(line), file="***"), "exports.not_base64"),
        (sent(lab(line), mapping="SUBJID"), "exports.not_an_object"),
        (sent(lab(line), sheet="1"), "exports.unknown_member"),
    ):
        answer = post(mine, IMPORTS, body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_point_3_the_trail_is_read_by_api_with_filters_and_by_right(
    world: World, screened: Participant, described: dict[str, Any]
) -> None:
    path = "/api/v1/trail/"
    other, number = screen(world, site=world.other_site), Api(world).address.split("/")[4]
    rights = (*READ, Permission.AUDIT_VIEW, Permission.ALLOCATION_VIEW)
    monitor, site = caller(world.data_manager, *rights), caller(world.investigator, *rights)

    def lines(api: Client, **asked: str) -> list[Any]:
        answer = api.get(path, asked)
        assert answer.status_code == 200, answer.content
        fits(described, path, answer)
        results: list[Any] = answer.json()["results"]
        return results

    assert {line["participant"] for line in lines(monitor, page_size="500")} >= {
        screened.number,
        other.number,
    }
    assert other.number not in {line["participant"] for line in lines(site, page_size="500")}
    saved = lines(monitor, participant=number, form="DM", field="height", kind="answers")
    assert [each["new"] for each in saved[0]["changes"] if each["item"] == "Height"] == ["170"]
    assert len(saved) == 1
    first = monitor.get(path, {"page_size": "1"}).json()
    assert len(first["results"]) == 1
    assert monitor.get(first["next"]).json()["results"][0]["id"] > first["results"][0]["id"]
    assert lines(monitor, until="2001-01-01") == []
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Act.objects.filter(verb="reports:trail:take").exists()
    for asked in ({"kind": "all"}, {"from": "May"}, {"site": "99"}, {"who": "x"}):
        assert monitor.get(path, asked).status_code == 400, asked
    assert caller(world.coordinator, Permission.CRF_VIEW).get(path).status_code == 403


def test_point_9_the_rows_of_a_listing_are_read_for_a_purpose(
    world: World, described: dict[str, Any]
) -> None:
    number = Api(world).address.split("/")[4]
    listing: SavedListing = made(world.data_manager, "DM.height", sources=("DM",))
    api = caller(world.data_manager, Permission.CRF_VIEW)
    every = api.get("/api/v1/listings/")
    fits(described, "/api/v1/listings/", every)
    assert [row["id"] for row in every.json()["results"]] == [row_key(listing)]
    path = f"/api/v1/listings/{row_key(listing)}/rows/"
    assert api.get(path).status_code == 400
    rows = api.get(path, {"purpose": "Cleaning"})
    fits(described, "/api/v1/listings/{id}/rows/", rows)
    assert rows.json()["columns"][:2] == ["SITE", "PARTICIPANT"]
    assert [row[1] for row in rows.json()["rows"]] == [number]
    assert rows.json()["next"] is None
    assert api.get(path, {"purpose": "x", "page": "0"}).status_code == 400
    assert api.get(path, {"purpose": "x", "page": "2"}).json()["rows"] == []
