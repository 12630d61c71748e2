"""Sign-in through a hospital (OpenID Connect): what its provider is asked, and whether its answer is true.

The protocol is Authlib's (ADR 54): authorization code with PKCE, state and nonce. Nothing is written here. What was
asked waits in the session of the browser and is answered once.
"""

from __future__ import annotations

import re
import secrets
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import is_secure_transport
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kernel.errors import Refusal

ASKED: Final = "hospital_asked"
CAME_BY: Final = "hospital"  # in the session: through which hospital it was opened
LEFT: Final = "left"  # in the address of the sign-in page: which hospital may still hold a session
GOOD_FOR_SECONDS: Final = 600
WAIT_SECONDS: Final = 10
LEEWAY_SECONDS: Final = 60
# A digest under the client's own secret is not among them: whoever reads the secret could write the answer.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
DISCOVERY: Final = "/.well-known/openid-configuration"


class HospitalsFileRefused(RuntimeError):  # noqa: N818 (said to whoever starts the process, never on a page)
    """The file of hospitals cannot be used; the text says what to do."""


class HospitalSilent(Refusal):
    code = "accounts.hospital_silent"
    message = _(
        "{hospital} does not answer. Try again in a minute, or sign in with your user name and password."
    )
    status = 503


class HospitalAnswerRefused(Refusal):
    code = "accounts.hospital_answer_refused"
    message = _(
        "What {hospital} answered does not belong to this sign-in, or came too late. Begin again, or sign in with "
        "your user name and password."
    )
    status = 422


@dataclass(frozen=True)
class Hospital:
    """A hospital whose people may sign in through it, and which words of its provider count as two factors."""

    key: str
    name: str
    name_zh: str
    issuer: str
    client_id: str
    secret_file: str
    factor_amr: frozenset[str] = frozenset()
    factor_acr: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.name_zh if (get_language() or "").startswith("zh") else self.name


@dataclass(frozen=True)
class HospitalIdentity:
    """Who somebody is at a hospital, as its provider has signed it; ``has_factor`` where two were shown there."""

    key: str
    issuer: str
    subject: str
    has_factor: bool = False

    @property
    def kept(self) -> dict[str, str]:
        return {"issuer": self.issuer, "subject": self.subject}


def hospitals() -> tuple[Hospital, ...]:
    """Return the hospitals of the file that ``HOSPITALS_FILE`` names; none where none is named."""
    return _read(settings.HOSPITALS_FILE) if settings.HOSPITALS_FILE else ()


def hospital_of(key: str) -> Hospital | None:
    return next((each for each in hospitals() if each.key == key), None)


@lru_cache(maxsize=4)
def _read(path: str) -> tuple[Hospital, ...]:
    try:
        rows = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("hospital", [])
        named = tuple(_hospital(row) for row in rows)
    except (OSError, ValueError, TypeError, AttributeError) as fault:
        raise HospitalsFileRefused(f"HOSPITALS_FILE names {path}, which cannot be used: {fault}") from fault
    for each in named:
        if not re.fullmatch(r"[a-z0-9-]+", each.key):
            raise HospitalsFileRefused(
                f"HOSPITALS_FILE: the key {each.key!r} is not of small letters and digits."
            )
        if not is_secure_transport(each.issuer):
            raise HospitalsFileRefused(f"HOSPITALS_FILE: the issuer of {each.key} is not an https address.")
        if not Path(each.secret_file).is_file():
            raise HospitalsFileRefused(
                f"HOSPITALS_FILE: the secret of {each.key} stands in no file {each.secret_file}."
            )
    if len({each.key for each in named}) != len(named) or len({each.issuer for each in named}) != len(named):
        raise HospitalsFileRefused("HOSPITALS_FILE: two hospitals have the same key or issuer.")
    return named


def _hospital(row: dict[str, Any]) -> Hospital:
    sets = {name: frozenset(row.get(name, ())) for name in ("factor_amr", "factor_acr")}
    return Hospital(**{**row, **sets})


