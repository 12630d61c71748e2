"""Tails and quantiles of the distributions that tests and limits need (docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

_STANDARD = NormalDist()
_BISECTIONS = 200  # more than the bits of a float: the interval cannot shrink further
_TINY = 1e-300
_FRACTIONS = 10_000


class NotAProportionError(ValueError):
    """A margin or a confidence level in another unit than a proportion between 0 and 1 (protocol 6.1)."""


def proportion(name: str, value: float) -> float:
    """The value, when it is a proportion between 0 and 1; NotAProportionError says what to write else."""
    if not 0 < value < 1:
        raise NotAProportionError(
            f"The {name} is {value:g}. It is a proportion between 0 and 1: write 0.15 for 15 points."
        )
    return value


def normal_quantile(probability: float) -> float:
    """The value below which a standard normal variable lies with this probability."""
    return _STANDARD.inv_cdf(probability)


def normal_upper_tail(value: float) -> float:
    """How probably a standard normal variable lies above the value."""
    return erfc(value / sqrt(2)) / 2


def reach(confidence: float) -> float:
    """How many standard errors two-sided limits stand from the estimate; NotAProportionError refuses 95 for 0.95."""
    return -normal_quantile((1 - proportion("confidence level", confidence)) / 2)


def chi_square_upper_tail(value: float, degrees: int) -> float:
    """How probably a chi-square variable with so many degrees of freedom lies above the value.

    The sum is finite: a step of two degrees adds one term.
    """
    if value <= 0:
        return 1.0
    half = value / 2
    if degrees % 2:
        tail, term = erfc(sqrt(half)), 2 * sqrt(half / pi) * exp(-half)
        steps = [n + 1.5 for n in range((degrees - 1) // 2)]
    else:
        tail, term = exp(-half), half * exp(-half)
        steps = [n + 2.0 for n in range((degrees - 2) // 2)]
    for step in steps:
        tail += term
        term *= half / step
    return min(tail, 1.0)


def beta_lower_tail(value: float, a: float, b: float) -> float:
    """The regularized incomplete beta function, by its continued fraction."""
    if value <= 0 or value >= 1:
        return float(value >= 1)
    if value > (a + 1) / (a + b + 2):
        return 1 - beta_lower_tail(1 - value, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(value) + b * log1p(-value)) / a
    return front * _beta_fraction(value, a, b)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The value below which a beta variable lies with this probability."""
    return root(lambda value: beta_lower_tail(value, a, b) - probability, 0.0, 1.0)


def root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that never falls turns from negative to positive, to the last bit that bisection reaches."""
    for _step in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction by the method of Lentz."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, _FRACTIONS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        factor = 1.0
        for part in (even, odd):
            d, c = 1 / _away_from_zero(1 + part * d), _away_from_zero(1 + part / c)
            factor = d * c
            total *= factor
        if abs(factor - 1) < 1e-16:
            break
    return total


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
