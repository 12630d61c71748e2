"""What follows from a save in the same act: milestones, track, visits, other forms, the decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from crf.engine.checks import Finding, earliest_day
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.evaluation import Evaluation, evaluate
from crf.recheck import propose_deviations, recheck
from crf.safety.clock_rows import CLOCK_FORMS, settle_clocks
from crf.store.context import FormContext
from crf.store.records import RecordKey, begun_records, stored_record_of
from crf.trial_rules import todos
from crf.trial_rules.track import RuleInput, TrackChange, shortest_path, track_change_of
from followup.models import VisitState
from followup.services import plan_visits_for, record_visit, settle_todos
from protocol import text
from trials import services as trials
from trials.models.participants import Track


def apply_consequences(
    *,
    record_key: RecordKey,
    record: Any,
    old: Evaluation | None,
    outcome: Evaluation,
    form_context: FormContext,
    by: User | None,
    at: datetime,
) -> None:
    """Everything that hangs on the record agrees with its answers again; callers hold the participant."""
    form_context.forget(record_key.form.code)
    course = _course(record_key, outcome)
    moved = set_milestones(
        record_key=record_key,
        record=record,
        outcome=outcome,
        course=course,
        form_context=form_context,
        by=by,
        at=at,
    )
    changed = _changed_reads(record_key.form, old, outcome) | {f"milestone.{code}" for code in moved}
    tracked = _move_track(record_key, course, None if old is None else _course(record_key, old), by=by, at=at)
    happened = _note_visit(record_key, outcome, form_context=form_context, by=by, at=at)
    changed |= {"visit.last_on"} if happened else set()
    if (moved or tracked) and not happened:
        plan_visits_for(participant=record_key.participant, by=by, at=at)
    propose_deviations(record_key, outcome.findings, str(record.pk), by=by, at=at)
    _settle_todos(record_key, form_context, by=by, at=at)
    if record_key.form.code in CLOCK_FORMS:
        settle_clocks(participant=record_key.participant, form_context=form_context, by=by, at=at)
    recheck(
        record_key=record_key, record_id=record.pk, changed=changed, form_context=form_context, by=by, at=at
    )


def _course(record_key: RecordKey, outcome: Evaluation) -> TrackChange:
    seen = RuleInput(
        outcome.values, record_key.participant.arm, _known(record_key.form, outcome), outcome.groups
    )
    return track_change_of(record_key.form.code, seen)


def _known(form: FormDeclaration, outcome: Evaluation) -> dict[str, date | None]:
    """Return the milestones of an outcome; a stored one is asked through its rules' plain answers."""
    if outcome.milestones:
        return dict(outcome.milestones)
    return {rule.code: earliest_day(outcome.values.get(rule.from_field)) for rule in form.milestones}


def set_milestones(
    *,
    record_key: RecordKey,
    record: Any,
    outcome: Evaluation,
    course: TrackChange,
    form_context: FormContext,
    by: User | None,
    at: datetime,
) -> set[str]:
    """The milestones that the form sets stand on its answers; the codes of those that moved are returned.

    When several records can set one, the earliest day counts (protocol 2.1).
    """
    moved = set()
    for code, day in outcome.milestones.items():
        taken = _earliest(record_key, record, code, day, form_context)
        if taken is None:
            continue
        result = course.results.get(code, "") if day else ""
        if trials.set_milestone(
            participant=record_key.participant,
            code=code,
            on=taken.on,
            source="form",
            source_form=record_key.form.code,
            source_record=taken.record,
            result=result,
            by=by,
            at=at,
        ):
            moved.add(code)
    if moved:
        form_context.forget_milestones()
    return moved


@dataclass(frozen=True)
class _Taken:
    """The day of a milestone, and which record it is read from."""

    on: date | None
    record: int


def _earliest(
    record_key: RecordKey, record: Any, code: str, day: date | None, form_context: FormContext
) -> _Taken | None:
    """Return what the milestone takes now; None when this record has no say in it."""
    own = _Taken(day, record.pk)
    held = form_context.milestone(code)
    if held is None or held.on is None:
        return own if day else None
    if (held.source_form, held.source_record) != (record_key.form.code, own.record):
        return own if day and day <= held.on else None
    if record_key.form.repeats == Repeats.PER_PARTICIPANT:
        return own
    known = [taken for taken in (own, *_elsewhere(record_key, record, code, form_context)) if taken.on]
    return min(known, key=lambda taken: taken.on or date.max, default=own)


