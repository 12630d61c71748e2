"""Chapter 6.1: product-limit rates, Greenwood errors, log-log limits, and the test that stays silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import survival
from protocol.survival import (
    NonInferiority,
    NotAProportionError,
    NoVerdictReason,
    Rate,
    SurvivalDifference,
    kaplan_meier,
)

CHAPTERS = ("1.7", "1.8", "6.1")

# The 6-mercaptopurine arm of a classic leukaemia trial, printed in every textbook of survival analysis.
REMISSION = [
    *[(week, True) for week in (6, 6, 6, 7, 10, 13, 16, 22, 23)],
    *[(week, False) for week in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)],
]

TEXTBOOK = [
    (5, 1.0, 0.0, 21),
    (6, 0.857, 0.0764, 21),
    (7, 0.807, 0.0869, 17),
    (10, 0.753, 0.0963, 15),
    (13, 0.690, 0.1068, 12),
    (16, 0.627, 0.1141, 11),
    (22, 0.538, 0.1282, 7),
    (23, 0.448, 0.1346, 6),
    (35, 0.448, 0.1346, 1),
]


@pytest.mark.parametrize(("week", "rate", "error", "at_risk"), TEXTBOOK)
def test_the_textbook_curve(week: int, rate: float, error: float, at_risk: int) -> None:
    found = kaplan_meier(REMISSION).rate_at(week)
    assert found is not None
    assert found.survival == pytest.approx(rate, abs=0.0005)
    assert found.standard_error == pytest.approx(error, abs=0.00005)
    assert found.at_risk == at_risk


@pytest.mark.parametrize(
    ("week", "lower", "upper"), [(6, 0.620, 0.952), (10, 0.503, 0.889), (23, 0.188, 0.680)]
)
def test_the_log_log_limits(week: int, lower: float, upper: float) -> None:
    found = kaplan_meier(REMISSION).rate_at(week, confidence=0.95)
    assert found is not None
    assert (found.lower, found.upper) == (pytest.approx(lower, abs=0.0005), pytest.approx(upper, abs=0.0005))


def test_wider_confidence_has_wider_limits() -> None:
    curve = kaplan_meier(REMISSION)
    narrow, wide = curve.rate_at(23, confidence=0.80), curve.rate_at(23, confidence=0.99)
    assert wide.lower < narrow.lower < narrow.survival < narrow.upper < wide.upper


def test_no_rate_where_nobody_was_followed() -> None:
    assert kaplan_meier(REMISSION).rate_at(36) is None
    assert kaplan_meier([]).rate_at(1) is None


def test_no_limits_at_one_and_at_zero() -> None:
    curve = kaplan_meier([(10, True), (20, True)])
    assert curve.rate_at(5, confidence=0.95) == Rate(5, 1.0, 0.0, None, None, 2, 0)
    assert curve.rate_at(30, confidence=0.95) == Rate(30, 0.0, None, None, None, 0, 2)


def test_a_time_before_the_origin_is_refused() -> None:
    with pytest.raises(ValueError, match="-5 days lies before the origin"):
        kaplan_meier([(10, True), (-5, False)])


def test_events_come_before_censorings_on_one_day() -> None:
    step = kaplan_meier([(10, False), (10, True), (20, False)]).steps[0]
    assert (step.at_risk, step.events, step.censored) == (3, 1, 1)
    assert step.survival == pytest.approx(2 / 3)


def test_the_median() -> None:
    assert kaplan_meier(REMISSION).median() == 23
    assert kaplan_meier([(10, True), (20, False), (30, False)]).median() is None


def test_the_primary_endpoint_is_read_on_day_1096() -> None:
    curve = kaplan_meier([(1096, True), (1097, True)])
    rate = curve.rate_at()
    assert rate is not None
    assert (rate.day, rate.survival) == (1096, 0.5)
    assert curve.median() == 1096


@pytest.mark.parametrize(("number", "day"), [(12, 366), (24, 731), (36, 1096), (60, 1827)])
def test_the_day_on_which_months_are_full(number: int, day: int) -> None:
    assert survival.day_of_month(number) == day


def test_days_in_months() -> None:
    assert survival.months(1096) == pytest.approx(36.0082, abs=0.0001)


ARM_1 = Rate(1096, 0.70, 0.04, 0.6, 0.8, 100, 40)
ARM_2 = Rate(1096, 0.65, 0.03, 0.6, 0.7, 100, 50)


def test_the_difference_of_two_rates() -> None:
    difference = survival.rate_difference(ARM_1, ARM_2, confidence=0.95)
    assert difference is not None
    assert (difference.value, difference.standard_error) == (pytest.approx(0.05), pytest.approx(0.05))
    assert (difference.lower, difference.upper) == (
        pytest.approx(-0.048, abs=0.0005),
        pytest.approx(0.148, abs=0.0005),
    )


def test_without_a_confidence_level_there_are_no_limits() -> None:
    difference = survival.rate_difference(ARM_1, ARM_2)
    assert difference is not None
    assert (difference.lower, difference.upper) == (None, None)


@pytest.mark.parametrize(("arm_1", "arm_2"), [(None, ARM_2), (ARM_1, None)])
def test_no_difference_without_two_rates(arm_1: Rate | None, arm_2: Rate | None) -> None:
    assert survival.rate_difference(arm_1, arm_2) is None


@pytest.mark.parametrize(
    ("lower", "margin", "verdict"),
    [
        (-0.098, 0.10, NonInferiority(True)),
        (-0.10, 0.10, NonInferiority(False)),
        (-0.098, None, NonInferiority(None, NoVerdictReason.NO_MARGIN)),
        (None, 0.10, NonInferiority(None, NoVerdictReason.NO_CONFIDENCE)),
    ],
)
def test_non_inferiority_is_not_claimed_without_margin_and_confidence(
    lower: float | None, margin: float | None, verdict: NonInferiority
) -> None:
    upper = None if lower is None else 0.098
    assert survival.non_inferior(SurvivalDifference(0.0, 0.05, lower, upper), margin=margin) == verdict


@pytest.mark.parametrize("margin", [15, 15.0, 1, 1.0, 0, 0.0, -0.15, 100, float("nan")])
def test_point_16_the_margin_is_a_proportion_and_nothing_else(margin: float) -> None:
    lost = SurvivalDifference(-0.22, 0.05, -0.318, -0.122)
    with pytest.raises(NotAProportionError, match=r"between 0 and 1: write 0\.15 for 15 points"):
        survival.non_inferior(lost, margin=margin)
    with pytest.raises(NotAProportionError):
        survival.non_inferior(None, margin=margin)
    assert survival.non_inferior(lost, margin=0.15) == NonInferiority(False)


@pytest.mark.parametrize("level", [95, 0, 1, -0.95])
def test_point_16_the_confidence_level_is_a_proportion(level: float) -> None:
    with pytest.raises(NotAProportionError, match="confidence level is"):
        survival.rate_difference(ARM_1, ARM_2, confidence=level)
    with pytest.raises(NotAProportionError):
        kaplan_meier(REMISSION).rate_at(23, confidence=level)


ALL_ALIVE = [(2000, False)] * 30
ALL_DEAD = [(day, True) for day in (200, 500, 900)]
SOME_DEAD = [(day, True) for day in (200, 500, 900)] + ALL_ALIVE
SOON_LOST = [(300, False), (200, True)]


@pytest.mark.parametrize(
    ("arm_1", "arm_2", "reason"),
    [
        (ALL_ALIVE, SOME_DEAD, NoVerdictReason.NO_EVENT),
        (SOME_DEAD, ALL_ALIVE, NoVerdictReason.NO_EVENT),
        (ALL_ALIVE, ALL_ALIVE, NoVerdictReason.NO_EVENT),
        (ALL_DEAD, SOME_DEAD, NoVerdictReason.NO_STANDARD_ERROR),
        (SOME_DEAD, ALL_DEAD, NoVerdictReason.NO_STANDARD_ERROR),
        (SOON_LOST, SOME_DEAD, NoVerdictReason.NO_RATE),
        ([], SOME_DEAD, NoVerdictReason.NO_RATE),
        (SOME_DEAD, SOME_DEAD, None),
    ],
)
def test_point_16_no_event_or_no_standard_error_gives_no_verdict(
    arm_1: list, arm_2: list, reason: NoVerdictReason | None
) -> None:
    rates = (kaplan_meier(arm).rate_at(1096, confidence=0.95) for arm in (arm_1, arm_2))
    verdict = survival.non_inferior(survival.rate_difference(*rates, confidence=0.95), margin=0.15)
    assert verdict == (NonInferiority(None, reason) if reason else NonInferiority(True))


OBSERVATIONS = st.lists(st.tuples(st.integers(0, 2000), st.booleans()), max_size=60)


@given(OBSERVATIONS)
def test_a_curve_only_falls_and_counts_everyone_once(observations: list[tuple[int, bool]]) -> None:
    curve = kaplan_meier(observations)
    heights = [1.0, *(step.survival for step in curve.steps)]
    assert heights == sorted(heights, reverse=True)
    assert sum(step.events + step.censored for step in curve.steps) == len(observations)
    assert all(step.at_risk == curve.at_risk_on(step.day) for step in curve.steps)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40))
def test_without_censoring_the_curve_is_the_share_alive(days: list[int]) -> None:
    curve = kaplan_meier([(day, True) for day in days])
    for step in curve.steps:
        assert step.survival == pytest.approx(sum(day > step.day for day in days) / len(days))
