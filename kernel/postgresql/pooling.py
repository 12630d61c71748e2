"""What a pool does with a connection that comes back; without Django, because the settings name it."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus


def forget_session(connection: Connection[Any]) -> None:
    """Nothing that was set for a whole session reaches whoever is handed the connection next."""
    connection.execute("RESET ALL; SET TIME ZONE 'UTC'; SELECT pg_advisory_unlock_all(); UNLISTEN *")
    if connection.info.transaction_status != TransactionStatus.IDLE:
        connection.commit()
