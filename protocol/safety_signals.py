"""The safety signals of protocol 6.6, each as a count over those at risk: counted for the committee, no automatic stop.

Whoever cannot be judged yet is in neither number: nobody is counted as free of what is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from protocol.burden import adherence_of
from protocol.disease_course import LOCAL_KINDS, history_of, resected_of
from protocol.endpoints import DAYS_PER_MONTH, Admission, DiseaseFinding, Resected, perioperative_mortality
from protocol.facts import OperationFacts, ParticipantFacts, RecurrenceFacts
from protocol.response import Outcome
from protocol.treatment_events import neoadjuvant_events

SALVAGE = "salvage"
LUNG_OR_HEART = frozenset(("pneumonitis", "myocarditis"))


class SafetySignal(StrEnum):
    """What is watched, in the order of protocol 6.6."""

    UNRESECTABLE = "unresectable"
    NOT_R0 = "not_r0"
    SALVAGE_30 = "salvage_30"
    SALVAGE_90 = "salvage_90"
    DISTANT = "distant"
    PROCEDURE = "procedure"
    TREATMENT_DEATH = "treatment_death"
    LUNG_OR_HEART = "lung_or_heart"
    IN_WINDOW = "in_window"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class SignalRules:
    """The values that signals depend on; grade and months are in the names of the signals."""

    r0_rule: str
    events_after_last_dose: timedelta
    severe_from: int
    months_after_ccr: int


@dataclass(frozen=True, slots=True)
class SignalCount:
    """How many had it, of how many at risk."""

    signal: SafetySignal
    count: int
    at_risk: int


def signals_of(people: Iterable[tuple[ParticipantFacts, SignalRules]]) -> tuple[SignalCount, ...]:
    """Count every signal over the participants."""
    counts = dict.fromkeys(SafetySignal, (0, 0))
    for facts, rules in people:
        for signal, answers in _answers(facts, rules).items():
            known = [each for each in answers if each is not None]
            count, at_risk = counts[signal]
            counts[signal] = (count + sum(known), at_risk + len(known))
    return tuple(SignalCount(signal, *both) for signal, both in counts.items())


def _answers(facts: ParticipantFacts, rules: SignalRules) -> dict[SafetySignal, list[bool | None]]:
    """What is so of one participant: one answer for each who, or for each operation or visit that, is at risk."""
    salvaged = [each for each in facts.incisions if each.intent == SALVAGE and _by_cutoff(each, facts)]
    mortality = [_mortality(each, facts) for each in salvaged]
    kept = adherence_of(facts)
    severe = [
        each
        for each in facts.events
        if each.grade is not None
        and each.grade >= rules.severe_from
        and not _after_cutoff(each.began_on, facts)
    ]
    treated = facts.neo_d1 is not None
    return {
        SafetySignal.UNRESECTABLE: _unresectable(facts),
        SafetySignal.NOT_R0: [_not_r0(each, rules.r0_rule) for each in salvaged if each.has_specimen],
        SafetySignal.SALVAGE_30: [within_30 for within_30, _within_90 in mortality],
        SafetySignal.SALVAGE_90: [within_90 for _within_30, within_90 in mortality],
        SafetySignal.DISTANT: _distant(facts, rules),
        SafetySignal.PROCEDURE: [any(each.of_evaluation for each in severe)] if kept.evaluated else [],
        SafetySignal.TREATMENT_DEATH: [_died_of_treatment(facts, rules)] if treated else [],
        SafetySignal.LUNG_OR_HEART: [any(LUNG_OR_HEART & {each.kind, each.immune_kind} for each in severe)]
        if treated
        else [],
        SafetySignal.IN_WINDOW: [n < kept.in_window for n in range(kept.due)],
        SafetySignal.WHOLE: [n < kept.whole for n in range(kept.evaluated)],
    }


def _after_cutoff(day: date | None, facts: ParticipantFacts) -> bool:
    return day is not None and day > facts.cutoff


def _by_cutoff(operation: OperationFacts, facts: ParticipantFacts) -> bool:
    return operation.on is not None and operation.on <= facts.cutoff


def _mortality(operation: OperationFacts, facts: ParticipantFacts) -> tuple[bool | None, bool | None]:
    died = perioperative_mortality(
        [Admission(operation.on, operation.discharged_on)] if operation.on else [],
        death=facts.death,
        last_alive_on=facts.last_alive,
    )
    return died.within_30_days, died.within_90_days


def _not_r0(operation: OperationFacts, rule: str) -> bool | None:
    resected = resected_of(operation, rule)
    return None if resected is Resected.NOT_KNOWN else resected in (Resected.R1, Resected.R2)


def _unresectable(facts: ParticipantFacts) -> list[bool | None]:
    """Whether the first regrowth after a cCR could not be resected when it was found; known once somebody judged."""
    since = facts.ccr
    if since is None:
        return []
    regrown = [each.on for each in facts.evaluations if each.outcome is Outcome.REGROWTH and each.on >= since]
    told = [each for each in facts.recurrences if _is_regrowth(each, since)]
    if not regrown and not told:
        return []
    judged = [each.resectable for each in told if each.resectable is not None]
    if judged:
        return [not judged[0]]
    tried = [each for each in facts.operations if _begins_after(each, min(regrown, default=since))]
    if not tried:
        return [None]
    return [not tried[0].has_specimen and tried[0].why_not == "unresectable"]


def _is_regrowth(told: RecurrenceFacts, since: date) -> bool:
    return bool(told.kinds & LOCAL_KINDS) and told.proven_on is not None and told.proven_on >= since


def _begins_after(operation: OperationFacts, day: date) -> bool:
    on = operation.on or operation.given_up_on
    return on is not None and on >= day


def _distant(facts: ParticipantFacts, rules: SignalRules) -> list[bool | None]:
    """Whether distant metastasis came within 12 months of the cCR; known once those months are observed."""
    since = facts.ccr
    if since is None:
        return []
    ends = since + timedelta(days=int(rules.months_after_ccr * DAYS_PER_MONTH))
    history = history_of(facts, r0_rule=rules.r0_rule)
    spread = [
        each.proven_on
        for each in history.findings
        if each.finding is DiseaseFinding.DISTANT and each.proven_on and each.proven_on <= facts.cutoff
    ]
    if any(since <= day <= ends for day in spread):
        return [True]
    died = facts.death is not None and facts.death.latest <= ends
    observed = max((day for day in history.without_disease if day <= facts.cutoff), default=since) >= ends
    return [False] if observed or died else [None]


def _died_of_treatment(facts: ParticipantFacts, rules: SignalRules) -> bool:
    counted = neoadjuvant_events(facts, after_last_dose=rules.events_after_last_dose)
    return any(each.fatal and each.related for each in counted)
