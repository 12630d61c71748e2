"""Each planted fault is named by the qualification, and by nothing else; what is well passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from accounts.models import User
from audit.seals import seal_batch
from demo.servers.processes import free_port
from kernel.postgresql.scope_sql import KEY
from kernel.scope import EVERYTHING, padded_key, scope
from operations.models import OperationKind, OperationRecord
from operations.qualification.attacks import ATTACKS
from operations.qualification.checks import INSTALLED, NAMES, WORKING, QualificationOrder, qualify
from operations.services import QualificationFinding, note_alive, record_operation
from tests.clock import clock_time
from tests.integration.followup.post_office import Street
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
# Of these there is none in a test: a broker with a worker, a certificate, and settings of production.
NOT_HERE = frozenset({"broker", "worker", "TLS", "settings and secrets"})
Sql = psycopg.Connection[Any]


@pytest.fixture
def street(settings: Any) -> Iterator[Street]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 5
    found = Street(free_port())
    settings.EMAIL_PORT = found.port
    yield found
    found.close()


@pytest.fixture
def installation(
    world: World, street: Street, settings: Any, tmp_path: Path, clock: Any, superuser: Sql
) -> None:
    """The small trial, backed up and drilled, with beat alive and a mail server that takes letters."""
    row = superuser.execute("SELECT clock_timestamp()").fetchone()
    assert row
    clock.go(row[0])
    settings.MEDIA_ROOT, settings.BACKUP_DIR = tmp_path / "exports", tmp_path / "backups"
    street.open()
    now = clock_time()
    note_alive("beat", at=now)
    with scope(user_id=None, sites=EVERYTHING):
        for kind in (OperationKind.BACKUP, OperationKind.RESTORE_DRILL):
            record_operation(
                kind, took=timedelta(), findings=[QualificationFinding("whole", True)], by=None, at=now
            )
        with transaction.atomic():
            seal_batch(at=now)


def failed() -> dict[str, str]:
    asked = QualificationOrder(clock_time(), "engineer@example.org", NOT_HERE)
    findings = [*qualify(INSTALLED, asked), *qualify(WORKING, asked)]
    assert len(findings) == len(INSTALLED) + len(WORKING) - len(NOT_HERE)
    return {finding.name: finding.seen for finding in findings if not finding.is_well}


RIGHTS = (
    "SELECT oid::bigint, relacl::text FROM pg_class "
    "WHERE relnamespace::regnamespace::text IN ('public', 'allocation')"
)


@contextmanager
def planted(sql: Sql, statement: str, undo: str) -> Iterator[None]:
    """The fault stands meanwhile; afterwards rights are written as before: a grant taken back leaves an empty one."""
    rights = dict(sql.execute(RIGHTS).fetchall())
    sql.execute(statement)
    connection.close()
    try:
        yield
    finally:
        sql.execute(undo)
        for table, right in sql.execute(RIGHTS).fetchall():
            if right != rights[table]:
                sql.execute(
                    "UPDATE pg_class SET relacl = %s::aclitem[] WHERE oid = %s", [rights[table], table]
                )


def body_of(sql: Sql, function: str) -> str:
    row = sql.execute("SELECT pg_get_functiondef(%s::regproc)", [function]).fetchone()
    assert row
    return str(row[0])


OPEN_GUARD = (
    "CREATE OR REPLACE FUNCTION audit_guard_act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
)
IN_SQL: list[tuple[str, str, str, set[str]]] = [
    (
        "ALTER TABLE trials_consent DISABLE TRIGGER act_guard",
        "ALTER TABLE trials_consent ENABLE TRIGGER act_guard",
        "act_guard on trials_consent",
        {"triggers", "audit chain"},
    ),
    (
        "ALTER TABLE trials_participant NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE trials_participant FORCE ROW LEVEL SECURITY",
        "trials_participant",
        {"row policies", "audit chain"},
    ),
    (
        "ALTER TABLE crf_record DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE crf_record ENABLE ROW LEVEL SECURITY",
        "crf_record",
        {"row policies", "audit chain"},
    ),
    (
        "GRANT DELETE ON accounts_signature TO palace3_app",
        "REVOKE DELETE ON accounts_signature FROM palace3_app",
        "accounts_signature may be deleted",
        {"rights of the application", "attacks", "audit chain"},
    ),
    (
        "ALTER TABLE trials_site OWNER TO palace3_app",
        # What the application was granted went to its ownership, and with it.
        "ALTER TABLE trials_site OWNER TO palace3_owner; GRANT SELECT, INSERT, UPDATE ON trials_site TO palace3_app",
        "owns trials_site",
        {"rights of the application", "audit chain"},
    ),
    (
        "GRANT SELECT ON allocation.slot TO palace3_app; GRANT USAGE ON SCHEMA allocation TO palace3_app",
        "REVOKE SELECT ON allocation.slot FROM palace3_app",
        "read coming arms",
        {"attacks", "audit chain"},
    ),
    (
        "ALTER ROLE palace3_app CREATEDB",
        "ALTER ROLE palace3_app NOCREATEDB",
        "palace3_app has more rights than it must",
        {"database roles"},
    ),
    (
        "UPDATE django_migrations SET app = 'elsewhere' WHERE app = 'operations'",
        "UPDATE django_migrations SET app = 'operations' WHERE app = 'elsewhere'",
        "operations.0001_initial",
        {"migrations"},
    ),
]


def test_a_well_installation_passes(installation: None, superuser: Sql) -> None:
    """With the role of the WAL's archive, which backup.md has an administrator make, too."""
    with planted(
        superuser, "CREATE ROLE palace3_replication LOGIN REPLICATION", "DROP ROLE palace3_replication"
    ):
        assert failed() == {}


