"""The program's proof to the database that a scope is its own: a keyed digest that no SQL can make (ADR 49)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg import Cursor

from kernel.scope import Scope

_BLOCK = 64  # bytes of one block of SHA-256, as RFC 2104 pads a key


@cache
def _key_from(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"palace3: scope of a transaction", hashlib.sha256).digest()


def _key() -> bytes:
    return _key_from(settings.SECRET_KEY)


def padded_key() -> tuple[bytes, bytes]:
    """Return the two padded halves of the key, as the database keeps them where its application's role cannot read."""
    padded = _key().ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def code(message: str) -> str:
    """Return the keyed digest of a message."""
    return hmac.new(_key(), message.encode(), hashlib.sha256).hexdigest()


def opening_of(scope: Scope | None) -> tuple[str, list[Any]]:
    """Return the statement that opens the scope in a transaction, or closes what stood there, with its proof."""
    if scope is None:
        return "SELECT set_config('app.seal', '', true)", []
    parts = scope.settings()
    proof = code("open" + _as_array(parts) + str(scope.by_delegations).lower())
    return (
        "SELECT scope_open(%s, %s, %s, %s, %s, %s)",
        [scope.user_id, *parts[1:], scope.by_delegations, proof],
    )


def tell_signing(*, person: int, record: str, digest: str) -> None:
    """The open transaction may put the signature of this person, who was asked just now, under this content alone."""
    proof = code("signature" + _as_array((str(person), record, digest)))
    Cursor(connection.connection).execute("SELECT set_config('app.signature', %s, true)", [proof])


def tell_copying() -> None:
    """The open transaction may put signatures that stand already under copies of what they stand under.

    For copies of synthetic participants, which nobody signs; the proof holds for this transaction alone.
    """
    cursor = Cursor(connection.connection)
    (number,) = cursor.execute("SELECT pg_current_xact_id()::text").fetchone() or ("",)
    cursor.execute("SELECT set_config('app.signature', %s, true)", [code(f"signatures copied in {number}")])


def _as_array(parts: Sequence[str]) -> str:
    """Return the parts as PostgreSQL writes an array of text: no part can pass for two."""
    return "{" + ",".join(map(_element, parts)) + "}"


def _element(part: str) -> str:
    is_plain = part and part.lower() != "null" and not set(part) & set('{},"\\ \t\n\r\v\f')
    return part if is_plain else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
