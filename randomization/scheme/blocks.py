"""The list of a stratum: permuted blocks, sizes mixed at random (protocol 1.9).

The same seed, design and stratum give the same list on any machine, forever. So nothing here rests on
Python's own ``random``, on hashing order or on floating point: the stream is HMAC-SHA-256 in counter mode,
and a number below n is drawn by rejection, which leaves no bias. Whoever changes what a seed gives must
name a new algorithm; old lists keep theirs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ALGORITHM = "palace3-blocks-1"
_WORD = 2**32


class DesignError(ValueError):
    """The design cannot give a list; ``code`` says why and the pages own the sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class BlockSize:
    """A block size and how often it is drawn, against the weights of the others."""

    size: int
    weight: int = 1


@dataclass(frozen=True)
class Design:
    """What a statistician decides before there is a list; ``scheme`` names it."""

    scheme: str
    arms: tuple[str, ...] = ("1", "2")
    ratio: tuple[int, ...] = (1, 1)
    blocks: tuple[BlockSize, ...] = (BlockSize(4), BlockSize(6))

    def __post_init__(self) -> None:
        for broken, code in self._faults():
            if broken:
                raise DesignError(code)

    def _faults(self) -> Iterator[tuple[bool, str]]:
        yield not self.scheme, "scheme-unnamed"
        yield len(self.arms) < 2 or len(set(self.arms)) != len(self.arms), "arms-not-distinct"
        yield len(self.ratio) != len(self.arms) or min(self.ratio, default=0) < 1, "ratio-not-per-arm"
        yield not self.blocks, "blocks-missing"
        yield len({block.size for block in self.blocks}) != len(self.blocks), "blocks-repeated"
        yield any(block.weight < 1 for block in self.blocks), "block-weight-below-one"
        parts = sum(self.ratio) or 1
        yield (
            any(block.size < 1 or block.size % parts for block in self.blocks),
            "block-not-multiple-of-ratio",
        )

    @property
    def largest_block(self) -> int:
        return max(block.size for block in self.blocks)

    def canonical(self) -> bytes:
        """The design in one spelling: it is part of what the stream is derived from."""
        blocks = sorted([block.size, block.weight] for block in self.blocks)
        parts = {"arms": self.arms, "blocks": blocks, "ratio": self.ratio, "scheme": self.scheme}
        return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")

    @classmethod
    def from_canonical(cls, text: bytes) -> Design:
        """The design that ``canonical`` spelled."""
        parts = json.loads(text)
        blocks = tuple(BlockSize(size, weight) for size, weight in parts["blocks"])
        return cls(parts["scheme"], tuple(parts["arms"]), tuple(parts["ratio"]), blocks)


@dataclass(frozen=True)
class Slot:
    """One place of a list. ``block`` and ``block_size`` never leave the statistician's files."""

    stratum: str
    sequence: int
    block: int
    block_size: int
    arm: str


class Stream:
    """Uniform whole numbers out of a key: HMAC-SHA-256(key, counter), read as big-endian 32-bit words."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._words = self._endless()

    def _endless(self) -> Iterator[int]:
        counter = 0
        while True:
            chunk = hmac.digest(self._key, counter.to_bytes(8, "big"), "sha256")
            for start in range(0, 32, 4):
                yield int.from_bytes(chunk[start : start + 4], "big")
            counter += 1

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1, each as likely as any other."""
        limit = _WORD - _WORD % bound
        word = next(self._words)
        while word >= limit:
            word = next(self._words)
        return word % bound

    def shuffled(self, items: Iterable[str]) -> list[str]:
        """``items`` in an order drawn uniformly from all orders (Fisher-Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def derive(seed: str, purpose: str, *parts: bytes) -> bytes:
    """A key for one purpose: knowing it tells nothing about the seed or about the key of another purpose."""
    message = b"".join(len(part).to_bytes(4, "big") + part for part in (purpose.encode(), *parts))
    return hmac.digest(seed.encode("utf-8"), ALGORITHM.encode() + b"\x00" + message, "sha256")


def blocks_of(design: Design, *, seed: str, stratum: str) -> Iterator[list[str]]:
    """The blocks of a stratum without end: each balanced, its size drawn by weight, its order uniform."""
    stream = Stream(derive(seed, "list", design.canonical(), stratum.encode("utf-8")))
    sizes = [block.size for block in sorted(design.blocks, key=lambda b: b.size) for _ in range(block.weight)]
    parts = sum(design.ratio)
    while True:
        size = sizes[stream.below(len(sizes))]
        arms = [
            arm
            for arm, share in zip(design.arms, design.ratio, strict=True)
            for _ in range(size // parts * share)
        ]
        yield stream.shuffled(arms)


def stratum_slots(design: Design, *, seed: str, stratum: str, count: int, after: int = 0) -> list[Slot]:
    """Places ``after`` + 1 to ``after`` + ``count`` of the stratum (protocol 1.9).

    Always ``count`` places, so the length of a list never gives away where a block ends; the last block
    may be cut, and an extension (``after`` > 0) goes on in the middle of it.
    """
    slots: list[Slot] = []
    sequence = 0
    for number, arms in enumerate(blocks_of(design, seed=seed, stratum=stratum), start=1):
        for arm in arms:
            sequence += 1
            if sequence > after + count:
                return slots
            if sequence > after:
                slots.append(Slot(stratum, sequence, number, len(arms), arm))
    raise AssertionError("blocks_of has no end")


def allocation_list(design: Design, *, seed: str, strata: Iterable[str], per_stratum: int) -> list[Slot]:
    """The list of every stratum, each from its own stream: adding a stratum changes no other."""
    return [
        slot
        for stratum in sorted(set(strata))
        for slot in stratum_slots(design, seed=seed, stratum=stratum, count=per_stratum)
    ]


def digest(places: Iterable[Slot]) -> str:
    """One SHA-256 over the list, to pin it in tests and in the record of an activation."""
    running = hashlib.sha256(ALGORITHM.encode())
    for slot in places:
        line = f"{slot.stratum},{slot.sequence},{slot.block},{slot.block_size},{slot.arm}\n"
        running.update(line.encode("utf-8"))
    return running.hexdigest()
