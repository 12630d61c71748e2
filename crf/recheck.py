"""Other records are judged again: their derived answers and queries agree with what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import override

from accounts.models import User
from audit.acts import act
from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.checks import Finding
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Outcome, evaluate
from crf.queries.system import judge_queries, known_queries, queries_part
from crf.store.bulk_read import load
from crf.store.context import Surroundings, read_by
from crf.store.records import Place, begun_records, differing, parts_of, place_of_record, sheet_from, state_of
from crf.store.signatures import drop_signature
from trials import services as trials
from trials.models import Participant

MOST_ROUNDS = 5
UNFINISHED = (RecordState.EMPTY, RecordState.IN_PROGRESS, RecordState.COMPLETE)


def recheck_participant(
    *, participant: Participant, changed: set[str], by: User | None, at: datetime
) -> None:
    """Records that look at ``changed`` (such as "milestone.RAND") agree with it again; upper floors call it."""
    recheck(place=None, changed=changed, around=Surroundings(participant, at=at), by=by, at=at)


def recheck(
    *,
    place: Place | None,
    record_id: int | None = None,
    changed: set[str],
    around: Surroundings,
    by: User | None,
    at: datetime,
) -> None:
    """Other records that look at ``changed`` have their derived answers and queries as they should be."""
    done = {(place.form.code, record_id)} if place else set()
    for _round in range(MOST_ROUNDS):
        if not changed:
            return
        changed = set(_recheck_once(changed, done, around, by, at))


def _recheck_once(
    changed: set[str], done: set[tuple[str, int | None]], around: Surroundings, by: User | None, at: datetime
) -> Iterator[str]:
    looking = read_by(catalogue.forms().values(), changed)
    # Most of them have no record yet: one question tells which.
    around.fetch(f"{form.code}*" for form in looking)
    for form in [form for form in looking if around.records(form.code)]:
        for record in begun_records(form, around.participant):
            if (form.code, record.pk) not in done:
                yield from _recheck_record(form, record, around, by, at)


def _recheck_record(
    form: FormDeclaration, record: Any, around: Surroundings, by: User | None, at: datetime
) -> Iterable[str]:
    record.participant = around.participant
    loaded = load([*parts_of(form, record), queries_part(form, record)])
    place, sheet = place_of_record(form, record), sheet_from(form, record, loaded)
    seen = sheet.outcome(form)
    context = around.context(form, visit=record.visit, sequence=record.sequence, record_id=record.pk)
    outcome = evaluate(form, values=seen.values, groups=seen.groups, missing=seen.missing, context=context)
    changed = _rederive(place, sheet, outcome, by=by, at=at)
    known = known_queries(loaded)
    judge_queries(place=place, record=record, outcome=outcome, known=known, by=by, at=at)
    propose_deviations(place, outcome.findings, str(record.pk), by=by, at=at)
    if changed:
        around.forget(form.code)
    return {f"{form.code}.{name}" for name in changed} | ({f"{form.code}*"} if changed else set())


def _rederive(place: Place, sheet: Any, outcome: Outcome, *, by: User | None, at: datetime) -> list[str]:
    """Store what is derived anew; answers that a person gave stay, and so does a locked record."""
    record, form = sheet.record, place.form
    if record.state == RecordState.LOCKED:
        return []
    derived = {name: outcome.values[name] for name, question in form.questions.items() if question.derived}
    differs = any(getattr(record, name) != value for name, value in derived.items())
    state = state_of(form, outcome) if record.state in UNFINISHED or differs else record.state
    rows = _rows_to_rederive(form, sheet, outcome)
    if not differs and not rows and state == record.state:
        return []
    with act("crf:record:derive", by=by, at=at, participant=place.participant) as written:
        if differs:
            drop_signature(place, record, written=written, at=at)
        changed = differing(record, derived)
        record.state, record.act = state, written
        record.save(update_fields=[*changed, "state", "act"])
        for row, values in rows:
            names, row.act = differing(row, values), written
            row.save(update_fields=[*names, "act"])
    return changed + [name for name in form.groups if rows]


def _rows_to_rederive(
    form: FormDeclaration, sheet: Any, outcome: Outcome
) -> list[tuple[Any, dict[str, Any]]]:
    found = []
    for name, group in form.groups.items():
        derived = [question.name for question in group.questions.values() if question.derived]
        for row in outcome.groups[name] if derived else ():
            held = sheet.rows[name][row["position"]]
            values = {question: row[question] for question in derived}
            if any(getattr(held, question) != value for question, value in values.items()):
                found.append((held, values))
    return found


def propose_deviations(
    place: Place, findings: Iterable[Finding], record: str, *, by: User | None, at: datetime
) -> None:
    """A proposal stands for each finding of a check that names a deviation rule (protocol 2.6)."""
    for finding in findings:
        if check := place.form.deviations.get(finding.code):
            with override(None):  # kept in the words of the source: each reader is shown their own language
                detail = str(check.message)
            trials.propose_deviation(
                participant=place.participant,
                rule=check.deviation,
                key=f"{place.form.code}-{record}-{finding.key}",
                detail=detail,
                by=by,
                at=at,
            )
