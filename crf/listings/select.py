"""The question to the database that a listing asks: names come from the models, values go as parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from crf.engine.questions import QuestionKind
from crf.engine.submission import AnswerUnreadableError, read_answer
from crf.listings.definition import (
    KEYS,
    TESTS,
    WITHOUT_VALUE,
    JoinOn,
    ListingColumn,
    ListingDefinition,
    ListingSource,
    NoSuchColumn,
    RowFilter,
)
from crf.models import Record, RowReview
from followup.models import Visit
from kernel.errors import Refusal
from kernel.fields import TYPE_A_NUMBER
from kernel.reading import UnreadableError, number_of_participant, row_number, whole
from kernel.row_keys import UnknownKey, key_of, number_of
from trials.models import Participant, Site

COMPARED: Final = frozenset(
    {
        QuestionKind.INTEGER,
        QuestionKind.DECIMAL,
        QuestionKind.DATE,
        QuestionKind.PARTIAL_DATE,
        QuestionKind.DATETIME,
    }
)


class FilterUnreadable(Refusal):
    code = "crf.filter_unreadable"
    message = _("The filter on {column} cannot be tried: {why}")
    status = 422


@dataclass(frozen=True)
class Reader:
    """Who reads a listing: their sites (None for every one), and the listing whose reviews of theirs are asked."""

    user_id: int
    sites: Collection[int] | None
    listing_id: int
    zone: str


@dataclass(frozen=True)
class Select:
    """What stands after the list of columns, its parameters, and the order of the rows."""

    text: str
    parameters: tuple[Any, ...]
    order: str

    def count_up_to(self, most: int) -> int:
        """Return how many rows there are; ``most`` + 1 where there are more."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM (SELECT 1 {self.text} LIMIT {most + 1}) counted",  # noqa: S608
                self.parameters,
            )
            return int(cursor.fetchone()[0])

    def rows(self, columns: str, *, first: int, most: int) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} {self.text} ORDER BY {self.order} LIMIT {most} OFFSET {first}",
                self.parameters,
            )
            return list(cursor.fetchall())


def select_of(definition: ListingDefinition, reader: Reader, *, show: str = "all") -> Select:
    """Return the question that the listing asks; ``show`` "new" leaves what the reader has reviewed as it stands."""
    base = definition.read[0]
    parameters: list[Any] = []
    joined = [_base(base), *(_joined(definition, source) for source in definition.read[1:])]
    joined.append(
        f"LEFT JOIN {_table(RowReview)} w ON w.listing_id = %s AND w.user_id = %s AND w.row_key = {row_key(definition)}"
    )
    parameters += [reader.listing_id, reader.user_id]
    where = ["r0.form_code = %s", "r0.state <> 'empty'"]
    parameters.append(base.form.code)
    if reader.sites is not None:
        where.append("r0.site_id = ANY(%s)")
        parameters.append(list(reader.sites))
    for each in definition.filters:
        text, values = _condition(definition, each, reader)
        where.append(text)
        parameters += values
    if show == "new":
        where.append(f"w.version IS DISTINCT FROM {row_version(definition)}")
    return Select(
        f"FROM {' '.join(joined)} WHERE {' AND '.join(where)}", tuple(parameters), _order(definition)
    )


def row_key(definition: ListingDefinition) -> str:
    """Return the SQL of what names a row: its records, and the numbers of its rows within them."""
    parts = []
    for source in definition.read:
        parts.append(f"coalesce(r{source.place}.id::text, '0')")
        if source.group:
            parts.append(f"coalesce(g{source.place}.position::text, '0')")
    return f"concat_ws('-', {', '.join(parts)})"


def told_key(definition: ListingDefinition, key: str) -> str:
    """Return what a row is called on a page: its records by their keys, as numbers count those of every site."""
    return _renamed(definition, key, lambda number: key_of("record", int(number)))


def kept_key(definition: ListingDefinition, told: str) -> str:
    """Return what a row that a page called ``told`` is named by; raises UnknownKey for what no page called a row."""
    return _renamed(definition, told, lambda key: str(number_of("record", key)))


def _renamed(definition: ListingDefinition, name: str, renamed: Callable[[str], str]) -> str:
    are_records = [
        is_record for source in definition.read for is_record in (True, False)[: 1 + bool(source.group)]
    ]
    parts = name.split("-")
    if len(parts) != len(are_records):
        raise UnknownKey(name)
    return "-".join(
        renamed(part) if is_record else part for part, is_record in zip(parts, are_records, strict=True)
    )


def row_version(definition: ListingDefinition) -> str:
    """Return the SQL of the versions of what a row shows."""
    return f"concat_ws('.', {', '.join(sql for sql, _is_act in _versions(definition))})"


def _versions(definition: ListingDefinition) -> list[tuple[str, bool]]:
    """Return the SQL of each: the version of a record, or (True) the act that wrote a row of a table as it stands.

    Another row of the same table changes nothing of this one.
    """
    parts = []
    for source in definition.read:
        if definition.reads_around(source):
            parts.append((f"coalesce(r{source.place}.version, 0)", False))
        if source.group:
            parts.append((f"coalesce(g{source.place}.act_id, 0)", True))
    return parts


def told_version(definition: ListingDefinition, version: str) -> str:
    """Return what a page says of the versions of a row: acts by keys, as their numbers count those of every site."""
    acts = [is_act for _sql, is_act in _versions(definition)]
    parts = zip(version.split("."), acts, strict=True)
    return ".".join(key_of("act", int(part)) if is_act else part for part, is_act in parts)


