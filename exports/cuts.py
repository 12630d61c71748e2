"""The moment whose state an export shows, and how rows are read as they stood then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db import connection, models


@dataclass(frozen=True)
class Cut:
    """One moment: what was stored by ``at``.

    A ``snapshot`` (PostgreSQL's, as text) says which transactions could be seen then; without one, a
    transaction that was open at ``at`` counts by the moment at which its acts were stored. ``is_past`` reads the
    versions that the database keeps; else the tables themselves are read, inside one snapshot.
    """

    at: datetime
    snapshot: str = ""
    is_past: bool = True

    @classmethod
    def of_this_snapshot(cls) -> Self:
        """Return the moment that the open transaction reads; it is the first thing that the transaction asks."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT clock_timestamp(), current_setting('transaction_isolation'), pg_current_snapshot()::text"
            )
            at, isolation, snapshot = cursor.fetchone()
        return cls(at=at, snapshot=snapshot if isolation == "repeatable read" else "", is_past=False)

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the SQL of ``rows`` asks for."""
        return {"cut": self.at, "snapshot": self.snapshot}

    def rows(self, model: type[models.Model], which: str = "true") -> str:
        """Return the SQL of a model's rows as they stood: in a past moment, each row's last version by then.

        ``which`` narrows the versions (as ``e``) by what never changes in a row.
        """
        table = model._meta.db_table
        if not self.is_past:
            return table
        return (
            f"(SELECT DISTINCT ON (e.pgh_obj_id) e.* FROM {table}event e JOIN audit_act w ON w.id = e.act_id "
            f"WHERE {self._seen} AND {which} ORDER BY e.pgh_obj_id, e.pgh_id DESC)"
        )

    def turns(self, model: type[models.Model], column: str) -> str:
        """Return the SQL of the versions of a model's rows in which ``column`` changed, the first one included."""
        seen = self._seen if self.is_past else "true"
        return (
            f"(SELECT * FROM (SELECT e.*, lag(e.{column}) OVER (PARTITION BY e.pgh_obj_id ORDER BY e.pgh_id) AS former "
            f"FROM {model._meta.db_table}event e JOIN audit_act w ON w.id = e.act_id WHERE {seen}) every_version "
            f"WHERE former IS DISTINCT FROM {column})"
        )

    def saw(self, act: str) -> str:
        """Return the SQL that says whether the act with the number ``act`` was there at the moment."""
        if not self.is_past:
            return "true"
        return f"EXISTS (SELECT 1 FROM audit_act w WHERE w.id = {act} AND {self._seen})"

    @property
    def _seen(self) -> str:
        """The condition on the act (as ``w``) of a version that was there at the moment."""
        seen = "w.stored_at <= %(cut)s"
        if self.snapshot:
            seen += " AND pg_visible_in_snapshot(w.transaction::text::xid8, %(snapshot)s::pg_snapshot)"
        return seen
