"""Passkeys (WebAuthn): what a browser is asked, and whether what it answers is true. Nothing is written here.

The protocol is python-fido2's (ADR 57). A passkey belongs to the host whose page asked for it; the question waits in
the session of the browser and is answered once.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import User

SIGNING_IN: Final = "passkey_asked"
ADDING: Final = "passkey_offered"
MOST_CHARACTERS: Final = 20_000


@dataclass(frozen=True)
class PasskeyAnswer:
    """What a browser sent, with the question that its session was asked and the host that asked it."""

    host: str
    asked: dict[str, Any] | None
    text: str


def ask_for_any(session: SessionBase, host: str) -> dict[str, Any]:
    """Return what a browser is asked at sign-in: any passkey of this host, whoever is there."""
    options, session[SIGNING_IN] = _server(host).authenticate_begin(
        user_verification=UserVerificationRequirement.PREFERRED
    )
    return dict(options)


def offer(session: SessionBase, host: str, user: User) -> dict[str, Any]:
    """Return what a browser is asked that makes a passkey for ``user``; one that it has is not made again."""
    options, session[ADDING] = _server(host).register_begin(
        PublicKeyCredentialUserEntity(
            name=user.username, display_name=user.display_name, id=f"palace3 {user.pk}".encode()
        ),
        _credentials(user),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options)


def taken(session: SessionBase, name: str, host: str, text: str) -> PasskeyAnswer:
    """Return the answer with the question, which is then gone from the session: no answer counts twice."""
    return PasskeyAnswer(host, session.pop(name, None), text)


def new_passkey(answer: PasskeyAnswer, *, name: str, at: datetime) -> dict[str, Any] | None:
    """Return the passkey as the account keeps it; None where the answer is not one to the question."""
    response = _read(answer)
    if response is None or answer.asked is None:
        return None
    try:
        made = _server(answer.host).register_complete(answer.asked, response)
    except (ValueError, TypeError, KeyError):
        return None
    if made.credential_data is None:
        return None
    return {
        "name": name,
        "key": base64.urlsafe_b64encode(made.credential_data).decode(),
        "count": made.counter,
        "added_at": at.isoformat(),
    }


def passkeys_after(user: User, answer: PasskeyAnswer | None) -> list[dict[str, Any]] | None:
    """Return the person's passkeys with the counter of the one that has answered; None where none has.

    A counter that does not rise says that the passkey was copied.
    """
    response = _read(answer) if answer is not None and user.passkeys else None
    if response is None or answer is None or answer.asked is None:
        return None
    try:
        used = _server(answer.host).authenticate_complete(answer.asked, _credentials(user), response)
        count = AuthenticationResponse.from_dict(response).response.authenticator_data.counter
    except (ValueError, TypeError, KeyError):
        return None
    key = base64.urlsafe_b64encode(used).decode()
    (kept,) = [each for each in user.passkeys or [] if each["key"] == key]
    if (count or kept["count"]) and count <= kept["count"]:
        return None
    return [each | {"count": count} if each["key"] == key else each for each in user.passkeys or []]


def _read(answer: PasskeyAnswer) -> dict[str, Any] | None:
    if len(answer.text) > MOST_CHARACTERS:
        return None
    try:
        response = json.loads(answer.text)
    except ValueError:
        return None
    return response if isinstance(response, dict) else None


def _credentials(user: User) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(base64.urlsafe_b64decode(each["key"])) for each in user.passkeys or []]


def _server(host: str) -> Fido2Server:
    """The relying party is the host that the page was asked of, which ``ALLOWED_HOSTS`` names."""
    return Fido2Server(PublicKeyCredentialRpEntity(name="PALACE-3", id=host.partition(":")[0]))
