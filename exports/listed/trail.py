"""The audit trail as tables: every act, and every answer that an act changed, before and after."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models import Act
from crf import catalogue
from crf.engine.codebook import Variable, tidy_file
from crf.engine.declaration import FormDeclaration
from crf.models import ChangeReason, Record
from crf.queries.sparing import telling_the_arm
from exports.cuts import Cut
from exports.listed.oversight import AT_SITES_OR_TRIAL, OF_RECORD, role_column
from exports.masking import Tells
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    Column,
    File,
    RowKeys,
    by_the_trials_clock,
    exported,
    of_participant,
)
from followup.models import Visit
from trials.models import Participant, Site

ACT = "audit_act"
STORED = (
    Column("ACTED_AT", by_the_trials_clock("a.at"), "date-time", _("When the person acted")),
    Column("STORED_AT", by_the_trials_clock("a.stored_at"), "date-time", _("When the database stored it")),
    Column("ACTED_BY", "u.username", label=_("user name; empty: the system")),
    role_column("a.role"),
)


def acts_file(cut: Cut) -> File:
    """Every act at the chosen sites, and of the whole trial: who did what, when and why."""
    rows = f"(SELECT a.*, a.id AS act_id FROM {Act._meta.db_table} a WHERE {cut.saw('a.id')})"  # noqa: S608
    return File(
        "ACTS",
        (
            *PARTICIPANT_KEYS,
            Column("ACT", "a.id", "integer", _("Number of the act")),
            Column("VERB", "a.verb", label=_("act")),
            *STORED,
            Column("REASON", "a.reason", label=_("reason"), tells=Tells.WORDS),
            Column("WITHIN", "a.parent_id", "integer", _("Act of which it is a part")),
        ),
        f"{rows} a LEFT JOIN {cut.rows(Site)} s ON s.id = a.site_id "
        f"LEFT JOIN {cut.rows(Participant)} p ON p.id = a.participant_id "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id {AT_SITES_OR_TRIAL}",
        "a.id",
        f"{rows} t LEFT JOIN {cut.rows(Site)} s ON s.id = t.site_id {AT_SITES_OR_TRIAL}",
        keys=RowKeys("a"),
    )


def audit_trail_file(cut: Cut) -> File:
    """Every answer of every form that an act gave, changed or took back; what identifies is left out."""
    parts = (part for form in catalogue.forms().values() for part in _changes(form, cut))
    rows = f"({' UNION ALL '.join(parts)})"
    why = (
        f"LEFT JOIN LATERAL (SELECT string_agg(y.text, '; ' ORDER BY y.id) AS text FROM {cut.rows(ChangeReason)} y "  # noqa: S608
        "WHERE y.act_id = x.act_id AND y.target = x.target) own ON true"
    )
    return File(
        "AUDIT_TRAIL",
        (
            *PARTICIPANT_KEYS,
            *OF_RECORD,
            Column("FILE", "x.file", "code", _("Table of the export in which the answer stands")),
            Column("ROW", "x.position", "integer", _("Row")),
            Column("VARIABLE", "x.variable", label=_("Column in which the answer stands")),
            Column(
                "BEFORE",
                "x.before",
                label=_("Before; a reason why it is missing in brackets"),
                tells=Tells.WORDS,
            ),
            Column(
                "AFTER",
                "x.after",
                label=_("After; a reason why it is missing in brackets"),
                tells=Tells.WORDS,
            ),
            Column("ACT", "a.id", "integer", _("Number of the act")),
            Column("VERB", "a.verb", label=_("act")),
            *STORED,
            Column("REASON", "coalesce(own.text, a.reason)", label=_("reason"), tells=Tells.WORDS),
        ),
        f"{rows} x JOIN {cut.rows(Record)} r ON r.id = x.record {of_participant(cut, 'r')} "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id JOIN {ACT} a ON a.id = x.act_id "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id {why} {AT_SITES}",
        "p.number, a.id, x.file, r.id, x.version, x.variable",
        f"{rows} t JOIN {cut.rows(Record)} r ON r.id = t.record JOIN {cut.rows(Site)} s ON s.id = r.site_id {AT_SITES}",
        keys=RowKeys("x", "", "record"),
        says_arm=_says_arm(),
    )


def _says_arm() -> str:
    """Return the SQL that is true of a row whose answer says the arm, with a place for the name of the row."""
    told = (
        f"('{form.code}', '{each.variable}')"
        for form in catalogue.forms().values()
        for each in exported(form)
        if not each.group and each.name in telling_the_arm(form)
    )
    return f"({{row}}.file, {{row}}.variable) IN ({', '.join(told)})"


def _changes(form: FormDeclaration, cut: Cut) -> Iterator[str]:
    """Yield the SQL of what changed in the answers of a form, then in each of its repeating groups."""
    variables = exported(form)
    own = [variable for variable in variables if not variable.group]
    yield _changed(
        form.code, f"{form.model._meta.db_table}event", "e.pgh_obj_id", "NULL::int", "''", own, cut
    )
    for group in form.groups.values():
        asked = [variable for variable in variables if variable.group == group.name]
        table, file = f"{group.model._meta.db_table}event", tidy_file(form.code, group.name)
        target = f"'{group.name}.' || e.position || '.'"
        yield _changed(file, table, "e.record_id", "e.position", target, asked, cut)


def _changed(
    file: str, events: str, record: str, position: str, target: str, asked: list[Variable], cut: Cut
) -> str:
    answers = ", ".join(
        f"('{each.variable}', '{each.name}', {_said('e.was', each)}, {_said('e.is', each)})" for each in asked
    )
    return (
        f"(SELECT '{file}' AS file, e.pgh_id AS version, {record} AS record, {position} AS position, e.act_id, "  # noqa: S608
        f"k.variable, {target} || k.name AS target, k.before, k.after "
        'FROM (SELECT e.*, to_jsonb(e) AS "is", '
        'lag(to_jsonb(e)) OVER (PARTITION BY e.pgh_obj_id ORDER BY e.pgh_id) AS "was" '
        f"FROM {events} e WHERE {cut.saw('e.act_id')}) e, LATERAL (VALUES {answers}) k (variable, name, before, after) "
        "WHERE k.before IS DISTINCT FROM k.after)"
    )


def _said(version: str, variable: Variable) -> str:
    """Return the SQL of an answer in a version: the answer, else in brackets why there is none."""
    moment = version.replace("e.", 'e."') + '"'
    return f"coalesce({moment} ->> '{variable.column}', '(' || ({moment} -> 'missing' ->> '{variable.name}') || ')')"
