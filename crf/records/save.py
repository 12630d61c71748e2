"""The one door to a save: page, API, import and demonstration come in here, under the same rules.

``save_answers`` reads as ten steps over values that do not change; each step is one function below it.
Either everything is kept that follows from the answers, or nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from audit.acts import open_act
from crf.eligibility.evidence import SOURCE_FORMS, SOURCE_READS
from crf.engine.base import COMPLETED, RecordState
from crf.engine.changes import AnswerChange, changes
from crf.engine.declaration import Repeats
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.messages import finding_text
from crf.engine.submission import NO_ROWS, NOTHING_SAVED, Answers, asked_errors, numbered
from crf.engine.versions import worded
from crf.models import Draft, SaveKey
from crf.queries.system import adopt_queries, known_queries, queries_part, sync_queries
from crf.records.change import RecordChange, SaveBasis, SaveEvaluation, SaveRequest
from crf.records.consequences import apply_consequences, propose_from_refusal
from crf.records.eligibility_lapse import EvidenceSnapshot
from crf.records.overrides import overridden
from crf.records.prompts import keep_prompts
from crf.records.refusals import (
    AnswersImpossible,
    AnswersUnreadable,
    KeyTooLong,
    KeyUsed,
    ReasonNeeded,
    RecordLocked,
    RowsLeftOut,
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
    form_named,
    key_of_record,
    next_sequence,
    parts_of,
    stored_record_from,
    write_record,
)
from crf.store.signatures import drop_signature
from crf.trial_rules.track import RULES
from followup.services.amending import catch_up
from followup.services.planning import VisitChange
from kernel.punctuation import listed_apart
from trials.models import Participant

LONGEST_KEY = 64
SENT = ("values", "groups", "missing", "reason", "reasons", "confirmations", "prompts", "errors", "leave_out")
GIVEN_HERE = ("row_id", "position")  # a row says under "sent" which of both came with it


@dataclass(frozen=True)
class Saved:
    """What a save did. ``again`` marks the second press of the same button: nothing was written twice.

    ``moved`` are the planned visits that were added, moved or dropped by it; ``outdated`` says of what was saved
    before that the record has been changed since.
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
    outdated: bool = False


def save_answers(
    *,
    record_key: RecordKey,
    answers: Answers,
    version: int,
    key: str = "",
    seen_plan: str | None = None,
    by: User | None,
    at: datetime,
) -> Saved:
    """The answers are saved with all that follows from them (protocol 3.0, 3.17; requirements 13-16, 20).

    ``version`` is the record's version that the person saw, ``NEW`` when they saw none; ``key`` names the opened
    page or the call: sent again with the same content, it is given the first answer. ``seen_plan`` stands for the
    changes of visits that the person has read; None where nobody reads: visits then move, and ``Saved.moved`` says
    which.

    What a hard check refuses is proposed as a deviation where it is one, also after the refusal.

    Refuses: who may not; a step out of order; a locked record; answers that cannot be read or be true; a version
    that is not the last; a correction without a reason; rows on record that would go unseen; visits that would move
    unseen; an overlong key; a key that saved something else. Locks: the participant, then the record.
    """
    try:
        with open_act(
            "crf:answers:save", by=by, at=at, participant=record_key.participant, reason=answers.reason
        ) as act:
            request = _admit(SaveRequest(record_key, answers, version, key, seen_plan, act, by, at))
            if done := _saved_before(request):
                return done
            basis = _load(request)
            _refuse_closed(basis)
            evaluation = _evaluate(basis)
            _refuse_unreadable(evaluation)
            _refuse_stale(evaluation)
            _refuse_impossible(evaluation)
            _refuse_silent(evaluation)
            return _write(evaluation)
    except AnswersImpossible as refusal:
        propose_from_refusal(record_key=record_key, findings=refusal.findings, by=by, at=at)
        raise
    except IntegrityError as clash:  # the key saved another record in the same moment
        if "crf_savekey_once" not in str(clash):
            raise
        raise KeyUsed(record_key=record_saved_under(key=key, by=by)) from clash


