"""Django's PostgreSQL backend, with the scope written into each transaction as it starts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base
from django.utils.functional import cached_property
from psycopg import Cursor
from psycopg.pq import TransactionStatus

from kernel.postgresql.purpose import refuse_other_purpose
from kernel.postgresql.roles import BACKUP
from kernel.scope import current_scope, opening_of

_USABLE = {TransactionStatus.IDLE, TransactionStatus.INTRANS}
_WORD = re.compile(r"\w+")


class PolicedOutsideTransaction(RuntimeError):  # noqa: N818 (a fault of the program, never shown to a person)
    """A statement names a table with a row policy where no transaction is open, and so no scope is written."""

    def __init__(self, tables: set[str]) -> None:
        names = ", ".join(sorted(tables))
        super().__init__(
            f"{names}: outside a transaction the row policies show no row. Use transaction.atomic()."
        )


def refuse_policed(
    execute: Callable[..., Any], statement: Any, parameters: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Execute the statement, unless it names a table with a row policy; around each statement outside a transaction.

    There every such table looks empty: a task that asks who is waiting finds nobody, and reports success.
    """
    connection = context["connection"]
    text = statement if isinstance(statement, str) else statement.as_string(connection.connection)
    named = set(_WORD.findall(text)) & connection.policed_tables
    if named:
        raise PolicedOutsideTransaction(named)
    return execute(statement, parameters, many, context)


class DatabaseWrapper(base.DatabaseWrapper):
    """Every transaction carries ``app.user``, ``app.sites``, ``app.confided`` and ``app.day`` for the policies.

    The settings are local to the transaction: nothing is left on a pooled connection, and statements outside a
    transaction would see no site at all. So one that names a table with a policy is refused there. The database's own
    function writes them, given a proof that no SQL makes; beside the statement, never in its text, where others could
    read it (ADR 49).
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection to a database for what this process is for: the trial, or practice (ADR 57)."""
        connection = super().get_new_connection(conn_params)
        refuse_other_purpose(connection, self.settings_dict)
        return connection

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(autocommit, *args, **kwargs)
        self.execute_wrappers[:] = [each for each in self.execute_wrappers if each is not refuse_policed]
        if autocommit:
            self.execute_wrappers.insert(0, refuse_policed)
        elif current_scope() is not None:
            self.write_scope()

    @cached_property
    def policed_tables(self) -> frozenset[str]:
        """The tables with a row policy, as the database itself names them, asked once."""
        rows = self.connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()
        return frozenset(str(row[0]) for row in rows)

    def write_scope(self) -> None:
        """The open transaction sees the sites of the scope in force now, or none.

        Nothing is written to a transaction that has failed: its rollback takes the settings along.
        """
        if self.connection is None or self.connection.info.transaction_status not in _USABLE:
            return
        scope = current_scope()
        with self.wrap_database_errors:  # a lost connection is Django's OperationalError, as from any query
            if self.settings_dict["USER"] != BACKUP:  # it reads past every policy, and may write nothing
                Cursor(self.connection).execute(*opening_of(scope))
