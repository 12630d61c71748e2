"""Minimization after Pocock and Simon: built, off by default."""

from __future__ import annotations

from collections import Counter

from randomization.scheme.blocks import Stream, derive
from randomization.scheme.minimization import AllocatedParticipant, imbalances, next_arm

CHAPTERS = ("1.9",)

ARMS = ("1", "2")


def person(site: str, stage: str, arm: str) -> AllocatedParticipant:
    return AllocatedParticipant({"site": site, "stage": stage}, arm)


def test_imbalances_are_those_of_the_worked_example():
    """Site: two have arm 1. Stage: one has arm 2. Arm 1 leaves |3-0| + |1-1|, arm 2 |2-1| + |0-2|."""
    past = [person("01", "III", "1"), person("01", "IVA", "1"), person("02", "II", "2")]
    assert imbalances({"site": "01", "stage": "II"}, past, arms=ARMS) == {"1": 3, "2": 3}
    assert imbalances({"site": "01", "stage": "III"}, past, arms=ARMS) == {"1": 5, "2": 1}


def test_a_factor_counts_by_its_weight():
    past = [person("01", "III", "1")]
    weighed = imbalances({"site": "01", "stage": "II"}, past, arms=ARMS, weights={"site": 3})
    assert weighed == {"1": 7, "2": 1}


def test_the_balancing_arm_comes_four_times_in_five():
    past = [person("01", "II", "1")] * 2
    stream = Stream(derive("coin", "test"))
    drawn = Counter(
        next_arm({"site": "01", "stage": "II"}, past, arms=ARMS, stream=stream) for _ in range(5_000)
    )
    assert 3_900 < drawn["2"] < 4_100


def test_a_tie_is_a_fair_draw():
    stream = Stream(derive("tie", "test"))
    drawn = Counter(next_arm({"site": "01"}, [], arms=ARMS, stream=stream) for _ in range(4_000))
    assert 1_900 < drawn["1"] < 2_100
