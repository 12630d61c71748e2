"""Charts are as wide as a page, however long the trial."""

from __future__ import annotations

import re

import pytest

from randomization.scheme.plots import MOST_POINTS, line


def drawn(values: list[int]) -> list[tuple[float, float]]:
    points = re.search(r'points="([^"]*)"', line(values, title="t", label="l"))
    assert points
    return [(float(x), float(y)) for x, y in (point.split(",") for point in points[1].split())]


@pytest.mark.parametrize(("long", "points"), [(1, 1), (356, 356), (MOST_POINTS, MOST_POINTS)])
def test_a_line_goes_through_every_value(long: int, points: int) -> None:
    assert len(drawn([n % 3 for n in range(long)])) == points


def test_a_very_long_line_keeps_its_ends_and_its_extremes() -> None:
    values = [0] * 20_000
    values[12_345], values[777] = 9, -7
    few = drawn(values)
    assert len(few) <= MOST_POINTS + 1
    heights = [y for _x, y in few]
    assert heights.count(min(heights)) == heights.count(max(heights)) == 1, (
        "the one high and the one low value"
    )
    whole = drawn(values[:500])
    assert (few[0][0], few[-1][0]) == pytest.approx((whole[0][0], whole[-1][0]), abs=0.1)
