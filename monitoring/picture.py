"""The funnel plot of one indicator as SVG made here; the table behind it stands beside it on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from monitoring.indicators import ACTION_TAIL, WARNING_TAIL, Signal, SiteCount
from protocol.statistics.control_limits import control_limits
from reports.plots import FILL, MARK

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 64, 24, 16, 52
STEPS = 60
INK, CURVE = "#26343c", "#7c8b94"
ROOM = 1.1


@dataclass(frozen=True)
class _Scale:
    """From exposure and value to a place in the picture."""

    most: float
    top: float

    def x(self, exposure: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * exposure / self.most

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, self.top) / self.top

    def place(self, exposure: float, value: float) -> str:
        return f"{self.x(exposure):.1f},{self.y(value):.1f}"


def funnel(rows: Sequence[tuple[str, SiteCount]], *, title: str) -> SafeString:
    """Return each site by its exposure and value, with the exact limits of 95 % and 99.8 % round all sites together."""
    drawn = [(label, each) for label, each in rows if each.exposure]
    if not drawn:
        return SafeString("")
    first = drawn[0][1]
    most = ROOM * max(float(each.exposure) for _label, each in drawn)
    rate = first.in_unit(first.pooled_rate)
    top = ROOM * max([2 * rate, *(each.value or 0.0 for _label, each in drawn)]) or 1.0
    scale = _Scale(most, top)
    return format_html(
        '<svg class="p3-chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'font-size="12" font-family="sans-serif">{}{}{}{}</svg>',
        *(title, WIDTH, HEIGHT, WIDTH, HEIGHT),
        _axes(scale, first),
        _curves(scale, first),
        _pooled(scale, rate),
        _points(scale, drawn),
    )


def _axes(scale: _Scale, first: SiteCount) -> SafeString:
    ticks = [n / 4 for n in range(5)]
    across = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle" fill="{}">{}</text>',
        (
            (f"{scale.x(scale.most * t):.1f}", HEIGHT - BOTTOM + 18, INK, f"{scale.most * t:.3g}")
            for t in ticks
        ),
    )
    up = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end" fill="{}">{}</text>',
        ((LEFT - 6, f"{scale.y(scale.top * t) + 4:.1f}", INK, f"{scale.top * t:.3g}") for t in ticks),
    )
    lines = format_html(
        '<path d="M{0},{1} V{2} H{3}" fill="none" stroke="{4}"/>',
        *(LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, INK),
    )
    names = format_html(
        '<text x="{}" y="{}" text-anchor="middle" fill="{}">{} · {}</text>',
        *((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, INK, _("Exposure"), first.indicator.unit),
    )
    return SafeString(lines + across + up + names)


def _curves(scale: _Scale, first: SiteCount) -> SafeString:
    """Draw both limits of each tail; a limit is a whole count, so that it goes in steps at small exposures."""
    kind, rate = first.indicator.kind, first.pooled_rate
    exposures = sorted({max(1.0, float(round(scale.most * n / STEPS))) for n in range(1, STEPS + 1)})
    paths = []
    for tail, dashes in ((WARNING_TAIL, "5 4"), (ACTION_TAIL, "")):
        limits = [(each, control_limits(kind, each, rate, tail=tail)) for each in exposures]
        for end in (0, 1):
            points = " ".join(scale.place(each, first.in_unit(pair[end] / each)) for each, pair in limits)
            paths.append((points, CURVE, dashes))
    return format_html_join(
        "", '<polyline points="{}" fill="none" stroke="{}" stroke-width="1.5" stroke-dasharray="{}"/>', paths
    )


def _pooled(scale: _Scale, rate: float) -> SafeString:
    return format_html(
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}" stroke-width="1.5"/>',
        *(LEFT, WIDTH - RIGHT, f"{scale.y(rate):.1f}", f"{scale.y(rate):.1f}", FILL),
    )


def _points(scale: _Scale, drawn: Sequence[tuple[str, SiteCount]]) -> SafeString:
    outside = (Signal.WARNING, Signal.ACTION)
    return format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="5" fill="{}"/><text x="{}" y="{}" fill="{}">{}</text>',
        (
            (
                f"{scale.x(float(each.exposure)):.1f}",
                f"{scale.y(each.value or 0.0):.1f}",
                MARK if each.signal in outside else FILL,
                f"{scale.x(float(each.exposure)) + 8:.1f}",
                f"{scale.y(each.value or 0.0) + 4:.1f}",
                INK,
                label,
            )
            for label, each in drawn
        ),
    )
