"""The application's role with any SQL: it sees no more, acts as nobody else, signs for nobody (ADR 49)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, LiteralString, cast

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test import Client

from accounts.models import User
from accounts.services import put_signature
from accounts.sessions import digest_of_key
from audit.acts import open_act
from audit.tasks import seal
from audit.verify import _guards
from kernel.postgresql.pooling import forget_session
from kernel.scope import EVERYTHING, Scope, opening_of, scope
from tests.clock import NOW
from tests.database import as_program
from tests.world import TODAY, World, screen
from tests.world_database import committed_world
from trials.services.delegations import end_delegation

pytestmark = pytest.mark.django_db(transaction=True)
FOREIGN = (
    "SELECT count(*) FROM trials_participant WHERE site_id = (SELECT max(site_id) FROM trials_participant)"
)
ATTEMPTS = {
    "set for the transaction": "SELECT set_config('app.sites', '*', true)",
    "set for the connection": "SELECT set_config('app.sites', '*', false)",
    "set as the system": "SELECT set_config('app.sites', '*', true), set_config('app.user', '', true)",
    "set on another day": "SELECT set_config('app.day', '2020-01-01', true), set_config('app.sites', '*', true)",
    "the seal of one setting under others": (
        "SELECT set_config('app.user', current_setting('app.user') || ',' || current_setting('app.sites'), true), "
        "set_config('app.sites', '*', true)"
    ),
    "a seal of their own": "SELECT set_config('app.sites', '*', true), set_config('app.seal', repeat('0', 64), true)",
    "no proof": "SELECT scope_open(NULL, '*', '', '', false, '')",
    "a null proof": "SELECT scope_open(NULL, '*', '', '', false, NULL)",
    "by delegations without proof": "SELECT scope_open(1, '*', '', '2026-11-20', true, 'x')",
    "the key": "SELECT inner_pad FROM scope.key",
    "the key, copied": "COPY scope.key TO STDOUT",
    "the key, locked": "LOCK TABLE scope.key",
    "another key": "UPDATE scope.key SET inner_pad = outer_pad",
    "a code of their own": "SELECT set_config('app.seal', scope.code('seal'), true)",
    "the function, replaced": (
        "CREATE OR REPLACE FUNCTION public.scope_holds() RETURNS boolean LANGUAGE sql AS 'SELECT true'"
    ),
    "one found before it": "CREATE FUNCTION pg_temp.scope_holds() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "a schema of their own": "CREATE SCHEMA mine",
    "the policy, dropped": "DROP POLICY scope_proven ON trials_participant",
    "the policies, off": "ALTER TABLE trials_participant DISABLE ROW LEVEL SECURITY",
    "row security, off": "SET LOCAL row_security = off",
    "the owner": "SET LOCAL ROLE palace3_owner",
    "the owner's session": "SET SESSION AUTHORIZATION palace3_owner",
    "a trigger's widening": "SELECT trials_guard_roles()",
    "what visitors read": "SELECT * FROM trials_public_sites(current_date, ARRAY['coordinator']::varchar[])",
    "a transfer": "SELECT set_config('app.sites', '*', true), trials_move_participant(1)",
    "large objects": "SELECT lo_from_bytea(0, 'x')",
}


@pytest.fixture
def trial() -> World:
    world = committed_world()
    for site in (world.site, world.other_site):
        screen(world, site=site)
    return world


def open_own(raw: psycopg.Connection[Any], world: World) -> None:
    """What the coordinator's request opens."""
    chosen = Scope(world.coordinator.pk, frozenset({world.site.pk}), day=TODAY, by_delegations=True)
    raw.execute(*opening_of(chosen))


def foreign(raw: psycopg.Connection[Any]) -> int:
    row = raw.execute(FOREIGN).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def refused(raw: psycopg.Connection[Any], match: str) -> Iterator[None]:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=match), raw.transaction():
        yield


