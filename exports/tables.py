"""What each exported file holds: keys first, the same columns whether or not there are rows.

Columns come from the declarations of the forms, never from the data (requirements C3, C4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.authors import MOVING
from crf.engine.codebook import Variable, codebook, tidy_file
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.former_codes import FORMER, FORMER_AT_RESTAGING, RENAMED, RESTAGED
from crf.engine.messages import missing_text
from crf.engine.questions import Classification, Question
from crf.models import Record, RecordState
from crf.queries.sparing import telling_the_arm
from exports.cuts import Cut
from exports.masking import Tells, tells_of
from followup.models import Visit
from trials.models import Participant, Site

STUDY = "PALACE-3"
KEYS = ("STUDYID", "SITEID", "SUBJID", "VISIT", "VISITSEQ", "FORMSEQ")

Codes = Mapping[str, Any]  # each code with its text


@dataclass(frozen=True)
class Column:
    """One column of a file: its header, the SQL that fills it, and what the codebook says of it.

    ``variable`` is the answer that the column holds, where it holds one. ``spared`` is the SQL that stands for it
    without the arm and on every page, where some of its values would tell it.
    """

    header: str
    sql: str
    type: str = "text"
    label: str | Promise = ""
    codes: Codes = field(default_factory=dict)
    variable: Variable | None = None
    tells: Tells = Tells.NOTHING
    spared: str = ""


@dataclass(frozen=True)
class RowKeys:
    """By which columns of its own row a file is narrowed: of the participant, the record, the visit and the act.

    ``alias`` is the row in the query of the file; where rows are counted it is ``t``. Empty is what a row does not
    name; what is of the record above it is reached through the record.
    """

    alias: str = ""
    participant: str = "participant_id"
    record: str = ""
    visit: str = ""
    act: str = "act_id"


@dataclass(frozen=True)
class File:
    """One CSV file: its name, its columns and where its rows come from.

    ``order`` is that of its rows; ``asked_order`` is what of it is asked for, where the source gives the rest itself.

    ``source`` ends with conditions, to which others may be added; ``joined`` stands behind them. ``counted`` are the
    same rows without what is joined to them: a row that a join loses is missed. ``says_arm`` is the SQL that is true
    of a row that says the arm, with a place for the name of the row; such rows stand in whole tables with the arm.
    ``one_by_one`` is the query that gives the numbers of the rows in the file's order, each before the next is sought.
    """

    name: str
    columns: tuple[Column, ...]
    source: str
    order: str
    counted: str
    form: str = ""
    group: str = ""
    keys: RowKeys = field(default_factory=RowKeys)
    joined: str = ""
    says_arm: str = ""
    asked_order: str = ""
    one_by_one: str = ""

    @property
    def rows(self) -> str:
        """Return the SQL of where the rows of the file come from."""
        return f"{self.source}{self.joined}"

    @property
    def select(self) -> str:
        """Return the query whose result is the file."""
        columns = ", ".join(f'{column.sql} AS "{column.header}"' for column in self.columns)
        return f"SELECT {columns} FROM {self.rows} ORDER BY {self.asked_order or self.order}"

    def page(self, rows: int, *, after: int) -> str:
        """Return the query of so many rows of the file ``after`` so many: no more are read where they come in order."""
        limit = f"LIMIT {rows} OFFSET {after}"
        if not self.one_by_one:
            return f"{self.select} {limit}"
        number = f"{self.keys.alias}.{self.keys.record}"
        own = f"{self.source} AND {number} = ANY(ARRAY({self.one_by_one} {limit}))"
        return replace(self, source=own).select

    @property
    def count(self) -> str:
        """Return the query that says how many rows the file must have."""
        return f"SELECT count(*) FROM {self.counted}"


@dataclass(frozen=True)
class Part:
    """A row behind a row of a file: its name in the file's query, its model, and the SQL of its number."""

    alias: str
    model: type[models.Model]
    number: str = ""

    @property
    def sql(self) -> str:
        return self.number or f"{self.alias}.id"


@dataclass(frozen=True)
class Origin:
    """What makes a row of a file the same row in two cuts, and the rows behind it, the first one its own."""

    identity: str
    parts: tuple[Part, ...]


