"""From a design and a seed to sealed places and one root. Pure but for the nonces of the seals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from randomization.allocation_list.functions import SealedPlace, coin_binding, place_binding
from randomization.scheme import blocks, coins, merkle, sealing
from randomization.scheme.blocks import Design, Slot
from randomization.scheme.coins import Coin, CoinDesign
from randomization.scheme.numbering import randomization_number
from randomization.scheme.sealing import KeyRing

AnyDesign = Design | CoinDesign
Place = Slot | Coin


@dataclass(frozen=True)
class Committed:
    """A list ready to be stored, and the root that is published for it."""

    places: tuple[SealedPlace, ...]
    root: str


def design_from(canonical: bytes) -> AnyDesign:
    """The design of blocks or of coins that was spelled."""
    spelled = CoinDesign if json.loads(canonical).get("method") == coins.ALGORITHM else Design
    return spelled.from_canonical(canonical)


def algorithm_of(design: AnyDesign) -> str:
    """The generator's name; of minimization with its bias, which is no secret."""
    if isinstance(design, CoinDesign):
        return f"{coins.ALGORITHM}:{design.favoured}"
    return blocks.ALGORITHM


def salt_of(seed: str, stratum: str, sequence: int) -> bytes:
    """The secret salt of a place: from the seed, so that opening the seed at the end proves all of it."""
    return blocks.derive(seed, "salt", stratum.encode("utf-8"), str(sequence).encode("ascii"))


def places_of(
    design: AnyDesign, *, seed: str, strata: Sequence[str], per_stratum: int, after: Mapping[str, int]
) -> list[Place]:
    """Each stratum's places after those it has, in the order of the leaves."""
    return [
        slot
        for stratum in sorted(strata)
        for slot in _stratum_places(design, seed, stratum, per_stratum, after.get(stratum, 0))
    ]


def _stratum_places(design: AnyDesign, seed: str, stratum: str, count: int, after: int) -> Sequence[Place]:
    if isinstance(design, CoinDesign):
        return coins.stratum_coins(design, seed=seed, stratum=stratum, count=count, after=after)
    return blocks.stratum_slots(design, seed=seed, stratum=stratum, count=count, after=after)


def leaf_of(design: AnyDesign, place: Place, *, seed: str, number: str) -> bytes:
    salt = salt_of(seed, place.stratum, place.sequence).hex()
    if isinstance(place, Coin):
        return merkle.coin_leaf(
            scheme=design.scheme,
            stratum=place.stratum,
            sequence=place.sequence,
            number=number,
            coin=place.coin,
            favoured=str(design.favoured) if isinstance(design, CoinDesign) else "",
            salt=salt,
        )
    return merkle.leaf(
        scheme=design.scheme,
        stratum=place.stratum,
        sequence=place.sequence,
        number=number,
        arm=place.arm,
        salt=salt,
    )


def numbers_for(places: Sequence[Place], *, seed: str, label: str) -> list[str]:
    """A randomization number for each place of the list ``label``, from a key that only the seed gives."""
    key = blocks.derive(seed, "number", label.encode("utf-8"))
    return [randomization_number(index, key=key, label=label) for index in range(len(places))]


def commit(design: AnyDesign, places: Sequence[Place], *, seed: str, label: str, ring: KeyRing) -> Committed:
    """The places numbered and sealed, each with its proof, under one root."""
    numbers = numbers_for(places, seed=seed, label=label)
    hashes = [
        merkle.leaf_hash(leaf_of(design, slot, seed=seed, number=number))
        for slot, number in zip(places, numbers, strict=True)
    ]
    paths = merkle.proofs(hashes)
    sealed = tuple(
        SealedPlace(
            stratum=slot.stratum,
            sequence=slot.sequence,
            leaf=index,
            number=numbers[index],
            sealed=_sealed(design, slot, seed=seed, ring=ring),
            proof=merkle.packed(paths[index]),
        )
        for index, slot in enumerate(places)
    )
    return Committed(sealed, merkle.root(hashes).hex())


def _sealed(design: AnyDesign, place: Place, *, seed: str, ring: KeyRing) -> sealing.Sealed:
    secret, binding = (place.coin, coin_binding) if isinstance(place, Coin) else (place.arm, place_binding)
    content = sealing.arm_content(secret, salt_of(seed, place.stratum, place.sequence))
    return sealing.seal(ring, content, bound=binding(design.scheme, place.stratum, place.sequence))
