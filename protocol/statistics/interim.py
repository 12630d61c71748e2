"""A calculator of interim boundaries: the trial has no interim look until its study team signs one.

Nothing calls it by itself: error, looks and kind of boundary are those of whoever asks (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import pairwise
from math import ceil, cos, erfc, exp, pi, sqrt

from protocol.statistics.distributions import normal_quantile, normal_upper_tail, proportion, root

NEAREST = 0.01  # of the information, between two looks: nearer ones are one look
PETO = 3.0  # standard errors, at each look but the last
_FAR = 9.0  # standard errors, beyond which nothing lies that a float could tell from nothing


class UnusableLooks(ValueError):  # noqa: N818 (it says what looks are)
    """Looks that do not rise from above 0 to 1, or too near to each other."""


class InterimAssumption(StrEnum):
    """What the boundaries hold under; whoever shows them shows these too."""

    TWO_SIDED = "two_sided"  # symmetric: the same boundary for both arms
    INDEPENDENT_INCREMENTS = (
        "independent_increments"  # the score grows by independent normal steps, as log-rank's does
    )
    INFORMATION_KNOWN = "information_known"  # events at each look over events at the last
    LOOKS_BEFORE_DATA = "looks_before_data"  # when to look does not depend on what was seen
    NO_FUTILITY = "no_futility"  # the trial stops for a difference only
    LAST_LOOK_NOT_ADJUSTED = "last_look_not_adjusted"  # the overall error is above the nominal one


@dataclass(frozen=True, slots=True)
class InterimBoundary:
    """One look: the trial stops for a difference if the statistic lies beyond ``z`` on either side."""

    information: float
    z: float
    p: float  # two-sided, of a statistic on the boundary
    error_spent: float  # so far, under no difference


@dataclass(frozen=True, slots=True)
class InterimPlan:
    """The boundaries of all looks and what they assume."""

    looks: tuple[InterimBoundary, ...]
    assumptions: tuple[InterimAssumption, ...]


ASSUMED = (
    InterimAssumption.TWO_SIDED,
    InterimAssumption.INDEPENDENT_INCREMENTS,
    InterimAssumption.INFORMATION_KNOWN,
    InterimAssumption.LOOKS_BEFORE_DATA,
    InterimAssumption.NO_FUTILITY,
)


def obrien_fleming_type(information: Sequence[float], *, error: float) -> InterimPlan:
    """Boundaries by Lan and DeMets, whose spending of the two-sided ``error`` is of O'Brien and Fleming's type."""
    _check(information, error)
    far = normal_quantile(1 - error / 4)

    def choose(look: float, spent: float, crossing: Callable[[float], float]) -> float:
        due = 4 * normal_upper_tail(far / sqrt(look)) - spent
        return root(lambda z: due - crossing(z), 0.0, _FAR)

    return InterimPlan(_boundaries(information, choose), ASSUMED)


def haybittle_peto(
    information: Sequence[float], *, error: float, early: float = PETO, adjusted: bool
) -> InterimPlan:
    """The boundary ``early`` at each look but the last, which is ``adjusted`` to keep the overall two-sided error.

    Not adjusted, the last look has the boundary of a trial without looks, and ``error_spent`` says what that costs.
    """
    _check(information, error)
    if not 0 < early <= _FAR:
        raise UnusableLooks(f"A boundary of {early:g} standard errors cannot be used: write 3, or 3.29.")

    def choose(look: float, spent: float, crossing: Callable[[float], float]) -> float:
        if look < 1:
            return early
        if not adjusted:
            return normal_quantile(1 - error / 2)
        if spent >= error:
            raise UnusableLooks(
                f"The early looks spend {spent:.4f}, more than the error: take a wider boundary."
            )
        return root(lambda z: error - spent - crossing(z), 0.0, _FAR)

    more = () if adjusted else (InterimAssumption.LAST_LOOK_NOT_ADJUSTED,)
    return InterimPlan(_boundaries(information, choose), ASSUMED + more)


_Choose = Callable[[float, float, Callable[[float], float]], float]


def _boundaries(information: Sequence[float], choose: _Choose) -> tuple[InterimBoundary, ...]:
    """Integrate over the paths that have not crossed, from look to look (Armitage, McPherson and Rowe 1969)."""
    looks: list[InterimBoundary] = []
    paths, spent = [(0.0, 1.0)], 0.0
    for before, now in pairwise((0.0, *information)):
        step = sqrt(now - before)
        crossing = partial(_crossing, paths, sqrt(now), step)
        z = choose(now, spent, crossing)
        spent += crossing(z)
        looks.append(InterimBoundary(now, z, 2 * normal_upper_tail(z), spent))
        edge = min(z, _FAR) * sqrt(now)
        paths = [
            (place, weight * sum(mass * _density((place - start) / step) for start, mass in paths) / step)
            for place, weight in _nodes(edge, step)
        ]
    return tuple(looks)


def _crossing(paths: Sequence[tuple[float, float]], scale: float, step: float, z: float) -> float:
    """How probably a path that has not crossed lies beyond ``z`` on either side after the step."""
    edge = z * scale
    return sum(
        mass * (erfc((edge - start) / (step * sqrt(2))) + erfc((edge + start) / (step * sqrt(2)))) / 2
        for start, mass in paths
    )


def _density(value: float) -> float:
    return exp(-value * value / 2) / sqrt(2 * pi)


def _nodes(edge: float, step: float) -> list[tuple[float, float]]:
    """Places and weights of Gauss and Legendre between the edges, close enough for densities as narrow as the step."""
    number = 2 * ceil(24 + 6 * edge / step)
    nodes = []
    for n in range(number):
        place = cos(pi * (n + 0.75) / (number + 0.5))
        for _newton in range(8):
            value, slope = _legendre(number, place)
            place -= value / slope
        _value, slope = _legendre(number, place)
        nodes.append((edge * place, edge * 2 / ((1 - place * place) * slope * slope)))
    return nodes


def _legendre(degree: int, x: float) -> tuple[float, float]:
    """The Legendre polynomial and its slope."""
    before, here = 1.0, x
    for n in range(2, degree + 1):
        before, here = here, ((2 * n - 1) * x * here - (n - 1) * before) / n
    return here, degree * (x * here - before) / (x * x - 1)


def _check(information: Sequence[float], error: float) -> None:
    proportion("error", error)
    rising = all(later - earlier >= NEAREST * (1 - 1e-9) for earlier, later in pairwise((0.0, *information)))
    if not information or information[-1] != 1 or not rising:
        raise UnusableLooks(
            "The looks are shares of the information that rise by at least 0.01 each and end with 1, "
            "such as 0.5, 0.75, 1."
        )
