"""What a database holds, in figures: rows and a digest of each table, and the last link of the chain of seals."""

from __future__ import annotations

from typing import Any, TypedDict

import psycopg
from psycopg import sql

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""
# The sum of the digests of all rows: the same in whatever order they lie.
ROWS = (
    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text FROM {} AS t"
)
_FUNCTIONS = """
    SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('public', 'allocation')
"""
COUNTS = (
    ("triggers", "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"),
    ("policies", "SELECT count(*) FROM pg_policy"),
    ("functions", _FUNCTIONS),
)


class Contents(TypedDict):
    """What was in the database at one moment."""

    tables: dict[str, list[str]]
    guards: dict[str, int]
    chain: str
    signatures: int


def contents_of(connection: psycopg.Connection[Any]) -> Contents:
    """Count and digest every table as this transaction sees it."""
    for statement in (
        "SET TIME ZONE 'UTC'",
        "SET DateStyle = 'ISO'",
        "SET extra_float_digits = 1",
        "SET bytea_output = 'hex'",
    ):
        connection.execute(statement)
    tables = {
        f"{schema}.{name}": _digest(connection, schema, name)
        for schema, name in connection.execute(TABLES).fetchall()
    }
    guards = {name: _one(connection, query) for name, query in COUNTS}
    chain = connection.execute("SELECT chain FROM audit_seal ORDER BY last_act DESC LIMIT 1").fetchone()
    signatures = _one(connection, "SELECT count(*) FROM accounts_signature")
    return Contents(tables=tables, guards=guards, chain=chain[0] if chain else "", signatures=signatures)


def differences(before: Contents, after: Contents) -> list[str]:
    """Name every table and guard that is not as it was."""
    rows_then, rows_now = (
        {table: figures[0] for table, figures in each["tables"].items()} for each in (before, after)
    )
    named = [
        f"{table}: {rows_then.get(table, 'no table')} rows, now {rows_now.get(table, 'no table')}"
        + (", other values" if rows_then.get(table) == rows_now.get(table) else "")
        for table in sorted({*before["tables"], *after["tables"]})
        if before["tables"].get(table) != after["tables"].get(table)
    ]
    named += [
        f"{name}: {before['guards'][name]}, now {after['guards'][name]}"
        for name in before["guards"]
        if before["guards"][name] != after["guards"][name]
    ]
    if before["chain"] != after["chain"]:
        named.append("the chain of seals ends in another digest")
    return named


def _digest(connection: psycopg.Connection[Any], schema: str, name: str) -> list[str]:
    row = connection.execute(sql.SQL(ROWS).format(sql.Identifier(schema, name))).fetchone()
    return [str(value) for value in row or ()]


def _one(connection: psycopg.Connection[Any], query: Any) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
