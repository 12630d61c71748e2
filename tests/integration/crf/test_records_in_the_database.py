"""A record and its answers, attacked with SQL as the application's role writes it (ADR 31)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import transaction

from crf.locks.records import lock_record
from crf.models import Record
from crf.store.history import history_of
from crf.store.records import find_stored_record
from crf.store.versions import answers_at
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


REFUSED = psycopg.DatabaseError
ACT = "act_id = current_setting('app.act')::bigint"
TABLE = "crf_demographics"


@pytest.fixture
def world(transactional_db: None) -> World:
    return committed_world()


@pytest.fixture
def place(world: World, save: Save) -> Iterator[Any]:
    """A saved record with answers and rows, not locked."""
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            person = screen(world)
            save(
                person, "DM", by=None, values=demographics.AFTER_CANCER, groups=numbered(demographics.CANCERS)
            )
        yield place_at(person, "DM")


@contextmanager
def forged(sql: psycopg.Connection[Any], *, reason: str = "Why not", sites: str = "*") -> Iterator[None]:
    """A transaction under an act of its own, as the application itself would write it."""
    with sql.transaction():
        as_program(sql, sites=sites)
        row = sql.execute(
            "INSERT INTO audit_act (verb, role, at, reason, request_id) "
            "VALUES ('crf:answers:save', '', now(), %s, '') RETURNING id",
            [reason],
        ).fetchone()
        assert row is not None
        sql.execute("SELECT set_config('app.act', %s, true)", [str(row[0])])
        yield


def lock(world: World, place: Any) -> None:
    with transaction.atomic():
        lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("crf_record", "version = version + 1"),
        ("crf_record", "state = 'complete'"),
        (TABLE, "height = 1"),
        (TABLE, "calc_bmi = 1"),
        (f"{TABLE}cancer", "ca_site = 'x'"),
    ],
)
def test_a_locked_record_keeps_itself_its_answers_and_its_rows(
    world: World, place: Any, app_sql: psycopg.Connection[Any], table: str, change: str
) -> None:
    lock(world, place)
    with pytest.raises(REFUSED, match="locked"), forged(app_sql):
        app_sql.execute(f"UPDATE {table} SET {change}, {ACT}")  # noqa: S608


@pytest.mark.parametrize("table", ["crf_record", TABLE])
def test_record_and_answers_name_the_act_of_their_own_transaction(
    place: Any, app_sql: psycopg.Connection[Any], table: str
) -> None:
    with pytest.raises(REFUSED, match="does not name the act"), forged(app_sql):
        app_sql.execute(f"UPDATE {table} SET act_id = act_id")  # noqa: S608
    for statement in ("DELETE FROM {}", "TRUNCATE {} CASCADE", "DELETE FROM {}event", "TRUNCATE {}event"):
        with pytest.raises(REFUSED), forged(app_sql):
            app_sql.execute(statement.format(table))


def test_a_saved_answer_changes_only_with_a_reason(place: Any, app_sql: psycopg.Connection[Any]) -> None:
    change = f"UPDATE {TABLE} SET height = height + 1, {ACT}"  # noqa: S608
    with pytest.raises(REFUSED, match="only with a reason"), forged(app_sql, reason=" "):
        app_sql.execute(change)
    with forged(app_sql, reason="Measured again"):
        assert app_sql.execute(change).rowcount == 1


def test_what_the_server_derives_changes_without_a_reason(
    place: Any, app_sql: psycopg.Connection[Any]
) -> None:
    with forged(app_sql, reason=""):
        assert app_sql.execute(f"UPDATE {TABLE} SET calc_bmi = 1, {ACT}").rowcount == 1  # noqa: S608


@pytest.mark.parametrize("column", ["participant_id", "form_code"])
def test_a_record_keeps_its_participant_and_its_form(
    world: World, place: Any, app_sql: psycopg.Connection[Any], column: str
) -> None:
    with transaction.atomic():
        screen(world)
    other = {"participant_id": "(SELECT max(id) FROM trials_participant)", "form_code": "'STAGE'"}[column]
    with pytest.raises(REFUSED, match="set once"), forged(app_sql):
        app_sql.execute(f"UPDATE crf_record SET {column} = {other}, {ACT}")  # noqa: S608


@pytest.mark.parametrize("sites", ["*", "other"])
def test_answers_are_of_their_records_site(
    world: World, place: Any, app_sql: psycopg.Connection[Any], sites: str
) -> None:
    other = world.other_site.pk
    with pytest.raises(REFUSED, match="of their record's site"):
        with forged(app_sql, sites="*" if sites == "*" else f"{world.site.pk},{other}"):
            app_sql.execute(f"UPDATE {TABLE} SET site_id = %s, {ACT}", [other])  # noqa: S608


def test_a_record_is_of_its_participants_site(
    world: World, place: Any, app_sql: psycopg.Connection[Any]
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation), forged(app_sql):
        app_sql.execute(f"UPDATE crf_record SET site_id = %s, {ACT}", [world.other_site.pk])  # noqa: S608


@pytest.mark.parametrize("table", ["crf_record", "crf_recordevent", TABLE, f"{TABLE}event"])
def test_records_of_another_site_do_not_exist(
    world: World, place: Any, app_sql: psycopg.Connection[Any], table: str
) -> None:
    for sites, number in ((str(world.other_site.pk), 0), (str(world.site.pk), 1)):
        with forged(app_sql, sites=sites):
            found = app_sql.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        assert found is not None
        assert min(found[0], 1) == number


def test_one_place_holds_one_record(place: Any, app_sql: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="crf_record_once"), forged(app_sql):
        app_sql.execute(
            "INSERT INTO crf_record (act_id, form_code, participant_id, site_id, sequence, state, form_version, "
            "protocol_version, version) SELECT current_setting('app.act')::bigint, form_code, participant_id, "
            "site_id, sequence, state, form_version, protocol_version, version FROM crf_record"
        )


def test_what_is_about_a_record_is_about_one_that_exists(
    world: World, place: Any, app_sql: psycopg.Connection[Any]
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation), forged(app_sql):
        app_sql.execute(
            "INSERT INTO crf_query (act_id, form_code, record_id, participant_id, site_id, sequence, target, key, "
            "check_code, kind, level, seen, state, resolution, opened_at) SELECT current_setting('app.act')::bigint, "
            "'DM', 999999, participant_id, site_id, 1, '', '', '', '', '', '{}', 'open', '', now() FROM crf_record"
        )


def test_a_change_of_state_leaves_the_answers_alone(world: World, place: Any) -> None:
    """Verifying, signing or locking writes the record; the answers get no version by it."""
    with transaction.atomic():
        before = find_stored_record(place).record  # type: ignore[union-attr]
        versions = before.events.count()
    lock(world, place)
    with transaction.atomic():
        after = find_stored_record(place)
        assert after is not None
        assert after.record.events.count() == versions
        assert [event.state for event in after.record.record_events.order_by("pgh_id")] == [
            "complete",
            "locked",
        ]
        assert after.record.answers_act_id == before.answers_act_id != after.record.act_id
        assert after.record.answers_site_id == after.record.site_id


def test_records_of_a_participant_are_one_query(
    world: World, place: Any, save: Save, django_assert_num_queries: Any
) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        found = list(Record.objects.filter(participant=place.participant).values_list("form_code", "state"))
    assert found == [("DM", "complete")]


def test_history_and_versions_read_record_and_answers_together(world: World, place: Any, save: Save) -> None:
    values = {**demographics.AFTER_CANCER, "height": demographics.AFTER_CANCER["height"] + 1}
    with transaction.atomic():
        save(
            *(place.participant, "DM"),
            version=1,
            by=None,
            values=values,
            groups=numbered(demographics.CANCERS),
            reason="Measured again",
        )
    lock_at_2 = {"record_key": place, "version": 2, "by": world.data_manager, "at": NOW}
    with transaction.atomic():
        lock_record(**lock_at_2)
        stored = find_stored_record(place)
        assert stored is not None
        first, second = (answers_at(place.form, stored.record, version) for version in (1, 2))
        assert first is not None
        assert second is not None
        assert (first.values["height"], second.values["height"]) == (
            demographics.AFTER_CANCER["height"],
            values["height"],
        )
        assert answers_at(place.form, stored.record, 3) is None
        said = [(str(entry.label), entry.new) for entry in history_of(place, stored)]
    assert said[0] == ("State of the form", "locked")
    assert any("height" in label.lower() for label, _new in said[1:])
