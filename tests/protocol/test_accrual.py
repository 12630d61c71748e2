"""Accrual: exact Poisson limits against published ones, and the day on which a target is reached (protocol 6.7)."""

from __future__ import annotations

from datetime import date

import pytest

from protocol.statistics.accrual import accrual_rate, cumulative, forecast

CHAPTERS = ("6.7",)

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    [(0, 0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (100, 81.3639, 121.6272)],
)
def test_limits_are_those_of_tables_of_the_poisson_distribution(
    count: int, lower: float, upper: float
) -> None:
    rate = accrual_rate(count, 1, confidence=0.95)
    assert rate is not None
    assert (rate.lower, rate.upper) == pytest.approx((lower, upper), abs=1e-3)
    half = accrual_rate(count, 2, confidence=0.95)
    assert half is not None
    assert half.upper == pytest.approx(upper / 2, abs=1e-3)


def test_no_time_has_no_rate() -> None:
    assert accrual_rate(0, 0, confidence=0.95) is None


def test_the_target_is_reached_sooner_at_the_upper_limit() -> None:
    rate = accrual_rate(12, 6, confidence=0.95)
    assert rate is not None
    expected = forecast(24, rate, today=TODAY)
    assert expected.day == date(2027, 11, 21)  # 24 at 2 a month: 12 months of 30.4375 days
    assert expected.earliest is not None
    assert expected.latest is not None
    assert TODAY < expected.earliest < expected.day < expected.latest


def test_without_anybody_it_is_never_reached_and_a_full_trial_is_reached_today() -> None:
    nobody = accrual_rate(0, 6, confidence=0.95)
    assert nobody is not None
    assert forecast(10, nobody, today=TODAY).day is None
    assert forecast(10, nobody, today=TODAY).latest is None
    assert forecast(0, nobody, today=TODAY).day == TODAY
    assert cumulative([1, 0, 2]) == [1, 1, 3]
    assert cumulative([]) == []
