"""A locked record keeps its rows, and a row its record, whatever SQL the application's role writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import transaction
from psycopg.types.json import Jsonb

from crf.locks.records import lock_record
from crf.store.records import find_stored_record
from kernel.scope import EVERYTHING, scope
from tests.database import as_program
from tests.integration.crf.conftest import Save, place_at
from tests.integration.crf.test_consequences import numbered
from tests.unit.crf.examples import demographics
from tests.world import NOW, World, screen
from tests.world_database import committed_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _locked_as_it_is(settings: Any) -> None:
    """How a lock holds is tested here, not what a form has before it."""
    settings.LOCK_NEEDS = ()


@pytest.fixture
def world(transactional_db: None) -> World:
    return committed_world()


@pytest.fixture
def locked(world: World, save: Save) -> Iterator[Any]:
    """A locked record with rows of a group."""
    with scope(user_id=None, sites=EVERYTHING):
        yield saved(world, save, lock=True)


def saved(world: World, save: Save, *, lock: bool, **at: Any) -> Any:
    with transaction.atomic():
        person = screen(world, signed_on=date(2026, 4, 28), **at)
        save(person, "DM", by=None, values=demographics.AFTER_CANCER, groups=numbered(demographics.CANCERS))
        place = place_at(person, "DM")
        if lock:
            lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
    return place


def rows_of(place: Any) -> str:
    """The table of the record's first group that holds rows."""
    return next(
        group.model._meta.db_table
        for name, group in place.form.groups.items()
        if demographics.CANCERS.get(name)
    )


@contextmanager
def forged(sql: psycopg.Connection[Any], sites: str = "*") -> Iterator[None]:
    """A transaction under an act with a reason, as the application itself would write it."""
    with sql.transaction():
        as_program(sql, sites=sites)
        row = sql.execute(
            "INSERT INTO audit_act (verb, role, at, reason, request_id) "
            "VALUES ('crf:answers:save', '', now(), 'Why not', '') RETURNING id"
        ).fetchone()
        assert row is not None
        sql.execute("SELECT set_config('app.act', %s, true)", [str(row[0])])
        yield


ACT = "act_id = current_setting('app.act')::bigint"


def test_no_row_is_added_to_a_locked_record(locked: Any, app_sql: psycopg.Connection[Any]) -> None:
    table = rows_of(locked)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="the record is locked"), forged(app_sql):
        copy_a_row(app_sql, table, "*")


def test_a_row_is_not_carried_out_of_a_locked_record(
    world: World, locked: Any, save: Save, app_sql: psycopg.Connection[Any]
) -> None:
    saved(world, save, lock=False)
    table = rows_of(locked)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="stays with its record"):
        with forged(app_sql):
            app_sql.execute(
                f"UPDATE {table} AS r SET position = 90, {ACT}, record_id = "  # noqa: S608
                f"(SELECT id FROM crf_record WHERE state <> 'locked') FROM crf_record AS d "
                "WHERE d.id = r.record_id AND d.state = 'locked' AND r.position = 1"
            )


def test_a_row_is_of_its_records_site(
    world: World, locked: Any, save: Save, app_sql: psycopg.Connection[Any]
) -> None:
    """Who sees only site 02 puts nothing into a record of site 01, which its scope does not even show."""
    open_place, table = saved(world, save, lock=False), rows_of(locked)
    with transaction.atomic():
        record = find_stored_record(open_place).record.pk  # type: ignore[union-attr]
    for sites in (str(world.other_site.pk), "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="of its record's site"):
            with forged(app_sql):
                copy_a_row(app_sql, table, sites, record_id=record, site_id=world.other_site.pk)


def copy_a_row(sql: psycopg.Connection[Any], table: str, sites: str, **other: Any) -> None:
    """A copy of a row at another position, with other values, in the scope of ``sites``."""
    copied = sql.execute(f"SELECT to_jsonb(r) FROM {table} AS r LIMIT 1").fetchone()  # noqa: S608
    assert copied is not None
    as_program(sql, sites=sites)
    sql.execute(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, %s::jsonb || "
        "jsonb_build_object('act_id', current_setting('app.act')))).*",
        [Jsonb({**copied[0], "id": 999, "position": 99, **other})],
    )
