"""What is not published is never told as the protocol's: every text says where it is from (protocol 0.1)."""

from __future__ import annotations

from typing import Final

from protocol.loader.schema import PUBLISHED

NOT_CONFIRMED: Final = "default, not confirmed by the study team; source: {source}"


def marked(words: str, source: str) -> str:
    """Return the words; where they are not published, with what they are instead."""
    return words if source == PUBLISHED else f"{words} [{NOT_CONFIRMED.format(source=source)}]"
