"""Product-limit survival: curve, limits, median, restricted mean, follow-up (protocol 6.1, docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, fsum, log, sqrt

from protocol.statistics.distributions import reach
from protocol.statistics.observations import CENSORED, NoResultReason, Observation, risk_tables

HALF = 0.5
SAME = 2.0**-26  # a survival this near to one half is one half, as in R's survival package


class LimitScale(StrEnum):
    """The scale on which limits of a survival stand symmetrically; the names are those of R's survival package."""

    LOG_LOG = "log-log"
    LOG = "log"
    PLAIN = "plain"


def limits_of(
    survival: float, greenwood: float | None, *, confidence: float, scale: LimitScale = LimitScale.LOG_LOG
) -> tuple[float, float] | None:
    """Lower and upper limit of a survival; ``None`` at zero, and at one on the log-log scale, which has none there."""
    if greenwood is None:
        return None
    far = reach(confidence) * sqrt(greenwood)
    match scale:
        case LimitScale.PLAIN:
            far *= survival
            return max(0.0, survival - far), min(1.0, survival + far)
        case LimitScale.LOG:
            return survival * exp(-far), min(1.0, survival * exp(far))
    if survival == 1:
        return None
    far /= -log(survival)
    return survival ** exp(far), survival ** exp(-far)


@dataclass(frozen=True, slots=True)
class CurveStep:
    """One time at which somebody had an event or was censored; survival is that after it.

    ``greenwood`` is the sum of d / n(n - d) so far, and ``None`` once the curve has reached zero.
    """

    time: float
    n_risk: int
    n_event: int
    n_censor: int
    survival: float
    greenwood: float | None

    @property
    def standard_error(self) -> float | None:
        """By Greenwood; ``None`` once the curve has reached zero."""
        return None if self.greenwood is None else self.survival * sqrt(self.greenwood)

    def limits(
        self, *, confidence: float, scale: LimitScale = LimitScale.LOG_LOG
    ) -> tuple[float, float] | None:
        """Lower and upper limit; ``None`` at zero, and at one on the log-log scale, which has none there."""
        return limits_of(self.survival, self.greenwood, confidence=confidence, scale=scale)


@dataclass(frozen=True, slots=True)
class Median:
    """The time at which survival falls to one half, with limits; ``None`` where a curve does not reach it."""

    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """The mean time up to ``tau``, which is the area under the curve, with its standard error."""

    tau: float
    value: float | None
    standard_error: float | None
    because: NoResultReason | None = None


@dataclass(frozen=True, slots=True)
class SurvivalAt:
    """A survival at one time; ``because`` says why there is none."""

    time: float
    survival: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    n_risk: int
    events: int
    because: NoResultReason | None = None


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """The product-limit curve of one group; without anybody it has no step and every answer is ``None``."""

    number: int
    steps: tuple[CurveStep, ...]

    @property
    def events(self) -> int:
        """How many had the event."""
        return sum(step.n_event for step in self.steps)

    @property
    def last_time(self) -> float | None:
        """The longest follow-up; ``None`` without anybody."""
        return self.steps[-1].time if self.steps else None

    def reaches(self, time: float) -> bool:
        """Whether the curve is known at the time: somebody was followed so far, or it has come to zero."""
        return bool(self.steps) and (self.steps[-1].time >= time or self.steps[-1].survival == 0)

    def at(self, time: float, *, confidence: float, scale: LimitScale = LimitScale.LOG_LOG) -> SurvivalAt:
        """The survival at the time, events on it included, and how many are at risk just before it."""
        passed = [step for step in self.steps if step.time <= time]
        n_risk, events = self.n_risk_at(time), sum(step.n_event for step in passed)
        if not self.reaches(time):
            reason = NoResultReason.NOT_FOLLOWED if self.steps else NoResultReason.NO_OBSERVATIONS
            return SurvivalAt(time, None, None, None, None, n_risk, events, reason)
        if not passed:
            return SurvivalAt(time, 1.0, 0.0, None, None, n_risk, events)
        lower, upper = passed[-1].limits(confidence=confidence, scale=scale) or (None, None)
        return SurvivalAt(time, passed[-1].survival, passed[-1].standard_error, lower, upper, n_risk, events)

    def n_risk_at(self, time: float) -> int:
        """How many are still followed without an event just before the time."""
        return next((step.n_risk for step in self.steps if step.time >= time), 0)

    def median(self, *, confidence: float, scale: LimitScale = LimitScale.LOG_LOG) -> Median:
        """The median by R's rule, and its limits where the limits of the curve fall to one half.

        Where the curve stays on one half for a while, it is the middle of that while.
        """
        limits = [(step.time, step.limits(confidence=confidence, scale=scale)) for step in self.steps]
        return Median(
            _falls_to_half([(step.time, step.survival) for step in self.steps]),
            _falls_to_half([(time, pair[0]) for time, pair in limits if pair]),
            _falls_to_half([(time, pair[1]) for time, pair in limits if pair]),
        )

    def restricted_mean(self, tau: float) -> RestrictedMean:
        """The area under the curve up to ``tau``; ``None`` where it is not known so far, or ``tau`` is no span."""
        if not self.reaches(tau) or tau <= 0:
            reason = NoResultReason.NOT_FOLLOWED if self.steps else NoResultReason.NO_OBSERVATIONS
            return RestrictedMean(tau, None, None, reason)
        inside = [step for step in self.steps if step.time < tau]
        ends = [step.time for step in inside[1:]] + [tau]
        first = inside[0].time if inside else tau
        areas = [(end - step.time) * step.survival for step, end in zip(inside, ends, strict=False)]
        rest, variance = 0.0, []
        for step, area in zip(reversed(inside), reversed(areas), strict=True):
            rest += area
            if 0 < step.n_event < step.n_risk:
                variance.append(rest**2 * step.n_event / (step.n_risk * (step.n_risk - step.n_event)))
        return RestrictedMean(tau, fsum([first, *areas]), sqrt(fsum(variance)))


