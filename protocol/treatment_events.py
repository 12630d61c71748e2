"""What was given of the neoadjuvant treatment, and the adverse events of one participant (protocol 6.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from protocol.facts import EventFacts, ParticipantFacts


@dataclass(frozen=True, slots=True)
class TreatmentSummary:
    """Doses, fractions and relative dose intensity; the planned numbers are those of the text."""

    started: bool
    carboplatin_doses: int | None = None
    paclitaxel_doses: int | None = None
    camrelizumab_doses: int | None = None
    fractions: int | None = None
    gray: Decimal | None = None
    carboplatin_intensity: Decimal | None = None
    paclitaxel_intensity: Decimal | None = None
    chemo_whole: bool | None = None
    radiotherapy_whole: bool | None = None
    completed: bool | None = None


@dataclass(frozen=True, slots=True)
class EventSummary:
    """Adverse events of the neoadjuvant period, in who was treated; ``None`` for who was not (protocol 6.5)."""

    worst_grade: int | None = None
    severe: bool | None = None
    serious: bool | None = None
    related_to: tuple[str, ...] = ()
    immune: bool | None = None
    stopped_treatment: bool | None = None
    died_of_treatment: bool | None = None
    evaluation_complications: int = 0


def treatment_summary(facts: ParticipantFacts, *, chemo_doses: int, fractions: int) -> TreatmentSummary:
    """What was given; whole is every planned dose of both drugs, and every planned fraction."""
    given = facts.treatment
    if given is None:
        return TreatmentSummary(started=facts.neo_d1 is not None)
    return TreatmentSummary(
        started=facts.neo_d1 is not None,
        carboplatin_doses=given.carboplatin_doses,
        paclitaxel_doses=given.paclitaxel_doses,
        camrelizumab_doses=given.camrelizumab_doses,
        fractions=given.fractions,
        gray=given.gray,
        carboplatin_intensity=given.carboplatin_intensity,
        paclitaxel_intensity=given.paclitaxel_intensity,
        chemo_whole=min(given.carboplatin_doses, given.paclitaxel_doses) >= chemo_doses,
        radiotherapy_whole=None if given.fractions is None else given.fractions >= fractions,
        completed=given.completed,
    )


def event_summary(facts: ParticipantFacts, *, after_last_dose: timedelta, severe_from: int) -> EventSummary:
    """The events from day 1 to the day before surgery, or so long after the last dose if that is earlier (6.5).

    An event whose day is not known counts when one of its possible days lies in the period.
    """
    procedures = sum(each.of_evaluation and _begun(each, facts.cutoff) for each in facts.events)
    if facts.neo_d1 is None:
        return EventSummary(evaluation_complications=procedures)
    counted = events_that_count(facts, after_last_dose=after_last_dose)
    grades = [each.grade for each in counted if each.grade is not None]
    related = {component for each in counted for component in each.related}
    return EventSummary(
        worst_grade=max(grades, default=0),
        severe=any(grade >= severe_from for grade in grades),
        serious=any(each.serious for each in counted),
        related_to=tuple(sorted(related)),
        immune=any(each.immune for each in counted),
        stopped_treatment=any(each.stopped_treatment for each in counted),
        died_of_treatment=any(each.fatal and each.related for each in counted),
        evaluation_complications=procedures,
    )


def events_that_count(facts: ParticipantFacts, *, after_last_dose: timedelta) -> list[EventFacts]:
    """The events of the neoadjuvant period; none in who was not treated (protocol 6.5)."""
    if facts.neo_d1 is None:
        return []
    last = _period_ends(facts, after_last_dose)
    return [each for each in facts.events if _in_period(each, facts.neo_d1, last)]


def _period_ends(facts: ParticipantFacts, after_last_dose: timedelta) -> date:
    ends = [facts.last_dose + after_last_dose] if facts.last_dose else []
    ends += [each.on - timedelta(days=1) for each in facts.incisions if each.on]
    return min([*ends, facts.cutoff])


def _begun(event: EventFacts, by: date) -> bool:
    return event.began_on is None or event.began_on <= by


def _in_period(event: EventFacts, first: date, last: date) -> bool:
    earliest, latest = event.began_on, event.began_by
    if earliest is None or latest is None:
        return False
    return earliest <= last and first <= latest
