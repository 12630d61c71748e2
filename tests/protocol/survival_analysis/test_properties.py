"""Chapter 6: what holds of every set of observations, however tied, small or lopsided."""

from __future__ import annotations

from math import isclose, isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.statistics.cox import Ties, proportional_hazards
from protocol.statistics.gray import gray
from protocol.statistics.incidence import IncidenceVariance, causes_of, cumulative_incidence
from protocol.statistics.log_rank import GroupTest, log_rank
from protocol.statistics.observations import (
    NoResultReason,
    Observation,
    UnusableTime,
    groups_of,
    in_order,
    on_common_times,
)
from protocol.statistics.product_limit import (
    LimitScale,
    difference_at,
    difference_of_means,
    follow_up,
    product_limit,
    shared_time,
)

CHAPTERS = ("6.1",)
CONFIDENCE = 0.95

observed = st.builds(
    Observation,
    time=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 7.0]),
    cause=st.sampled_from([0, 0, 1, 1, 2]),
    group=st.sampled_from("AB"),
    stratum=st.sampled_from("xy"),
)
tables = st.lists(observed, max_size=25)


def relabelled(rows: list[Observation], names: dict[str, str]) -> list[Observation]:
    return [Observation(row.time, row.cause, names[row.group], row.stratum) for row in rows]


@given(tables)
def test_a_curve_falls_and_its_limits_enclose_it(rows: list[Observation]) -> None:
    curve = product_limit(rows)
    survivals = [1.0, *(step.survival for step in curve.steps)]
    assert survivals == sorted(survivals, reverse=True)
    assert sum(step.n_event + step.n_censor for step in curve.steps) == curve.number == len(rows)
    for scale in LimitScale:
        for step in curve.steps:
            if limits := step.limits(confidence=CONFIDENCE, scale=scale):
                assert 0 <= limits[0] <= step.survival <= limits[1] <= 1
            else:
                assert step.survival in (0, 1)


@given(tables)
def test_incidences_and_survival_add_up_to_one(rows: list[Observation]) -> None:
    curve = product_limit(rows)
    incidences = [cumulative_incidence(rows, cause=cause) for cause in (1, 2)]
    for step, *parts in zip(curve.steps, *incidences, strict=True):
        assert [part.time for part in parts] == [step.time] * 2
        assert step.survival + sum(part.estimate for part in parts) == pytest.approx(1, abs=1e-12)


@given(tables)
def test_one_cause_is_the_complement_of_its_curve(rows: list[Observation]) -> None:
    merged = [Observation(row.time, min(row.cause, 1)) for row in rows]
    for variance in IncidenceVariance:
        for step, part in zip(
            product_limit(merged).steps,
            cumulative_incidence(merged, cause=1, variance=variance),
            strict=True,
        ):
            assert part.estimate == pytest.approx(1 - step.survival, abs=1e-12)
            assert isfinite(part.standard_error)


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_digit(rows: list[Observation], chance: object) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert product_limit(mixed) == product_limit(rows)
    assert follow_up(mixed) == follow_up(rows)
    assert log_rank(mixed, stratified=True) == log_rank(rows, stratified=True)
    assert gray(mixed, cause=1) == gray(rows, cause=1)
    assert cumulative_incidence(mixed, cause=2) == cumulative_incidence(rows, cause=2)
    assert proportional_hazards(mixed, confidence=CONFIDENCE) == proportional_hazards(
        rows, confidence=CONFIDENCE
    )


def same(first: GroupTest, second: GroupTest) -> bool:
    if first.chi2 is None or second.chi2 is None:
        return first.because == second.because and first.chi2 is second.chi2
    return isclose(first.chi2, second.chi2, rel_tol=1e-7, abs_tol=1e-9) and first.degrees == second.degrees


@given(tables)
def test_tests_know_no_first_and_second_group(rows: list[Observation]) -> None:
    other = relabelled(rows, {"A": "Z", "B": "A"})
    for stratified in (False, True):
        assert same(log_rank(rows, stratified=stratified), log_rank(other, stratified=stratified))
        assert same(gray(rows, cause=1, stratified=stratified), gray(other, cause=1, stratified=stratified))


@given(tables)
def test_the_other_reference_gives_the_inverse_ratio(rows: list[Observation]) -> None:
    one = proportional_hazards(rows, confidence=CONFIDENCE)
    other = proportional_hazards(relabelled(rows, {"A": "Z", "B": "A"}), confidence=CONFIDENCE)
    assert one.because == other.because
    for here, there in zip(one.ratios, other.ratios, strict=True):
        assert here.log_ratio == pytest.approx(-there.log_ratio, abs=1e-8)
        assert here.standard_error == pytest.approx(there.standard_error, rel=1e-7)
        assert here.lower == pytest.approx(1 / there.upper, rel=1e-7)