def by_the_sites_clock(column: str, clock: str = "HH24:MI", zone_column: str = "s.time_zone") -> str:
    """Return the SQL for an instant as the site's clock shows it, with its offset: 2025-12-22T07:30+08:00.

    In UTC every event before 08:00 in China would stand on the day before.
    """
    local = f"({column} AT TIME ZONE {zone_column})"
    apart = f"({local} - {column} AT TIME ZONE 'UTC')"
    sign = f"CASE WHEN {apart} < interval '0' THEN '-' ELSE '+' END"
    offset = f"to_char(greatest({apart}, -{apart}), 'HH24:MI')"
    day_and_clock = f'YYYY-MM-DD"T"{clock}'
    steady = " ".join(
        f"WHEN {zone_column} = '{zone}' AND {column} >= '{since}' "
        f"THEN to_char({column} AT TIME ZONE interval '{apart_by}', '{day_and_clock}\"{apart_by}\"')"
        for zone, (apart_by, since) in settings.STEADY_OFFSETS.items()
    )  # looking a zone up for each instant takes longer than the rest of a record
    return f"CASE {steady} ELSE to_char({local}, '{day_and_clock}') || {sign} || {offset} END"


SITES_OR_TRIALS_ZONE = f"coalesce(s.time_zone, '{settings.TRIAL_TIME_ZONE}')"
AT_SITES = "WHERE s.code = ANY(%(sites)s)"
YES = {"Y": _("Yes"), "N": _("No")}


def by_the_trials_clock(column: str) -> str:
    """Return the SQL for an instant of a row that is of a site or of the whole trial."""
    return by_the_sites_clock(column, zone_column=SITES_OR_TRIALS_ZONE)


def yes_no(column: str) -> str:
    return f"CASE {column} WHEN true THEN 'Y' WHEN false THEN 'N' END"


def joined_digest(version: str) -> str:
    """Return the SQL that joins (as ``vt``) the text of a version, for files of many rows."""
    return f"LEFT JOIN trials_versiontext vt ON vt.version = {version}"


def digest_column(version: str, *, is_joined: bool = False) -> Column:
    """Return the column of the digest of a version's text, as it was when a site first followed it."""
    kept = f"(SELECT k.digest FROM trials_versiontext k WHERE k.version = {version})"
    if is_joined:
        kept = f"CASE WHEN {version} IS NOT NULL THEN vt.digest END"
    return Column("PROTOCOL_DIGEST", kept, label=_("Digest (SHA-256) of the text of that version"))


