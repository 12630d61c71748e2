"""Gray's test of cumulative incidences, also stratified (Gray 1988; docs/statistics.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from protocol.statistics.distributions import chi_square_upper_tail
from protocol.statistics.linear import Matrix, Vector, quadratic_form
from protocol.statistics.log_rank import GroupTest
from protocol.statistics.observations import CENSORED, NoResultReason, Observation, groups_of, on_common_times

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class _Counts:
    """One time: how many of each group are at risk just before it, have the cause, have another."""

    n_risk: tuple[int, ...]
    of_cause: tuple[int, ...]
    of_others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Moved:
    """What events of one kind in one group at one time move in the score of each group.

    An event moves it by ``own + slope (c(end) - so_far)``, and the number of events has the variance ``spread``.
    """

    group: int
    spread: float
    slope: float
    own: Vector
    so_far: Vector


def gray(observations: Iterable[Observation], *, cause: int, stratified: bool = False) -> GroupTest:
    """The test that the incidence of the cause is the same in all groups, with weights of 1 (rho 0)."""
    rows = list(observations)
    names = groups_of(rows)
    if len(names) < 2:
        reason = NoResultReason.ONE_GROUP if names else NoResultReason.NO_OBSERVATIONS
        return GroupTest(None, None, None, because=reason)
    if not any(row.cause == cause for row in rows):
        return GroupTest(None, None, None, because=NoResultReason.NO_EVENTS)
    strata: dict[str, list[Observation]] = defaultdict(list)
    for row in rows:
        strata[row.stratum if stratified else ""].append(row)
    scored = [_scores(members, names, cause) for _name, members in sorted(strata.items())]
    parts = [part for part in scored if part is not None]
    if len(parts) < len(scored):
        return GroupTest(None, None, None, because=NoResultReason.TOO_FEW)
    places = range(1, len(names))
    score = [fsum(part[0][n] for part in parts) for n in places]
    covariance = [[fsum(part[1][n][m] for part in parts) for m in places] for n in places]
    chi2 = quadratic_form(covariance, score)
    if chi2 is None:
        return GroupTest(None, None, None, because=NoResultReason.NOT_COMPARABLE)
    return GroupTest(chi2, len(score), chi_square_upper_tail(chi2, len(score)))


def _scores(rows: Sequence[Observation], names: Sequence[str], cause: int) -> tuple[Vector, Matrix] | None:
    """The scores of one stratum and their covariance.

    ``None`` where an event follows although the pooled incidence has come to one, which so few people can make it.
    """
    places = range(len(names))
    survival, incidence, pooled = [1.0 for _n in places], [0.0 for _n in places], 0.0
    excess: list[Vector] = [[] for _n in places]
    so_far: Matrix = [[0.0 for _n in places] for _n in places]  # by group at risk, then by score
    moved: list[_Moved] = []
    for at in _counts(rows, names, cause):
        scales = [n / s if n else 0.0 for n, s in zip(at.n_risk, survival, strict=True)]
        weights = [scale * (1 - f) for scale, f in zip(scales, incidence, strict=True)]
        events, everybody = sum(at.of_cause), sum(scales)
        rise = events / everybody
        before, pooled = pooled, pooled + rise
        if events and before > 1 - ROUNDING:
            return None
        growth = rise / (1 - before) if events else 0.0
        incidence = _risen(incidence, survival, at)
        after = _fallen(survival, at)
        for r in places:
            own = [scales[k] * ((k == r) - scales[r] / everybody) for k in places]
            excess[r].append(at.of_cause[r] - events * weights[r] / sum(weights))
            so_far[r] = [c + a * growth for c, a in zip(so_far[r], own, strict=True)]
            if at.n_risk[r]:
                moved += _moved(at, r, (survival[r], after[r]), (everybody, pooled), (own, so_far[r]))
        survival = after
    return [fsum(parts) for parts in excess], _covariance(moved, so_far)


def _counts(rows: Sequence[Observation], names: Sequence[str], cause: int) -> list[_Counts]:
    """The counts at each time that has an event, earliest first."""
    place = {name: n for n, name in enumerate(names)}
    n_risk = [sum(row.group == name for row in rows) for name in names]
    times: dict[float, list[list[int]]] = {}
    for row in on_common_times(rows):
        at = times.setdefault(row.time, [[0] * len(names) for _count in range(3)])
        kind = 2 if row.cause == CENSORED else int(row.cause != cause)
        at[kind][place[row.group]] += 1
    table = []
    for of_cause, of_others, censored in times.values():
        if any(of_cause) or any(of_others):
            table.append(_Counts(tuple(n_risk), tuple(of_cause), tuple(of_others)))
        n_risk = [n - a - b - c for n, a, b, c in zip(n_risk, of_cause, of_others, censored, strict=True)]
    return table


def _fallen(survival: Vector, at: _Counts) -> Vector:
    """The survival of each group after the time."""
    return [
        s * (1 - (a + b) / n) if n else s
        for s, n, a, b in zip(survival, at.n_risk, at.of_cause, at.of_others, strict=True)
    ]


def _risen(incidence: Vector, survival: Vector, at: _Counts) -> Vector:
    """The incidence of each group after the time."""
    return [
        f + s * a / n if n else f
        for f, s, n, a in zip(incidence, survival, at.n_risk, at.of_cause, strict=True)
    ]


def _moved(
    at: _Counts,
    group: int,
    survival: tuple[float, float],
    pooled: tuple[float, float],
    moves: tuple[Vector, Vector],
) -> list[_Moved]:
    """What a group's events at one time move: those of the cause, as many as the pooled hazard asks, and others."""
    (before, after), (everybody, incidence), (own, so_far) = survival, pooled, moves
    n_risk, events, others = at.n_risk[group], sum(at.of_cause), at.of_others[group]
    lost = (1 - incidence) / after if after > 0 else 0.0
    parts = []
    if events:
        spread = _tied(events, everybody * before) * before * events / (everybody * n_risk)
        parts.append(_Moved(group, spread, 1 - lost, own, so_far))
    if others:
        spread = _tied(others, n_risk) * before**2 * others / n_risk**2
        parts.append(_Moved(group, spread, -lost, [0.0] * len(own), so_far))
    return parts


def _covariance(moved: Sequence[_Moved], end: Matrix) -> Matrix:
    """The covariance of the scores."""
    moves = [
        (
            part.spread,
            [
                a + part.slope * (c - b)
                for a, b, c in zip(part.own, part.so_far, end[part.group], strict=True)
            ],
        )
        for part in moved
    ]
    places = range(len(end))
    return [[fsum(spread * move[n] * move[m] for spread, move in moves) for m in places] for n in places]


def _tied(events: float, n_risk: float) -> float:
    """What ties leave of the variance of a count."""
    return 1 - (events - 1) / (n_risk - 1) if events > 1 else 1.0
