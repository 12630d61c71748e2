"""Why saved answers were changed: one reason for the save, and where it differs one for a question."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Stands before a common reason that reads like a question's own.
_COMMON = "· "
_LINE = re.compile(r"^\[(?P<target>[a-z0-9_.]+)\] (?P<text>.+)$")


def compose(reason: str, reasons: Mapping[str, str]) -> str:
    """Return the text that an act keeps: the common reason, then one line for each question's own."""
    own = [f"[{target}] {' '.join(text.split())}" for target, text in reasons.items() if text.strip()]
    common = " ".join(reason.split())
    return "\n".join(
        [line for line in (f"{_COMMON}{common}" if _LINE.match(common) else common, *own) if line]
    )


def reason_for(kept: str, target: str) -> str:
    """Return the reason of one question out of what an act keeps."""
    lines = [(_LINE.match(line), line) for line in kept.splitlines()]
    own = [match["text"] for match, _line in lines if match and match["target"] == target]
    common = [line.removeprefix(_COMMON) for match, line in lines if match is None]
    return own[0] if own else " ".join(common)


def lines_of(kept: str) -> list[tuple[str, str]]:
    """Return what an act keeps as (question, reason), "" being every question that has no reason of its own."""
    lines = [(_LINE.match(line), line.removeprefix(_COMMON)) for line in kept.splitlines()]
    return [(match["target"], match["text"]) if match else ("", line) for match, line in lines]
