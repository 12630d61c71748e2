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
class Save:
    """One save as it was asked for: the answers, for which record, in which version, by whom, under which act."""

    record_key: RecordKey
    answers: Answers
    version: int
    key: str
    act: Act
    by: User | None
    at: datetime


@dataclass(frozen=True)
class Loaded:
    """What stood before the save: the record (None when it is new), its queries, and all that its form reads."""

    record_key: RecordKey
    stored: StoredRecord | None
    form_context: FormContext
    queries: list[Query]
    decided: bool


@dataclass(frozen=True)
class Judged:
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
            save = _lock_participant(Save(record_key, answers, version, key, act, by, at))
            if done := _saved_before(save):
                return done
            loaded = _load(save)
            _refuse_closed(loaded)
            judged = _judge(save, loaded)
            _refuse_unreadable(save, loaded, judged)
            _refuse_stale(save, loaded, judged)
            _refuse_impossible(loaded, judged)
            _refuse_silent(save, loaded, judged)
            return _write(save, loaded, judged, seen_plan)
    except AnswersImpossible as refusal:
        propose_from_refusal(record_key=record_key, findings=refusal.findings, by=by, at=at)
        raise


def _lock_participant(save: Save) -> Save:
    if len(save.key) > LONGEST_KEY:
        raise KeyTooLong(number=len(save.key), most=LONGEST_KEY)
    return replace(
        save,
        record_key=replace(
            save.record_key, participant=Participant.objects.lock(save.record_key.participant.pk)
        ),
    )


def _saved_before(save: Save) -> Saved | None:
    """Return what the same press of the same button did before, or None."""
    found = SaveKey.objects.filter(owner=save.by, key=save.key).first() if save.key and save.by else None
    if found is None:
        return None
    record = save.record_key.form.model.objects.get(pk=found.record_id)
    return Saved(save.record_key, found.record_id, found.version, record.state, again=True)


def _load(save: Save) -> Loaded:
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
    return Loaded(record_key, stored, form_context, known_queries(rows), decided=bool(rows.get("decision")))


def _refuse_closed(loaded: Loaded) -> None:
    """Refuse answers that come before the step they follow, and those to a locked record."""
    refuse_unless_due(loaded.record_key, form_context=loaded.form_context, is_new=loaded.stored is None)
    if loaded.stored is not None and loaded.stored.record.state == RecordState.LOCKED:
        raise RecordLocked(record=loaded.record_key.label)


def _judge(save: Save, loaded: Loaded) -> Judged:
    """Evaluate the answers in their context, beside those that are saved."""
    record_key, stored, given = loaded.record_key, loaded.stored, save.answers
    record_id = None if stored is None else stored.record.pk
    context = loaded.form_context.context(
        record_key.form, visit=record_key.visit, sequence=record_key.sequence, record_id=record_id
    )
    groups = {name: _named(rows, stored, name) for name, rows in given.groups.items()}
    after = evaluate(
        record_key.form, values=given.values, groups=groups, missing=given.missing, context=context
    )
    before = None if stored is None else stored.outcome(record_key.form)
    return Judged(before, after, tuple(changes(record_key.form, before, after)))


def _named(rows: Iterable[Mapping[str, Any]], stored: StoredRecord | None, group: str) -> list[AnswerRow]:
    """Return the rows with the names they keep: a position that was removed is not given again."""
    if stored is None or group not in stored.rows:
        return [dict(row) for row in rows]
    kept, free = stored.rows[group], stored.last_position(group)
    named = []
    for row in rows:
        position = row.get("position")
        if position is None or (position in kept and kept[position].removed):
            free += 1
            position = free
        named.append({**row, "position": position})
    return named


def _refuse_unreadable(save: Save, loaded: Loaded, judged: Judged) -> None:
    if (
        errors := asked_errors(loaded.record_key.form, save.answers, judged.after)
        if save.answers.errors
        else {}
    ):
        why = " ".join(dict.fromkeys(errors.values()))
        raise AnswersUnreadable(errors=errors, record=loaded.record_key.label, why=why)


def _refuse_stale(save: Save, loaded: Loaded, judged: Judged) -> None:
    version = NEW if loaded.stored is None else loaded.stored.record.version
    if version != save.version:
        theirs = judged.before or evaluate(loaded.record_key.form, values={})
        raise StaleVersion(mine=judged.after, theirs=theirs, version=version, record=loaded.record_key.label)


def _refuse_impossible(loaded: Loaded, judged: Judged) -> None:
    stops = judged.after.stops()
    if stops and (stops := judged.after.stops(overridden(loaded.record_key, stops))):
        why = " ".join(dict.fromkeys(finding_text(loaded.record_key.form, finding) for finding in stops))
        raise AnswersImpossible(findings=stops, record=loaded.record_key.label, why=why)


def _refuse_silent(save: Save, loaded: Loaded, judged: Judged) -> None:
    """Refuse a correction for which nobody said why, for the save or for the answer."""
    silent = [
        change.target for change in judged.changed if change.corrects and not reason_of(change, save.answers)
    ]
    if silent:
        raise ReasonNeeded(targets=silent, record=loaded.record_key.label)


def _write(save: Save, loaded: Loaded, judged: Judged, seen_plan: str | None) -> Saved:
    """Write the record, then all that hangs on it, and say what was done."""
    plan = (
        PlanSnapshot.take(loaded.record_key, loaded.form_context)
        if loaded.record_key.form.milestones
        else None
    )
    evidence = EvidenceSnapshot.take(loaded.record_key) if loaded.decided else None
    record = _write_record(save, loaded, judged)
    opened = sync_queries(
        record_key=loaded.record_key,
        record=record,
        outcome=judged.after,
        confirmed=save.answers.confirmations,
        known=loaded.queries,
        by=save.by,
        at=save.at,
    )
    change = RecordChange(
        loaded.record_key, record, judged.before, judged.after, loaded.form_context, save.by, save.at
    )
    if save.answers.prompts:
        keep_prompts(change, save.answers.prompts, act=save.act)
    replanned = (judged.before is None or bool(judged.changed)) and apply_consequences(change)
    if evidence:
        evidence.lapse_if_changed(by=save.by, at=save.at)
    moved = changes_since(plan, change, seen=seen_plan) if plan and replanned else ()
    _end_editing(save, loaded.record_key, record)
    return Saved(
        loaded.record_key,
        record.pk,
        record.version,
        record.state,
        judged.changed,
        judged.after.cleared,
        opened,
        moved,
    )


def _write_record(save: Save, loaded: Loaded, judged: Judged) -> Any:
    """The record holds the answers, with the reasons that single ones have; its signature falls first."""
    record_key, stored = loaded.record_key, loaded.stored
    if save.answers.reasons:
        keep_reasons(record_key.participant, save.answers.reasons, act=save.act)
    if stored is None:
        record = write_record(record_key, None, judged.after, act=save.act).record
        adopt_queries(record_key, record, act=save.act)
        return record
    if judged.changed or _derived_differ(judged, record_key):
        if stored.record.state == RecordState.SIGNED:
            drop_signature(record_key, stored.record, act=save.act, at=save.at)
        write_record(record_key, stored, judged.after, act=save.act)
    return stored.record


def _derived_differ(judged: Judged, record_key: RecordKey) -> bool:
    old = judged.before.values if judged.before else {}
    return any(
        question.derived and old.get(name) != judged.after.values[name]
        for name, question in record_key.form.questions.items()
    )


def _end_editing(save: Save, record_key: RecordKey, record: Any) -> None:
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
