"""Every report that may take long: what is worked out for its page, over everybody or by arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analysis.background.results import ReportRequest
from analysis.definitions import NEARLY_TELLING
from analysis.flow import Flow, flow_of
from analysis.maturity import maturity_at, maturity_report, overdue_calls
from analysis.non_inferiority import non_inferiority_of, signed_limits
from analysis.quality_of_life import (
    Groups,
    deterioration_lines,
    file_rows,
    model_of,
    score_lines,
)
from analysis.reading import DerivedParticipant, derived_at
from analysis.results import results_of
from analysis.safety.reading import clock_counts, safety_at
from analysis.safety.report import safety_report
from analysis.set_report import SetReport, set_report
from analysis.signed_sets import members_of, signed_sets
from analysis.strategies import strategies_by_arm
from analysis.survival_report import survival_of
from analysis.taking import arms_at
from exports.cuts import Cut
from protocol.text import load, versions
from reports.quality import Report

ARMS: Final = ("1", "2")
T = TypeVar("T")


@dataclass(frozen=True)
class ReportData:
    """The cut that a report reads, its moment and day, and whom to tell how many participants are read."""

    cut: Cut
    at: datetime
    today: date
    tell: Callable[[int], None]


def _derived(asked: ReportRequest, data: ReportData) -> list[DerivedParticipant]:
    return _of_each_site(asked, data, lambda site: list(derived_at(data.cut, site)))


def _of_each_site(
    asked: ReportRequest, data: ReportData, read: Callable[[Mapping[int, str]], list[T]]
) -> list[T]:
    rows: list[T] = []
    for pk, code in sorted(asked.sites, key=lambda each: each[1]):
        rows += read({pk: code})
        data.tell(len(rows))
    return rows


def _safety(asked: ReportRequest, data: ReportData, *, by_arm: bool) -> Report:
    people = _of_each_site(asked, data, lambda site: safety_at(data.cut, site, today=data.today))
    counts = clock_counts(data.cut, asked.keys_of_sites, at=data.at)
    arms = arms_at(data.cut) if by_arm else None
    return safety_report(people, counts, period=asked.choices["period"], arms=arms)


def _maturity(asked: ReportRequest, data: ReportData, *, by_arm: bool) -> Report:
    people = _of_each_site(asked, data, lambda site: maturity_at(data.cut, site, today=data.today))
    calls = overdue_calls(data.cut, asked.keys_of_sites, today=data.today)
    return maturity_report(people, calls, arms=arms_at(data.cut) if by_arm else None)


def _results(asked: ReportRequest, data: ReportData, *, by_arm: bool) -> dict[str, Any]:
    rows = _derived(asked, data)
    groups: dict[str, list[str]] = {}
    if by_arm:
        arms = arms_at(data.cut)
        known = {each.facts.number for each in rows}
        groups = {
            arm: [number for number, of in arms.items() if of == arm and number in known] for arm in ARMS
        }
    counted = results_of(rows, list(groups.values()))
    return {
        "results": [each for each in counted if by_arm or not each.definition.tells_arm],
        "everybody": len(rows),
        "groups": [(arm, len(numbers)) for arm, numbers in groups.items()],
    }


def _sets(asked: ReportRequest, data: ReportData) -> SetReport:
    return set_report(_derived(asked, data))


def _survival(asked: ReportRequest, data: ReportData, *, by_arm: bool) -> dict[str, Any]:
    rows = _derived(asked, data)
    if not by_arm:
        told = [each for each in survival_of(rows) if each.parameter.endpoint not in NEARLY_TELLING]
        return {"endpoints": told}
    arms = arms_at(data.cut)
    limits = signed_limits(load(max(versions())))
    report = non_inferiority_of(rows, arms, limits, signed_sets(members_of(rows)))
    return {"endpoints": survival_of(rows, arms), "report": report}


def _groups(asked: ReportRequest, data: ReportData, *, by_arm: bool) -> Groups:
    rows = _derived(asked, data)
    if not by_arm:
        return [(pgettext("participants", "All"), rows)]
    arms = arms_at(data.cut)
    return [
        (_("Arm %(arm)s") % {"arm": arm}, [each for each in rows if arms.get(each.facts.number) == arm])
        for arm in ARMS
    ]


def _quality_of_life(asked: ReportRequest, data: ReportData, *, by_arm: bool) -> dict[str, Any]:
    groups, scale = _groups(asked, data, by_arm=by_arm), asked.choices["scale"]
    return {
        "lines": score_lines(groups, scale),
        "deterioration": deterioration_lines(groups),
        "model": model_of(groups, scale) if by_arm else None,
        "everybody": sum(len(rows) for _group, rows in groups),
    }


def _quality_of_life_file(asked: ReportRequest, data: ReportData) -> list[Any]:
    return list(file_rows(_groups(asked, data, by_arm=False)))


def _flow_by_arm(asked: ReportRequest, data: ReportData) -> tuple[Flow, list[Any]]:
    shown = flow_of(dict(asked.sites), by_arm=True)
    return shown, strategies_by_arm(_derived(asked, data), arms_at(data.cut), shown.arms)


MakeReport = Callable[[ReportRequest, ReportData], Any]
REPORTS: Final[Mapping[str, MakeReport]] = MappingProxyType(
    {
        "safety": lambda asked, data: _safety(asked, data, by_arm=False),
        "safety-by-arm": lambda asked, data: _safety(asked, data, by_arm=True),
        "maturity": lambda asked, data: _maturity(asked, data, by_arm=False),
        "maturity-by-arm": lambda asked, data: _maturity(asked, data, by_arm=True),
        "results": lambda asked, data: _results(asked, data, by_arm=False),
        "results-by-arm": lambda asked, data: _results(asked, data, by_arm=True),
        "survival": lambda asked, data: _survival(asked, data, by_arm=False),
        "survival-by-arm": lambda asked, data: _survival(asked, data, by_arm=True),
        "quality-of-life": lambda asked, data: _quality_of_life(asked, data, by_arm=False),
        "quality-of-life-by-arm": lambda asked, data: _quality_of_life(asked, data, by_arm=True),
        "quality-of-life-file": _quality_of_life_file,
        "flow-by-arm": _flow_by_arm,
        "sets": _sets,
    }
)