@given(tables)
@settings(max_examples=300)
def test_a_ratio_is_finite_or_there_is_a_reason(rows: list[Observation]) -> None:
    for ties in Ties:
        for stratified in (False, True):
            model = proportional_hazards(rows, confidence=CONFIDENCE, ties=ties, stratified=stratified)
            assert model.because != NoResultReason.NOT_CONVERGED
            assert bool(model.ratios) == (model.because is None)
            for ratio in model.ratios:
                assert abs(ratio.log_ratio) < 10
                assert ratio.lower < ratio.ratio < ratio.upper


@given(tables)
def test_events_of_one_group_only_have_no_ratio_and_yet_a_test(rows: list[Observation]) -> None:
    spared = [Observation(row.time, row.cause if row.group == "A" else 0, row.group) for row in rows]
    model = proportional_hazards(spared, confidence=CONFIDENCE)
    assert model.because is not None
    if model.because is NoResultReason.MONOTONE and log_rank(spared).because is None:
        assert model.ratios == ()


@given(tables)
def test_a_doubled_table_has_the_same_curve_and_a_surer_one(rows: list[Observation]) -> None:
    once, twice = product_limit(rows), product_limit(rows + rows)
    for step, other in zip(once.steps, twice.steps, strict=True):
        assert step.survival == pytest.approx(other.survival)
        if step.standard_error is not None and other.standard_error is not None:
            assert other.standard_error == pytest.approx(step.standard_error / 2**0.5)


@given(tables, st.sampled_from([0.25, 1.0, 3.25, 7.0]))
def test_a_restricted_mean_lies_inside_its_span(rows: list[Observation], tau: float) -> None:
    mean = product_limit(rows).restricted_mean(tau)
    if mean.value is None:
        assert mean.because in (NoResultReason.NOT_FOLLOWED, NoResultReason.NO_OBSERVATIONS)
    else:
        assert 0 <= mean.value <= tau
        assert mean.standard_error is not None


def of(*rows: tuple[float, int, str]) -> list[Observation]:
    return [Observation(time, cause, group) for time, cause, group in rows]


def test_without_anybody_there_is_no_curve() -> None:
    curve = product_limit([])
    assert (curve.steps, curve.last_time, curve.events) == ((), None, 0)
    assert curve.median(confidence=CONFIDENCE).value is None
    assert curve.restricted_mean(3).because is NoResultReason.NO_OBSERVATIONS
    assert curve.at(3, confidence=CONFIDENCE).because is NoResultReason.NO_OBSERVATIONS
    assert shared_time([curve]) is None
    assert log_rank([]).because is gray([], cause=1).because is NoResultReason.NO_OBSERVATIONS
    assert proportional_hazards([], confidence=CONFIDENCE).because is NoResultReason.NO_OBSERVATIONS


def test_beyond_its_last_time_a_curve_says_nothing_unless_it_is_at_zero() -> None:
    censored, ended = product_limit(of((2, 1, "A"), (5, 0, "A"))), product_limit(of((2, 1, "A"), (5, 1, "A")))
    assert censored.at(5, confidence=CONFIDENCE).survival == 0.5
    assert censored.at(6, confidence=CONFIDENCE).because is NoResultReason.NOT_FOLLOWED
    assert censored.restricted_mean(6).because is NoResultReason.NOT_FOLLOWED
    assert ended.at(6, confidence=CONFIDENCE).survival == 0
    assert ended.restricted_mean(6).value == 2 + 3 * 0.5
    assert ended.at(1, confidence=CONFIDENCE).survival == 1
    assert [ended.n_risk_at(time) for time in (0, 2, 2.5, 5, 6)] == [2, 2, 1, 1, 0]