@dataclass(frozen=True, slots=True)
class EstimatedDifference:
    """One estimate less another with normal limits; ``because`` says why there is none."""

    value: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    because: NoResultReason | None = None


def product_limit(observations: Iterable[Observation]) -> SurvivalCurve:
    """The curve to an event of any cause; at one time events come before censorings (protocol 6.1)."""
    rows = list(observations)
    survival, greenwood = 1.0, 0.0
    steps = []
    whole = [Observation(row.time, row.cause) for row in rows]
    for at in (at for table in risk_tables(whole, ("",), stratified=False) for at in table):
        (n,), (d,), (leaving,) = at.at_risk, at.events, at.leaving
        survival *= 1 - d / n
        if d < n and survival > 0:
            greenwood += d / (n * (n - d))
        known = greenwood if d < n else None
        steps.append(CurveStep(at.time, n, d, leaving - d, survival, known))
    return SurvivalCurve(len(rows), tuple(steps))


def follow_up(observations: Iterable[Observation]) -> SurvivalCurve:
    """The reverse product-limit curve: being censored is the event, so that its median is that of follow-up."""
    return product_limit(
        Observation(row.time, int(row.cause == CENSORED), row.group, row.stratum) for row in observations
    )


def shared_time(curves: Iterable[SurvivalCurve]) -> float | None:
    """The longest time up to which each curve is followed: the smallest of the longest times."""
    times = [curve.last_time for curve in curves]
    return min((time for time in times if time is not None), default=None)


def difference_at(first: SurvivalAt, second: SurvivalAt, *, confidence: float) -> EstimatedDifference:
    """The survival of the first less that of the second (protocol 6.1); limits need both standard errors."""
    return _difference(
        (first.survival, first.standard_error, first.because),
        (second.survival, second.standard_error, second.because),
        confidence,
    )


def difference_of_means(
    first: RestrictedMean, second: RestrictedMean, *, confidence: float
) -> EstimatedDifference:
    """The restricted mean of the first less that of the second, which has the same ``tau``."""
    return _difference(
        (first.value, first.standard_error, first.because),
        (second.value, second.standard_error, second.because),
        confidence,
    )


_Estimate = tuple[float | None, float | None, NoResultReason | None]


def _difference(first: _Estimate, second: _Estimate, confidence: float) -> EstimatedDifference:
    far = reach(confidence)
    (value_1, error_1, because_1), (value_2, error_2, because_2) = first, second
    if value_1 is None or value_2 is None:
        return EstimatedDifference(None, None, None, None, because_1 or because_2)
    value = value_1 - value_2
    if error_1 is None or error_2 is None:
        return EstimatedDifference(value, None, None, None)
    error = sqrt(error_1**2 + error_2**2)
    return EstimatedDifference(value, error, value - far * error, value + far * error)


def _falls_to_half(points: Sequence[tuple[float, float]]) -> float | None:
    """The time of the first point on or below one half; between it and the next lower one where it lies on one half."""
    below = [(time, value) for time, value in points if value < HALF + SAME]
    if not below:
        return None
    time, value = below[0]
    lower = [later for later, other in below if other < value]
    return (time + lower[0]) / 2 if abs(value - HALF) < SAME and lower else time
