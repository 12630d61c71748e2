"""Product-limit survival and the difference of two rates (protocol 6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import ceil, exp, log, sqrt
from statistics import NormalDist

DAYS_PER_MONTH = 30.4375
DAY_OF_36_MONTHS = 1096


@dataclass(frozen=True, slots=True)
class SurvivalStep:
    """One day of a survival curve on which somebody died or was censored; survival is that after the day."""

    day: int
    at_risk: int
    events: int
    censored: int
    survival: float
    greenwood: float | None  # the sum of d / n(n - d); None once the curve has reached zero


@dataclass(frozen=True, slots=True)
class Rate:
    """A survival rate on a day, with its Greenwood standard error and log-log limits."""

    day: int
    survival: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    at_risk: int


@dataclass(frozen=True, slots=True)
class SurvivalDifference:
    """A difference of two survival rates; the limits are absent until a confidence level is set."""

    value: float
    standard_error: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """A product-limit curve."""

    number: int
    steps: tuple[SurvivalStep, ...]

    def rate_at(self, day: int = DAY_OF_36_MONTHS, *, confidence: float = 0.95) -> Rate | None:
        """The survival on ``day``; ``None`` when nobody was followed so far and the curve is not at zero
        (protocol 6.1).

        Limits are complementary log-log; a curve at one or at zero has none.
        """
        passed = [step for step in self.steps if step.day <= day]
        if not self.steps or (self.steps[-1].day < day and self.steps[-1].survival > 0):
            return None
        survival = passed[-1].survival if passed else 1.0
        greenwood = passed[-1].greenwood if passed else 0.0
        lower, upper = _log_log_limits(survival, greenwood, confidence)
        return Rate(
            day=day,
            survival=survival,
            standard_error=None if greenwood is None else survival * sqrt(greenwood),
            lower=lower,
            upper=upper,
            at_risk=self.at_risk_on(day),
        )

    def at_risk_on(self, day: int) -> int:
        """How many are still followed and alive when ``day`` begins (protocol 6.1)."""
        return self.number - sum(step.events + step.censored for step in self.steps if step.day < day)

    def median(self) -> int | None:
        """The first day on which survival is one half or less; ``None`` if it never is."""
        return next((step.day for step in self.steps if step.survival <= 0.5), None)


def months(days: int | None) -> float | None:
    """Days in months of 30.4375 days (protocol 6)."""
    return None if days is None else days / DAYS_PER_MONTH


def day_of_month(number: int) -> int:
    """The day on which ``number`` months are full: 36 months are day 1,096 (protocol 6.1)."""
    return ceil(number * DAYS_PER_MONTH)


def kaplan_meier(observations: Iterable[tuple[int, bool]]) -> KaplanMeier:
    """The product-limit curve of (days, event) pairs; on one day events come before censorings (protocol
    6.1).
    """
    ordered = sorted(observations)
    at_risk, survival = len(ordered), 1.0
    greenwood: float | None = 0.0
    steps: list[SurvivalStep] = []
    for day, same_day in groupby(ordered, key=lambda observation: observation[0]):
        outcomes = [event for _day, event in same_day]
        events = sum(outcomes)
        survival *= 1 - events / at_risk
        greenwood = _greenwood(greenwood, at_risk, events)
        steps.append(SurvivalStep(day, at_risk, events, len(outcomes) - events, survival, greenwood))
        at_risk -= len(outcomes)
    return KaplanMeier(len(ordered), tuple(steps))


def rate_difference(
    arm_1: Rate | None, arm_2: Rate | None, *, confidence: float | None = None
) -> SurvivalDifference | None:
    """The survival of Arm 1 less that of Arm 2, with limits once a confidence level is set (protocol 6.1)."""
    if arm_1 is None or arm_2 is None or arm_1.standard_error is None or arm_2.standard_error is None:
        return None
    value = arm_1.survival - arm_2.survival
    error = sqrt(arm_1.standard_error**2 + arm_2.standard_error**2)
    if confidence is None:
        return SurvivalDifference(value, error, None, None)
    reach = _z(confidence) * error
    return SurvivalDifference(value, error, value - reach, value + reach)


def non_inferior(difference: SurvivalDifference | None, *, margin: float | None) -> bool | None:
    """Whether the lower limit is above minus the margin; ``None`` while margin or confidence is not set
    (protocol 6.1).
    """
    if difference is None or difference.lower is None or margin is None:
        return None
    return difference.lower > -margin


def _greenwood(so_far: float | None, at_risk: int, events: int) -> float | None:
    if so_far is None or events == at_risk:
        return None
    return so_far + events / (at_risk * (at_risk - events))


def _log_log_limits(
    survival: float, greenwood: float | None, confidence: float
) -> tuple[float | None, float | None]:
    if not greenwood:
        return None, None
    reach = _z(confidence) * sqrt(greenwood) / abs(log(survival))
    return survival ** exp(reach), survival ** exp(-reach)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(1 - (1 - confidence) / 2)