PARTICIPANT_KEYS = (
    Column("STUDYID", f"'{STUDY}'", label=_("Study")),
    Column(
        "SITEID", "s.code", label=_("Site that follows the participant: two digits, leading zero included")
    ),
    Column("SUBJID", "p.number", label=_("Participant")),
)
_KEYS = (
    *PARTICIPANT_KEYS,
    Column("VISIT", "coalesce(v.code, '')", "code", _("Visit")),
    Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
    Column("FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
)
_ROW = Column("ROW", "g.position", "integer", _("Row"))
_BY_SECONDS = "HH24:MI:SS"
_STATE = (
    Column("FORM_STATE", "r.state", "code", _("State of the record"), dict(RecordState.choices)),
    Column("FORM_VERSION", "r.form_version", "integer", _("Version of the form")),
    Column("PROTOCOL_VERSION", "r.protocol_version", label=_("Version of the protocol")),
    digest_column("r.protocol_version", is_joined=True),
    Column("RECORD_VERSION", "r.version", "integer", _("Version of the record")),
    Column("CHANGED_AT", by_the_sites_clock("a.at", _BY_SECONDS), "date-time", _("When the person acted")),
    Column(
        "STORED_AT",
        by_the_sites_clock("a.stored_at", _BY_SECONDS),
        "date-time",
        _("When the database stored it"),
    ),
)


_MOVES = f"ARRAY(SELECT m.id FROM audit_act m WHERE m.verb = '{MOVING}')"


def _places(record: str, cut: Cut) -> str:
    """Return the SQL that joins to records (as ``r``) their participant, site and visit."""
    return f"{record} JOIN {cut.rows(Participant)} p ON p.id = r.participant_id {_site_and_visit(cut)}"


def _site_and_visit(cut: Cut) -> str:
    return (
        f"JOIN {cut.rows(Site)} s ON s.id = r.site_id "
        f"LEFT JOIN LATERAL {cut.row_of(Visit, 'r.visit_id')} v ON true"
    )


def number_of_act(alias: str, events: str, cut: Cut) -> str:
    """Return the SQL of the act that wrote a row; who moved it to another site wrote nothing."""
    wrote = (
        f"(SELECT e.act_id FROM {events} e WHERE e.pgh_obj_id = {alias}.id "
        f"AND e.act_id < {alias}.act_id AND {cut.saw('e.act_id')} AND e.act_id <> ALL({_MOVES}) "
        "ORDER BY e.pgh_id DESC LIMIT 1)"
    )
    return f"CASE WHEN {alias}.act_id = ANY({_MOVES}) THEN {wrote} ELSE {alias}.act_id END"


def act_behind(alias: str, events: str, cut: Cut) -> str:
    """Return the SQL that joins (as ``a``) the act that wrote a row.

    Each is looked up by its number: a join would go through every act of the trial again for each file.
    """
    number = number_of_act(alias, events, cut)
    return f"JOIN LATERAL (SELECT w.* FROM audit_act w WHERE w.id = {number} OFFSET 0) a ON true"


def exported(form: FormDeclaration, *, identifying: bool = False) -> list[Variable]:
    """Return the variables that leave: not what could say who somebody is, unless it is asked for (requirements 58)."""
    return [v for v in codebook(form) if identifying or v.classification != Classification.IDENTIFYING]


_ORDER = "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id"
_IN_ORDER = (
    "k.number, k.opens NULLS FIRST, k.visit, k.occurrence, k.sequence, k.id"  # of records that were read so
)


def files_of(form: FormDeclaration, *, cut: Cut, identifying: bool = False) -> Iterator[File]:
    """Yield the file of the form's records as of the cut, then one for each of its repeating groups."""
    variables = exported(form, identifying=identifying)
    records, answers = cut.rows(Record, f"e.form_code = '{form.code}'"), cut.rows(form.model)
    record = f"{records} r"
    yield File(
        form.code,
        (*_KEYS, *_answers_of_record(form, [v for v in variables if not v.group], cut), *_STATE),
        "(SELECT r.id, r.sequence, r.state, r.form_version, r.protocol_version, r.version, p.number, s.code AS site, "
        "s.time_zone, v.id AS visit_id, v.code AS visit, v.opens, v.occurrence, a.at, a.stored_at, vt.digest "
        f"FROM {_places(record, cut)} {act_behind('r', 'crf_recordevent', cut)} "
        f"{joined_digest('r.protocol_version')} WHERE r.form_code = '{form.code}' AND s.code = ANY(%(sites)s)",
        _IN_ORDER,
        counted(cut, answers, "true"),
        form.code,
        keys=RowKeys("r", "", "id", act=""),
        joined=f" ORDER BY {_ORDER}) k, LATERAL {cut.row_of(form.model, 'k.id')} f, "
        "LATERAL (SELECT k.number) p, LATERAL (SELECT k.site AS code, k.time_zone) s, "
        "LATERAL (SELECT k.visit_id AS id, k.visit AS code, k.opens, k.occurrence) v, "
        "LATERAL (SELECT k.id, k.sequence, k.state, k.form_version, k.protocol_version, k.version) r, "
        "LATERAL (SELECT k.at, k.stored_at) a, LATERAL (SELECT k.digest) vt",
        one_by_one=_one_by_one(form, cut),
    )
    for group in form.groups.values():
        yield _file_of_rows(form, group, [v for v in variables if v.group == group.name], cut)


def _one_by_one(form: FormDeclaration, cut: Cut) -> str:
    """Return the query of the numbers of a form's records in the order of its file, participant by participant.

    Joined as a whole, every record of the form would be sorted for one page of them.
    """
    own = f"e.participant_id = p.id AND e.form_code = '{form.code}'"
    return (
        f"SELECT k.id FROM (SELECT * FROM {cut.rows(Participant)} ORDER BY number OFFSET 0) p, "
        f"LATERAL (SELECT r.id FROM {cut.rows_where(Record, own)} r {_site_and_visit(cut)} "
        f"WHERE s.code = ANY(%(sites)s) ORDER BY {_ORDER} OFFSET 0) k"
    )


def _file_of_rows(form: FormDeclaration, group: Group, variables: list[Variable], cut: Cut) -> File:
    """Return the file of a repeating group: its rows are read record by record, in the order of the records (``k``).

    Rows are many and records few: so nothing is looked up for each row, and no file of all rows is sorted.
    """
    records, rows = cut.rows(Record, f"e.form_code = '{form.code}'"), cut.rows(group.model)
    record = f"(SELECT x.*, x.id AS record_id FROM {records} x WHERE x.form_code = '{form.code}') r"
    of_record = "e.record_id = k.id" + ("" if cut.is_past else " AND NOT e.removed")
    in_order = (
        f"(SELECT e.* FROM {cut.rows_where(group.model, of_record)} e ORDER BY e.position, e.id OFFSET 0)"
    )
    return File(
        tidy_file(form.code, group.name),
        (*_KEYS, _ROW, *_answers(variables, "g", group.questions, cut)),
        "(SELECT r.id, r.sequence, p.number, s.code AS site, s.time_zone, v.id AS visit_id, v.code AS visit, "
        "v.opens, v.occurrence "
        f"FROM {_places(record, cut)} WHERE s.code = ANY(%(sites)s)",
        f"{_IN_ORDER}, g.position, g.id",
        counted(cut, rows, "NOT t.removed"),
        form.code,
        group.name,
        RowKeys("r", "", "record_id", act=""),
        f" ORDER BY {_ORDER}) k, LATERAL {in_order} g, "
        "LATERAL (SELECT k.number) p, LATERAL (SELECT k.site AS code, k.time_zone) s, "
        "LATERAL (SELECT k.visit_id AS id, k.visit AS code, k.opens, k.occurrence) v, "
        "LATERAL (SELECT k.id, k.sequence) r WHERE NOT g.removed",
        asked_order=_IN_ORDER,
    )


def counted(cut: Cut, rows: str, which: str) -> str:
    return f"{rows} t JOIN {cut.rows(Site)} s ON s.id = t.site_id WHERE {which} AND s.code = ANY(%(sites)s)"


def _answers_of_record(form: FormDeclaration, variables: list[Variable], cut: Cut) -> Iterator[Column]:
    """Yield the columns of the answers of a record; those that say the arm tell it, whoever gave them."""
    told = telling_the_arm(form)
    for column in _answers(variables, "f", form.questions, cut):
        says = column.variable is not None and column.variable.name in told
        yield replace(column, tells=Tells.ARM) if says else column


def _answers(
    variables: list[Variable], alias: str, questions: Mapping[str, Question], cut: Cut
) -> Iterator[Column]:
    for variable in variables:
        text, tells = _as_text(variable, alias), tells_of(questions[variable.name])
        sql = _renamed_since(variable, text, alias) if cut.is_past else text
        codes = dict(variable.codes)
        yield Column(variable.variable, sql, variable.type, variable.label, codes, variable, tells)
        yield from _choices(variable, alias, sql if sql != text else "", tells)
        if variable.missing:
            reason = f"{alias}.missing ->> '{variable.name}'"
            yield Column(
                f"{variable.variable}_MISS",
                _renamed(reason) if cut.is_past else reason,
                "code",
                _("Why there is no answer"),
                {code: missing_text(code) for code in variable.missing},
                tells=tells,
            )


def _choices(variable: Variable, alias: str, renamed: str, tells: Tells) -> Iterator[Column]:
    """Yield one column for each choice of a question with many: 1 where it was chosen, 0 where others were.

    ``renamed`` is the SQL of the joined codes where they have other names than the row has.
    """
    chosen_codes = f"string_to_array({renamed}, ';')" if renamed else f'{alias}."{variable.column}"'
    for code, label in variable.codes if variable.type == "codes" else ():
        chosen = f"CASE WHEN cardinality({chosen_codes}) > 0 THEN ('{code}' = ANY({chosen_codes}))::int END"
        name = re.sub(r"[^A-Z0-9]", "_", code.upper())
        words = f"{variable.label}: {label}"
        yield Column(f"{variable.variable}__{name}", chosen, "integer", words, tells=tells)


def _renamed_since(variable: Variable, text: str, alias: str) -> str:
    """Return the SQL of an answer of an old version, whose codes of then have their names of today."""
    codes = {code for code, _label in variable.codes}
    if codes & FORMER_AT_RESTAGING.keys():
        column, restaging = RESTAGED
        today = _renamed(text, {former: code for code, former in FORMER_AT_RESTAGING.items()})
        return f"CASE WHEN {alias}.{column} = '{restaging}' THEN {today} ELSE {text} END"
    return _renamed(text) if codes & FORMER.keys() else text


def _renamed(code: str, names: Mapping[str, str] = RENAMED) -> str:
    """Return the SQL that gives a code its name of today, where an old version holds the former one."""
    cases = " ".join(f"WHEN '{former}' THEN '{today}'" for former, today in names.items())
    return f"CASE {code} {cases} ELSE {code} END"


def _as_text(variable: Variable, alias: str) -> str:
    column = f'{alias}."{variable.column}"'
    if variable.type == "codes":
        return f"array_to_string({column}, ';')"
    if variable.type == "date-time":
        return by_the_sites_clock(column)
    if variable.type == "boolean":
        return yes_no(column)
    return column


def of_participant(cut: Cut, alias: str) -> str:
    return (
        f"JOIN {cut.rows(Participant)} p ON p.id = {alias}.participant_id "
        f"JOIN {cut.rows(Site)} s ON s.id = {alias}.site_id"
    )


def file_of_participants(
    cut: Cut,
    name: str,
    model: type[models.Model],
    alias: str,
    columns: tuple[Column, ...],
    order: str,
    *,
    join: str = "",
    **keys: str,
) -> File:
    """Return the table of a model whose rows are each about one participant, after whom its columns begin.

    ``join`` stands between the participant with the site and the choice of sites; ``keys`` are those of ``RowKeys``.
    """
    rows = cut.rows(model)
    return File(
        name,
        (*PARTICIPANT_KEYS, *columns),
        f"{rows} {alias} {of_participant(cut, alias)} {f'{join} ' if join else ''}{AT_SITES}",
        order,
        counted(cut, rows, "true"),
        keys=RowKeys(alias, **keys),
    )
