"""Chapter 6: limits of counts of sites, against R's qbinom, qpois, pbinom, ppois and poisson.test (4.2.2)."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.statistics.control_limits import (
    CountKind,
    control_limits,
    limits_of_rate,
    lower_tail,
    upper_tail,
)

CHAPTERS = ("6.7",)
SHARE, RATE = CountKind.SHARE, CountKind.RATE


def binomial(count: int, number: int, share: float) -> float:
    return sum(comb(number, k) * share**k * (1 - share) ** (number - k) for k in range(count + 1))


@given(st.integers(0, 30), st.integers(1, 30), st.floats(0.01, 0.99))
def test_binomial_tails_are_the_sums_of_their_terms(count: int, number: int, share: float) -> None:
    assert lower_tail(SHARE, count, number, share) == pytest.approx(
        binomial(min(count, number), number, share)
    )
    assert upper_tail(SHARE, count, number, share) == pytest.approx(
        1 - binomial(count - 1, number, share) if 0 < count <= number else float(count <= 0), abs=1e-12
    )


@pytest.mark.parametrize(
    ("count", "mean", "expected"),
    # ppois(3, 5.5), ppois(0, 2), ppois(1000, 1000), ppois(1100, 1000, lower.tail = TRUE)
    [
        (3, 5.5, 0.2016991987),
        (0, 2.0, 0.1353352832),
        (1000, 1000.0, 0.5084093672),
        (1100, 1000.0, 0.9991323590),
    ],
)
def test_poisson_tails_are_those_of_r(count: int, mean: float, expected: float) -> None:
    assert lower_tail(RATE, count, 1.0, mean) == pytest.approx(expected, abs=1e-7)
    assert upper_tail(RATE, count + 1, 1.0, mean) == pytest.approx(1 - expected, abs=1e-7)


@pytest.mark.parametrize("kind", [SHARE, RATE])
@pytest.mark.parametrize(("exposure", "rate"), [(1, 0.2), (7, 0.5), (40, 0.03), (250, 0.11), (12, 0.9)])
@pytest.mark.parametrize("tail", [0.025, 0.001])
def test_beyond_each_limit_lies_at_most_the_tail_and_at_the_limit_more(
    kind: CountKind, exposure: float, rate: float, tail: float
) -> None:
    lowest, highest = control_limits(kind, exposure, rate, tail=tail)
    assert lower_tail(kind, lowest - 1, exposure, rate) <= tail < lower_tail(kind, lowest, exposure, rate)
    assert upper_tail(kind, highest + 1, exposure, rate) <= tail
    assert highest == 0 or upper_tail(kind, highest, exposure, rate) > tail


def test_one_of_one_is_never_outside_and_twelve_of_twelve_is() -> None:
    """What a percentage would call 100 % is, of one, no news."""
    assert control_limits(SHARE, 1, 0.2, tail=0.025) == (0, 1)
    assert control_limits(SHARE, 12, 0.2, tail=0.001)[1] < 12


@pytest.mark.parametrize(
    ("count", "exposure", "lower", "upper"),
    # poisson.test(10, 4)$conf.int, poisson.test(0, 2)$conf.int
    [(10, 4.0, 1.1988471, 4.5975890), (0, 2.0, 0.0, 1.8444397)],
)
def test_limits_of_a_rate_are_those_of_garwood(
    count: int, exposure: float, lower: float, upper: float
) -> None:
    limits = limits_of_rate(RATE, count, exposure, confidence=0.95)
    assert (limits.lower, limits.upper) == (pytest.approx(lower, abs=1e-6), pytest.approx(upper, abs=1e-6))


def test_nobody_has_no_limits() -> None:
    assert limits_of_rate(SHARE, 0, 0, confidence=0.95).value is None
    assert limits_of_rate(RATE, 0, 0.0, confidence=0.95).value is None
