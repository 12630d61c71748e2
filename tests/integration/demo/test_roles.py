"""The roles can do what they are for and nothing else (ADR 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from demo.servers.postgres import EmbeddedPostgres
from kernel.postgresql.roles import prepare, url_of


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    folder: Path = tmp_path_factory.mktemp("roles")
    with EmbeddedPostgres(folder / "pg", fsync=False) as server:
        prepare(server.admin_url, "prepared", "own er/@:?", "app#")
        addresses = prepare(server.admin_url, "prepared", "own er/@:?", "app#")
        with psycopg.connect(addresses[0], autocommit=True) as owner:
            owner.execute("CREATE TABLE made (id serial PRIMARY KEY, n int)")
            owner.execute("SET ROLE palace3_allocator")
            owner.execute("CREATE SCHEMA sealed")
            owner.execute("CREATE TABLE sealed.slots (arm text)")
        yield addresses


@pytest.fixture
def app(addresses: tuple[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(addresses[1], autocommit=True) as session:
        yield session


def test_the_application_reads_and_writes_rows(app: psycopg.Connection) -> None:
    app.execute("INSERT INTO made (n) VALUES (7)")
    app.execute("UPDATE made SET n = 8")
    assert app.execute("SELECT n FROM made").fetchone() == (8,)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM made",
        "TRUNCATE made",
        "DROP TABLE made",
        "ALTER TABLE made DISABLE TRIGGER ALL",
        "CREATE TABLE mine (n int)",
        "CREATE TEMPORARY TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "SELECT arm FROM sealed.slots",
        "SET ROLE palace3_owner",
        "SET ROLE palace3_allocator",
        "SET session_replication_role = replica",
        "ALTER ROLE palace3_app BYPASSRLS",
        "CREATE ROLE mine",
    ],
)
def test_the_application_may_not(app: psycopg.Connection, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement)


def test_no_role_goes_past_policies(app: psycopg.Connection) -> None:
    rows = app.execute(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication, rolcanlogin "
        "FROM pg_roles WHERE rolname LIKE 'palace3%' ORDER BY rolname"
    ).fetchall()
    assert rows == [
        ("palace3_allocator", False, False),
        ("palace3_app", False, True),
        ("palace3_owner", False, True),
    ]


def test_an_address_keeps_its_password_when_its_database_changes() -> None:
    address = "postgresql://someone:a%2Fb@db:5433/old?sslmode=require"
    assert url_of(address, database="new") == "postgresql://someone:a%2Fb@db:5433/new?sslmode=require"
    assert url_of(address, database="x", user="me", password="p/w") == (
        "postgresql://me:p%2Fw@db:5433/x?sslmode=require"
    )