def test_no_sql_widens_what_a_request_sees(trial: World, app_sql: psycopg.Connection[Any]) -> None:
    with app_sql.transaction():
        as_program(app_sql)
        assert foreign(app_sql) == 1, "the row is there, for whom the program opens it"
        seen = app_sql.execute("SELECT current_setting('app.seal')").fetchone()
    assert seen
    for name, attempt in {
        **ATTEMPTS,
        "the seal of an earlier transaction": (
            f"SELECT set_config('app.seal', '{seen[0]}', true), set_config('app.user', '', true), "
            "set_config('app.sites', '*', true), set_config('app.day', '', true)"
        ),
    }.items():
        with app_sql.transaction(force_rollback=True):
            open_own(app_sql, trial)
            mine = "SELECT count(*), max(site_id) FROM trials_participant"
            assert app_sql.execute(mine).fetchone() == (1, trial.site.pk), name
            try:
                with app_sql.transaction():
                    app_sql.execute(attempt)
            except psycopg.Error:
                pass
            app_sql.execute("SET LOCAL row_security = on")
            assert app_sql.execute(
                "SELECT count(*) FROM trials_participant WHERE site_id <> %s", [trial.site.pk]
            ).fetchone() == (0,), name
            assert app_sql.execute(
                "SELECT count(*) FROM audit_act WHERE site_id <> %s AND by_id <> %s",
                [trial.site.pk, trial.coordinator.pk],
            ).fetchone() == (0,), name
        with app_sql.transaction():
            assert foreign(app_sql) == 0, f"{name}: nothing is left on the connection"


