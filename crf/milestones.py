"""Milestones that records set: they stand on the answers, and on days that are worked out from them (protocol 2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from crf import catalogue
from crf.engine.base import CrfRecord
from crf.engine.checks import is_full_day
from crf.engine.declaration import FormDeclaration, Repeats, Sets
from crf.engine.evaluation import Evaluation, evaluate
from crf.store.context import FormContext
from crf.store.records import RecordKey, begun_records, stored_record_of
from trials import services as trials
from trials.models.participants import ESTIMATE, Track
from trials.services.milestones import Bounds


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

    When several records can set one, a known day counts before an estimated one, and the earliest of them (protocol
    2.1). A death that moves moves the day since which the participant is dead.
    """
    participant, moved = setter.record_key.participant, set()
    for code in codes:
        taken = _leading(setter, code)
        if taken is None:
            continue
        if trials.set_milestone(
            participant=participant,
            code=code,
            on=taken.on,
            between=taken.between,
            source=taken.source,
            source_form=taken.form,
            source_record=taken.record,
            result=setter.results.get(code, "") if setter.outcome.milestones[code] else "",
            by=by,
            at=at,
        ):
            moved.add(code)
    if moved:
        setter.form_context.forget_milestones()
        _move_death(setter, moved, by=by, at=at)
    return moved


def resting_on(form_milestones: tuple[Sets, ...], derived: list[str]) -> frozenset[str]:
    """Return the milestones whose day, or whose possible days, rest on one of the ``derived`` answers."""
    return frozenset(rule.code for rule in form_milestones if rule.derived & set(derived))


def _move_death(setter: Setter, moved: set[str], *, by: User | None, at: datetime) -> None:
    participant = setter.record_key.participant
    death = setter.form_context.milestone("DEATH") if "DEATH" in moved else None
    since = death.on or death.earliest if death else None
    if since is None or participant.state != Track.DEAD or participant.state_since == since:
        return
    trials.correct_track(participant=participant, to=Track.DEAD, on=since, by=by, at=at)
    participant.state_since = since


@dataclass(frozen=True)
class _Taken:
    """The day of a milestone or its possible days, which record they are read from, and how well they are known."""

    on: date | None
    between: Bounds | None
    record: int
    form: str
    source: str

    @property
    def rank(self) -> tuple[bool, bool, date]:
        return _rank(self.on, self.between[1] if self.between else None, self.source)


def _rank(on: date | None, latest: date | None, source: str) -> tuple[bool, bool, date]:
    """Known days come first, then estimated ones, then those of which the possible days alone are known."""
    return source == ESTIMATE, on is None, on or latest or date.max


def _leading(setter: Setter, code: str) -> _Taken | None:
    """Return what the milestone takes now; None when this record has no say in it."""
    form = setter.record_key.form
    own = _taken(form, setter.record.pk, setter.outcome, code)
    says = own.on is not None or own.between is not None
    stored = setter.form_context.milestone(code)
    if stored is None or not stored.stands:
        return own if says else None
    if (stored.source_form, stored.source_record) != (form.code, own.record):
        return own if says and own.rank <= _rank(stored.on, stored.latest, stored.source) else None
    if form.repeats == Repeats.PER_PARTICIPANT and len(catalogue.setters_of(code)) == 1:
        return own
    return min((own, *_elsewhere(setter, code)), key=lambda taken: taken.rank)


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
            yield _taken(form, other.pk, outcome, code)


def _taken(form: FormDeclaration, record: int, outcome: Evaluation, code: str) -> _Taken:
    """Return what a record says of a milestone; its possible days only where the day itself is not known."""
    rule, on = next(rule for rule in form.milestones if rule.code == code), outcome.milestones.get(code)
    if not rule.derived or is_full_day(outcome.values.get(rule.from_field)):
        return _Taken(on, None, record, form.code, "form")
    first, last = (outcome.values.get(name) for name in rule.between) if rule.between else (None, None)
    return _Taken(on, (first, last) if first and last else None, record, form.code, ESTIMATE)
