"""The small trial is built once for each process, in a database of its own: tests begin with it and leave it as it was.

A test that asks for ``world`` and runs inside one transaction (the plain ``db`` of pytest-django) is connected to that
database, and what it did is rolled back. A test with real transactions, or with a ``world`` fixture of its own, has the
empty database of ``tests.database``. Loaded by ``tests/conftest.py``.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.database import ADMIN

_built: dict[str, Any] = {}


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, _connected_to_the_world: None, _django_db_helper: None
) -> None:
    """The transaction that pytest-django puts around a test is opened on the database that the test begins with."""


@pytest.fixture
def _connected_to_the_world(
    request: pytest.FixtureRequest,
    test_database: tuple[str, str],
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
            _build(test_database)
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


def _build(test_database: tuple[str, str]) -> None:
    """Copy the empty database, commit the small trial in the copy, and keep a connection to it."""
    from django.db import connections, transaction
    from django.test import override_settings
    from django.utils import translation

    from tests.world import build_world

    owner, app = (urlsplit(url) for url in test_database)
    name = app.path.lstrip("/") + "_world"
    empty = connections["default"]
    empty.close()
    with psycopg.connect(os.environ[ADMIN], autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{app.path.lstrip("/")}" OWNER "{owner.username}"')
    connection = connections.create_connection("default")
    connection.settings_dict = {**connection.settings_dict, "NAME": name}
    connections["default"] = connection
    try:
        hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        with override_settings(PASSWORD_HASHERS=hashers), translation.override("en"), transaction.atomic():
            _built["world"] = build_world()
            connection.run_on_commit = []
        _built["connection"] = connection
    finally:
        connections["default"] = empty


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
    from tests.world import build_world

    return copy.deepcopy(_built["world"]) if _begins_with_the_world(request) else build_world()
