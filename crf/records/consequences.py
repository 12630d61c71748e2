"""What follows from a save in the same act: milestones, track, visits, other forms, the decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from crf.engine.checks import Finding, earliest_day
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.evaluation import Outcome, evaluate
from crf.recheck import propose_deviations, recheck
from crf.safety.clock_rows import CLOCK_FORMS, settle_clocks
from crf.store.context import Surroundings
from crf.store.records import Place, begun_records, sheet_of
from crf.trial_rules import todos
from crf.trial_rules.track import Course, Seen, course_of, way
from followup.models import VisitState
from followup.services import plan_visits_for, record_visit, settle_todos
from protocol import text
from trials import services as trials
from trials.models.participants import Track


def follow_up(
    *,
    place: Place,
    record: Any,
    old: Outcome | None,
    outcome: Outcome,
    around: Surroundings,
    by: User | None,
    at: datetime,
) -> None:
    """Everything that hangs on the record agrees with its answers again; callers hold the participant."""
    around.forget(place.form.code)
    course = _course(place, outcome)
    moved = set_milestones(
        place=place, record=record, outcome=outcome, course=course, around=around, by=by, at=at
    )
    changed = _changed_reads(place.form, old, outcome) | {f"milestone.{code}" for code in moved}
    tracked = _go(place, course, None if old is None else _course(place, old), by=by, at=at)
    happened = _note_visit(place, outcome, around=around, by=by, at=at)
    changed |= {"visit.last_on"} if happened else set()
    if (moved or tracked) and not happened:
        plan_visits_for(participant=place.participant, by=by, at=at)
    propose_deviations(place, outcome.findings, str(record.pk), by=by, at=at)
    _settle_todos(place, around, by=by, at=at)
    if place.form.code in CLOCK_FORMS:
        settle_clocks(participant=place.participant, around=around, by=by, at=at)
    recheck(place=place, record_id=record.pk, changed=changed, around=around, by=by, at=at)


def _course(place: Place, outcome: Outcome) -> Course:
    seen = Seen(outcome.values, place.participant.arm, _known(place.form, outcome), outcome.groups)
    return course_of(place.form.code, seen)


def _known(form: FormDeclaration, outcome: Outcome) -> dict[str, date | None]:
    """Return the milestones of an outcome; a stored one is asked through its rules' plain answers."""
    if outcome.milestones:
        return dict(outcome.milestones)
    return {rule.code: earliest_day(outcome.values.get(rule.from_field)) for rule in form.milestones}


def set_milestones(
    *,
    place: Place,
    record: Any,
    outcome: Outcome,
    course: Course,
    around: Surroundings,
    by: User | None,
    at: datetime,
) -> set[str]:
    """The milestones that the form sets stand on its answers; the codes of those that moved are returned.

    When several records can set one, the earliest day counts (protocol 2.1).
    """
    moved = set()
    for code, day in outcome.milestones.items():
        taken = _earliest(place, record, code, day, around)
        if taken is None:
            continue
        result = course.results.get(code, "") if day else ""
        if trials.set_milestone(
            participant=place.participant,
            code=code,
            on=taken.on,
            source=taken.source,
            result=result,
            by=by,
            at=at,
        ):
            moved.add(code)
    if moved:
        around.forget_milestones()
    return moved


@dataclass(frozen=True)
class _Taken:
    """The day of a milestone, and which record it is read from."""

    on: date | None
    source: str


def _earliest(place: Place, record: Any, code: str, day: date | None, around: Surroundings) -> _Taken | None:
    """Return what the milestone takes now; None when this record has no say in it."""
    own = _Taken(day, f"{place.form.code}:{record.pk}")
    held = around.milestone(code)
    if held is None or held.on is None:
        return own if day else None
    if held.source != own.source:
        return own if day and day <= held.on else None
    if place.form.repeats == Repeats.PER_PARTICIPANT:
        return own
    known = [taken for taken in (own, *_elsewhere(place, record, code, around)) if taken.on]
    return min(known, key=lambda taken: taken.on or date.max, default=own)