def test_every_table_with_a_policy_asks_for_a_proven_scope(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relrowsecurity AND NOT EXISTS (SELECT 1 FROM pg_policy p "
            "WHERE p.polrelid = c.oid AND p.polname = 'scope_proven' AND NOT p.polpermissive)"
        )
        assert cursor.fetchall() == []


def _as_owner(superuser: psycopg.Connection[Any], change: str, person: User) -> None:
    own = "id" if change.startswith("accounts_user") else "user_id"
    told = f"UPDATE {change} WHERE {own} = {person.pk}"
    superuser.execute(cast("LiteralString", f"SET session_replication_role = replica; {told}"))


def test_the_database_looks_the_delegations_up_itself(
    trial: World, superuser: psycopg.Connection[Any]
) -> None:
    wide = Scope(trial.coordinator.pk, EVERYTHING, day=TODAY, by_delegations=True)

    def seen(chosen: Scope) -> list[int]:
        with transaction.atomic(), connection.cursor() as cursor:
            connection.connection.execute(*opening_of(chosen))
            cursor.execute("SELECT site_id FROM trials_participant ORDER BY 1")
            return [row[0] for row in cursor.fetchall()]

    assert seen(wide) == [trial.site.pk], "the program asked for every site"
    assert (
        seen(Scope(trial.coordinator.pk, frozenset({trial.other_site.pk}), day=TODAY, by_delegations=True))
        == []
    )
    assert seen(Scope(trial.coordinator.pk, EVERYTHING, day=date(2020, 1, 1), by_delegations=True)) == []
    assert seen(Scope(trial.monitor.pk, EVERYTHING, day=TODAY, by_delegations=True)) == [
        trial.site.pk,
        trial.other_site.pk,
    ]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        [delegation] = trial.coordinator.delegations.all()
        end_delegation(
            delegation=delegation,
            on=TODAY,
            by=trial.trial_manager,
            at=NOW + timedelta(hours=1),
            reason="left",
        )
    assert seen(wide) == [], "at once, in whichever request is under way"
    waits = Scope(trial.inspector.pk, EVERYTHING, day=TODAY, by_delegations=True)
    assert len(seen(waits)) == 2
    _as_owner(superuser, "trials_delegation SET waits_for_confirmation = true", trial.inspector)
    assert seen(waits) == [], "a role shows nothing before a second person has confirmed it"
    closed = Scope(trial.monitor.pk, EVERYTHING, day=TODAY, by_delegations=True)
    _as_owner(superuser, "accounts_user SET is_active = false", trial.monitor)
    assert seen(closed) == [], "a closed account"


@pytest.mark.parametrize(
    ("person", "by", "verb"),
    [
        ("coordinator", "investigator", "crf:answers:save"),
        ("coordinator", None, "crf:answers:save"),
        (None, "investigator", "crf:answers:save"),
    ],
)
def test_nobody_acts_as_somebody_else(
    trial: World, app_sql: psycopg.Connection[Any], person: str | None, by: str | None, verb: str
) -> None:
    act = (
        "INSERT INTO audit_act (verb, by_id, role, at, reason, request_id) VALUES (%s, %s, '', now(), '', '')"
    )
    people = trial.everyone()
    with refused(app_sql, "in the name of somebody else"):
        as_program(app_sql, sites="", person=people[person].pk if person else None)
        app_sql.execute(act, [verb, people[by].pk if by else None])
    with app_sql.transaction():
        as_program(app_sql, sites="", person=people["coordinator"].pk)
        app_sql.execute(act, [verb, people["coordinator"].pk])


def test_no_act_is_dated_back_once_production_has_said_so(
    trial: World, app_sql: psycopg.Connection[Any], superuser: psycopg.Connection[Any]
) -> None:
    act = (
        "INSERT INTO audit_act (verb, role, at, reason, request_id) VALUES ('a:b:c', '', now() - %s, '', '')"
    )
    superuser.execute(
        "INSERT INTO scope.rule (acts_at_most_old, acts_at_most_ahead) VALUES ('1 day', '5 minutes')"
    )
    try:
        for back in (timedelta(days=2), timedelta(minutes=-10)):
            with refused(app_sql, "dated when it happens"):
                as_program(app_sql)
                app_sql.execute(act, [back])
        with app_sql.transaction():
            as_program(app_sql)
            app_sql.execute(act, [timedelta(minutes=1)])
    finally:
        superuser.execute("DELETE FROM scope.rule")


def test_no_signature_without_the_signers_proof(trial: World, app_sql: psycopg.Connection[Any]) -> None:
    with scope(user_id=None, sites=EVERYTHING), open_act("crf:record:sign", by=trial.investigator, at=NOW):
        signature = put_signature(
            record="DM of 01-0001", digest="a" * 64, meaning="seen", by=trial.investigator, at=NOW
        )
    assert signature.pk
    with refused(app_sql, "asked its signer"):
        as_program(app_sql)
        row = app_sql.execute(
            "INSERT INTO audit_act (verb, by_id, role, at, reason, request_id) "
            "VALUES ('crf:record:sign', %s, '', now(), '', '') RETURNING id",
            [trial.investigator.pk],
        ).fetchone()
        assert row
        app_sql.execute(
            "INSERT INTO accounts_signature (by_id, printed_name, role, signed_at, meaning, record, digest, act_id) "
            "SELECT by_id, printed_name, role, signed_at, meaning, 'AE of 01-0001', digest, %s FROM accounts_signature",
            [row[0]],
        )


TAKEN_OVER = {
    "the password": "UPDATE accounts_user SET password = 'known', act_id = {act} WHERE id = {investigator}",
    "the second factor": "UPDATE accounts_user SET totp_confirmed_at = NULL, act_id = {act} WHERE id = {investigator}",
    "the address": "UPDATE accounts_user SET email = 'a@example.org', act_id = {act} WHERE id = {investigator}",
    "a passkey": "UPDATE accounts_user SET passkeys = '[]', act_id = {act} WHERE id = {investigator}",
    "a hospital": "UPDATE accounts_user SET hospital_accounts = '[]', act_id = {act} WHERE id = {investigator}",
    "their role": "UPDATE trials_delegation SET user_id = {me}, act_id = {act} WHERE user_id = {investigator}",
    "a higher role": "UPDATE trials_delegation SET role = 'investigator', act_id = {act} WHERE user_id = {me}",
    "an earlier day": "UPDATE trials_delegation SET starts_on = '2020-01-01', act_id = {act} WHERE user_id = {me}",
    "given to an accomplice": (
        "INSERT INTO trials_delegation (user_id, role, site_id, starts_on, act_id, granted_by_id, "
        "waits_for_confirmation) VALUES ({monitor}, 'monitor', {site}, '2026-01-01', {act}, {me}, true)"
    ),
    "given in somebody's name": (
        "INSERT INTO trials_delegation (user_id, role, site_id, starts_on, act_id, granted_by_id, "
        "waits_for_confirmation) VALUES ({monitor}, 'monitor', {site}, '2026-01-01', {act}, {trial_manager}, true)"
    ),
    "given by nobody": (
        "INSERT INTO trials_delegation (user_id, role, site_id, starts_on, act_id) "
        "VALUES ({monitor}, 'monitor', {site}, '2026-01-01', {act})"
    ),
}


def test_nobody_takes_an_account_or_a_role_over(trial: World, app_sql: psycopg.Connection[Any]) -> None:
    """What somebody signs in with, and what they may do, no SQL changes: for its own person or for an accomplice."""
    told = {name: user.pk for name, user in trial.everyone().items()}
    told |= {"me": trial.coordinator.pk, "site": trial.site.pk}
    act = (
        "INSERT INTO audit_act (verb, by_id, role, at, reason, request_id) "
        "VALUES ('a:b:c', %s, '', now(), '', '') RETURNING id"
    )
    said = "which has asked who|whoever may, in their own act|set once and stays"
    for name, attempt in TAKEN_OVER.items():
        try:
            with refused(app_sql, said):
                open_own(app_sql, trial)
                row = app_sql.execute(act, [trial.coordinator.pk]).fetchone()
                assert row
                app_sql.execute(attempt.format(**told, act=row[0]))
        except AssertionError as fault:
            raise AssertionError(name) from fault


def test_who_reads_or_writes_the_table_of_sessions_has_nobodys(
    trial: World, app_sql: psycopg.Connection[Any]
) -> None:
    victim, attacker = Client(), Client()
    victim.force_login(trial.trial_manager)
    attacker.force_login(trial.coordinator)
    assert (victim.get("/people/new/").status_code, attacker.get("/people/new/").status_code) == (200, 403)
    stolen, own = victim.cookies["sessionid"].value, attacker.cookies["sessionid"].value
    kept = dict(app_sql.execute("SELECT session_key, session_data FROM django_session").fetchall())
    assert not {stolen, own} & set(kept)
    mine = digest_of_key(own)
    content = kept[digest_of_key(stolen)]
    app_sql.execute("UPDATE django_session SET session_data = %s WHERE session_key = %s", [content, mine])
    assert attacker.get("/people/new/").status_code == 302, "signed in as nobody"
    attacker.cookies["sessionid"] = digest_of_key(stolen)
    assert attacker.get("/people/new/").status_code == 302


def test_no_sql_reads_or_ends_what_other_sessions_do(app_sql: psycopg.Connection[Any]) -> None:
    for attempt in (
        "SELECT query FROM pg_stat_activity",
        "SELECT pg_stat_get_backend_activity(1)",
        "SELECT pg_cancel_backend(pg_backend_pid())",
        "SELECT pg_terminate_backend(0)",
    ):
        with refused(app_sql, "permission denied"):
            app_sql.execute(attempt)  # type: ignore[arg-type]


def test_a_setting_that_the_role_gave_itself_is_a_finding(app_sql: psycopg.Connection[Any]) -> None:
    """PostgreSQL lets every role keep settings and a password of its own: verification names them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_database())")
        (name,) = cursor.fetchone()
    role = f"ALTER ROLE palace3_app IN DATABASE {name}"
    try:
        app_sql.execute(f"{role} SET search_path = allocation, public")  # type: ignore[call-overload]
        assert [str(each) for each in _guards() if "palace3_app" in each.table] == [
            "role palace3_app: carries a setting that the program did not give it: search_path"
        ]
    finally:
        app_sql.execute(f"{role} RESET search_path")  # type: ignore[call-overload]
    assert not [each for each in _guards() if "palace3_app" in each.table]


REFUSED_AT_ONCE = {
    "large objects": "SELECT lo_create(0)",
    "a file taken in": "SELECT lo_import('/etc/hostname')",
    "a file read": "SELECT pg_read_file('/etc/hostname')",
    "a program": "COPY (SELECT 1) TO PROGRAM 'cat'",
    "a file written": "COPY (SELECT 1) TO '/tmp/palace3'",
    "another database": "CREATE EXTENSION dblink",
    "no triggers": "SET LOCAL session_replication_role = replica",
    "a table before ours": "CREATE TEMP TABLE audit_act (id int)",
    "a view before ours": "CREATE TEMP VIEW trials_site AS SELECT 1",
    "a function before ours": "CREATE FUNCTION pg_temp.now() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "everybody waits": "LOCK TABLE audit_act IN ACCESS EXCLUSIVE MODE",
    "numbers again": "SELECT setval('audit_act_id_seq', 1)",
    "passwords of roles": "SELECT rolpassword FROM pg_authid",
    "statistics of values": "SELECT * FROM pg_statistic",
    "coming arms": "SELECT * FROM allocation.slot",
    "coming arms as XML": "SELECT query_to_xml('SELECT * FROM allocation.slot', true, true, '')",
    "what moves rows": "SELECT pg_create_logical_replication_slot('s', 'test_decoding')",
    "a role of its own": "CREATE ROLE accomplice",
    "the statements in the log": "ALTER ROLE palace3_app SET log_statement = 'none'",
}


def test_what_lies_beside_the_tables_is_closed_too(app_sql: psycopg.Connection[Any]) -> None:
    for name, attempt in REFUSED_AT_ONCE.items():
        try:
            with refused(app_sql, "permission denied"):
                app_sql.execute(attempt)  # type: ignore[arg-type]
        except pytest.fail.Exception as fault:
            raise AssertionError(name) from fault


def test_what_is_kept_is_not_deleted(trial: World, app_sql: psycopg.Connection[Any]) -> None:
    for table in ("audit_seal", "audit_act", "accounts_signature", "trials_participant"):
        with refused(app_sql, "permission denied"):
            as_program(app_sql)
            app_sql.execute(f"DELETE FROM {table}")  # noqa: S608 (literals above)


def test_two_hundred_mixed_requests_over_a_pool_show_no_foreign_row(
    trial: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People of two sites, central roles, visitors and tasks take turns on two pooled connections."""
    pooled = {**connections.databases["default"], "CONN_MAX_AGE": 0}
    pooled["OPTIONS"] = {
        **pooled["OPTIONS"],
        "pool": {"min_size": 1, "max_size": 2, "timeout": 60, "reset": forget_session},
    }
    connection.close()
    monkeypatch.setitem(connections.databases, "default", pooled)
    shows = {
        "coordinator": {"01"},
        "stranger": {"02"},
        "monitor": {"01", "02"},
        "visitor": set(),
        "task": set(),
    }

    def ask(turn: int) -> tuple[str, set[str]]:
        who = list(shows)[turn % len(shows)]
        try:
            if who == "task":
                assert seal.apply().successful()
                return who, set()
            client = Client()
            with connection.cursor() as cursor:  # what one leaves behind, the next does not meet
                cursor.execute("SELECT coalesce(current_setting('app.left', true), '')")
                assert cursor.fetchone() == ("",)
                cursor.execute(
                    "SELECT set_config('app.left', 'behind', false), set_config('app.sites', '*', false)"
                )
            connection.close()
            if who != "visitor":
                client.force_login(trial.everyone()[who])
            text = client.get("/participants/").content.decode()
            return who, {site for site in ("01", "02") if f"{site}-0001" in text}
        finally:
            connections["default"].close()

    def asks(turn: int) -> tuple[str, set[str]]:
        fresh = connections.create_connection("default")
        connections["default"] = fresh
        return ask(turn)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(asks, range(200)))
    assert len(answers) == 200
    assert [(who, seen) for who, seen in answers if seen != shows[who]] == []
