"""How a migration writes rows anew: under an act with a reason, as every other change."""

from __future__ import annotations

from typing import Any


def see_every_site(cursor: Any) -> None:
    """Statements after this one, in the same transaction, see the rows of every site."""
    cursor.execute("SELECT set_config('app.sites', '*', true), set_config('app.user', '', true)")


def has_rows(cursor: Any, table: str, where: str) -> bool:
    """Return whether any site has rows, known as ``t``, that ``where`` names."""
    see_every_site(cursor)
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table} AS t WHERE {where})")  # noqa: S608
    return bool(cursor.fetchone()[0])


def open_upgrade_act(cursor: Any, *, verb: str, reason: str) -> int:
    """Return the number of an act of the system; what changes later in this transaction changes under it."""
    cursor.execute(
        "INSERT INTO audit_act (verb, role, at, reason, request_id, transaction) "
        "VALUES (%s, '', now(), %s, '', 0) RETURNING id",
        [verb, reason],
    )
    act: int = cursor.fetchone()[0]
    cursor.execute("SELECT set_config('app.act', %s, true)", [str(act)])
    return act
