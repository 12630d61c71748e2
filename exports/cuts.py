"""The moment whose state an export shows, and how rows are read as they stood then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from django.db import connection, models

MOST_NAMED: Final = 1_000  # acts that stand by number in a query


@dataclass(frozen=True)
class Cut:
    """One moment: the acts that could be seen then, and so the versions of rows that they wrote.

    A cut that was read before knows its ``last_act`` and, once every transaction of then has ended, the
    ``unseen_acts`` before it; until that is known, its ``snapshot`` (PostgreSQL's, as text) says which transactions
    were seen. Numbers of acts stay when the database is restored elsewhere, numbers of transactions begin anew.
    ``by_storing`` narrows to what was stored by ``at``, as does a cut of which nothing but ``at`` is known.
    ``is_settled`` is false while ``unseen_acts`` leave out those that nobody sees yet, of transactions that are open.
    ``is_past`` reads the versions that the database keeps; else the tables themselves are read, inside one snapshot.
    """

    at: datetime
    snapshot: str = ""
    is_past: bool = True
    last_act: int | None = None
    unseen_acts: tuple[int, ...] | None = None
    by_storing: bool = True
    is_settled: bool = True

    @classmethod
    def of_this_snapshot(cls) -> Self:
        """Return the moment that the open transaction reads; it is the first thing that the transaction asks."""
        at, snapshot, last_act = _seen_now("true", None)
        return cls(at=at, snapshot=snapshot, is_past=False, last_act=last_act, by_storing=not snapshot)

    @classmethod
    def of_moment(cls, at: datetime) -> Self:
        """Return what was stored by ``at``, of all that the open transaction sees."""
        _now, snapshot, last_act = _seen_now("stored_at <= %(at)s", at)
        return cls(
            at=at,
            snapshot=snapshot,
            last_act=last_act,
            unseen_acts=_stored_after(at, last_act),
            is_settled=False,
        )

    def rows(self, model: type[models.Model], which: str = "true") -> str:
        """Return the SQL of a model's rows as they stood: in a past moment, each row's last version by then.

        ``which`` narrows the versions (as ``e``) by what never changes in a row.
        """
        table = model._meta.db_table
        if not self.is_past:
            return table
        return (
            f"(SELECT DISTINCT ON (e.pgh_obj_id) e.* FROM {self._versions(table)} AND {which} "
            "ORDER BY e.pgh_obj_id, e.pgh_id DESC)"
        )

    def rows_where(self, model: type[models.Model], which: str) -> str:
        """Return the SQL of the few rows of a model that ``which`` names (as ``e``, by what never changes in a row).

        It is asked again for each row that it is joined to, by an index, where ``rows`` is joined as a whole.
        """
        table = model._meta.db_table
        if not self.is_past:
            return f"(SELECT e.* FROM {table} e WHERE {which} OFFSET 0)"
        return (
            f"(SELECT DISTINCT ON (e.pgh_obj_id) e.* FROM {table}event e WHERE {which} AND {self.saw('e.act_id')} "
            "ORDER BY e.pgh_obj_id, e.pgh_id DESC OFFSET 0)"
        )

    def row_of(self, model: type[models.Model], number: str) -> str:
        """Return the SQL of the one row with the number that another row says, as it stood."""
        return self.rows_where(model, f"e.{'pgh_obj_id' if self.is_past else 'id'} = {number}")

    def turns(self, model: type[models.Model], column: str) -> str:
        """Return the SQL of the versions of a model's rows in which ``column`` changed, the first one included."""
        table = model._meta.db_table
        versions = self._versions(table) if self.is_past else f"{table}event e"
        return (
            f"(SELECT * FROM (SELECT e.*, lag(e.{column}) OVER (PARTITION BY e.pgh_obj_id ORDER BY e.pgh_id) AS former "
            f"FROM {versions}) every_version WHERE former IS DISTINCT FROM {column})"
        )

    def saw(self, act: str) -> str:
        """Return the SQL that says whether the act with the number ``act`` was there at the moment."""
        if not self.is_past:
            return "true"
        if self.unseen_acts is not None:
            return self._before_last(act)
        # A value and no EXISTS, which would become a join: inside a query for each row, one of all the acts.
        return f"(SELECT true FROM audit_act w WHERE w.id = {act} AND {self._seen})"

    def _versions(self, table: str) -> str:
        if self.unseen_acts is not None:
            return f"{table}event e WHERE {self._before_last('e.act_id')}"
        return f"{table}event e JOIN audit_act w ON w.id = e.act_id WHERE {self._seen}"

    def _before_last(self, act: str) -> str:
        last = f"{act} <= {self.last_act or 0}"
        numbers = ",".join(map(str, self.unseen_acts or ()))
        return f"({last} AND {act} <> ALL('{{{numbers}}}'::bigint[]))" if numbers else last

    @property
    def _seen(self) -> str:
        """The condition on the act (as ``w``) of a version that was there at the moment."""
        asked = []
        if self.last_act is not None:
            asked.append(f"w.id <= {self.last_act}")
        if self.by_storing:
            asked.append(f"w.stored_at <= '{self.at.isoformat()}'::timestamptz")
        if self.snapshot:
            asked.append(visible_in(self.snapshot))
        return " AND ".join(asked)


def plan_for_many() -> None:
    """The open transaction reads whole tables: each of its joins is made of them, and none row by row.

    How many rows a policy shows, and which versions are the last ones by a moment, PostgreSQL cannot know. It expects
    one or two, goes through all participants again for each record, and takes the square of the trial's size. What
    is asked for a row by its number (``Cut.row_of``) stays so. Compiling a query takes longer than most files.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '32MB'; SET LOCAL jit = off")


def visible_in(snapshot: str) -> str:
    """Return the SQL that says whether the transaction of the act ``w`` was seen by a snapshot."""
    return f"pg_visible_in_snapshot(w.transaction::text::xid8, '{snapshot}'::pg_snapshot)"


def _stored_after(at: datetime, last_act: int) -> tuple[int, ...] | None:
    """Return the acts up to the last one that were stored after the moment; None where they are too many to name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id FROM audit_act w WHERE w.id <= %s AND w.stored_at > %s ORDER BY w.id LIMIT %s",
            [last_act, at, MOST_NAMED + 1],
        )
        numbers = tuple(number for (number,) in cursor.fetchall())
    return numbers if len(numbers) <= MOST_NAMED else None


def _seen_now(which: str, at: datetime | None) -> tuple[datetime, str, int]:
    """Return the moment, the snapshot where the transaction keeps to one, and the last act that it sees."""
    last_act = f"SELECT coalesce(max(id), 0) FROM audit_act WHERE {which}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp(), current_setting('transaction_isolation'), pg_current_snapshot()::text, "
            f"({last_act})",
            {"at": at},
        )
        now, isolation, snapshot, number = cursor.fetchone()
    return now, snapshot if isolation == "repeatable read" else "", number
