"""The draw of the plan of source verification, as the database makes it: same seed, same participants (pure)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

RUN: Final = 20
"""How many participants of a site, in the order of registration, the share is held over."""
STEP: Final = 100 // RUN


@dataclass(frozen=True)
class Draw:
    """Where a participant stands: which run of their site, which place in it, and the rank of the place's lot."""

    site: str
    run: int
    place: int
    rank: int

    def drawn(self, percent: int) -> bool:
        """Say whether a share of so many percent draws the participant."""
        return STEP * self.rank < percent


def lot(seed: str, what: str) -> str:
    """Return the digest that decides."""
    return hashlib.sha256(f"{seed}:{what}".encode()).hexdigest()


def draw_of(seed: str, number: str) -> Draw:
    """Return where the participant with this number stands in the draw."""
    site, _dash, running = number.partition("-")
    run, place = divmod(int(running) - 1, RUN)
    lots = [lot(seed, f"{site}:{run}:{each}") for each in range(RUN)]
    return Draw(site, run, place, sum(other < lots[place] for other in lots))


def field_drawn(seed: str, number: str, form: str, item: str, percent: int) -> bool:
    """Say whether a share of so many percent of the other fields draws this one."""
    return int(lot(seed, f"{number}:{form}:{item}")[:7], 16) % 100 < percent
