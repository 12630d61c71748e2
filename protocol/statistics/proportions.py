"""Limits of a proportion and of the difference of two (protocol 6.6, docs/statistics.md)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from protocol.statistics.distributions import beta_quantile, proportion, reach, root


class CountsOutOfRange(ValueError):  # noqa: N818 (it says what the counts are)
    """More of them than there are, or fewer than none."""


@dataclass(frozen=True, slots=True)
class ProportionLimits:
    """A proportion, or a difference of two, with its limits; ``None`` where nobody could have it."""

    value: float | None
    lower: float | None
    upper: float | None


NOBODY = ProportionLimits(None, None, None)


def exact_limits(count: int, number: int, *, confidence: float) -> ProportionLimits:
    """Clopper and Pearson: no proportion inside is refuted by the count at half the error on each side."""
    _check(count, number)
    half = (1 - proportion("confidence level", confidence)) / 2
    if number == 0:
        return NOBODY
    lower = beta_quantile(half, count, number - count + 1) if count else 0.0
    upper = beta_quantile(1 - half, count + 1, number - count) if count < number else 1.0
    return ProportionLimits(count / number, lower, upper)


def score_limits(count: int, number: int, *, confidence: float) -> ProportionLimits:
    """Wilson: the proportions that the score test does not refute."""
    _check(count, number)
    z = reach(confidence)
    return ProportionLimits(*_wilson(count, number, z)) if number else NOBODY


def newcombe_limits(
    first: tuple[int, int], second: tuple[int, int], *, confidence: float
) -> ProportionLimits:
    """The first proportion less the second, by Newcombe's method 10: from Wilson's limits of each.

    Each is given as (count, number).
    """
    _check(*first)
    _check(*second)
    z = reach(confidence)
    if first[1] == 0 or second[1] == 0:
        return NOBODY
    (share_1, lower_1, upper_1), (share_2, lower_2, upper_2) = _wilson(*first, z), _wilson(*second, z)
    value = share_1 - share_2
    return ProportionLimits(
        value,
        value - sqrt((share_1 - lower_1) ** 2 + (upper_2 - share_2) ** 2),
        value + sqrt((upper_1 - share_1) ** 2 + (share_2 - lower_2) ** 2),
    )


def miettinen_nurminen_limits(
    first: tuple[int, int], second: tuple[int, int], *, confidence: float
) -> ProportionLimits:
    """The first proportion less the second: the differences that the score test does not refute.

    The variance is that under the difference, times n / (n - 1), as Miettinen and Nurminen (1985) have it.
    """
    _check(*first)
    _check(*second)
    z = reach(confidence)
    if first[1] == 0 or second[1] == 0:
        return NOBODY
    value = first[0] / first[1] - second[0] / second[1]
    return ProportionLimits(
        value,
        root(lambda difference: z - _score(first, second, difference), -1.0, value),
        root(lambda difference: -z - _score(first, second, difference), value, 1.0),
    )


def _score(first: tuple[int, int], second: tuple[int, int], difference: float) -> float:
    """How many standard errors the observed difference lies above the assumed one."""
    (count_1, number_1), (count_2, number_2) = first, second
    excess = count_1 / number_1 - count_2 / number_2 - difference
    share_2 = _restricted(first, second, difference)
    share_1 = min(1.0, max(0.0, share_2 + difference))
    number = number_1 + number_2
    variance = share_1 * (1 - share_1) / number_1 + share_2 * (1 - share_2) / number_2
    variance *= number / (number - 1)
    if variance > 0:
        return excess / sqrt(variance)
    return 0.0 if excess == 0 else excess / abs(excess) * float("inf")


def _restricted(first: tuple[int, int], second: tuple[int, int], difference: float) -> float:
    """The second proportion that is most likely where the first is larger by the difference.

    The derivative of the log likelihood falls all the way, so bisection finds its zero.
    """
    (count_1, number_1), (count_2, number_2) = first, second
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)

    def falling(share: float) -> float:
        return sum(
            _slope(count, number, value)
            for count, number, value in ((count_1, number_1, share + difference), (count_2, number_2, share))
        )

    return root(lambda share: -falling(share), low, high)


def _slope(count: int, number: int, share: float) -> float:
    """How the log likelihood of a proportion changes with it; without bound where it would refute the count."""
    if share <= 0:
        return float("inf") if count else -float(number)
    if share >= 1:
        return -float("inf") if count < number else float(number)
    return count / share - (number - count) / (1 - share)


def _wilson(count: int, number: int, z: float) -> tuple[float, float, float]:
    """A proportion with its limits, which are 0 and 1 where none or all have it."""
    share, square = count / number, z**2 / number
    middle = (share + square / 2) / (1 + square)
    far = z / (1 + square) * sqrt(share * (1 - share) / number + square / (4 * number))
    return share, middle - far if count else 0.0, middle + far if count < number else 1.0


def _check(count: int, number: int) -> None:
    if not 0 <= count <= number:
        raise CountsOutOfRange(
            f"{count} of {number} is no proportion: the count lies between 0 and the number."
        )
