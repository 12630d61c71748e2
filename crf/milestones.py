"""Milestones that records set: they stand on the answers, and on days that are worked out from them (protocol 2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from crf import catalogue
from crf.engine.base import CrfRecord
from crf.engine.checks import is_full_day
from crf.engine.declaration import Repeats, Sets
from crf.engine.evaluation import Evaluation, evaluate
from crf.store.context import FormContext
from crf.store.records import RecordKey, begun_records, stored_record_of
from trials import services as trials
from trials.models.participants import ESTIMATE, Track


@dataclass(frozen=True)
class Setter:
    """A record that may set milestones, as it is judged now; ``results`` are those of its evaluations."""

    record_key: RecordKey
    record: CrfRecord
    outcome: Evaluation
    form_context: FormContext
    results: Mapping[str, str]


def set_milestones(setter: Setter, codes: frozenset[str], *, by: User | None, at: datetime) -> set[str]:
    """The milestones that the record sets have the day that is taken from it; the codes of those that moved.

    When several records can set one, the earliest day counts (protocol 2.1). A death that moves moves the day since
    which the participant is dead.
    """
    participant, moved = setter.record_key.participant, set()
    for code in codes:
        day = setter.outcome.milestones[code]
        taken = _earliest(setter, code, day)
        if taken is None:
            continue
        if trials.set_milestone(
            participant=participant,
            code=code,
            on=taken.on,
            source=taken.source,
            source_form=taken.form,
            source_record=taken.record,
            result=setter.results.get(code, "") if day else "",
            by=by,
            at=at,
        ):
            moved.add(code)
    if moved:
        setter.form_context.forget_milestones()
        _move_death(setter, moved, by=by, at=at)
    return moved


def estimated_by(form_milestones: tuple[Sets, ...], derived: list[str]) -> frozenset[str]:
    """Return the milestones whose day rests on one of the ``derived`` answers."""
    return frozenset(rule.code for rule in form_milestones if rule.estimated_by in derived)


def _move_death(setter: Setter, moved: set[str], *, by: User | None, at: datetime) -> None:
    participant = setter.record_key.participant
    death = setter.form_context.milestone("DEATH") if "DEATH" in moved else None
    if death is None or death.on is None or participant.state != Track.DEAD:
        return
    if participant.state_since != death.on:
        trials.correct_track(participant=participant, to=Track.DEAD, on=death.on, by=by, at=at)
        participant.state_since = death.on


@dataclass(frozen=True)
class _Taken:
    """The day of a milestone, which record it is read from, and whether it is known or estimated."""

    on: date | None
    record: int
    form: str
    source: str


def _earliest(setter: Setter, code: str, day: date | None) -> _Taken | None:
    """Return what the milestone takes now; None when this record has no say in it."""
    form = setter.record_key.form
    own = _Taken(day, setter.record.pk, form.code, _source(setter.outcome, _rule(form.milestones, code)))
    held = setter.form_context.milestone(code)
    if held is None or held.on is None:
        return own if day else None
    if (held.source_form, held.source_record) != (form.code, own.record):
        return own if day and day <= held.on else None
    if form.repeats == Repeats.PER_PARTICIPANT and len(catalogue.setters_of(code)) == 1:
        return own
    known = [taken for taken in (own, *_elsewhere(setter, code)) if taken.on]
    return min(known, key=lambda taken: taken.on or date.max, default=own)


def _elsewhere(setter: Setter, code: str) -> Iterator[_Taken]:
    """Yield what every other record says about the milestone, of this form or of another that can set it."""
    for form in catalogue.setters_of(code):
        for other in begun_records(form, setter.record_key.participant).exclude(pk=setter.record.pk):
            seen = stored_record_of(form, other).outcome(form)
            context = setter.form_context.context(
                form, visit=other.visit, sequence=other.sequence, record_id=other.pk
            )
            outcome = evaluate(
                form, values=seen.values, groups=seen.groups, missing=seen.missing, context=context
            )
            source = _source(outcome, _rule(form.milestones, code))
            yield _Taken(outcome.milestones.get(code), other.pk, form.code, source)


def _rule(rules: tuple[Sets, ...], code: str) -> Sets:
    return next(rule for rule in rules if rule.code == code)


def _source(outcome: Evaluation, rule: Sets) -> str:
    known = not rule.estimated_by or is_full_day(outcome.values.get(rule.from_field))
    return "form" if known else ESTIMATE
