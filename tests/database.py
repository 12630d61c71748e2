"""One real PostgreSQL for the run; every test connects as the application role. Loaded by ``tests/conftest.py``.

``DATABASE_URL`` names a server to use instead of the embedded one (an account that may create
roles and databases, on a server kept for tests). ``PALACE3_TEST_DIR`` keeps the embedded server's
folder, and with it the migrated template, between runs.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "test-only"
SECRET_KEY = (
    "only-for-tests-" + "0" * 40
)  # processes that share the database share it: it opens scopes (ADR 49)
ADMIN = "PALACE3_TEST_ADMIN_URL"
TIME_TO_MIGRATE = (
    "audit/sql.py",
    "audit/guards.py",
    "trials/guards.py",
    "crf/guards.py",
    "randomization/allocation_list/schema.py",
    "randomization/allocation_list/paper_schema.py",
)

_server: Any = None
_seeded: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """The server runs, and its address is in the environment of this process and its workers."""
    if "PALACE3_COVERAGE" in os.environ:
        from django.conf import settings

        settings.TEMPLATES[0]["OPTIONS"]["debug"] = True  # else templates cannot be measured
    _give_secrets()
    if hasattr(config, "workerinput") or ADMIN in os.environ or config.option.collectonly:
        return
    given = os.environ.get("DATABASE_URL")
    os.environ[ADMIN] = given or _start_embedded()


def _give_secrets() -> None:
    from django.conf import settings

    settings.SECRET_KEY = SECRET_KEY
    settings.WHITENOISE_AUTOREFRESH = True  # else each client lists every static file once more
    settings.PALACE3_LIST_KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()
    settings.PALACE3_TRAIL_KEY = "only-for-tests"
    settings.PALACE3_ANCHOR_KEY = base64.b64encode(bytes(range(32))).decode()
    settings.PALACE3_IDENTITY_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()


def _start_embedded() -> str:
    global _server  # noqa: PLW0603 (one server for the process)
    from demo.servers.postgres import EmbeddedPostgres

    kept = os.environ.get("PALACE3_TEST_DIR")
    folder = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="palace3-test-"))
    _server = EmbeddedPostgres(folder, fsync=False, max_connections=200).start()
    return str(_server.admin_url)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing that this run started is left."""
    if _server is None:
        return
    _server.stop()
    if "PALACE3_TEST_DIR" not in os.environ:
        import shutil

        shutil.rmtree(_server.directory, ignore_errors=True)


def name_of_template() -> str:
    """The name of the migrated database from which those of tests are copied: a digest of what makes the schema."""
    files = sorted(ROOT.glob("*/migrations/*.py")) + [ROOT / name for name in TIME_TO_MIGRATE]
    digest = hashlib.sha256(b"".join(f.read_bytes() for f in files if f.exists())).hexdigest()
    return f"palace3_template_{digest[:16]}"


@pytest.fixture(scope="session")
def admin_url() -> str:
    """The address of the server's administrator, for what only the owner of the house may do."""
    return os.environ[ADMIN]


@pytest.fixture(scope="session")
def test_database(admin_url: str, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """A migrated database of this process alone, copied from a template: (owner's URL, app's URL)."""
    from kernel.postgresql.roles import prepare

    template = name_of_template()
    name = f"test_palace3_{os.getpid()}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(35)")
        made = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [template])
        if not made.fetchone():
            admin.execute(f'DROP DATABASE IF EXISTS "{template}"')
            owner, _app = prepare(admin_url, template, PASSWORD, PASSWORD)
            with django_db_blocker.unblock():
                migrate(owner)
            admin.execute(f'ALTER DATABASE "{template}" IS_TEMPLATE true')
        admin.execute(f'DROP DATABASE IF EXISTS "{name}"')
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER palace3_owner')
        urls = prepare(admin_url, name, PASSWORD, PASSWORD)
        admin.execute("SELECT pg_advisory_unlock(35)")
    yield urls
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def migrate(owner_url: str) -> None:
    """Every migration has run in the database that the owner's address names."""
    from django.core.management import call_command
    from django.db import connections

    from palace3.settings import database_at

    connections.databases["owner"] = database_at(owner_url, "django.db.backends.postgresql")
    connections.configure_settings(connections.databases)
    try:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
    finally:
        del connections.databases["owner"]
        del connections["owner"]


