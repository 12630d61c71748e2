"""Django's PostgreSQL backend, with the scope written into each transaction as it starts."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from kernel.scope import current_scope

_USABLE = {TransactionStatus.IDLE, TransactionStatus.INTRANS}


class DatabaseWrapper(base.DatabaseWrapper):
    """Every transaction carries ``app.user``, ``app.sites``, ``app.confided`` and ``app.day`` for the policies.

    The settings are local to the transaction: nothing is left on a pooled connection, and
    statements outside a transaction see no site at all.
    """

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(autocommit, *args, **kwargs)
        if not autocommit and current_scope() is not None:
            self.write_scope()

    def write_scope(self) -> None:
        """The open transaction sees the sites of the scope in force now, or none.

        Nothing is written to a transaction that has failed: its rollback takes the settings along.
        """
        if self.connection is None or self.connection.info.transaction_status not in _USABLE:
            return
        scope = current_scope()
        user, sites, confided, day = (
            (str(scope.user_id or ""), scope.as_setting(), scope.confided_setting(), scope.day_setting())
            if scope
            else ("", "", "", "")
        )
        with self.wrap_database_errors:  # a lost connection is Django's OperationalError, as from any query
            self.connection.execute(
                "SELECT set_config('app.user', %s, true), set_config('app.sites', %s, true), "
                "set_config('app.confided', %s, true), set_config('app.day', %s, true)",
                (user, sites, confided, day),
            )
