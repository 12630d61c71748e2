"""The icons in use, and the sprite they are served from.

The drawings come from the npm package ``bootstrap-icons``; set-up writes the sprite to
``assets/vendor/icons.svg``. Adding an icon = one word here and ``make install`` again.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ICONS: Final = (
    "arrow-left",
    "arrow-repeat",
    "arrow-right",
    "box-arrow-right",
    "calculator",
    "calendar-check",
    "calendar-event",
    "calendar-x",
    "chat-left-dots",
    "chat-left-text",
    "check-circle",
    "check-circle-fill",
    "check2",
    "chevron-right",
    "circle",
    "circle-half",
    "clipboard-check",
    "clipboard2-pulse",
    "clock",
    "clock-history",
    "dash-circle",
    "download",
    "envelope",
    "exclamation-circle",
    "exclamation-octagon",
    "exclamation-triangle",
    "eye",
    "file-earmark-arrow-down",
    "file-earmark-pdf",
    "file-earmark-text",
    "flag",
    "graph-up",
    "hospital",
    "hourglass-split",
    "house",
    "info-circle",
    "journal-check",
    "key",
    "list",
    "lock",
    "lock-fill",
    "pause-circle",
    "pen",
    "pencil",
    "people",
    "person",
    "person-plus",
    "plus-lg",
    "printer",
    "question-circle",
    "search",
    "shield-check",
    "shield-lock",
    "shuffle",
    "slash-circle",
    "telephone",
    "translate",
    "x-circle",
    "x-lg",
)

_DRAWING = re.compile(r"<svg[^>]*viewBox=\"([^\"]+)\"[^>]*>(.*)</svg>", re.DOTALL)


def sprite(drawings: Path) -> str:
    """Return one SVG that holds every icon of ``ICONS`` as a symbol, read from ``drawings``."""
    symbols = []
    for name in ICONS:
        drawing = _DRAWING.search((drawings / f"{name}.svg").read_text(encoding="utf-8"))
        if drawing is None:
            raise ValueError(f"{name}.svg is not drawn as one <svg> element")
        box, body = drawing.groups()
        symbols.append(f'<symbol id="{name}" viewBox="{box}">{body.strip()}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