def _elsewhere(place: Place, record: Any, code: str, around: Surroundings) -> Iterator[_Taken]:
    """Yield what the other records of the form say about the milestone."""
    for other in begun_records(place.form, place.participant).exclude(pk=record.pk):
        seen = sheet_of(place.form, other).outcome(place.form)
        context = around.context(place.form, visit=other.visit, sequence=other.sequence, record_id=other.pk)
        found = evaluate(
            place.form, values=seen.values, groups=seen.groups, missing=seen.missing, context=context
        )
        yield _Taken(found.milestones.get(code), f"{place.form.code}:{other.pk}")


def _changed_reads(form: FormDeclaration, old: Outcome | None, new: Outcome) -> set[str]:
    names = {name for name in form.questions if old is None or old.values[name] != new.values[name]}
    names |= {name for name in form.groups if old is None or old.groups[name] != new.groups[name]}
    of_all = {f"{form.code}*", *(f"{form.code}*.{name}" for name in form.groups if name in names)}
    return {f"{form.code}.{name}" for name in names} | (of_all if names else set())


def _go(place: Place, course: Course, before: Course | None, *, by: User | None, at: datetime) -> bool:
    """The participant goes where the answers lead, step by allowed step; say whether they moved."""
    if course.tracks == (before.tracks if before else ()):
        return False
    if place.participant.state == Track.DEAD and before is not None and Track.DEAD in before.tracks:
        return _take_death_back(place, by=by, at=at)
    protocol = text.load(place.participant.protocol_version)
    here = place.participant.state
    for target in course.tracks:
        for step in way(protocol, here, target, place.participant.arm):
            trials.move_track(participant=place.participant, to=step, on=course.on, by=by, at=at)
            here = step
    moved = here != place.participant.state
    place.participant.state = here
    return moved


def _take_death_back(place: Place, *, by: User | None, at: datetime) -> bool:
    """A death that was entered by mistake is undone: the participant stands where they stood before it."""
    records = Surroundings(place.participant).records(place.form.code)
    if any(row.get("vital") == "dead" for row in records):
        return False
    trail: Any = place.participant
    earlier = trail.events.exclude(state=Track.DEAD).order_by("-pgh_id").first()
    trials.correct_track(
        participant=place.participant, to=earlier.state, on=earlier.state_since, by=by, at=at
    )
    place.participant.state = earlier.state
    return True


def _note_visit(
    place: Place, outcome: Outcome, *, around: Surroundings, by: User | None, at: datetime
) -> bool:
    """A visit whose form says on which day it was, took place on that day; say whether that is new."""
    visit = place.visit
    if visit is None or visit.state in (VisitState.DONE, VisitState.NOT_DONE, VisitState.CANCELLED):
        return False
    if not place.form.dates_visit and visit.forms != [place.form.code]:
        return False
    day = visit_day(place.form, outcome)
    if day is None or not _possible(day, around):
        return False
    record_visit(visit=visit, took_place_on=day, by=by, at=at)
    return True


def _possible(day: date, around: Surroundings) -> bool:
    """Say whether a visit can have taken place then; a call after a death is no visit of the participant."""
    consented, died = (getattr(around.milestone(code), "on", None) for code in ("ICF", "DEATH"))
    return (consented or day) <= day <= min(around.today, died or around.today)


def visit_day(form: FormDeclaration, outcome: Outcome) -> date | None:
    """Return the full day that the form is about."""
    value = outcome.values.get(form.day_question) if form.day_question else None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def propose_from_refusal(*, place: Place, findings: Iterable[Finding], by: User | None, at: datetime) -> None:
    """What a hard check kept out is proposed as a deviation where it is one: it may have happened all the same,
    and nothing else would tell of it (protocol 3.5 B, X011). Called after the save was taken back.
    """
    propose_deviations(place, findings, f"refused-{place.sequence}", by=by, at=at)


def _settle_todos(place: Place, around: Surroundings, *, by: User | None, at: datetime) -> None:
    """What the answers ask for by a day stands as a to-do, and what has arrived is closed (protocol 2.6)."""
    if place.form.code not in todos.FORMS or place.participant.arm is None:
        return
    around.fetch({f"{code}*" for code in todos.FORMS})
    wanted = todos.wanted_todos(text.load(place.participant.protocol_version), around.records)
    settle_todos(participant=place.participant, wanted=wanted, by=by, at=at)
