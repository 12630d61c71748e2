"""What follows from a save in the same act: milestones, track, visits, other forms, the decision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from accounts.models import User
from crf.engine.checks import Finding, earliest_day
from crf.engine.declaration import IS_COMPLETE, FormDeclaration
from crf.engine.evaluation import Evaluation
from crf.milestones import Setter, set_milestones
from crf.recheck import propose_deviations, recheck, recheck_moved
from crf.records.change import RecordChange
from crf.safety.clock_rows import CLOCK_FORMS, first_known_on, settle_clocks
from crf.store.context import FormContext
from crf.store.records import RecordKey
from crf.trial_rules import todos
from crf.trial_rules.track import (
    READ_TOGETHER,
    RULES,
    RuleInput,
    TrackChange,
    says_dead,
    shortest_path,
    track_change_of,
)
from followup.models import Visit, VisitState
from followup.services import count_as_met, plan_visits_for, record_visit, settle_todos
from protocol import text
from trials import services as trials
from trials.models import Participant
from trials.models.participants import INTERRUPTED, Track


def apply_consequences(change: RecordChange) -> bool:
    """Everything that hangs on the record agrees with its answers again; say whether visits may be planned anew.

    Locks: nothing more; callers hold the participant.
    """
    record_key, form_context = change.record_key, change.form_context
    form_context.forget(record_key.form.code)
    leads = record_key.form.code in RULES
    course = _course(change, change.after) if leads else TrackChange()
    moved = _set_milestones(change, course) if change.after.milestones else set()
    tracked = leads and _move_track(change, course)
    happened = record_key.visit is not None and _note_visit(change, record_key.visit, course)
    if (moved or tracked) and not happened:
        plan_visits_for(participant=record_key.participant, by=change.by, at=change.at)
    propose_deviations(record_key, change.after.findings, str(change.record.pk), by=change.by, at=change.at)
    told = record_key.form.code in CLOCK_FORMS and settle_clocks(
        participant=record_key.participant, form_context=form_context, by=change.by, at=change.at
    )
    if record_key.form.code in todos.FORMS and record_key.participant.arm is not None:
        _settle_todos(change)
    recheck(
        record_key=record_key,
        record=change.record,
        changed=_changed_reads(change, moved, happened) | ({"safety.clocks"} if told else set()),
        form_context=form_context,
        by=change.by,
        at=change.at,
    )
    return bool(moved or tracked or happened)


def _course(change: RecordChange, outcome: Evaluation) -> TrackChange:
    form, participant = change.record_key.form, change.record_key.participant
    others = change.form_context.records(form.code) if form.code in READ_TOGETHER else []
    seen = RuleInput(
        outcome.values,
        participant.arm,
        _known(form, outcome),
        outcome.groups,
        [row for row in others if row["id"] != change.record.pk],
    )
    return track_change_of(form.code, seen)


def _known(form: FormDeclaration, outcome: Evaluation) -> dict[str, date | None]:
    """Return the milestones of an outcome; a stored one is asked through its rules' plain answers."""
    if outcome.milestones:
        return dict(outcome.milestones)
    return {rule.code: earliest_day(outcome.values.get(rule.from_field)) for rule in form.milestones}


def _set_milestones(change: RecordChange, course: TrackChange) -> set[str]:
    setter = Setter(change.record_key, change.record, change.after, change.form_context, course.results)
    return set_milestones(setter, frozenset(change.after.milestones), by=change.by, at=change.at)


def _changed_reads(change: RecordChange, moved: set[str], happened: bool) -> set[str]:
    """Return what other forms may read that is new: answers, milestones, the last visit."""
    form, old, new = change.record_key.form, change.before, change.after
    names = {name for name in form.questions if old is None or old.values[name] != new.values[name]}
    names |= {name for name in form.groups if old is None or old.groups[name] != new.groups[name]}
    changed = {f"{form.code}.{name}" for name in names} | {f"milestone.{code}" for code in moved}
    if change.was_complete != new.complete:
        changed.add(f"{form.code}.{IS_COMPLETE}")
    if names:
        changed |= {f"{form.code}*", *[f"{form.code}*.{name}" for name in form.groups if name in names]}
    return changed | ({"visit.last_on"} if happened else set())


def _move_track(change: RecordChange, course: TrackChange) -> bool:
    """The participant goes where the answers lead, step by allowed step; say whether they moved."""
    record_key = change.record_key
    before = TrackChange() if change.before is None else _course(change, change.before)
    if course.tracks == before.tracks:
        return False
    participant = record_key.participant
    if participant.state == Track.DEAD and Track.DEAD in before.tracks:
        return _take_death_back(change)
    protocol = text.load(participant.protocol_version)
    left = participant.track_left() if participant.state in INTERRUPTED else None
    here = stood = left[0] if left else participant.state
    if here in before.tracks and here not in course.tracks:
        here = _take_back(change, here)
    for target in course.tracks:
        for step in shortest_path(protocol, here, target, participant.arm):
            participant.state = trials.move_track(
                participant=participant, to=step, on=course.on, by=change.by, at=change.at
            ).state
            here = step
    return here != stood


