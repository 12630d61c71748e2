"""Survival curves as SVG made here, limits around and numbers at risk under them; a line style for each group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final
from unicodedata import east_asian_width

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from protocol.statistics.product_limit import CurveStep, SurvivalCurve
from reports.survival.analysis import AnalysisChoices

WIDTH: Final = 720
LEFT, RIGHT, TOP, TALL, ROW = 60, 24, 34, 300, 18
INK, QUIET, GRID = "#26343c", "#4c5c68", "#dfe7ea"
# Dashes beside colours, so that groups are told apart in grey; of the two rows each pair comes once in 56 groups.
COLOURS: Final = ("#0f5c66", "#9a3412", "#4338ca", "#7c2d5b", "#3f6212", "#334155", "#854d0e", "#0369a1")
DASHES: Final = ("none", "8 4", "2 3", "10 3 2 3", "5 2", "1 2", "12 3 2 3 2 3")
SHORTEST: Final = 1e-9  # of time, that an axis can show
MOST_BANDS: Final = 3  # of limits: more would cover each other, and km.csv has them all
MOST_TICKS: Final = 8
COLUMNS: Final = 2  # of each pixel: what a screen of twice the density can tell apart
WIDE_LINE: Final = 90  # columns of text that fit into the width
_HALVES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where a time and a survival stand in the picture."""

    end: float

    def x(self, time: float) -> str:
        return _n(round(COLUMNS * (LEFT + (WIDTH - LEFT - RIGHT) * time / self.end)) / COLUMNS)

    def y(self, survival: float) -> str:
        return _n(TOP + TALL * (1 - survival))


def survival_picture(
    curves: Mapping[str, SurvivalCurve], *, choices: AnalysisChoices, title: str, label: str = ""
) -> SafeString:
    """The curves of the groups that have people; nothing where no group has any."""
    peopled = {name: curve for name, curve in curves.items() if curve.number}
    if not peopled:
        return SafeString("")
    ticks = _ticks(max(curve.last_time or 0.0 for curve in peopled.values()))
    axes = _Axes(ticks[-1])
    names = {name: _folded(name) for name in peopled}
    under = TOP + TALL + 58
    height = under + ROW * sum(len(lines) + 1 for lines in names.values()) + 8
    scale = choices if len(peopled) <= MOST_BANDS else None
    drawn = [_curve(curve, axes, _style(n), scale) for n, curve in enumerate(peopled.values())]
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="p3-chart" role="img" aria-label="{}" viewBox="0 0 {} {}" '
        'width="{}" height="{}" font-size="12" font-family="sans-serif" fill="{}">'
        '<text x="{}" y="16" font-size="14" font-weight="600">{}</text>{}{}{}</svg>',
        *(title, WIDTH, height, WIDTH, height, INK, LEFT, title),
        _frame(axes, ticks, label or _("Time")),
        format_html_join("", "{}", ((each,) for each in drawn)),
        _numbers_at_risk(peopled, names, ticks, axes, under),
    )


def _frame(axes: _Axes, ticks: Sequence[float], label: str) -> SafeString:
    """Axes with their numbers, and a quiet line at each quarter."""
    across = format_html_join(
        "",
        '<line x1="{0}" y1="{1}" x2="{2}" y2="{1}" stroke="{3}"/>'
        '<text x="{4}" y="{5}" text-anchor="end" fill="{6}">{7} %</text>',
        (
            (LEFT, axes.y(s), WIDTH - RIGHT, GRID, LEFT - 8, _n(float(axes.y(s)) + 4), QUIET, f"{100 * s:g}")
            for s in _HALVES
        ),
    )
    along = format_html_join(
        "",
        '<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}"/>'
        '<text x="{0}" y="{4}" text-anchor="middle" fill="{3}">{5}</text>',
        ((axes.x(t), axes.y(0), TOP + TALL + 5, QUIET, TOP + TALL + 20, f"{t:.10g}") for t in ticks),
    )
    return format_html(
        '{0}<line x1="{1}" y1="{2}" x2="{3}" y2="{2}" stroke="{4}"/>{5}'
        '<text x="{6}" y="{7}" text-anchor="middle" fill="{4}">{8}</text>',
        *(across, LEFT, axes.y(0), WIDTH - RIGHT, QUIET, along),
        *((LEFT + WIDTH - RIGHT) / 2, TOP + TALL + 38, label),
    )


def _style(place: int) -> tuple[str, str]:
    """Colour and dashes of the group at a place."""
    return COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]


