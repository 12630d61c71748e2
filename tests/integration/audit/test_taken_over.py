"""A web process taken over writes SQL of its own as ``palace3_app``: what the trail and the locks still hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def forged_act(sql: psycopg.Connection[Any], *, sites: str = "*", reason: str = "") -> Iterator[None]:
    """A transaction with an act in force, as the application itself would write it."""
    with sql.transaction():
        sql.execute("SELECT set_config('app.sites', %s, true)", [sites])
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
    return build_world()


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
