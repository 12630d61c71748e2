"""Minimization after Pocock and Simon with a biased coin (protocol 1.9). Built, and switched off.

For each arm: how unbalanced would the trial be, over the levels of the coming participant's factors, if
they got that arm? The arm that leaves the least imbalance is given with probability 0.8, else another.
A simulation draws from a stream; an allocation draws the coin that is sealed in its place, and whoever holds
the certificate computes the arm again, so that arithmetic stands in ``verify.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from randomization.allocation.verify import arm_by_coin
from randomization.scheme.blocks import Stream

__all__ = [
    "FAVOURED",
    "AllocatedParticipant",
    "arm_by_coin",
    "arm_by_counts",
    "imbalances",
    "marginal_counts",
    "next_arm",
]

FAVOURED = Fraction(4, 5)
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class AllocatedParticipant:
    """A participant who has an arm: level by factor, and the arm."""

    levels: Mapping[str, str]
    arm: str


def marginal_counts(
    levels: Mapping[str, str], past: Iterable[AllocatedParticipant], arms: Sequence[str]
) -> dict[str, dict[str, int]]:
    """For each factor, how many per arm share the coming participant's level."""
    counts = {factor: dict.fromkeys(arms, 0) for factor in levels}
    for given in past:
        for factor, level in levels.items():
            if given.levels.get(factor) == level:
                counts[factor][given.arm] += 1
    return counts


def imbalances(
    levels: Mapping[str, str],
    past: Iterable[AllocatedParticipant],
    *,
    arms: Sequence[str],
    weights: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """For each arm, the weighted sum over the factors of the range of counts if it were given next."""
    return _imbalances(marginal_counts(levels, past, arms), arms, weights)


def _imbalances(counts: Counts, arms: Sequence[str], weights: Mapping[str, int] | None) -> dict[str, int]:
    return {
        arm: sum(
            (weights or {}).get(factor, 1) * _range_with(per_arm, arm) for factor, per_arm in counts.items()
        )
        for arm in arms
    }


def _range_with(per_arm: Mapping[str, int], extra: str) -> int:
    counts = [count + (arm == extra) for arm, count in per_arm.items()]
    return max(counts) - min(counts)


def next_arm(
    levels: Mapping[str, str],
    past: Iterable[AllocatedParticipant],
    *,
    arms: Sequence[str],
    stream: Stream,
    weights: Mapping[str, int] | None = None,
    favoured: Fraction = FAVOURED,
) -> str:
    """The arm for the coming participant: the balancing one by the biased coin, a fair draw when all tie."""
    counts = marginal_counts(levels, past, arms)
    return arm_by_counts(counts, arms=arms, stream=stream, weights=weights, favoured=favoured)


def arm_by_counts(
    counts: Counts,
    *,
    arms: Sequence[str],
    stream: Stream,
    weights: Mapping[str, int] | None = None,
    favoured: Fraction = FAVOURED,
) -> str:
    """As ``next_arm``, for whoever keeps the counts of each factor's level while going along."""
    scores = _imbalances(counts, arms, weights)
    least = min(scores.values())
    best = [arm for arm in arms if scores[arm] == least]
    others = [arm for arm in arms if scores[arm] != least]
    keeps_to_best = stream.below(favoured.denominator) < favoured.numerator
    candidates = best if keeps_to_best or not others else others
    return candidates[stream.below(len(candidates))]
