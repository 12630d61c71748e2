"""The states of a participant and the moves between them (protocol 2.5)."""

from __future__ import annotations

from protocol.loader.schema import ARM_CODES
from protocol.text import ProtocolText


def moves_from(text: ProtocolText, track: str, arm: str | None) -> frozenset[str]:
    """The tracks that can follow ``track`` in ``arm``; none after a terminal one (protocol 2.5)."""
    if text.track(track).terminal:
        return frozenset()
    named = {move.to for move in text.moves if move.start == track and (arm is None or arm in move.arms)}
    return frozenset(named | {ending.code for ending in text.tracks if ending.from_any})


def may_move(text: ProtocolText, start: str, to: str, arm: str | None) -> bool:
    """Whether a participant of ``arm`` may go from ``start`` to ``to`` in one step (protocol 2.5)."""
    return to in moves_from(text, start, arm)


def exists_in(text: ProtocolText, track: str, arm: str) -> bool:
    """Whether a participant of ``arm`` can ever be in ``track``."""
    entering = {arm for move in text.moves if move.to == track for arm in move.arms}
    return arm in (entering or ARM_CODES)


def is_terminal(text: ProtocolText, track: str) -> bool:
    """Whether nothing follows ``track``."""
    return text.track(track).terminal
