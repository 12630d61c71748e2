"""Charts of reports as SVG made here: no script, a label and a number at every bar (architecture 10)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, ROW, LEFT, RIGHT = 720, 26, 250, 170
FILL, REST, MARK = "#0f5c66", "#dfe7ea", "#9a3412"


def shares(rows: Sequence[tuple[str, int, int]], *, title: str, target: int | None = None) -> SafeString:
    """One bar for each (label, part, whole): the share as a length and in words, with a line at the target."""
    drawn = [row for row in rows if row[2]]
    if not drawn:
        return SafeString("")
    height, long = ROW * len(drawn) + 12, WIDTH - LEFT - RIGHT
    bars = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end" fill="#26343c">{}</text>'
        '<rect x="{}" y="{}" width="{}" height="14" fill="{}"/><rect x="{}" y="{}" width="{}" height="14" fill="{}"/>'
        '<text x="{}" y="{}" fill="#26343c">{} / {} · {} %</text>',
        (
            (
                *(LEFT - 8, 17 + ROW * n, label),
                *(LEFT, 6 + ROW * n, long, REST),
                *(LEFT, 6 + ROW * n, f"{long * part / whole:.1f}", FILL),
                *(LEFT + long + 8, 17 + ROW * n, part, whole, round(100 * part / whole)),
            )
            for n, (label, part, whole) in enumerate(drawn)
        ),
    )
    line = SafeString("")
    if target is not None:
        x = f"{LEFT + long * target / 100:.1f}"
        line = format_html(
            '<line x1="{0}" y1="0" x2="{0}" y2="{1}" stroke="{2}" stroke-width="2" stroke-dasharray="4 3"/>',
            *(x, height, MARK),
        )
    return format_html(
        '<svg class="p3-chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'font-size="12" font-family="sans-serif">{}{}</svg>',
        *(title, WIDTH, height, WIDTH, height, bars, line),
    )
