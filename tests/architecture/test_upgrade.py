"""A filled database of version 0.2.0 goes through every migration since, and loses nothing (ADR 31).

``tests/upgrade/0.2.0.sql.xz`` is what ``pg_dump --inserts`` of PostgreSQL 15 wrote of a synthetic trial of twenty
participants at two sites, sealed, on the day that 0.2.0 was made. It stays as it is.
"""

from __future__ import annotations

import lzma
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections, transaction
from django.test import Client
from psycopg import sql

from accounts.models import User
from audit.models import Seal
from audit.verify import verify
from crf.links import form_url
from crf.models import Record
from kernel.postgresql.roles import prepare, url_of
from kernel.scope import EVERYTHING, scope
from tests.database import PASSWORD, migrate

DUMP = Path(__file__).resolve().parent.parent / "upgrade" / "0.2.0.sql.xz"
NAME = f"test_palace3_upgraded_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"

OURS = ["public", "allocation"]
CASTS = re.compile(r"::(character varying|text)(\[\])?|[()\s]")  # a dump spells them otherwise than Django
CATALOGUE = {
    "columns": """
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT n.nspname, c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(%s)""",
    "indexes": """
        SELECT n.nspname, c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(%s)""",
    "triggers": """
        SELECT n.nspname, c.relname, pg_get_triggerdef(t.oid), t.tgenabled::text FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(%s) AND NOT t.tgisinternal""",
    "functions": """
        SELECT n.nspname, p.proname, pg_get_functiondef(p.oid), pg_get_userbyid(p.proowner), p.proacl::text
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%s) AND p.prokind = 'f'""",
    "policies": """
        SELECT schemaname, tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies
        WHERE schemaname = ANY(%s)""",
    "rights": """
        SELECT n.nspname, c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.relrowsecurity,
               c.relforcerowsecurity, (SELECT array_agg(x ORDER BY x) FROM unnest(c.relacl::text[]) AS x)::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'v', 'S')""",
}


def of_catalogue(database: psycopg.Connection[Any], kind: str) -> set[tuple[Any, ...]]:
    """Return what the database's catalogue says of one kind, spelled in one way."""
    rows = database.execute(CATALOGUE[kind], [OURS]).fetchall()
    return {tuple(CASTS.sub("", value) if isinstance(value, str) else value for value in row) for row in rows}


def rows_of_dump() -> dict[str, int]:
    """Count the rows of each table in the dump, which writes one row a line."""
    counts: dict[str, int] = {}
    table = ""
    for line in lzma.decompress(DUMP.read_bytes()).decode().splitlines():
        if line.startswith("INSERT INTO "):
            table = line.split()[2]
        if table and line.startswith("\t("):
            counts[table] = counts.get(table, 0) + 1
    return counts


def count_rows(database: psycopg.Connection[Any], table: str) -> int:
    """Count the rows of ``schema.table``."""
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
    return int(database.execute(query).fetchall()[0][0])


@pytest.fixture(scope="module")
def upgraded(admin_url: str, test_database: object, django_db_blocker: Any) -> Iterator[str]:
    """The administrator's address of a database that held a filled trial of 0.2.0 and was migrated to today."""
    address = url_of(admin_url, database=NAME)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}"')
    with psycopg.connect(address, autocommit=True) as database:
        database.execute(lzma.decompress(DUMP.read_bytes()).decode())
    owner, _app = prepare(admin_url, NAME, PASSWORD, PASSWORD)
    with django_db_blocker.unblock():
        migrate(owner)
    yield address
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


@pytest.fixture
def inside(upgraded: str, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Django reads the upgraded database as the application role."""
    at = connections["default"].settings_dict
    before = at["NAME"]
    with django_db_blocker.unblock():
        connections["default"].close()
        at["NAME"] = NAME
        try:
            with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
                yield
        finally:
            connections["default"].close()
            at["NAME"] = before


@pytest.mark.parametrize("kind", CATALOGUE)
def test_upgraded_database_is_built_as_a_new_one(
    upgraded: str, superuser: psycopg.Connection[Any], kind: str
) -> None:
    """A guard that was changed in the code alone, without a migration, differs here."""
    with psycopg.connect(upgraded) as old:
        was = of_catalogue(old, kind)
    new = of_catalogue(superuser, kind)
    assert was - new == set(), "only in the upgraded database"
    assert new - was == set(), "only in a new database"


def test_what_was_sealed_is_still_as_it_was_sealed(inside: None) -> None:
    """A migration that fills a column of old versions, or changes rows without a version, is named here."""
    assert Seal.objects.exists()
    assert [str(finding) for finding in verify()] == []


def test_no_row_is_lost(upgraded: str) -> None:
    """Each table of 0.2.0 holds at least as many rows as before; a table may go only with its model."""
    rows = rows_of_dump()
    with psycopg.connect(upgraded) as database:
        counts = {
            table: count_rows(database, table)
            for table in rows
            if database.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,)
        }
    assert {table: (rows[table], counts[table]) for table in counts if counts[table] < rows[table]} == {}
    assert rows["public.crf_record"] > 100


def test_point_24_participants_hold_the_stage_group_as_randomized(upgraded: str) -> None:
    with psycopg.connect(upgraded) as database:
        held = database.execute(
            "SELECT p.strat_stage = a.strat_stage, count(*) FROM trials_participant p "
            "JOIN randomization_allocation a ON a.participant_id = p.id GROUP BY 1"
        ).fetchall()
        others = database.execute(
            "SELECT count(*) FROM crf_staging t JOIN crf_record r ON r.id = t.id JOIN randomization_allocation a "
            "ON a.participant_id = r.participant_id WHERE t.calc_strat_stage_corr IS DISTINCT FROM "
            "CASE WHEN t.calc_cstage <> a.strat_stage THEN t.calc_cstage END"
        ).fetchall()
    assert [same for same, _number in held] == [True]
    assert others == [(0,)]


def test_every_record_opens_for_the_data_manager(inside: None) -> None:
    """No form page fails on answers that were stored under 0.2.0."""
    client = Client()
    client.force_login(User.objects.get(username="data"))
    opened = 0
    for record in Record.objects.select_related("participant", "visit").order_by("pk"):
        url = form_url(
            record.participant.number, record.form_code, visit_id=record.visit_id, sequence=record.sequence
        )
        answer = client.get(url)
        assert answer.status_code == 200, (record.form_code, record.participant.number)
        opened += 1
    assert opened > 100
