"""Other records are judged again: their derived answers and queries agree with what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import override

from accounts.models import User
from audit.acts import open_act
from crf import catalogue
from crf.engine.base import COMPLETED, RecordState
from crf.engine.checks import Finding
from crf.engine.declaration import IS_COMPLETE, FormDeclaration
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.messages import values_named
from crf.queries.system import known_queries, queries_part, sync_queries
from crf.store.bulk_read import bulk_read
from crf.store.context import FormContext
from crf.store.records import (
    RecordKey,
    begun_records,
    differing,
    key_of_record,
    parts_of,
    state_of,
    state_rederived,
    stored_record_from,
    update_record,
)
from crf.store.signatures import drop_signature
from trials import services as trials
from trials.models import Participant

MOST_ROUNDS = 5
UNFINISHED = (RecordState.EMPTY, RecordState.IN_PROGRESS, RecordState.COMPLETE)


def recheck_participant(
    *, participant: Participant, changed: set[str], by: User | None, at: datetime
) -> None:
    """Records that look at ``changed`` (such as "milestone.RAND") agree with it again; upper floors call it."""
    recheck(record_key=None, changed=changed, form_context=FormContext(participant, at=at), by=by, at=at)


def recheck(
    *,
    record_key: RecordKey | None,
    record_id: int | None = None,
    changed: set[str],
    form_context: FormContext,
    by: User | None,
    at: datetime,
) -> None:
    """Other records that look at ``changed`` have their derived answers and queries as they should be."""
    done = {(record_key.form.code, record_id)} if record_key else set()
    for _round in range(MOST_ROUNDS):
        if not changed:
            return
        changed = set(_recheck_once(changed, done, form_context, by, at))


def _recheck_once(
    changed: set[str],
    done: set[tuple[str, int | None]],
    form_context: FormContext,
    by: User | None,
    at: datetime,
) -> Iterator[str]:
    looking = [form for form in catalogue.forms().values() if form.foreign_reads & changed]
    # Most of them have no record yet: one question tells which.
    form_context.fetch(f"{form.code}*" for form in looking)
    for form in [form for form in looking if form_context.records(form.code)]:
        for record in begun_records(form, form_context.participant):
            if (form.code, record.pk) not in done:
                yield from _recheck_record(form, record, form_context, by, at)


def _recheck_record(
    form: FormDeclaration, record: Any, form_context: FormContext, by: User | None, at: datetime
) -> Iterable[str]:
    record.participant = form_context.participant
    form_context.remember(record)
    loaded = bulk_read([*parts_of(form, record), queries_part(record)])
    record_key, stored = key_of_record(form, record), stored_record_from(form, record, loaded)
    seen = stored.outcome(form)
    context = form_context.context(form, visit=record.visit, sequence=record.sequence, record_id=record.pk)
    outcome = evaluate(form, values=seen.values, groups=seen.groups, missing=seen.missing, context=context)
    changed = _rederive(record_key, stored, outcome, by=by, at=at)
    known = known_queries(loaded)
    sync_queries(record_key=record_key, record=record, outcome=outcome, known=known, by=by, at=at)
    propose_deviations(record_key, outcome.findings, str(record.pk), by=by, at=at)
    if changed:
        form_context.forget(form.code)
    answers = {f"{form.code}*"} if set(changed) - {IS_COMPLETE} else set()
    return {f"{form.code}.{name}" for name in changed} | answers


def _rederive(
    record_key: RecordKey, stored: Any, outcome: Evaluation, *, by: User | None, at: datetime
) -> list[str]:
    """Store what is derived anew, and return what changed; answers of a person stay, and so does a locked record."""
    record, form = stored.record, record_key.form
    if record.state == RecordState.LOCKED:
        return []
    derived = {name: outcome.values[name] for name, question in form.questions.items() if question.derived}
    was_complete = record.state in COMPLETED
    rows = _rows_to_rederive(form, stored, outcome)
    differs = bool(rows) or any(getattr(record, name) != value for name, value in derived.items())
    judged = record.state in UNFINISHED or differs
    state = state_rederived(record, state_of(form, outcome)) if judged else record.state
    if not differs and state == record.state:
        return []
    with open_act("crf:record:derive", by=by, at=at, participant=record_key.participant) as act:
        if differs:
            drop_signature(record_key, record, act=act, at=at)
        changed = differing(record, derived)
        record.state = state
        update_record(record, [*changed, "state"], act=act)
        for row, values in rows:
            names, row.act = differing(row, values), act
            row.save(update_fields=[*names, "act"])
    completion = [IS_COMPLETE] if was_complete != (state in COMPLETED) else []
    return changed + [name for name in form.groups if rows] + completion


def _rows_to_rederive(
    form: FormDeclaration, stored: Any, outcome: Evaluation
) -> list[tuple[Any, dict[str, Any]]]:
    found = []
    for name, group in form.groups.items():
        derived = [question.name for question in group.questions.values() if question.derived]
        for row in outcome.groups[name] if derived else ():
            held = stored.rows[name][row["position"]]
            values = {question: row[question] for question in derived}
            if any(getattr(held, question) != value for question, value in values.items()):
                found.append((held, values))
    return found


def propose_deviations(
    record_key: RecordKey, findings: Iterable[Finding], record: str, *, by: User | None, at: datetime
) -> None:
    """A proposal stands for what each check that names a deviation rule found, once for each fact (protocol 2.6)."""
    for finding in findings:
        if check := record_key.form.deviations.get(finding.code):
            with override(None):  # kept in the words of the source: each reader is shown their own language
                detail = str(check.message)
            own = f"{record_key.form.code}-{record}-{finding.key}"
            trials.propose_deviation(
                participant=record_key.participant,
                rule=check.deviation,
                key=check.fact.format(**finding.values) or own,
                formerly=own,
                detail=detail,
                values=values_named(detail, finding.values),
                by=by,
                at=at,
            )
