"""What each exported file holds: keys first, the same columns whether or not there are rows.

Columns come from the declarations of the forms, never from the data (requirements C3, C4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.authors import MOVING
from crf import catalogue
from crf.eligibility.evidence import STRATIFYING_ANSWER, STRATIFYING_FORM
from crf.engine.base import COMPLETED
from crf.engine.codebook import Variable, codebook
from crf.engine.declaration import FormDeclaration
from crf.engine.former_codes import FORMER, FORMER_AT_RESTAGING, RENAMED, RESTAGED
from crf.engine.messages import missing_text
from crf.engine.questions import Classification
from crf.models import Record, RecordState
from exports.cuts import Cut
from followup.models import Visit, VisitState
from followup.visit_conduct import ContactMode, SourceKeeper
from protocol.staging import CLINICAL_GROUPS
from randomization.models import Allocation, AllocationError, ErrorKind
from trials.models import Consent, ConsentRefusal, ConsentVersion, Milestone, Participant, Site, Transfer
from trials.models.participants import AfterRefusal, Track

STUDY = "PALACE-3"
KEYS = ("STUDYID", "SITEID", "SUBJID", "VISIT", "VISITSEQ", "FORMSEQ")


Codes = Mapping[str, Any]  # each code with its text


@dataclass(frozen=True)
class Column:
    """One column of a file: its header, the SQL that fills it, and what the codebook says of it.

    ``variable`` is the answer that the column holds, where it holds one.
    """

    header: str
    sql: str
    type: str = "text"
    label: str | Promise = ""
    codes: Codes = field(default_factory=dict)
    variable: Variable | None = None


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
    form: str = ""
    group: str = ""

    @property
    def select(self) -> str:
        """Return the query whose result is the file."""
        columns = ", ".join(f'{column.sql} AS "{column.header}"' for column in self.columns)
        return f"SELECT {columns} FROM {self.source} ORDER BY {self.order}"

    @property
    def count(self) -> str:
        """Return the query that says how many rows the file must have."""
        return f"SELECT count(*) FROM {self.counted}"


def by_the_sites_clock(column: str, clock: str = "HH24:MI") -> str:
    """Return the SQL for an instant as the site's clock shows it, with its offset: 2025-12-22T07:30+08:00.

    In UTC every event before 08:00 in China would stand on the day before.
    """
    local = f"({column} AT TIME ZONE s.time_zone)"
    apart = f"({local} - {column} AT TIME ZONE 'UTC')"
    sign = f"CASE WHEN {apart} < interval '0' THEN '-' ELSE '+' END"
    offset = f"to_char(greatest({apart}, -{apart}), 'HH24:MI')"
    return f"to_char({local}, 'YYYY-MM-DD\"T\"{clock}') || {sign} || {offset}"


def digest_column(version: str) -> Column:
    """Return the column of the digest of a version's text, as it was when a site first followed it."""
    kept = f"(SELECT k.digest FROM trials_versiontext k WHERE k.version = {version})"
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
_STAGES = {group: group for group in CLINICAL_GROUPS}
_STRATA = (
    Column("STRAT_SITE", "al.strat_site", label=_("Site as randomized")),
    Column("STRAT_STAGE", "al.strat_stage", "code", _("Clinical stage group as randomized"), _STAGES),
    Column(
        "STRAT_STAGE_TRUE",
        "sg.cstage",
        "code",
        _("Clinical stage group as STAGE has it now"),
        _STAGES,
    ),
    Column(
        "STRAT_STAGE_MARKED",
        "em.strat_stage_true",
        "code",
        _("True stage group in the register"),
        _STAGES,
    ),
)  # nothing where nobody is allocated yet (protocol 3.2, X072)
_ROW = Column("ROW", "g.position", "integer", _("Row"))
_BY_SECONDS = "HH24:MI:SS"
_STATE = (
    Column("FORM_STATE", "r.state", "code", _("State of the record"), dict(RecordState.choices)),
    Column("FORM_VERSION", "r.form_version", "integer", _("Version of the form")),
    Column("PROTOCOL_VERSION", "r.protocol_version", label=_("Version of the protocol")),
    digest_column("r.protocol_version"),
    Column("RECORD_VERSION", "r.version", "integer", _("Version of the record")),
    Column("CHANGED_AT", by_the_sites_clock("a.at", _BY_SECONDS), "date-time", _("When the person acted")),
    Column(
        "STORED_AT",
        by_the_sites_clock("a.stored_at", _BY_SECONDS),
        "date-time",
        _("When the database stored it"),
    ),
)


def _joins(cut: Cut) -> str:
    return (
        f"JOIN {cut.rows(Participant)} p ON p.id = r.participant_id JOIN {cut.rows(Site)} s ON s.id = r.site_id "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id {act_behind('r', 'crf_recordevent', cut)}"
    )