def kept_version(definition: ListingDefinition, told: str) -> str:
    """Return the versions that a page called ``told``; raises UnknownKey for what no page said."""
    acts, parts = [is_act for _sql, is_act in _versions(definition)], told.split(".")
    if len(parts) != len(acts):
        raise UnknownKey(told)
    return ".".join(_kept_part(part, is_act=is_act) for part, is_act in zip(parts, acts, strict=True))


def _kept_part(part: str, *, is_act: bool) -> str:
    number = number_of("act", part) if is_act else row_number(part)
    if number is None:
        raise UnknownKey(part)
    return str(number)


def expression(column: ListingColumn) -> str:
    """Return the SQL of an answer."""
    field = column.model._meta.get_field(column.question.name)
    return f"{column.alias}.{connection.ops.quote_name(field.column)}"


def _table(model: Any) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _answers(source: ListingSource) -> str:
    n = source.place
    text = f"{_table(Record)} r{n} JOIN {_table(source.form.model)} a{n} ON a{n}.id = r{n}.id"
    if source.group:
        text += f" JOIN {_table(source.group.model)} g{n} ON g{n}.record_id = r{n}.id AND NOT g{n}.removed"
    return text


def _base(source: ListingSource) -> str:
    return (
        f"{_answers(source)} JOIN {_table(Participant)} p ON p.id = r0.participant_id "
        f"JOIN {_table(Site)} s ON s.id = r0.site_id LEFT JOIN {_table(Visit)} v ON v.id = r0.visit_id"
    )


def _joined(definition: ListingDefinition, source: ListingSource) -> str:
    n, on = source.place, definition.join_of(source)
    names, named_by = definition.links_to(source)
    links = [f"r{n}.sequence = {expression(column)}" for column in names]
    links += [f"{expression(column)} = r0.sequence" for column in named_by]
    also = {
        JoinOn.VISIT: f" AND r{n}.visit_id = r0.visit_id",
        JoinOn.SEQUENCE: f" AND r{n}.sequence = r0.sequence",
        JoinOn.NAMED: f" AND ({' OR '.join(links)})",
    }
    return (
        f"LEFT JOIN ({_answers(source)}) ON r{n}.participant_id = r0.participant_id "
        f"AND r{n}.form_code = '{source.form.code}' AND r{n}.state <> 'empty'{also.get(JoinOn(on), '')}"
    )


def _order(definition: ListingDefinition) -> str:
    parts = []
    for name in definition.order:
        plain = name.removeprefix("-")
        text = KEYS[plain][1] if plain in KEYS else expression(definition.column(plain))
        parts.append(f"{text} {'DESC' if name.startswith('-') else 'ASC'} NULLS LAST")
    parts += ["p.number", "r0.visit_id", "r0.sequence", "r0.id"]
    for source in definition.read:
        parts += [f"r{source.place}.id"] if source.place else []
        parts += [f"g{source.place}.position"] if source.group else []
    return ", ".join(parts)


def _condition(definition: ListingDefinition, asked: RowFilter, reader: Reader) -> tuple[str, list[Any]]:
    if asked.test not in TESTS:
        raise NoSuchColumn(column=asked.test)
    if asked.column in KEYS:
        return _key_condition(asked)
    column = definition.column(asked.column)
    text, question = expression(column), column.question
    if asked.test in WITHOUT_VALUE:
        return f"{text} IS {'NOT ' if asked.test == 'answered' else ''}NULL", []
    if asked.test == "contains":
        return f"strpos(lower({text}::text), lower(%s)) > 0", [asked.value]
    if asked.test in ("least", "most") and question.kind not in COMPARED:
        raise FilterUnreadable(column=question.text, why=_("its answers have no order"))
    value = _value(column, asked.value, reader)
    if question.kind == QuestionKind.MULTIPLE:
        inside = f"%s = ANY(coalesce({text}, '{{}}'))"
        return (inside if asked.test == "is" else f"NOT ({inside})"), [value]
    signs = {"is": "=", "not": "IS DISTINCT FROM", "least": ">=", "most": "<="}
    return f"{text} {signs[asked.test]} %s", [value]


def _value(column: ListingColumn, typed: str, reader: Reader) -> Any:
    try:
        value = read_answer(column.question, [typed], zone=reader.zone)
    except AnswerUnreadableError as error:
        raise FilterUnreadable(column=column.label, why=str(error)) from error
    if value is None or value == []:
        raise FilterUnreadable(column=column.label, why=_("there is nothing to compare with"))
    return value[0] if isinstance(value, list | tuple) else value


def _sequence(typed: str) -> int:
    try:
        return whole(typed)
    except UnreadableError as error:
        raise FilterUnreadable(column=KEYS["sequence"][0], why=TYPE_A_NUMBER) from error


def _key_condition(asked: RowFilter) -> tuple[str, list[Any]]:
    text, value = KEYS[asked.column][1], asked.value
    if asked.test in WITHOUT_VALUE:
        return f"{text} IS {'NOT ' if asked.test == 'answered' else ''}NULL", []
    signs = {"is": "=", "not": "IS DISTINCT FROM", "least": ">=", "most": "<="}
    if asked.column == "sequence" and asked.test != "contains":
        return f"{text} {signs[asked.test]} %s", [_sequence(value)]
    if asked.column == "participant":
        value = number_of_participant(value) or value
    if asked.test == "contains":
        return f"strpos(lower({text}::text), lower(%s)) > 0", [value]
    return f"{text}::text {signs[asked.test]} %s", [value]
