"""What the database must refuse is tried on it, in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, connection, transaction

from operations.services import QualificationFinding

_PERSON: Final = """
    INSERT INTO accounts_user (password, username, display_name, email, language, is_active, totp_secret,
        totp_last_step, must_change_password, session_key, failed_sign_ins, act_id)
    VALUES ('', 'qualification-attack', 'x', '', 'en', false, '', 0, false, 'x', 0, 0)
"""
_VERSION: Final = """
    INSERT INTO operations_operationrecordevent (pgh_created_at, pgh_label, id, kind, started_at, ended_at, passed,
        findings, digest, size, act_id, pgh_obj_id)
    VALUES ('2026-01-01', 'insert', 0, 'backup', '2026-01-01', '2026-01-01', true, '[]', '', 0, 0, 0)
"""
_RECORD: Final = """
    INSERT INTO operations_operationrecord (kind, started_at, ended_at, passed, findings, digest, size, act_id)
    VALUES ('backup', '2026-01-01', '2026-01-01', true, '[]', '', 0, 0)
"""
# Each as the application's role; what the words say must not happen.
ATTACKS: Final[tuple[tuple[str, str], ...]] = (
    ("write a person without an act", _PERSON),
    ("write a backup without an act", _RECORD),
    ("change an act", "UPDATE audit_act SET reason = 'another'"),
    ("delete an act", "DELETE FROM audit_act"),
    ("empty the acts", "TRUNCATE audit_act CASCADE"),
    ("change a seal", "UPDATE audit_seal SET root = ''"),
    ("delete a seal", "DELETE FROM audit_seal"),
    ("write into the trail", _VERSION),
    ("delete from the trail", "DELETE FROM accounts_signatureevent"),
    ("delete a participant", "DELETE FROM trials_participant"),
    ("delete a signature", "DELETE FROM accounts_signature"),
    ("change a signature", "UPDATE accounts_signature SET printed_name = 'another'"),
    ("read coming arms", "SELECT sealed FROM allocation.slot"),
    ("take a place by hand", "UPDATE allocation.slot SET participant_id = 1"),
    ("switch triggers off", "SET session_replication_role = replica"),
    ("take a trigger away", "DROP TRIGGER act_guard ON trials_participant"),
    ("take a policy away", "ALTER TABLE trials_participant DISABLE ROW LEVEL SECURITY"),
    ("become the owner", "SET ROLE palace3_owner"),
    ("make a table", "CREATE TABLE public.qualification_attack (id int)"),
)
INSUFFICIENT_PRIVILEGE: Final = "42501"
# Tables that hold rows of sites: who sees no site sees none of them.
SEEN_BY_NOBODY: Final = (
    "trials_participant",
    "crf_record",
    "followup_visit",
    "trials_consent",
    "randomization_allocation",
)


class _Undone(Exception):  # noqa: N818 (ends a transaction that is meant to be undone)
    """Nothing that was tried stays."""


@contextmanager
def _undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _Undone
    except _Undone:
        pass


def attacks_are_refused() -> QualificationFinding:
    """Try each; say which the database let happen."""
    with _undone():
        came_through = [what for what, statement in ATTACKS if not _is_refused(statement)]
    said = "let happen: " + "; ".join(came_through)
    return QualificationFinding(
        "attacks", not came_through, said if came_through else f"{len(ATTACKS)} attacks were refused"
    )


def sites_are_apart() -> QualificationFinding:
    """Say which table shows rows to somebody who may see no site."""
    with _undone():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.sites', '', true), set_config('app.user', '-1', true)")
        seen = [table for table in SEEN_BY_NOBODY if _count(table)]
    said = "rows are seen without a site: " + ", ".join(seen)
    return QualificationFinding(
        "sites apart", not seen, said if seen else f"{len(SEEN_BY_NOBODY)} tables show nothing"
    )


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 (names above)
        return int(cursor.fetchone()[0])


def _is_refused(statement: str) -> bool:
    """Say whether the database refused it for want of a right, and not because the statement was wrong."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return False
    except DatabaseError as refusal:
        return getattr(refusal.__cause__, "sqlstate", "") == INSUFFICIENT_PRIVILEGE
