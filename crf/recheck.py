"""Other records are judged again: their derived answers and queries agree with what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.translation import override

from accounts.models import User
from audit.acts import open_act, take_moved
from crf import catalogue
from crf.engine.answers import AnswerRow
from crf.engine.base import COMPLETED, CrfRecord, RecordState
from crf.engine.checks import Finding, in_site_time
from crf.engine.conditions import canonical
from crf.engine.declaration import IS_COMPLETE, FormDeclaration, form_of
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.messages import values_named
from crf.milestones import Setter, resting_on, set_milestones
from crf.models import DifferenceKind, Query
from crf.queries.system import known_queries, queries_part, stale_queries, sync_queries
from crf.store.bulk_read import bulk_read
from crf.store.context import FormContext
from crf.store.expected import EXPECTED_READS, keep_expected_forms
from crf.store.records import (
    RecordKey,
    StoredRecord,
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
from followup.services import plan_visits_for
from trials import services as trials
from trials.models import Participant
from trials.models.locks import LockKind, lock_over

MOST_ROUNDS = 5
AT_VISIT = "visit:"
CONSENTED = "milestone.ICF"
CENTRAL_READS = ("central.", "sponsor.")  # by whom a freeze does not stop
UNFINISHED = (RecordState.EMPTY, RecordState.IN_PROGRESS, RecordState.COMPLETE)


def recheck_participant(
    *, participant: Participant, changed: set[str], by: User | None, at: datetime
) -> None:
    """Records that look at ``changed`` (such as "milestone.RAND") agree with it again; upper floors call it."""
    recheck(record_key=None, changed=changed, form_context=FormContext(participant, at=at), by=by, at=at)


def recheck_moved(*, participant_id: int, changed: set[str], by: User | None, at: datetime) -> None:
    """Records agree again with what an act has moved; ``audit.acts`` calls it before the act ends."""
    participant = Participant.objects.select_related("site").get(pk=participant_id)
    if (
        CONSENTED in changed and participant.arm is None
    ):  # screening and the first questionnaire have their visits
        plan_visits_for(participant=participant, by=by, at=at)
    recheck_participant(participant=participant, changed=changed, by=by, at=at)


def recheck_by_calendar(*, participant: Participant, at: datetime) -> None:
    """Records that look at the calendar day alone agree with the day of ``at``; nothing else is read."""
    forms = (form for form in catalogue.forms().values() if form.looks_at_today)
    _recheck_forms(forms, participant, None, at)


def recheck_everything(*, participant: Participant, by: User | None, at: datetime) -> None:
    """Every record of the participant agrees with its answers, whatever moved or did not; locked ones stay."""
    _recheck_forms(catalogue.forms().values(), participant, by, at)


def _recheck_forms(
    forms: Iterable[FormDeclaration], participant: Participant, by: User | None, at: datetime
) -> None:
    form_context, changed = FormContext(participant, at=at), set[str]()
    for form in forms:
        for record in begun_records(form, participant):
            changed |= set(_recheck_record(form, record, form_context, by, at))
    recheck(record_key=None, changed=changed, form_context=form_context, by=by, at=at)


def recheck(
    *,
    record_key: RecordKey | None,
    record: CrfRecord | None = None,
    changed: set[str],
    form_context: FormContext,
    by: User | None,
    at: datetime,
) -> None:
    """Records that look at ``changed``, or at what the act has moved, agree with it again.

    Their derived answers and queries are as they should be. ``record`` is the one that was saved: it was judged by
    its own answers, and not yet by the milestones and visits that they moved, nor by what others derive from them.
    """
    judged_by = record_key.form.code if record_key else ""
    for _round in range(MOST_ROUNDS):
        changed = changed | take_moved(form_context.participant.pk)
        if not changed:
            return
        if not EXPECTED_READS.isdisjoint(changed):
            keep_expected_forms([form_context.participant.pk])
        changed = set(_recheck_once(changed, record, judged_by, form_context, by, at))
        judged_by = ""


def _recheck_once(
    changed: set[str],
    saved: CrfRecord | None,
    judged_by: str,
    form_context: FormContext,
    by: User | None,
    at: datetime,
) -> Iterator[str]:
    visits = {int(read.removeprefix(AT_VISIT)) for read in changed if read.startswith(AT_VISIT)}
    looking = [form for form in catalogue.forms().values() if form.foreign_reads & changed or visits]
    # One question tells which have a record that is concerned: most have none.
    form_context.fetch([f"{form.code}*" for form in looking])
    for form in looking:
        kept = form_context.records(form.code)
        at_visits = {row["id"] for row in kept if row["visit_id"] in visits}
        if at_visits:
            yield f"{form.code}*"  # whoever reads the form reads when and at which visit it was answered
        concerned = {row["id"] for row in kept} if form.foreign_reads & changed else at_visits
        if saved and form.code == judged_by and saved.pk not in at_visits:
            anew = [read for read in form.foreign_reads & changed if form_of(read) != judged_by]
            concerned = concerned if anew else concerned - {saved.pk}
        records = begun_records(form, form_context.participant).filter(pk__in=concerned) if concerned else ()
        for record in records:
            at_hand = saved if saved and saved.pk == record.pk else record
            yield from _recheck_record(form, at_hand, form_context, by, at)


def judged(
    form: FormDeclaration, record: CrfRecord, form_context: FormContext
) -> tuple[RecordKey, StoredRecord, Evaluation, list[Query]]:
    """Return the record as it is stored, as its answers are judged now, and the system's queries about it."""
    record.participant = form_context.participant
    record_key = key_of_record(form, record)
    form = record_key.form
    form_context.remember(record)
    loaded = bulk_read([*parts_of(form, record), queries_part(record)])
    stored = stored_record_from(form, record, loaded)
    seen = stored.outcome(form)
    context = form_context.context(form, visit=record.visit, sequence=record.sequence, record_id=record.pk)
    outcome = evaluate(form, values=seen.values, groups=seen.groups, missing=seen.missing, context=context)
    return record_key, stored, outcome, known_queries(loaded)


