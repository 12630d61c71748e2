"""What one line that was pasted into a table of answers says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PastedLine:
    """The answers of one row as they would be typed, or why the line is not understood; ``number`` counts from 1."""

    number: int
    text: str
    answers: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
