"""Saving answers: one act that keeps everything which follows from them, or nothing (architecture 4, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from audit.models import Act
from crf.engine.base import RecordState
from crf.engine.changes import AnswerChange, changes
from crf.engine.checks import Finding
from crf.engine.declaration import Repeats
from crf.engine.evaluation import AnswerRow, Evaluation, evaluate
from crf.engine.messages import finding_text
from crf.models import Draft, SaveKey
from crf.queries.system import adopt_queries, known_queries, queries_part, sync_queries
from crf.records.consequences import apply_consequences
from crf.records.eligibility_lapse import EvidenceSnapshot
from crf.records.overrides import standing
from crf.records.prompts import keep_prompts
from crf.store.context import FormContext
from crf.store.preconditions import refuse_unless_due, refuse_who_may_not
from crf.store.reasons import compose, reason_for
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
from kernel.errors import Refusal
from trials.models import Participant


class RecordLocked(Refusal):
    code = "crf.record_locked"
    message = _("{record} is locked. Ask the data manager to unlock it, then change the answer.")


class ReasonNeeded(Refusal):
    """Saved answers are altered and nobody said why; ``targets`` are the names of those answers."""

    code = "crf.reason_needed"
    message = _("An answer that was saved before is changed in {record}. Say why, then save again.")
    status = 422

    def __init__(self, *, targets: Sequence[str] = (), **values: Any) -> None:
        super().__init__(**values)
        self.targets = tuple(targets)


class StaleVersion(Refusal):
    """Somebody saved in between; ``theirs`` are the answers that stand now, ``mine`` those that were typed."""

    code = "crf.stale_version"
    message = _(
        "{record} was saved by somebody else while you were typing. Compare both answers field by field, "
        "choose, and save again. Nothing you typed is lost."
    )

    def __init__(self, *, mine: Evaluation, theirs: Evaluation, version: int, **values: Any) -> None:
        super().__init__(**values)
        self.mine, self.theirs, self.version = mine, theirs, version


class AnswersImpossible(Refusal):
    """A hard check stops the save; ``findings`` say where."""

    code = "crf.answers_impossible"
    message = _("{record} is not saved: {why}")
    status = 422

    def __init__(self, *, findings: Sequence[Finding], **values: Any) -> None:
        super().__init__(**values)
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Answers:
    """What a person answered, and what goes with the save."""

    values: Mapping[str, Any]
    groups: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    confirmations: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    prompts: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Saved:
    """What a save did. ``again`` marks the second press of the same button: nothing was written twice."""

    record_key: RecordKey
    record_id: int
    version: int
    state: str
    changed: tuple[AnswerChange, ...] = ()
    cleared: tuple[str, ...] = ()
    queries_opened: int = 0
    again: bool = False


def save_answers(
    *,
    record_key: RecordKey,
    answers: Answers,
    version: int,
    key: str = "",
    by: User | None,
    at: datetime,
) -> Saved:
    """The answers are saved with all that follows from them (protocol 3.0, 3.17; requirements 13-16, 20).

    Holds the participant, then the record. ``version`` is the record's version that the person saw,
    ``NEW`` when they saw none; ``key`` names the opened page, so that a double click saves once.
    """
    reason = compose(answers.reason, answers.reasons)
    with open_act("crf:answers:save", by=by, at=at, participant=record_key.participant, reason=reason) as act:
        refuse_who_may_not(record_key, by=by)
        locked = Participant.objects.lock(record_key.participant.pk)
        if done := _saved_before(record_key, key=key, by=by):
            return done
        work = _Work(replace(record_key, participant=locked), answers, act, by, at)
        return work.save(version, key)


def _saved_before(record_key: RecordKey, *, key: str, by: User | None) -> Saved | None:
    found = SaveKey.objects.filter(owner=by, key=key).first() if key and by else None
    if found is None:
        return None
    record = record_key.form.model.objects.get(pk=found.record_id)
    return Saved(record_key, found.record_id, found.version, record.state, again=True)


@dataclass
class _Work:
    record_key: RecordKey
    answers: Answers
    act: Act
    by: User | None
    at: datetime

    def save(self, version: int, key: str) -> Saved:
        if version == NEW and self._begins_a_log_record():
            self.record_key = replace(self.record_key, sequence=next_sequence(self.record_key))
        self.form_context = FormContext(self.record_key.participant, at=self.at)
        stored = self._sheet()
        refuse_unless_due(self.record_key, form_context=self.form_context, is_new=stored is None)
        if stored is not None and stored.record.state == RecordState.LOCKED:
            raise RecordLocked(record=self.record_key.label)
        outcome = self._evaluated(stored)
        old = stored.outcome(self.record_key.form) if stored else None
        if (stored.record.version if stored else NEW) != version:
            self._refuse_stale(stored, outcome, old)
        self._refuse_impossible(outcome)
        found = changes(self.record_key.form, old, outcome)
        silent = [change.target for change in found if change.corrects and not self._reason_for(change)]
        if silent:
            raise ReasonNeeded(targets=silent, record=self.record_key.label)
        return self._written(stored, old, outcome, found, key)

    def _reason_for(self, change: AnswerChange) -> str:
        """Return why an answer is corrected; the reason of a row that goes covers what stood in it."""
        row = f"{change.group}.{change.position}.removed" if change.group else ""
        return reason_for(self.act.reason, change.target) or reason_for(self.act.reason, row)

    def _begins_a_log_record(self) -> bool:
        """Say whether a new record of a log is saved: it takes the next number, whatever the address said."""
        if self.record_key.form.repeats != Repeats.LOG:
            return False
        return self.record_key.sequence == NEW or find_record(self.record_key) is None

    def _sheet(self) -> StoredRecord | None:
        """Hold the record, and bring with one journey all that the save will look at."""
        form, record = self.record_key.form, find_record(self.record_key, lock=True)
        also = [] if record is None else [*parts_of(form, record), queries_part(form, record)]
        own = (
            {f"{form.code}*"} if record is not None else set()
        )  # it knows the protocol version it was begun under
        loaded = self.form_context.fetch(form.foreign_reads | own, also)
        self.known = known_queries(loaded)
        return None if record is None else stored_record_from(form, record, loaded)

    def _evaluated(self, stored: StoredRecord | None) -> Evaluation:
        context = self.form_context.context(
            self.record_key.form,
            visit=self.record_key.visit,
            sequence=self.record_key.sequence,
            record_id=stored.record.pk if stored else None,
        )
        groups = {name: _named(rows, stored, name) for name, rows in self.answers.groups.items()}
        return evaluate(
            self.record_key.form,
            values=self.answers.values,
            groups=groups,
            missing=self.answers.missing,
            context=context,
        )

    def _refuse_stale(self, stored: StoredRecord | None, mine: Evaluation, theirs: Evaluation | None) -> None:
        if stored is None or theirs is None:
            context = self.form_context.context(self.record_key.form)
            theirs = evaluate(self.record_key.form, values={}, context=context)
        raise StaleVersion(
            mine=mine,
            theirs=theirs,
            version=stored.record.version if stored else NEW,
            record=self.record_key.label,
        )

    def _refuse_impossible(self, outcome: Evaluation) -> None:
        if stops := outcome.stops(standing(self.record_key, outcome.stops())):
            zone = self.record_key.participant.site.time_zone
            why = " ".join(
                dict.fromkeys(finding_text(self.record_key.form, finding, zone=zone) for finding in stops)
            )
            raise AnswersImpossible(findings=stops, record=self.record_key.label, why=why)

    def _written(
        self,
        stored: StoredRecord | None,
        old: Evaluation | None,
        outcome: Evaluation,
        found: list[AnswerChange],
        key: str,
    ) -> Saved:
        is_new, watch = stored is None, EvidenceSnapshot.over(self.record_key)
        if is_new or found or _derived_differ(self.record_key, old, outcome):
            if stored is not None:
                drop_signature(self.record_key, stored.record, act=self.act, at=self.at)
            stored = write_record(self.record_key, stored, outcome, act=self.act)
        record = stored.record  # type: ignore[union-attr]
        if is_new:
            adopt_queries(self.record_key, record, act=self.act)
        self._note_key(key, record)
        keep_prompts(
            self.record_key, record, outcome, self.answers.prompts, act=self.act, by=self.by, at=self.at
        )
        opened = sync_queries(
            record_key=self.record_key,
            record=record,
            outcome=outcome,
            confirmed=self.answers.confirmations,
            known=self.known,
            by=self.by,
            at=self.at,
        )
        if is_new or found:
            apply_consequences(
                record_key=self.record_key,
                record=record,
                old=old,
                outcome=outcome,
                form_context=self.form_context,
                by=self.by,
                at=self.at,
            )
        watch.settle(by=self.by, at=self.at)
        self._drop_draft()
        return Saved(
            self.record_key, record.pk, record.version, record.state, tuple(found), outcome.cleared, opened
        )

    def _note_key(self, key: str, record: Any) -> None:
        if key and self.by:
            SaveKey.objects.create(
                owner=self.by,
                site_id=self.record_key.participant.site_id,
                key=key[:64],
                form_code=self.record_key.form.code,
                record_id=record.pk,
                version=record.version,
                saved_at=self.at,
            )

    def _drop_draft(self) -> None:
        if self.by:
            Draft.objects.filter(
                owner=self.by,
                participant=self.record_key.participant,
                form_code=self.record_key.form.code,
                visit=self.record_key.visit,
                sequence__in=(self.record_key.sequence, NEW),
            ).delete()


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


def _derived_differ(record_key: RecordKey, old: Evaluation | None, new: Evaluation) -> bool:
    return old is None or any(
        old.values[name] != new.values[name]
        for name, question in record_key.form.questions.items()
        if question.derived
    )
