"""Clinical response, regrowth and the oesophagus over time, with what competes (protocol 6.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from protocol.endpoints import AnalysisHistory, DiseaseFinding, TimeToEvent
from protocol.facts import EvaluationFacts, ParticipantFacts
from protocol.response import EvaluationType, Local, Outcome

NOT_CLEAR = (Outcome.NON_CCR, Outcome.DISTANT, Outcome.REGROWTH)
WHY_NOT_CLEAR = {
    Local.PROVEN_PRIMARY: "primary",
    Local.PROVEN_NODE: "node",
    Local.SUSPECTED: "suspected",
}


@dataclass(frozen=True, slots=True)
class ClinicalResponse:
    """Whether a cCR was declared, and what the evaluations on the way to it found (protocol 6.3).

    ``ccr`` is ``None`` while the time of CRE-2 is not over and nothing has ended it: not yet known, in no rate.
    """

    ccr: bool | None
    ccr_on: date | None
    late_ccr_on: date | None
    started: bool
    reached_cre1: bool
    cre1_not_clear: str | None
    cre2_not_clear: str | None
    restaging_clear: bool | None


@dataclass(frozen=True, slots=True)
class CauseOfEnd:
    """Days from an origin to the first of competing events, or to censoring, whose cause is ``censored``."""

    days: int
    cause: str
    on: date


def clinical_response(facts: ParticipantFacts, *, known_after: timedelta) -> ClinicalResponse:
    """The clinical response; no evaluation, or none that could be judged, is no cCR (protocol 6.3, ITT)."""
    restaged = [each for each in facts.evaluations if each.kind is EvaluationType.RESTAGING]
    return ClinicalResponse(
        ccr=True if facts.ccr else _without_ccr(facts, known_after),
        ccr_on=facts.ccr,
        late_ccr_on=facts.late_ccr,
        started=facts.neo_d1 is not None,
        reached_cre1=any(each.kind is EvaluationType.CRE1 for each in facts.evaluations),
        cre1_not_clear=_not_clear(facts.evaluations, EvaluationType.CRE1),
        cre2_not_clear=_not_clear(facts.evaluations, EvaluationType.CRE2),
        restaging_clear=any(each.outcome is Outcome.RST_CLEAR for each in restaged) if restaged else None,
    )


def _without_ccr(facts: ParticipantFacts, known_after: timedelta) -> bool | None:
    """False once no cCR at CRE-2 can follow; ``None`` before."""
    ended = [each.on for each in facts.operations if each.has_incision]
    ended += [facts.ended_on, facts.death.latest if facts.death else None]
    ended += [facts.progression.on if facts.progression and facts.progression.prevents_cure else None]
    ended += [each.on for each in facts.evaluations if each.outcome in NOT_CLEAR]
    late = facts.neo_end + known_after if facts.neo_end else None
    over = late is not None and late < facts.cutoff
    is_over = over or facts.never_treated or any(day and day <= facts.cutoff for day in ended)
    return False if is_over else None


def _not_clear(evaluations: Iterable[EvaluationFacts], kind: EvaluationType) -> str | None:
    """Why an evaluation found no clear state: the primary, a node, a suspicion or distant disease (6.3)."""
    for each in evaluations:
        if each.kind is kind and each.outcome in NOT_CLEAR:
            if each.outcome is Outcome.DISTANT:
                return "distant"
            return WHY_NOT_CLEAR.get(each.local, "suspected") if each.local else "suspected"
    return None


def durable_response(history: AnalysisHistory) -> TimeToEvent | None:
    """Days from the declared cCR to regrowth, metastasis or death, else to the last assessment without disease
    (protocol 6.3).

    An oesophagectomy without regrowth ends the observation: there is no organ left in which it could come.
    """
    ended = regrowth_incidence(history)
    if ended is None:
        return None
    censored = ended.cause in ("censored", "oesophagectomy")
    return TimeToEvent(ended.days, not censored, ended.on, ended.cause)


def regrowth_incidence(history: AnalysisHistory) -> CauseOfEnd | None:
    """Days from the declared cCR to the first of regrowth, distant metastasis and death (protocol 6.3)."""
    origin = history.ccr
    if origin is None:
        return None
    names = {DiseaseFinding.LOCOREGIONAL: "regrowth", DiseaseFinding.DISTANT: "distant"}
    events = [
        (each.proven_on, names[each.finding])
        for each in history.findings
        if each.finding in names and each.proven_on
    ]
    events += [(each.on, "oesophagectomy") for each in history.operations if each.removed_oesophagus]
    events += [(history.death, "death")] if history.death else []
    order = ("regrowth", "distant", "oesophagectomy", "death")
    possible = [(day, order.index(cause)) for day, cause in events if origin <= day <= history.cutoff]
    if possible:
        day, cause = min(possible)
        return CauseOfEnd((day - origin).days, order[cause], day)
    clear = max((day for day in history.without_disease if origin <= day <= history.cutoff), default=origin)
    return CauseOfEnd((clear - origin).days, "censored", clear)


def oesophagectomy_incidence(history: AnalysisHistory) -> CauseOfEnd:
    """Days from randomization to an oesophagectomy, death competing (protocol 6.3)."""
    events = [(each.on, "oesophagectomy") for each in history.operations if each.removed_oesophagus]
    events += [(history.death, "death")] if history.death else []
    first = min((event for event in events if event[0] <= history.cutoff), default=None)
    if first:
        # Who dies on the day of the operation was operated on.
        cause = "oesophagectomy" if (first[0], "oesophagectomy") in events else first[1]
        return CauseOfEnd((first[0] - history.rand).days, cause, first[0])
    until = history.alive_until
    return CauseOfEnd((until - history.rand).days, "censored", until)