@pytest.fixture(scope="session")
def django_db_setup(test_database: tuple[str, str], django_db_blocker: Any) -> None:
    """Django's default connection is the application role's, on this process's database."""
    from django.db import connections

    from palace3.settings import database_at

    _owner, app = test_database
    at = database_at(app, "kernel.postgresql")
    connections["default"].settings_dict.update(
        {key: at[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )
    with django_db_blocker.unblock():
        _note_seeded(test_database)


def _note_seeded(test_database: tuple[str, str]) -> None:
    with psycopg.connect(superuser_at(_name_of(test_database)), autocommit=True) as admin:
        _seeded.extend(filled_tables(admin))


def superuser_at(database: str) -> str:
    """The address of the database of this name, as the server's administrator."""
    from kernel.postgresql.roles import url_of

    return url_of(os.environ[ADMIN], database=database)


def _name_of(test_database: tuple[str, str]) -> str:
    from urllib.parse import urlsplit

    return urlsplit(test_database[1]).path.lstrip("/")


def filled_tables(admin: psycopg.Connection[Any]) -> list[str]:
    """The tables that have a file with something in it, but those that migrations fill."""
    rows = admin.execute(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND n.nspname IN ('public', 'allocation') "
        "AND (pg_stat_file(pg_relation_filepath(c.oid), true)).size > 0"
    )
    return [row[0] for row in rows if row[0] not in _seeded]


def empty(admin: psycopg.Connection[Any]) -> None:
    """Only what migrations fill is in the database, and every number begins at 1 again.

    TRUNCATE would make the files of 330 tables, their indexes and sequences anew for each test, ten times the work:
    what refers to a table that has rows comes along. VACUUM gives the files back, so that no test finds a trace.
    """
    if filled := filled_tables(admin):
        admin.execute("SET session_replication_role = replica")  # no guard, no trail, no reference
        with admin.transaction():
            admin.execute(f"LOCK TABLE {', '.join(filled)}")  # waits for whoever still writes
            for table in filled:
                admin.execute(f"DELETE FROM {table}")  # noqa: S608 (a table of ours)
        admin.execute(f"VACUUM (TRUNCATE, INDEX_CLEANUP ON) {', '.join(filled)}")
    admin.execute(
        "SELECT count(setval(seqrelid, seqstart, false)) FROM pg_sequence JOIN pg_depend ON objid = seqrelid "
        "AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND refobjid <> ALL (%s::regclass[]) "
        "WHERE pg_sequence_last_value(seqrelid) IS NOT NULL",
        [_seeded],
    )


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """No test inherits the language that another one left behind."""
    from django.utils import translation

    translation.activate("en")


@pytest.fixture(autouse=True)
def _scope_of_nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that opens no scope has a visitor's; a service that it calls by itself acts as whoever it is told.

    In the program every call comes from a request, a task or a command, and each of them opens a scope: a person's
    is looked up in their delegations, and there nothing is lent.
    """
    from audit.models import Act
    from kernel.scope import EVERYTHING, current_scope, scope

    create = Act.objects.create

    def create_as_told(**fields: Any) -> Act:
        now, person = current_scope(), getattr(fields.get("by"), "pk", None)
        is_system = now and now.user_id is None and now.sites == EVERYTHING
        if now and (now.by_delegations or is_system or now.user_id == person is not None):
            return create(**fields)
        with scope(user_id=person, sites=()):
            return create(**fields)

    with scope(user_id=None, sites=()):
        monkeypatch.setattr(Act.objects, "create", create_as_told)
        yield


@pytest.fixture(autouse=True)
def _tasks_open_their_own_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that pytest-django puts around a test is none that a task opened: a worker has no such thing."""
    import kernel.tasks
    from kernel.scope import scope

    @contextmanager
    def scope_of_task(**told: Any) -> Iterator[Any]:
        from django.db import connection

        with scope(**told) as given, connection.execute_wrapper(_refuse_in_a_transaction_that_is_lent):
            yield given

    monkeypatch.setattr(kernel.tasks, "scope", scope_of_task)


def _refuse_in_a_transaction_that_is_lent(execute: Any, *statement: Any) -> Any:
    from kernel.postgresql.base import refuse_policed

    blocks = statement[-1]["connection"].atomic_blocks
    if blocks and blocks[-1]._from_testcase:
        return refuse_policed(execute, *statement)
    return execute(*statement)


@pytest.fixture(autouse=True)
def _no_pool_outlives_its_test() -> Iterator[None]:
    """Django keeps pools for the whole process, by alias: the next test would be handed this one's, and its limits."""
    from kernel.postgresql.base import DatabaseWrapper

    yield
    pools = DatabaseWrapper._connection_pools
    while pools:
        pools.popitem()[1].close()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _lent_sessions_have_signed() -> Iterator[None]:
    """A session that no sign-in opened (``force_login``) is of a person in the middle of their signings.

    One that the pages open asks for the user name with its first signature, in tests as everywhere.
    """
    from django.contrib.auth import user_logged_in

    from accounts.series import SIGNED_AT

    def go_on(request: Any, **_told: Any) -> None:
        request.session[SIGNED_AT] = datetime.max.replace(tzinfo=UTC).timestamp()

    user_logged_in.connect(go_on)
    yield
    user_logged_in.disconnect(go_on)


@pytest.fixture(scope="session", autouse=True)
def _empty_without_truncate_rights() -> Iterator[None]:
    """After a test with real transactions the administrator empties what the application may not."""
    from django.test import TransactionTestCase

    original = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        from django.db import connection

        connection.close()
        with psycopg.connect(superuser_at(connection.settings_dict["NAME"]), autocommit=True) as admin:
            empty(admin)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]


@pytest.fixture
def superuser(test_database: tuple[str, str]) -> Iterator[psycopg.Connection[Any]]:
    """A connection that skips policies: to show what really is in the tables."""
    with psycopg.connect(superuser_at(_name_of(test_database)), autocommit=True) as admin:
        yield admin


def as_program(
    raw: psycopg.Connection[Any], *, sites: str = "*", person: int | None = None, confided: str = ""
) -> None:
    """The transaction of this raw connection has the scope that the program would open: no SQL alone opens one."""
    from kernel.scope import Scope, opening_of

    seen, confidences = (
        frozenset(map(int, filter(None, text.split(",")))) for text in (sites.strip("*"), confided)
    )
    raw.execute(*opening_of(Scope(person, "*" if sites == "*" else seen, confidences)))


def schedule_a_task(raw: psycopg.Connection[Any]) -> None:
    """A task is scheduled, under the number -1."""
    raw.execute(
        "INSERT INTO django_celery_beat_intervalschedule (id, every, period) VALUES (-1, 5, 'minutes')"
    )
    raw.execute(
        "INSERT INTO django_celery_beat_periodictask (id, name, task, interval_id, args, kwargs, headers, "
        "one_off, enabled, total_run_count, date_changed, description) "
        "VALUES (-1, 'seal', 'audit:seal', -1, '[]', '{}', '{}', false, true, 0, now(), '')"
    )


@pytest.fixture
def app_sql(test_database: tuple[str, str]) -> Iterator[psycopg.Connection[Any]]:
    """A raw connection as the application role: what an attacker with the web process's address has."""
    with psycopg.connect(test_database[1], autocommit=True) as raw:
        yield raw
