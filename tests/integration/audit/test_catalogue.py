"""The guards that the migrations make are those that the program expects to find."""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest

from audit.catalogue import expected_catalogue, read_catalogue, write_expected
from audit.verify import verify
from kernel.scope import EVERYTHING, scope

pytestmark = pytest.mark.django_db(transaction=True)


def findings() -> list[str]:
    from django.db import transaction

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return [str(finding) for finding in verify()]


def test_the_catalogue_is_what_the_migrations_make() -> None:
    """After a migration write it anew: ``make catalogue``."""
    if "PALACE3_WRITE_CATALOGUE" in os.environ:
        write_expected()
    standing, expected = read_catalogue(), expected_catalogue()
    differ = sorted(name for name in {*standing, *expected} if standing.get(name) != expected.get(name))
    assert not differ, f"`make catalogue` writes it anew after a migration: {differ}"
    assert len(expected) > 200


@pytest.mark.parametrize(
    ("statement", "undone", "named"),
    [
        (
            "ALTER TABLE trials_site DISABLE TRIGGER act_guard",
            "ALTER TABLE trials_site ENABLE TRIGGER act_guard",
            "public.trials_site: trigger act_guard is switched off",
        ),
        (
            "ALTER TABLE trials_consent NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE trials_consent FORCE ROW LEVEL SECURITY",
            "public.trials_consent: its policies are not forced",
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION audit_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RETURN NULL; END $$"
            ),
            "",
            "function public.audit_refuse_truncate: differs from the program's",
        ),
        (
            "GRANT DELETE ON trials_consent TO palace3_app",
            "REVOKE DELETE ON trials_consent FROM palace3_app",
            "table public.trials_consent: differs from the program's",
        ),
        (
            "CREATE FUNCTION public.helper() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "DROP FUNCTION public.helper()",
            "function public.helper: is unknown to the program",
        ),
        (
            "ALTER FUNCTION scope_admits(timestamptz) RENAME TO scope_admitted",
            "ALTER FUNCTION scope_admitted(timestamptz) RENAME TO scope_admits",
            "function public.scope_admits: is missing from the database",
        ),
    ],
)
def test_a_guard_that_is_not_the_programs_is_named(
    superuser: psycopg.Connection[Any], statement: str, undone: str, named: str
) -> None:
    row = superuser.execute("SELECT pg_get_functiondef('audit_refuse_truncate'::regproc)").fetchone()
    assert row is not None
    before = findings()
    superuser.execute(statement)  # type: ignore[call-overload]  # a text of the table above
    try:
        seen = findings()
    finally:
        superuser.execute(undone or row[0])
    assert before == []
    assert named in seen
