"""Survival of every endpoint that is a time: over everybody, or by arm, with what compares the arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.adam.declarations import TimeParameter
from analysis.adam.times import parameters
from analysis.reading import DerivedParticipant
from protocol.endpoints import DAY_OF_36_MONTHS, TimeToEvent
from protocol.statistics.observations import Observation
from reports.survival.analysis import AnalysisChoices, SurvivalAnalysis, analyse
from reports.survival.files import only_ratio

CHOICES: Final = AnalysisChoices(landmark=float(DAY_OF_36_MONTHS))
EVERYBODY: Final = "all"
NOTHING: Final = "–"
OF_GROUP: Final = (
    "n",
    "events",
    "median",
    "median_lower",
    "median_upper",
    "at36",
    "at36_lower",
    "at36_upper",
)
BETWEEN: Final = ("logrank_p", "hr", "hr_lower", "hr_upper", "diff36", "diff36_lower", "diff36_upper")


@dataclass(frozen=True)
class SurvivalOfEndpoint:
    """One endpoint: the analysis, and each number as the page and the scripts of reproduction print it."""

    parameter: TimeParameter
    analysis: SurvivalAnalysis
    groups: Mapping[str, Mapping[str, str]]
    between: Mapping[str, str]


def survival_of(
    rows: Sequence[DerivedParticipant], arms: Mapping[str, str] | None = None
) -> list[SurvivalOfEndpoint]:
    """Return the endpoints of which anybody has a time; by arm where the arms are told."""
    observed: dict[str, tuple[TimeParameter, list[Observation]]] = {}
    for each in rows:
        group = EVERYBODY if arms is None else arms.get(each.facts.number, "")
        for parameter, time in parameters(each.values):
            if isinstance(time, TimeToEvent):
                _known, seen = observed.setdefault(parameter.code, (parameter, []))
                seen.append(Observation(float(time.days), int(time.event), group))
    return [survival_of_endpoint(parameter, seen) for parameter, seen in observed.values()]


def survival_of_endpoint(parameter: TimeParameter, seen: list[Observation]) -> SurvivalOfEndpoint:
    """Return everything that is said of the times of one endpoint, of which there is at least one."""
    analysis = analyse(seen, CHOICES)
    return SurvivalOfEndpoint(
        parameter,
        analysis,
        {name: dict(_group(analysis, name)) for name in analysis.groups},
        dict(_between(analysis)) if len(analysis.groups) == 2 else {},
    )


def _group(analysis: SurvivalAnalysis, name: str) -> Iterator[tuple[str, str]]:
    answers = analysis.groups[name]
    at, median = answers.at, answers.median
    yield "n", str(answers.curve.number)
    yield "events", str(answers.curve.events)
    yield "median", as_days(median.value)
    yield "median_lower", as_days(median.lower)
    yield "median_upper", as_days(median.upper)
    yield "at36", as_number(at.survival if at else None)
    yield "at36_lower", as_number(at.lower if at else None)
    yield "at36_upper", as_number(at.upper if at else None)


def _between(analysis: SurvivalAnalysis) -> Iterator[tuple[str, str]]:
    ratio, difference = only_ratio(analysis.cox), analysis.difference
    yield "logrank_p", as_number(analysis.log_rank.p)
    yield "hr", as_number(ratio.ratio if ratio else None)
    yield "hr_lower", as_number(ratio.lower if ratio else None)
    yield "hr_upper", as_number(ratio.upper if ratio else None)
    yield "diff36", as_number(difference.value if difference else None)
    yield "diff36_lower", as_number(difference.lower if difference else None)
    yield "diff36_upper", as_number(difference.upper if difference else None)


def as_number(value: float | None) -> str:
    """Return a number with four places, as every script prints it."""
    return NOTHING if value is None else f"{value + 0.0:.4f}".replace("-0.0000", "0.0000")


def as_days(value: float | None) -> str:
    """Return days as every script prints them."""
    return NOTHING if value is None else f"{value:.1f}"
