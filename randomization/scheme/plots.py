"""Charts as SVG made here: the same on a page and in a PDF, no script, colours beside words (architecture 10)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 560, 240
LEFT, BOTTOM, TOP = 44, 34, 30
FILL = "#0f5c66"
MOST_POINTS = 2 * WIDTH  # what a screen of twice the density can tell apart


def _n(value: float) -> str:
    """A length as SVG reads it."""
    return f"{value:.1f}"


def _frame(title: str, inside: SafeString) -> SafeString:
    return format_html(
        '<svg class="p3-chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'font-size="11" font-family="sans-serif">'
        '<text x="{}" y="16" font-size="13" font-weight="600">{}</text>{}</svg>',
        title,
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT,
        LEFT,
        title,
        inside,
    )


def _axis(low: float, high: float, label: str) -> SafeString:
    ticks = [(low, HEIGHT - BOTTOM), (high, TOP + 8)]
    return format_html(
        '<line x1="{0}" y1="{1}" x2="{2}" y2="{1}" stroke="#74868f"/>{3}'
        '<text x="{4}" y="{5}" text-anchor="middle" fill="#4c5c68">{6}</text>',
        LEFT,
        HEIGHT - BOTTOM,
        WIDTH - 8,
        format_html_join(
            "", '<text x="{}" y="{}" text-anchor="end">{}</text>', ((LEFT - 6, y, f"{v:g}") for v, y in ticks)
        ),
        (LEFT + WIDTH) / 2,
        HEIGHT - 4,
        label,
    )


def bars(counts: Mapping[int, int], *, title: str, label: str) -> SafeString:
    """How often each whole number came."""
    if not counts:
        return SafeString("")
    lowest, highest, most = min(counts), max(counts), max(counts.values())
    step = (WIDTH - LEFT - 16) / (highest - lowest + 1)
    drawn = []
    for value in range(lowest, highest + 1):
        tall = (HEIGHT - BOTTOM - TOP - 12) * counts.get(value, 0) / most
        x = LEFT + 4 + (value - lowest) * step
        shape = (_n(x), _n(HEIGHT - BOTTOM - tall), _n(step * 0.8), _n(tall))
        drawn.append((*shape, FILL, _n(x + step * 0.4), HEIGHT - BOTTOM + 14, value))
    body = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        drawn,
    )
    return _frame(title, format_html("{}{}", _axis(0, most, label), body))


def _drawn(values: Sequence[float]) -> list[int]:
    """Which values are drawn: all; of very many, the lowest and the highest of each stretch, and the last."""
    if len(values) <= MOST_POINTS:
        return list(range(len(values)))
    long = math.ceil(2 * len(values) / MOST_POINTS)
    stretches = (range(first, min(first + long, len(values))) for first in range(0, len(values), long))
    ends = {pick(stretch, key=values.__getitem__) for stretch in stretches for pick in (min, max)}
    return sorted(ends | {len(values) - 1})


def line(values: Sequence[float], *, title: str, label: str) -> SafeString:
    """A value that moves from one allocation to the next, with the line of nought."""
    if not values:
        return SafeString("")
    low, high = min(0.0, *values), max(1.0, *values)
    usable = HEIGHT - BOTTOM - TOP - 12

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - usable * (value - low) / (high - low)

    step = (WIDTH - LEFT - 16) / max(len(values) - 1, 1)
    points = " ".join(f"{LEFT + 4 + n * step:.1f},{y(values[n]):.1f}" for n in _drawn(values))
    body = format_html(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="#74868f" stroke-dasharray="3 3"/>'
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>',
        LEFT,
        _n(y(0)),
        WIDTH - 8,
        _n(y(0)),
        points,
        FILL,
    )
    return _frame(title, format_html("{}{}", _axis(low, high, label), body))
