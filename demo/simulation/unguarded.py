"""Copies for the benches alone, written past the guards of the database: far cheaper, and the same rows.

Each trigger asks for every row who writes it, and what was verified of a record is worked out against all rows of
the statement. For what a copy repeats, all of that was asked when its source was walked. So the superuser may write
the copies as a replica is written, and writes the versions himself that the triggers would have written. No
demonstration and no trial is filled this way: whoever is no superuser cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.db import connection, connections

from audit.models import Act
from kernel.scope import EVERYTHING, scope

_MARK: Final = "UNGUARDED"
# What was verified of a copy's records, as the trigger leaves it: the same answers, judged for its own number.
_VERIFICATION: Final = (
    "INSERT INTO crf_recordverification (record_id, participant_id, site_id, form_code, visit_code, answered, "
    'unverified, required, "left", critical, critical_left) '
    "SELECT r.id, r.participant_id, r.site_id, r.form_code, t.visit_code, t.answered, '{{}}', 0, 0, 0, 0 "
    "FROM {batch} JOIN crf_recordverification t ON t.participant_id = c.source "
    "JOIN crf_record r ON r.id = t.record_id + c.shift AND r.participant_id = c.id AND r.act_id = %s"
)


@contextmanager
def connected_as(url: str) -> Iterator[None]:
    """Inside, the program's connection is that of the role in ``url``, to the same database."""
    wrapper, parts = connections["default"], urlsplit(url)
    kept = wrapper.settings_dict
    user = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
    _renewed(wrapper, {**kept, **user, _MARK: True})
    try:
        with scope(user_id=None, sites=EVERYTHING):
            yield
    finally:
        _renewed(wrapper, kept)


def _renewed(wrapper: Any, settings: dict[str, Any]) -> None:
    wrapper.close()
    wrapper.close_pool()
    wrapper.settings_dict = settings


@contextmanager
def as_a_replica(cursor: Any) -> Iterator[None]:
    """Inside, no trigger and no foreign key looks at what is written, until the transaction ends or this does."""
    cursor.execute("SET LOCAL synchronous_commit = off")
    cursor.execute("SET LOCAL session_replication_role = replica")
    yield
    cursor.execute("SET LOCAL session_replication_role = origin")


def with_versions(insert: str, versions: Any) -> str:
    """Return the statement that inserts the rows and the first version of each."""
    if versions is None:
        return insert
    told = {"pgh_created_at": "now()", "pgh_label": "'insert'", "pgh_obj_id": "id"}
    columns = [field.column for field in versions._meta.local_concrete_fields if field.column != "pgh_id"]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(told.get(column, f'"{column}"') for column in columns)
    target = f'"{versions._meta.db_table}" ({names})'
    return f"WITH copied AS ({insert} RETURNING *) INSERT INTO {target} SELECT {values} FROM copied"  # noqa: S608 (names)


def settle_verification(cursor: Any, act: Act, batch: str, parameters: list[Any]) -> None:
    """What was verified of the copied records stands as the triggers would have worked it out."""
    cursor.execute(_VERIFICATION.format(batch=batch), [*parameters, act.pk])
    cursor.execute("SELECT array_agg(id) FROM crf_record WHERE act_id = %s", [act.pk])
    (records,) = cursor.fetchone()
    cursor.execute("SELECT crf_work_out_verification(%s)", [records])
    cursor.execute("SELECT crf_settle_verified(%s, %s)", [records, act.pk])


def is_unguarded() -> bool:
    """Say whether the open connection is the one that may write past the guards, and was opened for it."""
    return _MARK in connection.settings_dict