def act_behind(alias: str, events: str, cut: Cut) -> str:
    """Return the SQL that joins (as ``a``) the act that wrote a row; who moved it to another site wrote nothing."""
    wrote = (
        f"(SELECT e.act_id FROM {events} e JOIN audit_act doer ON doer.id = e.act_id WHERE e.pgh_obj_id = {alias}.id "
        f"AND e.act_id < {alias}.act_id AND {cut.saw('e.act_id')} AND doer.verb <> '{MOVING}' "
        "ORDER BY e.pgh_id DESC LIMIT 1)"
    )
    return (
        f"JOIN audit_act named ON named.id = {alias}.act_id "
        f"JOIN audit_act a ON a.id = CASE named.verb WHEN '{MOVING}' THEN {wrote} ELSE named.id END"
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
        (*_KEYS, *_answers([v for v in variables if not v.group], "f", cut), *_STATE),
        f"{answers} f JOIN {record} = f.id {_joins(cut)} WHERE s.code = ANY(%(sites)s)",
        "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id",
        counted(cut, answers, "true"),
        form.code,
    )
    for group in form.groups.values():
        rows = cut.rows(group.model)
        columns = _answers([v for v in variables if v.group == group.name], "g", cut)
        yield File(
            f"{form.code}_{group.name.upper()}",
            (*_KEYS, _ROW, *columns),
            f"{rows} g JOIN {record} = g.record_id {_joins(cut)} WHERE NOT g.removed AND s.code = ANY(%(sites)s)",
            "p.number, v.opens NULLS FIRST, v.code, v.occurrence, r.sequence, r.id, g.position, g.id",
            counted(cut, rows, "NOT t.removed"),
            form.code,
            group.name,
        )


def counted(cut: Cut, rows: str, which: str) -> str:
    return f"{rows} t JOIN {cut.rows(Site)} s ON s.id = t.site_id WHERE {which} AND s.code = ANY(%(sites)s)"


def _answers(variables: list[Variable], alias: str, cut: Cut) -> Iterator[Column]:
    for variable in variables:
        text = _as_text(variable, alias)
        sql = _renamed_since(variable, text, alias) if cut.is_past else text
        yield Column(variable.variable, sql, variable.type, variable.label, dict(variable.codes), variable)
        yield from _choices(variable, sql)
        if variable.missing:
            reason = f"{alias}.missing ->> '{variable.name}'"
            yield Column(
                f"{variable.variable}_MISS",
                _renamed(reason) if cut.is_past else reason,
                "code",
                _("Why there is no answer"),
                {code: missing_text(code) for code in variable.missing},
            )


def _choices(variable: Variable, joined: str) -> Iterator[Column]:
    """Yield one column for each choice of a question with many: 1 where it was chosen, 0 where others were."""
    for code, label in variable.codes if variable.type == "codes" else ():
        chosen = (
            f"CASE WHEN '{code}' = ANY(string_to_array({joined}, ';')) THEN 1 WHEN {joined} <> '' THEN 0 END"
        )
        name = re.sub(r"[^A-Z0-9]", "_", code.upper())
        yield Column(f"{variable.variable}__{name}", chosen, "integer", f"{variable.label}: {label}")


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
        return f"CASE {column} WHEN true THEN 'Y' WHEN false THEN 'N' END"
    return column


def common_files(cut: Cut) -> Iterator[File]:
    """Yield the files that every export holds: participants, milestones, visits, versions, consents, transfers."""
    yield _participants(cut)
    yield _milestones(cut)
    yield _visits(cut)
    yield _versions(cut)
    yield _consents(cut)
    yield _transfers(cut)


def of_participant(cut: Cut, alias: str) -> str:
    return (
        f"JOIN {cut.rows(Participant)} p ON p.id = {alias}.participant_id "
        f"JOIN {cut.rows(Site)} s ON s.id = {alias}.site_id"
    )


def _joined_strata(cut: Cut) -> str:
    """Return the SQL that joins what a participant was allocated by, and what form and register say since."""
    staging = catalogue.form(STRATIFYING_FORM).model
    records, answers = cut.rows(Record, f"e.form_code = '{STRATIFYING_FORM}'"), cut.rows(staging)
    group = staging._meta.get_field(STRATIFYING_ANSWER).column
    completed = ", ".join(f"'{state.value}'" for state in COMPLETED)
    return (
        f"LEFT JOIN {cut.rows(Allocation)} al ON al.participant_id = p.id "
        f"LEFT JOIN (SELECT DISTINCT ON (r.participant_id) r.participant_id, f.{group} AS cstage "
        f"FROM {records} r JOIN {answers} f ON f.id = r.id "
        f"WHERE r.form_code = '{STRATIFYING_FORM}' AND r.state IN ({completed}) "
        "ORDER BY r.participant_id, r.sequence DESC, r.id DESC) sg ON sg.participant_id = al.participant_id "
        f"LEFT JOIN (SELECT DISTINCT ON (e.allocation_id) e.* FROM {cut.rows(AllocationError)} e "
        f"WHERE e.kind = '{ErrorKind.WRONG_STRATUM.value}' AND e.withdrawn_at IS NULL "
        "ORDER BY e.allocation_id, e.recorded_at DESC, e.id DESC) em ON em.allocation_id = al.id"
    )


