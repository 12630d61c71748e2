"""Quality of life of one participant over time, from the end of chemoradiotherapy (protocol 6.5, decision E4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from protocol.endpoints import TimeToEvent
from protocol.facts import ParticipantFacts
from protocol.qol import C30_SCALES, OES18_SCALES, SUMMARY, ScaleKind


@dataclass(frozen=True, slots=True)
class Deterioration:
    """One scale: its score before treatment, and the days until it was worse by what matters.

    ``time`` is ``None`` without a scored baseline; death and missing forms are no deterioration.
    """

    scale: str
    baseline: Decimal | None
    time: TimeToEvent | None


def scales_where_high_is_good(*, dysphagia_reversed: bool) -> frozenset[str]:
    """The scales whose score rises as somebody gets better; dysphagia by the setting of its direction (5.3)."""
    good = {scale.code for scale in (*C30_SCALES, *OES18_SCALES) if scale.kind is not ScaleKind.SYMPTOM}
    return frozenset(good | {SUMMARY} | (set() if dysphagia_reversed else {"OESDYS"}))


def time_to_deterioration(
    facts: ParticipantFacts, scale: str, *, by: Decimal, high_is_good: bool
) -> Deterioration:
    """Days from randomization to the first score worse than the baseline by ``by`` points (protocol 6.5)."""
    scored, first_day = scores_of(facts, scale), facts.neo_d1 or facts.rand
    before = baseline_of(facts, scale)
    if before is None:
        return Deterioration(scale, None, None)
    baseline = before[1]
    worse = -1 if high_is_good else 1
    later = [(day, score) for day, score in scored if day > first_day]
    for day, score in later:
        if worse * (score - baseline) >= by:
            return Deterioration(scale, baseline, _until(facts.rand, day, event=True))
    last = later[-1][0] if later else facts.rand
    return Deterioration(scale, baseline, _until(facts.rand, last, event=False))


def scores_of(facts: ParticipantFacts, scale: str) -> list[tuple[date, Decimal]]:
    """The scores of a scale by the cut, in order of time."""
    return sorted(
        (each.on, each.scores[scale])
        for each in facts.questionnaires
        if scale in each.scores and each.on <= facts.cutoff
    )


def baseline_of(facts: ParticipantFacts, scale: str) -> tuple[date, Decimal] | None:
    """The day and the score before treatment: the last one up to its first day, else up to randomization."""
    first_day = facts.neo_d1 or facts.rand
    return max((each for each in scores_of(facts, scale) if each[0] <= first_day), default=None)


def _until(rand: date, day: date, *, event: bool) -> TimeToEvent:
    day = max(rand, day)
    return TimeToEvent((day - rand).days, event, day, "deterioration" if event else "last_questionnaire")
