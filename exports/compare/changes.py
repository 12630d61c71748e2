"""Two cuts compared file by file: every row that one has and the other has not, or has otherwise."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from audit.models import Act
from crf.engine.declaration import FormDeclaration
from crf.queries.sparing import spared_if_naming
from exports.compare.origins import origin_of
from exports.compare.versions import Doings, doings_of
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import Column, File, Origin
from exports.writing import files_for
from reports.acts import in_words

OF_STORING: Final = (
    "RECORD_VERSION",
    "CHANGED_AT",
    "STORED_AT",
)  # they say that there was an act, which is named
CHOICE: Final = "__"  # one choice of many, which the joined column says too
KEYS: Final = ("STUDYID", "SITEID", "SUBJID", "VISIT", "VISITSEQ", "FORMSEQ", "ROW")
ROWS_AT_ONCE: Final = 200


class CutChange(TextChoices):
    """What happened to a row or a field between two cuts."""

    ROW_ADDED = "row_added", _("Row added")
    ROW_REMOVED = "row_removed", _("Row removed")
    ROW_CHANGED = "row_changed", _("Row changed")
    FIELD_ADDED = "field_added", _("Added")
    FIELD_CHANGED = "field_changed", _("Changed")
    FIELD_REMOVED = "field_removed", _("Removed")


@dataclass(frozen=True)
class ChangedField:
    """One field of a row in two cuts, with the act that changed it last and why."""

    column: Column
    before: str
    after: str
    act: Act | None
    reason: str

    @property
    def before_in_words(self) -> str:
        return self._in_words(self.before)

    @property
    def after_in_words(self) -> str:
        return self._in_words(self.after)

    def _in_words(self, value: str) -> str:
        label = self.column.codes.get(value)
        return value if label is None or str(label) == value else f"{label} ({value})"

    @property
    def change(self) -> CutChange:
        if not self.before:
            return CutChange.FIELD_ADDED
        return CutChange.FIELD_CHANGED if self.after else CutChange.FIELD_REMOVED

    @property
    def words(self) -> str:
        return in_words(self.act.verb) if self.act else ""


@dataclass(frozen=True)
class ChangedRow:
    """One row of a file that differs between two cuts: its keys, its fields, and the act that made or ended it."""

    file: str
    keys: dict[str, str]
    change: CutChange
    act: Act | None
    reason: str
    fields: list[ChangedField] = field(default_factory=list)

    @property
    def words(self) -> str:
        return in_words(self.act.verb) if self.act else ""


@dataclass(frozen=True)
class ComparedScope:
    """What is compared: forms and sites, with the arm for who may see it."""

    forms: list[FormDeclaration]
    sites: list[str]
    with_common: bool
    with_arm: bool


@dataclass(frozen=True)
class _Pair:
    """One row as the two cuts have it; None where one has it not."""

    numbers: list[int | None]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def changes_between(before: Cut, after: Cut, scope: ComparedScope) -> Generator[ChangedRow, None, None]:
    """Yield every row that differs, file by file; inside a transaction, and as the system reads."""
    earlier, later = _files(before, scope), _files(after, scope)
    for old, new in zip(earlier, later, strict=True):
        origin = origin_of(new)
        columns = [
            column
            for column in new.columns
            if CHOICE not in column.header and (scope.with_arm or column.tells != Tells.ARM)
        ]
        every = _pairs(old, new, origin, scope.sites)
        while pairs := list(islice(every, ROWS_AT_ONCE)):
            doings = doings_of(origin, [pair.numbers for pair in pairs], before, after)
            for pair in pairs:
                row = _changed(new, columns, origin, pair, doings, with_arm=scope.with_arm)
                if row.fields or row.change != CutChange.ROW_CHANGED:
                    yield row


def _files(cut: Cut, scope: ComparedScope) -> list[File]:
    every = files_for(scope.forms, cut)
    return [file for file in every if file.form or scope.with_common]


def _pairs(old: File, new: File, origin: Origin, sites: list[str]) -> Iterator[_Pair]:
    """Yield the rows of a file that are not alike in both cuts, read as they come."""
    aside = ",".join(("_row", "_numbers", *OF_STORING))
    like = "to_jsonb({0}) - '{{{1}}}'::text[]"
    of_people = any(column.header == "SUBJID" for column in new.columns)
    first = 'coalesce(a."SUBJID", b."SUBJID"),' if of_people else ""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(b._numbers, a._numbers), to_jsonb(a)::text, to_jsonb(b)::text "  # noqa: S608 (declared)
            f"FROM ({_select(old, origin)}) a FULL JOIN ({_select(new, origin)}) b ON a._row = b._row "
            f"WHERE {like.format('a', aside)} IS DISTINCT FROM {like.format('b', aside)} "
            f"ORDER BY {first} coalesce(a._numbers, b._numbers), 2, 3",
            {"sites": sites},
        )
        for numbers, before, after in cursor:
            yield _Pair(numbers, before and json.loads(before), after and json.loads(after))


def _select(file: File, origin: Origin) -> str:
    """Return the query of the file with what makes each row known again."""
    numbers = ", ".join(part.sql for part in origin.parts)
    columns = ", ".join(f'{column.sql} AS "{column.header}"' for column in file.columns)
    return (
        f"SELECT ({origin.identity})::text AS _row, ARRAY[{numbers}]::bigint[] AS _numbers, {columns} "  # noqa: S608
        f"FROM {file.rows}"
    )


def _changed(
    file: File, columns: list[Column], origin: Origin, pair: _Pair, doings: Doings, *, with_arm: bool
) -> ChangedRow:
    standing = pair.after or pair.before or {}
    keys = {name: _text(standing[name]) for name in KEYS if standing.get(name) is not None}
    if pair.before is None:
        change, act = CutChange.ROW_ADDED, doings.first_act(origin, pair.numbers)
    elif pair.after is None:
        change, act = CutChange.ROW_REMOVED, doings.last_act(origin, pair.numbers)
    else:
        change, act = CutChange.ROW_CHANGED, None
    fields = []
    for column in columns:
        old, new = (_text((side or {}).get(column.header)) for side in (pair.before, pair.after))
        is_key = column.header in keys and change != CutChange.ROW_CHANGED
        if old == new or is_key or column.header in OF_STORING:
            continue
        if not with_arm:
            old, new = spared_if_naming(old), spared_if_naming(new)
        whose = doings.act_of_change(origin, pair.numbers, column) if change == CutChange.ROW_CHANGED else act
        fields.append(ChangedField(column, old, new, whose, doings.reason_of(whose, column) if whose else ""))
    return ChangedRow(file.name, keys, change, act, doings.reason_of(act, None) if act else "", fields)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