def _take_back(change: RecordChange, here: str) -> str:
    """Return where the participant stood before an earlier save of the record led ``here``; they stand there again.

    Somebody who was moved by another record, or by a person, stays. Losses and withdrawals in between are passed over.
    """
    participant = change.record_key.participant
    trail: Any = participant
    followed = trail.events.exclude(state__in=INTERRUPTED).order_by("-pgh_id")
    rows = list(followed.values("state", "state_since", "act__parent"))
    run = next((n for n, row in enumerate(rows) if row["state"] != here), len(rows))
    saved = rows[run - 1]["act__parent"]
    record: Any = change.record
    if not record.events.filter(answers_act=saved).exists():
        return here
    earlier = next((row for row in rows[run:] if row["act__parent"] != saved), None)
    if earlier is None:
        return here
    participant.state = trials.correct_track(
        participant=participant, to=earlier["state"], on=earlier["state_since"], by=change.by, at=change.at
    ).state
    return str(earlier["state"])


def _take_death_back(change: RecordChange) -> bool:
    """A death that was entered by mistake is undone: the participant stands where they stood before it."""
    participant = change.record_key.participant
    if says_dead(change.form_context.records):
        return False
    participant.state = trials.end_death(participant=participant, by=change.by, at=change.at).state
    return True


def _note_visit(change: RecordChange, visit: Visit, course: TrackChange) -> bool:
    """A visit whose form says on which day it was, took place on that day; say whether that is new.

    Who reports a death met nobody. A visit that was met by a death which is taken back takes place on that day only
    where its window holds the day: else it is awaited, as before.
    """
    form = change.record_key.form
    if visit.state in (VisitState.DONE, VisitState.CANCELLED):
        return False
    if visit.state == VisitState.NOT_DONE and visit.met_on is None:
        return False
    if not form.dates_visit and visit.forms != [form.code]:
        return False
    day, is_dead = _visit_day(form, change.after), Track.DEAD in course.tracks
    if day is None or is_dead or not _possible(day, change.form_context):
        _note_met(change, visit, day, is_dead)
        return False
    known = change.before is not None and _visit_day(form, change.before) == day
    if (known or visit.met_on) and not (visit.opens and visit.closes and visit.opens <= day <= visit.closes):
        _note_met(change, visit, None, is_dead)
        return False
    record_visit(visit=visit, took_place_on=day, by=change.by, at=change.at)
    return True


def _note_met(change: RecordChange, visit: Visit, day: date | None, is_dead: bool) -> None:
    """What a sweep asks for is known from the day on which a death was reported, though nobody was seen."""
    died_by = _died_by(change.form_context)
    before = day is not None and died_by is not None and died_by < day
    count_as_met(visit=visit, on=day if is_dead or before else None, by=change.by, at=change.at)


def _possible(day: date, form_context: FormContext) -> bool:
    """Say whether a visit can have taken place then; a call after a death is no visit of the participant."""
    consented, died = getattr(form_context.milestone("ICF"), "on", None), _died_by(form_context)
    return (consented or day) <= day <= min(form_context.today, died or form_context.today)


def _died_by(form_context: FormContext) -> date | None:
    """Return the last day on which a death that is recorded can have been."""
    died = form_context.milestone("DEATH")
    return died.last_day if died is not None else None


def _visit_day(form: FormDeclaration, outcome: Evaluation) -> date | None:
    """Return the full day that the form is about: its first question for a date."""
    dated = form.day_question
    value = outcome.values.get(dated) if dated else None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def propose_from_refusal(
    *, record_key: RecordKey, findings: Iterable[Finding], by: User | None, at: datetime
) -> None:
    """What a hard check kept out is proposed as a deviation where it is one: it may have happened all the same,
    and nothing else would tell of it (protocol 3.5 B, X011). Called after the save was taken back.
    """
    propose_deviations(record_key, findings, f"refused-{record_key.sequence}", by=by, at=at)


def _settle_todos(change: RecordChange) -> None:
    """What the answers ask for by a day stands as a to-do, and what has arrived is closed (protocol 2.6)."""
    _settle_todos_of(change.form_context, by=change.by, at=change.at)


def _settle_todos_of(form_context: FormContext, *, by: User | None, at: datetime) -> None:
    participant = form_context.participant
    form_context.fetch({f"{code}*" for code in todos.FORMS})
    wanted = todos.wanted_todos(
        text.load(participant.protocol_version),
        form_context.records,
        first_known_on(form_context),
        form_context.conduct("withdrawals"),
    )
    settle_todos(participant=participant, wanted=wanted, by=by, at=at)


def follow_moved(*, participant_id: int, changed: set[str], by: User | None, at: datetime) -> None:
    """Records agree with what an act has moved, and a withdrawal asks for its end; before the act ends."""
    recheck_moved(participant_id=participant_id, changed=changed, by=by, at=at)
    if todos.WITHDRAWALS in changed:
        participant = Participant.objects.select_related("site").get(pk=participant_id)
        if participant.arm is not None:
            _settle_todos_of(FormContext(participant, at=at), by=by, at=at)
