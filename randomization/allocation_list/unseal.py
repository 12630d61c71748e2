"""The sealed list, read by the owner of the database with the list key: never by the web process.

A connection here signs in as the owner and takes the allocator's role. What is read is proved as it is
read: seals open only in their place, the seed gives the same places again, the tree gives the same root.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from randomization.allocation_list import functions
from randomization.scheme import generation, merkle, sealing
from randomization.scheme.coins import Coin, CoinDesign
from randomization.scheme.generation import AnyDesign, Place
from randomization.scheme.replay import OpenCoin, Replayed, replay
from randomization.scheme.sealing import KeyRing, Sealed, SealError

OWNER_VARIABLE = "DATABASE_OWNER_URL"


class NoEnvelopes(Refusal):
    code = "randomization.no_envelopes"
    message = _(
        "Site {site} allocates by minimization: a coming arm follows from everybody randomized before it, so no "
        "envelope can hold it. During an outage nobody is randomized."
    )


class NotTheOwner(Exception):  # noqa: N818 - reads as the sentence it prints
    """The owner's address is not in the environment."""


@dataclass(frozen=True)
class OpenPlace:
    """A place as it is: what was sealed, who has it, and whether all of it proves."""

    stratum: str
    sequence: int
    block: int
    block_size: int
    arm: str
    number: str
    participant: str
    at: datetime | None
    faults: tuple[str, ...]
    held: OpenCoin | None = None  # under minimization; there are no blocks then, and an arm only once taken


@dataclass(frozen=True)
class OpenPart:
    """A list that was opened."""

    label: str
    root: str
    published: str
    places: tuple[OpenPlace, ...]
    favoured: Fraction | None = None  # of minimization

    @property
    def proved(self) -> bool:
        return self.root == self.published and not any(slot.faults for slot in self.places)


PARTS = """
    SELECT p.id, s.version, p.number, p.root, l.scheme, l.sealed_seed,
        l.seed_key_id, l.sealed_design, l.design_key_id
    FROM allocation.list AS l
    JOIN public.randomization_listpart AS p ON p.id = l.part_id
    JOIN public.randomization_scheme AS s ON s.id = p.scheme_id
    ORDER BY s.version, p.number
"""
SLOTS = """
    SELECT t.name, s.sequence, s.leaf, s.number, s.sealed, s.key_id, s.taken_at,
        coalesce(who.number, ''), who.arm, a.arm, a.number, a.sequence, a.stratum,
        n.turn, a.certificate -> 'minimization'
    FROM allocation.slot AS s
    JOIN allocation.stratum AS t ON t.id = s.stratum_id
    LEFT JOIN allocation.turn AS n ON (n.stratum_id, n.sequence) = (s.stratum_id, s.sequence)
    LEFT JOIN public.trials_participant AS who ON who.id = s.participant_id
    LEFT JOIN public.randomization_allocation AS a ON a.participant_id = s.participant_id
    WHERE s.part_id = %s ORDER BY s.leaf
"""


@contextmanager
def owner_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A transaction of the database's owner, who sees every site; kept when it ends without a fault."""
    address = os.environ.get(OWNER_VARIABLE)
    if not address:
        raise NotTheOwner(f"set {OWNER_VARIABLE}: the list is opened by the owner of the database alone")
    with psycopg.connect(address) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.sites', '*', true)")
        yield cursor


def opened_parts(ring: KeyRing) -> Iterator[OpenPart]:
    """Every list, opened and proved; under minimization every arm computed again from the coins in order."""
    parts = list(_opened_parts(ring))
    by_scheme: dict[str, dict[tuple[str, int], Replayed]] = {}
    for part in parts:
        if part.favoured is None:
            yield part
            continue
        scheme = part.label[:-1]
        if scheme not in by_scheme:
            coins = [slot.held for other in parts if other.label[:-1] == scheme for slot in other.places]
            by_scheme[scheme] = replay([coin for coin in coins if coin], favoured=part.favoured)
        yield replace(part, places=tuple(_with_arm(slot, by_scheme[scheme]) for slot in part.places))


def _with_arm(place: OpenPlace, replayed: dict[tuple[str, int], Replayed]) -> OpenPlace:
    again = replayed[place.stratum, place.sequence]
    return replace(place, arm=again.arm, faults=(*place.faults, *again.faults))


def _opened_parts(ring: KeyRing) -> Iterator[OpenPart]:
    with owner_cursor() as cursor:
        cursor.execute(PARTS)
        for row in cursor.fetchall():
            part_id, version, number, root, scheme, *sealed = row
            seed, design = _seed_and_design(ring, scheme, number, sealed)
            cursor.execute(SLOTS, [part_id])
            yield _opened(cursor.fetchall(), f"{version}{chr(64 + number)}", root, seed, design, ring)