@dataclass(frozen=True)
class DifferingItem:
    """A derived answer, the state or a query of a record, as it is stored and as it is worked out now."""

    kind: DifferenceKind
    name: str
    stored: Any
    worked_out: Any


def differences(
    record_key: RecordKey, stored: StoredRecord, outcome: Evaluation, known: list[Query]
) -> Iterator[DifferingItem]:
    """Yield what of a record is not stored as it is judged now."""
    form, record, zone = record_key.form, stored.record, record_key.participant.site.time_zone
    derived = {name: outcome.values[name] for name, question in form.questions.items() if question.derived}
    yield from _differing_answers("", record, derived, zone)
    for row, values in _rows_to_rederive(form, stored, outcome):
        group = next(name for name in form.groups if row in stored.rows[name].values())
        yield from _differing_answers(f"{group}.{row.position}.", row, values, zone)
    state = state_of(form, outcome)
    if record.state in UNFINISHED and record.state != state:
        yield DifferingItem(DifferenceKind.STATE, "state", str(record.state), str(state))
    for key, is_open in stale_queries(record_key, outcome, known).items():
        yield DifferingItem(DifferenceKind.QUERY, key, is_open, not is_open)


def _differing_answers(within: str, row: Any, derived: dict[str, Any], zone: str) -> Iterator[DifferingItem]:
    for name, value in derived.items():
        kept = getattr(row, name)
        if kept != value:
            seen = [canonical(in_site_time(each, zone)) for each in (kept, value)]
            yield DifferingItem(DifferenceKind.ANSWER, f"{within}{name}", *seen)


def _recheck_record(
    form: FormDeclaration, record: CrfRecord, form_context: FormContext, by: User | None, at: datetime
) -> Iterable[str]:
    if record.state == RecordState.LOCKED:
        return ()
    record_key, stored, outcome, known = judged(form, record, form_context)
    changed = _rederive(record_key, stored, outcome, by=by, at=at)
    sync_queries(record_key=record_key, record=record, outcome=outcome, known=known, by=by, at=at)
    propose_deviations(record_key, outcome.findings, str(record.pk), by=by, at=at)
    if changed:
        form_context.forget(form.code)
        setter = Setter(record_key, stored.record, outcome, form_context, {})
        _move_milestones(setter, changed, by=by, at=at)
    answers = {f"{form.code}*"} if set(changed) - {IS_COMPLETE} else set()
    return {f"{form.code}.{name}" for name in changed} | answers


def _move_milestones(setter: Setter, changed: list[str], *, by: User | None, at: datetime) -> None:
    """A milestone that rests on a derived day moves with it, and the visits with the milestone (protocol 2.1)."""
    codes = resting_on(setter.record_key.form.milestones, changed)
    if codes and set_milestones(setter, codes, by=by, at=at):
        plan_visits_for(participant=setter.record_key.participant, by=by, at=at)


def _rederive(
    record_key: RecordKey, stored: StoredRecord, outcome: Evaluation, *, by: User | None, at: datetime
) -> list[str]:
    """Store what is derived anew, and return what changed; answers of a person stay, and so does a locked record.

    Of a frozen one changes what follows from a central decision, and no more: who decides waits for no thaw (ADR 36).
    """
    record, form = stored.record, record_key.form
    derived = {name: outcome.values[name] for name, question in form.questions.items() if question.derived}
    was_complete = record.state in COMPLETED
    rows = _rows_to_rederive(form, stored, outcome)
    differs = bool(rows) or _differs(record, derived)
    judged = record.state in UNFINISHED or differs
    state = state_rederived(record, state_of(form, outcome)) if judged else record.state
    if not differs and state == record.state:
        return []
    if lock := lock_over(record_key.participant, visit=record.visit_id, record=record.pk):
        derived = {name: derived[name] for name in centrally_judged(form)}
        differs, state, rows = _differs(record, derived), record.state, []
        if lock["kind"] == LockKind.LOCKED or not differs:
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


@cache
def centrally_judged(form: FormDeclaration) -> frozenset[str]:
    """Return the derived answers that follow from what is decided centrally, directly or through another one."""
    follows: frozenset[str] = frozenset()
    while more := {
        name
        for name, question in form.questions.items()
        if question.derived
        and name not in follows
        and any(read in follows or read.startswith(CENTRAL_READS) for read in question.reads)
    }:
        follows |= more
    return follows


def _differs(record: CrfRecord, derived: AnswerRow) -> bool:
    return any(getattr(record, name) != value for name, value in derived.items())


def _rows_to_rederive(
    form: FormDeclaration, stored: StoredRecord, outcome: Evaluation
) -> list[tuple[Any, dict[str, Any]]]:
    rows = []
    for name, group in form.groups.items():
        derived = [question.name for question in group.questions.values() if question.derived]
        for row in outcome.groups[name] if derived else ():
            stored_row = stored.rows[name][row["position"]]
            values = {question: row[question] for question in derived}
            if any(getattr(stored_row, question) != value for question, value in values.items()):
                rows.append((stored_row, values))
    return rows


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
