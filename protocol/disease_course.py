"""The findings, operations and assessments of one participant, as disease-free survival reads them (protocol 6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from protocol.endpoints import (
    AnalysisHistory,
    DeathBound,
    DiseaseEvent,
    DiseaseFinding,
    Operation,
    Resected,
)
from protocol.facts import EvaluationFacts, OperationFacts, ParticipantFacts, RecurrenceFacts
from protocol.pathology import pcr
from protocol.response import Local, Outcome

CLEAR = (Outcome.CCR_SO_FAR, Outcome.CCR, Outcome.PERSISTENT_CCR, Outcome.RST_CLEAR)
RESIDUE = (Outcome.NON_CCR, Outcome.RST_RESIDUE)
LOCAL_KINDS = frozenset(("local", "anastomotic", "node"))
BY_THE_RULE_OF_THE_MARGIN = "CAP"
METASTASIS_SEEN = "m1"
# Why a planned operation that was given up leaves proven disease that is not resected (protocol 6.2, DFS-A).
NOT_TO_BE_RESECTED = frozenset(("unresectable", "unfit", "ae", "patient_refused"))
DISTANT_PLACES = frozenset(("distant_nodes", "lung", "liver", "bone", "brain", "peritoneum"))


def history_of(
    facts: ParticipantFacts, *, r0_rule: str, bound: DeathBound = DeathBound.EARLIEST
) -> AnalysisHistory:
    """What the endpoints of time read; a death without a day counts on the ``bound`` of its possible days."""
    return AnalysisHistory(
        rand=facts.rand,
        cutoff=facts.cutoff,
        ccr=facts.ccr,
        findings=tuple(_findings(facts)),
        operations=tuple(
            Operation(each.on, resected_of(each, r0_rule))
            for each in facts.incisions
            if each.on and each.on <= facts.cutoff
        ),
        death=death_on(facts, bound),
        last_alive=facts.last_alive,
        clear_assessments=tuple(sorted(_clear(facts))),
        missed_assessments=tuple(
            each.due_by
            for each in facts.evaluation_visits
            if each.took_place_on is None and each.due_by <= facts.cutoff
        ),
    )


def death_on(facts: ParticipantFacts, bound: DeathBound) -> date | None:
    """The day on which the death counts, not before randomization where the day is not known."""
    if facts.death is None:
        return None
    counted = facts.death.counted_on(bound)
    return counted if facts.death.on else max(counted, facts.rand)


def resected_of(operation: OperationFacts, r0_rule: str) -> Resected:
    """What an operation achieved, by the rule that is configured (protocol 6.4)."""
    if not operation.has_specimen:
        return Resected.NOT_RESECTED
    if operation.left_behind not in (None, "none"):
        return Resected.R2
    specimen = operation.specimen
    if specimen is None:
        return Resected.NOT_KNOWN
    r = specimen.r_cap if r0_rule == BY_THE_RULE_OF_THE_MARGIN else specimen.r_one_mm
    return Resected(r) if r else Resected.NOT_KNOWN


def proven_local_by(facts: ParticipantFacts, day: date) -> bool:
    """Whether locoregional disease was proven by a day and not resected or cleared before it."""
    removed = [each.on for each in facts.incisions if each.has_specimen and each.on]
    removed += list(facts.endoscopic_resections)
    return any(
        event.proven_on is not None
        and event.proven_on <= day
        and not any(event.proven_on <= on <= day for on in removed)
        for event in _local(facts)
    )


def _findings(facts: ParticipantFacts) -> Iterator[DiseaseEvent]:
    yield from _progression(facts)
    yield from _local(facts)
    yield from _distant(facts)
    yield from _not_resectable(facts)
    for each in facts.recurrences:
        if "second_primary" in each.kinds:
            yield DiseaseEvent(DiseaseFinding.SECOND_PRIMARY, each.proven_on, each.suspected_on)


def _progression(facts: ParticipantFacts) -> Iterator[DiseaseEvent]:
    """Progression before the decision: an event when it prevents curative treatment, or is distant (6.2; C3).

    Local progression that is still treated for cure is no event by itself: what is left is found at an evaluation.
    """
    told = facts.progression
    if told is None:
        return
    if told.prevents_cure:
        yield DiseaseEvent(DiseaseFinding.NEOADJUVANT_PROGRESSION, told.on)
    if told.where & DISTANT_PLACES:
        proven = told.on if told.proof != "clinical" else None
        yield DiseaseEvent(DiseaseFinding.DISTANT, proven, told.on)


def _local(facts: ParticipantFacts) -> Iterator[DiseaseEvent]:
    """Residue, regrowth and recurrence, each with the first endoscopic removal after its proof (E3)."""
    for each in facts.evaluations:
        if each.outcome in RESIDUE or each.outcome is Outcome.REGROWTH:
            yield _local_of(each, facts)
    for told in facts.recurrences:
        if told.kinds & LOCAL_KINDS:
            yield _removed(facts, told.proven_on, told.suspected_on)


def _local_of(each: EvaluationFacts, facts: ParticipantFacts) -> DiseaseEvent:
    """A finding that is suspected only is dated by the day on which it later proved right, by a specimen (6.2)."""
    suspected_only = each.local is Local.SUSPECTED and each.proven_on in (None, each.on)
    if suspected_only and not _proved_right(each, facts):
        return _removed(facts, None, each.on)
    return _removed(facts, each.proven_on or each.on, None)


def _proved_right(each: EvaluationFacts, facts: ParticipantFacts) -> bool:
    specimen = next(
        (op.specimen for op in facts.incisions if op.on and op.on >= each.on and op.specimen), None
    )
    return specimen is not None and pcr(specimen.ypt, specimen.ypn) is False


def _removed(facts: ParticipantFacts, proven_on: date | None, suspected_on: date | None) -> DiseaseEvent:
    since = proven_on or suspected_on or date.max
    removed = min((day for day in facts.endoscopic_resections if day >= since), default=None)
    holds = (Outcome.CCR, Outcome.PERSISTENT_CCR)
    cleared = [each.on for each in facts.evaluations if each.outcome in holds and each.on > since]
    return DiseaseEvent(
        DiseaseFinding.LOCOREGIONAL,
        proven_on,
        suspected_on,
        controlled_on=min(cleared, default=None),
        endoscopic_r0_on=removed,
    )


def _distant(facts: ParticipantFacts) -> Iterator[DiseaseEvent]:
    for each in facts.evaluations:
        if each.outcome is Outcome.DISTANT:
            yield DiseaseEvent(DiseaseFinding.DISTANT, each.proven_on or each.on)
    for told in facts.recurrences:
        if "distant" in told.kinds:
            yield DiseaseEvent(DiseaseFinding.DISTANT, told.proven_on, told.suspected_on)
    for operation in facts.operations:
        if operation.left_behind == METASTASIS_SEEN and operation.on:
            yield DiseaseEvent(DiseaseFinding.DISTANT, operation.on)
        elif operation.done == "none" and operation.why_not == "distant" and operation.given_up_on:
            yield DiseaseEvent(DiseaseFinding.DISTANT, operation.given_up_on)


def _not_resectable(facts: ParticipantFacts) -> Iterator[DiseaseEvent]:
    """Local disease that cannot be or is not resected: on the day on which that is known (6.2, DFS-A)."""
    known = [*_given_up(facts), *_declined(facts), *_judged(facts.recurrences)]
    yield from (DiseaseEvent(DiseaseFinding.NOT_RESECTABLE, day) for day in known)


def _given_up(facts: ParticipantFacts) -> Iterator[date]:
    for operation in facts.operations:
        begun, day = operation.has_incision, operation.on or operation.given_up_on
        if operation.has_specimen or day is None or operation.why_not not in NOT_TO_BE_RESECTED:
            continue
        if operation.why_not == "unresectable" or (not begun and proven_local_by(facts, day)):
            yield day


def _declined(facts: ParticipantFacts) -> Iterator[date]:
    for each in facts.evaluations:
        day = each.decided_on or each.on
        if each.declines_surgery and proven_local_by(facts, day):
            yield day


def _judged(recurrences: tuple[RecurrenceFacts, ...]) -> Iterator[date]:
    for told in recurrences:
        if told.kinds & LOCAL_KINDS and told.resectable is False and told.proven_on:
            yield told.proven_on


def _clear(facts: ParticipantFacts) -> Iterator[date]:
    """The days of assessments without disease: evaluations with a clear outcome, and clear images of follow-up."""
    yield from (each.on for each in facts.evaluations if each.outcome in CLEAR)
    yield from facts.images_without_disease
