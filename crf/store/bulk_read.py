"""Many small tables in one journey to the database.

A save looks at milestones, at a few other forms, at the rows of its own groups and at its queries.
Asked one by one these cost more than everything else together; here they come as one answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, models

Plain = dict[str, Any]


@dataclass(frozen=True)
class TableQuery:
    """Rows of one table: those whose ``column`` is ``value``, and of these what ``also`` says."""

    tag: str
    model: type[models.Model]
    column: str
    value: Any
    also: str = ""

    def sql(self) -> tuple[str, list[Any]]:
        """Return the select of this part; names come from the models, values go as parameters."""
        also = f" AND {self.also}" if self.also else ""
        table = _quoted(self.model)
        return (
            f"SELECT %s, to_jsonb(t)::text FROM {table} t WHERE t.{self.column} = %s{also}",  # noqa: S608
            [self.tag, self.value],
        )


@dataclass(frozen=True)
class RowsOf:
    """Rows of one table: those whose ``column`` is one of ``values``, and of these what ``also`` says."""

    tag: str
    model: type[models.Model]
    column: str
    values: tuple[Any, ...]
    also: str = ""

    def sql(self) -> tuple[str, list[Any]]:
        """Return the select of this part; names come from the models, values go as parameters."""
        also = f" AND {self.also}" if self.also else ""
        table = _quoted(self.model)
        return (
            f"SELECT %s, to_jsonb(t)::text FROM {table} t WHERE t.{self.column} = ANY(%s){also}",  # noqa: S608
            [self.tag, list(self.values)],
        )


@dataclass(frozen=True)
class FormQuery:
    """The begun records of one form, with answers, visit code and visit day, of the participant that is read."""

    tag: str
    model: type[models.Model]

    def sql(self) -> tuple[str, list[Any]]:
        """Return the select of this part from the records that ``_RECORDS`` finds."""
        joined = f"records r JOIN {_quoted(self.model)} a ON a.id = r.id"
        sql = f"SELECT %s, (to_jsonb(a) || to_jsonb(r))::text FROM {joined} WHERE r.form_code = %s"  # noqa: S608
        return sql, [self.tag, self.tag]


@dataclass(frozen=True)
class LockQuery:
    """What is frozen or locked over a record, or over the place where it would stand: one row, or none."""

    tag: str
    place: tuple[int, int, int | None, int | None]

    def sql(self) -> tuple[str, list[Any]]:
        """Return the select of this part: the database judges by site, participant, visit and record."""
        return "SELECT %s, o::text FROM trials_lock_over(%s, %s, %s, %s) o WHERE o IS NOT NULL", [
            self.tag,
            *self.place,
        ]


# Whose records and which visits is asked once, however many forms are read.
_RECORDS = (
    "WITH records AS MATERIALIZED (SELECT t.*, v.code AS visit_code, coalesce(v.took_place_on, v.target)::text "
    "AS visit_on FROM crf_record t LEFT JOIN followup_visit v ON v.id = t.visit_id "
    "WHERE t.participant_id = %s AND t.form_code = ANY(%s) AND t.state <> 'empty') "
)


def bulk_read(
    parts: Iterable[TableQuery | RowsOf | LockQuery], *, participant: int = 0, forms: Iterable[FormQuery] = ()
) -> dict[str, list[Plain]]:
    """Return the rows of every part by its tag, columns by name; ``forms`` are read of ``participant``."""
    forms = list(forms)
    wanted: list[TableQuery | RowsOf | LockQuery | FormQuery] = [*parts, *forms]
    rows: dict[str, list[Plain]] = {part.tag: [] for part in wanted}
    if not wanted:
        return rows
    selects = [part.sql() for part in wanted]
    sql = " UNION ALL ".join([text for text, _values in selects])
    params = [value for _text, values in selects for value in values]
    if forms:
        sql, params = _RECORDS + sql, [participant, [form.tag for form in forms], *params]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for tag, text in cursor.fetchall():
            rows[tag].append(json.loads(text, parse_float=Decimal))
    return rows


def _quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def instance_of(model: type[models.Model], row: Plain) -> Any:
    """Return the row as an instance of its model."""
    fields: Any = model._meta.concrete_fields
    values = [field.to_python(row[field.column]) for field in fields]
    return model.from_db("default", [field.attname for field in fields], values)


def values_of(model: type[models.Model], row: Plain, names: Iterable[str]) -> Plain:
    """Return some columns of the row by the names of their fields."""
    values = {}
    for name in names:
        field: Any = model._meta.get_field(name)
        value = row[field.column]
        values[name] = None if value is None else field.to_python(value)
    return values
