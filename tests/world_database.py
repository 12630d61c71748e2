"""The small trial is built once for each process, in a database of its own: tests begin with it and leave it as it was.

A test that asks for ``world`` and runs inside one transaction (the plain ``db`` of pytest-django) is connected to that
database, and what it did is rolled back. A test with real transactions, or with a ``world`` fixture of its own, has the
empty database of ``tests.database``, into which ``committed_world`` copies the rows. Loaded by ``tests/conftest.py``.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.clock import NOW, clock_at
from tests.database import ADMIN, PASSWORD, filled_tables, name_of_template, superuser_at

if TYPE_CHECKING:
    from tests.world import World

_built: dict[str, Any] = {}


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, _connected_to_the_world: None, _django_db_helper: None
) -> None:
    """The transaction that pytest-django puts around a test is opened on the database that the test begins with."""


@pytest.fixture
def _connected_to_the_world(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    if not _begins_with_the_world(request):
        yield
        return
    from django.core.cache import cache
    from django.db import connections

    cache.clear()  # what is counted for a person is counted by a key that every test has now
    if not _built:
        with django_db_blocker.unblock():
            _build()
    empty = connections["default"]
    connections["default"] = _built["connection"]
    yield
    connections["default"] = empty


def _begins_with_the_world(request: pytest.FixtureRequest) -> bool:
    names = request.fixturenames
    if "world" not in names or {"transactional_db", "live_server"} & set(names):
        return False
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        return False
    last = request._fixturemanager.getfixturedefs("world", request.node)
    return bool(last) and last[-1].func.__module__ == __name__


def _build() -> None:
    """Commit the small trial in a database of its own, keep a connection to it, and a copy of its rows."""
    from django.db import connections, transaction
    from django.test import override_settings
    from django.utils import translation

    from kernel.postgresql.roles import prepare
    from tests.world import build_world

    empty = connections["default"]
    name = f"{empty.settings_dict['NAME']}_world"
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{name_of_template()}" OWNER palace3_owner')
    prepare(os.environ[ADMIN], name, PASSWORD, PASSWORD)
    connection = connections.create_connection("default")
    connection.settings_dict = {**connection.settings_dict, "NAME": name}
    connections["default"] = connection
    try:
        hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        with (
            clock_at(NOW),
            override_settings(PASSWORD_HASHERS=hashers),
            translation.override("en"),
            transaction.atomic(),
        ):
            _built["world"] = build_world()
            connection.run_on_commit = []
        _built["connection"], _built["rows"] = connection, _rows_of(name)
    finally:
        connections["default"] = empty


@dataclass(frozen=True)
class Rows:
    """What stands in a database: the rows of each table as PostgreSQL copies them, and the last number of each key."""

    tables: dict[str, bytes]
    numbers: list[tuple[str, int]]


def _rows_of(database: str) -> Rows:
    with psycopg.connect(superuser_at(database), autocommit=True) as admin:
        tables = {}
        for table in filled_tables(admin):
            with admin.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as rows:
                tables[table] = b"".join(bytes(part) for part in rows)
        numbers = admin.execute(
            "SELECT DISTINCT seqrelid::regclass::text, pg_sequence_last_value(seqrelid) FROM pg_sequence "
            "JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i') "
            "AND refobjid = ANY (%s::regclass[]) "
            "WHERE pg_sequence_last_value(seqrelid) IS NOT NULL",
            [list(tables)],
        )
        return Rows(tables, numbers.fetchall())


def committed_world() -> World:
    """The small trial stands in the empty database of a test with real transactions, as the services built it."""
    from django.core.cache import cache
    from django.db import connection

    assert not connection.in_atomic_block, "what is committed would outlive this test: it asks for `world`"
    if not _built:
        _build()
    cache.clear()
    rows: Rows = _built["rows"]
    with psycopg.connect(superuser_at(connection.settings_dict["NAME"])) as admin:
        admin.execute("SET session_replication_role = replica")
        for table, copied in rows.tables.items():
            with admin.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as target:
                target.write(copied)
        admin.cursor().executemany("SELECT setval(%s::regclass, %s)", rows.numbers)
        admin.execute("UPDATE audit_act SET stored_at = clock_timestamp()")  # now, not when it was built
    return copy.deepcopy(_built["world"])


@pytest.fixture(scope="session", autouse=True)
def _world_database_is_dropped() -> Iterator[None]:
    yield
    if not _built:
        return
    connection = _built.pop("connection")
    _built.clear()
    connection.inc_thread_sharing()
    connection.close()
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{connection.settings_dict["NAME"]}" WITH (FORCE)')


@pytest.fixture
def world(request: pytest.FixtureRequest, db: None) -> Any:
    """The small trial of ``tests.world``."""
    return copy.deepcopy(_built["world"]) if _begins_with_the_world(request) else committed_world()
