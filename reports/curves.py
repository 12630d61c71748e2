"""The accrual curve as SVG made here: what was reached, what was planned, and the forecast with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

WIDTH: Final = 720
HEIGHT: Final = 280
LEFT: Final = 48
RIGHT: Final = 14
TOP: Final = 14
BOTTOM: Final = 34
AHEAD: Final = 12  # months that the forecast is drawn for
LABELS: Final = 6


@dataclass(frozen=True)
class AccrualPicture:
    """Months with the number so far, the target, and the rate a month with its limits."""

    months: Sequence[str]
    sums: Sequence[int]
    target: int
    slope: tuple[float, float, float] | None


def accrual_picture(picture: AccrualPicture) -> SafeString:
    """Return the curve; the table beside it holds the same numbers."""
    ahead = AHEAD if picture.slope else 0
    steps = max(len(picture.months) - 1 + ahead, 1)
    last = picture.sums[-1]
    top = max(picture.target, last, last + (picture.slope[2] * ahead if picture.slope else 0), 1)
    if picture.target:
        top = max(picture.target * 1.05, last * 1.05)

    def at(month: float, number: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * month / steps
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(number, top) / top
        return f"{x:.1f},{y:.1f}"

    now = len(picture.months) - 1
    reached = " ".join(at(n, number) for n, number in enumerate(picture.sums))
    lines = []
    if picture.slope:
        lines = [f"{at(now, last)} {at(now + ahead, last + rate * ahead)}" for rate in picture.slope]
    every = max(1, -(-len(picture.months) // LABELS))
    context = {
        "width": WIDTH,
        "height": HEIGHT,
        "reached": reached,
        "dot": at(now, last).split(","),
        "forecast": lines[0] if lines else "",
        "interval": lines[1:],
        "target": picture.target,
        "target_line": f"{at(0, picture.target)} {at(steps, picture.target)}",
        "target_y": at(0, picture.target).split(",")[1],
        "axis": f"{at(0, top)} {at(0, 0)} {at(steps, 0)}",
        "labels": [
            (at(n, 0).split(",")[0], month) for n, month in enumerate(picture.months) if n % every == 0
        ],
        "now": last,
        "label_y": HEIGHT - 12,
    }
    return render_to_string("reports/accrual.svg", context)
