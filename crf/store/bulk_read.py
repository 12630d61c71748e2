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
Wanted = tuple[str, str, str, Any]


@dataclass(frozen=True)
class TableQuery:
    """Rows of one table: those whose ``column`` is ``value``, with the visit they belong to when ``at_visit``."""

    tag: str
    model: type[models.Model]
    column: str
    value: Any
    at_visit: bool = False
    also: str = ""

    def sql(self) -> str:
        """Return the select of this part; names come from the models, values go as parameters."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        if self.at_visit:
            visit = "v.code, coalesce(v.took_place_on, v.target)::text"
            joined = f"{table} t LEFT JOIN followup_visit v ON v.id = t.visit_id"
        else:
            visit, joined = "NULL::text, NULL::text", f"{table} t"
        also = f" AND {self.also}" if self.also else ""
        return f"SELECT %s, to_jsonb(t)::text, {visit} FROM {joined} WHERE t.{self.column} = %s{also}"  # noqa: S608


def bulk_read(parts: Iterable[TableQuery]) -> dict[str, list[Plain]]:
    """Return the rows of every part by its tag, columns by name, as the model would read them."""
    wanted = {part.tag: part for part in parts}
    found: dict[str, list[Plain]] = {tag: [] for tag in wanted}
    if not wanted:
        return found
    sql = " UNION ALL ".join(part.sql() for part in wanted.values())
    params = [value for part in wanted.values() for value in (part.tag, part.value)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for tag, text, visit_code, visit_on in cursor.fetchall():
            row = json.loads(text, parse_float=Decimal)
            if wanted[tag].at_visit:
                row["visit_code"], row["visit_on"] = visit_code, visit_on
            found[tag].append(row)
    return found


def instance_of(model: type[models.Model], row: Plain) -> Any:
    """Return the row as an instance of its model."""
    fields: Any = model._meta.concrete_fields
    values = [field.to_python(row[field.column]) for field in fields]
    return model.from_db("default", [field.attname for field in fields], values)


def values_of(model: type[models.Model], row: Plain, names: Iterable[str]) -> Plain:
    """Return some columns of the row by the names of their fields."""
    found = {}
    for name in names:
        field: Any = model._meta.get_field(name)
        value = row[field.column]
        found[name] = None if value is None else field.to_python(value)
    return found
