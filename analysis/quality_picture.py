"""Mean scores by time as SVG made here, with their limits; the table behind it stands beside it on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from analysis.quality_of_life import ScoreLine
from reports.plots import FILL, MARK

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 52, 90, 16, 56
HIGHEST = 100  # of every scale (protocol 5.1)
COLOURS = (FILL, MARK, "#4b4f9e")
APART = 7  # pixels between groups at one time point


def scores_picture(lines: Sequence[ScoreLine], *, title: str) -> str:
    """Return the mean of each group at each time point; time points stand in their order, not to scale."""
    points = list(dict.fromkeys(line.label for line in lines))
    groups = list(dict.fromkeys(line.group for line in lines))
    if not any(line.score.number for line in lines):
        return ""
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    places = {label: LEFT + wide * (n + 0.5) for n, label in enumerate(points)}
    context = {
        "title": title,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "up": [(f"{_y(tick):.1f}", tick) for tick in range(0, HIGHEST + 1, 20)],
        "across": [
            (f"{x:.1f}", HEIGHT - BOTTOM + (18 if n % 2 == 0 else 34), label)
            for n, (label, x) in enumerate(places.items())
        ],
        "groups": [_group(lines, group, n, places) for n, group in enumerate(groups)],
    }
    return render_to_string("analysis/scores_picture.svg", context)


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(0.0, min(value, HIGHEST)) / HIGHEST


def _group(lines: Sequence[ScoreLine], group: str, n: int, places: dict[str, float]) -> dict[str, Any]:
    known = [line for line in lines if line.group == group and line.score.mean is not None]
    at = [(f"{places[line.label] + APART * n:.1f}", line) for line in known]
    return {
        "label": group,
        "y": TOP + 14 + 18 * n,
        "colour": COLOURS[n % len(COLOURS)],
        "path": " ".join(f"{x},{_y(line.score.mean or 0):.1f}" for x, line in at),
        "bars": [
            (x, f"{_y(line.limits[0]):.1f}", f"{_y(line.limits[1]):.1f}") for x, line in at if line.limits
        ],
        "dots": [(x, f"{_y(line.score.mean or 0):.1f}") for x, line in at],
    }
