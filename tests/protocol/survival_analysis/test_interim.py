"""Chapter 6.1: boundaries of interim looks, which nobody has unless they are asked for, are those published."""

from __future__ import annotations

import random

import pytest

from protocol.statistics.interim import (
    ASSUMED,
    InterimAssumption,
    UnusableLooks,
    haybittle_peto,
    obrien_fleming_type,
)
from protocol.survival import NotAProportionError

CHAPTERS = ("6.1",)

# Lan and DeMets, Biometrika 1983, and ldbounds: two-sided 0.05, looks at equal steps.
PUBLISHED = {
    1: [1.9600],
    2: [2.9626, 1.9686],
    3: [3.7103, 2.5114, 1.9930],
    4: [4.3326, 2.9631, 2.3590, 2.0141],
    5: [4.8769, 3.3570, 2.6803, 2.2898, 2.0310],
}


def equal(looks: int) -> list[float]:
    return [(look + 1) / looks for look in range(looks)]


@pytest.mark.parametrize("looks", PUBLISHED)
def test_boundaries_of_obrien_and_flemings_type_are_as_published(looks: int) -> None:
    plan = obrien_fleming_type(equal(looks), error=0.05)
    assert [look.z for look in plan.looks] == pytest.approx(PUBLISHED[looks], abs=0.0001)
    assert plan.looks[-1].error_spent == pytest.approx(0.05, abs=1e-9)
    assert plan.assumptions == ASSUMED


def test_looks_at_unequal_steps_spend_the_error_in_the_end() -> None:
    plan = obrien_fleming_type([0.1, 0.11, 0.6, 1], error=0.01)
    spent = [look.error_spent for look in plan.looks]
    assert spent == sorted(spent)
    assert spent[-1] == pytest.approx(0.01, abs=1e-9)


def test_haybittle_and_peto_with_and_without_an_adjusted_last_look() -> None:
    plain = haybittle_peto(equal(5), error=0.05, adjusted=False)
    assert [look.z for look in plain.looks] == pytest.approx([3, 3, 3, 3, 1.959964], abs=1e-6)
    assert plain.looks[0].p == pytest.approx(0.0026998, abs=1e-7)
    assert plain.looks[-1].error_spent > 0.05
    assert InterimAssumption.LAST_LOOK_NOT_ADJUSTED in plain.assumptions
    adjusted = haybittle_peto(equal(5), error=0.05, adjusted=True)
    assert adjusted.looks[-1].z == pytest.approx(1.990, abs=0.0005)
    assert adjusted.looks[-1].error_spent == pytest.approx(0.05, abs=1e-9)
    assert InterimAssumption.LAST_LOOK_NOT_ADJUSTED not in adjusted.assumptions


def test_the_error_spent_is_how_often_trials_without_a_difference_cross() -> None:
    """40,000 trials walk by chance; the share that crosses by each look is within four standard errors."""
    plan, chance, crossed = (
        haybittle_peto([0.3, 0.5, 1], error=0.3, early=1.5, adjusted=True),
        random.Random(7),
        [0] * 3,
    )
    for _trial in range(40_000):
        score = before = 0.0
        for n, look in enumerate(plan.looks):
            score += chance.gauss(0, (look.information - before) ** 0.5)
            before = look.information
            if abs(score) > look.z * look.information**0.5:
                crossed[n] += 1
                break
    for n, look in enumerate(plan.looks):
        share = sum(crossed[: n + 1]) / 40_000
        assert share == pytest.approx(look.error_spent, abs=4 * (look.error_spent / 40_000) ** 0.5)


@pytest.mark.parametrize("looks", [[], [0.5], [0.5, 0.5, 1], [0.6, 0.5, 1], [0, 1], [0.5, 1.2], [0.995, 1]])
def test_looks_that_cannot_be_are_refused(looks: list[float]) -> None:
    with pytest.raises(UnusableLooks, match="rise by at least"):
        obrien_fleming_type(looks, error=0.05)
    with pytest.raises(UnusableLooks):
        haybittle_peto(looks, error=0.05, adjusted=True)


@pytest.mark.parametrize("early", [0, -3, 10])
def test_a_boundary_that_cannot_be_is_refused(early: float) -> None:
    with pytest.raises(UnusableLooks, match="cannot be used"):
        haybittle_peto([0.5, 1], error=0.05, early=early, adjusted=True)


def test_an_error_is_a_proportion() -> None:
    with pytest.raises(NotAProportionError):
        obrien_fleming_type([0.5, 1], error=5)


def test_early_boundaries_that_spend_everything_leave_no_last_one() -> None:
    with pytest.raises(UnusableLooks, match="spend"):
        haybittle_peto([0.5, 1], error=0.05, early=1, adjusted=True)
