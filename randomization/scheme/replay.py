"""A list of coins that was opened: every arm computed again, in the order of turns (ADR 14). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from randomization.scheme.coins import levels_of
from randomization.scheme.minimization import AllocatedParticipant, arm_by_coin, marginal_counts

ARMS = ("1", "2")


@dataclass(frozen=True)
class OpenCoin:
    """A place that held a coin, with what was told to its participant. ``turn`` is None while nobody has it."""

    stratum: str
    sequence: int
    coin: str
    turn: int | None
    told: str | None
    stated: Any
    at: datetime | None


@dataclass(frozen=True)
class Replayed:
    """The arm that the coin gives after all who were allocated earlier, and what does not fit it."""

    arm: str = ""
    faults: tuple[str, ...] = field(default=())


def replay(places: Iterable[OpenCoin], *, favoured: Fraction) -> dict[tuple[str, int], Replayed]:
    """For every place of a scheme, by stratum and sequence, its arm by coin and turn.

    Each arm is computed from the arms that were given before, so one that was not followed is named alone.
    """
    known = list(places)
    taken = sorted((place for place in known if place.turn is not None), key=lambda place: place.turn or 0)
    replayed = {(place.stratum, place.sequence): Replayed() for place in known}
    past: list[AllocatedParticipant] = []
    for expected_turn, place in enumerate(taken, start=1):
        counts = marginal_counts(levels_of(place.stratum), past, ARMS)
        arm = arm_by_coin(counts, coin=place.coin, favoured=favoured)
        faults = _faults(place, arm, {"turn": expected_turn, "counts": counts}, taken[: expected_turn - 1])
        replayed[place.stratum, place.sequence] = Replayed(arm, tuple(faults))
        past.append(AllocatedParticipant(levels_of(place.stratum), place.told or arm))
    for place in known:
        if place.turn is None and place.at is not None:
            replayed[place.stratum, place.sequence] = Replayed(faults=("the place is taken and has no turn",))
    return replayed


def _faults(
    place: OpenCoin, arm: str, expected: dict[str, Any], earlier: Sequence[OpenCoin]
) -> Iterator[str]:
    if place.turn != expected["turn"]:
        yield f"the turn is {place.turn} where {expected['turn']} was due"
    if place.told is not None and place.told != arm:
        yield "the participant was told another arm than coin and order give"
    if place.told is not None and place.stated != expected:
        yield "the certificate states another turn or other counts"
    if any(e.stratum == place.stratum and e.sequence > place.sequence for e in earlier):
        yield "a later place of the stratum had an earlier turn"
