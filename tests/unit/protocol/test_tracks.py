"""The state machine of a participant (protocol 2.5)."""

from __future__ import annotations

import pytest

from protocol.states import exists_in, is_terminal, may_move, moves_from
from protocol.text import load

CHAPTERS = ("2.5",)

TEXT = load("1.0")
ENDS = {"DEAD", "LOST", "WITHDRAWN_ALL", "COMPLETED"}
MOVES = {
    ("SCREENED", None): {"RANDOMISED", "SCREEN_FAIL", "WITHDRAWN"},
    ("RANDOMISED", "1"): {"NEOADJUVANT", "NEVER_TREATED"},
    ("NEOADJUVANT", "1"): {"AWAIT_CRE1", "PROGRESSION"},
    ("NEOADJUVANT", "2"): {"AWAIT_RESTAGE", "PROGRESSION"},
    ("AWAIT_CRE1", "1"): {"AWAIT_CRE2", "SURGERY_PLANNED", "DISTANT", "REFUSED_WORKUP"},
    ("AWAIT_CRE2", "1"): {"SURVEILLANCE", "SURGERY_PLANNED", "DISTANT", "REFUSED_WORKUP"},
    ("AWAIT_CRE1", "2"): set(),
    ("SURVEILLANCE", "1"): {"SURGERY_PLANNED", "DISTANT", "NONSURGICAL_SALVAGE"},
    ("SURVEILLANCE", "2"): {"SURGERY_PLANNED", "DISTANT", "NONSURGICAL_SALVAGE"},
    ("AWAIT_RESTAGE", "2"): {"SURGERY_PLANNED", "DISTANT", "SURVEILLANCE"},
    ("SURGERY_PLANNED", "1"): {"OPERATED", "NOT_RESECTED", "REFUSED_SURGERY"},
    ("REFUSED_SURGERY", "1"): {"SURVEILLANCE"},
    ("OPERATED", "2"): {"FOLLOW_UP"},
    ("FOLLOW_UP", "2"): {"RECURRENCE"},
    ("PROGRESSION", "1"): {"SURVIVAL_ONLY"},
    ("DISTANT", "1"): {"SURVIVAL_ONLY"},
    ("RECURRENCE", "1"): {"SURVIVAL_ONLY"},
    ("NOT_RESECTED", "1"): {"SURVIVAL_ONLY", "OPERATED"},
    ("SURVIVAL_ONLY", "1"): set(),
}


@pytest.mark.parametrize(("start", "arm"), MOVES)
def test_moves_of_the_protocol(start: str, arm: str | None) -> None:
    assert moves_from(TEXT, start, arm) == MOVES[start, arm] | ENDS


@pytest.mark.parametrize("track", sorted(ENDS | {"SCREEN_FAIL", "WITHDRAWN"}))
def test_terminal_tracks_are_never_left(track: str) -> None:
    assert is_terminal(TEXT, track)
    assert moves_from(TEXT, track, "1") == frozenset()


def test_may_move() -> None:
    assert may_move(TEXT, "SURVEILLANCE", "SURGERY_PLANNED", "1")
    assert may_move(TEXT, "SURVEILLANCE", "DEAD", "1")
    assert not may_move(TEXT, "FOLLOW_UP", "SURVEILLANCE", "1")
    assert not may_move(TEXT, "DEAD", "SURVIVAL_ONLY", "1")
    assert not is_terminal(TEXT, "SURVIVAL_ONLY")


@pytest.mark.parametrize(
    ("track", "arms"),
    [("AWAIT_CRE1", "1"), ("AWAIT_RESTAGE", "2"), ("SURVEILLANCE", "12"), ("SCREENED", "12"), ("DEAD", "12")],
)
def test_tracks_of_an_arm(track: str, arms: str) -> None:
    assert [arm for arm in "12" if exists_in(TEXT, track, arm)] == list(arms)


def test_every_track_can_be_entered_and_every_other_one_left() -> None:
    entered = {move.to for move in TEXT.moves} | ENDS | {"SCREENED"}
    assert entered == {track.code for track in TEXT.tracks}
    for track in TEXT.tracks:
        assert track.terminal or any(moves_from(TEXT, track.code, arm) for arm in "12")
