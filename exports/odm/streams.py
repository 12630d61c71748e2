"""Rows of the trial as of a cut, read table by table in the order of participants, with flat memory.

Each query has a cursor in the database; all of them stand at the same participant, so that everything about one
person is at hand while no more than one person is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from crf import catalogue
from crf.engine.base import Record
from crf.models import AnswerComment, Query, QueryMessage, RecordSignature
from exports.cuts import Cut
from exports.odm.study import item_groups
from followup.models import Visit
from trials.models import Participant, Site

Row = dict[str, Any]
ACT = "a.id AS act, a.by_id AS by, a.at AS at, a.reason AS reason, a.site_id AS act_site"


@dataclass(frozen=True)
class ExportScope:
    """Whose data are read: the sites that follow them now, and some participants where not all."""

    cut: Cut
    sites: tuple[str, ...]
    participants: tuple[str, ...] = ()

    @property
    def parameters(self) -> Row:
        return {"sites": list(self.sites), "numbers": list(self.participants)}

    def people(self, participant: str) -> str:
        """Return the SQL that joins participant (p) and site (s) to rows, and leaves out everybody else."""
        chosen = "AND p.number = ANY(%(numbers)s)" if self.participants else ""
        return (
            f"JOIN {self.cut.rows(Participant)} p ON p.id = {participant} {chosen} "
            f"JOIN {self.cut.rows(Site)} s ON s.id = p.site_id AND s.code = ANY(%(sites)s)"
        )


class RowStream:
    """The rows of one query, handed out participant by participant."""

    def __init__(self, sql: str, scope: ExportScope) -> None:
        self._rows = _rows(sql, scope)
        self._next: Row | None = next(self._rows, None)

    def of(self, number: str) -> list[Row]:
        """Return the rows of the participant, who comes after everybody that was asked for before."""
        own = []
        while self._next is not None and self._next["number"] == number:
            own.append(self._next)
            self._next = next(self._rows, None)
        return own


def _rows(sql: str, scope: ExportScope) -> Iterator[Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, scope.parameters)
        names: list[str] | None = None
        for row in cursor:
            if names is None:
                names = [column.name for column in cursor.description or ()]
                if len(set(names)) < len(names):
                    raise ValueError(f"two columns of one name: {names}")
            told = dict(zip(names, row, strict=True))
            if isinstance(told.get("missing"), str):
                told["missing"] = json.loads(told["missing"])
            yield told


def people(scope: ExportScope) -> Iterator[Row]:
    """Yield the participants in the order of their numbers."""
    chosen = "AND p.number = ANY(%(numbers)s)" if scope.participants else ""
    yield from _rows(
        "SELECT p.number, p.id, p.state, p.arm, s.code AS site, s.time_zone AS zone "  # noqa: S608 (declared names)
        f"FROM {scope.cut.rows(Participant)} p "
        f"JOIN {scope.cut.rows(Site)} s ON s.id = p.site_id WHERE s.code = ANY(%(sites)s) {chosen} "
        "ORDER BY p.number",
        scope,
    )


def visits(scope: ExportScope) -> RowStream:
    rows = scope.cut.rows(Visit)
    return RowStream(
        "SELECT p.number, v.id, v.code, v.occurrence, v.state, v.opens "  # noqa: S608 (declared names)
        f"FROM {rows} v {scope.people('v.participant_id')} "
        "ORDER BY p.number, coalesce(v.took_place_on, v.target, v.opens) NULLS LAST, v.code, v.occurrence, v.id",
        scope,
    )


def records(scope: ExportScope, codes: Sequence[str]) -> RowStream:
    """Return the records of these forms."""
    rows, forms = scope.cut.rows(Record), _listed(codes)
    return RowStream(
        "SELECT p.number, r.id, r.form_code AS form, r.visit_id AS visit, r.sequence, r.state, "  # noqa: S608
        f"r.protocol_version AS protocol FROM {rows} r {scope.people('r.participant_id')} "
        f"WHERE r.form_code IN ({forms}) ORDER BY p.number, r.sequence, r.id",
        scope,
    )


def states(scope: ExportScope, codes: Sequence[str]) -> RowStream:
    """Return every version of these records, by which it is seen how far they had come when."""
    return RowStream(
        f"SELECT p.number, e.pgh_obj_id AS record, e.state, {ACT} FROM crf_recordevent e "  # noqa: S608
        f"JOIN audit_act a ON a.id = e.act_id {scope.people('e.participant_id')} "
        f"WHERE {scope.cut.saw('a.id')} AND e.form_code IN ({_listed(codes)}) "
        "ORDER BY p.number, e.pgh_obj_id, e.pgh_id",
        scope,
    )


def answers(scope: ExportScope, code: str) -> RowStream:
    """Return the answers of a form, one row a record."""
    form = catalogue.form(code)
    records_of = f"JOIN {scope.cut.rows(Record)} r ON r.id = f.id"
    return RowStream(
        f"SELECT p.number, f.id AS record, {_columns(form.model, _asked(code, ''), 'f')} "  # noqa: S608
        f"FROM {scope.cut.rows(form.model)} f {records_of} {scope.people('r.participant_id')} "
        "ORDER BY p.number, f.id",
        scope,
    )


def rows_of(scope: ExportScope, code: str, group: str) -> RowStream:
    """Return the rows of a table of a form that stand."""
    model = catalogue.form(code).groups[group].model
    records_of = f"JOIN {scope.cut.rows(Record)} r ON r.id = g.record_id"
    return RowStream(
        f"SELECT p.number, g.record_id AS record, g.position, {_columns(model, _asked(code, group), 'g')} "  # noqa: S608
        f"FROM {scope.cut.rows(model)} g {records_of} {scope.people('r.participant_id')} "
        "WHERE NOT g.removed ORDER BY p.number, g.record_id, g.position, g.id",
        scope,
    )


def versions_of_answers(scope: ExportScope, code: str) -> RowStream:
    """Return every version of the answers of a form, each with the act that wrote it."""
    model = catalogue.form(code).model
    return RowStream(
        f"SELECT p.number, e.pgh_obj_id AS record, {_columns(model, _asked(code, ''), 'e')}, {ACT} "  # noqa: S608
        f"FROM {model._meta.db_table}event e JOIN audit_act a ON a.id = e.act_id "
        f"JOIN {scope.cut.rows(Record)} r ON r.id = e.pgh_obj_id {scope.people('r.participant_id')} "
        f"WHERE {scope.cut.saw('a.id')} ORDER BY p.number, e.pgh_obj_id, e.pgh_id",
        scope,
    )


def versions_of_rows(scope: ExportScope, code: str, group: str) -> RowStream:
    """Return every version of the rows of a table, each with the act that wrote it."""
    model = catalogue.form(code).groups[group].model
    return RowStream(
        f"SELECT p.number, e.record_id AS record, e.pgh_obj_id AS row, e.position, e.removed, "  # noqa: S608
        f"{_columns(model, _asked(code, group), 'e')}, {ACT} "
        f"FROM {model._meta.db_table}event e JOIN audit_act a ON a.id = e.act_id "
        f"JOIN {scope.cut.rows(Record)} r ON r.id = e.record_id {scope.people('r.participant_id')} "
        f"WHERE {scope.cut.saw('a.id')} ORDER BY p.number, e.record_id, e.pgh_id",
        scope,
    )


def reasons(scope: ExportScope) -> RowStream:
    """Return the reasons that single answers were given, by act."""
    return RowStream(
        "SELECT p.number, c.act_id AS act, c.target, c.text FROM crf_changereasonevent c "  # noqa: S608
        f"JOIN audit_act a ON a.id = c.act_id {scope.people('c.participant_id')} "
        f"WHERE {scope.cut.saw('a.id')} AND c.pgh_label = 'insert' ORDER BY p.number, c.pgh_id",
        scope,
    )


def signatures(scope: ExportScope, codes: Sequence[str]) -> RowStream:
    """Return the signatures under these records, those that fell included."""
    return RowStream(
        "SELECT p.number, x.record_id AS record, g.id, g.by_id AS by, g.signed_at AS at, g.meaning, x.fell_at, "  # noqa: S608
        f"g.site_id AS act_site FROM {scope.cut.rows(RecordSignature)} x "
        "JOIN accounts_signature g ON g.id = x.signature_id "
        f"JOIN {scope.cut.rows(Record)} r ON r.id = x.record_id AND r.form_code IN ({_listed(codes)}) "
        f"{scope.people('x.participant_id')} ORDER BY p.number, x.record_id, x.id",
        scope,
    )


def queries(scope: ExportScope, codes: Sequence[str]) -> RowStream:
    """Return the queries about these forms and about no form."""
    return RowStream(
        "SELECT p.number, q.id, q.record_id AS record, q.visit_id AS visit, q.form_code AS form, q.target, q.state, "  # noqa: S608
        f"q.key, q.check_code, q.opened_at, q.closed_at FROM {scope.cut.rows(Query)} q "
        f"{scope.people('q.participant_id')} WHERE q.form_code IN ('', {_listed(codes)}) "
        "ORDER BY p.number, q.opened_at, q.id",
        scope,
    )


def messages(scope: ExportScope) -> RowStream:
    """Return what was said in the threads of queries."""
    return RowStream(
        "SELECT p.number, m.query_id AS query, m.kind, m.by_id AS by, m.at, m.text, m.site_id AS act_site "  # noqa: S608
        f"FROM {scope.cut.rows(QueryMessage)} m {scope.people('m.participant_id')} ORDER BY p.number, m.at, m.id",
        scope,
    )


def comments(scope: ExportScope) -> RowStream:
    """Return what sites said beside their answers."""
    return RowStream(
        f"SELECT p.number, c.record_id AS record, c.target, c.text, {ACT} FROM {scope.cut.rows(AnswerComment)} c "  # noqa: S608
        f"JOIN audit_act a ON a.id = c.act_id {scope.people('c.participant_id')} ORDER BY p.number, c.id",
        scope,
    )


def counted_records(scope: ExportScope, codes: Sequence[str]) -> int:
    """Return how many records of these forms there are, counted without what an export reads with them."""
    rows = scope.cut.rows(Record)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {rows} r {scope.people('r.participant_id')} "  # noqa: S608 (declared names)
            f"WHERE r.form_code IN ({_listed(codes)})",
            scope.parameters,
        )
        return int(cursor.fetchone()[0])


def _asked(code: str, group: str) -> dict[str, Any]:
    """Return the questions of a form, or of one of its tables, whose answers leave."""
    asked: dict[str, Any] = {}
    for each in item_groups(code):
        if (each.name if each.repeats else "") == group:
            asked |= each.questions
    return asked


def _columns(model: type[models.Model], asked: dict[str, Any], alias: str) -> str:
    """Return the SQL of the answers under the names of their questions, and of the reasons for missing ones."""
    fields: dict[str, Any] = {field.name: field for field in model._meta.local_concrete_fields}
    columns = [f'{alias}."{fields[name].column}" AS "{name}"' for name in asked]
    return ", ".join([*columns, f"{alias}.missing"])


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)
