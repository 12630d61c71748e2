"""Rename codes that readers of files take for something else: NA for no value, 28-8 for a day (protocol 3.0).

Rows are rewritten under one act of the system with its reason, so that each has a version before and after. A record
that is locked stays locked: the guard of its answers is off for these statements alone. Drafts follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import migrations

from audit.upgrade import open_upgrade_act, see_every_site

RENAMED = {"NA": "NAP", "28-8": "28_8"}
CODED = (
    ("crf_pathology", "grade_y", "NA"),
    ("crf_pathology", "pdl1_clone", "28-8"),
    ("crf_staging", "pdl1_clone", "28-8"),
)
REASON = "Codes renamed that programs read as something else: NA is NAP, 28-8 is 28_8"
TABLES = r"""
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'missing' AND table_name LIKE 'crf\_%' AND table_name NOT LIKE '%event'
    ORDER BY table_name
"""
HOLDS_REASON = "EXISTS (SELECT 1 FROM jsonb_each_text(missing) AS m WHERE m.value = %(old)s)"
REASON_RENAMED = """missing = (
    SELECT jsonb_object_agg(m.key, CASE m.value WHEN %(old)s THEN %(new)s ELSE m.value END)
    FROM jsonb_each_text(missing) AS m
)"""
DRAFTS = """
    UPDATE crf_draft SET raw = (
        SELECT jsonb_object_agg(r.key, CASE r.value
            WHEN to_jsonb(%(old)s::text) THEN to_jsonb(%(new)s::text)
            WHEN jsonb_build_array(%(old)s::text) THEN jsonb_build_array(%(new)s::text)
            ELSE r.value END)
        FROM jsonb_each(raw) AS r
    ) WHERE jsonb_typeof(raw) = 'object' AND EXISTS (
        SELECT 1 FROM jsonb_each(raw) AS r
        WHERE r.value IN (to_jsonb(%(old)s::text), jsonb_build_array(%(old)s::text))
    )
"""


def forwards(apps: Any, schema_editor: Any) -> None:
    rename(schema_editor.connection, RENAMED)


def backwards(apps: Any, schema_editor: Any) -> None:
    rename(schema_editor.connection, {new: old for old, new in RENAMED.items()})


def rename(connection: Any, codes: dict[str, str]) -> None:
    """Give each code of ``codes`` its new name wherever an answer, a reason or a draft holds it."""
    names = dict(zip(RENAMED, codes.items(), strict=True))
    with connection.cursor() as cursor:
        see_every_site(cursor)
        cursor.execute(TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        changes = [(table, HOLDS_REASON, REASON_RENAMED, names["NA"]) for table in tables]
        changes += [
            (table, f"{column} = %(old)s", f"{column} = %(new)s", names[code])
            for table, column, code in CODED
        ]
        act: int | None = None
        for table, holds, change, (old, new) in changes:
            told = {"old": old, "new": new}
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {holds})", told)
            if cursor.fetchone()[0]:
                act = act or open_upgrade_act(cursor, verb="crf:record:upgrade", reason=REASON)
                with _unguarded(cursor, table):
                    cursor.execute(f"UPDATE {table} SET act_id = %(act)s, {change} WHERE {holds}", told | {"act": act})
        cursor.execute("ALTER TABLE crf_draft NO FORCE ROW LEVEL SECURITY")
        for old, new in codes.items():
            cursor.execute(DRAFTS, {"old": old, "new": new})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE crf_draft FORCE ROW LEVEL SECURITY")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def _unguarded(cursor: Any, table: str) -> Iterator[None]:
    """Locked answers may be rewritten inside, and nothing else is lifted: act, reason and versions are kept."""
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname IN ('lock_guard', 'row_lock')", [table]
    )
    guards = [row[0] for row in cursor.fetchall()]
    for guard in guards:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
    yield
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks to come cannot be altered
    for guard in guards:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {guard}")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("crf", "0006_paclitaxel_by_itself")]
    operations = [migrations.RunPython(forwards, backwards)]
