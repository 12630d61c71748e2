"""The public form: no cookie, nothing typed is lost, one request for one page, nothing revealed to programs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Mail
from tests.clock import Clock, clock_time
from tests.integration.trials.contact_world import (
    FIELDS,
    SENT_AT,
    TELLING,
    as_the_system,
    later,
    open_form,
)
from tests.world import World
from trials import services
from trials.models import ContactIdentity, ContactRequest
from website.services.requests import only_of, read_identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    """A browser that checks tokens as the middleware of Django would, if the form carried one."""
    return Client(enforce_csrf_checks=True)


def kept() -> list[ContactRequest]:
    with as_the_system():
        return list(ContactRequest.objects.select_related("site"))


def identities(world: World) -> int:
    with only_of(world.site.pk), transaction.atomic():
        return ContactIdentity.objects.count()


def fill(visitor: Client, clock: Clock, address: str = "/contact/", **changed: str) -> Any:
    """Open the form, take a minute, and send it with ``changed``."""
    token = open_form(visitor, address)
    clock.go(clock_time() + timedelta(minutes=1))
    return visitor.post(address, {**FIELDS, "token": token, **changed})


def test_a_request_reaches_the_chosen_centre(visitor: Client, clock: Clock, world: World) -> None:
    answer = fill(visitor, clock)
    assert answer.status_code == 302
    said = visitor.get(answer.headers["Location"])
    assert "Riverside Hospital" in said.text
    (made,) = kept()
    assert made.site == world.site
    assert made.reference in said.text
    from website.services.requests import only_of

    with only_of(made.site_id):
        identity = read_identity(made)
    assert identity is not None
    assert {name: identity[name] for name in ("first_name", "last_name", "email", "language", "message")} == {
        name: FIELDS[name] for name in ("first_name", "last_name", "email", "language", "message")
    }
    assert identity["phone"] == "+8613800138000"


def test_no_page_of_the_form_sets_a_cookie(visitor: Client, clock: Clock, world: World) -> None:
    opened = visitor.get("/contact/?site=02")
    answer = fill(visitor, clock)
    said = visitor.get(answer.headers["Location"])
    for response in (opened, answer, said, visitor.get("/news/"), visitor.get("/contact/?lang=zh-hans")):
        assert "Set-Cookie" not in response.headers
        assert not response.cookies


def test_the_centre_of_the_address_is_chosen(visitor: Client, clock: Clock, world: World) -> None:
    page = visitor.get("/contact/?site=02").text
    assert 'value="02" checked' in page
    assert 'value="01" checked' not in page
    assert "checked" not in visitor.get("/contact/?site=99").text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("first_name", "", "Type your first name"),
        ("last_name", "  ", "Type your last name"),
        ("phone", "", "Type the number"),
        ("phone", "12345", "not a number that can be called"),
        ("phone", "call me", "not a number that can be called"),
        ("email", "nobody at home", "An address has a name"),
        ("email", "x@example.com\r\nBcc: all@example.com", "cannot be printed"),
        ("first_name", "A\nB", "cannot be printed"),
        ("language", "", "Type the language"),
        ("site", "", "Choose the centre"),
        ("consent", "", "Without your agreement"),
    ],
)
def test_each_field_says_what_to_do_and_keeps_the_rest(
    visitor: Client, clock: Clock, world: World, field: str, typed: str, sentence: str
) -> None:
    answer = fill(visitor, clock, **{field: typed})
    assert answer.status_code == 422
    page = answer.text
    assert page.count(sentence) >= 2, "in the summary and at the field"
    for name, value in FIELDS.items():
        if name not in {field, "site", "consent"}:
            assert value in page, name
    assert kept() == []


def test_a_near_miss_of_an_address_is_asked_about_once(visitor: Client, clock: Clock, world: World) -> None:
    answer = fill(visitor, clock, email="hua@gmial.com", email_kept="")
    assert answer.status_code == 422
    assert "hua@gmail.com" in answer.text
    assert 'name="email_kept" value="hua@gmial.com"' in answer.text
    assert fill(visitor, clock, email="hua@gmial.com", email_kept="hua@gmial.com").status_code == 302


@pytest.mark.parametrize(
    "number",
    ["138 0013 8000", "021-6437 7134", "+44 20 7946 0018", "０１３８００１３８０００", "13800138000"],
)
def test_numbers_that_can_be_called_pass(visitor: Client, clock: Clock, world: World, number: str) -> None:
    assert fill(visitor, clock, phone=number).status_code == 302


def test_a_second_press_is_the_same_request(visitor: Client, clock: Clock, world: World) -> None:
    token = open_form(visitor)
    clock.go(later(minutes=1))
    first = visitor.post("/contact/", {**FIELDS, "token": token})
    second = visitor.post("/contact/", {**FIELDS, "token": token})
    assert first.headers["Location"] == second.headers["Location"]
    assert len(kept()) == 1
    with as_the_system():
        assert Mail.objects.filter(kind="trials:acknowledged").count() == 1


def test_a_city_shows_distances_and_keeps_what_was_typed(visitor: Client, clock: Clock, world: World) -> None:
    with as_the_system():
        for site, latitude, longitude in (
            (world.site, "31.23", "121.47"),
            (world.other_site, "30.57", "104.07"),
        ):
            services.change_site(
                site=site,
                latitude=latitude,
                longitude=longitude,
                by=world.trial_manager,
                at=SENT_AT,
                reason="map",
            )
    page = fill(visitor, clock, city="重庆市", step="nearest", first_name="小华", phone="half a num").text
    assert page.index("Hillside") < page.index("Riverside")
    assert 'value="02" checked' in page
    assert "about 264 km away" in page
    assert "half a num" in page
    assert "Please look at this" not in page
    assert "several" in fill(visitor, clock, city="Suzhou", step="nearest").text
    assert "not in the list" in fill(visitor, clock, city="Atlantis", step="nearest").text
    assert kept() == []


def test_a_centre_that_closed_meanwhile_is_told_and_the_next_one_offered(
    visitor: Client, clock: Clock, world: World
) -> None:
    token = open_form(visitor)
    with as_the_system():
        services.move_site(site=world.site, to="suspended", by=world.trial_manager, at=SENT_AT, reason="full")
    clock.go(later(minutes=1))
    answer = visitor.post("/contact/", {**FIELDS, "token": token})
    assert answer.status_code == 409
    assert "Riverside Hospital takes no requests now" in answer.text
    assert 'value="02" checked' in answer.text
    assert all(FIELDS[name] in answer.text for name in ("first_name", "last_name", "phone", "message"))
    assert kept() == []
    assert visitor.post("/contact/", {**FIELDS, "site": "02", "token": token}).status_code == 302


def test_the_centre_may_close_in_the_very_moment(
    visitor: Client, clock: Clock, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from website.services.requests import CentreClosed

    def refuse(**_: Any) -> None:
        raise CentreClosed

    monkeypatch.setattr("website.views.contact.receive_request", refuse)
    answer = fill(visitor, clock)
    assert answer.status_code == 409
    assert FIELDS["last_name"] in answer.text


def test_when_no_centre_is_open_the_page_says_so(visitor: Client, clock: Clock, world: World) -> None:
    with as_the_system():
        for site in (world.site, world.other_site):
            services.move_site(site=site, to="suspended", by=world.trial_manager, at=SENT_AT, reason="full")
    assert "No centre takes requests" in visitor.get("/contact/").text


@pytest.mark.parametrize("sign", ["filled trap", "too quick"])
def test_point_19_nobody_is_promised_a_call_when_nothing_was_kept(
    visitor: Client, clock: Clock, world: World, sign: str
) -> None:
    token = open_form(visitor)
    clock.go(later(seconds=1 if sign == "too quick" else 60))
    trap = {"website": "https://spam.example"} if sign == "filled trap" else {}
    answer = visitor.post("/contact/", {**FIELDS, "token": token, **trap})
    assert answer.status_code == 422
    assert "press the button once more" in answer.text
    assert FIELDS["message"] in answer.text
    assert kept() == []
    again = re.search(r'name="again" value="([^"]+)"', answer.text)
    assert again is not None
    pressed = visitor.post("/contact/", {**FIELDS, "token": token, "again": again[1], **trap})
    assert pressed.headers["Location"].startswith("/contact/sent/")
    assert [request.reference for request in kept()] == [again[1]]


def test_a_page_left_open_too_long_keeps_what_was_typed(visitor: Client, clock: Clock, world: World) -> None:
    token = open_form(visitor)
    clock.go(later(hours=13))
    answer = visitor.post("/contact/", {**FIELDS, "token": token})
    assert answer.status_code == 422
    assert "open for a long time" in answer.text
    assert FIELDS["message"] in answer.text
    assert kept() == []


@pytest.mark.parametrize("token", ["", "made up", "eyJ:xyz"])
def test_a_form_that_we_did_not_hand_out_is_not_taken(
    visitor: Client, clock: Clock, world: World, token: str
) -> None:
    assert visitor.post("/contact/", {**FIELDS, "token": token}).status_code == 422
    assert kept() == []


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}]
)
def test_a_form_sent_by_another_sites_page_is_not_taken(
    visitor: Client, clock: Clock, world: World, headers: dict[str, str]
) -> None:
    token = open_form(visitor)
    clock.go(later(minutes=1))
    assert visitor.post("/contact/", {**FIELDS, "token": token}, headers=headers).status_code == 403
    assert kept() == []


def test_what_is_too_large_is_refused(visitor: Client, clock: Clock, world: World) -> None:
    assert fill(visitor, clock, message="x" * 70_000).status_code == 413
    assert fill(visitor, clock, message="x" * 1_001).status_code == 422
    assert kept() == []


def test_the_same_number_or_address_is_kept_three_times_a_day_and_told_the_same(
    visitor: Client, clock: Clock, world: World
) -> None:
    answers = [fill(visitor, clock) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {302}
    assert len(kept()) == 3
    with as_the_system():
        assert Mail.objects.filter(kind="trials:acknowledged").count() == 1, "one mail a day to one address"


def test_a_network_that_sends_very_many_is_asked_to_wait_and_loses_nothing(
    visitor: Client, clock: Clock, world: World
) -> None:
    numbers = [f"1380013{n:04d}" for n in range(21)]
    answers = [fill(visitor, clock, phone=number, email="") for number in numbers]
    assert [answer.status_code for answer in answers[:20]] == [302] * 20
    assert answers[20].status_code == 429
    assert FIELDS["last_name"] in answers[20].text
    assert len(kept()) == 20


def test_the_acknowledgement_repeats_nothing_that_was_typed(
    visitor: Client, clock: Clock, world: World
) -> None:
    fill(visitor, clock)
    with as_the_system():
        mails = {mail.kind: mail for mail in Mail.objects.all()}
    told = mails["trials:acknowledged"]
    assert told.address == ""
    assert "Riverside Hospital" in told.body
    assert "within 2 working days" in told.body
    for mail in mails.values():
        assert not [word for word in TELLING if word in mail.subject + mail.body + mail.address]


def test_nothing_typed_is_in_any_log(
    visitor: Client, clock: Clock, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        fill(visitor, clock)
    assert not [word for word in TELLING if word in caplog.text]


def test_point_17_sent_is_said_to_the_sender_alone_who_takes_the_request_back_by_a_link(
    visitor: Client, clock: Clock, world: World
) -> None:
    token = open_form(visitor)
    clock.go(later(seconds=60))
    place = visitor.post("/contact/", {**FIELDS, "token": token}).headers["Location"]
    (request,) = kept()
    shown = visitor.get(place)
    assert shown.status_code == 200
    assert request.reference in shown.text
    # a made-up address promises nothing and takes nothing back
    for made_up in (f"/contact/sent/{request.reference}/", f"/contact/back/{request.reference}/"):
        assert Client().get(made_up).status_code == 404
        assert Client().post(made_up).status_code in {404, 405}
    # the link is asked for nothing; a look alone erases nothing, and a second press finds it erased
    back = re.search(r'href="(/contact/back/[^"]+)"', shown.text)
    assert back
    assert "Take your request back?" in Client().get(back[1]).text
    assert ([each.erased_at for each in kept()], identities(world)) == ([None], 1)
    for _press in range(2):
        assert "Your request is taken back" in Client().post(back[1]).text
    (erased,) = kept()
    assert (erased.state, erased.erased_at is not None, identities(world)) == ("erased", True, 0)


@pytest.mark.parametrize(("language", "heading"), [("en", "Privacy notice"), ("zh-hans", "隐私声明")])
def test_point_17_the_privacy_notice_says_who_answers_how_long_and_which_rights(
    visitor: Client, world: World, settings: Any, language: str, heading: str
) -> None:
    settings.PRIVACY_CONTACT, settings.ETHICS_APPROVAL = "privacy@example.org", "EC 2026-17"
    settings.PUBLIC_FILING = "沪ICP备00000000号"
    page = visitor.get("/privacy/", {"lang": language}).text
    for said in (
        f"<h1>{heading}</h1>",
        "privacy@example.org",
        "EC 2026-17",
        "沪ICP备00000000号",
        "1095",
        "180",
    ):
        assert said in page
    assert ("Ruijin Hospital" in page) == (language == "en")
    settings.PUBLIC_CONTROLLER = "Trial office, 1 Example Road"
    assert "Trial office, 1 Example Road" in visitor.get("/privacy/", {"lang": language}).text
