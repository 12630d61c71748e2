"""A web process taken over writes SQL of its own as ``palace3_app``: what the trail and the locks still hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.database import as_program
from tests.world import World
from tests.world_database import committed_world

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def forged_act(sql: psycopg.Connection[Any], *, sites: str = "*", reason: str = "") -> Iterator[None]:
    """A transaction with an act in force, as the application itself would write it."""
    with sql.transaction():
        as_program(sql, sites=sites)
        row = sql.execute(
            "INSERT INTO audit_act (verb, role, at, reason, request_id) VALUES ('test:forge', '', now(), %s, '') "
            "RETURNING id",
            [reason],
        ).fetchone()
        assert row is not None
        sql.execute("SELECT set_config('app.act', %s, true)", [str(row[0])])
        yield


@pytest.fixture
def world(transactional_db: None) -> World:
    return committed_world()


@pytest.mark.parametrize("scope", ["session", "statement"])
def test_no_setting_keeps_a_version_out_of_the_trail(
    world: World, app_sql: psycopg.Connection[Any], superuser: psycopg.Connection[Any], scope: str
) -> None:
    """The library behind the event triggers lets a session name triggers to skip; not here (ADR 3)."""
    triggers = superuser.execute(
        "SELECT array_agg(tgname::text)::text FROM pg_trigger WHERE tgname LIKE 'pgtrigger%'"
    ).fetchone()
    assert triggers is not None
    with forged_act(app_sql):
        if scope == "session":
            app_sql.execute("SELECT set_config('pgtrigger.ignore', %s, false)", triggers)
        app_sql.execute(
            "UPDATE trials_site SET city = 'Elsewhere', act_id = current_setting('app.act')::bigint "
            "WHERE id = %s RETURNING set_config('pgtrigger.ignore', %s, false)",
            [world.site.pk, *triggers],
        )
    kept = superuser.execute(
        "SELECT city FROM trials_siteevent WHERE id = %s ORDER BY pgh_id DESC LIMIT 1", [world.site.pk]
    ).fetchone()
    assert kept == ("Elsewhere",)


@pytest.mark.parametrize("number", ["-5", "currval('audit_act_id_seq') + 1000", "9223372036854775807"])
def test_an_act_takes_the_next_number(world: World, app_sql: psycopg.Connection[Any], number: str) -> None:
    """Below the first, it would stand in no seal; far ahead, no later act would."""
    app_sql.execute("SELECT nextval('audit_act_id_seq')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="takes the next number"):
        app_sql.execute(
            f"INSERT INTO audit_act (id, verb, role, at, reason, request_id) "  # noqa: S608
            f"VALUES ({number}, 'test:forge', '', now(), '', '')"
        )


def test_a_row_keeps_its_number(world: World, app_sql: psycopg.Connection[Any]) -> None:
    """Under another number it would have no history, and its history no row."""
    change = "UPDATE trials_consentversion SET id = id + 1000, act_id = current_setting('app.act')::bigint"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="keeps its number"), forged_act(app_sql):
        app_sql.execute(change)
