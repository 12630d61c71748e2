"""The files of a survival analysis, the same to the last digit each time (docs/statistics.md)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from protocol.statistics.cox import HazardRatio, ProportionalHazards
from protocol.statistics.log_rank import GroupTest
from protocol.statistics.observations import NoResultReason
from protocol.statistics.product_limit import EstimatedDifference, Median, SurvivalAt
from reports.survival.analysis import CauseAnswers, GroupAnswers, SurvivalAnalysis

KM_COLUMNS = ("group", "time", "n_risk", "n_event", "n_censor", "survival", "ci_lower", "ci_upper")
INCIDENCE_COLUMNS = ("group", "cause", "time", "estimate", "se")
Json = dict[str, Any]


def km_csv(analysis: SurvivalAnalysis) -> str:
    """Each time of each group; limits are empty where there are none."""
    confidence, scale = analysis.choices.confidence, analysis.choices.scale
    return _csv(
        KM_COLUMNS,
        (
            (
                *(name, step.time, step.n_risk, step.n_event, step.n_censor, step.survival),
                *(step.limits(confidence=confidence, scale=scale) or (None, None)),
            )
            for name, answers in analysis.groups.items()
            for step in answers.curve.steps
        ),
    )


def incidence_csv(analysis: SurvivalAnalysis) -> str:
    """The cumulative incidence of each cause at each time of each group, by Aalen and Johansen."""
    return _csv(
        INCIDENCE_COLUMNS,
        (
            (name, cause, step.time, step.estimate, step.standard_error)
            for name in analysis.groups
            for cause, answers in analysis.causes.items()
            for step in answers.incidence[name]
        ),
    )


def summary(analysis: SurvivalAnalysis) -> Json:
    """What is mostly asked for; ``None`` where a median is not reached or a method has no answer."""
    ratio = only_ratio(analysis.cox)
    return {
        "groups": {
            name: {"n": answers.curve.number, "events": answers.curve.events, **_median(answers.median)}
            for name, answers in analysis.groups.items()
        },
        "logrank": {"chi2": analysis.log_rank.chi2, "p": analysis.log_rank.p},
        "cox": {
            "hr": ratio.ratio if ratio else None,
            "lcl": ratio.lower if ratio else None,
            "ucl": ratio.upper if ratio else None,
        },
        "rmst": {
            "tau": number(analysis.tau),
            **{
                name: {"rmst": number(mean.value), "se": mean.standard_error}
                for name, mean in (
                    (name, answers.restricted_mean) for name, answers in analysis.groups.items()
                )
            },
        },
    }


def details(analysis: SurvivalAnalysis, source: Json) -> Json:
    """How the summary was made, why something is missing in it, and what else the table says."""
    choices = analysis.choices
    return {
        "source": source,
        "method": {
            "confidence": choices.confidence,
            "limits": str(choices.scale),
            "stratified": choices.stratified,
            "variance": "Greenwood",
            "ties": "Efron",
            "incidence_variance": "infinitesimal jackknife",
            "event": "any cause" if analysis.causes else "1",
        },
        "without_result": {path: str(reason) for path, reason in reasons(analysis).items()},
        "groups": {name: _group(answers) for name, answers in analysis.groups.items()},
        "logrank": _test(analysis.log_rank),
        "cox": _model(analysis.cox),
        "difference": _difference(analysis.difference),
        "rmst_difference": _difference(analysis.difference_of_means),
        "causes": {str(cause): _cause(answers) for cause, answers in analysis.causes.items()},
    }


def reasons(analysis: SurvivalAnalysis) -> dict[str, NoResultReason]:
    """Where the summary has no answer, and why."""
    several = NoResultReason.MORE_THAN_TWO_GROUPS if len(analysis.cox.ratios) > 1 else None
    parts: list[tuple[str, NoResultReason | None]] = [
        ("logrank", analysis.log_rank.because),
        ("cox", analysis.cox.because or several),
    ]
    for name, answers in analysis.groups.items():
        parts.append((f"rmst.{name}", answers.restricted_mean.because))
        parts.append((f"at.{name}", answers.at.because if answers.at else None))
    for cause, of_cause in analysis.causes.items():
        parts.append((f"gray.{cause}", of_cause.gray.because))
    return {path: reason for path, reason in parts if reason is not None}


def only_ratio(model: ProportionalHazards) -> HazardRatio | None:
    """The hazard ratio of two groups; ``None`` where there is none or more than one."""
    return model.ratios[0] if len(model.ratios) == 1 else None


def as_json(value: Json) -> str:
    """The value as JSON, in which NaN and infinity have no place."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def number(value: float | None) -> float | int | None:
    """The number, without a decimal point where it is whole."""
    return int(value) if value is not None and value.is_integer() else value


def _csv(head: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([number(cell) if isinstance(cell, float) else cell for cell in row] for row in rows)
    return text.getvalue()


def _median(median: Median) -> Json:
    return {
        "median": number(median.value),
        "median_lcl": number(median.lower),
        "median_ucl": number(median.upper),
    }


def _group(answers: GroupAnswers) -> Json:
    last = answers.curve.last_time
    follow_up = answers.follow_up
    return {
        "last_time": number(last),
        "follow_up": {
            "median": number(follow_up.value),
            "lcl": number(follow_up.lower),
            "ucl": number(follow_up.upper),
        },
        "at": None if answers.at is None else _at(answers.at),
    }


def _at(at: SurvivalAt) -> Json:
    return {
        "time": number(at.time),
        "survival": at.survival,
        "se": at.standard_error,
        "lcl": at.lower,
        "ucl": at.upper,
        "n_risk": at.n_risk,
        "events": at.events,
    }


def _test(test: GroupTest) -> Json:
    return {
        "chi2": test.chi2,
        "df": test.degrees,
        "p": test.p,
        "groups": {
            each.group: {"n": each.number, "observed": each.observed, "expected": each.expected}
            for each in test.groups
        },
    }


def _model(model: ProportionalHazards) -> Json:
    return {
        "reference": model.reference,
        "ratios": {
            each.group: {
                "hr": each.ratio,
                "lcl": each.lower,
                "ucl": each.upper,
                "log_hr": each.log_ratio,
                "se": each.standard_error,
                "p": each.p,
            }
            for each in model.ratios
        },
        "log_likelihood": model.log_likelihood,
        "likelihood_ratio": {"chi2": model.likelihood_ratio_chi2, "p": model.p},
    }


def _difference(difference: EstimatedDifference | None) -> Mapping[str, float | None] | None:
    if difference is None:
        return None
    return {
        "value": difference.value,
        "se": difference.standard_error,
        "lcl": difference.lower,
        "ucl": difference.upper,
    }


def _cause(answers: CauseAnswers) -> Json:
    return {"gray": _test(answers.gray), "logrank": _test(answers.log_rank), "cox": _model(answers.cox)}
