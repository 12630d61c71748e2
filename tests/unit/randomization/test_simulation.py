"""What a design would do, before there is a trial."""

from __future__ import annotations

from fractions import Fraction

import pytest

from randomization.scheme.blocks import BlockSize, Design
from randomization.scheme.simulation import (
    Plan,
    chance_of_right_guess,
    imbalance,
    predictability,
    settles_next,
    simulate,
)

CHAPTERS = ("1.9",)

ARMS = ("1", "2")
SITES = {f"{n:02d}": 1 for n in range(1, 7)}
STAGES = {"II": 4, "III": 5, "IVA": 1}
PLAN = Plan(participants=120, sites=SITES, stages=STAGES)


def test_the_same_seed_gives_the_same_findings():
    assert simulate(Design("S"), PLAN, trials=5, seed="a") == simulate(Design("S"), PLAN, trials=5, seed="a")


def test_blocks_hold_every_stratum_within_half_the_largest_block():
    findings = simulate(Design("S"), PLAN, trials=60, seed="b")
    assert findings.trials == sum(findings.overall.values()) == 60
    assert max(findings.worst_stratum) <= 3
    assert findings.guesses == 60 * 120
    assert 0.5 < findings.guess_probability < 0.75
    assert 0 < findings.certain_share < 0.25
    assert findings.quantile(findings.worst_stratum, 0.95) in (2, 3)
    assert findings.quantile(findings.worst_stratum.__class__(), 0.95) == 0


def test_small_blocks_are_easier_to_guess_than_mixed_ones():
    small = simulate(Design("S", blocks=(BlockSize(2),)), PLAN, trials=30, seed="c")
    mixed = simulate(Design("S"), PLAN, trials=30, seed="c")
    assert small.guess_probability > mixed.guess_probability
    assert small.certain_share > mixed.certain_share


def test_minimization_balances_the_trial_but_not_each_stratum():
    minimized = simulate(Design("S"), PLAN, trials=30, seed="d", method="minimization")
    blocks = simulate(Design("S"), PLAN, trials=30, seed="d")
    assert minimized.quantile(minimized.overall, 0.9) < blocks.quantile(blocks.overall, 0.9)
    assert max(minimized.worst_stratum) > max(blocks.worst_stratum)


def test_a_thin_list_runs_out_and_says_so():
    thin = Plan(participants=120, sites=SITES, stages=STAGES, places_per_stratum=6)
    assert simulate(Design("S"), thin, trials=5, seed="e").ran_out == 5
    assert simulate(Design("S"), PLAN, trials=5, seed="e").ran_out == 0


@pytest.mark.parametrize(
    ("past", "arm", "chance"),
    [
        ("", "1", Fraction(1, 2)),
        ("1", "2", Fraction(1)),
        ("1", "1", Fraction(0)),
        ("12", "2", Fraction(1, 2)),
    ],
)
def test_a_site_names_the_arm_it_has_seen_least(past, arm, chance):
    assert chance_of_right_guess(past, arm, arms=ARMS) == chance


@pytest.mark.parametrize(
    ("past", "certain"), [("", False), ("11", False), ("111", True), ("1112", False), ("112222", False)]
)
def test_only_half_the_largest_block_ahead_settles_the_next(past, certain):
    seen = {arm: past.count(arm) for arm in ARMS}
    assert settles_next(seen, largest_block=6) is certain


def test_predictability_so_far_is_counted_per_stratum():
    given = [("a", "1"), ("a", "2"), ("b", "1"), ("a", "1")]
    assert predictability(given, arms=ARMS) == {"a": (3, pytest.approx(2 / 3)), "b": (1, 0.5)}
    assert imbalance("112", ARMS) == 1