def _elsewhere(record_key: RecordKey, record: Any, code: str, form_context: FormContext) -> Iterator[_Taken]:
    """Yield what the other records of the form say about the milestone."""
    for other in begun_records(record_key.form, record_key.participant).exclude(pk=record.pk):
        seen = stored_record_of(record_key.form, other).outcome(record_key.form)
        context = form_context.context(
            record_key.form, visit=other.visit, sequence=other.sequence, record_id=other.pk
        )
        found = evaluate(
            record_key.form, values=seen.values, groups=seen.groups, missing=seen.missing, context=context
        )
        yield _Taken(found.milestones.get(code), other.pk)


def _changed_reads(form: FormDeclaration, old: Evaluation | None, new: Evaluation) -> set[str]:
    names = {name for name in form.questions if old is None or old.values[name] != new.values[name]}
    names |= {name for name in form.groups if old is None or old.groups[name] != new.groups[name]}
    of_all = {f"{form.code}*", *(f"{form.code}*.{name}" for name in form.groups if name in names)}
    return {f"{form.code}.{name}" for name in names} | (of_all if names else set())


def _move_track(
    record_key: RecordKey, course: TrackChange, before: TrackChange | None, *, by: User | None, at: datetime
) -> bool:
    """The participant goes where the answers lead, step by allowed step; say whether they moved."""
    if course.tracks == (before.tracks if before else ()):
        return False
    if record_key.participant.state == Track.DEAD and before is not None and Track.DEAD in before.tracks:
        return _take_death_back(record_key, by=by, at=at)
    protocol = text.load(record_key.participant.protocol_version)
    here = record_key.participant.state
    for target in course.tracks:
        for step in shortest_path(protocol, here, target, record_key.participant.arm):
            trials.move_track(participant=record_key.participant, to=step, on=course.on, by=by, at=at)
            here = step
    moved = here != record_key.participant.state
    record_key.participant.state = here
    return moved


def _take_death_back(record_key: RecordKey, *, by: User | None, at: datetime) -> bool:
    """A death that was entered by mistake is undone: the participant stands where they stood before it."""
    records = FormContext(record_key.participant, at=at).records(record_key.form.code)
    if any(row.get("vital") == "dead" for row in records):
        return False
    trail: Any = record_key.participant
    earlier = trail.events.exclude(state=Track.DEAD).order_by("-pgh_id").first()
    trials.correct_track(
        participant=record_key.participant, to=earlier.state, on=earlier.state_since, by=by, at=at
    )
    record_key.participant.state = earlier.state
    return True


def _note_visit(
    record_key: RecordKey, outcome: Evaluation, *, form_context: FormContext, by: User | None, at: datetime
) -> bool:
    """A visit whose form says on which day it was, took place on that day; say whether that is new."""
    visit = record_key.visit
    if visit is None or visit.state in (VisitState.DONE, VisitState.NOT_DONE, VisitState.CANCELLED):
        return False
    if not record_key.form.dates_visit and visit.forms != [record_key.form.code]:
        return False
    day = visit_day(record_key.form, outcome)
    if day is None or not _possible(day, form_context):
        return False
    record_visit(visit=visit, took_place_on=day, by=by, at=at)
    return True


def _possible(day: date, form_context: FormContext) -> bool:
    """Say whether a visit can have taken place then; a call after a death is no visit of the participant."""
    consented, died = (getattr(form_context.milestone(code), "on", None) for code in ("ICF", "DEATH"))
    return (consented or day) <= day <= min(form_context.today, died or form_context.today)


def visit_day(form: FormDeclaration, outcome: Evaluation) -> date | None:
    """Return the full day that the form is about."""
    value = outcome.values.get(form.day_question) if form.day_question else None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def propose_from_refusal(
    *, record_key: RecordKey, findings: Iterable[Finding], by: User | None, at: datetime
) -> None:
    """What a hard check kept out is proposed as a deviation where it is one: it may have happened all the same,
    and nothing else would tell of it (protocol 3.5 B, X011). Called after the save was taken back.
    """
    propose_deviations(record_key, findings, f"refused-{record_key.sequence}", by=by, at=at)


def _settle_todos(record_key: RecordKey, form_context: FormContext, *, by: User | None, at: datetime) -> None:
    """What the answers ask for by a day stands as a to-do, and what has arrived is closed (protocol 2.6)."""
    if record_key.form.code not in todos.FORMS or record_key.participant.arm is None:
        return
    form_context.fetch({f"{code}*" for code in todos.FORMS})
    wanted = todos.wanted_todos(text.load(record_key.participant.protocol_version), form_context.records)
    settle_todos(participant=record_key.participant, wanted=wanted, by=by, at=at)
