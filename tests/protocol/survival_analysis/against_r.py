"""What the methods say of a file of data, laid beside what R says of it (reference.R)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from protocol.statistics.cox import ProportionalHazards, Ties, proportional_hazards
from protocol.statistics.gray import gray
from protocol.statistics.incidence import IncidenceVariance, causes_of, cumulative_incidence
from protocol.statistics.log_rank import GroupTest, log_rank
from protocol.statistics.observations import Observation, groups_of
from protocol.statistics.product_limit import (
    LimitScale,
    SurvivalCurve,
    follow_up,
    product_limit,
    shared_time,
)

HERE = Path(__file__).parent
CONFIDENCE = 0.95
PARTS = ("curves", "follow_up", "rmst", "log_rank", "cox", "incidence", "gray")


def observations(path: Path) -> list[Observation]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Observation(float(row["time"]), int(row["event"]), row["group"], row["stratum"])
            for row in csv.DictReader(file)
        ]


def said_by_r(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return said


def near(value: Any) -> Any:
    """The value to nine digits; None is None."""
    if isinstance(value, list):
        return [near(each) for each in value]
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


def by_group(rows: list[Observation]) -> dict[str, list[Observation]]:
    return {name: [row for row in rows if row.group == name] for name in groups_of(rows)}


def curves(rows: list[Observation], r: dict[str, Any]) -> None:
    for scale in LimitScale:
        for name, members in by_group(rows).items():
            _curve(product_limit(members), r[scale][name], scale)


def _curve(curve: SurvivalCurve, r: dict[str, Any], scale: LimitScale) -> None:
    limits = [step.limits(confidence=CONFIDENCE, scale=scale) or (None, None) for step in curve.steps]
    median = curve.median(confidence=CONFIDENCE, scale=scale)
    assert [step.time for step in curve.steps] == near(r["time"])
    assert [step.n_risk for step in curve.steps] == r["n_risk"]
    assert [step.n_event for step in curve.steps] == r["n_event"]
    assert [step.n_censor for step in curve.steps] == r["n_censor"]
    assert [step.survival for step in curve.steps] == near(r["survival"])
    assert [step.standard_error for step in curve.steps] == near(r["se"])
    assert [lower for lower, _upper in limits] == near(r["lower"])
    assert [upper for _lower, upper in limits] == near(r["upper"])
    assert [median.value, median.lower, median.upper] == near(r["median"])


def follow_up_times(rows: list[Observation], r: dict[str, Any]) -> None:
    for name, members in by_group(rows).items():
        median = follow_up(members).median(confidence=CONFIDENCE)
        assert [median.value, median.lower, median.upper] == near(r["follow_up"][name])


def rmst(rows: list[Observation], r: dict[str, Any]) -> None:
    found = {name: product_limit(members) for name, members in by_group(rows).items()}
    tau = shared_time(found.values())
    assert tau is not None
    assert tau == r["rmst"]["tau"]
    for name, curve in found.items():
        mean = curve.restricted_mean(tau)
        assert [mean.value, mean.standard_error] == near(r["rmst"][name])


def log_ranks(rows: list[Observation], r: dict[str, Any]) -> None:
    _test(log_rank(rows), r["logrank"])
    _test(log_rank(rows, stratified=True), r["logrank_stratified"])


def cox(rows: list[Observation], r: dict[str, Any]) -> None:
    _model(proportional_hazards(rows, confidence=CONFIDENCE), r["cox"])
    _model(proportional_hazards(rows, confidence=CONFIDENCE, stratified=True), r["cox_stratified"])
    _model(proportional_hazards(rows, confidence=CONFIDENCE, ties=Ties.BRESLOW), r["cox_breslow"])


def _model(model: ProportionalHazards, r: dict[str, Any]) -> None:
    assert model.log_likelihood is not None
    assert model.likelihood_ratio_chi2 is not None
    assert [each.log_ratio for each in model.ratios] == near(r["log_ratio"])
    assert [each.standard_error for each in model.ratios] == near(r["se"])
    assert model.log_likelihood - model.likelihood_ratio_chi2 / 2 == near(r["log_likelihood"][0])
    assert model.log_likelihood == near(r["log_likelihood"][1])


def incidence(rows: list[Observation], r: dict[str, Any]) -> None:
    for name, members in by_group(rows).items() if "incidence" in r else ():
        for cause in causes_of(rows):
            steps = cumulative_incidence(members, cause=cause)
            aalen = cumulative_incidence(members, cause=cause, variance=IncidenceVariance.AALEN)
            expected = r["incidence"][f"{name} {cause}"]
            assert [step.time for step in steps] == near(expected["time"])
            assert [step.estimate for step in steps] == near(expected["estimate"])
            assert [step.standard_error for step in steps] == near(expected["se"])
            if "aalen" in expected:  # else R has no cmprsk
                assert [step.standard_error for step in aalen] == near(expected["aalen"])


def grays(rows: list[Observation], r: dict[str, Any]) -> None:
    for cause in causes_of(rows) if "gray" in r else ():
        _test(gray(rows, cause=cause), r["gray"][str(cause)])
        _test(gray(rows, cause=cause, stratified=True), r["gray_stratified"][str(cause)])


def _test(test: GroupTest, r: list[float]) -> None:
    assert [test.chi2, test.degrees, test.p] == near(r)


COMPARED = (curves, follow_up_times, rmst, log_ranks, cox, incidence, grays)
