"""How a row is spelled for its digest, and under which keys a copy of the trail names rows (ADR 62).

What proves a row is its text, and a row number in it counts the rows of every site. Since ADR 62 keys stand in place of
numbers: digests of the number, the kind of its row and a secret that the seals keep. The database has number and
secret, and works each key out again; whoever holds a copy sees which row another one names, and nothing of how many
there are. Acts keep their numbers: how many there are goes out each night (ADR 43). Seals from before say nothing of
keys, and their rows are spelled as they stand.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import connection, models

from audit.models import Act

ACTS: Final = "audit_act"
KEY_LENGTH: Final = 24

_DIGEST: Final = "encode(sha256(convert_to(spelled.row_text, 'UTF8')), 'hex')"
_TEXT: Final = "spelled.row_text"


@dataclass(frozen=True)
class LeafKeys:
    """The keys that stand for row numbers, under one secret."""

    secret: str

    @classmethod
    def new(cls) -> LeafKeys:
        return cls(secrets.token_hex(32))

    def key(self, kind: str, number: int) -> str:
        """Return the key of a row, as the database works it out; ``kind`` is the table of the row."""
        return hashlib.sha256(f"{self.secret}:{kind}:{number}".encode()).hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True)
class RowSpelling:
    """How the rows of one table are spelled: which columns stand as keys of which kind (JSON), under which secret."""

    secret: str = ""
    kinds: str = "{}"


@dataclass(frozen=True)
class LeafFormat:
    """How the rows of one seal are spelled, by table. A seal keeps its own: later columns and names change none."""

    secret: str = ""
    kinds: Mapping[str, Mapping[str, str]] | None = None

    @classmethod
    def of_models(cls, keys: LeafKeys) -> LeafFormat:
        """Return the format of a seal that is made now."""
        return cls(keys.secret, all_kinds())

    @classmethod
    def of_seal(cls, kept: Mapping[str, Any] | None) -> LeafFormat:
        """Return the format of a seal by what it keeps of it: nothing where it was made before keys."""
        return cls(kept["secret"], kept["kinds"]) if kept else cls()

    def spelling(self, table: str) -> RowSpelling:
        """Return how a row of the table is spelled."""
        kinds = self.kinds.get(table) if self.kinds else None
        return RowSpelling(self.secret, json.dumps(kinds, sort_keys=True)) if kinds else RowSpelling()

    def kept(self, tables: Collection[str]) -> dict[str, Any] | None:
        """Return what a seal over rows of these tables keeps."""
        if self.kinds is None:
            return None
        kinds = {table: dict(columns) for table, columns in self.kinds.items() if table in tables}
        return {"secret": self.secret, "kinds": kinds}


def digest_of_format(kept: Mapping[str, Any] | None) -> str | None:
    """Return the digest that ties the format to the chain of seals, and tells nothing of the secret."""
    if kept is None:
        return None
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digests_of(
    table: str, number: str, where: str, values: Mapping[str, Any], spelling: RowSpelling
) -> dict[str, str]:
    """Return the digest of each row that ``where`` names, by its number; names are the program's own."""
    return dict(_read(_DIGEST, table, number, where, values, spelling))


def texts_of(table: str, number: str, numbers: Collection[int], spelling: RowSpelling) -> dict[str, str]:
    """Return the text that the digest of each of these rows is over, by its number."""
    values = {"numbers": list(numbers)}
    return dict(_read(_TEXT, table, number, f"{number} = ANY(%(numbers)s)", values, spelling))


def _read(
    what: str, table: str, number: str, where: str, values: Mapping[str, Any], spelling: RowSpelling
) -> Iterator[tuple[str, str]]:
    """Yield the number of each row, and its text or the digest of that; empty columns are left out.

    So a column that is added later does not disturb what was sealed before.
    """
    named = "%(secret)s || ':' || k.value || ':' || (whole ->> k.key)"
    key = f"left(encode(sha256(convert_to({named}, 'UTF8')), 'hex'), {KEY_LENGTH})"
    sql = (
        f"SELECT number, {what} FROM ("  # noqa: S608 (the program's own names)
        f"SELECT {number} AS number, jsonb_strip_nulls(to_jsonb(r)) AS whole FROM {table} r WHERE {where}) numbered, "
        f"LATERAL (SELECT (whole || coalesce((SELECT jsonb_object_agg(k.key, {key}) "
        "FROM jsonb_each_text(%(kinds)s::jsonb) k WHERE jsonb_exists(whole, k.key)), '{}'))::text AS row_text) spelled "
        "ORDER BY number"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "secret": spelling.secret, "kinds": spelling.kinds})
        for row, said in cursor.fetchall():
            yield str(row), said


@cache
def all_kinds() -> dict[str, dict[str, str]]:
    """Return the columns of acts and of every table of versions that hold row numbers, with the kind of row."""
    sealed: list[Any] = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
    return {model._meta.db_table: kinds_of(model) for model in (*sealed, Act)}


@cache
def kinds_of(model: Any) -> dict[str, str]:
    """Return the columns of a sealed table that hold row numbers, with the table whose rows they count.

    A model names in ``NUMBERS`` those of its columns that are no foreign keys.
    """
    tracked: Any = getattr(model, "pgh_tracked_model", model)
    kinds: dict[str, str] = {field.column: _kind(field, tracked) for field in model._meta.concrete_fields}
    kinds |= getattr(tracked, "NUMBERS", {})
    return {column: kind for column, kind in kinds.items() if kind not in {"", ACTS}}


def _kind(field: Any, tracked: Any) -> str:
    """Return the table whose rows the column counts; empty for what counts none, random identities included."""
    while field.remote_field is not None:
        field = field.target_field
    if field.name == tracked._meta.pk.name and not field.primary_key:
        return _kind(tracked._meta.pk, tracked)  # a version repeats the number of its row
    is_number = field.primary_key and isinstance(field, models.IntegerField)
    return str(field.model._meta.db_table) if is_number else ""
