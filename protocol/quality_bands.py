"""Quality of life by time from the end of chemoradiotherapy, with what became of those who gave no answer.

Decision E4: a questionnaire belongs to the time point that is nearest to its day, counted from the end of
chemoradiotherapy, whatever its visit is called. At each time point everybody has exactly one fate, so that a mean is
never shown without those who died or whose form is missing (protocol 6.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from math import sqrt
from statistics import fmean, stdev

from protocol.facts import ParticipantFacts, QuestionnaireFacts
from protocol.survival import DAYS_PER_MONTH


class AnswerFate(StrEnum):
    """What became of one participant at one time point."""

    ANSWERED = "answered"
    DIED = "died"
    LEFT = "left"
    MISSING = "missing"
    NOT_YET = "not_yet"
    NO_ORIGIN = "no_origin"  # chemoradiotherapy has not ended, or never began


@dataclass(frozen=True, slots=True)
class TimeBand:
    """The days around one time point, from the end of chemoradiotherapy; without a month it is before treatment."""

    month: int | None
    first_day: int = 0
    last_day: int = 0

    @property
    def is_baseline(self) -> bool:
        return self.month is None

    def holds(self, facts: ParticipantFacts, on: date) -> bool:
        """Say whether a questionnaire of a day belongs here."""
        if self.is_baseline:
            return on <= (facts.neo_d1 or facts.rand)
        return facts.neo_end is not None and self.first_day <= (on - facts.neo_end).days <= self.last_day


@dataclass(frozen=True, slots=True)
class MeanScore:
    """The mean of a scale at a time point, over those who answered; ``None`` where too few did."""

    number: int
    mean: float | None
    deviation: float | None

    def limits(self, reach: float) -> tuple[float, float] | None:
        """The limits of the mean by its standard error."""
        if self.mean is None or self.deviation is None:
            return None
        half = reach * self.deviation / sqrt(self.number)
        return self.mean - half, self.mean + half


def bands_of(months: Iterable[int]) -> tuple[TimeBand, ...]:
    """The bands of time points: each reaches to the middle between it and its neighbours."""
    points = sorted(set(months))
    edges = [round(fmean(pair) * DAYS_PER_MONTH) for pair in pairwise(points)]
    firsts = [0, *(edge + 1 for edge in edges)]
    half_a_step = points[-1] - fmean(points[-2:]) or 1
    lasts = [*edges, round((points[-1] + half_a_step) * DAYS_PER_MONTH)]
    return (TimeBand(None), *(TimeBand(*each) for each in zip(points, firsts, lasts, strict=True)))


def answer_in(facts: ParticipantFacts, band: TimeBand) -> QuestionnaireFacts | None:
    """The questionnaire of one time point: before treatment the last one, later the first one of the band."""
    inside = sorted(
        (each for each in facts.questionnaires if each.on <= facts.cutoff and band.holds(facts, each.on)),
        key=lambda each: each.on,
    )
    if not inside:
        return None
    return inside[-1] if band.is_baseline else inside[0]


def fate_in(facts: ParticipantFacts, band: TimeBand) -> AnswerFate:
    """What became of somebody at one time point; a death is counted from the first day on which it can have been."""
    if answer_in(facts, band):
        return AnswerFate.ANSWERED
    if band.is_baseline:
        return AnswerFate.MISSING
    died = facts.death.on or facts.death.earliest if facts.death else None
    if facts.neo_end is None:
        return AnswerFate.DIED if died and died <= facts.cutoff else AnswerFate.NO_ORIGIN
    end = facts.neo_end + timedelta(days=band.last_day)
    if died is not None and died <= min(end, facts.cutoff):
        return AnswerFate.DIED
    if end > facts.cutoff:
        return AnswerFate.NOT_YET
    if facts.ended_on is not None and facts.ended_on <= end:
        return AnswerFate.LEFT
    return AnswerFate.MISSING


def mean_score(people: Iterable[ParticipantFacts], band: TimeBand, scale: str) -> MeanScore:
    """The mean of a scale over those who answered at a time point."""
    answers = [answer_in(each, band) for each in people]
    scores = [float(each.scores[scale]) for each in answers if each and scale in each.scores]
    if not scores:
        return MeanScore(0, None, None)
    mean = fmean(scores)
    if len(scores) == 1:
        return MeanScore(1, mean, None)
    return MeanScore(len(scores), mean, stdev(scores))


def fates_of(people: Sequence[ParticipantFacts], band: TimeBand) -> dict[AnswerFate, int]:
    """How many have which fate at a time point; the numbers add up to everybody."""
    fates = [fate_in(each, band) for each in people]
    return {fate: fates.count(fate) for fate in AnswerFate}
