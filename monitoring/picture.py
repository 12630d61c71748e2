"""The funnel plot of one indicator as SVG made here; the table behind it stands beside it on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string

from monitoring.indicators import ACTION_TAIL, WARNING_TAIL, Signal, SiteCount
from protocol.statistics.control_limits import control_limits
from reports.plots import FILL, MARK

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 64, 24, 16, 52
STEPS = 60
ROOM, TICKS = 1.1, 4


@dataclass(frozen=True)
class _FunnelScale:
    """From exposure and value to a place in the picture."""

    most: float
    top: float

    def x(self, exposure: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * exposure / self.most

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, self.top) / self.top

    def place(self, exposure: float, value: float) -> str:
        return f"{self.x(exposure):.1f},{self.y(value):.1f}"


def funnel(rows: Sequence[tuple[str, SiteCount]], *, title: str) -> str:
    """Return each site by its exposure and value, with the exact limits of 95 % and 99.8 % round all sites together."""
    drawn = [(label, each) for label, each in rows if each.exposure]
    if not drawn:
        return ""
    first = drawn[0][1]
    rate = first.in_unit(first.pooled_rate)
    most = ROOM * max(float(each.exposure) for _label, each in drawn)
    top = ROOM * max([2 * rate, *(each.value or 0.0 for _label, each in drawn)]) or 1.0
    scale = _FunnelScale(most, top)
    ticks = [n / TICKS for n in range(TICKS + 1)]
    context = {
        "title": title,
        "unit": first.indicator.unit,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "top": TOP,
        "right": WIDTH - RIGHT,
        "floor": HEIGHT - BOTTOM,
        "across": [(f"{scale.x(most * t):.1f}", f"{most * t:.3g}") for t in ticks],
        "up": [(f"{scale.y(top * t):.1f}", f"{top * t:.3g}") for t in ticks],
        "curves": list(_curves(scale, first)),
        "pooled": f"{scale.y(rate):.1f}",
        "points": [_point(scale, label, each) for label, each in drawn],
        "colours": {"line": FILL, "outside": MARK},
    }
    return render_to_string("monitoring/funnel.svg", context)


def _curves(scale: _FunnelScale, first: SiteCount) -> Iterator[tuple[str, str]]:
    """Yield both limits of each tail; a limit is a whole count, so that it goes in steps at small exposures."""
    kind, rate = first.indicator.kind, first.pooled_rate
    exposures = sorted({max(1.0, float(round(scale.most * n / STEPS))) for n in range(1, STEPS + 1)})
    for tail, dashes in ((WARNING_TAIL, "5 4"), (ACTION_TAIL, "")):
        limits = [(each, control_limits(kind, each, rate, tail=tail)) for each in exposures]
        for end in (0, 1):
            yield (
                " ".join(scale.place(each, first.in_unit(pair[end] / each)) for each, pair in limits),
                dashes,
            )


def _point(scale: _FunnelScale, label: str, each: SiteCount) -> dict[str, str]:
    x, y = scale.x(float(each.exposure)), scale.y(each.value or 0.0)
    colour = MARK if each.signal in (Signal.WARNING, Signal.ACTION) else FILL
    return {"x": f"{x:.1f}", "y": f"{y:.1f}", "right": f"{x + 8:.1f}", "label": label, "colour": colour}
