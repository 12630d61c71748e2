"""Whose eyes the database lends to the work at hand, and the proof that the program asked for them.

The scope lives in a context variable; the database backend opens it in every transaction
(``kernel.postgresql``), where the row-level policies read it. Without a scope the
policies show nothing and accept nothing. The proof is a keyed digest that no SQL can make (ADR 49).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final, Literal

from django.conf import settings
from django.db import connection
from psycopg import Cursor

EVERYTHING: Final = "*"
_BLOCK = 64  # bytes of one block of SHA-256, as RFC 2104 pads a key
_PLAIN = re.compile(r'(?!null$)[^{},"\\ \t\n\r\v\f]+', re.IGNORECASE)  # what an array of text holds unquoted


@dataclass(frozen=True)
class Scope:
    """The person the work is done for, and the sites whose rows they may see.

    ``confided`` are the sites whose confidences (who asked for a call, and how to reach them) may be
    read as well. Every one is named: there is no ``*`` for confidences. ``day`` is the trial's day on which the
    work is done: policies that ask whether a role has ended read it, never the database's own clock.
    ``by_delegations`` has the database look up itself that the person's roles of that day show these sites.
    """

    user_id: int | None
    sites: frozenset[int] | Literal["*"]
    confided: frozenset[int] = frozenset()
    day: date | None = None
    by_delegations: bool = False


_scope: ContextVar[Scope | None] = ContextVar("palace3_scope", default=None)


def current_scope() -> Scope | None:
    """Return the scope in force, or None."""
    return _scope.get()


@contextmanager
def scope(
    *,
    user_id: int | None,
    sites: Collection[int] | Literal["*"],
    confided: Collection[int] = (),
    on: date | None = None,
    by_delegations: bool = False,
) -> Iterator[Scope]:
    """Transactions that start inside see exactly ``sites``; the scope before returns afterwards.

    A transaction that is open already is given the new scope for as long as it lasts. What shows somebody's own sites
    is opened ``by_delegations`` of that day; a service that must see more on their behalf opens one that is not.
    """
    seen: frozenset[int] | Literal["*"] = EVERYTHING if sites == EVERYTHING else frozenset(map(int, sites))
    new = Scope(user_id, seen, frozenset(map(int, confided)), on, by_delegations)
    token = _scope.set(new)
    try:
        _tell_open_transaction()
        yield new
    finally:
        _scope.reset(token)
        _tell_open_transaction()


def _tell_open_transaction() -> None:
    write_scope = getattr(connection, "write_scope", None)
    if write_scope is not None and connection.in_atomic_block:
        write_scope()


@cache
def _key_from(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"palace3: scope of a transaction", hashlib.sha256).digest()


def padded_key() -> tuple[bytes, bytes]:
    """Return the two padded halves of the key, as the database keeps them where its application's role cannot read."""
    padded = _key_from(settings.SECRET_KEY).ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def proof_of(word: str, *parts: str, also: str = "") -> str:
    """Return the keyed digest of a word, of parts as PostgreSQL writes an array of text, and of what stands after.

    No part can pass for two: one that holds what an array is written with stands in quotation marks.
    """
    elements = [
        part if _PLAIN.fullmatch(part) else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for part in parts
    ]
    message = word + ("{" + ",".join(elements) + "}" if parts else "") + also
    return hmac.new(_key_from(settings.SECRET_KEY), message.encode(), hashlib.sha256).hexdigest()


def opening_of(scope: Scope | None) -> tuple[str, list[Any]]:
    """Return the statement that opens the scope in a transaction, or closes what stood there, with its proof.

    The policies read the person, the sites (``*``, or ids between commas), the confidences and the day: a scope
    without a day has an empty one, and then no role is in force.
    """
    if scope is None:
        return "SELECT set_config('app.seal', '', true)", []
    sites, confided = [
        each if each == EVERYTHING else ",".join(map(str, sorted(each)))
        for each in (scope.sites, scope.confided)
    ]
    person, day = str(scope.user_id or ""), scope.day.isoformat() if scope.day else ""
    proof = proof_of("open", person, sites, confided, day, also=str(scope.by_delegations).lower())
    return (
        "SELECT scope_open(%s, %s, %s, %s, %s, %s)",
        [scope.user_id, sites, confided, day, scope.by_delegations, proof],
    )


def tell_signing(*, person: int, record: str, digest: str) -> None:
    """The open transaction may put the signature of this person, who was asked just now, under this content alone."""
    proof = proof_of("signature", str(person), record, digest)
    Cursor(connection.connection).execute("SELECT set_config('app.signature', %s, true)", [proof])


def tell_identity(*, person: int) -> None:
    """The open transaction may change what this person proves with who they are, and what they may open."""
    _tell_access("identity", str(person))


def tell_account(*, username: str) -> None:
    """The open transaction may make the account of this name."""
    _tell_access("account", username)


def tell_site(*, site: int) -> None:
    """The open transaction may open or close this site."""
    _tell_access("site", str(site))


def _tell_access(of: str, key: str) -> None:
    """Prove it for this transaction, and for none beside or after it."""
    cursor = Cursor(connection.connection)
    (number,) = cursor.execute("SELECT pg_current_xact_id()::text").fetchone() or ("",)
    cursor.execute("SELECT set_config('app.identity', %s, true)", [proof_of(of, key, number)])


def tell_copying() -> None:
    """The open transaction may put signatures that stand already under copies of what they stand under.

    For copies of synthetic participants, which nobody signs; the proof holds for this transaction alone.
    """
    cursor = Cursor(connection.connection)
    (number,) = cursor.execute("SELECT pg_current_xact_id()::text").fetchone() or ("",)
    cursor.execute(
        "SELECT set_config('app.signature', %s, true)", [proof_of(f"signatures copied in {number}")]
    )
