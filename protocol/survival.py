"""Product-limit survival and the difference of two rates (protocol 6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, sqrt

from protocol.statistics.distributions import NotAProportionError, proportion, reach
from protocol.statistics.observations import Observation
from protocol.statistics.product_limit import limits_of, product_limit

__all__ = ["NotAProportionError", "proportion"]

DAYS_PER_MONTH = 30.4375
DAY_OF_36_MONTHS = 1096


class NoVerdictReason(StrEnum):
    """Why there is no verdict on non-inferiority (protocol 6.1)."""

    NO_RATE = "no_rate"  # an arm was not followed to the day
    NO_EVENT = "no_event"  # an arm has no event by the day
    NO_STANDARD_ERROR = "no_standard_error"  # a rate has none, or one of zero
    NO_CONFIDENCE = "no_confidence_level"  # not set
    NO_MARGIN = "no_margin"  # not set


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Whether Arm 1 is non-inferior; ``None``, with the reason, where there is no verdict (protocol 6.1)."""

    shown: bool | None
    because: NoVerdictReason | None = None


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
    """A survival rate on a day, with its Greenwood standard error and log-log limits.

    ``events`` are those up to the day.
    """

    day: int
    survival: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    at_risk: int
    events: int


@dataclass(frozen=True, slots=True)
class SurvivalDifference:
    """A difference of two survival rates; the limits are absent until a confidence level is set.

    ``no_verdict`` is why the two rates allow no verdict, whatever the margin.
    """

    value: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    no_verdict: NoVerdictReason | None = None


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """A product-limit curve."""

    number: int
    steps: tuple[SurvivalStep, ...]

    def rate_at(self, day: int = DAY_OF_36_MONTHS, *, confidence: float | None = None) -> Rate | None:
        """The survival on ``day``; ``None`` when nobody was followed so far and the curve is not at zero
        (protocol 6.1).

        Limits are complementary log-log, once a confidence level is set; a curve at one or at zero has none.
        """
        passed = [step for step in self.steps if step.day <= day]
        if not self.steps or (self.steps[-1].day < day and self.steps[-1].survival > 0):
            return None
        survival = passed[-1].survival if passed else 1.0
        greenwood = passed[-1].greenwood if passed else 0.0
        limits = None if confidence is None else limits_of(survival, greenwood, confidence=confidence)
        lower, upper = limits or (None, None)
        return Rate(
            day=day,
            survival=survival,
            standard_error=None if greenwood is None else survival * sqrt(greenwood),
            lower=lower,
            upper=upper,
            at_risk=self.at_risk_on(day),
            events=sum(step.events for step in passed),
        )

    def at_risk_on(self, day: int) -> int:
        """How many are still followed and alive when ``day`` begins (protocol 6.1)."""
        return self.number - sum(step.events + step.censored for step in self.steps if step.day < day)

    def median(self) -> int | None:
        """The first day on which survival is one half or less; ``None`` if it never is."""
        return next((step.day for step in self.steps if step.survival <= 0.5), None)


def months(days: int) -> float:
    """Days in months of 30.4375 days (protocol 6)."""
    return days / DAYS_PER_MONTH


def day_of_month(number: int) -> int:
    """The day on which ``number`` months are full: 36 months are day 1,096 (protocol 6.1)."""
    return ceil(number * DAYS_PER_MONTH)


def kaplan_meier(observations: Iterable[tuple[int, bool]]) -> KaplanMeier:
    """The product-limit curve of (days, event) pairs; on one day events come before censorings (protocol
    6.1).

    A negative time is refused: it lies before the origin.
    """
    pairs = list(observations)
    if pairs and min(pairs)[0] < 0:
        raise ValueError(
            f"A time of {min(pairs)[0]} days lies before the origin. Check the two dates that it is made from."
        )
    curve = product_limit(Observation(float(day), int(event)) for day, event in pairs)
    return KaplanMeier(
        curve.number,
        tuple(
            SurvivalStep(
                int(step.time), step.n_risk, step.n_event, step.n_censor, step.survival, step.greenwood
            )
            for step in curve.steps
        ),
    )


def rate_difference(
    arm_1: Rate | None, arm_2: Rate | None, *, confidence: float | None = None
) -> SurvivalDifference | None:
    """The survival of Arm 1 less that of Arm 2, with limits once a confidence level is set (protocol 6.1).

    ``None`` where an arm has no rate.
    """
    far = None if confidence is None else reach(confidence)
    if arm_1 is None or arm_2 is None:
        return None
    value = arm_1.survival - arm_2.survival
    reason = _no_verdict(arm_1, arm_2)
    if arm_1.standard_error is None or arm_2.standard_error is None:
        return SurvivalDifference(value, None, None, None, reason)
    error = sqrt(arm_1.standard_error**2 + arm_2.standard_error**2)
    if far is None:
        return SurvivalDifference(value, error, None, None, reason)
    return SurvivalDifference(value, error, value - far * error, value + far * error, reason)


def non_inferior(difference: SurvivalDifference | None, *, margin: float | None) -> NonInferiority:
    """Whether the lower limit is above minus the margin, a proportion between 0 and 1 (protocol 6.1,
    decision E1).

    NotAProportionError refuses a margin in another unit. There is no verdict, but the reason, while margin
    or confidence level is not set, where an arm has no rate or no event, and where a standard error is
    missing or zero.
    """
    if margin is not None:
        proportion("margin", margin)
    if difference is None:
        return NonInferiority(None, NoVerdictReason.NO_RATE)
    if difference.no_verdict:
        return NonInferiority(None, difference.no_verdict)
    if difference.lower is None:
        return NonInferiority(None, NoVerdictReason.NO_CONFIDENCE)
    if margin is None:
        return NonInferiority(None, NoVerdictReason.NO_MARGIN)
    return NonInferiority(difference.lower > -margin)


def _no_verdict(*rates: Rate) -> NoVerdictReason | None:
    if any(rate.events == 0 for rate in rates):
        return NoVerdictReason.NO_EVENT
    return None if all(rate.standard_error for rate in rates) else NoVerdictReason.NO_STANDARD_ERROR
