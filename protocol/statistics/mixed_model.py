"""Repeated scores by group and time point: a linear model with an intercept of each participant (protocol 6.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, fsum, log, sqrt

from protocol.statistics.distributions import reach
from protocol.statistics.linear import Matrix, Vector, inverse
from protocol.statistics.observations import NoResultReason, in_order

_GOLDEN = (sqrt(5) - 1) / 2
_LOG_RATIOS = (-20.0, 20.0)  # of the variance between participants over that within them
_STEPS = 90  # each keeps 0.618 of the span


@dataclass(frozen=True, slots=True)
class Measurement:
    """One score of one participant at a time point, with the score before treatment."""

    participant: str
    group: str
    time_point: float
    baseline: float
    value: float


@dataclass(frozen=True, slots=True)
class ModelMean:
    """The mean of a group at a time point, at the mean baseline."""

    group: str
    time_point: float
    number: int
    mean: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """The mean of the first group less that of the second at a time point."""

    first: str
    second: str
    time_point: float
    difference: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class RepeatedMeasures:
    """What the model says; ``because`` says why it says nothing. Deaths and missing forms are reported beside it."""

    means: tuple[ModelMean, ...]
    differences: tuple[ModelDifference, ...]
    baseline_slope: float | None = None
    variance_between: float | None = None
    variance_within: float | None = None
    because: NoResultReason | None = None


@dataclass(frozen=True, slots=True)
class _Sums:
    """What participants with the same number of scores add to the equations."""

    scores: int
    participants: int
    crossed: Matrix  # sum over participants of s s', where s is the sum of their rows


@dataclass(frozen=True, slots=True)
class _Fit:
    criterion: float  # -2 log restricted likelihood, but for a constant
    coefficients: Vector
    inverse: Matrix
    variance: float


_Cell = tuple[float, str]


def repeated_measures(measurements: Iterable[Measurement], *, confidence: float) -> RepeatedMeasures:
    """Fit a mean for each group at each time point and a slope of the baseline, by restricted maximum likelihood.

    A participant without a later score says nothing here; one with some scores missing stays with those there are.
    """
    rows = sorted(measurements, key=lambda row: (row.participant, row.time_point, row.group, row.value))
    if not rows:
        return RepeatedMeasures((), (), because=NoResultReason.NO_OBSERVATIONS)
    groups = in_order(row.group for row in rows)
    there = {(row.time_point, row.group) for row in rows}
    cells = [
        (time, group)
        for time in sorted({time for time, _group in there})
        for group in groups
        if (time, group) in there
    ]
    middle = fsum({row.participant: row.baseline for row in rows}.values()) / len(
        {row.participant for row in rows}
    )
    design = [
        [*(float((row.time_point, row.group) == cell) for cell in cells), row.baseline - middle]
        for row in rows
    ]
    fit = _best(rows, design)
    if fit is None:
        return RepeatedMeasures((), (), because=NoResultReason.TOO_FEW)
    log_ratio, best = fit
    counts = [sum((row.time_point, row.group) == cell for row in rows) for cell in cells]
    return RepeatedMeasures(
        _means(best, cells, counts, confidence),
        _differences(best, cells, groups, confidence),
        best.coefficients[-1],
        best.variance * exp(log_ratio) if log_ratio is not None else 0.0,
        best.variance,
    )


def _best(rows: Sequence[Measurement], design: Matrix) -> tuple[float | None, _Fit] | None:
    """The ratio of variances with the greatest restricted likelihood, as a logarithm; ``None`` stands for zero."""
    values = [row.value for row in rows]
    whole = _crossed([[*x, y] for x, y in zip(design, values, strict=True)])
    sums = _sums(rows, design)
    none = _fit(whole, sums, 0.0, len(rows))
    if none is None:
        return None
    low, high = _LOG_RATIOS
    for _step in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        one, other = (_fit(whole, sums, exp(place), len(rows)) for place in (left, right))
        if one is None or other is None:
            return None
        if one.criterion < other.criterion:
            high = right
        else:
            low = left
    best = _fit(whole, sums, exp((low + high) / 2), len(rows))
    if best is None:
        return None
    return ((low + high) / 2, best) if best.criterion < none.criterion else (None, none)


def _sums(rows: Sequence[Measurement], design: Matrix) -> list[_Sums]:
    of_participant: dict[str, list[Vector]] = defaultdict(list)
    for row, x in zip(rows, design, strict=True):
        of_participant[row.participant].append([*x, row.value])
    by_number: dict[int, list[Vector]] = defaultdict(list)
    for lines in of_participant.values():
        by_number[len(lines)].append([fsum(column) for column in zip(*lines, strict=True)])
    return [_Sums(number, len(sums), _crossed(sums)) for number, sums in sorted(by_number.items())]


def _fit(whole: Matrix, sums: Sequence[_Sums], ratio: float, number: int) -> _Fit | None:
    """The coefficients and the restricted likelihood where the variance between is ``ratio`` times that within."""
    shrunk = [(part, ratio / (1 + part.scores * ratio)) for part in sums]
    places = range(len(whole))
    left = [
        [whole[n][m] - fsum(w * part.crossed[n][m] for part, w in shrunk) for m in places] for n in places
    ]
    size = len(whole) - 1
    normal, right, square = (
        [row[:size] for row in left[:size]],
        [row[size] for row in left[:size]],
        left[size][size],
    )
    solved = inverse(normal)
    if solved is None or number <= size:
        return None
    coefficients = [fsum(a * b for a, b in zip(row, right, strict=True)) for row in solved]
    variance = (square - fsum(a * b for a, b in zip(coefficients, right, strict=True))) / (number - size)
    if variance <= 1e-12 * abs(square):
        return None
    spread = fsum(part.participants * log(1 + part.scores * ratio) for part in sums)
    return _Fit(
        (number - size) * log(variance) + spread + _log_determinant(normal), coefficients, solved, variance
    )


def _crossed(rows: Sequence[Sequence[float]]) -> Matrix:
    """The sum of the products of each two columns."""
    columns = list(zip(*rows, strict=True))
    return [[fsum(a * b for a, b in zip(one, other, strict=True)) for other in columns] for one in columns]


def _log_determinant(matrix: Matrix) -> float:
    """The logarithm of the determinant of a matrix that is positive definite."""
    rows, total = [list(row) for row in matrix], 0.0
    for n, pivot in enumerate(rows):
        total += log(pivot[n])
        for m in range(n + 1, len(rows)):
            factor = rows[m][n] / pivot[n]
            rows[m] = [here - factor * above for here, above in zip(rows[m], pivot, strict=True)]
    return total


def _means(
    fit: _Fit, cells: Sequence[_Cell], counts: Sequence[int], confidence: float
) -> tuple[ModelMean, ...]:
    means = []
    for n, (time, group) in enumerate(cells):
        mean, error = fit.coefficients[n], sqrt(fit.variance * fit.inverse[n][n])
        far = reach(confidence) * error
        means.append(ModelMean(group, time, counts[n], mean, error, mean - far, mean + far))
    return tuple(means)


def _differences(
    fit: _Fit, cells: Sequence[_Cell], groups: Sequence[str], confidence: float
) -> tuple[ModelDifference, ...]:
    place, differences = {cell: n for n, cell in enumerate(cells)}, []
    for time in dict.fromkeys(time for time, _group in cells):
        for first, second in combinations([group for group in groups if (time, group) in place], 2):
            n, m = place[time, first], place[time, second]
            value = fit.coefficients[n] - fit.coefficients[m]
            spread = fit.inverse[n][n] + fit.inverse[m][m] - 2 * fit.inverse[n][m]
            error = sqrt(fit.variance * spread)
            far = reach(confidence) * error
            differences.append(ModelDifference(first, second, time, value, error, value - far, value + far))
    return tuple(differences)
