"""Exact limits for counts of sites: how far a count may lie from what all sites together give (ICH E6(R3) 3.11.4.3).

Small numbers are respected because nothing is approximated: shares are judged by the binomial distribution, counts per
exposure by the Poisson distribution (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from math import ceil, exp, fsum, lgamma, log

from protocol.statistics.distributions import beta_lower_tail, proportion, root
from protocol.statistics.proportions import NOBODY, CountsOutOfRange, ProportionLimits, exact_limits

_FAR = 40.0  # standard deviations beyond which a Poisson term is no longer told from nothing


class CountKind(StrEnum):
    """What a count is of: so many of so many, or so many in an exposure."""

    SHARE = "share"
    RATE = "rate"


def lower_tail(kind: CountKind, count: int, exposure: float, rate: float) -> float:
    """How probably there are ``count`` or fewer, where each of the exposure has the rate."""
    if count < 0:
        return 0.0
    if kind is CountKind.SHARE:
        number = int(exposure)
        return 1.0 if count >= number else 1 - beta_lower_tail(rate, count + 1, number - count)
    mean = exposure * rate
    if mean <= 0:
        return 1.0
    first = max(0, int(mean - _FAR * mean**0.5))
    terms = (exp(i * log(mean) - mean - lgamma(i + 1)) for i in range(first, count + 1))
    return min(1.0, fsum(terms))


def upper_tail(kind: CountKind, count: int, exposure: float, rate: float) -> float:
    """How probably there are ``count`` or more."""
    if count <= 0:
        return 1.0
    if kind is CountKind.SHARE:
        number = int(exposure)
        return 0.0 if count > number else beta_lower_tail(rate, count, number - count + 1)
    return max(0.0, 1 - lower_tail(kind, count - 1, exposure, rate))


def control_limits(kind: CountKind, exposure: float, rate: float, *, tail: float) -> tuple[int, int]:
    """The lowest and the highest count that are not outside: beyond each lies at most ``tail``."""
    proportion("tail", tail)
    most = (
        int(exposure)
        if kind is CountKind.SHARE
        else ceil(exposure * rate + _FAR * (exposure * rate + 1) ** 0.5)
    )
    highest = _first(lambda count: upper_tail(kind, count + 1, exposure, rate) <= tail, most)
    lowest = _first(lambda count: lower_tail(kind, count, exposure, rate) > tail, most)
    return lowest, highest


def _first(holds: Callable[[int], bool], most: int) -> int:
    """The smallest count from which on it holds."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def limits_of_rate(kind: CountKind, count: int, exposure: float, *, confidence: float) -> ProportionLimits:
    """Exact limits of one share (Clopper and Pearson) or of one rate (Garwood); none without an exposure."""
    if kind is CountKind.SHARE:
        return exact_limits(count, int(exposure), confidence=confidence)
    if count < 0 or exposure < 0:
        raise CountsOutOfRange
    half = (1 - proportion("confidence level", confidence)) / 2
    if not exposure:
        return NOBODY
    most = count + _FAR * (count + 1) ** 0.5
    lower = root(lambda mean: upper_tail(kind, count, 1.0, mean) - half, 0.0, most) if count else 0.0
    upper = root(lambda mean: half - lower_tail(kind, count, 1.0, mean), 0.0, most)
    return ProportionLimits(count / exposure, lower / exposure, upper / exposure)
