"""PUT states a whole record and erases nothing by silence; PATCH changes what is sent."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.permissions import Permission
from tests.integration.exports.test_api import caller
from tests.world import World, screen

pytestmark = pytest.mark.django_db
DM = {"mh_prior_ca": "Y", "weight": "61.5", "height": "170"}
ROWS = [{"ca_site": "Breast", "ca_year": 2011}, {"ca_site": "Colon", "ca_year": 2014}]
Body = dict[str, Any]


class Api:
    """One record, written and read as a program does."""

    def __init__(self, world: World) -> None:
        self.client = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)
        self.address = f"/api/v1/participants/{screen(world).number}/answers/DM/"
        body = {"answers": DM, "missing": {"weight_6m": "NK"}, "groups": {"prior_ca": ROWS}}
        assert self.put(body).status_code == 200

    def put(self, body: Body, **headers: str) -> Any:
        return self.client.put(self.address, body, content_type="application/json", headers=headers)

    def patch(self, body: Body, **headers: str) -> Any:
        return self.client.patch(self.address, body, content_type="application/json", headers=headers)

    @property
    def shown(self) -> Any:
        return self.client.get(self.address).json()

    @property
    def texts(self) -> list[tuple[int, str]]:
        return [(row["position"], row["ca_site"]) for row in self.shown["groups"]["prior_ca"]]


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_point_21_put_with_one_answer_erases_nothing(api: Api) -> None:
    refused = api.put({"version": 1, "answers": {"weight": "62"}, "reason": "partial"})
    assert (refused.status_code, refused.json()["code"]) == (422, "exports.answers_left_out")
    assert set(refused.json()["errors"]) == {"mh_prior_ca", "height", "weight_6m", "prior_ca"}
    assert api.shown["version"] == 1
    assert api.shown["answers"]["height"] == 170


def test_point_21_put_names_the_rows_and_their_answers_that_it_would_erase(api: Api) -> None:
    first = api.shown["groups"]["prior_ca"][0]
    rows = [{"row_id": first["row_id"], "ca_site": "Breast"}]
    body = {"version": 1, "answers": DM, "missing": {"weight_6m": "NK"}, "groups": {"prior_ca": rows}}
    refused = api.put({**body, "reason": "partial"})
    assert set(refused.json()["errors"]) == {"prior_ca.1.ca_year", "prior_ca.2"}
    gone = {**body, "groups": {"prior_ca": [{**first}, {"position": 2, "remove": True}]}, "reason": "Not his"}
    assert api.put(gone).status_code == 200
    assert api.texts == [(1, "Breast")]


def test_point_21_put_erases_when_it_says_so(api: Api) -> None:
    body = {"version": 1, "answers": {"weight": "62"}, "reason": "Another patient", "replace": True}
    assert api.put(body).status_code == 200
    shown = api.shown
    assert (shown["answers"]["weight"], shown["answers"]["height"], shown["missing"]) == (62, None, {})
    assert shown["groups"]["prior_ca"] == []


def test_point_21_what_was_got_can_be_put(api: Api) -> None:
    assert api.put({**api.shown}).status_code == 200
    assert api.texts == [(1, "Breast"), (2, "Colon")]


def test_point_21_patch_changes_what_is_sent_and_nothing_else(api: Api) -> None:
    before = api.shown
    assert api.patch({"version": 1, "answers": {"weight": "62"}}).status_code == 422  # no reason
    assert api.patch({"version": 1, "answers": {"weight": "62"}, "reason": "Misread"}).status_code == 200
    after = api.shown
    assert {name for name in before["answers"] if before["answers"][name] != after["answers"][name]} == {
        "weight",
        *(name for name in ("bmi", "bsa") if name in before["answers"]),
    }
    assert (after["missing"], after["version"]) == ({"weight_6m": "NK"}, 2)
    assert api.texts == [(1, "Breast"), (2, "Colon")]
    stale = api.patch({"version": 1, "answers": {"weight": "63"}, "reason": "Misread"})
    assert stale.status_code == 409


def test_point_21_patch_takes_an_answer_for_a_missing_reason_and_back(api: Api) -> None:
    assert api.patch({"version": 1, "answers": {"weight_6m": "66"}, "reason": "Found"}).status_code == 200
    assert (api.shown["answers"]["weight_6m"], api.shown["missing"]) == (66, {})
    assert api.patch({"version": 2, "missing": {"weight_6m": "NK"}, "reason": "Wrong"}).status_code == 200
    assert (api.shown["answers"]["weight_6m"], api.shown["missing"]) == (None, {"weight_6m": "NK"})


def test_point_21_patch_changes_adds_and_removes_rows(api: Api) -> None:
    first, second = api.shown["groups"]["prior_ca"]
    rows = [
        {"ca_site": "Thyroid", "ca_year": 2011},
        {"row_id": second["row_id"], "ca_site": "Rectum"},
        {"position": first["position"], "remove": True},
    ]
    body = {"version": 1, "groups": {"prior_ca": rows}, "reason": "Records seen"}
    assert api.patch(body).status_code == 200
    shown = {row["ca_site"]: (row["position"], row["ca_year"]) for row in api.shown["groups"]["prior_ca"]}
    assert shown == {"Rectum": (2, 2014), "Thyroid": (3, 2011)}


def test_point_21_patch_that_is_sent_twice_is_done_once(api: Api) -> None:
    body = {"version": 1, "groups": {"prior_ca": [{"ca_site": "Thyroid", "ca_year": 2011}]}}
    once = {"Idempotency-Key": "ward-3"}
    answers = [api.patch(body, **once) for _ in range(2)]
    assert [answer.json()["version"] for answer in answers] == [2, 2]
    assert api.texts == [(1, "Breast"), (2, "Colon"), (3, "Thyroid")]


@pytest.mark.parametrize("body", [{"replace": "yes"}, {"replace": 1}])
def test_point_21_replace_is_said_plainly(api: Api, body: Body) -> None:
    assert "replace" in api.put({"version": 1, **body}).json()["errors"]
    assert "replace" in api.patch({"version": 1, "replace": True}).json()["errors"]


def test_point_21_the_schema_says_what_put_and_patch_do(api: Api) -> None:
    paths = api.client.get("/api/schema/?format=json").json()["paths"]
    methods = paths["/api/v1/participants/{number}/answers/{code}/"]
    for method in ("put", "patch"):
        assert "PATCH changes what is sent" in methods[method]["description"]
        assert '"replace": true' in methods[method]["description"]
