"""Mean scores by time as SVG made here, with their limits; the table behind it stands beside it on the page."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analysis.quality_of_life import ScoreLine
from reports.plots import FILL, MARK

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 52, 90, 16, 56
INK, GRID = "#26343c", "#dfe7ea"
HIGHEST = 100  # of every scale (protocol 5.1)
COLOURS = (FILL, MARK, "#4b4f9e")
APART = 7  # pixels between groups at one time point


def scores_picture(lines: Sequence[ScoreLine], *, title: str) -> SafeString:
    """Return the mean of each group at each time point; time points stand in their order, not to scale."""
    points = list(dict.fromkeys(line.label for line in lines))
    groups = list(dict.fromkeys(line.group for line in lines))
    if not any(line.score.number for line in lines):
        return SafeString("")
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    places = {label: LEFT + wide * (n + 0.5) for n, label in enumerate(points)}
    drawn = [_group(lines, group, n, places) for n, group in enumerate(groups)]
    return format_html(
        '<svg class="p3-chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'font-size="12" font-family="sans-serif">{}{}</svg>',
        *(title, WIDTH, HEIGHT, WIDTH, HEIGHT),
        _axes(places),
        SafeString("".join(drawn)),
    )


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(0.0, min(value, HIGHEST)) / HIGHEST


def _axes(places: dict[str, float]) -> SafeString:
    ticks = range(0, HIGHEST + 1, 20)
    across = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/><text x="{}" y="{}" text-anchor="end" fill="{}">{}</text>',
        (
            (LEFT, WIDTH - RIGHT, f"{_y(t):.1f}", f"{_y(t):.1f}", GRID, LEFT - 6, f"{_y(t) + 4:.1f}", INK, t)
            for t in ticks
        ),
    )
    names = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle" fill="{}" font-size="11">{}</text>',
        (
            (f"{x:.1f}", HEIGHT - BOTTOM + (18 if n % 2 == 0 else 34), INK, label)
            for n, (label, x) in enumerate(places.items())
        ),
    )
    return SafeString(across + names)


def _group(lines: Sequence[ScoreLine], group: str, n: int, places: dict[str, float]) -> SafeString:
    colour = COLOURS[n % len(COLOURS)]
    known = [line for line in lines if line.group == group and line.score.mean is not None]
    at = [(places[line.label] + APART * n, line) for line in known]
    path = " ".join(f"{x:.1f},{_y(line.score.mean or 0):.1f}" for x, line in at)
    bars = format_html_join(
        "",
        '<line x1="{0}" x2="{0}" y1="{1}" y2="{2}" stroke="{3}" stroke-width="2"/>',
        (
            (f"{x:.1f}", f"{_y(line.limits[0]):.1f}", f"{_y(line.limits[1]):.1f}", colour)
            for x, line in at
            if line.limits
        ),
    )
    dots = format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="4" fill="{}"/>',
        ((f"{x:.1f}", f"{_y(line.score.mean or 0):.1f}", colour) for x, line in at),
    )
    label = format_html(
        '<text x="{}" y="{}" fill="{}">{}</text>',
        WIDTH - RIGHT + 12,
        TOP + 14 + 18 * n,
        colour,
        group or _("All"),
    )
    line = format_html('<polyline points="{}" fill="none" stroke="{}" stroke-width="1.5"/>', path, colour)
    return SafeString(line + bars + dots + label)
