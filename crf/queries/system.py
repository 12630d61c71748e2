"""Queries that the system opens and closes by itself, bound to (record, finding) (architecture 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import Truncator

from accounts.models import User
from audit.acts import open_act
from crf import catalogue
from crf.engine.base import CrfRecord
from crf.engine.checks import Finding, Level, check_of
from crf.engine.conditions import canonical
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation
from crf.engine.messages import finding_text, rule_text
from crf.engine.versions import worded
from crf.models import CheckMark, MarkKind, MessageKind, Query, QueryMessage, QueryState, Resolution
from crf.store.bulk_read import TableQuery, instance_of
from crf.store.records import RecordKey

ASKED = (Level.HARD, Level.SOFT)
SETTLED = (Resolution.CONFIRMED, Resolution.SETTLED)


@dataclass(frozen=True)
class QueryChanges:
    """What one evaluation of a record does to its queries."""

    opens: list[Finding]
    confirms: list[tuple[Finding, Query | None]]
    reopens: list[tuple[Finding, Query]]
    closes: list[tuple[Query, Resolution]]

    @property
    def empty(self) -> bool:
        return not (self.opens or self.confirms or self.reopens or self.closes)


def queries_part(record: CrfRecord) -> TableQuery:
    """Return what to load for the queries that the system asked about the record."""
    return TableQuery("queries", Query, "record_id", record.pk, also="t.key <> ''")


def known_queries(loaded: Mapping[str, list[dict[str, Any]]]) -> list[Query]:
    """Return the queries out of what ``queries_part`` asked for."""
    return [instance_of(Query, row) for row in loaded.get("queries", ())]


def sync_queries(
    *,
    record_key: RecordKey,
    record: CrfRecord,
    outcome: Evaluation,
    known: list[Query],
    confirmed: Mapping[str, str] | None = None,
    by: User | None,
    at: datetime,
) -> int:
    """Each soft finding of the record has a living query, or was confirmed as it is; return how many opened.

    Queries whose finding is gone are closed. A confirmation holds for the values it was given for: one that waits to
    be reviewed is asked again when they change.
    ``known`` are the system's queries about the record, as ``known_queries`` returns them.
    """
    findings = [finding for finding in outcome.findings if finding.level in ASKED]
    if not findings and not known:
        return 0
    reasons = {key: reason for key, reason in (confirmed or {}).items() if reason.strip()}
    kept = {check.code for check in record_key.form.checks if check.stays_open}
    judged = _judge(findings, known, reasons, outcome, kept)
    if judged.empty:
        return 0
    with open_act("crf:query:judge", by=by, at=at, participant=record_key.participant) as act:
        for query, resolution in judged.closes:
            close_by_system(query, resolution, act, at)
        for finding in judged.opens:
            _open(record_key, record, finding, act, at)
        for finding, query in judged.reopens:
            query.seen = values_of(finding)
            _ask_again(query, act, at)
        for finding, asked in judged.confirms:
            asked_query = asked or _open(record_key, record, finding, act, at)
            asked_query.seen = values_of(finding)
            keep_confirmation(asked_query, reason=reasons[finding.key], by=by, at=at, act=act)
    return len(judged.opens) + len(judged.reopens)


def stale_queries(record_key: RecordKey, outcome: Evaluation, known: list[Query]) -> dict[str, bool]:
    """Map the key of each query that is not as the outcome asks for it to whether one is open now."""
    findings = [finding for finding in outcome.findings if finding.level in ASKED]
    kept = {check.code for check in record_key.form.checks if check.stays_open}
    judged = _judge(findings, known, {}, outcome, kept)
    opens = {finding.key: False for finding in judged.opens}
    opens |= {query.key: False for _finding, query in judged.reopens}
    return opens | {query.key: True for query, _why in judged.closes}


def _judge(
    findings: list[Finding],
    known: list[Query],
    reasons: Mapping[str, str],
    outcome: Evaluation,
    kept: Collection[str],
) -> QueryChanges:
    living = {query.key: query for query in known if query.state != QueryState.CLOSED}
    settled = {query.key: query for query in known if query.resolution in SETTLED}
    judged = QueryChanges([], [], [], [])
    for finding in findings:
        if finding.key in reasons and finding.level == Level.SOFT:
            judged.confirms.append((finding, living.get(finding.key)))
        elif asked := living.get(finding.key):
            if asked.waits_for_review and not _stands(asked, finding):
                judged.reopens.append((finding, asked))
        elif not _stands(settled.get(finding.key), finding):
            judged.opens.append(finding)
    keys = {finding.key for finding in findings}
    for key, query in living.items():
        if key not in keys and query.check_code not in kept:
            gone = "." not in query.target and query.target and query.target not in outcome.visible
            judged.closes.append((query, Resolution.OBSOLETE if gone else Resolution.CORRECTED))
    return judged


def _stands(settled: Query | None, finding: Finding) -> bool:
    if settled is None:
        return False
    seen = {
        name: canonical(value) for name, value in settled.seen.items()
    }  # bulk_read reads 0.4 as a decimal
    return seen == values_of(finding)


def values_of(finding: Finding) -> dict[str, Any]:
    """Return the single values a finding rests on, as JSON; lists of records are not repeated."""
    plain = {name: canonical(value) for name, value in finding.values.items() if not _is_table(value)}
    return {name: value for name, value in plain.items() if value is not None}


def _is_table(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value)


def _open(record_key: RecordKey, record: CrfRecord, finding: Finding, act: Any, at: datetime) -> Query:
    return Query.objects.create(
        participant=record_key.participant,
        site_id=record_key.participant.site_id,
        form_code=record_key.form.code,
        record_id=record.pk,
        visit=record_key.visit,
        sequence=record_key.sequence,
        target=finding.target,
        key=finding.key,
        check_code=finding.code,
        kind=finding.kind,
        level=finding.level.value,
        seen=values_of(finding),
        opened_at=at,
        act=act,
    )


def close_by_system(query: Query, resolution: Resolution, act: Any, at: datetime) -> None:
    """The query is closed because what it asked is settled or no longer asked."""
    query.state, query.resolution, query.closed_at, query.act = QueryState.CLOSED, resolution, at, act
    query.save(update_fields=["state", "resolution", "closed_at", "act"])
    add_message(query, MessageKind.CLOSED, by=None, at=at, text="", act=act)


def _ask_again(query: Query, act: Any, at: datetime) -> None:
    query.state, query.resolution, query.act = QueryState.OPEN, "", act
    query.save(update_fields=["state", "resolution", "seen", "act"])
    add_message(query, MessageKind.REOPENED, by=None, at=at, text="", act=act)


def keep_confirmation(query: Query, *, reason: str, by: User | None, at: datetime, act: Any) -> None:
    """A person confirmed the answer with the reason they gave: the query is closed.

    Where data management looks at the confirmations of the check, it is answered and waits to be reviewed.
    """
    reviewed = CheckMark.objects.of(query.form_code, MarkKind.REVIEWED)
    waits = check_of(query.kind, query.check_code, query.key) in reviewed
    query.state = QueryState.ANSWERED if waits else QueryState.CLOSED
    query.resolution, query.closed_at, query.act = Resolution.CONFIRMED, None if waits else at, act
    query.save(update_fields=["state", "resolution", "closed_at", "seen", "act"])
    add_message(query, MessageKind.CONFIRMED, by=by, at=at, text=reason, act=act)


def adopt_queries(record_key: RecordKey, record: CrfRecord, *, act: Any) -> None:
    """Queries that asked for the form while it was not there are about its record from now on."""
    waiting = Query.objects.filter(
        participant=record_key.participant,
        form_code=record_key.form.code,
        visit=record_key.visit,
        sequence=record_key.sequence,
        record=None,
    )
    waiting.update(record_id=record.pk, act=act)


def add_message(
    query: Query, kind: MessageKind, *, by: User | None, at: datetime, text: str, act: Any
) -> QueryMessage:
    """The thread of the query has one more contribution."""
    return QueryMessage.objects.create(
        query=query,
        participant_id=query.participant_id,
        site_id=query.site_id,
        kind=kind,
        by=by,
        at=at,
        text=text,
        act=act,
    )


def finding_of(query: Query) -> Finding:
    """Return the finding a system query was opened for."""
    return Finding(
        key=query.key,
        code=query.check_code,
        level=Level(query.level),
        kind=query.kind,
        target=query.target,
        targets=(query.target,),
        values=query.seen,
    )


def question_of_query(
    form: FormDeclaration | None, query: Query, messages: Iterable[QueryMessage], *, zone: str
) -> str:
    """Return what the query asks, in the reader's language."""
    if not query.is_system:
        return next((message.text for message in messages if message.kind == MessageKind.RAISED), "")
    if form is None:
        return query.check_code
    if query.kind == "check":
        declared = next((check for check in form.checks if check.code == query.check_code), None)
        return rule_text(declared.message, query.seen) if declared else query.check_code
    return finding_text(form, finding_of(query), zone=zone)


def form_asked(query: Query) -> FormDeclaration | None:
    """Return the form that a query is about, in the words of its record; lists read the record with their queries."""
    form = catalogue.forms().get(query.form_code)
    if form is None or not form.reworded or query.record is None:
        return form
    return worded(form, query.record.protocol_version)


def short_question(form: FormDeclaration | None, query: Query, messages: Iterable[QueryMessage]) -> str:
    """Return the first words of the question, for lists."""
    return Truncator(question_of_query(form, query, messages, zone=query.site.time_zone)).chars(140)
