"""What a design would do over thousands of trials, before one is begun (protocol 1.9).

Answers the statistician's questions: how far may the arms drift apart, overall, in a site and in a stratum;
how often could a site guess the next arm from its own past; what does one thin stratum change; when does a
list run out. Pure: the same seed gives the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from randomization.scheme import minimization
from randomization.scheme.blocks import Design, Stream, blocks_of, derive

Method = Literal["blocks", "minimization"]


@dataclass(frozen=True)
class Plan:
    """How many are randomized, where (weight per site) and at which stage (weight per stage group)."""

    participants: int
    sites: Mapping[str, int]
    stages: Mapping[str, int]
    places_per_stratum: int = 10**6


@dataclass
class SimulationFindings:
    """Counted over all simulated trials. Guessing: 1/2 means that the past teaches a site nothing."""

    trials: int = 0
    overall: Counter[int] = field(default_factory=Counter)
    worst_site: Counter[int] = field(default_factory=Counter)
    worst_stratum: Counter[int] = field(default_factory=Counter)
    by_stratum_size: dict[int, Counter[int]] = field(default_factory=dict)
    ran_out: int = 0
    guesses: int = 0
    guessed_right: Fraction = Fraction(0)
    certain: int = 0

    @property
    def guess_probability(self) -> float:
        return float(self.guessed_right / self.guesses) if self.guesses else 0.0

    @property
    def certain_share(self) -> float:
        """The share of allocations that somebody who knew the largest block could have named for sure."""
        return self.certain / self.guesses if self.guesses else 0.0

    def quantile(self, counts: Counter[int], share: float) -> int:
        """The smallest imbalance that at least ``share`` of the trials stay within."""
        reached, total = 0, sum(counts.values())
        for value in sorted(counts):
            reached += counts[value]
            if reached >= share * total:
                return value
        return 0


class _Weighted:
    """A draw by whole-number weights."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._names = [name for name in sorted(weights) for _ in range(weights[name])]

    def draw(self, stream: Stream) -> str:
        return self._names[stream.below(len(self._names))]


def simulate(
    design: Design, plan: Plan, *, trials: int, seed: str, method: Method = "blocks"
) -> SimulationFindings:
    """``trials`` trials of the plan under the design."""
    findings = SimulationFindings()
    sites, stages = _Weighted(plan.sites), _Weighted(plan.stages)
    for number in range(trials):
        trial_seed = f"{seed}/{number}"
        arrivals = Stream(derive(trial_seed, "arrivals"))
        people = [(sites.draw(arrivals), stages.draw(arrivals)) for _ in range(plan.participants)]
        allocate = _allocate_blocks if method == "blocks" else _allocate_minimizing
        arms = allocate(design, people, trial_seed)
        _count(findings, design, plan, people, arms)
    return findings


def _allocate_blocks(design: Design, people: Sequence[tuple[str, str]], seed: str) -> list[str]:
    coming = {}
    for person in set(people):
        blocks = blocks_of(design, seed=seed, stratum="/".join(person))
        coming[person] = (arm for block in blocks for arm in block)
    return [next(coming[person]) for person in people]


def _allocate_minimizing(design: Design, people: Sequence[tuple[str, str]], seed: str) -> list[str]:
    stream = Stream(derive(seed, "coin"))
    tally: dict[tuple[str, str], dict[str, int]] = {}
    arms = []
    for site, stage in people:
        levels = {"site": site, "stage": stage}
        counts = {
            level[0]: tally.setdefault(level, dict.fromkeys(design.arms, 0)) for level in levels.items()
        }
        arm = minimization.arm_by_counts(counts, arms=design.arms, stream=stream)
        for per_arm in counts.values():
            per_arm[arm] += 1
        arms.append(arm)
    return arms


def _count(
    findings: SimulationFindings,
    design: Design,
    plan: Plan,
    people: Sequence[tuple[str, str]],
    arms: Sequence[str],
) -> None:
    by_stratum: dict[tuple[str, str], dict[str, int]] = {}
    by_site: dict[str, dict[str, int]] = {}
    largest, right = design.largest_block, Counter[int]()
    for person, arm in zip(people, arms, strict=True):
        seen = by_stratum.setdefault(person, dict.fromkeys(design.arms, 0))
        right[_named_with(seen, arm)] += 1
        findings.certain += settles_next(seen, largest_block=largest)
        seen[arm] += 1
        by_site.setdefault(person[0], dict.fromkeys(design.arms, 0))[arm] += 1
    findings.trials += 1
    findings.guesses += len(people)
    findings.guessed_right += sum(Fraction(count, named) for named, count in right.items() if named)
    findings.overall[imbalance(arms, design.arms)] += 1
    findings.worst_site[max(_drift(seen) for seen in by_site.values())] += 1
    findings.worst_stratum[max(_drift(seen) for seen in by_stratum.values())] += 1
    for seen in by_stratum.values():
        findings.by_stratum_size.setdefault(sum(seen.values()), Counter())[_drift(seen)] += 1
    findings.ran_out += any(sum(seen.values()) > plan.places_per_stratum for seen in by_stratum.values())


def _drift(seen: Mapping[str, int]) -> int:
    return max(seen.values()) - min(seen.values())


def _named_with(seen: Mapping[str, int], arm: str) -> int:
    """Among how many arms a guess would choose, if it names the one that came; 0 if it does not."""
    least = min(seen.values())
    return sum(count == least for count in seen.values()) if seen[arm] == least else 0


def imbalance(given: Sequence[str], arms: Sequence[str]) -> int:
    """Largest minus smallest arm."""
    counts = Counter(given)
    return max(counts[arm] for arm in arms) - min(counts[arm] for arm in arms)


def chance_of_right_guess(past: Sequence[str], arm: str, *, arms: Sequence[str]) -> Fraction:
    """How likely a site is right that names the arm seen least (Blackwell and Hodges), ties by a coin."""
    counts = Counter(past)
    least = min(counts[name] for name in arms)
    named = [name for name in arms if counts[name] == least]
    return Fraction(1, len(named)) if arm in named else Fraction(0)


def settles_next(seen: Mapping[str, int], *, largest_block: int) -> bool:
    """True when one arm is ahead by half the largest block: only then does the past alone settle the next."""
    return _drift(seen) * len(seen) >= largest_block


def predictability(given: Sequence[tuple[str, str]], *, arms: Sequence[str]) -> dict[str, tuple[int, float]]:
    """For each stratum of a running trial: allocations so far, and the share a site would have guessed."""
    past: dict[str, dict[str, int]] = {}
    right: dict[str, Counter[int]] = {}
    for stratum, arm in given:
        seen = past.setdefault(stratum, dict.fromkeys(arms, 0))
        right.setdefault(stratum, Counter())[_named_with(seen, arm)] += 1
        seen[arm] += 1
    return {stratum: (sum(seen.values()), _share_guessed(right[stratum])) for stratum, seen in past.items()}


def _share_guessed(right: Mapping[int, int]) -> float:
    """The share of right guesses, from how often a guess chose among so many arms; among 0 it was wrong."""
    guessed = sum(Fraction(count, named) for named, count in right.items() if named)
    return float(guessed / sum(right.values()))
