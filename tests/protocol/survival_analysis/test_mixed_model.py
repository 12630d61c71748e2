"""Chapter 6.5: repeated scores by group and time point, baseline adjusted, as R's nlme fits them."""

from __future__ import annotations

import csv
import random
from dataclasses import replace

import pytest

from protocol.statistics.mixed_model import Measurement, repeated_measures
from protocol.statistics.observations import NoResultReason
from tests.protocol.survival_analysis.against_r import HERE

CHAPTERS = ("6.5",)

# reference_scores.R: mean and standard error of (time point, group).
SAID_BY_R = {
    (6, "1"): (71.776410498602, 2.563054713869),
    (6, "2"): (72.742100164858, 2.731236727473),
    (9, "1"): (80.638741673833, 2.464434094205),
    (9, "2"): (72.052455724327, 2.820635201675),
    (12, "1"): (78.167960495752, 2.530628960588),
    (12, "2"): (73.890610412945, 2.735138369602),
    (16, "1"): (77.156920112206, 2.494826079810),
    (16, "2"): (75.940663837051, 2.868551970613),
    (20, "1"): (76.279690260309, 2.600025044276),
    (20, "2"): (80.064077181472, 2.661633865687),
    (24, "1"): (77.169136559383, 2.640686037988),
    (24, "2"): (79.997610710685, 2.731274475634),
}
SLOPE, BETWEEN, WITHIN = 0.373994002098, 95.2262599319, 78.7896152591


def scores() -> list[Measurement]:
    with (HERE / "scores.tsv").open(encoding="utf-8", newline="") as file:
        return [
            Measurement(
                row["participant"],
                row["group"],
                float(row["time_point"]),
                float(row["baseline"]),
                float(row["value"]),
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def test_means_slope_and_variances_are_those_of_r() -> None:
    model = repeated_measures(scores(), confidence=0.95)
    found = {(mean.time_point, mean.group): (mean.mean, mean.standard_error) for mean in model.means}
    assert found.keys() == SAID_BY_R.keys()
    for cell, expected in SAID_BY_R.items():
        assert found[cell] == pytest.approx(expected, rel=1e-7)
    assert model.baseline_slope == pytest.approx(SLOPE, rel=1e-7)
    assert (model.variance_between, model.variance_within) == pytest.approx((BETWEEN, WITHIN), rel=1e-6)


def test_a_difference_is_that_of_the_means_with_limits() -> None:
    model = repeated_measures(scores(), confidence=0.95)
    means = {(mean.time_point, mean.group): mean for mean in model.means}
    assert [each.time_point for each in model.differences] == [6, 9, 12, 16, 20, 24]
    for each in model.differences:
        assert (each.first, each.second) == ("1", "2")
        assert each.difference == pytest.approx(
            means[each.time_point, "1"].mean - means[each.time_point, "2"].mean
        )
        assert each.upper - each.difference == pytest.approx(1.959963984540054 * each.standard_error)
        assert each.difference - each.lower == pytest.approx(1.959963984540054 * each.standard_error)
    assert sum(mean.number for mean in model.means) == len(scores())


def test_the_order_of_rows_changes_no_digit() -> None:
    rows = scores()
    random.Random(3).shuffle(rows)
    assert repeated_measures(rows, confidence=0.95) == repeated_measures(scores(), confidence=0.95)


def test_a_shift_of_all_scores_shifts_the_means_alone() -> None:
    model = repeated_measures(scores(), confidence=0.95)
    shifted = repeated_measures([replace(row, value=row.value + 100) for row in scores()], confidence=0.95)
    for before, after in zip(model.means, shifted.means, strict=True):
        assert after.mean == pytest.approx(before.mean + 100)
        assert after.standard_error == pytest.approx(before.standard_error, rel=1e-6)


def test_without_variance_between_participants_it_is_the_ordinary_regression() -> None:
    """Two participants whose scores vary within them only: means are plain means, the variance between is zero."""
    rows = [
        *(Measurement("a", "1", 6, 50, 10), Measurement("a", "1", 9, 50, 30)),
        *(Measurement("b", "1", 6, 50, 30), Measurement("b", "1", 9, 50, 10)),
        *(Measurement("c", "1", 6, 60, 30), Measurement("c", "1", 9, 60, 10)),
        *(Measurement("d", "1", 6, 60, 10), Measurement("d", "1", 9, 60, 30)),
    ]
    model = repeated_measures(rows, confidence=0.95)
    assert [mean.mean for mean in model.means] == pytest.approx([20, 20])
    assert model.variance_between == 0
    assert model.baseline_slope == pytest.approx(0)
    assert model.variance_within == pytest.approx(800 / 5)


TOO_FEW = {
    "one score": [Measurement("a", "1", 6, 50, 10)],
    "as many means as scores": [Measurement("a", "1", 6, 50, 10), Measurement("b", "2", 6, 60, 20)],
    "the same baseline for all": [Measurement(name, "1", 6, 50, ord(name) % 3) for name in "abcd"],
    "the same score for all": [Measurement(name, "1", 6, 50 + n, 7) for n, name in enumerate("abcd")],
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_FEW)
def test_too_few_scores_have_a_reason_and_no_number(case: str) -> None:
    model = repeated_measures(TOO_FEW[case], confidence=0.95)
    assert (model.means, model.differences, model.because) == ((), (), NoResultReason.TOO_FEW)


def test_nobody_is_nobody() -> None:
    assert repeated_measures([], confidence=0.95).because is NoResultReason.NO_OBSERVATIONS
