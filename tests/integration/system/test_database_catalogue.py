"""The database's own catalogue shows that no table was forgotten (architecture 5)."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.apps import apps

from audit.guards import MayDelete
from audit.models import Act, Anchor, Audited, Seal
from crf.models import AttachmentContent
from monitoring.models import SiteIndicator
from tests.database import schedule_a_task

pytestmark = pytest.mark.django_db

OURS = {"audit", "accounts", "trials", "followup", "crf", "randomization", "exports", "operations", "reports"}
OURS |= {"analysis", "committee", "monitoring"}
EVENT_SUFFIX = "event"


def regulated() -> list[Any]:
    return [m for m in apps.get_models() if issubclass(m, Audited)]


def of_ours() -> list[Any]:
    return [m for m in apps.get_models() if m._meta.app_label in OURS and m._meta.managed]


def working_copies() -> list[Any]:
    """Rows that may be deleted: drafts and the like, and what says who somebody is until it is erased (ADR 17)."""
    return [m for m in of_ours() if any(isinstance(g, MayDelete) for g in m._meta.constraints)]


def event_models() -> list[Any]:
    return [m for m in of_ours() if hasattr(m, "pgh_tracked_model")]


def triggers(superuser: psycopg.Connection[Any], table: str) -> set[str]:
    rows = superuser.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled <> 'D'",
        [table],
    )
    return {row[0] for row in rows}


def may(superuser: psycopg.Connection[Any], table: str, right: str) -> bool:
    row = superuser.execute("SELECT has_table_privilege('palace3_app', %s, %s)", [table, right]).fetchone()
    return bool(row and row[0])


def test_every_model_of_ours_is_regulated_an_event_an_act_or_a_working_copy() -> None:
    # bytes of files never change, and their digest is a column of a regulated row (ADR 40)
    # counts of a site are worked out anew each night from regulated rows
    known = {
        *regulated(),
        *event_models(),
        *working_copies(),
        Act,
        Anchor,
        Seal,
        AttachmentContent,
        SiteIndicator,
    }
    assert {m._meta.label for m in of_ours()} - {m._meta.label for m in known} == set()


@pytest.mark.parametrize("model", regulated(), ids=lambda m: m._meta.label)
def test_regulated_table_has_act_trail_and_no_delete(superuser: psycopg.Connection[Any], model: Any) -> None:
    table = model._meta.db_table
    assert not model._meta.get_field("act").null
    assert {"act_guard", "truncate_guard"} <= triggers(superuser, table)
    assert not may(superuser, table, "DELETE")
    assert not may(superuser, table, "TRUNCATE")
    assert [m for m in event_models() if m.pgh_tracked_model is model], f"{table} has no event table"


@pytest.mark.parametrize("model", event_models(), ids=lambda m: m._meta.label)
def test_event_table_is_append_only(superuser: psycopg.Connection[Any], model: Any) -> None:
    table = model._meta.db_table
    assert {"trail_guard", "truncate_guard"} <= triggers(superuser, table)
    for right in ("UPDATE", "DELETE", "TRUNCATE"):
        assert not may(superuser, table, right), (table, right)


def test_no_session_can_tell_the_trail_to_skip(superuser: psycopg.Connection[Any]) -> None:
    """Every migration that adds a trigger writes this function anew; `migrate` puts ours back (ADR 3)."""
    asked = superuser.execute(
        "SELECT btrim(prosrc) FROM pg_proc WHERE proname = '_pgtrigger_should_ignore'"
    ).fetchall()
    assert asked == [("SELECT false",)]


def test_every_table_with_a_site_forces_its_policy(superuser: psycopg.Connection[Any]) -> None:
    rows = superuser.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'site_id' AND NOT a.attisdropped "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity "
        "AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    assert [row[0] for row in rows] == []


def test_the_application_role_owns_nothing_and_skips_nothing(superuser: psycopg.Connection[Any]) -> None:
    owned = superuser.execute(
        "SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = 'palace3_app')"
    ).fetchall()
    role = superuser.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'palace3_app'"
    ).fetchone()
    assert owned == []
    assert role == (False, False, False, False)


def test_what_the_owner_changes_of_tables_stands_in_the_log_and_no_answer_does(
    superuser: psycopg.Connection[Any],
) -> None:
    """Requirement 17: switching a trigger off leaves a trace outside the database, which its owner cannot silence."""
    rows = superuser.execute(
        "SELECT rolname, rolconfig FROM pg_roles WHERE rolname LIKE 'palace3_%'"
    ).fetchall()
    settled = {role: dict(each.split("=", 1) for each in config or ()) for role, config in rows}
    names = ("log_statement", "log_min_messages", "log_min_error_statement")
    told = {role: tuple(settled[role][name] for name in names) for role in ("palace3_owner", "palace3_app")}
    assert told == {"palace3_owner": ("ddl", "log", "panic"), "palace3_app": ("none", "fatal", "panic")}
    superuser.execute("SET ROLE palace3_owner")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        superuser.execute("SET log_statement = 'none'")
    superuser.execute("RESET ROLE")


def test_the_application_role_deletes_only_working_copies(superuser: psycopg.Connection[Any]) -> None:
    rows = superuser.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind = 'r' AND has_table_privilege('palace3_app', c.oid, 'DELETE')"
    )
    allowed = {m._meta.db_table for m in working_copies()} | {"django_session"}
    assert {row[0] for row in rows} == allowed


ENDING_A_TASK = (
    "DELETE FROM django_celery_beat_periodictask",
    "DELETE FROM django_celery_beat_intervalschedule",
    "UPDATE django_celery_beat_periodictask SET enabled = false",
    "UPDATE django_celery_beat_periodictask SET task = 'audit:nothing'",
)


def test_point_9_the_application_ends_no_scheduled_task(app_sql: psycopg.Connection[Any]) -> None:
    with app_sql.transaction(force_rollback=True):
        schedule_a_task(app_sql)
        for attack in ENDING_A_TASK:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app_sql.transaction():
                app_sql.execute(attack)
        app_sql.execute("UPDATE django_celery_beat_periodictask SET last_run_at = now() WHERE id = -1")


DEFINERS = {
    # It changes the site of rows that stay as they were written, and judges for itself that the act in force confirms
    # just this transfer (ADR 34); tests/integration/trials/test_moving_function.py attacks it.
    "public.trials_move_participant(bigint)",
    # They open the scope of a transaction, given a proof, and say whether it holds (ADR 49); test_proven_scope.py
    # attacks them.
    "public.scope_open(person bigint, sites text, confided text, day text, by_delegations boolean, proof text)",
    "public.scope_holds()",
    "public.scope_admits(at timestamp with time zone)",
    # It works out anew what is left to verify of the records that it is told, whoever asks; nobody else writes that
    # table (test_proven_access.py).
    "public.crf_work_out_verification(records bigint[])",
    # What anybody may know of a site; it takes a day and roles, and returns what the public page shows (ADR 16).
    "public.trials_public_sites(on_day date, roles character varying[])",
}


def test_the_application_role_runs_no_definer_function_but_the_allocations(
    superuser: psycopg.Connection[Any],
) -> None:
    rows = superuser.execute(
        "SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' "
        "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND has_function_privilege('palace3_app', p.oid, 'EXECUTE')"
    ).fetchall()
    assert {row[0].replace("agreed ", "") for row in rows if not row[0].startswith("allocation.")} == DEFINERS


def test_rare_13_the_named_definer_has_a_path_of_its_own_and_is_nobody_elses(
    superuser: psycopg.Connection[Any],
) -> None:
    """Its search path is fixed, it belongs to the owner, and nobody but owner and application may run it."""
    row = superuser.execute(
        "SELECT proowner::regrole::text, proconfig, ARRAY(SELECT CASE grantee WHEN 0 THEN 'PUBLIC' "
        "ELSE grantee::regrole::text END FROM aclexplode(proacl) WHERE privilege_type = 'EXECUTE' ORDER BY 1) "
        "FROM pg_proc WHERE proname = 'trials_move_participant'"
    ).fetchall()
    assert row == [("palace3_owner", ["search_path=public, pg_temp"], ["palace3_app", "palace3_owner"])]


def test_rare_13_nobody_can_slip_a_table_in_that_the_definer_would_write(
    superuser: psycopg.Connection[Any],
) -> None:
    """It finds its tables in the catalogue: the application's role makes none, not even a temporary one."""
    row = superuser.execute(
        "SELECT has_schema_privilege('palace3_app', 'public', 'CREATE'), "
        "has_database_privilege('palace3_app', current_database(), 'TEMP')"
    ).fetchone()
    assert row == (False, False)