def _curve(
    curve: SurvivalCurve, axes: _Axes, style: tuple[str, str], choices: AnalysisChoices | None
) -> SafeString:
    """Limits as a pale band where choices say which, the curve as steps, a stroke where somebody was censored."""
    colour, dashes = style
    limits = [
        (step.time, pair)
        for step in curve.steps
        if choices and (pair := step.limits(confidence=choices.confidence, scale=choices.scale))
    ]
    upper = list(_corners([(time, pair[1]) for time, pair in limits], curve.last_time, axes))
    lower = list(_corners([(time, pair[0]) for time, pair in limits], curve.last_time, axes))
    line = list(_corners([(0.0, 1.0), *((s.time, s.survival) for s in curve.steps)], curve.last_time, axes))
    return format_html(
        '{}<path d="M{}" fill="none" stroke="{}" stroke-width="2" stroke-dasharray="{}"/>{}',
        format_html(
            '<polygon points="{}" fill="{}" fill-opacity="0.12"/>',
            " ".join([*upper, *reversed(lower)]),
            colour,
        )
        if limits
        else "",
        *(" L".join(line), colour, dashes),
        _strokes(curve.steps, axes, colour),
    )


def _strokes(steps: Sequence[CurveStep], axes: _Axes, colour: str) -> SafeString | str:
    """One stroke through the curve at each place where somebody was censored."""
    places = dict.fromkeys((axes.x(step.time), axes.y(step.survival)) for step in steps if step.n_censor)
    if not places:
        return ""
    strokes = "".join(f"M{x},{_n(float(y) - 5)}v10" for x, y in places)
    return format_html('<path d="{}" fill="none" stroke="{}"/>', strokes, colour)


def _corners(points: Sequence[tuple[float, float]], end: float | None, axes: _Axes) -> Iterator[str]:
    """The corners of steps, of those that stand on one column of the screen only the last."""
    columns: dict[str, str] = {axes.x(time): axes.y(value) for time, value in points}
    before = axes.y(points[0][1]) if points else ""
    for x, y in columns.items():
        if y != before:
            yield f"{x},{before}"
        yield f"{x},{y}"
        before = y
    if before and end is not None and axes.x(end) not in columns:
        yield f"{axes.x(end)},{before}"


def _numbers_at_risk(
    curves: Mapping[str, SurvivalCurve],
    names: Mapping[str, list[str]],
    ticks: Sequence[float],
    axes: _Axes,
    top: int,
) -> SafeString:
    """Under each number of the axis how many of each group are still followed; style and name stand above."""
    rows, y = [], top
    for n, (name, curve) in enumerate(curves.items()):
        colour, dashes = _style(n)
        texts: list[tuple[int | str, int, str, str]] = [
            (LEFT + 32, y + ROW * (k + 1), "start", part) for k, part in enumerate(names[name])
        ]
        swatch = y + ROW - 4
        y += ROW * (len(names[name]) + 1)
        texts += [(axes.x(t), y, "middle", f"{curve.n_risk_at(t)}") for t in ticks]
        rows.append(
            format_html(
                '<line x1="{0}" y1="{1}" x2="{2}" y2="{1}" stroke="{3}" stroke-width="2" stroke-dasharray="{4}"/>{5}',
                *(LEFT, swatch, LEFT + 26, colour, dashes),
                format_html_join("", '<text x="{}" y="{}" text-anchor="{}">{}</text>', texts),
            )
        )
    return format_html(
        '<text x="{}" y="{}" font-weight="600">{}</text>{}',
        *(LEFT, top, _("Number at risk")),
        format_html_join("", "{}", ((row,) for row in rows)),
    )


def _ticks(last: float) -> list[float]:
    """Round times from 0 to one at or after the last, a few of them."""
    if last < SHORTEST:
        return [0.0, 1.0]
    rough = last / (MOST_TICKS - 1)
    magnitude = 10.0 ** floor(log10(rough))
    step = next(
        factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough * (1 - 1e-9)
    )
    return [n * step for n in range(ceil(last / step - 1e-9) + 1)]


def _folded(name: str) -> list[str]:
    """The name in lines that fit, however long it is."""
    lines, width = [""], 0
    for sign in name:
        wide = 2 if east_asian_width(sign) in "WF" else 1
        if width + wide > WIDE_LINE:
            lines.append("")
            width = 0
        lines[-1] += sign
        width += wide
    return lines


def _n(value: float) -> str:
    return f"{value:.1f}"
