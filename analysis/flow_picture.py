"""The flow of participants as SVG made here: the same on the page, in the file and on paper; no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analysis.flow import BY_CODE, Flow

WIDTH, MARGIN, GAP = 820, 10, 26
LINE, PAD = 19, 12
INK, RULE, PAPER = "#26343c", "#74868f", "#ffffff"

SCREENED = ("screening", "failed", "declined", "left")
STEPS = (
    ("waiting", "untreated", "treatment"),
    ("decision", "followed", "disease", "survival"),
    ("completed", "lost", "withdrew", "dead"),
)


@dataclass(frozen=True)
class DrawnBox:
    """A box with its heading and its lines, and where it stands."""

    heading: str
    lines: Sequence[str]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        return 2 * PAD + LINE * (1 + len(self.lines)) - 4

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    def svg(self) -> SafeString:
        """Return the box; its heading is bold, each line is a last box with its number."""
        texts = format_html_join(
            "",
            '<text x="{}" y="{}" fill="{}">{}</text>',
            ((self.x + PAD, self.y + PAD + 11 + LINE * n, INK, line) for n, line in enumerate(self.lines, 1)),
        )
        return format_html(
            '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>'
            '<text x="{}" y="{}" fill="{}" font-weight="600">{}</text>{}',
            *(self.x, self.y, self.width, self.height, PAPER, RULE),
            *(self.x + PAD, self.y + PAD + 11, INK, self.heading, texts),
        )


def flow_picture(flow: Flow) -> SafeString:
    """Return the diagram: assessed, not randomized, randomized, and below it one column for all or for each arm."""
    half = (WIDTH - 3 * MARGIN) / 2
    assessed = DrawnBox(_counted(_("Registered for screening"), flow.total), (), MARGIN, MARGIN, half)
    aside = DrawnBox(
        _counted(_("Not randomized"), flow.before()),
        [_counted(BY_CODE[code].title, flow.count(code)) for code in SCREENED],
        *(half + 2 * MARGIN, assessed.y + assessed.height + GAP / 2, half),
    )
    randomized = DrawnBox(
        _counted(_("Randomized"), flow.randomized()), (), MARGIN, aside.y + aside.height + GAP / 2, half
    )
    columns = [_column(flow, arm, n, randomized) for n, arm in enumerate(flow.arms)]
    drawn = [assessed, aside, randomized, *(box for column in columns for box in column)]
    height = max(box.y + box.height for box in drawn) + MARGIN
    lines = [
        _line(assessed.middle, assessed.y + assessed.height, assessed.middle, randomized.y),
        _line(assessed.middle, aside.y + aside.height / 2, aside.x, aside.y + aside.height / 2),
    ]
    for column in columns:
        before = randomized
        for box in column:
            lines += _joined(before, box)
            before = box
    return format_html(
        '<svg class="p3-chart" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" viewBox="0 0 {} {}" '
        'width="{}" height="{}" font-size="12" font-family="sans-serif">{}{}</svg>',
        *(_("Flow of participants"), WIDTH, height, WIDTH, height),
        *(format_html_join("", "{}", ((each,) for each in lines)), _all(drawn)),
    )


def _all(drawn: Sequence[DrawnBox]) -> SafeString:
    return format_html_join("", "{}", ((box.svg(),) for box in drawn))


def _column(flow: Flow, arm: str, n: int, above: DrawnBox) -> list[DrawnBox]:
    """Return the boxes of one arm, or of everybody randomized; the last one says over whom is analysed."""
    chosen = arm or None
    half = (WIDTH - 3 * MARGIN) / 2
    x, y = MARGIN + n * (half + MARGIN), above.y + above.height + GAP
    titles = (
        _("Treatment"),
        pgettext("flow of participants", "Followed"),
        pgettext("flow of participants", "Ended"),
    )
    boxes = []
    if arm:
        allocated = _("Allocated to arm %(arm)s") % {"arm": arm}
        boxes.append(DrawnBox(_counted(allocated, flow.randomized(chosen)), (), x, y, half))
        y += boxes[-1].height + GAP
    for title, codes in zip(titles, STEPS, strict=True):
        within = sum(flow.count(code, chosen) for code in codes)
        rows = [_counted(BY_CODE[code].title, flow.count(code, chosen)) for code in codes]
        boxes.append(DrawnBox(_counted(title, within), rows, x, y, half))
        y += boxes[-1].height + GAP
    analysed = _("Analysed for overall survival, as randomized")
    boxes.append(DrawnBox(_counted(analysed, flow.randomized(chosen)), (), x, y, half))
    return boxes


def _counted(title: object, number: int) -> str:
    return f"{title}: {number}"


def _joined(above: DrawnBox, below: DrawnBox) -> list[SafeString]:
    """Return the line from one box down to another, with a bend where they do not stand in one column."""
    end, start = below.y, above.y + above.height
    if above.middle == below.middle:
        return [_line(above.middle, start, below.middle, end)]
    bend = (start + end) / 2
    return [
        _line(above.middle, start, above.middle, bend),
        _line(above.middle, bend, below.middle, bend),
        _line(below.middle, bend, below.middle, end),
    ]


def _line(x1: float, y1: float, x2: float, y2: float) -> SafeString:
    return format_html('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}"/>', x1, y1, x2, y2, RULE)
