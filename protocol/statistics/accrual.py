"""Accrual: a rate with exact Poisson limits, and the day on which a target is reached at it (protocol 6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, exp, lgamma, log

from protocol.statistics.distributions import proportion, root

DAYS_PER_MONTH = 30.4375
_MOST_YEARS = 100  # a day beyond them is none: the target is not reached


@dataclass(frozen=True, slots=True)
class AccrualRate:
    """Participants a month over the months that were looked at, with exact limits."""

    count: int
    months: float
    rate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class AccrualForecast:
    """The day on which the target is reached at the rate, and at its limits; ``None`` where it never is."""

    day: date | None
    earliest: date | None
    latest: date | None


def accrual_rate(count: int, months: float, *, confidence: float) -> AccrualRate | None:
    """The rate of a Poisson process that was seen for so many months; ``None`` over no time."""
    if months <= 0:
        return None
    half = (1 - proportion("confidence level", confidence)) / 2
    most = 10.0 * (count + 10)
    lower = root(lambda mean: 1 - _at_most(count - 1, mean) - half, 0.0, most) if count else 0.0
    upper = root(lambda mean: half - _at_most(count, mean), 0.0, most)
    return AccrualRate(count, months, count / months, lower / months, upper / months)


def forecast(remaining: int, rate: AccrualRate, *, today: date) -> AccrualForecast:
    """When the remaining participants are in, if the rate stays as it is; ``earliest`` is at its upper limit."""
    return AccrualForecast(
        *(_reached(remaining, each, today) for each in (rate.rate, rate.upper, rate.lower))
    )


def cumulative(numbers: Sequence[int]) -> list[int]:
    """The sums of the numbers so far."""
    sums, so_far = [], 0
    for number in numbers:
        so_far += number
        sums.append(so_far)
    return sums


def _reached(remaining: int, rate: float, today: date) -> date | None:
    if remaining <= 0:
        return today
    days = remaining / rate * DAYS_PER_MONTH if rate > 0 else float("inf")
    return today + timedelta(days=ceil(days)) if days < _MOST_YEARS * 12 * DAYS_PER_MONTH else None


def _at_most(count: int, mean: float) -> float:
    """How probably a Poisson number with the mean is at most ``count``."""
    if mean == 0:
        return 1.0
    return sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(count + 1))
