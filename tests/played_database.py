"""A trial is played once in a run: its database is kept, and who asks for the same trial later is given a copy.

Each test still has rows of its own, and leaves an empty database as any test with real transactions does. Loaded by
``tests/conftest.py``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.database import ADMIN, PASSWORD

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[
    :8
]  # workers of one run share what was played
BY_WORD = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
_asked_for: set[str] = set()


def played_once(trial: str, play: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The empty database of this process holds the trial of this name; what ``play`` said of it is returned.

    ``play`` is called where nobody has played it in this run. What it says is kept with the database.
    """
    from django.core.cache import cache

    kept = f"test_palace3_{trial}_{RUN}"
    _asked_for.add(kept)
    with _one_at_a_time() as admin:
        known = admin.execute(BY_WORD, [kept]).fetchone()
        if known is not None and known[0]:
            _copy(admin, kept)
            cache.clear()
            return dict(json.loads(known[0]))
        said = play()
        _keep(admin, kept, said)
    return said


@contextmanager
def _one_at_a_time() -> Iterator[psycopg.Connection[Any]]:
    """Who comes while another plays waits for it: the lock ends with the connection."""
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(37)")
        yield admin


def _own() -> str:
    """Return the name of the database of this process, to which nobody is connected any more."""
    from django.db import connections

    connections.close_all()
    return str(connections["default"].settings_dict["NAME"])


def _copy(admin: psycopg.Connection[Any], kept: str) -> None:
    from kernel.postgresql.roles import prepare

    own = _own()
    admin.execute(f'DROP DATABASE "{own}" WITH (FORCE)')
    admin.execute(f'CREATE DATABASE "{own}" TEMPLATE "{kept}" OWNER palace3_owner')
    prepare(os.environ[ADMIN], own, PASSWORD, PASSWORD)


def _keep(admin: psycopg.Connection[Any], kept: str, said: dict[str, Any]) -> None:
    own = _own()
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [own])
    admin.execute(f'CREATE DATABASE "{kept}" TEMPLATE "{own}" OWNER palace3_owner')
    words = json.dumps(said).replace("'", "''")
    admin.execute(f"COMMENT ON DATABASE \"{kept}\" IS '{words}'")


@pytest.fixture(scope="session", autouse=True)
def _played_databases_are_dropped() -> Iterator[None]:
    """A worker that ends drops what it asked for; one that asks for it afterwards plays it again."""
    yield
    if not _asked_for:
        return
    with _one_at_a_time() as admin:
        for kept in sorted(_asked_for):
            admin.execute(f'DROP DATABASE IF EXISTS "{kept}" WITH (FORCE)')
