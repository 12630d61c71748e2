"""What a public form carries instead of a cookie: a signed number and the time at which it was opened (ADR 18).

The number makes a second sending of the same page the same request; the time tells a program that
fills forms from a person who reads them. Neither says anything about the visitor.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

LIFETIME_SECONDS: Final = 12 * 3600
PERSON_NEEDS_SECONDS: Final = 3
LARGEST_FORM: Final = 64 * 1024
_SALT = "website.contact.form"
_SENT = "website.contact.sent"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is read as another


@dataclass(frozen=True)
class FormToken:
    """One page that was handed out: its number, and when."""

    number: str
    opened: int

    def __str__(self) -> str:
        return Signer(salt=_SALT).sign_object([self.number, self.opened])

    def age(self, at: datetime) -> int:
        return int(at.timestamp()) - self.opened

    def has_expired(self, at: datetime) -> bool:
        return not 0 <= self.age(at) <= LIFETIME_SECONDS

    def is_too_quick(self, at: datetime) -> bool:
        """Say whether the page came back faster than anybody can fill it."""
        return self.age(at) < PERSON_NEEDS_SECONDS

    @property
    def reference(self) -> str:
        """Eight letters and digits that stand for this page, the same each time."""
        drawn = hmac.digest(settings.SECRET_KEY.encode(), f"reference {self.number}".encode(), "sha256")
        letters = "".join(_LETTERS[byte % 31] for byte in drawn[:8])
        return f"{letters[:4]}-{letters[4:]}"


def ticket_of_request(code: str, reference: str) -> str:
    """Return the part of an address that only who sent the request has: it is shown as sent, and taken back, by it."""
    return Signer(salt=_SENT).sign_object([code, reference])


def request_of_ticket(ticket: str) -> tuple[str, str] | None:
    """Return the code of the centre and the reference that a ticket stands for; None when we did not sign it."""
    try:
        code, reference = Signer(salt=_SENT).unsign_object(ticket)
    except BadSignature:
        return None
    return str(code), str(reference)


def new_token(at: datetime) -> FormToken:
    """Return the token of a page that is opened now."""
    number = base64.urlsafe_b64encode(secrets.token_bytes(15)).decode()
    return FormToken(number, int(at.timestamp()))


def read_token(text: str, at: datetime) -> FormToken | None:
    """Return the token that we signed, unless it is none of ours or its page has been open too long."""
    try:
        number, opened = Signer(salt=_SALT).unsign_object(text)
    except (BadSignature, ValueError, TypeError):
        return None
    token = FormToken(str(number), int(opened))
    return None if token.has_expired(at) else token


def looks_like_a_program(request: HttpRequest, token: FormToken, *, fills_all: bool, at: datetime) -> bool:
    """Say whether a program may have sent the page; a person whose browser fills fields sends it once more.

    The page that asks for it carries the reference of its token, so that the second press is taken whatever
    a browser has filled in again.
    """
    return (fills_all or token.is_too_quick(at)) and request.POST.get("again") != token.reference


def comes_from_elsewhere(request: HttpRequest) -> bool:
    """Say whether another site's page made the browser send this form; a browser that tells nothing is believed."""
    told = request.headers.get("Sec-Fetch-Site", "")
    if told:
        return told not in {"same-origin", "none"}
    origin = request.headers.get("Origin", "")
    return bool(origin) and origin != f"{request.scheme}://{request.get_host()}"
