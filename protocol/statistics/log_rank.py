"""The log-rank test, also stratified (protocol 6.1, docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from protocol.statistics.distributions import chi_square_upper_tail
from protocol.statistics.linear import quadratic_form
from protocol.statistics.observations import (
    ANY_CAUSE,
    AtRisk,
    NoResultReason,
    Observation,
    groups_of,
    risk_tables,
)


@dataclass(frozen=True, slots=True)
class ExpectedEvents:
    """How many of a group had the event, and how many would have if the groups did not differ."""

    group: str
    number: int
    observed: int
    expected: float


@dataclass(frozen=True, slots=True)
class GroupTest:
    """A test of the hypothesis that groups do not differ; ``because`` says why there is none."""

    chi2: float | None
    degrees: int | None
    p: float | None
    groups: tuple[ExpectedEvents, ...] = ()
    because: NoResultReason | None = None


def log_rank(
    observations: Iterable[Observation], *, cause: int | None = ANY_CAUSE, stratified: bool = False
) -> GroupTest:
    """The log-rank test of all groups, in each stratum for itself where it is stratified.

    Groups that were at risk at no event have no part in it, as in R's survival package.
    """
    rows = list(observations)
    names = groups_of(rows)
    if len(names) < 2:
        return GroupTest(None, None, None, because=_missing(names))
    table = [
        at
        for stratum in risk_tables(rows, names, cause=cause, stratified=stratified)
        for at in stratum
        if any(at.events)
    ]
    expected = [
        fsum(sum(at.events) * at.at_risk[n] / sum(at.at_risk) for at in table) for n in range(len(names))
    ]
    groups = tuple(
        ExpectedEvents(
            name, sum(row.group == name for row in rows), sum(at.events[n] for at in table), expected[n]
        )
        for n, name in enumerate(names)
    )
    if not table:
        return GroupTest(None, None, None, groups, NoResultReason.NO_EVENTS)
    taking_part = [n for n in range(len(names)) if expected[n] > 0]
    excess = [groups[n].observed - expected[n] for n in taking_part[1:]]
    chi2 = quadratic_form(_covariance(table, taking_part[1:]), excess) if excess else None
    if chi2 is None:
        return GroupTest(None, None, None, groups, NoResultReason.NOT_COMPARABLE)
    return GroupTest(chi2, len(excess), chi_square_upper_tail(chi2, len(excess)), groups)


def _covariance(table: Sequence[AtRisk], groups: Sequence[int]) -> list[list[float]]:
    """The hypergeometric covariance of the events of the groups."""
    return [[fsum(_covariance_at(at, n, m) for at in table) for m in groups] for n in groups]


def _covariance_at(at: AtRisk, n: int, m: int) -> float:
    everybody, events = sum(at.at_risk), sum(at.events)
    if everybody == 1:
        return 0.0
    share, other = at.at_risk[n] / everybody, at.at_risk[m] / everybody
    return events * (everybody - events) / (everybody - 1) * share * ((n == m) - other)


def _missing(names: Sequence[str]) -> NoResultReason:
    return NoResultReason.ONE_GROUP if names else NoResultReason.NO_OBSERVATIONS