def _seed_and_design(ring: KeyRing, scheme: str, number: int, sealed: list[Any]) -> tuple[str, AnyDesign]:
    seed_blob, seed_key, design_blob, design_key = sealed
    seed = sealing.unseal(
        ring, Sealed(seed_key, bytes(seed_blob)), bound=functions.seed_binding(scheme, number)
    ).decode("ascii")
    design = generation.design_from(
        sealing.unseal(ring, Sealed(design_key, bytes(design_blob)), bound=functions.design_binding(scheme))
    )
    return seed, design


def _opened(
    rows: list[Any], label: str, published: str, seed: str, design: AnyDesign, ring: KeyRing
) -> OpenPart:
    first: dict[str, int] = {}
    count: dict[str, int] = {}
    for row in rows:
        first[row[0]] = min(first.get(row[0], row[1]), row[1])
        count[row[0]] = count.get(row[0], 0) + 1
    expected = [
        slot
        for stratum in sorted(count)
        for slot in generation.places_of(
            design,
            seed=seed,
            strata=[stratum],
            per_stratum=count[stratum],
            after={stratum: first[stratum] - 1},
        )
    ]
    numbers = generation.numbers_for(expected, seed=seed, label=label)
    hashes, slots = [], []
    for row, slot, number in zip(rows, expected, numbers, strict=True):
        hashes.append(merkle.leaf_hash(generation.leaf_of(design, slot, seed=seed, number=number)))
        faults = tuple(_faults(row, slot, number, design, ring))
        slots.append(_open_place(row, slot, number, faults))
    favoured = design.favoured if isinstance(design, CoinDesign) else None
    return OpenPart(label, merkle.root(hashes).hex(), published, tuple(slots), favoured)


def _open_place(row: Any, place: Place, number: str, faults: tuple[str, ...]) -> OpenPlace:
    coin, block, block_size, arm = None, 0, 0, ""
    if isinstance(place, Coin):
        turn, stated = row[13:15]
        coin = OpenCoin(place.stratum, place.sequence, place.coin, turn, row[9], stated, row[6])
    else:
        block, block_size, arm = place.block, place.block_size, place.arm
    return OpenPlace(
        stratum=place.stratum,
        sequence=place.sequence,
        block=block,
        block_size=block_size,
        arm=arm,
        number=number,
        participant=row[7],
        at=row[6],
        faults=faults,
        held=coin,
    )


def _faults(row: Any, place: Place, number: str, design: AnyDesign, ring: KeyRing) -> Iterator[str]:
    stratum, sequence, _leaf, stored_number, blob, key_id, taken_at, who, arm, allocated, *allocation = row[
        :13
    ]
    binding, sealed = (
        (functions.coin_binding, place.coin)
        if isinstance(place, Coin)
        else (functions.place_binding, place.arm)
    )
    if (stratum, sequence, stored_number) != (place.stratum, place.sequence, number):
        yield "the place is not where the seed puts it"
    try:
        content = sealing.unseal(
            ring, Sealed(key_id, bytes(blob)), bound=binding(design.scheme, stratum, sequence)
        )
        if sealing.arm_of(content)[0] != sealed:
            yield "another arm or coin is sealed than the seed gives"
    except SealError:
        yield "the seal does not open"
    if taken_at is None:
        return
    if allocated is None:
        yield "the place is taken, and no allocation was completed"
    elif {arm, allocated} != {allocated if isinstance(place, Coin) else place.arm}:
        yield "the participant was told another arm than the list has"
    if allocation != [number, sequence, stratum]:
        yield "the allocation names another place"
    if not who:
        yield "the place is taken by nobody who is known"


def unfollowed_order(parts: list[OpenPart], *, on_paper: Collection[str] = ()) -> list[str]:
    """Strata whose places were not taken in order: an untaken place before a taken one, or later earlier.

    Places ``on_paper`` stand outside the order: an envelope waits for its outage, or comes back.
    """
    by_stratum: dict[str, list[OpenPlace]] = {}
    for part in parts:
        for place in (each for each in part.places if each.number not in on_paper):
            by_stratum.setdefault(place.stratum, []).append(place)
    broken = []
    for stratum, slots in sorted(by_stratum.items()):
        times = [place.at for place in sorted(slots, key=lambda place: place.sequence)]
        used = [time for time in times if time is not None]
        if times[: len(used)] != used or used != sorted(used):
            broken.append(stratum)
    return broken


def rotate(ring: KeyRing) -> int:
    """Everything sealed is under the current key; how many seals were changed."""
    changed = 0
    with owner_cursor() as cursor:
        cursor.execute("SET LOCAL ROLE palace3_allocator")
        cursor.execute(
            "SELECT l.scheme, t.name, s.sequence, s.sealed, s.key_id, s.stratum_id, EXISTS (SELECT 1 FROM "
            "allocation.turn_counter AS c WHERE c.scheme_id = l.scheme_id) FROM allocation.slot AS s "
            "JOIN allocation.stratum AS t ON t.id = s.stratum_id "
            "JOIN allocation.list AS l ON l.part_id = s.part_id WHERE s.key_id <> %s FOR UPDATE OF s",
            [ring.current],
        )
        for scheme, name, sequence, blob, key_id, stratum_id, coin in cursor.fetchall():
            binding = functions.coin_binding if coin else functions.place_binding
            again = sealing.rotated(ring, Sealed(key_id, bytes(blob)), bound=binding(scheme, name, sequence))
            cursor.execute(
                "UPDATE allocation.slot SET sealed = %s, key_id = %s WHERE stratum_id = %s AND sequence = %s",
                [again.blob, again.key_id, stratum_id, sequence],
            )
            changed += 1
        changed += _rotate_designs(cursor, ring)
    return changed


