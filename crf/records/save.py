"""The one door to a save: page, API, import and demonstration come in here, under the same rules.

``save_answers`` reads as ten steps over values that do not change; each step is one function below it.
Either everything is kept that follows from the answers, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.models import User
from audit.acts import open_act
from audit.models import Act
from crf.eligibility.evidence import SOURCE_FORMS
from crf.engine.base import RecordState
from crf.engine.changes import AnswerChange, changes
from crf.engine.declaration import Repeats
from crf.engine.evaluation import AnswerRow, Evaluation, evaluate
from crf.engine.messages import finding_text
from crf.engine.submission import Answers, asked_errors
from crf.models import Draft, Query, SaveKey
from crf.queries.system import adopt_queries, known_queries, queries_part, sync_queries
from crf.records.change import RecordChange
from crf.records.consequences import apply_consequences, propose_from_refusal
from crf.records.eligibility_lapse import EvidenceSnapshot
from crf.records.overrides import overridden
from crf.records.prompts import keep_prompts
from crf.records.refusals import (
    AnswersImpossible,
    AnswersUnreadable,
    KeyTooLong,
    ReasonNeeded,
    RecordLocked,
    StaleVersion,
)
from crf.records.visit_changes import PlanSnapshot, changes_since
from crf.store.context import FormContext, decision_part
from crf.store.preconditions import refuse_unless_due, refuse_who_may_not
from crf.store.reasons import keep_reasons, reason_of
from crf.store.records import (
    NEW,
    RecordKey,
    StoredRecord,
    find_record,
    next_sequence,
    parts_of,
    stored_record_from,
    write_record,
)
from crf.store.signatures import drop_signature
from followup.services.planning import VisitChange
from trials.models import Participant

LONGEST_KEY = 64


@dataclass(frozen=True)
class Saved:
    """What a save did. ``again`` marks the second press of the same button: nothing was written twice.

    ``moved`` are the planned visits that were added, moved or dropped by it.
    """

    record_key: RecordKey
    record_id: int
    version: int
    state: str
    changed: tuple[AnswerChange, ...] = ()
    cleared: tuple[str, ...] = ()
    queries_opened: int = 0
    moved: tuple[VisitChange, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class SaveRequest:
    """One save as it was asked for: the answers, for which record, in which version, by whom, under which act."""

    record_key: RecordKey
    answers: Answers
    version: int
    key: str
    act: Act
    by: User | None
    at: datetime


@dataclass(frozen=True)
class SaveBasis:
    """What stood before the save: the record (None when it is new), its queries, and all that its form reads."""

    record_key: RecordKey
    stored: StoredRecord | None
    form_context: FormContext
    queries: list[Query]
    decided: bool


@dataclass(frozen=True)
class SaveEvaluation:
    """What follows from the answers: the saved ones, the new ones, and where they differ."""

    before: Evaluation | None
    after: Evaluation
    changed: tuple[AnswerChange, ...]


def save_answers(
    *,
    record_key: RecordKey,
    answers: Answers,
    version: int = NEW,
    key: str = "",
    seen_plan: str | None = None,
    by: User | None,
    at: datetime,
) -> Saved:
    """The answers are saved with all that follows from them (protocol 3.0, 3.17; requirements 13-16, 20).

    ``version`` is the record's version that the person saw, ``NEW`` when they saw none; ``key`` names the opened
    page, so that a double click saves once. ``seen_plan`` stands for the changes of visits that the person has
    read; None where nobody reads: visits then move, and ``Saved.moved`` says which.

    What a hard check refuses is proposed as a deviation where it is one, also after the refusal.

    Refuses: who may not; a step out of order; a locked record; answers that cannot be read or be true; a version
    that is not the last; a correction without a reason; visits that would move unseen; an overlong key.
    Locks: the participant, then the record.
    """
    try:
        with open_act(
            "crf:answers:save", by=by, at=at, participant=record_key.participant, reason=answers.reason
        ) as act:
            refuse_who_may_not(record_key, by=by)
            save = _lock_participant(SaveRequest(record_key, answers, version, key, act, by, at))
            if done := _saved_before(save):
                return done
            basis = _load(save)
            _refuse_closed(basis)
            evaluation = _judge(save, basis)
            _refuse_unreadable(save, basis, evaluation)
            _refuse_stale(save, basis, evaluation)
            _refuse_impossible(basis, evaluation)
            _refuse_silent(save, basis, evaluation)
            return _write(save, basis, evaluation, seen_plan)
    except AnswersImpossible as refusal:
        propose_from_refusal(record_key=record_key, findings=refusal.findings, by=by, at=at)
        raise


def _lock_participant(save: SaveRequest) -> SaveRequest:
    if len(save.key) > LONGEST_KEY:
        raise KeyTooLong(number=len(save.key), most=LONGEST_KEY)
    return replace(
        save,
        record_key=replace(
            save.record_key, participant=Participant.objects.lock(save.record_key.participant.pk)
        ),
    )


def _saved_before(save: SaveRequest) -> Saved | None:
    """Return what the same press of the same button did before, or None."""
    found = SaveKey.objects.filter(owner=save.by, key=save.key).first() if save.key and save.by else None
    if found is None:
        return None
    record = save.record_key.form.model.objects.get(pk=found.record_id)
    return Saved(save.record_key, found.record_id, found.version, record.state, again=True)


def _load(save: SaveRequest) -> SaveBasis:
    """Hold the record, and bring with one journey all that the save will look at."""
    record_key, form = save.record_key, save.record_key.form
    record = None if record_key.sequence == NEW else find_record(record_key, lock=True)
    if record is None and save.version == NEW and form.repeats == Repeats.LOG:
        record_key = replace(
            record_key, sequence=next_sequence(record_key)
        )  # whatever number the address said
    form_context = FormContext(record_key.participant, at=save.at)
    parts = [decision_part(record_key.participant)] if form.code in SOURCE_FORMS else []
    reads = form.foreign_reads
    if record is not None:
        parts += [*parts_of(form, record), queries_part(form, record)]
        reads |= {f"{form.code}*"}  # the record knows the protocol version it was begun under
    rows = form_context.fetch(reads, parts)
    stored = None if record is None else stored_record_from(form, record, rows)
    return SaveBasis(
        record_key, stored, form_context, known_queries(rows), decided=bool(rows.get("decision"))
    )


def _refuse_closed(basis: SaveBasis) -> None:
    """Refuse answers that come before the step they follow, and those to a locked record."""
    refuse_unless_due(basis.record_key, form_context=basis.form_context, is_new=basis.stored is None)
    if basis.stored is not None and basis.stored.record.state == RecordState.LOCKED:
        raise RecordLocked(record=basis.record_key.label)


def _judge(save: SaveRequest, basis: SaveBasis) -> SaveEvaluation:
    """Evaluate the answers in their context, beside those that are saved."""
    record_key, stored, given = basis.record_key, basis.stored, save.answers
    record_id = None if stored is None else stored.record.pk
    context = basis.form_context.context(
        record_key.form, visit=record_key.visit, sequence=record_key.sequence, record_id=record_id
    )
    groups = {name: _named(rows, stored, name) for name, rows in given.groups.items()}
    after = evaluate(
        record_key.form, values=given.values, groups=groups, missing=given.missing, context=context
    )
    before = None if stored is None else stored.outcome(record_key.form)
    return SaveEvaluation(before, after, tuple(changes(record_key.form, before, after)))


def _named(rows: Iterable[Mapping[str, Any]], stored: StoredRecord | None, group: str) -> list[AnswerRow]:
    """Return the rows with the names they keep: a position that was removed is not given again."""
    if stored is None or group not in stored.rows:
        return list(map(dict, rows))
    kept, free = stored.rows[group], stored.last_position(group)
    named = []
    for row in rows:
        position = row.get("position")
        if position is None or (position in kept and kept[position].removed):
            free += 1
            position = free
        named.append({**row, "position": position})
    return named


def _refuse_unreadable(save: SaveRequest, basis: SaveBasis, evaluation: SaveEvaluation) -> None:
    if (
        errors := asked_errors(basis.record_key.form, save.answers, evaluation.after)
        if save.answers.errors
        else {}
    ):
        why = " ".join(dict.fromkeys(errors.values()))
        raise AnswersUnreadable(errors=errors, record=basis.record_key.label, why=why)


def _refuse_stale(save: SaveRequest, basis: SaveBasis, evaluation: SaveEvaluation) -> None:
    version = NEW if basis.stored is None else basis.stored.record.version
    if version != save.version:
        theirs = evaluation.before or evaluate(basis.record_key.form, values={})
        raise StaleVersion(
            mine=evaluation.after, theirs=theirs, version=version, record=basis.record_key.label
        )


def _refuse_impossible(basis: SaveBasis, evaluation: SaveEvaluation) -> None:
    stops = evaluation.after.stops()
    if stops and (stops := evaluation.after.stops(overridden(basis.record_key, stops))):
        why = " ".join(dict.fromkeys(finding_text(basis.record_key.form, finding) for finding in stops))
        raise AnswersImpossible(findings=stops, record=basis.record_key.label, why=why)


def _refuse_silent(save: SaveRequest, basis: SaveBasis, evaluation: SaveEvaluation) -> None:
    """Refuse a correction for which nobody said why, for the save or for the answer."""
    silent = [
        change.target
        for change in evaluation.changed
        if change.corrects and not reason_of(change, save.answers)
    ]
    if silent:
        raise ReasonNeeded(targets=silent, record=basis.record_key.label)


def _write(save: SaveRequest, basis: SaveBasis, evaluation: SaveEvaluation, seen_plan: str | None) -> Saved:
    """Write the record, then all that hangs on it, and say what was done."""
    plan = (
        PlanSnapshot.take(basis.record_key, basis.form_context) if basis.record_key.form.milestones else None
    )
    evidence = EvidenceSnapshot.take(basis.record_key) if basis.decided else None
    record = _write_record(save, basis, evaluation)
    opened = sync_queries(
        record_key=basis.record_key,
        record=record,
        outcome=evaluation.after,
        confirmed=save.answers.confirmations,
        known=basis.queries,
        by=save.by,
        at=save.at,
    )
    change = RecordChange(
        basis.record_key, record, evaluation.before, evaluation.after, basis.form_context, save.by, save.at
    )
    if save.answers.prompts:
        keep_prompts(change, save.answers.prompts, act=save.act)
    replanned = (evaluation.before is None or bool(evaluation.changed)) and apply_consequences(change)
    if evidence:
        evidence.lapse_if_changed(by=save.by, at=save.at)
    moved = changes_since(plan, change, seen=seen_plan) if plan and replanned else ()
    _end_editing(save, basis.record_key, record)
    return Saved(
        basis.record_key,
        record.pk,
        record.version,
        record.state,
        evaluation.changed,
        evaluation.after.cleared,
        opened,
        moved,
    )


def _write_record(save: SaveRequest, basis: SaveBasis, evaluation: SaveEvaluation) -> Any:
    """The record holds the answers, with the reasons that single ones have; its signature falls first."""
    record_key, stored = basis.record_key, basis.stored
    if save.answers.reasons:
        keep_reasons(record_key.participant, save.answers.reasons, act=save.act)
    if stored is None:
        record = write_record(record_key, None, evaluation.after, act=save.act).record
        adopt_queries(record_key, record, act=save.act)
        return record
    if evaluation.changed or _derived_differ(evaluation, record_key):
        if stored.record.state == RecordState.SIGNED:
            drop_signature(record_key, stored.record, act=save.act, at=save.at)
        write_record(record_key, stored, evaluation.after, act=save.act)
    return stored.record


def _derived_differ(evaluation: SaveEvaluation, record_key: RecordKey) -> bool:
    old = evaluation.before.values if evaluation.before else {}
    return any(
        question.derived and old.get(name) != evaluation.after.values[name]
        for name, question in record_key.form.questions.items()
    )


def _end_editing(save: SaveRequest, record_key: RecordKey, record: Any) -> None:
    """The opened page is answered once and for all, and what its owner typed is no draft any more."""
    if save.by is None:
        return
    of_record = {
        "owner": save.by,
        "site_id": record_key.participant.site_id,
        "form_code": record_key.form.code,
    }
    if save.key:
        SaveKey.objects.create(
            **of_record, key=save.key, record_id=record.pk, version=record.version, saved_at=save.at
        )
    drafts = Draft.objects.filter(
        owner=save.by, participant=record_key.participant, form_code=record_key.form.code
    )
    drafts.filter(visit=record_key.visit, sequence__in=(record_key.sequence, NEW)).delete()
