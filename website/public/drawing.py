"""The way of each group as a drawing: SVG made here from the protocol text, the same on the page and on paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kernel.punctuation import listed_apart
from protocol.text import ProtocolText

WIDTH: Final = 360
EDGE: Final = 8
GAP: Final = 30
PADDING: Final = 13
SIZE: Final = 16
LEADING: Final = 23
INK: Final = "#1c2b36"
LINE: Final = "#46565f"


@dataclass(frozen=True)
class Tone:
    """Ground and border of a box; every ground bears dark ink at 7 : 1 or more."""

    ground: str
    border: str


SHARED: Final = Tone("#f3f6f6", "#74868f")
OWN: Final = Tone("#e4f0f1", "#0f5c66")
OPERATION: Final = Tone("#fcf3da", "#9a7411")
CHECKS: Final = Tone("#e4f3e9", "#1a5a34")


@dataclass(frozen=True)
class PathwayBox:
    """One box: what happens, and its particulars."""

    title: str
    lines: tuple[str, ...] = ()
    tone: Tone = SHARED


@dataclass(frozen=True)
class ArmPath:
    """The way of one group, from consent on; at its end it may fork by what the checks find."""

    code: str
    label: str
    steps: tuple[PathwayBox, ...]
    fork: tuple[tuple[str, PathwayBox], ...] = ()

    def in_words(self) -> str:
        """The whole way as sentences, for who does not see the drawing."""
        said = [_sentence(step.title, *step.lines) for step in self.steps]
        said += [f"{condition}: {_sentence(step.title, *step.lines)}" for condition, step in self.fork]
        return " → ".join(said)


def _sentence(title: str, *lines: str) -> str:
    return f"{title} ({listed_apart(lines)})" if lines else title


def paths_of(protocol: ProtocolText, facts: Mapping[str, str]) -> list[ArmPath]:
    """Return the way of each group; numbers and medicines are those of the protocol text (protocol 1.2, 1.4)."""
    return [
        ArmPath(
            code=arm.code,
            label=_("Group %(code)s") % {"code": arm.code},
            steps=(_chance(facts), _first_treatment(protocol, facts, arm.code), _afterwards(arm.code)),
            fork=_fork() if arm.code == "1" else (),
        )
        for arm in protocol.arms
    ]


def _chance(facts: Mapping[str, str]) -> PathwayBox:
    lines = (_("Groups of equal size (%(ratio)s)") % facts,) if "ratio" in facts else ()
    return PathwayBox(_("You agree in writing. Then chance decides on your group."), lines)


def _first_treatment(protocol: ProtocolText, facts: Mapping[str, str], arm: str) -> PathwayBox:
    given = {each.code for each in protocol.treatments if arm in each.arms}
    lines = []
    if "CARBOPLATIN" in given:
        lines.append(_("Chemotherapy: %(carboplatin_times)s drips (%(carboplatin)s, %(paclitaxel)s)") % facts)
    if "RADIOTHERAPY" in given:
        lines.append(_("Radiotherapy: %(radiotherapy_sessions)s times") % facts)
    if is_own := "CAMRELIZUMAB" in given:
        lines.append(_("Immune medicine: %(camrelizumab_times)s drips (%(camrelizumab)s)") % facts)
    title = _("First treatment, about %(treatment_weeks)s weeks") % facts
    return PathwayBox(title, tuple(lines), OWN if is_own else SHARED)


def _afterwards(arm: str) -> PathwayBox:
    if arm == "1":
        return PathwayBox(_("Checks: is there any cancer?"), tone=OWN)
    return PathwayBox(_("Operation"), (_("The gullet is taken out"),), OPERATION)


def _fork() -> tuple[tuple[str, PathwayBox], ...]:
    again = _("An operation only if cancer comes back")
    return (
        (_("Cancer found"), PathwayBox(_("Operation"), tone=OPERATION)),
        (_("No cancer found"), PathwayBox(_("The checks go on"), (again,), CHECKS)),
    )


def drawn(path: ArmPath) -> SafeString:
    """Return the way as one SVG, with its words as its description."""
    parts: list[SafeString] = []
    y = EDGE
    for number, step in enumerate(path.steps):
        if number:
            parts.append(_arrow(WIDTH / 2, y, y + GAP))
            y += GAP
        box, y = _box(step, EDGE, y, WIDTH - 2 * EDGE)
        parts.append(box)
    if path.fork:
        fork, y = _forked(path.fork, y)
        parts.append(fork)
    return format_html(
        '<svg class="pub-path" role="img" aria-labelledby="path-{0}-title path-{0}-words" viewBox="0 0 {1} {2}" '
        'xmlns="http://www.w3.org/2000/svg"><title id="path-{0}-title">{3}</title>'
        '<desc id="path-{0}-words">{4}</desc><g font-size="{5}" fill="{6}">{7}</g></svg>',
        path.code,
        WIDTH,
        y + EDGE,
        path.label,
        path.in_words(),
        SIZE,
        INK,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _forked(fork: tuple[tuple[str, PathwayBox], ...], y: int) -> tuple[SafeString, int]:
    width = (WIDTH - 2 * EDGE - 14) // len(fork)
    parts, ends, lowest = [], y + GAP + LEADING, y
    for number, (condition, step) in enumerate(fork):
        x = EDGE + number * (width + 14)
        middle = x + width / 2
        parts.append(_arrow(middle, y, y + GAP - 6))
        parts.append(_lines([condition], middle, y + GAP + 10, anchor="middle", weight=600))
        box, bottom = _box(step, x, ends, width)
        parts.append(box)
        lowest = max(lowest, bottom)
    return format_html_join("", "{}", ((part,) for part in parts)), lowest


def _box(step: PathwayBox, x: int, y: int, width: int) -> tuple[SafeString, int]:
    room = width - 2 * PADDING
    title = list(wrapped(step.title, room, bold=True))
    rest = [line for each in step.lines for line in wrapped(f"· {each}", room)]
    height = 2 * PADDING + LEADING * (len(title) + len(rest)) - (LEADING - SIZE)
    top = y + PADDING + SIZE - 2
    drawing = format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="9" fill="{}" stroke="{}" stroke-width="1.5"/>{}{}',
        x,
        y,
        width,
        height,
        step.tone.ground,
        step.tone.border,
        _lines(title, x + PADDING, top, weight=600),
        _lines(rest, x + PADDING, top + LEADING * len(title)),
    )
    return drawing, y + height


def _lines(lines: list[str], x: float, y: float, *, anchor: str = "start", weight: int = 400) -> SafeString:
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}" font-weight="{}">{}</text>',
        ((x, y + LEADING * number, anchor, weight, line) for number, line in enumerate(lines)),
    )


def _arrow(x: float, top: int, bottom: int) -> SafeString:
    return format_html(
        '<path d="M{0} {1}V{2}M{3} {4}L{0} {2}L{5} {4}" fill="none" stroke="{6}" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round"/>',
        x,
        top + 4,
        bottom - 3,
        x - 6,
        bottom - 10,
        x + 6,
        LINE,
    )


def wrapped(text: str, room: float, *, bold: bool = False) -> Iterator[str]:
    """Yield ``text`` in lines that are no wider than ``room``; Chinese breaks anywhere but before punctuation."""
    line = ""
    for piece in _pieces(text):
        if line and _width(line + piece.rstrip(), bold) > room:
            yield line.rstrip()
            line = piece.lstrip()
        else:
            line += piece
    if line.strip():
        yield line.rstrip()


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        closing = unicodedata.category(char) in {"Pe", "Po", "Pf"}
        starts_anew = not pieces or pieces[-1].endswith(" ") or _is_wide(pieces[-1][-1]) or wide
        opened = bool(pieces) and unicodedata.category(pieces[-1][-1]) in {"Ps", "Pi"}
        if starts_anew and not opened and not (pieces and (closing or char == " ")):
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _width(text: str, bold: bool) -> float:
    narrow = 0.6 if bold else 0.56
    return sum(SIZE * (1 if _is_wide(char) else narrow) for char in text)
