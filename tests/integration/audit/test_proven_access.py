"""The application's role with any SQL locks nobody out, opens nothing in another's name and keeps no watch silent.

What it may write without the program's proof stands in two tables below, each with why that is harmless (ADR 49).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, LiteralString, cast

import psycopg
import pytest
from django.db import DatabaseError, connection

from accounts.models import IDENTITY_COLUMNS, TASTES, User
from accounts.services import write_mail
from audit.acts import open_act
from kernel.scope import Scope, opening_of, scope, tell_identity
from tests.clock import NOW
from tests.database import schedule_a_task
from tests.world import TODAY, World
from tests.world_database import committed_world

pytestmark = pytest.mark.django_db(transaction=True)

# Columns that change without a proof, where a row opens or closes something to somebody.
FREE_COLUMNS = {
    "accounts_user": {
        "id": "a row keeps its number (act_guard)",
        "act_id": "the act of the transaction, in nobody else's name (act_guard)",
        "language": "the language of pages and mails; both say the same",
        "theme": "colours",
        "density": "how close rows stand",
        "views": "what a list shows its owner first; no row is kept from anybody",
    },
    "exports_apitoken": {"id": "as above", "act_id": "as above"},
    "followup_calendarfeed": {"id": "as above", "act_id": "as above"},
    "followup_notificationchoice": {"id": "as above", "act_id": "as above"},
    "committee_packshare": {
        "id": "as above",
        "act_id": "as above",
        "language": "of the mail",
        "site_id": "is empty",
    },
    "trials_delegation": {"id": "as above", "act_id": "as above"},
    "trials_site": {
        "id": "as above",
        "act_id": "as above",
        "*": "what a site is called and where it is, in the trail; whether it works is its state, which is proven",
    },
}
# Tables that are written without an act, and neither by the system alone nor only added to.
WITHOUT_PROOF = {
    "audit_act": "an act takes the next number, the hour and one's own name (ADR 49), and is never changed",
    "django_session": "the text of a session is sealed to its key: a row ends a session, and none opens one",
    "trials_newsreader": "addresses of readers of news, each confirmed by mail; nobody signs in with one",
    "trials_sendingmark": "a form that was sent; without its row the same form may be sent twice, as two acts",
    "trials_contactidentity": "who asked for a call, in a confidence of one's own site; erased under an act alone",
    "crf_draft": "one's own words that are not saved yet; the policy shows nobody else's",
    "crf_savekey": "a form that was saved; without its row a second saving is refused by the version number",
    "crf_attachmentupload": "parts of a file that is not taken over yet; its digest is compared when it is",
    "crf_cellcount": "counts of a page, made anew each night from the rows that they count",
    "crf_monthcount": "as crf_cellcount",
    "crf_expectedform": "as crf_cellcount, and worked out anew by each freeze and lock before it asks",
    "monitoring_siteindicator": "as crf_cellcount; a finding is a row under an act",
    "auth_permission": "Django's own; nothing here asks for it",
    "auth_group": "as auth_permission",
    "auth_group_permissions": "as auth_permission",
    "django_content_type": "as auth_permission",
    "pghistory_context": "the library's own; versions name acts instead",
    "django_celery_beat_periodictask": (
        "beat notes each run here; none is switched off, made another, ended or put off (schedule_guard), and a task "
        "that is added does what its name says, as the system does each day"
    ),
    "django_celery_beat_periodictasks": "that the schedule is read again",
    "django_celery_beat_crontabschedule": "beat writes its rhythms at each start",
    "django_celery_beat_intervalschedule": "as django_celery_beat_crontabschedule; a late task is named by the watch",
    "django_celery_beat_clockedschedule": "not used",
    "django_celery_beat_solarschedule": "not used",
}
KEPT = {"act_guard", "trail_guard", "kept_guard", "system_guard", "worked_out_guard"}

ACCOUNT = "UPDATE accounts_user SET {0}, act_id = {{act}} WHERE id = {{investigator}}"
ATTACKS = {
    **{
        f"account: {change}": ACCOUNT.format(change)
        for change in (
            "is_active = false",
            "locked_until = '2099-01-01'",
            "failed_sign_ins = 4",
            "totp_last_step = 1099511627776",
            "session_key = 'another'",
            "access_reset_at = '2099-01-01'",
            "must_change_password = NOT must_change_password",
            "reset_by_id = id",
            "display_name = 'Somebody else'",
            "accountability_accepted_on = '2026-01-02'",
            "identity_checked_on = NULL",
            "verified_by_id = {me}, verified_at = now()",
            "trained_on = NULL",
            "signed_in_at = now()",
            "secrets_digest = 'x'",
        )
    },
    "an accomplice": (
        "INSERT INTO accounts_user (password, username, display_name, email, language, is_active, totp_secret, "
        "totp_last_step, must_change_password, session_key, failed_sign_ins, act_id) "
        "VALUES ('known', 'accomplice', 'x', '', 'en', true, '', 0, false, 'x', 0, {act})"
    ),
    "a token of somebody": (
        "INSERT INTO exports_apitoken (user_id, name, digest, scopes, created_at, expires_at, act_id) "
        "VALUES ({trial_manager}, 'x', repeat('a', 64), ARRAY['participant_view'], now(), '2099-01-01', {act})"
    ),
    "a calendar of somebody": (
        "INSERT INTO followup_calendarfeed (user_id, digest, made_at, act_id) "
        "VALUES ({monitor}, repeat('a', 64), now(), {act})"
    ),
    "a link to a pack": (
        "INSERT INTO committee_packshare (pack_id, part, recipient, email, language, key, passcode, shared_by_id, "
        "shared_at, expires_at, tries, site_id, act_id) VALUES (1, 'closed', 'x', 'a@example.org', 'en', 'k', 'known', "
        "{me}, now(), '2099-01-01', 0, {site}, {act})"
    ),
    "approved by somebody": (
        "INSERT INTO trials_registerentry (kind, subject, began_on, reference, account, owner_id, recorded_by_id, "
        "approved_by_id, approved_at, outcome, site_id, act_id) VALUES ('cross_border', 'x', '2026-11-01', '1', 'x', "
        "{me}, {me}, {trial_manager}, now(), '', {site}, {act})"
    ),
    "what somebody is told": (
        "INSERT INTO followup_notificationchoice (user_id, from_hour, without, act_id) "
        "VALUES ({investigator}, 20, ARRAY['digest'], {act})"
    ),
    "a role ended": (
        "UPDATE trials_delegation SET ends_on = '2026-11-20', ended_at = now(), act_id = {act} "
        "WHERE user_id = {investigator}"
    ),
    "a site closed": "UPDATE trials_site SET state = 'suspended', act_id = {act} WHERE id = {site}",
    "a mail dropped": "UPDATE accounts_mail SET dropped_at = now(), act_id = {act}",
    "told already": (
        "INSERT INTO followup_escalation (site_id, kind, key, stage, to_id, for_day, act_id) "
        "VALUES ({site}, 'form', 'x', 1, {investigator}, '2026-11-20', {act})"
    ),
    "no alarm": "INSERT INTO operations_alarm (reading, level, since, told_at) VALUES ('seal', 2, now(), '2099-01-01')",
    "beat lives": "INSERT INTO operations_heartbeat (name, at) VALUES ('beat', '2099-01-01')",
    "a task ran": (
        "INSERT INTO followup_taskrun (task, milliseconds, outcome, runs, failures, retries, fault) "
        "VALUES ('audit:seal', 1, 'done', 1, 0, 0, '')"
    ),
    "a browser that is known": (
        "INSERT INTO accounts_browsersession (key, user_id, browser, device, opened_at) "
        "VALUES ('k', {investigator}, 'x', repeat('a', 64), now())"
    ),
    "a use that was not": "INSERT INTO accounts_accessuse (digest, used_at) VALUES (repeat('a', 64), '2020-01-01')",
    "nothing left to verify": "UPDATE crf_recordverification SET \"left\" = 0, unverified = '{{}}', critical_left = 0",
    "no verification": "DELETE FROM crf_recordverification",
    "a task to run": "INSERT INTO operations_unsenttask (task, arguments) VALUES ('audit:seal', '[]')",
}
PUT_OFF = (
    "last_run_at = '2099-01-01'",
    "start_time = '2099-01-01'",
    "expires = '2020-01-01'",
    "one_off = true",
    "enabled = false",
)


@pytest.fixture
def trial() -> World:
    return committed_world()


def test_every_column_that_opens_or_closes_something_is_proven(superuser: psycopg.Connection[Any]) -> None:
    free = {}
    for table, named in FREE_COLUMNS.items():
        rows = superuser.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass "
            "AND tgname IN ('identity_guard', 'scope_changed')",
            [table],
        ).fetchall()
        proven = {column for row in rows for column in re.findall(r"old\.(\w+)", row[0], re.IGNORECASE)}
        columns = superuser.execute(
            "SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND NOT attisdropped",
            [table],
        ).fetchone()
        assert columns
        free[table] = {*columns[0]} - proven
        if "*" in named:
            assert "state" in proven
            free[table] = {*named}
    assert free == {table: {*named} for table, named in FREE_COLUMNS.items()}
    assert {*TASTES} == free["accounts_user"] - {"id", "act_id"}
    assert not {*TASTES} & {*IDENTITY_COLUMNS}


def test_every_other_table_is_written_under_an_act_by_the_system_or_for_a_reason(
    superuser: psycopg.Connection[Any],
) -> None:
    rows = superuser.execute(
        "SELECT c.relname, array_remove(array_agg(t.tgname::text), NULL) FROM pg_class c "
        "LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' "
        "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND ("
        "has_table_privilege('palace3_app', c.oid, 'INSERT') OR has_table_privilege('palace3_app', c.oid, 'UPDATE') "
        "OR has_table_privilege('palace3_app', c.oid, 'DELETE')) GROUP BY 1"
    ).fetchall()
    open_to_sql = {name for name, triggers in rows if not KEPT & set(triggers)}
    open_to_sql |= {name for name, triggers in rows if name == "trials_newsreader"}
    assert open_to_sql == {*WITHOUT_PROOF}


def test_a_second_person_is_the_one_whose_act_it_is(superuser: psycopg.Connection[Any]) -> None:
    """Where the database wants two people, it takes neither of their names from anybody else."""
    rows = superuser.execute(
        "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'c' "
        "AND conname ~ 'second_person|two_people'"
    ).fetchall()
    guarded = superuser.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname IN ('actor_guard', 'roles_given')"
    ).fetchall()
    assert {row[0] for row in rows} - {row[0] for row in guarded} == set()
    assert len(rows) > 3


def test_no_sql_locks_out_impersonates_or_blinds(trial: World, app_sql: psycopg.Connection[Any]) -> None:
    told = {name: user.pk for name, user in trial.everyone().items()}
    told |= {"me": trial.coordinator.pk, "site": trial.site.pk}
    own = Scope(trial.coordinator.pk, frozenset({trial.site.pk}), day=TODAY, by_delegations=True)
    with scope(user_id=None, sites="*"):
        write_one_mail(trial)
    done = []
    for name, attempt in ATTACKS.items():
        try:
            with app_sql.transaction(force_rollback=True):
                app_sql.execute(*opening_of(own))
                act = app_sql.execute(
                    "INSERT INTO audit_act (verb, by_id, role, at, reason, request_id) "
                    "VALUES ('a:b:c', %s, '', now(), 'x', '') RETURNING id",
                    [trial.coordinator.pk],
                ).fetchone()
                assert act
                app_sql.execute(cast("LiteralString", attempt.format(**told, act=act[0])))
            done.append(name)
        except psycopg.errors.InsufficientPrivilege as refusal:
            if not re.search(
                "which has asked who|by the system alone|whose act this is not|nobody writes it", str(refusal)
            ):
                done.append(f"{name}: refused for another reason: {refusal}")
    assert done == []


def test_a_scheduled_task_is_not_put_off(app_sql: psycopg.Connection[Any]) -> None:
    with app_sql.transaction(force_rollback=True):
        schedule_a_task(app_sql)
        for change in PUT_OFF:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app_sql.transaction():
                app_sql.execute(
                    cast(
                        "LiteralString",
                        f"UPDATE django_celery_beat_periodictask SET {change} WHERE id = -1",  # noqa: S608
                    )
                )
        app_sql.execute("UPDATE django_celery_beat_periodictask SET last_run_at = now() WHERE id = -1")


def close_with(prove: Callable[[Any], None], user: User) -> None:
    with (
        scope(user_id=None, sites="*"),
        open_act("accounts:person:change", by=None, at=NOW) as act,
        connection.cursor() as cursor,
    ):
        prove(cursor)
        User.objects.filter(pk=user.pk).update(is_active=not user.is_active, act=act)
        user.refresh_from_db()


def test_a_proof_is_of_one_person_in_one_transaction(trial: World) -> None:
    shown = []

    def of_another(_cursor: Any) -> None:
        tell_identity(person=trial.monitor.pk)

    def of_an_earlier_transaction(cursor: Any) -> None:
        cursor.execute("SELECT set_config('app.identity', %s, true)", shown)

    def of_this(cursor: Any) -> None:
        tell_identity(person=trial.investigator.pk)
        cursor.execute("SELECT current_setting('app.identity')")
        shown[:] = cursor.fetchone()

    close_with(of_this, trial.investigator)
    for proof in (of_another, of_an_earlier_transaction):
        with pytest.raises(DatabaseError, match="which has asked who"):
            close_with(proof, trial.investigator)


def write_one_mail(trial: World) -> None:
    with open_act("accounts:person:notify", by=None, at=NOW):
        write_mail(
            to=trial.coordinator,
            address="a@example.org",
            kind="accounts:notice",
            key="one",
            subject="x",
            body="x",
            language="en",
            site=None,
            at=NOW,
        )