def test_a_difference_has_the_reason_of_what_is_missing_and_no_limits_without_errors() -> None:
    short, ended = product_limit(of((2, 1, "A"), (3, 0, "A"))), product_limit(of((2, 1, "A"), (5, 1, "A")))
    missing = difference_at(
        short.at(4, confidence=CONFIDENCE), ended.at(4, confidence=CONFIDENCE), confidence=CONFIDENCE
    )
    assert (missing.value, missing.because) == (None, NoResultReason.NOT_FOLLOWED)
    at_zero = difference_at(
        ended.at(5, confidence=CONFIDENCE), ended.at(5, confidence=CONFIDENCE), confidence=CONFIDENCE
    )
    assert (at_zero.value, at_zero.lower, at_zero.because) == (0, None, None)
    one_at_zero = difference_at(
        short.at(3, confidence=CONFIDENCE), ended.at(5, confidence=CONFIDENCE), confidence=CONFIDENCE
    )
    assert (one_at_zero.value, one_at_zero.standard_error, one_at_zero.upper) == (0.5, None, None)
    means = difference_of_means(ended.restricted_mean(3), short.restricted_mean(3), confidence=CONFIDENCE)
    assert means.value == 0
    assert means.lower is not None
    assert means.lower == pytest.approx(-1.959963984540054 * 0.5)


def test_times_that_only_rounding_keeps_apart_are_one() -> None:
    rows = of((0.3, 1, "A"), (0.1 + 0.2, 0, "B"), (0.30001, 1, "B"))
    assert [row.time for row in on_common_times(rows)] == [0.3, 0.3, 0.30001]
    assert [
        row.time for row in on_common_times(of((1e6, 1, "A"), (1e6 + 0.01, 1, "A"), (1e6 + 1, 1, "A")))
    ] == [
        *(1e6, 1e6, 1e6 + 1),
    ]


@pytest.mark.parametrize("time", [-1.0, float("nan"), float("inf"), -1e-9])
def test_no_time_of_follow_up_is_refused(time: float) -> None:
    with pytest.raises(UnusableTime):
        Observation(time, 1)


def test_a_group_of_which_little_is_expected_takes_part() -> None:
    """One of three, at risk at one event: a third of an event is expected there, and none is seen."""
    test = log_rank(of((1, 1, "A"), (1, 0, "B"), (1, 0, "A")))
    assert test.degrees == 1
    assert [each.expected for each in test.groups] == pytest.approx([2 / 3, 1 / 3])
    assert test.chi2 == pytest.approx(0.5)
    outside = log_rank(of((1, 1, "A"), (1, 0, "B"), (1, 0, "A"), (0.5, 0, "C")))
    assert outside.chi2 == pytest.approx(0.5), "C was at risk at no event"
    assert outside.degrees == 1


def test_groups_stand_in_their_order() -> None:
    assert in_order(["10", "9", "-1"]) == ("-1", "9", "10")
    assert in_order(["10", "9", "x"]) == ("10", "9", "x")
    assert in_order(["nan", "2", "10"]) == ("10", "2", "nan")
    assert groups_of(of((1, 1, "手术"), (1, 1, "监测"))) == ("手术", "监测")


def test_causes_stand_in_their_order() -> None:
    assert causes_of(of((1, 2, "A"), (1, 0, "A"), (1, 1, "A"))) == (1, 2)


def test_gray_says_so_where_its_estimate_breaks_down() -> None:
    rows = of((1, 1, "A"), (1, 1, "A"), (2, 1, "B"), (3, 1, "C"))
    assert gray(rows, cause=1).because is NoResultReason.TOO_FEW
    assert gray(of((1, 2, "A"), (1, 2, "B")), cause=1).because is NoResultReason.NO_EVENTS
    assert gray(of((1, 1, "A")), cause=1).because is NoResultReason.ONE_GROUP


def test_a_ratio_needs_claims_both_ways() -> None:
    """Nobody of B is left when A has events after them; in a third group the claim comes back by a chain."""
    apart = of((1, 1, "A"), (2, 1, "A"), (3, 1, "B"), (4, 1, "B"))
    assert proportional_hazards(apart, confidence=CONFIDENCE).because is NoResultReason.MONOTONE
    never = of((1, 1, "A"), (1, 0, "B"))
    assert proportional_hazards(never, confidence=CONFIDENCE).because is NoResultReason.MONOTONE
    alone = of((1, 0, "A"), (2, 1, "B"), (3, 1, "B"))
    assert proportional_hazards(alone, confidence=CONFIDENCE).because is NoResultReason.NOT_COMPARABLE
    chain = [
        *(Observation(1, 1, "A", "x"), Observation(2, 0, "B", "x")),
        *(Observation(1, 1, "B", "y"), Observation(2, 0, "C", "y")),
        *(Observation(1, 1, "C", "z"), Observation(2, 0, "A", "z")),
    ]
    model = proportional_hazards(chain, confidence=CONFIDENCE, stratified=True)
    assert [ratio.ratio for ratio in model.ratios] == pytest.approx([1, 1])
    assert (
        proportional_hazards(chain[:4], confidence=CONFIDENCE, stratified=True).because
        is NoResultReason.MONOTONE
    )
