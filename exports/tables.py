"""What each exported file holds: keys first, the same columns whether or not there are rows.

Columns come from the declarations of the forms, never from the data (requirements C3, C4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crf.engine.codebook import Variable, codebook
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Classification
from crf.models import Record

STUDY = "PALACE-3"
KEYS = ("STUDYID", "SITEID", "SUBJID", "VISIT", "VISITSEQ", "FORMSEQ")


@dataclass(frozen=True)
class Column:
    """One column of a file: its header and the SQL that fills it."""

    header: str
    sql: str


@dataclass(frozen=True)
class File:
    """One CSV file: its name, its columns and where its rows come from.

    ``counted`` are the same rows without what is joined to them: a row that a join loses is missed.
    """

    name: str
    columns: tuple[Column, ...]
    source: str
    order: str
    counted: str

    @property
    def select(self) -> str:
        """Return the query whose result is the file."""
        columns = ", ".join(f'{column.sql} AS "{column.header}"' for column in self.columns)
        return f"SELECT {columns} FROM {self.source} ORDER BY {self.order}"

    @property
    def count(self) -> str:
        """Return the query that says how many rows the file must have."""
        return f"SELECT count(*) FROM {self.counted}"


_KEYS = (
    Column("STUDYID", f"'{STUDY}'"),
    Column("SITEID", "s.code"),
    Column("SUBJID", "p.number"),
    Column("VISIT", "coalesce(v.code, '')"),
    Column("VISITSEQ", "v.occurrence"),
    Column("FORMSEQ", "r.sequence"),
)
_STATE = (
    Column("FORM_STATE", "r.state"),
    Column("FORM_VERSION", "r.form_version"),
    Column("PROTOCOL_VERSION", "r.protocol_version"),
    Column("RECORD_VERSION", "r.version"),
    Column("CHANGED_AT", "to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
    Column("STORED_AT", "to_char(a.stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
)
_JOINS = (
    "JOIN trials_participant p ON p.id = r.participant_id JOIN trials_site s ON s.id = r.site_id "
    "LEFT JOIN followup_visit v ON v.id = r.visit_id JOIN audit_act a ON a.id = r.act_id"
)


def as_of(table: str, events: str, which: str = "true") -> str:
    """Return the rows of ``table`` as they stood at the cut: the last version written by then.

    ``which`` narrows the versions (as ``e``) by what never changes in a row.
    """
    return (
        f"(SELECT DISTINCT ON (e.pgh_obj_id) e.* FROM {events} e JOIN audit_act w ON w.id = e.act_id "
        f"WHERE w.stored_at <= %(cut)s AND {which} ORDER BY e.pgh_obj_id, e.pgh_id DESC) {table}_then"
    )


def exported(form: FormDeclaration) -> list[Variable]:
    """Return the variables that leave by default: not what could say who somebody is (PIPL; requirements 58)."""
    return [v for v in codebook(form) if v.classification != Classification.IDENTIFYING]


def files_of(form: FormDeclaration, *, past: bool) -> Iterator[File]:
    """Yield the file of the form's records, then one for each of its repeating groups.

    With ``past`` the rows are read from the versions kept by the database, else from the tables.
    """
    variables = exported(form)
    records, answers = _table(Record, past, f"e.form_code = '{form.code}'"), _table(form.model, past)
    record = f"{records} r ON r.form_code = '{form.code}' AND r.id"
    yield File(
        form.code,
        (*_KEYS, *_answers([v for v in variables if not v.group], "f"), *_STATE),
        f"{answers} f JOIN {record} = f.id {_JOINS} WHERE s.code = ANY(%(sites)s)",
        "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id",
        _counted(answers, "true"),
    )
    for group in form.groups.values():
        rows = _table(group.model, past)
        columns = _answers([v for v in variables if v.group == group.name], "g")
        yield File(
            f"{form.code}_{group.name.upper()}",
            (*_KEYS, Column("ROW", "g.position"), *columns),
            f"{rows} g JOIN {record} = g.record_id {_JOINS} WHERE NOT g.removed AND s.code = ANY(%(sites)s)",
            "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id, g.position, g.id",
            _counted(rows, "NOT t.removed"),
        )


def _counted(rows: str, which: str) -> str:
    return f"{rows} t JOIN trials_site s ON s.id = t.site_id WHERE {which} AND s.code = ANY(%(sites)s)"


def _table(model: Any, past: bool, which: str = "true") -> str:
    table: str = model._meta.db_table
    return f"(SELECT * FROM {as_of(table, f'{table}event', which)})" if past else table


def _answers(variables: list[Variable], alias: str) -> Iterator[Column]:
    for variable in variables:
        yield Column(variable.variable, _as_text(variable, alias))
        if variable.missing:
            yield Column(f"{variable.variable}_MISS", f"{alias}.missing ->> '{variable.name}'")


def _as_text(variable: Variable, alias: str) -> str:
    column = f'{alias}."{variable.column}"'
    if variable.type == "codes":
        return f"array_to_string({column}, ';')"
    if variable.type == "date-time":
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    if variable.type == "boolean":
        return f"CASE {column} WHEN true THEN 'Y' WHEN false THEN 'N' END"
    return column


PARTICIPANTS = File(
    "PARTICIPANTS",
    (
        Column("STUDYID", f"'{STUDY}'"),
        Column("SITEID", "s.code"),
        Column("SUBJID", "p.number"),
        Column("STATE", "p.state"),
        Column("STATE_SINCE", "p.state_since"),
        Column("ARM", "p.arm"),
        Column("REGISTERED_ON", "p.registered_on"),
        Column("PROTOCOL_VERSION", "p.protocol_version"),
    ),
    "trials_participant p JOIN trials_site s ON s.id = p.site_id WHERE s.code = ANY(%(sites)s)",
    "p.number",
    _counted("trials_participant", "true"),
)
MILESTONES = File(
    "MILESTONES",
    (
        Column("STUDYID", f"'{STUDY}'"),
        Column("SITEID", "s.code"),
        Column("SUBJID", "p.number"),
        Column("MILESTONE", "m.code"),
        Column("DATE", 'm."on"'),
        Column("RESULT", "m.result"),
        Column("SOURCE", "coalesce(nullif(m.source_form, '') || ':' || m.source_record, m.source)"),
    ),
    "trials_milestone m JOIN trials_participant p ON p.id = m.participant_id "
    'JOIN trials_site s ON s.id = m.site_id WHERE m."on" IS NOT NULL AND s.code = ANY(%(sites)s)',
    'p.number, m."on", m.code',
    _counted("trials_milestone", 't."on" IS NOT NULL'),
)
VISITS = File(
    "VISITS",
    (
        Column("STUDYID", f"'{STUDY}'"),
        Column("SITEID", "s.code"),
        Column("SUBJID", "p.number"),
        Column("VISIT", "v.code"),
        Column("VISITSEQ", "v.occurrence"),
        Column("STATE", "v.state"),
        Column("ANCHOR", "v.anchor"),
        Column("TARGET", "v.target"),
        Column("OPENS", "v.opens"),
        Column("CLOSES", "v.closes"),
        Column("TOOK_PLACE_ON", "v.took_place_on"),
        Column("TIMING", "v.timing"),
        Column("NOT_DONE_REASON", "coalesce('met:' || v.met_on, v.not_done_reason)"),
    ),
    "followup_visit v JOIN trials_participant p ON p.id = v.participant_id JOIN trials_site s ON s.id = v.site_id "
    "WHERE v.state <> 'cancelled' AND s.code = ANY(%(sites)s)",
    "p.number, v.opens NULLS FIRST, v.code, v.occurrence",
    _counted("followup_visit", "t.state <> 'cancelled'"),
)
ALWAYS = (PARTICIPANTS, MILESTONES, VISITS)
