"""What a database is for: the trial, or practice alone (ADR 57).

The server says it of the database as a whole, no row in it: only who owns the database can say it, a backup does not
carry it, and no statement of the application's role takes it away.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from django.conf import settings
from psycopg import sql

from kernel.environment import EnvironmentRefused
from kernel.postgresql.roles import url_of

_ASKED: Final = """
    SELECT EXISTS (
        SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database() AND s.setrole = 0 AND 'palace3.practice=on' = ANY (s.setconfig)
    )
"""
_purposes: dict[tuple[str, str, str], bool] = {}


def is_for_practice(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server keeps this database for practice."""
    row = connection.execute(_ASKED).fetchone()
    return bool(row and row[0])


def keep_for_practice(admin_url: str, name: str) -> None:
    """The database ``name`` is for practice from now on; one that holds a schema already never becomes it."""
    with psycopg.connect(url_of(admin_url, database=name), autocommit=True) as admin:
        if is_for_practice(admin):
            return
        row = admin.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
        if row and row[0]:
            raise EnvironmentRefused(
                f"The database {name} holds a trial and is never made one for practice. Name a new database."
            )
        text = sql.SQL("ALTER DATABASE {} SET palace3.practice = 'on'").format(sql.Identifier(name))
        admin.execute(text)


def refuse_other_purpose(connection: psycopg.Connection[Any], place: dict[str, Any]) -> None:
    """The program of the trial works in no database for practice, and the program of practice in no other.

    Each process asks once for each database.
    """
    key = (str(place["HOST"]), str(place["PORT"]), str(place["NAME"]))
    if key not in _purposes:
        _purposes[key] = is_for_practice(connection)
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.rollback()
    if _purposes[key] != settings.PALACE3_PRACTICE:
        connection.close()
        raise EnvironmentRefused(
            f"PALACE3_PRACTICE is {'on' if settings.PALACE3_PRACTICE else 'off'}, and the database {key[2]} is "
            f"{'for practice' if _purposes[key] else 'not for practice'}. Name the other database in DATABASE_URL."
        )