def _rotate_designs(cursor: Any, ring: KeyRing) -> int:
    changed = 0
    cursor.execute("SELECT scheme_id, scheme, sealed_design, key_id FROM allocation.draft")
    for scheme_id, scheme, blob, key_id in cursor.fetchall():
        again = sealing.rotated(ring, Sealed(key_id, bytes(blob)), bound=functions.design_binding(scheme))
        cursor.execute(
            "UPDATE allocation.draft SET sealed_design = %s, key_id = %s WHERE scheme_id = %s",
            [again.blob, again.key_id, scheme_id],
        )
        changed += 1
    cursor.execute(
        "SELECT l.part_id, l.scheme, p.number, l.sealed_seed, l.seed_key_id, l.sealed_design, l.design_key_id "
        "FROM allocation.list AS l JOIN public.randomization_listpart AS p ON p.id = l.part_id"
    )
    for part_id, scheme, number, seed_blob, seed_key, design_blob, design_key in cursor.fetchall():
        seed = sealing.rotated(
            ring, Sealed(seed_key, bytes(seed_blob)), bound=functions.seed_binding(scheme, number)
        )
        design = sealing.rotated(
            ring, Sealed(design_key, bytes(design_blob)), bound=functions.design_binding(scheme)
        )
        cursor.execute(
            "UPDATE allocation.list SET sealed_seed = %s, seed_key_id = %s, sealed_design = %s, "
            "design_key_id = %s WHERE part_id = %s",
            [seed.blob, seed.key_id, design.blob, design.key_id, part_id],
        )
        changed += 2
    return changed


def next_places(
    ring: KeyRing, *, site: str, per_stratum: int, on_paper: Collection[str] = ()
) -> list[OpenPlace]:
    """The coming places of a site, for envelopes: the first ``per_stratum`` of each stratum that are not out yet."""
    coming: dict[str, list[OpenPlace]] = {}
    for part in opened_parts(ring):
        for place in part.places:
            if place.at is None and place.stratum.startswith(f"{site}/") and place.number not in on_paper:
                if place.held is not None:
                    raise NoEnvelopes(site=site)
                coming.setdefault(place.stratum, []).append(place)
    return [
        place
        for stratum in sorted(coming)
        for place in sorted(coming[stratum], key=lambda place: place.sequence)[:per_stratum]
    ]


def seed_for_extension(ring: KeyRing, *, scheme: str, strata: list[str]) -> tuple[str, dict[str, int]]:
    """The seed of the list that the strata are continued from, and how many places each has."""
    with owner_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT l.part_id, p.number, l.sealed_seed, l.seed_key_id, l.sealed_design, "
            "l.design_key_id FROM allocation.list AS l "
            "JOIN public.randomization_listpart AS p ON p.id = l.part_id "
            "JOIN allocation.slot AS s ON s.part_id = l.part_id AND s.sequence = 1 "
            "JOIN allocation.stratum AS t ON t.id = s.stratum_id WHERE l.scheme = %s AND t.name = ANY (%s)",
            [scheme, strata],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT t.name, t.size FROM allocation.stratum AS t WHERE t.name = ANY (%s) AND t.scheme_id IN "
            "(SELECT l.scheme_id FROM allocation.list AS l WHERE l.scheme = %s)",
            [strata, scheme],
        )
        sizes = dict(cursor.fetchall())
    if len(rows) != 1:
        raise SealError("strata of one extension continue one list: ask for one extension for each list")
    _part, number, *sealed = rows[0]
    return _seed_and_design(ring, scheme, number, sealed)[0], sizes


def admit_extension(*, part_id: int, admitted_by: str) -> None:
    """The owner lets the places of this extension be stored; the application cannot."""
    with owner_cursor() as cursor:
        cursor.execute("SET LOCAL ROLE palace3_allocator")
        cursor.execute(
            "INSERT INTO allocation.admitted (part_id, admitted_by) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [part_id, admitted_by],
        )


def switch_minimization(*, on: bool, turned_by: str, reason: str) -> None:
    """The owner allows lists of coins, or no longer; the application can read the switch and not turn it."""
    with owner_cursor() as cursor:
        cursor.execute("SET LOCAL ROLE palace3_allocator")
        cursor.execute(
            "INSERT INTO allocation.switch (minimization, turned_by, reason) VALUES (%s, %s, %s)",
            [on, turned_by, reason],
        )
