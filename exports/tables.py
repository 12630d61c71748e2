"""What each exported file holds: keys first, the same columns whether or not there are rows.

Columns come from the declarations of the forms, never from the data (requirements C3, C4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crf.engine.codebook import Variable, codebook
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Classification
from crf.models import Record
from exports.cuts import Cut
from followup.models import Visit
from trials.models import Milestone, Participant, Site

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


def _joins(cut: Cut) -> str:
    return (
        f"JOIN {cut.rows(Participant)} p ON p.id = r.participant_id JOIN {cut.rows(Site)} s ON s.id = r.site_id "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id JOIN audit_act a ON a.id = r.act_id"
    )


def exported(form: FormDeclaration) -> list[Variable]:
    """Return the variables that leave by default: not what could say who somebody is (PIPL; requirements 58)."""
    return [v for v in codebook(form) if v.classification != Classification.IDENTIFYING]


def files_of(form: FormDeclaration, *, cut: Cut) -> Iterator[File]:
    """Yield the file of the form's records as of the cut, then one for each of its repeating groups."""
    variables = exported(form)
    records, answers = cut.rows(Record, f"e.form_code = '{form.code}'"), cut.rows(form.model)
    record = f"{records} r ON r.form_code = '{form.code}' AND r.id"
    yield File(
        form.code,
        (*_KEYS, *_answers([v for v in variables if not v.group], "f"), *_STATE),
        f"{answers} f JOIN {record} = f.id {_joins(cut)} WHERE s.code = ANY(%(sites)s)",
        "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id",
        _counted(cut, answers, "true"),
    )
    for group in form.groups.values():
        rows = cut.rows(group.model)
        columns = _answers([v for v in variables if v.group == group.name], "g")
        yield File(
            f"{form.code}_{group.name.upper()}",
            (*_KEYS, Column("ROW", "g.position"), *columns),
            f"{rows} g JOIN {record} = g.record_id {_joins(cut)} WHERE NOT g.removed AND s.code = ANY(%(sites)s)",
            "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id, g.position, g.id",
            _counted(cut, rows, "NOT t.removed"),
        )


def _counted(cut: Cut, rows: str, which: str) -> str:
    return f"{rows} t JOIN {cut.rows(Site)} s ON s.id = t.site_id WHERE {which} AND s.code = ANY(%(sites)s)"


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
        return _by_the_sites_clock(column)
    if variable.type == "boolean":
        return f"CASE {column} WHEN true THEN 'Y' WHEN false THEN 'N' END"
    return column


def _by_the_sites_clock(column: str) -> str:
    """Return the SQL for an instant as the site's clock shows it, with its offset: 2025-12-22T07:30+08:00.

    In UTC every event before 08:00 in China would stand on the day before.
    """
    local = f"({column} AT TIME ZONE s.time_zone)"
    apart = f"({local} - {column} AT TIME ZONE 'UTC')"
    sign = f"CASE WHEN {apart} < interval '0' THEN '-' ELSE '+' END"
    offset = f"to_char(greatest({apart}, -{apart}), 'HH24:MI')"
    return f"to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI') || {sign} || {offset}"


def common_files(cut: Cut) -> Iterator[File]:
    """Yield the files that every export holds: participants, milestones and visits as of the cut."""
    yield _participants(cut)
    yield _milestones(cut)
    yield _visits(cut)


_PARTICIPANT_KEYS = (
    Column("STUDYID", f"'{STUDY}'"),
    Column("SITEID", "s.code"),
    Column("SUBJID", "p.number"),
)


def _of_participant(cut: Cut, alias: str) -> str:
    return (
        f"JOIN {cut.rows(Participant)} p ON p.id = {alias}.participant_id "
        f"JOIN {cut.rows(Site)} s ON s.id = {alias}.site_id"
    )


def _participants(cut: Cut) -> File:
    rows = cut.rows(Participant)
    return File(
        "PARTICIPANTS",
        (
            *_PARTICIPANT_KEYS,
            Column("STATE", "p.state"),
            Column("STATE_SINCE", "p.state_since"),
            Column("ARM", "p.arm"),
            Column("REGISTERED_ON", "p.registered_on"),
            Column("PROTOCOL_VERSION", "p.protocol_version"),
        ),
        f"{rows} p JOIN {cut.rows(Site)} s ON s.id = p.site_id WHERE s.code = ANY(%(sites)s)",
        "p.number",
        _counted(cut, rows, "true"),
    )


def _milestones(cut: Cut) -> File:
    rows = cut.rows(Milestone)
    return File(
        "MILESTONES",
        (
            *_PARTICIPANT_KEYS,
            Column("MILESTONE", "m.code"),
            Column("DATE", 'm."on"'),
            Column("RESULT", "m.result"),
            Column("SOURCE", "m.source"),
            Column("SOURCE_FORM", "r.form_code"),
            Column("SOURCE_VISIT", "v.code"),
            Column("SOURCE_VISITSEQ", "v.occurrence"),
            Column("SOURCE_FORMSEQ", "r.sequence"),
        ),
        f"{rows} m {_of_participant(cut, 'm')} LEFT JOIN {cut.rows(Record)} r ON r.id = m.source_record "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id "
        'WHERE m."on" IS NOT NULL AND s.code = ANY(%(sites)s)',
        'p.number, m."on", m.code',
        _counted(cut, rows, 't."on" IS NOT NULL'),
    )


def _visits(cut: Cut) -> File:
    rows = cut.rows(Visit)
    return File(
        "VISITS",
        (
            *_PARTICIPANT_KEYS,
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
        f"{rows} v {_of_participant(cut, 'v')} WHERE v.state <> 'cancelled' AND s.code = ANY(%(sites)s)",
        "p.number, v.opens NULLS FIRST, v.code, v.occurrence, v.id",
        _counted(cut, rows, "t.state <> 'cancelled'"),
    )