def ask(session: SessionBase, hospital: Hospital, back: str, *, purpose: str, at: datetime) -> str:
    """Return the address at the hospital to which the browser goes; what was asked waits in ``session``."""
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    with _client(hospital, back) as client:
        address, state = client.create_authorization_url(
            _described(client, hospital)["authorization_endpoint"], nonce=nonce, code_verifier=verifier
        )
    session[ASKED] = {
        "hospital": hospital.key,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "purpose": purpose,
        "until": at.timestamp() + GOOD_FOR_SECONDS,
    }
    return str(address)


def answered(
    session: SessionBase, hospital: Hospital, back: str, query: QueryDict, *, at: datetime
) -> tuple[HospitalIdentity, str]:
    """Return who the hospital says it is, and for what it was asked; the question is then gone from ``session``."""
    asked = session.pop(ASKED, None) or {}
    refused = HospitalAnswerRefused(hospital=str(hospital))
    is_ours = (
        asked.get("hospital") == hospital.key
        and secrets.compare_digest(asked["state"].encode(), query.get("state", "").encode())
        and at.timestamp() < asked["until"]
        and query.get("iss", hospital.issuer) == hospital.issuer
    )
    if not is_ours or "code" not in query:
        raise refused
    try:
        claims = _claims(hospital, back, query.get("code", ""), asked, at)
    except requests.RequestException as silent:
        raise HospitalSilent(hospital=str(hospital)) from silent
    except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as untrue:
        raise refused from untrue
    has_factor = not hospital.factor_amr.isdisjoint(claims.get("amr") or ()) or (
        claims.get("acr") in hospital.factor_acr
    )
    identity = HospitalIdentity(hospital.key, hospital.issuer, str(claims["sub"]), has_factor)
    return identity, asked["purpose"]


def way_out(hospital: Hospital, back: str) -> str | None:
    """Return the address at which the hospital ends its own session, None where it offers none."""
    with _client(hospital, back) as client:
        address = _described(client, hospital).get("end_session_endpoint")
    if not address:
        return None
    return f"{address}?{urlencode({'client_id': hospital.client_id, 'post_logout_redirect_uri': back})}"


def _client(hospital: Hospital, back: str) -> OAuth2Session:
    return OAuth2Session(
        hospital.client_id,
        Path(hospital.secret_file).read_text(encoding="utf-8").strip(),
        scope="openid",
        redirect_uri=back,
        code_challenge_method="S256",
        default_timeout=WAIT_SECONDS,
    )


def _described(client: OAuth2Session, hospital: Hospital) -> dict[str, Any]:
    """Return what the provider says of itself: its own issuer, and addresses that nobody can listen to."""
    try:
        described: dict[str, Any] = _fetched(client, hospital.issuer.rstrip("/") + DISCOVERY)
    except (requests.RequestException, ValueError) as silent:
        raise HospitalSilent(hospital=str(hospital)) from silent
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    named = [described.get(name, "") for name in needed] + [described.get("end_session_endpoint", "")]
    is_safe = all(is_secure_transport(each) for each in named if each) and all(named[: len(needed)])
    if described.get("issuer") != hospital.issuer or not is_safe:
        raise HospitalAnswerRefused(hospital=str(hospital))
    return described


def _fetched(client: OAuth2Session, address: str) -> Any:
    answer = client.get(address, withhold_token=True, allow_redirects=False)
    answer.raise_for_status()
    return answer.json()


def _claims(hospital: Hospital, back: str, code: str, asked: dict[str, Any], at: datetime) -> dict[str, Any]:
    with _client(hospital, back) as client:
        described = _described(client, hospital)
        token = client.fetch_token(
            described["token_endpoint"], code=code, code_verifier=asked["verifier"], allow_redirects=False
        )
        keys = KeySet.import_key_set(_fetched(client, described["jwks_uri"]))
    signed = jwt.decode(token["id_token"], keys, algorithms=list(ALGORITHMS))
    claims = CodeIDToken(
        signed.claims,
        signed.header,
        options={
            "iss": {"essential": True, "value": hospital.issuer},
            "aud": {"essential": True, "value": hospital.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        },
        params={
            "nonce": asked["nonce"],
            "client_id": hospital.client_id,
            "access_token": token.get("access_token"),
        },
    )
    claims.validate(now=int(at.timestamp()), leeway=LEEWAY_SECONDS)
    return dict(claims)
