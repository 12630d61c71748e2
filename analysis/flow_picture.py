"""The flow of participants as SVG made here: the same on the page, in the file and on paper; no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analysis.flow import BY_CODE, Flow

WIDTH, MARGIN, GAP = 720, 10, 26
LINE, PAD = 19, 12

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

    @property
    def texts(self) -> list[tuple[float, str]]:
        """Return the lines below the heading, each with its height in the picture."""
        return [(self.first_line + LINE * n, line) for n, line in enumerate(self.lines, 1)]

    @property
    def left(self) -> float:
        return self.x + PAD

    @property
    def first_line(self) -> float:
        return self.y + PAD + 11


Stroke = tuple[float, float, float, float]


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
        (assessed.middle, assessed.y + assessed.height, assessed.middle, randomized.y),
        (assessed.middle, aside.y + aside.height / 2, aside.x, aside.y + aside.height / 2),
    ]
    for column in columns:
        before = randomized
        for box in column:
            lines += _joined(before, box)
            before = box
    picture = {"boxes": drawn, "strokes": lines, "width": WIDTH, "height": height}
    return render_to_string("analysis/flow_picture.svg", picture)


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
    analysed = _("Analysed for survival, as randomized")
    boxes.append(DrawnBox(_counted(analysed, flow.randomized(chosen)), (), x, y, half))
    return boxes


def _counted(title: object, number: int) -> str:
    return f"{title}: {number}"


def _joined(above: DrawnBox, below: DrawnBox) -> list[Stroke]:
    """Return the line from one box down to another, with a bend where they do not stand in one column."""
    end, start = below.y, above.y + above.height
    if above.middle == below.middle:
        return [(above.middle, start, below.middle, end)]
    bend = (start + end) / 2
    return [
        (above.middle, start, above.middle, bend),
        (above.middle, bend, below.middle, bend),
        (below.middle, bend, below.middle, end),
    ]
