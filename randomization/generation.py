"""From a design and a seed to sealed places and one root. Pure but for the nonces of the seals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from randomization import blocks, merkle, sealing
from randomization.blocks import Design, Slot
from randomization.numbering import randomization_number
from randomization.sealing import KeyRing
from randomization.store import SealedPlace, place_binding


@dataclass(frozen=True)
class Committed:
    """A list ready to be stored, and the root that is published for it."""

    places: tuple[SealedPlace, ...]
    root: str


def salt_of(seed: str, stratum: str, sequence: int) -> bytes:
    """The secret salt of a place: from the seed, so that opening the seed at the end proves all of it."""
    return blocks.derive(seed, "salt", stratum.encode("utf-8"), str(sequence).encode("ascii"))


def places_of(
    design: Design, *, seed: str, strata: Sequence[str], per_stratum: int, after: Mapping[str, int]
) -> list[Slot]:
    """Each stratum's places after those it has, in the order of the leaves."""
    return [
        place
        for stratum in sorted(strata)
        for place in blocks.stratum_slots(
            design, seed=seed, stratum=stratum, count=per_stratum, after=after.get(stratum, 0)
        )
    ]


def leaf_of(design: Design, place: Slot, *, seed: str, number: str) -> bytes:
    return merkle.leaf(
        scheme=design.scheme,
        stratum=place.stratum,
        sequence=place.sequence,
        number=number,
        arm=place.arm,
        salt=salt_of(seed, place.stratum, place.sequence).hex(),
    )


def numbers_for(places: Sequence[Slot], *, seed: str, label: str) -> list[str]:
    """A randomization number for each place of the list ``label``, from a key that only the seed gives."""
    key = blocks.derive(seed, "number", label.encode("utf-8"))
    return [randomization_number(index, key=key, label=label) for index in range(len(places))]


def commit(design: Design, places: Sequence[Slot], *, seed: str, label: str, ring: KeyRing) -> Committed:
    """The places numbered and sealed, each with its proof, under one root."""
    numbers = numbers_for(places, seed=seed, label=label)
    hashes = [
        merkle.leaf_hash(leaf_of(design, place, seed=seed, number=number))
        for place, number in zip(places, numbers, strict=True)
    ]
    paths = merkle.proofs(hashes)
    sealed = tuple(
        SealedPlace(
            stratum=place.stratum,
            sequence=place.sequence,
            leaf=index,
            number=numbers[index],
            sealed=_sealed(design, place, seed=seed, ring=ring),
            proof=merkle.packed(paths[index]),
        )
        for index, place in enumerate(places)
    )
    return Committed(sealed, merkle.root(hashes).hex())


def _sealed(design: Design, place: Slot, *, seed: str, ring: KeyRing) -> sealing.Sealed:
    content = sealing.arm_content(place.arm, salt_of(seed, place.stratum, place.sequence))
    return sealing.seal(ring, content, bound=place_binding(design.scheme, place.stratum, place.sequence))
