"""How many records have a value of each derived answer, of those that the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from crf.engine.codebook import codebook, tidy_file
from crf.engine.declaration import FormDeclaration


@dataclass(frozen=True)
class Filled:
    """So many records, or rows of a table, have a value, of so many."""

    number: int
    of: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.number / self.of) if self.of else None


def filled_of(forms: Iterable[FormDeclaration]) -> Mapping[tuple[str, str], Filled]:
    """Map file and column of each derived answer to how often it stands: one query, within the reader's scope."""
    asked: dict[str, list[str]] = {}
    parts = []
    for form in forms:
        derived = [variable for variable in codebook(form) if variable.derived]
        tables = {"": (form.code, form.model._meta.db_table, "true")} | {
            group.name: (tidy_file(form.code, group.name), group.model._meta.db_table, "NOT t.removed")
            for group in form.groups.values()
        }
        for name, (file, table, which) in tables.items():
            own = [variable for variable in derived if variable.group == name]
            if own:
                asked[file] = [variable.variable for variable in own]
                counts = ", ".join(f'count(t."{variable.column}")' for variable in own)
                parts.append(f"SELECT '{file}', count(*), ARRAY[{counts}] FROM {table} t WHERE {which}")  # noqa: S608
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {
            (file, header): Filled(number, rows)
            for file, rows, numbers in cursor.fetchall()
            for header, number in zip(asked[file], numbers, strict=True)
        }
