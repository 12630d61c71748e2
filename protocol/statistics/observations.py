"""What survival analysis starts from: how long each participant was followed, and how that ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

CENSORED = 0
ANY_CAUSE = None
NEARNESS = (
    2.0**-26
)  # times nearer than this, absolutely or relatively, are one time, as in R's survival package


class UnusableTime(ValueError):  # noqa: N818 (it says what the time is)
    """A time before the origin, or none at all."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One participant: the time at the end of follow-up, and the cause of the event, 0 where censored."""

    time: float
    cause: int
    group: str = ""
    stratum: str = ""

    def __post_init__(self) -> None:
        if not isfinite(self.time) or self.time < 0:
            raise UnusableTime(f"A time of {self.time:g} is no time of follow-up: it lies before the origin.")


class NoResultReason(StrEnum):
    """Why a method gives no result for these observations."""

    NO_OBSERVATIONS = "no_observations"
    NO_EVENTS = "no_events"
    ONE_GROUP = "one_group"  # nothing to compare with
    MORE_THAN_TWO_GROUPS = "more_than_two_groups"  # one ratio compares two
    NOT_COMPARABLE = (
        "groups_not_comparable"  # no event tells two groups apart: both at risk, one of them spared
    )
    MONOTONE = "monotone_likelihood"  # the events separate the groups: no finite hazard ratio
    NOT_CONVERGED = "not_converged"
    NOT_FOLLOWED = "not_followed_to_the_time"  # the curve ends before
    TOO_FEW = "too_few_observations"  # the estimate breaks down before the last event


@dataclass(frozen=True, slots=True)
class AtRisk:
    """One time of a stratum: how many of each group are at risk just before it, have an event, leave at it."""

    time: float
    at_risk: tuple[int, ...]
    events: tuple[int, ...]
    leaving: tuple[int, ...]  # with an event of any cause, or censored


def on_common_times(observations: Iterable[Observation]) -> list[Observation]:
    """The observations in one fixed order, times that only rounding keeps apart made one."""
    rows = sorted(observations, key=lambda row: (row.time, row.cause, row.group, row.stratum))
    common: list[Observation] = []
    before = first = -1.0
    for row in rows:
        if before < 0 or row.time - before > NEARNESS * max(1.0, row.time):
            first = row.time
        before = row.time
        common.append(row if row.time == first else Observation(first, row.cause, row.group, row.stratum))
    return common


def groups_of(observations: Iterable[Observation]) -> tuple[str, ...]:
    """The groups in their order: by number where all are numbers, else by code point."""
    return in_order({row.group for row in observations})


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names by number where each is one, else by code point, so that 9 stands before 10."""
    by_name = sorted(set(names))
    numbers = [_number(name) for name in by_name]
    if any(number is None for number in numbers):
        return tuple(by_name)
    return tuple(sorted(by_name, key=lambda name: (float(name), name)))


def risk_tables(
    observations: Iterable[Observation],
    groups: Sequence[str],
    *,
    cause: int | None = ANY_CAUSE,
    stratified: bool,
) -> list[list[AtRisk]]:
    """The table of each stratum, earliest time first; events are those of ``cause``."""
    strata: dict[str, list[Observation]] = defaultdict(list)
    for row in on_common_times(observations):
        strata[row.stratum if stratified else ""].append(row)
    return [_risk_table(rows, groups, cause) for _name, rows in sorted(strata.items())]


def _risk_table(rows: Sequence[Observation], groups: Sequence[str], cause: int | None) -> list[AtRisk]:
    place = {name: n for n, name in enumerate(groups)}
    at_risk = [0] * len(groups)
    counts: dict[float, tuple[list[int], list[int]]] = {}
    for row in rows:
        events, leaving = counts.setdefault(row.time, ([0] * len(groups), [0] * len(groups)))
        here = place[row.group]
        at_risk[here] += 1
        leaving[here] += 1
        events[here] += row.cause != CENSORED if cause is ANY_CAUSE else row.cause == cause
    table = []
    for time, (events, leaving) in counts.items():
        table.append(AtRisk(time, tuple(at_risk), tuple(events), tuple(leaving)))
        at_risk = [n - gone for n, gone in zip(at_risk, leaving, strict=True)]
    return table


def _number(name: str) -> float | None:
    try:
        number = float(name)
    except ValueError:
        return None
    return number if isfinite(number) else None
