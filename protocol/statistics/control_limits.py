"""Exact limits for counts of sites: how far a count may lie from what all sites together give (ICH E6(R3) 3.11.4.3).

Small numbers are respected because nothing is approximated: shares are judged by the binomial distribution, counts per
exposure by the Poisson distribution (docs/statistics.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from enum import StrEnum
from math import ceil, exp, fsum, lgamma, log

from protocol.statistics.distributions import beta_lower_tail, proportion, root
from protocol.statistics.proportions import NOBODY, CountsOutOfRange, ProportionLimits, exact_limits

_FAR = 40.0  # standard deviations beyond which no limit lies
_NOTHING = 1e-18  # a term that is so small a part of the largest one adds nothing


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
    return _below(count, mean) if count < mean else max(0.0, 1 - _above(count + 1, mean))


def upper_tail(kind: CountKind, count: int, exposure: float, rate: float) -> float:
    """How probably there are ``count`` or more."""
    if count <= 0:
        return 1.0
    if kind is CountKind.SHARE:
        number = int(exposure)
        return 0.0 if count > number else beta_lower_tail(rate, count, number - count + 1)
    mean = exposure * rate
    if mean <= 0:
        return 0.0
    return _above(count, mean) if count > mean else max(0.0, 1 - _below(count - 1, mean))


def _below(count: int, mean: float) -> float:
    """How probably a Poisson count is ``count`` or less, for one below the mean: the terms fall."""
    ratios = (i / mean for i in range(count, 0, -1))
    return _falling(count, mean, ratios)


def _above(count: int, mean: float) -> float:
    """How probably a Poisson count is ``count`` or more, for one above the mean."""
    ratios = (mean / i for i in itertools.count(count + 1))
    return _falling(count, mean, ratios)


def _falling(count: int, mean: float, ratios: Iterable[float]) -> float:
    """Sum Poisson terms from that of ``count`` on, each the last one times its ratio, until one adds nothing."""
    first = exp(count * log(mean) - mean - lgamma(count + 1))
    terms, term = [first], first
    for ratio in ratios:
        term *= ratio
        if term <= first * _NOTHING:
            break
        terms.append(term)
    return min(1.0, fsum(terms))


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
