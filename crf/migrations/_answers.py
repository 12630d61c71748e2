"""How a migration writes answers anew: under an act with a reason, as every other change of an answer."""

from __future__ import annotations

from typing import Any

from audit.upgrade import has_rows, open_upgrade_act

# Answers of locked records change too, and only here: the meaning stays, the columns do not.
LOCKS = {True: "row_lock", False: "lock_guard"}


def rewrite_answers(
    schema_editor: Any, *, table: str, values: str, where: str, reason: str, rows_of_group: bool = False
) -> None:
    """The rows of ``table`` that ``where`` names hold ``values``, as a new version under an act of the system."""
    lock = LOCKS[rows_of_group]
    with schema_editor.connection.cursor() as cursor:
        if not has_rows(cursor, table, where):
            return
        act = open_upgrade_act(cursor, verb="crf:record:upgrade", reason=reason)
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {lock}")
        cursor.execute(f"UPDATE {table} AS t SET {values}, act_id = %s WHERE {where}", [act])  # noqa: S608
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {lock}")
