"""Everything that a table of times and events answers, group by group and between groups. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from protocol.statistics.cox import ProportionalHazards, proportional_hazards
from protocol.statistics.gray import gray
from protocol.statistics.incidence import IncidenceStep, causes_of, cumulative_incidence
from protocol.statistics.log_rank import GroupTest, log_rank
from protocol.statistics.observations import Observation, groups_of
from protocol.statistics.product_limit import (
    EstimatedDifference,
    LimitScale,
    Median,
    RestrictedMean,
    SurvivalAt,
    SurvivalCurve,
    difference_at,
    difference_of_means,
    follow_up,
    product_limit,
    shared_time,
)

USUAL_CONFIDENCE = (
    0.95  # of descriptive limits; the level of the trial's own test is signed by the study team
)


@dataclass(frozen=True, slots=True)
class AnalysisChoices:
    """What an analysis is asked for beside its table."""

    confidence: float = USUAL_CONFIDENCE
    scale: LimitScale = LimitScale.LOG_LOG
    stratified: bool = False
    tau: float | None = None  # without it, the longest time to which all groups are followed
    landmark: float | None = None  # a time at which survival and its difference are given


@dataclass(frozen=True, slots=True)
class GroupAnswers:
    """What is said of one group."""

    curve: SurvivalCurve
    median: Median
    follow_up: Median
    restricted_mean: RestrictedMean
    at: SurvivalAt | None


@dataclass(frozen=True, slots=True)
class CauseAnswers:
    """What is said of one cause of events among several: incidence by group, and tests of it."""

    incidence: Mapping[str, tuple[IncidenceStep, ...]]
    gray: GroupTest
    log_rank: GroupTest
    cox: ProportionalHazards


@dataclass(frozen=True, slots=True)
class SurvivalAnalysis:
    """What is said of a table; an event of any cause ends survival, and ``causes`` tells them apart."""

    choices: AnalysisChoices
    tau: float
    groups: Mapping[str, GroupAnswers]
    log_rank: GroupTest
    cox: ProportionalHazards
    causes: Mapping[int, CauseAnswers] = field(default_factory=dict)
    difference: EstimatedDifference | None = None  # at the time that was asked for, first group less second
    difference_of_means: EstimatedDifference | None = None

    @property
    def nobody_censored(self) -> bool:
        """Whether every row is an event of one of several causes: 1 and 2 may be meant for censored and dead."""
        return bool(self.causes) and all(
            step.n_censor == 0 for answers in self.groups.values() for step in answers.curve.steps
        )


def analyse(observations: Sequence[Observation], choices: AnalysisChoices) -> SurvivalAnalysis:
    """Everything about the observations, of whom there is at least one."""
    members = {name: [row for row in observations if row.group == name] for name in groups_of(observations)}
    curves = {name: product_limit(rows) for name, rows in members.items()}
    tau = choices.tau if choices.tau is not None else shared_time(curves.values()) or 0.0
    groups = {name: _group(curve, follow_up(members[name]), tau, choices) for name, curve in curves.items()}
    causes = causes_of(observations)
    stratified, pair = choices.stratified, list(groups.values()) if len(groups) == 2 else []
    return SurvivalAnalysis(
        choices=choices,
        tau=tau,
        groups=groups,
        log_rank=log_rank(observations, stratified=stratified),
        cox=proportional_hazards(observations, confidence=choices.confidence, stratified=stratified),
        causes={cause: _cause(members, observations, cause, choices) for cause in causes}
        if any(cause > 1 for cause in causes)
        else {},
        difference=_difference(pair, choices),
        difference_of_means=difference_of_means(
            pair[0].restricted_mean, pair[1].restricted_mean, confidence=choices.confidence
        )
        if pair
        else None,
    )


def _group(
    curve: SurvivalCurve, reverse: SurvivalCurve, tau: float, choices: AnalysisChoices
) -> GroupAnswers:
    confidence, scale = choices.confidence, choices.scale
    return GroupAnswers(
        curve,
        curve.median(confidence=confidence, scale=scale),
        reverse.median(confidence=confidence, scale=scale),
        curve.restricted_mean(tau),
        None if choices.landmark is None else curve.at(choices.landmark, confidence=confidence, scale=scale),
    )


def _cause(
    members: Mapping[str, Sequence[Observation]],
    observations: Sequence[Observation],
    cause: int,
    choices: AnalysisChoices,
) -> CauseAnswers:
    stratified = choices.stratified
    return CauseAnswers(
        {name: cumulative_incidence(rows, cause=cause) for name, rows in members.items()},
        gray(observations, cause=cause, stratified=stratified),
        log_rank(observations, cause=cause, stratified=stratified),
        proportional_hazards(observations, confidence=choices.confidence, cause=cause, stratified=stratified),
    )


def _difference(pair: Sequence[GroupAnswers], choices: AnalysisChoices) -> EstimatedDifference | None:
    if not pair or pair[0].at is None or pair[1].at is None:
        return None
    return difference_at(pair[0].at, pair[1].at, confidence=choices.confidence)