def _admit(request: SaveRequest) -> SaveRequest:
    """Refuse who may not, and hold the participant as they are now, on the version of their site."""
    refuse_who_may_not(request.record_key, by=request.by)
    if len(request.key) > LONGEST_KEY:
        raise KeyTooLong(number=len(request.key), most=LONGEST_KEY)
    participant = Participant.objects.lock(request.record_key.participant.pk)
    if participant.protocol_version != participant.site.protocol_version:
        participant = catch_up(participant=participant, by=request.by, at=request.at)
    record_key = replace(request.record_key, participant=participant)
    return replace(request, record_key=record_key, digest=_digest_of(request) if request.key else "")


def _digest_of(request: SaveRequest) -> str:
    """Return what stands for everything that was sent: for which record, over which version, what, and why."""
    record_key, answers = request.record_key, request.answers
    place = [record_key.participant.pk, record_key.form.code, record_key.sequence]
    visit = record_key.visit.pk if record_key.visit else None
    sent = {name: getattr(answers, name) for name in SENT}
    sent["groups"] = {
        name: [
            {part: row[part] for part in row if "sent" not in row or part not in GIVEN_HERE} for row in rows
        ]
        for name, rows in answers.groups.items()
    }
    said = json.dumps([place, visit, request.version, request.seen_plan, sent], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _saved_before(request: SaveRequest) -> Saved | None:
    """Return what the same press of the same button did before, or None; refuse a key that saved something else."""
    if not request.key or not request.by:
        return None
    save_key = SaveKey.objects.filter(owner=request.by, key=request.key).select_related("record").first()
    if save_key is None:
        return None
    if save_key.digest != request.digest:
        raise KeyUsed(record_key=record_saved_under(key=request.key, by=request.by))
    moved = [VisitChange(*each[:2], *map(_window_of, each[2:])) for each in save_key.answer["moved"]]
    return Saved(
        replace(request.record_key, sequence=save_key.record.sequence),
        save_key.record_id,
        save_key.version,
        save_key.answer["state"],
        queries_opened=save_key.answer["queries_opened"],
        moved=tuple(moved),
        again=True,
        outdated=save_key.record.version != save_key.version,
    )


def _window_of(days: list[str | None] | None) -> tuple[date | None, date | None] | None:
    """Return the window of a visit out of an answer that was kept."""
    if days is None:
        return None
    opens, closes = (date.fromisoformat(day) if day else None for day in days)
    return opens, closes


@transaction.atomic
def record_saved_under(*, key: str, by: User | None) -> RecordKey | None:
    """Return the record that ``by`` saved under the key; None when there is none, or it is not theirs to see."""
    whole = ("record__participant__site", "record__visit")
    save_key = SaveKey.objects.filter(owner=by, key=key).select_related(*whole).first()
    return key_of_record(form_named(save_key.record.form_code), save_key.record) if save_key else None


def _load(request: SaveRequest) -> SaveBasis:
    """Hold the record, and bring with one journey all that the save will look at."""
    record_key, form = request.record_key, request.record_key.form
    record = None if record_key.sequence == NEW else find_record(record_key, lock=True)
    if record is None and request.version == NEW and form.repeats == Repeats.LOG:
        # A new record of a log takes the next number, whatever the address said.
        record_key = replace(record_key, sequence=next_sequence(record_key))
    begun = record or record_key.participant
    record_key = replace(record_key, form=worded(form, begun.protocol_version))
    form = record_key.form
    decides = form.code in SOURCE_FORMS
    parts = [decision_part(record_key.participant)] if decides else []
    reads = {*form.foreign_reads, *(SOURCE_READS if decides else ())}
    form_context = FormContext(record_key.participant, at=request.at)
    if record is not None:
        parts += [*parts_of(form, record), queries_part(record)]
        form_context.remember(record)
    rows = form_context.fetch(reads, parts)
    stored = None if record is None else stored_record_from(form, record, rows)
    decided = bool(rows.get("decision"))
    return SaveBasis(request, record_key, stored, form_context, known_queries(rows), decided)


def _refuse_closed(basis: SaveBasis) -> None:
    """Refuse answers that come before the step they follow, and those to a locked record."""
    refuse_unless_due(basis.record_key, form_context=basis.form_context, is_new=basis.stored is None)
    if basis.stored is not None and basis.stored.record.state == RecordState.LOCKED:
        raise RecordLocked(record=basis.record_key.label)


def _evaluate(basis: SaveBasis) -> SaveEvaluation:
    """Judge the answers in their context, beside those that are saved."""
    record_key, stored, answers = basis.record_key, basis.stored, basis.request.answers
    form = record_key.form
    context = basis.form_context.context(
        form,
        visit=record_key.visit,
        sequence=record_key.sequence,
        record_id=None if stored is None else stored.record.pk,
    )
    saved = NO_ROWS if stored is None else stored.saved_rows
    groups = {
        name: numbered(form.groups[name], rows, saved.get(name, NOTHING_SAVED))
        for name, rows in answers.groups.items()
    }
    after = evaluate(form, values=answers.values, groups=groups, missing=answers.missing, context=context)
    before = None if stored is None else stored.outcome(form)
    restored = () if stored is None else _restored(stored, after)
    changed = (*changes(form, before, after), *restored)
    return SaveEvaluation(basis, before, after, changed)


def _restored(stored: StoredRecord, after: Evaluation) -> Iterator[AnswerChange]:
    """Yield each row that was removed and is there again: somebody says why."""
    for name, rows in after.groups.items():
        for row in rows:
            saved = stored.rows[name].get(row["position"])
            if saved is not None and saved.removed:
                yield AnswerChange("removed", "Y", "N", name, row["position"])


def _refuse_unreadable(evaluation: SaveEvaluation) -> None:
    answers, record_key = evaluation.basis.request.answers, evaluation.basis.record_key
    if answers.errors and (errors := asked_errors(record_key.form, answers, evaluation.after)):
        why = " ".join(dict.fromkeys(errors.values()))
        raise AnswersUnreadable(errors=errors, record=record_key.label, why=why)


def _refuse_stale(evaluation: SaveEvaluation) -> None:
    basis, mine = evaluation.basis, evaluation.after
    version = NEW if basis.stored is None else basis.stored.record.version
    if version != basis.request.version:
        form = basis.record_key.form
        theirs = evaluation.before or evaluate(form, values={}, context=basis.form_context.context(form))
        raise StaleVersion(mine=mine, theirs=theirs, version=version, record=basis.record_key.label)


def _refuse_impossible(evaluation: SaveEvaluation) -> None:
    """Refuse what a hard check finds and no data manager has let pass."""
    record_key, stops = evaluation.basis.record_key, evaluation.after.stops()
    if stops and (stops := evaluation.after.stops(overridden(record_key, stops))):
        zone = record_key.participant.site.time_zone
        why = " ".join(dict.fromkeys(finding_text(record_key.form, finding, zone=zone) for finding in stops))
        raise AnswersImpossible(findings=stops, record=record_key.label, why=why)


def _refuse_silent(evaluation: SaveEvaluation) -> None:
    """Refuse a correction for which nobody said why, and rows on record that would go unseen (``leave_out``)."""
    answers = evaluation.basis.request.answers
    if evaluation.before and not answers.leave_out and (gone := _rows_that_go(evaluation)):
        form, label = evaluation.basis.record_key.form, evaluation.basis.record_key.label
        tables = listed_apart(form.groups[name].title for name in gone)
        raise RowsLeftOut(groups=gone, record=label, tables=tables)
    silent = [
        change.target for change in evaluation.changed if change.corrects and not reason_of(change, answers)
    ]
    if silent:
        raise ReasonNeeded(targets=silent, record=evaluation.basis.record_key.label)


def _rows_that_go(evaluation: SaveEvaluation) -> list[str]:
    """Return the tables with rows on record that were sent and are not asked any more by the answers beside them."""
    before, after = evaluation.before, evaluation.after
    typed = {target.partition(".")[0] for target in after.cleared}
    return [name for name in typed if before and before.groups.get(name) and not after.groups[name]]


def _write(evaluation: SaveEvaluation) -> Saved:
    """Write the record, then all that hangs on it, and say what was done."""
    basis, request = evaluation.basis, evaluation.basis.request
    record_key, form_context = basis.record_key, basis.form_context
    form = record_key.form
    plan = PlanSnapshot.take(record_key, form_context) if form.milestones or form.code in RULES else None
    evidence = EvidenceSnapshot.take(record_key, form_context) if basis.decided else None
    was_complete = basis.stored is not None and basis.stored.record.state in COMPLETED
    record = _write_record(evaluation)
    opened = sync_queries(
        record_key=record_key,
        record=record,
        outcome=evaluation.after,
        confirmed=request.answers.confirmations,
        known=basis.queries,
        by=request.by,
        at=request.at,
    )
    before, after = evaluation.before, evaluation.after
    change = RecordChange(
        record_key, record, before, after, was_complete, form_context, request.by, request.at
    )
    if request.answers.prompts:
        keep_prompts(change, request.answers, act=request.act)
    replanned = (before is None or bool(evaluation.changed)) and apply_consequences(change)
    if evidence:
        evidence.lapse_if_changed(by=request.by, at=request.at)
    moved: tuple[VisitChange, ...] = ()
    if plan and replanned:
        corrects = any(answer.corrects for answer in evaluation.changed)
        moved = changes_since(plan, change, seen=request.seen_plan, corrects=corrects)
    told = (evaluation.changed, after.cleared, opened, moved)
    saved = Saved(record_key, record.pk, record.version, record.state, *told)
    if request.by and request.key:
        _end_editing(request, saved, request.by)
    return saved


def _write_record(evaluation: SaveEvaluation) -> Any:
    """The record holds the answers, with the reasons that single ones have; its signature falls first."""
    basis, request = evaluation.basis, evaluation.basis.request
    record_key, stored, act = basis.record_key, basis.stored, request.act
    if request.answers.reasons:
        keep_reasons(record_key.participant, request.answers.reasons, act=act)
    if stored is None:
        record = write_record(record_key, None, evaluation.after, act=act).record
        adopt_queries(record_key, record, act=act)
        return record
    if evaluation.changed or _derived_differ(evaluation):
        if stored.record.state == RecordState.SIGNED:
            drop_signature(record_key, stored.record, act=act, at=request.at)
        write_record(record_key, stored, evaluation.after, act=act, typed_again=bool(evaluation.changed))
    return stored.record


def _derived_differ(evaluation: SaveEvaluation) -> bool:
    old = evaluation.before.values if evaluation.before else {}
    return any(
        question.derived and old.get(name) != evaluation.after.values[name]
        for name, question in evaluation.basis.record_key.form.questions.items()
    )


def _end_editing(request: SaveRequest, saved: Saved, owner: User) -> None:
    """The opened page is answered once and for all, and what was typed on it is no draft any more."""
    moved = [[change.code, change.kind, change.before, change.after] for change in saved.moved]
    SaveKey.objects.create(
        owner=owner,
        site_id=request.record_key.participant.site_id,
        key=request.key,
        digest=request.digest,
        record_id=saved.record_id,
        version=saved.version,
        answer={"state": saved.state, "queries_opened": saved.queries_opened, "moved": moved},
        saved_at=request.at,
    )
    Draft.objects.filter(
        owner=owner,
        participant=request.record_key.participant,
        form_code=request.record_key.form.code,
        page=request.key,
    ).delete()
