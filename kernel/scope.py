"""Whose eyes the database lends to the work at hand.

The scope lives in a context variable; the database backend writes it into every transaction
(``kernel.postgresql``), where the row-level policies read it. Without a scope the
policies show nothing and accept nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from django.db import connection

EVERYTHING: Final = "*"


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

    def settings(self) -> tuple[str, str, str, str]:
        """Return what the policies read: person, sites (``*``, or ids between commas), confidences, day.

        A scope without a day has an empty one, and then no role is in force.
        """
        sites = EVERYTHING if self.sites == EVERYTHING else _between_commas(self.sites)
        confided = _between_commas(self.confided)
        return str(self.user_id or ""), sites, confided, self.day.isoformat() if self.day else ""


def _between_commas(sites: Collection[int] | str) -> str:
    return ",".join(map(str, sorted(sites)))


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