@pytest.mark.parametrize(("statement", "undo", "named", "checks"), IN_SQL, ids=[row[2] for row in IN_SQL])
def test_a_fault_in_the_database_is_named(
    installation: None, superuser: Sql, statement: str, undo: str, named: str, checks: set[str]
) -> None:
    with planted(superuser, statement, undo):
        said = failed()
    assert set(said) == checks
    assert named in " ".join(said.values())


def test_a_guard_that_lets_all_through_is_named_twice(installation: None, superuser: Sql) -> None:
    with planted(superuser, OPEN_GUARD, body_of(superuser, "audit_guard_act")):
        said = failed()
    assert set(said) == {"functions", "attacks", "audit chain"}
    assert "audit_guard_act" in said["functions"]
    assert "write a backup without an act" in said["attacks"]


def test_a_sealed_row_that_was_altered_is_named(installation: None, superuser: Sql) -> None:
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE accounts_user SET display_name = 'Somebody else' WHERE id = (SELECT min(id) FROM accounts_user)"
    )
    said = failed()
    assert set(said) == {"audit chain"}


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("beat", lambda settings, street, path: note_alive("beat", at=clock_time() - timedelta(minutes=9))),
        ("mail", lambda settings, street, path: street.close()),
        (
            "storage",
            lambda settings, street, path: setattr(settings, "BACKUP_DIR", path / "a file" / "backups"),
        ),
        ("static files", lambda settings, street, path: setattr(settings, "STATIC_URL", None)),
    ],
    ids=["beat", "mail", "storage", "static"],
)
def test_a_fault_around_the_database_is_named(
    installation: None, settings: Any, street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, plant: Callable[..., None],
) -> None:  # fmt: skip
    (tmp_path / "a file").write_text("no folder")
    if name == "static files":

        def missing(_name: str) -> str:
            raise ValueError("Missing staticfiles manifest entry")

        monkeypatch.setattr("operations.qualification.checks.staticfiles_storage.url", missing)
    else:
        plant(settings, street, tmp_path)
    assert set(failed()) == {name}


def test_a_clock_that_is_ahead_and_a_backup_that_is_old_are_named(installation: None, clock: Any) -> None:
    clock.go(clock.now() + timedelta(minutes=2))
    assert set(failed()) == {"clock"}
    clock.go(clock.now() + timedelta(days=3))
    assert set(failed()) == {"clock", "beat", "backup"}


def test_what_is_not_production_is_named_with_each_weak_secret(
    installation: None, settings: Any, superuser: Any
) -> None:
    kept, settings.SECRET_KEY = settings.SECRET_KEY, "short"
    superuser.execute(KEY, padded_key())  # as `manage.py migrate` does after a change of the secret
    try:
        (finding,) = qualify(
            {"settings and secrets": INSTALLED["settings and secrets"]}, QualificationOrder(clock_time())
        )
    finally:
        settings.SECRET_KEY = kept
        superuser.execute(KEY, padded_key())
    assert not finding.is_well
    assert {"PALACE3_PRODUCTION", "SECRET_KEY", "BEHIND_TLS"} <= {
        word.strip(":") for word in finding.seen.split()
    }
    (tls,) = qualify({"TLS": INSTALLED["TLS"]}, QualificationOrder(clock_time()))
    assert "is not https" in tls.seen


def test_nothing_that_was_tried_stays(installation: None) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        before = User.objects.count()
        assert (
            qualify({"attacks": WORKING["attacks"]}, QualificationOrder(clock_time()))[0].seen
            == f"{len(ATTACKS)} attacks were refused"
        )
        assert User.objects.count() == before


def test_the_record_is_kept_with_its_paper_in_both_languages(
    installation: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):  # there is no broker here
        call_command(
            "qualify",
            mail_to="engineer@example.org",
            without=["TLS", "settings and secrets"],
            paper=tmp_path / "new",
        )
    said = capsys.readouterr().out
    assert "FAILED worker" in said
    assert "ok     attacks" in said
    record = OperationRecord.objects.get(kind=OperationKind.QUALIFICATION)
    assert not record.passed
    import pypdfium2

    texts = []
    for content in (record.paper_en, record.paper_zh):
        document = pypdfium2.PdfDocument(bytes(content or b""))
        texts.append("".join(page.get_textpage().get_text_range() for page in document))
    assert "attacks on the database" in texts[0]
    with translation.override("zh-hans"):
        assert str(NAMES["attacks"]) in texts[1]
        assert str(NAMES["attacks"]) != "attacks on the database"
    assert len(list((tmp_path / "new").glob("qualification-*-??.pdf"))) == 2


def test_findings_are_said_although_the_database_takes_no_record(
    installation: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where the machine's clock is wrong: an act is dated when it happens."""

    def refused(*_asked: Any, **_more: Any) -> None:
        raise DatabaseError("audit_act: an act is dated when it happens")

    monkeypatch.setattr("operations.management.commands.qualify.record_operation", refused)
    others = [name for name in (*INSTALLED, *WORKING) if name not in {"clock", "worker"}]
    with pytest.raises(CommandError, match="not on record"):
        call_command("qualify", without=others)
    assert "FAILED worker" in capsys.readouterr().out
