"""The list of a stratum under minimization: coins in place of arms (protocol 1.9; ADR 14). Pure.

A coin is a number from 0 up to 1, six digits behind the point, drawn from the seed as blocks are. Whoever
holds it knows no arm: that comes from the coin and from all who took a place earlier (``minimization.py``).
The same seed, design and stratum give the same coins on any machine, forever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from randomization.scheme.blocks import DesignError, Stream, derive
from randomization.scheme.minimization import FAVOURED

ALGORITHM = "palace3-minimization-1"
FACTORS = ("site", "stage_group")
_STEPS = 1_000_000


@dataclass(frozen=True)
class CoinDesign:
    """What a statistician decides before there is a list of coins; arms are given one to one."""

    scheme: str
    arms: tuple[str, ...] = ("1", "2")
    favoured: Fraction = FAVOURED

    def __post_init__(self) -> None:
        for broken, code in self._faults():
            if broken:
                raise DesignError(code)

    def _faults(self) -> Iterator[tuple[bool, str]]:
        yield not self.scheme, "scheme-unnamed"
        yield len(self.arms) < 2 or len(set(self.arms)) != len(self.arms), "arms-not-distinct"
        yield not Fraction(1, 2) < self.favoured <= 1, "coin-not-biased"

    def canonical(self) -> bytes:
        """The design in one spelling: it is part of what the stream is derived from."""
        parts = {
            "arms": self.arms,
            "factors": FACTORS,
            "favoured": str(self.favoured),
            "method": ALGORITHM,
            "scheme": self.scheme,
        }
        return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")

    @classmethod
    def from_canonical(cls, text: bytes) -> CoinDesign:
        """The design that ``canonical`` spelled."""
        parts = json.loads(text)
        return cls(parts["scheme"], tuple(parts["arms"]), Fraction(parts["favoured"]))


@dataclass(frozen=True)
class Coin:
    """One place of a list of coins."""

    stratum: str
    sequence: int
    coin: str


def levels_of(stratum: str) -> dict[str, str]:
    """The level of each factor in a stratum: ``01/III`` is site 01, stage group III."""
    return dict(zip(FACTORS, stratum.split("/"), strict=True))


def stratum_coins(design: CoinDesign, *, seed: str, stratum: str, count: int, after: int = 0) -> list[Coin]:
    """Places ``after`` + 1 to ``after`` + ``count`` of the stratum (protocol 1.9)."""
    stream = Stream(derive(seed, "coins", design.canonical(), stratum.encode("utf-8")))
    drawn = [f"0.{stream.below(_STEPS):06d}" for _ in range(after + count)]
    return [Coin(stratum, slot, drawn[slot - 1]) for slot in range(after + 1, after + count + 1)]
