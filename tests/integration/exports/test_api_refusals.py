"""What the API answers to bad input: the right status, one sentence, nothing written."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from accounts.permissions import Permission
from audit.models import Act
from exports.api.endpoint import PerToken
from tests.integration.exports.test_api import caller
from tests.world import World, screen

pytestmark = pytest.mark.django_db
RIGHTS = [
    Permission.PARTICIPANT_VIEW,
    Permission.PARTICIPANT_REGISTER,
    Permission.CRF_VIEW,
    Permission.CRF_EDIT,
    Permission.VISIT_VIEW,
]
ELIG = "/api/v1/participants/{number}/answers/ELIG/"
STAGE = "/api/v1/participants/{number}/answers/STAGE/"

# method, address, body (a text is sent as it is), status
CASES: dict[str, tuple[str, str, Any, int]] = {
    "a body that is no JSON": ("put", ELIG, "{no", 400),
    "a body that is a list": ("put", ELIG, ["no"], 400),
    "answers that are a list": ("put", ELIG, {"answers": ["no"]}, 400),
    "rows that are no objects": (
        "put",
        "/api/v1/participants/{number}/answers/STAGE/",
        {"groups": {"ct_node": ["no"]}},
        400,
    ),
    "reasons that are a text": ("put", ELIG, {"reasons": "typo"}, 400),
    "a character that cannot be stored": ("put", ELIG, {"answers": {"sex": "M\x00"}}, 400),
    "half a character in a reason": ("put", ELIG, {"answers": {"sex": "M"}, "reason": "a\ud800"}, 400),
    "half a character in a name": ("put", ELIG, {"answers": {"\ud800": "M"}}, 400),
    "an answer outside the code list": ("put", ELIG, {"answers": {"sex": "Q"}}, 422),
    "an answer of the wrong kind": ("put", ELIG, {"answers": {"birth": {"year": 1964}}}, 422),
    "a date that is none": ("put", ELIG, {"answers": {"birth": "1964-02-30"}}, 422),
    "a form that is none": ("get", "/api/v1/participants/{number}/answers/NOPE/", None, 404),
    "answers of a form that is none": ("get", "/api/v1/answers/NOPE/", None, 404),
    "a record number that is none": ("get", ELIG + "?sequence=first", None, 404),
    "a record number without end": ("get", ELIG + "?sequence=" + "9" * 60, None, 404),
    "a visit number without end": ("get", ELIG + "?visit=" + "9" * 60, None, 404),
    "a page that is none": ("get", "/api/v1/visits/?cursor=zzz", None, 404),
    "a page that somebody made up": ("get", "/api/v1/visits/?cursor=cj0xJnA9eA==", None, 404),
    "a page beyond any number": (
        "get",
        "/api/v1/visits/?cursor=" + b64encode(b"p=" + b"9" * 40).decode(),
        None,
        404,
    ),
    "a body without an end to its depth": ("put", ELIG, '{"answers":' * 5000 + "1" + "}" * 5000, 400),
    "an answer to no question": ("put", ELIG, {"answers": {"sex": "M", "wieght": 61}}, 422),
    "rows that are no list": (
        "put",
        "/api/v1/participants/{number}/answers/STAGE/",
        {"groups": {"ct_node": {"station": "8M"}}},
        400,
    ),
    "a reason to no question": ("put", ELIG, {"missing": {"wieght": "ND"}}, 422),
    "a group that is none": ("put", ELIG, {"groups": {"nodes": []}}, 422),
    "an answer of a row to no question": (
        "put",
        "/api/v1/participants/{number}/answers/STAGE/",
        {"groups": {"ct_node": [{"statoin": "8M"}]}},
        422,
    ),
    "half of a character": ("put", ELIG, '{"reason": "\\ud800"}', 400),
    "half of a character as a site": ("post", "/api/v1/participants/", '{"site": "\\ud800"}', 400),
    "a number that is none": ("put", ELIG, '{"answers": {"weight": NaN}}', 400),
    "a participant of another site": ("get", "/api/v1/participants/{theirs}/", None, 404),
    "answers for another site": ("put", "/api/v1/participants/{theirs}/answers/ELIG/", {}, 404),
    "a participant who is none": ("get", "/api/v1/participants/99-9999/", None, 404),
    "another site": ("post", "/api/v1/participants/", {"site": "02"}, 404),
    "a site that is none": ("post", "/api/v1/participants/", {"site": "77"}, 404),
    "registering with a list": ("post", "/api/v1/participants/", ["01"], 400),
    "what the role does not include": ("get", "/api/v1/exports/", None, 403),
    "a step out of order": ("put", "/api/v1/participants/{number}/answers/PATH/", {}, 409),
    "a method that is none": ("delete", ELIG, None, 405),
    "an address that is none": ("get", "/api/v1/nothing/", None, 404),
    "a body larger than is taken": ("put", ELIG, {"answers": {"sex": "x" * 2_700_000}}, 413),
}


def send(api: Client, method: str, address: str, body: Any) -> Any:
    if body is None:
        return getattr(api, method)(address)
    text = body if isinstance(body, str) else json.dumps(body)
    return getattr(api, method)(address, text, content_type="application/json")


@pytest.mark.parametrize("case", sorted(CASES))
def test_bad_input_is_answered_with_a_status_and_a_sentence(world: World, case: str) -> None:
    mine, theirs = screen(world), screen(world, site=world.other_site)
    api = caller(world.coordinator, *RIGHTS)
    api.raise_request_exception = False
    before = Act.objects.count()
    method, address, body, status = CASES[case]
    answered = send(api, method, address.format(number=mine.number, theirs=theirs.number), body)
    assert answered.status_code == status, answered.content
    assert answered.headers["Content-Type"] == "application/json"
    said = answered.json()
    assert said["detail"]
    assert said.get("code") or said["errors"]
    assert "Traceback" not in answered.text
    assert "SELECT" not in answered.text
    assert Act.objects.count() == before


def test_another_sites_participant_and_nobody_are_answered_alike(world: World) -> None:
    theirs = screen(world, site=world.other_site)
    api = caller(world.coordinator, *RIGHTS)
    for address in ("/api/v1/participants/{}/", "/api/v1/participants/{}/answers/ELIG/"):
        one, other = (api.get(address.format(number)) for number in (theirs.number, "99-9999"))
        assert (one.status_code, one.content) == (other.status_code, other.content)


def test_too_many_calls_are_told_how_long_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerToken, "rate", "2/min")
    api = caller(world.coordinator, *RIGHTS)
    answers = [api.get("/api/v1/participants/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].json()["detail"]


def test_the_sentence_comes_in_the_language_asked_for(world: World) -> None:
    api = caller(world.coordinator, Permission.CRF_VIEW)
    answered = api.get("/api/v1/participants/", headers={"Accept-Language": "zh-hans"})
    assert "角色" in answered.json()["detail"]


def test_a_body_that_is_no_json_is_said_to_be_none_in_the_language_asked_for(world: World) -> None:
    api = caller(world.coordinator, *RIGHTS)
    answered = api.put(
        ELIG.format(number=screen(world).number),
        "{no",
        content_type="application/json",
        headers={"Accept-Language": "zh-hans"},
    )
    assert "JSON" in answered.json()["detail"]
    assert "UTF-8" in answered.json()["detail"]
    assert "请" in answered.json()["detail"]


def test_a_save_that_is_sent_twice_is_one_save(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, *RIGHTS)
    once = {"headers": {"Idempotency-Key": "from-the-ward-17"}, "content_type": "application/json"}
    address = ELIG.format(number=participant.number)
    answers = [api.put(address, {"answers": {"sex": "M"}}, **once) for _ in range(2)]
    assert [answer.json()["version"] for answer in answers] == [1, 1]
    assert Act.objects.filter(verb="crf:answers:save").count() <= 2
    assert api.get(address).json()["version"] == 1


def test_each_correction_has_its_own_reason(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, *RIGHTS)
    address = ELIG.format(number=participant.number)
    send(api, "put", address, {"answers": {"sex": "M", "birth": "1964-03"}})
    changed = {"version": 1, "answers": {"sex": "F", "birth": "1964-04"}, "reasons": {"sex": "Misread"}}
    assert send(api, "put", address, changed).status_code == 422
    changed["reasons"] = {"sex": "Misread", "birth": "Identity card seen"}
    assert send(api, "put", address, changed).status_code == 200


def test_people_find_every_call_on_one_page(world: World, client: Client) -> None:
    client.force_login(world.coordinator)
    page = client.get("/api/")
    paths = client.get("/api/schema/?format=json").json()["paths"]
    assert page.status_code == 200
    for path, methods in paths.items():
        assert path in page.text
        assert all(f">{method.upper()}</span>" in page.text for method in methods)


STRANGE: dict[str, tuple[dict[str, Any], str]] = {
    "a question that the form does not have": ({"answers": {"sexx": "M"}}, "sexx"),
    "a reason for such a question": ({"missing": {"sexx": "NK"}}, "sexx"),
    "a part that a body does not have": ({"awnsers": {"sex": "M"}}, "awnsers"),
    "a table that the form does not have": ({"groups": {"nodes": []}}, "nodes"),
    "two answers to one question": ({"answers": {"sex": ["M", "F"]}}, "sex"),
    "an object for an answer": ({"answers": {"sex": {"code": "M"}}}, "sex"),
}


@pytest.mark.parametrize("case", sorted(STRANGE))
def test_what_would_be_lost_in_silence_is_refused_by_name(world: World, case: str) -> None:
    participant = screen(world)
    api = caller(world.coordinator, *RIGHTS)
    sent, name = STRANGE[case]
    answered = send(api, "put", ELIG.format(number=participant.number), sent)
    assert answered.status_code == 422, answered.content
    assert name in answered.json()["errors"][name]
    assert api.get(ELIG.format(number=participant.number)).json()["state"] == "empty"


def test_a_question_that_a_table_does_not_have_is_refused_by_its_row(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, *RIGHTS)
    address = STAGE.format(number=participant.number)
    rows = [
        {"station": "7", "positive": "Y"},
        {"sttion": "4R", "missing": {"fnaa": "ND"}, "side": {"is": "L"}},
    ]
    answered = send(api, "put", address, {"groups": {"node": rows}})
    assert answered.status_code == 422
    assert set(answered.json()["errors"]) == {"node-1-sttion", "node-1-fnaa", "node-1-side"}
    assert "“sttion”" in answered.json()["errors"]["node-1-sttion"]
    assert send(api, "put", address, {"groups": {"node": {"station": "7"}}}).status_code == 400


def test_what_was_got_can_be_put(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, *RIGHTS)
    address = STAGE.format(number=participant.number)
    sent = {"answers": {"t4b_str": ["none"], "cps": None}, "groups": {"node": [{"station": "7"}]}}
    assert send(api, "put", address, sent).status_code == 200
    got = api.get(address).json()
    assert send(api, "put", address, got).status_code == 200
    assert api.get(address).json() == got


def test_a_refused_save_says_so_at_the_answer(world: World) -> None:
    participant = screen(world)
    api = caller(world.coordinator, *RIGHTS)
    address = STAGE.format(number=participant.number)
    rows = {"node": [{"station": "7", "short_mm": 101}]}
    impossible = send(api, "put", address, {"answers": {"upper_cm": 51}, "groups": rows})
    assert impossible.status_code == 422
    assert set(impossible.json()["errors"]) == {"upper_cm", "node-0-short_mm"}
    assert "10 to 50 cm" in impossible.json()["errors"]["upper_cm"]
    assert send(api, "put", address, {"answers": {"upper_cm": 24}}).status_code == 200
    silent = send(api, "put", address, {"version": 1, "answers": {"upper_cm": 25}})
    assert (silent.status_code, set(silent.json()["errors"])) == (422, {"upper_cm"})


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Reload the page and try again"), ("zh-hans", "请重新加载页面后重试")]
)
def test_point_24_a_call_without_the_token_of_its_page_is_refused_in_our_words(
    world: World, language: str, says: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.data_manager)
    client.cookies["django_language"] = language
    answered = client.post("/api/v1/exports/", {}, content_type="application/json")
    assert (answered.status_code, answered.json()["code"]) == (403, "exports.page_token_missing")
    assert says in answered.json()["detail"]
    assert "CSRF" not in answered.text
