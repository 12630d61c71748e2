"""The proportional hazards model of the groups, also stratified (protocol 6.1, docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, fsum, log, sqrt

from protocol.statistics.distributions import chi_square_upper_tail, normal_upper_tail, reach
from protocol.statistics.linear import Matrix, Vector, inverse, solve
from protocol.statistics.observations import (
    ANY_CAUSE,
    AtRisk,
    NoResultReason,
    Observation,
    groups_of,
    risk_tables,
)

_STEPS = 100
_ENOUGH = 1e-11  # a step of Newton's that moves no log hazard ratio further


class Ties(StrEnum):
    """How events at the same time share the people at risk."""

    EFRON = "efron"
    BRESLOW = "breslow"


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """The hazard of a group over that of the first, with Wald limits and the Wald p."""

    group: str
    log_ratio: float
    standard_error: float
    ratio: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True, slots=True)
class ProportionalHazards:
    """The model: the hazard ratio of each group but the ``reference``; ``because`` says why there is none."""

    reference: str | None
    ratios: tuple[HazardRatio, ...]
    log_likelihood: float | None = None
    likelihood_ratio_chi2: float | None = None
    p: float | None = None  # of the likelihood ratio
    because: NoResultReason | None = None


@dataclass(frozen=True, slots=True)
class _Likelihood:
    value: float
    score: Vector
    information: Matrix


def proportional_hazards(
    observations: Iterable[Observation],
    *,
    confidence: float,
    cause: int | None = ANY_CAUSE,
    stratified: bool = False,
    ties: Ties = Ties.EFRON,
) -> ProportionalHazards:
    """Fit the model by Newton's method; the first group in order is the reference.

    Where the events separate the groups, the likelihood grows without end, and there is no ratio.
    """
    rows = list(observations)
    names = groups_of(rows)
    if len(names) < 2:
        reason = NoResultReason.ONE_GROUP if names else NoResultReason.NO_OBSERVATIONS
        return ProportionalHazards(None, (), because=reason)
    table = [
        at
        for stratum in risk_tables(rows, names, cause=cause, stratified=stratified)
        for at in stratum
        if any(at.events)
    ]
    if reason_none := _why_none(table, len(names)):
        return ProportionalHazards(names[0], (), because=reason_none)
    none = _likelihood(table, [0.0] * (len(names) - 1), ties)
    fit = _newton(table, none, ties)
    covariance = inverse(fit[1].information) if fit else None
    if fit is None or covariance is None:
        return ProportionalHazards(names[0], (), because=NoResultReason.NOT_CONVERGED)
    logs, best = fit
    gain = max(0.0, 2 * (best.value - none.value))
    return ProportionalHazards(
        names[0],
        tuple(_ratio(name, logs[n], sqrt(covariance[n][n]), confidence) for n, name in enumerate(names[1:])),
        best.value,
        gain,
        chi_square_upper_tail(gain, len(logs)),
    )


def _why_none(table: Sequence[AtRisk], number: int) -> NoResultReason | None:
    """Why the likelihood has no single maximum: decided by who was at risk with whose events, not by steps.

    An event of one group while another is at risk speaks for a higher hazard of the first. Where every such
    claim between two groups is answered by a chain of claims back, the maximum is finite, and else it is not.
    """
    if not table:
        return NoResultReason.NO_EVENTS
    claims = {
        (n, m)
        for at in table
        for n in range(number)
        if at.events[n]
        for m in range(number)
        if n != m and at.at_risk[m]
    }
    joined = _reached(claims | {(m, n) for n, m in claims})
    if any(len(joined.get(n, ())) < number for n in range(number)):
        return NoResultReason.NOT_COMPARABLE
    after = _reached(claims)
    if any(n not in after.get(m, ()) for n, m in claims):
        return NoResultReason.MONOTONE
    return None


def _likelihood(table: Sequence[AtRisk], logs: Sequence[float], ties: Ties) -> _Likelihood:
    """The log partial likelihood with its first derivatives and, with the sign turned, its second."""
    middle = max(0.0, *logs)
    weights = [exp(log_ratio - middle) for log_ratio in (0.0, *logs)]
    size = len(logs)
    values: list[float] = []
    score = [[float(sum(at.events[n + 1] for at in table))] for n in range(size)]
    information: list[list[list[float]]] = [[[] for _m in range(size)] for _n in range(size)]
    for at in table:
        values += [d * (log_ratio - middle) for d, log_ratio in zip(at.events, (0.0, *logs), strict=True)]
        for shares, whole in _shares(at, weights, ties):
            values.append(-log(whole))
            for n in range(size):
                score[n].append(-shares[n + 1])
                for m in range(n + 1):
                    information[n][m].append(shares[n + 1] * ((n == m) - shares[m + 1]))
    return _Likelihood(
        fsum(values),
        [fsum(parts) for parts in score],
        [[fsum(information[max(n, m)][min(n, m)]) for m in range(size)] for n in range(size)],
    )


def _shares(at: AtRisk, weights: Sequence[float], ties: Ties) -> Iterator[tuple[Vector, float]]:
    """For each event of the time: the share of each group in the hazard of those at risk, and that hazard.

    By Efron, of d events at one time the one after n others finds n / d of their hazards gone.
    """
    d = sum(at.events)
    for n in range(d):
        gone = n / d if ties is Ties.EFRON else 0.0
        parts = [
            (risk - gone * events) * weight
            for risk, events, weight in zip(at.at_risk, at.events, weights, strict=True)
        ]
        whole = sum(parts)
        yield [part / whole for part in parts], whole


def _newton(table: Sequence[AtRisk], start: _Likelihood, ties: Ties) -> tuple[Vector, _Likelihood] | None:
    """The log ratios at the maximum; a step that loses likelihood is halved."""
    logs, here = [0.0] * len(start.score), start
    for _step in range(_STEPS):
        step = solve(here.information, here.score)
        if step is None:
            return None
        if max(abs(part) for part in step) < _ENOUGH:
            return logs, here
        there = _likelihood(table, [a + b for a, b in zip(logs, step, strict=True)], ties)
        while there.value < here.value - _ENOUGH * abs(here.value):
            step = [part / 2 for part in step]
            there = _likelihood(table, [a + b for a, b in zip(logs, step, strict=True)], ties)
        logs, here = [a + b for a, b in zip(logs, step, strict=True)], there
    return None


def _ratio(group: str, log_ratio: float, error: float, confidence: float) -> HazardRatio:
    far = reach(confidence) * error
    return HazardRatio(
        group,
        log_ratio,
        error,
        exp(log_ratio),
        exp(log_ratio - far),
        exp(log_ratio + far),
        min(1.0, 2 * normal_upper_tail(abs(log_ratio) / error)),
    )


def _reached(edges: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """From each group those that a chain of claims leads to, itself included where the chain comes back."""
    after: dict[int, set[int]] = {}
    for n, m in edges:
        after.setdefault(n, set()).add(m)
    growing = True
    while growing:
        growing = False
        for places in after.values():
            more = {far for near in places for far in after.get(near, ())}
            growing = growing or not more <= places
            places.update(more)
    return after
