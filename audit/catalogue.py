"""The guards as the database has them: triggers, policies, functions, grants; compared with those of the program.

``catalogue.txt`` is written from a database that the migrations alone have made (``make catalogue``), and a test
compares the two. A line names one function, or one table with all its guards. The stamp says more: each guard's row
in the catalogue of PostgreSQL bears the transaction that wrote it, so that a trigger that was off for a minute is not
the trigger that it was. (ADR 43)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import connection

from kernel.postgresql.roles import APP, NOTHING_LOGGED

EXPECTED: Final = Path(__file__).with_name("catalogue.txt")
# The library behind the event triggers writes it anew with each trigger, and `manage.py migrate` each time after it.
_WRITTEN_ANEW: Final = "_pgtrigger_should_ignore"

_FUNCTIONS = """
SELECT n.nspname || '.' || p.proname,
       concat_ws('|', pg_get_function_identity_arguments(p.oid), p.prosrc, p.prosecdef, p.provolatile,
                 coalesce(p.proconfig::text, ''), p.proowner::regrole::text), p.xmin::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('public', 'allocation', 'scope')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_TRIGGERS = """
SELECT n.nspname || '.' || c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text, t.xmin::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'allocation', 'scope') AND (NOT t.tgisinternal OR t.tgenabled <> 'O') ORDER BY 1, 2
"""
# PostgreSQL names the column of a sub-select in some versions and not in others: the name says nothing.
_POLICIES = """
SELECT n.nspname || '.' || c.relname, p.polname,
       concat_ws('|', p.polcmd::text, p.polpermissive, (SELECT string_agg(
           CASE r WHEN 0 THEN 'public' ELSE r::regrole::text END, ',' ORDER BY r) FROM unnest(p.polroles) r),
           regexp_replace(concat_ws('|', pg_get_expr(p.polqual, p.polrelid),
                          pg_get_expr(p.polwithcheck, p.polrelid)), ' AS [a-z_"]+', '', 'g')), p.xmin::text
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'allocation', 'scope') ORDER BY 1, 2
"""
_TABLES = """
SELECT n.nspname || '.' || c.relname, c.relrowsecurity, c.relforcerowsecurity,
       (SELECT string_agg(coalesce(g.grantee::regrole::text, '-') || '=' || g.privilege_type, ','
                          ORDER BY g.grantee::regrole::text, g.privilege_type)
        FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'allocation', 'scope') AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1
"""
_MOMENT = """
SELECT (SELECT system_identifier FROM pg_control_system()) || ':' ||
       (SELECT oid FROM pg_database WHERE datname = current_database()), (SELECT count(*) FROM django_migrations)
"""


@dataclass(frozen=True)
class CatalogueStamp:
    """The state of the guards at one moment: their digest, the database it is of, and how many migrations ran."""

    catalogue: str
    cluster: str
    migrations: int


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_catalogue() -> dict[str, str]:
    """Return the digest of each function, and of each table with its guards, as the database has them."""
    parts: dict[str, list[str]] = {}
    for name, definition, _written in _rows(_FUNCTIONS):
        parts.setdefault(f"function {name}", []).append(definition)
    for table, *flags in _rows(_TABLES):
        parts.setdefault(f"table {table}", []).append(repr(flags))
    for table, name, definition, enabled, _written in _rows(_TRIGGERS):
        parts.setdefault(f"table {table}", []).append(f"trigger {name} {enabled} {definition}")
    for table, name, definition, _written in _rows(_POLICIES):
        parts.setdefault(f"table {table}", []).append(f"policy {name} {definition}")
    return {name: _digest(lines)[:24] for name, lines in sorted(parts.items())}


def expected_catalogue() -> dict[str, str]:
    """Return what ``read_catalogue`` returns of a database that the migrations alone have made."""
    lines = EXPECTED.read_text("utf-8").splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line)


def write_expected() -> None:
    """Write ``catalogue.txt`` anew from the database at hand."""
    lines = [f"{name} {digest}" for name, digest in read_catalogue().items()]
    EXPECTED.write_text("\n".join([*lines, ""]), "utf-8")


def read_stamp() -> CatalogueStamp:
    """Return the state of the guards now, each with the transaction that wrote it."""
    parts = [
        *(f"{name} {at}" for name, _text, at in _rows(_FUNCTIONS) if not name.endswith(_WRITTEN_ANEW)),
        *(f"{table} {name} {enabled} {at}" for table, name, _text, enabled, at in _rows(_TRIGGERS)),
        *(f"{table} {name} {at}" for table, name, _text, at in _rows(_POLICIES)),
        *(repr(row) for row in _rows(_TABLES)),
    ]
    (moment,) = _rows(_MOMENT)
    return CatalogueStamp(_digest(parts), *moment)


def disabled_triggers() -> Iterator[tuple[str, str]]:
    """Yield table and name of each trigger that does not fire."""
    for table, name, _definition, enabled, _written in _rows(_TRIGGERS):
        if enabled not in {"O", "A"}:
            yield table, name


def own_settings() -> Iterator[str]:
    """Yield each setting that the application's role carries and the program did not give it.

    PostgreSQL lets a role change its own: what it is found by first, for one, in every later session.
    """
    given = {*NOTHING_LOGGED, "default_transaction_read_only"}  # the last one while an upgrade runs
    settings = (
        "SELECT DISTINCT split_part(unnest(s.setconfig), '=', 1) FROM pg_db_role_setting s "
        "WHERE s.setrole = to_regrole(%s) AND s.setdatabase IN "
        "(0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(settings, [APP])
        yield from (name for (name,) in cursor.fetchall() if name not in given)


def unforced_policies() -> Iterator[str]:
    """Yield each table with policies that its owner, or everybody, is not held to."""
    policed = {table for table, *_rest in _rows(_POLICIES)}
    for table, enabled, forced, _grants in _rows(_TABLES):
        if table in policed and not (enabled and forced):
            yield table
