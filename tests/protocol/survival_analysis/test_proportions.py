"""Chapter 6: exact and score limits of proportions and of their differences, as they are published."""

from __future__ import annotations

from math import comb, exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.statistics.distributions import (
    beta_lower_tail,
    chi_square_upper_tail,
    normal_upper_tail,
    reach,
)
from protocol.statistics.proportions import (
    NOBODY,
    CountsOutOfRange,
    exact_limits,
    miettinen_nurminen_limits,
    newcombe_limits,
    score_limits,
)
from protocol.survival import NotAProportionError

CHAPTERS = ("6.1", "6.5")

# R 4.2.2: binom.test
EXACT = [
    (3, 20, 0.95, 0.03207093718546373, 0.37892682654531396),
    (0, 11, 0.95, 0.0, 0.2849141529181544),
    (7, 7, 0.95, 0.5903836027749966, 1.0),
    (500, 35600, 0.99, 0.01248945490091522, 0.01573184454264731),
]
# Newcombe, Statistics in Medicine 1998;17:873-890, table II: method 10, and method 6 (Miettinen and Nurminen).
PUBLISHED = [
    ((56, 70), (48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10), (3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7), (2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56), (0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10), (0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10), (0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10), (0, 20), (0.6791, 1.0), (0.7156, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0), (0.6636, 1.0)),
]
counts = st.integers(0, 30).flatmap(lambda number: st.tuples(st.integers(0, number), st.just(number)))


@pytest.mark.parametrize(("count", "number", "confidence", "lower", "upper"), EXACT)
def test_exact_limits_are_those_of_r(
    count: int, number: int, confidence: float, lower: float, upper: float
) -> None:
    limits = exact_limits(count, number, confidence=confidence)
    assert limits.value == count / number
    assert limits.lower == pytest.approx(lower, rel=1e-10)
    assert limits.upper == pytest.approx(upper, rel=1e-10)


@pytest.mark.parametrize(("first", "second", "newcombe", "miettinen"), PUBLISHED)
def test_limits_of_a_difference_are_as_published(
    first: tuple[int, int],
    second: tuple[int, int],
    newcombe: tuple[float, float],
    miettinen: tuple[float, float],
) -> None:
    for limits, expected in (
        (newcombe_limits(first, second, confidence=0.95), newcombe),
        (miettinen_nurminen_limits(first, second, confidence=0.95), miettinen),
    ):
        assert limits.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
        assert (limits.lower, limits.upper) == pytest.approx(expected, abs=0.00006)


@given(counts)
def test_exact_limits_refute_what_lies_beyond(of: tuple[int, int]) -> None:
    """The tail of the binomial at a limit is half the error."""
    count, number = of
    limits = exact_limits(count, number, confidence=0.9)
    if number == 0:
        assert limits == NOBODY
        return
    assert limits.lower is not None
    assert limits.upper is not None
    above = sum(
        comb(number, k) * limits.lower**k * (1 - limits.lower) ** (number - k)
        for k in range(count, number + 1)
    )
    below = sum(
        comb(number, k) * limits.upper**k * (1 - limits.upper) ** (number - k) for k in range(count + 1)
    )
    assert above == pytest.approx(0.05 if count else 1)
    assert below == pytest.approx(0.05 if count < number else 1)


@given(counts, counts)
def test_a_difference_turns_its_sign_with_its_groups(first: tuple[int, int], second: tuple[int, int]) -> None:
    for limits_of in (newcombe_limits, miettinen_nurminen_limits):
        one, other = limits_of(first, second, confidence=0.95), limits_of(second, first, confidence=0.95)
        if one.value is None:
            assert one == other == NOBODY
            continue
        assert other.value is not None
        assert (one.lower, one.upper) == pytest.approx((-(other.upper or 0), -(other.lower or 0)), abs=1e-9)
        assert -1 <= (one.lower or 0) <= one.value + 1e-12
        assert one.value - 1e-12 <= (one.upper or 0) <= 1


def test_score_limits() -> None:
    limits = score_limits(3, 20, confidence=0.95)  # R: prop.test(3, 20, correct = FALSE)
    assert (limits.lower, limits.upper) == pytest.approx(
        (0.05236874589621661, 0.36041886474075691), rel=1e-12
    )
    assert score_limits(0, 0, confidence=0.95) == NOBODY


@pytest.mark.parametrize("of", [(-1, 5), (6, 5), (0, -1)])
def test_counts_out_of_range_are_refused(of: tuple[int, int]) -> None:
    with pytest.raises(CountsOutOfRange):
        exact_limits(*of, confidence=0.95)
    with pytest.raises(CountsOutOfRange):
        score_limits(*of, confidence=0.95)
    for limits_of in (newcombe_limits, miettinen_nurminen_limits):
        with pytest.raises(CountsOutOfRange):
            limits_of((1, 2), of, confidence=0.95)
        with pytest.raises(CountsOutOfRange):
            limits_of(of, (1, 2), confidence=0.95)


@pytest.mark.parametrize("confidence", [95, 0, 1, -0.5])
def test_a_confidence_level_is_a_proportion(confidence: float) -> None:
    with pytest.raises(NotAProportionError):
        exact_limits(1, 2, confidence=confidence)
    with pytest.raises(NotAProportionError):
        reach(confidence)


# R 4.2.2: pchisq(x, df, lower.tail = FALSE), format(digits = 16)
CHI_SQUARE = [
    (3.84, 1, 0.05004352124870522),
    (1e-9, 1, 0.999974768674784),
    (5, 2, exp(-2.5)),
    (9, 3, 0.02929088653488823),
    (12.5, 4, 0.01399579248765089),
    (30, 9, 0.0004387217709794795),
    (30, 10, 0.0008566412107753),
    (700, 1, 2.99022697512462e-154),
    (0, 1, 1.0),
]


@pytest.mark.parametrize(("value", "degrees", "tail"), CHI_SQUARE)
def test_tails_of_chi_square(value: float, degrees: int, tail: float) -> None:
    assert chi_square_upper_tail(value, degrees) == pytest.approx(tail, rel=1e-9)


def test_tails_of_the_normal_and_the_beta() -> None:
    assert normal_upper_tail(reach(0.95)) == pytest.approx(0.025)
    assert reach(1 - 1e-16) == pytest.approx(8.2, abs=0.2), "so near to one no tail is lost in rounding"
    assert beta_lower_tail(0.3, 2, 3) == pytest.approx(0.3483)
    assert beta_lower_tail(0.7, 3, 2) == pytest.approx(1 - 0.3483)
    assert [beta_lower_tail(value, 2, 3) for value in (-1, 0, 1, 2)] == [0, 0, 1, 1]
    assert beta_lower_tail(0.5, 400.5, 400.5) == pytest.approx(0.5)
