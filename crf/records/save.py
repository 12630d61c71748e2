"""Saving answers: one act that keeps everything which follows from them, or nothing (architecture 4, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import act
from audit.models import Act
from crf.engine.base import RecordState
from crf.engine.changes import Change, changes
from crf.engine.checks import Finding
from crf.engine.declaration import Repeats
from crf.engine.evaluation import Outcome, Row, evaluate
from crf.engine.messages import sentence
from crf.models import Draft, SaveKey
from crf.queries.system import adopt_queries, judge_queries, known_queries, queries_part
from crf.records.consequences import follow_up
from crf.records.eligibility_lapse import Watch
from crf.records.overrides import standing
from crf.records.prompts import keep_prompts
from crf.store.context import Surroundings
from crf.store.preconditions import refuse_unless_due, refuse_who_may_not
from crf.store.reasons import compose, reason_for
from crf.store.records import NEW, Place, Sheet, find_record, next_sequence, parts_of, sheet_from, write_sheet
from crf.store.signatures import drop_signature
from kernel.errors import Refusal
from trials.models import Participant


class RecordLocked(Refusal):
    message = _("{record} is locked. Ask the data manager to unlock it, then change the answer.")


class ReasonNeeded(Refusal):
    """Saved answers are altered and nobody said why; ``targets`` are the names of those answers."""

    message = _("An answer that was saved before is changed in {record}. Say why, then save again.")
    status = 422

    def __init__(self, *, targets: Sequence[str] = (), **values: Any) -> None:
        super().__init__(**values)
        self.targets = tuple(targets)


class StaleVersion(Refusal):
    """Somebody saved in between; ``theirs`` are the answers that stand now, ``mine`` those that were typed."""

    message = _(
        "{record} was saved by somebody else while you were typing. Compare both answers field by field, "
        "choose, and save again. Nothing you typed is lost."
    )

    def __init__(self, *, mine: Outcome, theirs: Outcome, version: int, **values: Any) -> None:
        super().__init__(**values)
        self.mine, self.theirs, self.version = mine, theirs, version


class AnswersImpossible(Refusal):
    """A hard check stops the save; ``findings`` say where."""

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

    place: Place
    record_id: int
    version: int
    state: str
    changed: tuple[Change, ...] = ()
    cleared: tuple[str, ...] = ()
    queries_opened: int = 0
    again: bool = False


def save_answers(
    *,
    place: Place,
    answers: Answers,
    version: int = NEW,
    key: str = "",
    by: User | None,
    at: datetime,
) -> Saved:
    """The answers are saved with all that follows from them (protocol 3.0, 3.17; requirements 13-16, 20).

    Holds the participant, then the record. ``version`` is the record's version that the person saw,
    ``NEW`` when they saw none; ``key`` names the opened page, so that a double click saves once.
    """
    reason = compose(answers.reason, answers.reasons)
    with act("crf:answers:save", by=by, at=at, participant=place.participant, reason=reason) as written:
        refuse_who_may_not(place, by=by)
        held = Participant.objects.lock(place.participant.pk)
        if done := _saved_before(place, key=key, by=by):
            return done
        work = _Work(replace(place, participant=held), answers, written, by, at)
        return work.save(version, key)


def _saved_before(place: Place, *, key: str, by: User | None) -> Saved | None:
    found = SaveKey.objects.filter(owner=by, key=key).first() if key and by else None
    if found is None:
        return None
    record = place.form.model.objects.get(pk=found.record_id)
    return Saved(place, found.record_id, found.version, record.state, again=True)


@dataclass
class _Work:
    place: Place
    answers: Answers
    written: Act
    by: User | None
    at: datetime

    def save(self, version: int, key: str) -> Saved:
        if version == NEW and self._begins_a_log_record():
            self.place = replace(self.place, sequence=next_sequence(self.place))
        self.around = Surroundings(self.place.participant, at=self.at)
        sheet = self._sheet()
        refuse_unless_due(self.place, around=self.around, is_new=sheet is None)
        if sheet is not None and sheet.record.state == RecordState.LOCKED:
            raise RecordLocked(record=self.place.label)
        outcome = self._evaluated(sheet)
        old = sheet.outcome(self.place.form) if sheet else None
        if (sheet.record.version if sheet else NEW) != version:
            self._refuse_stale(sheet, outcome, old)
        self._refuse_impossible(outcome)
        found = changes(self.place.form, old, outcome)
        silent = [change.target for change in found if change.corrects and not self._reason_for(change)]
        if silent:
            raise ReasonNeeded(targets=silent, record=self.place.label)
        return self._written(sheet, old, outcome, found, key)

    def _reason_for(self, change: Change) -> str:
        """Return why an answer is corrected; the reason of a row that goes covers what stood in it."""
        row = f"{change.group}.{change.position}.removed" if change.group else ""
        return reason_for(self.written.reason, change.target) or reason_for(self.written.reason, row)

    def _begins_a_log_record(self) -> bool:
        """Say whether a new record of a log is saved: it takes the next number, whatever the address said."""
        if self.place.form.repeats != Repeats.LOG:
            return False
        return self.place.sequence == NEW or find_record(self.place) is None

    def _sheet(self) -> Sheet | None:
        """Hold the record, and bring with one journey all that the save will look at."""
        form, record = self.place.form, find_record(self.place, lock=True)
        also = [] if record is None else [*parts_of(form, record), queries_part(form, record)]
        own = (
            {f"{form.code}*"} if record is not None else set()
        )  # it knows the protocol version it was begun under
        loaded = self.around.fetch(form.foreign_reads | own, also)
        self.known = known_queries(loaded)
        return None if record is None else sheet_from(form, record, loaded)

    def _evaluated(self, sheet: Sheet | None) -> Outcome:
        context = self.around.context(
            self.place.form,
            visit=self.place.visit,
            sequence=self.place.sequence,
            record_id=sheet.record.pk if sheet else None,
        )
        groups = {name: _named(rows, sheet, name) for name, rows in self.answers.groups.items()}
        return evaluate(
            self.place.form,
            values=self.answers.values,
            groups=groups,
            missing=self.answers.missing,
            context=context,
        )

    def _refuse_stale(self, sheet: Sheet | None, mine: Outcome, theirs: Outcome | None) -> None:
        if sheet is None or theirs is None:
            theirs = evaluate(self.place.form, values={})
        raise StaleVersion(
            mine=mine,
            theirs=theirs,
            version=sheet.record.version if sheet else NEW,
            record=self.place.label,
        )

    def _refuse_impossible(self, outcome: Outcome) -> None:
        if stops := outcome.stops(standing(self.place, outcome.stops())):
            why = " ".join(dict.fromkeys(sentence(self.place.form, finding) for finding in stops))
            raise AnswersImpossible(findings=stops, record=self.place.label, why=why)

    def _written(
        self, sheet: Sheet | None, old: Outcome | None, outcome: Outcome, found: list[Change], key: str
    ) -> Saved:
        is_new, watch = sheet is None, Watch.over(self.place)
        if is_new or found or _derived_differ(self.place, old, outcome):
            if sheet is not None:
                drop_signature(self.place, sheet.record, written=self.written, at=self.at)
            sheet = write_sheet(self.place, sheet, outcome, act=self.written)
        record = sheet.record  # type: ignore[union-attr]
        if is_new:
            adopt_queries(self.place, record, written=self.written)
        self._note_key(key, record)
        keep_prompts(
            self.place, record, outcome, self.answers.prompts, act=self.written, by=self.by, at=self.at
        )
        opened = judge_queries(
            place=self.place,
            record=record,
            outcome=outcome,
            confirmed=self.answers.confirmations,
            known=self.known,
            by=self.by,
            at=self.at,
        )
        if is_new or found:
            follow_up(
                place=self.place,
                record=record,
                old=old,
                outcome=outcome,
                around=self.around,
                by=self.by,
                at=self.at,
            )
        watch.settle(by=self.by, at=self.at)
        self._drop_draft()
        return Saved(
            self.place, record.pk, record.version, record.state, tuple(found), outcome.cleared, opened
        )

    def _note_key(self, key: str, record: Any) -> None:
        if key and self.by:
            SaveKey.objects.create(
                owner=self.by,
                site_id=self.place.participant.site_id,
                key=key[:64],
                form_code=self.place.form.code,
                record_id=record.pk,
                version=record.version,
                saved_at=self.at,
            )

    def _drop_draft(self) -> None:
        if self.by:
            Draft.objects.filter(
                owner=self.by,
                participant=self.place.participant,
                form_code=self.place.form.code,
                visit=self.place.visit,
                sequence__in=(self.place.sequence, NEW),
            ).delete()


def _named(rows: Iterable[Mapping[str, Any]], sheet: Sheet | None, group: str) -> list[Row]:
    """Return the rows with the names they keep: a position that was removed is not given again."""
    if sheet is None or group not in sheet.rows:
        return [dict(row) for row in rows]
    kept, free = sheet.rows[group], sheet.last_position(group)
    named = []
    for row in rows:
        position = row.get("position")
        if position is None or (position in kept and kept[position].removed):
            free += 1
            position = free
        named.append({**row, "position": position})
    return named


def _derived_differ(place: Place, old: Outcome | None, new: Outcome) -> bool:
    return old is None or any(
        old.values[name] != new.values[name]
        for name, question in place.form.questions.items()
        if question.derived
    )
