"""What cannot be done or found: the right status, one sentence, in the shape and language of the asker."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from kernel.errors import Refusal
from palace3.context import NAVIGATION, navigation
from palace3.error_views import bad_request, refusal_page, server_error
from tests.world import World


class TooEarly(Refusal):
    message = "Participant {participant} has no consent. Record it first."


class TooMany(Refusal):
    message = "Too many at once. Wait."
    status = 429


class OddAnswer(Refusal):
    message = "Four is no answer here. Type another."
    status = 422


def asked(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/anywhere/", headers=headers)
    from django.contrib.auth.models import AnonymousUser

    request.user = AnonymousUser()
    return request


def test_a_refusal_is_a_page_with_the_sentence_and_a_way_back() -> None:
    response = refusal_page(asked(), TooEarly(participant="01-0004"))
    assert response.status_code == 409
    assert "Participant 01-0004 has no consent. Record it first." in response.text
    assert "data-back" in response.text


@pytest.mark.parametrize(("refusal", "status"), [(TooMany(), 429), (OddAnswer(), 422)])
def test_a_refusal_keeps_its_own_status(refusal: Refusal, status: int) -> None:
    response = refusal_page(asked(), refusal)
    assert response.status_code == status
    assert str(refusal) in response.text


def test_a_script_is_answered_in_json() -> None:
    response = refusal_page(asked(**{"X-Requested-With": "fetch"}), TooEarly(participant="01-0004"))
    assert response.headers["Content-Type"] == "application/json"
    assert b"01-0004" in response.content


def test_htmx_is_answered_with_a_fragment() -> None:
    response = refusal_page(asked(**{"HX-Request": "true"}), TooEarly(participant="01-0004"))
    assert "<html" not in response.text
    assert 'role="alert"' in response.text


def test_what_nobody_has_is_not_found(client: Client, world: World) -> None:
    """A visitor is led to the page about the trial, in the language of the address; staff to their work list."""
    for address, language, words in (
        ("/there/is/no/such/page/", "en", "To the page about the trial"),
        ("/zh/nothing/", "zh-hans", "返回试验介绍页"),
    ):
        response = client.get(address)
        assert response.status_code == 404
        assert f'<html lang="{language}">' in response.text
        assert words in response.text
        assert "work for" not in response.text
    client.force_login(world.coordinator)
    assert "a site that you do not work for" in client.get("/there/is/no/such/page/").text


def test_the_sentence_comes_in_the_language_of_the_reader(client: Client, world: World) -> None:
    client.cookies["django_language"] = "zh-hans"
    assert 'lang="zh-hans"' in client.get("/there/is/no/such/page/").text


def test_a_form_without_its_token_is_refused(world: World) -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/sign-out/")
    assert response.status_code == 403
    assert "before your last sign-in" in response.text


def test_too_much_at_once_is_refused_with_413(client: Client, world: World, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/accounts/sign-in/", {"username": "x" * 500})
    assert response.status_code == 413
    assert "smaller parts" in response.text


def test_what_cannot_be_read_is_refused_with_400() -> None:
    assert bad_request(asked()).status_code == 400


def test_a_fault_of_ours_is_told_without_the_database() -> None:
    response = server_error(asked())
    assert response.status_code == 500
    assert "Nothing was saved" in response.text
    assert "Traceback" not in response.text


def test_every_place_of_the_navigation_exists() -> None:
    for _title, places in NAVIGATION:
        for place in places:
            assert reverse(place.url_name).startswith("/")


def test_the_navigation_shows_what_the_person_may_open(world: World) -> None:
    def shown(user: Any) -> set[str]:
        request = RequestFactory().get(reverse("trials:sites"))
        request.user = SimpleLazyObject(lambda: user)
        return {place["href"] for section in navigation(request) for place in section["places"]}

    assert reverse("trials:people") in shown(world.trial_manager)
    assert reverse("trials:people") not in shown(world.statistician)
    assert reverse("randomization:schemes") in shown(world.statistician)
    assert reverse("randomization:schemes") not in shown(world.coordinator)
    assert reverse("randomization:envelopes") in shown(world.investigator), "the first hour after an outage"
    assert reverse("randomization:envelopes") not in shown(world.trial_manager)


def test_the_page_at_hand_is_marked(world: World) -> None:
    request = RequestFactory().get(reverse("trials:sites"))
    request.user = SimpleLazyObject(lambda: world.trial_manager)
    marked = [
        place["href"] for section in navigation(request) for place in section["places"] if place["current"]
    ]
    assert marked == [reverse("trials:sites")]


@pytest.mark.django_db
def test_the_address_of_a_button_says_so_to_who_opens_it(world: World, client: Client) -> None:
    """After an idle time the sign-in page leads back to the address of the button that was pressed last."""
    client.force_login(world.investigator)
    address = reverse("crf:sign", args=["01-0001", "ELIG", 1])
    response = client.get(address)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert "Go back to that page and press the button again." in response.text
    asked = client.get(address, headers={"X-Requested-With": "fetch"})
    assert "press the button again" in asked.json()["message"]


def test_a_form_that_is_out_of_date_says_so_and_not_that_the_role_lacks_it() -> None:
    strict = Client(enforce_csrf_checks=True)
    answered = strict.post("/accounts/sign-in/", {"username": "x", "password": "y"})
    assert answered.status_code == 403
    assert "This page is out of date" in answered.text
    assert "This is not part of your role" not in answered.text
