"""The database refuses what the services never do."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from audit.acts import open_act
from audit.sql import POLICIES_BY_STATEMENT
from kernel.scope import EVERYTHING, scope
from tests.database import as_program
from tests.world import NOW, World, as_person, screen
from tests.world_database import committed_world
from trials.models import Participant, Site

pytestmark = pytest.mark.django_db


def test_write_without_an_act_is_refused(world: World) -> None:
    with as_person(world.trial_manager), pytest.raises(DatabaseError, match="does not name the act"):
        with transaction.atomic():
            Site.objects.filter(code="01").update(city="Elsewhere")


def test_write_under_an_act_of_another_transaction_is_refused(
    transactional_db: None, app_sql: psycopg.Connection[Any]
) -> None:
    world = committed_world()
    old = world.site.act_id
    with app_sql.transaction():
        as_program(app_sql)
        app_sql.execute("SELECT set_config('app.act', %s, true)", [str(old)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not name the act"):
            app_sql.execute("UPDATE trials_site SET city = 'Elsewhere', act_id = %s", [old])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM trials_site",
        "TRUNCATE trials_site CASCADE",
        "DELETE FROM audit_act",
        "UPDATE audit_act SET reason = 'other'",
        "UPDATE trials_siteevent SET city = 'x'",
        "DELETE FROM trials_siteevent",
        "TRUNCATE trials_siteevent",
        "ALTER TABLE trials_site DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE TEMP TABLE t (id int)",
        "CREATE TABLE t (id int)",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'b', now())",
    ],
)
def test_application_role_may_not(app_sql: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql.execute(statement)


def test_a_forged_event_is_refused(world: World) -> None:
    with as_person(world.trial_manager), pytest.raises(DatabaseError, match="written by its table alone"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO trials_siteevent (pgh_created_at, pgh_label, pgh_obj_id, id, act_id, code, name, name_zh,"
                " city, city_zh, time_zone, state, planned_participants, languages_spoken, office_hours,"
                " protocol_version) SELECT now(), 'update', id, id, act_id, code, 'forged', name_zh, city, city_zh,"
                " time_zone, state, 0, '', '', '1.0' FROM trials_site LIMIT 1"
            )


def test_a_stranger_sees_none_of_another_sites_rows(transactional_db: None) -> None:
    world = committed_world()
    participant = screen(world)
    with as_person(world.stranger), transaction.atomic(), connection.cursor() as cursor:
        for table in ("trials_participant", "trials_participantevent", "trials_consent", "trials_milestone"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE site_id = %s", [world.site.pk])  # noqa: S608
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT count(*) FROM trials_site WHERE id = %s", [world.site.pk])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM audit_act WHERE participant_id = %s", [participant.pk])
        assert cursor.fetchone() == (0,)


def test_a_stranger_cannot_write_into_another_site(world: World) -> None:
    with as_person(world.stranger), pytest.raises(DatabaseError, match="row-level security"):
        with open_act("test:forge", by=world.stranger, at=NOW) as act:
            Participant.objects.create(
                number="01-0099",
                site_id=world.site.pk,
                registered_on=NOW.date(),
                state_since=NOW.date(),
                act=act,
            )


def test_without_a_scope_nothing_is_seen(world: World) -> None:
    with transaction.atomic():
        assert not Site.objects.exists()


def test_every_version_of_a_row_is_kept_with_its_act(world: World) -> None:
    from trials import services

    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=world.site, by=world.trial_manager, at=NOW, reason="Moved", city="Suzhou")
        versions = list(world.site.events.order_by("pgh_id").values_list("city", "act__verb"))
    assert versions[0] == ("Shanghai", "trials:site:create")
    assert versions[-1] == ("Suzhou", "trials:site:change")


def test_arm_is_set_once(world: World) -> None:
    from trials import services

    participant = screen(world)
    with scope(user_id=None, sites=EVERYTHING):
        services.reveal_arm(participant=participant, arm="1", by=None, at=NOW)
        with pytest.raises(DatabaseError, match="set once"), transaction.atomic():
            services.reveal_arm(participant=participant, arm="2", by=None, at=NOW)


POLICIES = (
    "SELECT polrelid::regclass::text, polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) "
    "FROM pg_policy"
)
PER_ROW = re.compile(r"AS current_setting\) = '|\(\(CURRENT_USER = .* SELECT scope_holds")
IN_OTHER_WORDS = {
    "scope_proven": "CURRENT_USER = 'palace3_owner' OR (SELECT scope_holds())",
    "site_scope": (
        "(SELECT current_setting('app.sites', true)) = '*' OR site_id = ANY ((SELECT string_to_array("
        "nullif(nullif(current_setting('app.sites', true), ''), '*'), ','))::bigint[])"
    ),
}


def test_policies_compare_settings_once_a_statement(test_database: tuple[str, str]) -> None:
    """What is compared for each row costs as much as reading it; a database of before is put right by its migration."""
    with psycopg.connect(test_database[0]) as owner:
        as_made = owner.execute(f"{POLICIES} ORDER BY 1, 2").fetchall()
        assert not [row for row in as_made if PER_ROW.search(f"{row[2]} {row[3]}")]
        for name, words in IN_OTHER_WORDS.items():
            owner.execute(f"ALTER POLICY {name} ON trials_participant USING ({words})")
        owner.execute(
            f"ALTER POLICY site_scope ON trials_participant WITH CHECK ({IN_OTHER_WORDS['site_scope']})"
        )
        before = owner.execute(f"{POLICIES} ORDER BY 1, 2").fetchall()
        assert [row for row in before if PER_ROW.search(f"{row[2]} {row[3]}")]
        owner.execute(POLICIES_BY_STATEMENT)
        assert owner.execute(f"{POLICIES} ORDER BY 1, 2").fetchall() == as_made
        owner.rollback()
