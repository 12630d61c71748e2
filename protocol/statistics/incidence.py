"""Cumulative incidence under competing risks, by Aalen and Johansen, and Gray's test (docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from protocol.statistics.observations import CENSORED, Observation, on_common_times


class IncidenceVariance(StrEnum):
    """How the variance of a cumulative incidence is estimated."""

    JACKKNIFE = "jackknife"  # infinitesimal jackknife, as survfit of R's survival package
    AALEN = "aalen"  # of the counting process, as cuminc of R's cmprsk package


@dataclass(frozen=True, slots=True)
class IncidenceStep:
    """One time at which somebody had an event or was censored; the incidence is that after it."""

    time: float
    estimate: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class CauseCounts:
    """One time: how many are at risk just before it, have an event of the cause, of any cause, are censored."""

    time: float
    n_risk: int
    of_cause: int
    of_any: int
    censored: int


def causes_of(observations: Iterable[Observation]) -> tuple[int, ...]:
    """The causes of events, in order."""
    return tuple(sorted({row.cause for row in observations if row.cause != CENSORED}))


def cumulative_incidence(
    observations: Iterable[Observation],
    *,
    cause: int,
    variance: IncidenceVariance = IncidenceVariance.JACKKNIFE,
) -> tuple[IncidenceStep, ...]:
    """The probability to have had an event of the cause by each time, the other causes being real.

    With the incidences of the other causes and the product-limit survival to any cause it adds up to one.
    """
    counts = cause_counts(observations, cause)
    return _with_jackknife(counts) if variance is IncidenceVariance.JACKKNIFE else _with_aalen(counts)


def cause_counts(observations: Iterable[Observation], cause: int) -> list[CauseCounts]:
    """The counts at each time, earliest first."""
    rows = on_common_times(observations)
    counts: dict[float, list[int]] = {}
    for row in rows:
        at = counts.setdefault(row.time, [0, 0, 0])
        at[0] += row.cause == cause
        at[1] += row.cause != CENSORED
        at[2] += row.cause == CENSORED
    n_risk, table = len(rows), []
    for time, (of_cause, of_any, censored) in counts.items():
        table.append(CauseCounts(time, n_risk, of_cause, of_any, censored))
        n_risk -= of_any + censored
    return table


def _with_jackknife(counts: Sequence[CauseCounts]) -> tuple[IncidenceStep, ...]:
    """The variance is the sum of squares of each person's influence on the incidence F.

    After somebody has left, their influence is a + b F(t); before, it is that of everybody still at risk:
    ``lost`` + (sum of h) F(t) - (sum of h F), where h = d / n(n - d).
    """
    survival, incidence = 1.0, 0.0
    lost = hazard = hazard_incidence = 0.0
    squares = crossed = slopes = 0.0  # sums of a^2, ab and b^2 over those who have left
    steps = []
    for at in counts:
        weight = survival / at.n_risk
        incidence += weight * at.of_cause
        lost -= weight * at.of_cause / at.n_risk
        after = at.n_risk - at.of_any
        if after:
            hazard += at.of_any / (at.n_risk * after)
            hazard_incidence += incidence * at.of_any / (at.n_risk * after)
        stay = lost - hazard_incidence
        drop = 1 / after if after else 0.0
        for number, jump, slope in (
            (at.of_cause, weight, drop),
            (at.of_any - at.of_cause, 0.0, drop),
            (at.censored, 0.0, 0.0),
        ):
            a, b = stay + jump + slope * incidence, hazard - slope
            squares += number * a * a
            crossed += number * a * b
            slopes += number * b * b
        left = after - at.censored
        common = stay + hazard * incidence
        variance = squares + 2 * crossed * incidence + slopes * incidence**2 + left * common**2
        survival *= 1 - at.of_any / at.n_risk
        steps.append(IncidenceStep(at.time, incidence, sqrt(max(0.0, variance))))
    return tuple(steps)


def _with_aalen(counts: Sequence[CauseCounts]) -> tuple[IncidenceStep, ...]:
    """Each cause at each time adds the variance of its count times the square of what one event moves.

    An event at s moves F(t) by a - b F(t), where b = 1 / S(s), and a = b F(s), and one more if it is of the cause.
    """
    survival, incidence = 1.0, 0.0
    squares = crossed = slopes = 0.0  # sums of a^2, ab and b^2
    steps = []
    for at in counts:
        weight = survival / at.n_risk
        survival *= 1 - at.of_any / at.n_risk
        incidence += weight * at.of_cause
        b = 1 / survival if survival > 0 else 0.0
        for number, own in ((at.of_cause, 1.0), (at.of_any - at.of_cause, 0.0)):
            a, spread = own + b * incidence, weight**2 * number * _tied(number, at.n_risk)
            squares += spread * a * a
            crossed += spread * a * b
            slopes += spread * b * b
        variance = squares - 2 * crossed * incidence + slopes * incidence**2
        steps.append(IncidenceStep(at.time, incidence, sqrt(max(0.0, variance))))
    return tuple(steps)


def _tied(events: int, n_risk: int) -> float:
    """What ties leave of the variance of a count: all of it for one event, nothing once everybody has it."""
    return 1 - (events - 1) / (n_risk - 1) if events > 1 else 1.0
