"""How a migration writes answers anew: under an act with a reason, as every other change of an answer."""

from __future__ import annotations

from typing import Any

# Answers of locked records change too, and only here: the meaning stays, the columns do not.
LOCKS = {True: "row_lock", False: "lock_guard"}


def rewrite_answers(
    schema_editor: Any, *, table: str, values: str, where: str, reason: str, rows_of_group: bool = False
) -> None:
    """The rows of ``table`` that ``where`` names hold ``values``, as a new version under an act of the system."""
    lock = LOCKS[rows_of_group]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.sites', '*', true), set_config('app.user', '', true)")
        cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE {where}")  # noqa: S608
        if cursor.fetchone() == (0,):
            return
        cursor.execute(
            "INSERT INTO audit_act (verb, role, at, reason, request_id, transaction) "
            "VALUES ('crf:record:upgrade', '', now(), %s, '', 0) RETURNING id",
            [reason],
        )
        (act,) = cursor.fetchone()
        cursor.execute("SELECT set_config('app.act', %s, true)", [str(act)])
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {lock}")
        cursor.execute(f"UPDATE {table} AS t SET {values}, act_id = %s WHERE {where}", [act])  # noqa: S608
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {lock}")