def _participants(cut: Cut) -> File:
    rows = cut.rows(Participant)
    return File(
        "PARTICIPANTS",
        (
            *PARTICIPANT_KEYS,
            Column("STATE", "p.state", "code", _("Where the participant stands"), dict(Track.choices)),
            Column("STATE_SINCE", "p.state_since", "date", _("in this state since")),
            Column("ARM", "p.arm", "code", _("Arm, once allocated"), {"1": "1", "2": "2"}),
            *_STRATA,
            Column("REGISTERED_ON", "p.registered_on", "date", _("registered on")),
            Column("PROTOCOL_VERSION", "p.protocol_version", label=_("Version of the protocol")),
            digest_column("p.protocol_version"),
        ),
        f"{rows} p JOIN {cut.rows(Site)} s ON s.id = p.site_id {_joined_strata(cut)} WHERE s.code = ANY(%(sites)s)",
        "p.number",
        counted(cut, rows, "true"),
    )


def _milestones(cut: Cut) -> File:
    rows = cut.rows(Milestone)
    return File(
        "MILESTONES",
        (
            *PARTICIPANT_KEYS,
            Column("MILESTONE", "m.code", "code", _("milestone")),
            Column("DATE", 'm."on"', "date", _("on")),
            Column("DATE_FIRST", "m.earliest", "date", _("first possible day")),
            Column("DATE_LAST", "m.latest", "date", _("last possible day")),
            Column("RESULT", "m.result", "code", _("result")),
            Column("SOURCE", "m.source", "code", _("source")),
            Column("SOURCE_FORM", "r.form_code", "code", _("Form it was read from")),
            Column("SOURCE_VISIT", "v.code", "code", _("Visit of that form")),
            Column("SOURCE_VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("SOURCE_FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
        ),
        f"{rows} m {of_participant(cut, 'm')} LEFT JOIN {cut.rows(Record)} r ON r.id = m.source_record "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id "
        'WHERE coalesce(m."on", m.earliest) IS NOT NULL AND s.code = ANY(%(sites)s)',
        'p.number, coalesce(m."on", m.earliest), m.code',
        counted(cut, rows, 'coalesce(t."on", t.earliest) IS NOT NULL'),
    )


# The version that the participant followed when the visit was last planned or recorded.
def _version_of_visit(cut: Cut) -> str:
    return (
        "(SELECT e.protocol_version FROM trials_participantevent e WHERE e.pgh_obj_id = v.participant_id "
        f"AND e.act_id <= a.id AND {cut.saw('e.act_id')} ORDER BY e.pgh_id DESC LIMIT 1)"
    )


def _visits(cut: Cut) -> File:
    rows, version = cut.rows(Visit), _version_of_visit(cut)
    return File(
        "VISITS",
        (
            *PARTICIPANT_KEYS,
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("STATE", "v.state", "code", _("State of the visit"), dict(VisitState.choices)),
            Column("ANCHOR", "v.anchor", "code", _("Milestone that the visit counts from")),
            Column("TARGET", "v.target", "date", _("Day of the protocol")),
            Column("OPENS", "v.opens", "date", _("First day of the window")),
            Column("CLOSES", "v.closes", "date", _("Last day of the window")),
            Column("TOOK_PLACE_ON", "v.took_place_on", "date", _("Took place on")),
            Column("TIMING", "v.timing", "code", _("In, before or after the window")),
            Column(
                "CONTACT_MODE",
                "v.contact_mode",
                "code",
                _("How and where the visit was made (SVCNTMOD)"),
                dict(ContactMode.choices),
            ),
            Column(
                "SOURCE_KEEPER",
                "v.source_keeper",
                "code",
                _("Whose record is the source"),
                dict(SourceKeeper.choices),
            ),
            Column(
                "NOT_DONE_REASON",
                "coalesce('met:' || v.met_on, v.not_done_reason)",
                label=_("Why it was not done"),
            ),
            Column("PROTOCOL_VERSION", version, label=_("Version of the protocol")),
            digest_column(version),
        ),
        f"{rows} v {of_participant(cut, 'v')} {act_behind('v', 'followup_visitevent', cut)} "
        "WHERE v.state <> 'cancelled' AND s.code = ANY(%(sites)s)",
        "p.number, v.opens NULLS FIRST, v.code, v.occurrence, v.id",
        counted(cut, rows, "t.state <> 'cancelled'"),
    )


def _versions(cut: Cut) -> File:
    """Each version that a participant has followed, from when on."""
    turns = cut.turns(Participant, "protocol_version")
    return File(
        "PROTOCOL_VERSIONS",
        (
            *PARTICIPANT_KEYS,
            Column("PROTOCOL_VERSION", "h.protocol_version", label=_("Version of the protocol")),
            digest_column("h.protocol_version"),
            Column("FOLLOWED_FROM", by_the_sites_clock("a.at"), "date-time", _("Followed from")),
        ),
        f"{turns} h JOIN {cut.rows(Participant)} p ON p.id = h.id JOIN {cut.rows(Site)} s ON s.id = p.site_id "
        "JOIN audit_act a ON a.id = h.act_id WHERE s.code = ANY(%(sites)s)",
        "p.number, h.pgh_id",
        _counted_where_followed(cut, turns, "t.id", "true"),
    )


def _counted_where_followed(cut: Cut, rows: str, participant: str, which: str) -> str:
    """Return the rows of participants whom the sites follow; the rows may be of the site before a transfer."""
    return (
        f"{rows} t JOIN {cut.rows(Participant)} q ON q.id = {participant} "
        f"JOIN {cut.rows(Site)} s ON s.id = q.site_id WHERE {which} AND s.code = ANY(%(sites)s)"
    )


def _transfers(cut: Cut) -> File:
    """Each time that a participant went on at another site; who was followed where is read from it."""
    rows = cut.rows(Transfer)
    return File(
        "TRANSFERS",
        (
            *PARTICIPANT_KEYS,
            Column("FROM_SITE", "x.site_code", label=_("Releasing site")),
            Column("TO_SITE", "x.receiving_code", label=_("Receiving site")),
            Column("AGREED_FOR", 'x."on"', "date", _("day of the transfer")),
            Column("TRANSFERRED_AT", by_the_sites_clock("x.confirmed_at"), "date-time", _("confirmed at")),
            Column("TRANSFER_REASON", "x.reason", label=_("reason")),
        ),
        f"{rows} x JOIN {cut.rows(Participant)} p ON p.id = x.participant_id "
        f"JOIN {cut.rows(Site)} s ON s.id = p.site_id "
        "WHERE x.confirmed_at IS NOT NULL AND s.code = ANY(%(sites)s)",
        "p.number, x.confirmed_at, x.id",
        _counted_where_followed(cut, rows, "t.participant_id", "t.confirmed_at IS NOT NULL"),
    )


CONSENT_PARTS = {
    "sensitive_data": _("consent to the use of sensitive health data"),
    "biobank": _("consent to extra samples"),
    "register_lookup": _("consent to look up vital status after withdrawal"),
}
CONSENT_ANSWERS = {"signed": _("Signed the text"), "refused": _("Did not sign the text")}


def _consents(cut: Cut) -> File:
    """Each consent text that a participant was asked to sign, and the answer."""
    answers = (
        "(SELECT id, participant_id, site_id, version_id, 'signed' AS answer, signed_on AS answered_on, "
        f"sensitive_data, biobank, register_lookup, '' AS follows FROM {cut.rows(Consent)} signed UNION ALL "
        "SELECT id, participant_id, site_id, version_id, 'refused', asked_on, "
        f"NULL, NULL, NULL, follows FROM {cut.rows(ConsentRefusal)} refused)"
    )
    return File(
        "CONSENTS",
        (
            *PARTICIPANT_KEYS,
            Column("CONSENT_VERSION", "x.label", label=_("consent version")),
            Column("ANSWER", "c.answer", "code", _("Answer"), dict(CONSENT_ANSWERS)),
            Column("ANSWERED_ON", "c.answered_on", "date", _("Answered on")),
            *(
                Column(
                    part.upper(),
                    f"CASE c.{part} WHEN true THEN 'Y' WHEN false THEN 'N' END",
                    "boolean",
                    label,
                )
                for part, label in CONSENT_PARTS.items()
            ),
            Column("AFTER_REFUSAL", "c.follows", "code", _("what follows"), dict(AfterRefusal.choices)),
        ),
        f"{answers} c {of_participant(cut, 'c')} JOIN {cut.rows(ConsentVersion)} x ON x.id = c.version_id "
        "WHERE s.code = ANY(%(sites)s)",
        "p.number, c.answered_on, c.answer, c.id",
        counted(cut, answers, "true"),
    )
