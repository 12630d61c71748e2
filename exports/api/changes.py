"""What changed since a caller asked last, so that a copy elsewhere follows without reading everything again.

A moment alone would lose rows: a transaction that began before it may end after it. Each list therefore names the
oldest transaction that was still open when it was read (``changed_until``), and takes that name back: a row can be
given twice and is never left out. PostgreSQL keeps with each row the number of the transaction that wrote it
(``xmin``, 32 bits). Numbers of transactions live and die with a database cluster, which the name carries too: after a
restore into another cluster everything has to be read once more. They count what every site writes: the name holds the
key of one (ADR 58).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from kernel.errors import Refusal
from kernel.reading import UnreadableError, moment
from kernel.row_keys import key_of, row_of

PARAMETER: Final = "changed_since"
_NAME: Final = "tx"
_KIND: Final = "transaction"
_LONGEST: Final = 42  # characters of a name: two numbers of 64 bits at most
_NUMBERS: Final = 2**32
_HALF: Final = 2**31  # transactions, after which PostgreSQL cannot tell older from newer


class NotAPointInTime(Refusal):
    code = "exports.not_a_point_in_time"
    message = _(
        "“changed_since” must be the “changed_until” of an earlier answer, or a moment with its offset. Send for "
        "example “2026-10-01T08:00:00+08:00”."
    )
    status = 400


class PointInTimeGone(Refusal):
    code = "exports.point_in_time_gone"
    message = _(
        "“changed_since” was given too long ago, or by another database: this one may have been restored since. Leave "
        "it out and read everything once more."
    )
    status = 400


def changed_until() -> str:
    """Return the name under which a later call is given everything that this transaction cannot see yet."""
    cluster, oldest, _next = _transactions()
    return f"{_NAME}.{cluster}.{key_of(_KIND, oldest)}"


def _transactions() -> tuple[int, int, int]:
    """Return the number of the cluster, the oldest transaction that may be open, and the next one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint "
            "FROM pg_control_system(), pg_current_snapshot() s"
        )
        cluster, oldest, coming = cursor.fetchone()
    return cluster, oldest, coming


def changed(rows: Any, said: str | None, *, versions: str = "events") -> Any:
    """Return those of ``rows`` that were written since the point in time ``said``; all where there is none.

    ``versions`` names the relation to the versions of a row, by which a moment is looked up.
    Refuses: what is neither a name nor a moment; a name that another cluster gave, or too long ago.
    """
    if said is None:
        return rows
    if not said.startswith(f"{_NAME}."):
        return rows.filter(pk__in=_written_since(rows.model, versions, _moment(said)))
    table, since = _table_of(rows.model, versions), _transaction(said)
    number = RawSQL(  # noqa: S611 - the table is a model's own
        f'((("{table}".xmin::text::bigint - %s) %% {_NUMBERS}) + {_NUMBERS}) %% {_NUMBERS}',
        [since % _NUMBERS],
        output_field=BigIntegerField(),
    )
    return rows.annotate(written_after=number).filter(written_after__lt=_HALF)


def _table_of(model: Any, versions: str) -> str:
    """Return the table whose rows have those versions: the model's, or that of the model it is built on."""
    table: str = model._meta.get_field(versions).model._meta.db_table
    return table


def _written_since(model: Any, versions: str, since: datetime) -> Any:
    version: Any = model._meta.get_field(versions).related_model
    return version.objects.filter(pgh_created_at__gte=since).values("pgh_obj_id")


def _transaction(said: str) -> int:
    _name, cluster, key = [*said.split("."), "", ""][:3]
    since = row_of(_KIND, key)
    is_number = key.isascii() and key.isdecimal()  # as names were given before they held keys
    if said.count(".") != 2 or not (cluster.isascii() and cluster.isdecimal()) or len(said) > _LONGEST:
        raise NotAPointInTime
    if since is None and not is_number:
        raise NotAPointInTime
    own, _oldest, coming = _transactions()
    if since is None or int(cluster) != own or not coming - _HALF < since <= coming:
        raise PointInTimeGone
    return since


def _moment(said: str) -> datetime:
    try:
        return moment(said)
    except UnreadableError as unread:
        raise NotAPointInTime from unread


def said_in(request: Request) -> str | None:
    """Return the point in time that the caller names."""
    said: str | None = request.query_params.get(PARAMETER)
    return said
