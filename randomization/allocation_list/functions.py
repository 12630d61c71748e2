"""The doors to the schema ``allocation``, one function each; nothing else in the application calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from randomization.scheme import merkle, sealing
from randomization.scheme.sealing import KeyRing, Sealed


@dataclass(frozen=True)
class Taken:
    """A place that belongs to a participant now. What is sealed in it is not known here."""

    stratum: str
    sequence: int
    number: str
    part_id: int


@dataclass(frozen=True)
class Opened:
    """A place after it was revealed. ``arm`` is what was sealed: under minimization, a coin."""

    scheme: str
    stratum: str
    sequence: int
    number: str
    part_id: int
    leaf: int
    arm: str
    salt: str
    path: tuple[str, ...]
    taken_at: datetime


@dataclass(frozen=True)
class Turn:
    """A place of a minimizing scheme in the order of taking; ``arm`` is None while nobody was told it."""

    turn: int
    participant_id: int
    stratum: str
    arm: str | None


@dataclass(frozen=True)
class SealedPlace:
    """A place as it is stored: position, number, sealed arm, and its way to the root."""

    stratum: str
    sequence: int
    leaf: int
    number: str
    sealed: Sealed
    proof: bytes


@dataclass(frozen=True)
class StratumCount:
    stratum: str
    site_id: int
    size: int
    used: int

    @property
    def left(self) -> int:
        return self.size - self.used


def place_binding(scheme: str, stratum: str, sequence: int) -> bytes:
    """What a sealed arm is bound to."""
    return sealing.bound_to("arm", scheme, stratum, sequence)


def coin_binding(scheme: str, stratum: str, sequence: int) -> bytes:
    """What a sealed coin is bound to; it does not open as an arm, nor an arm as a coin."""
    return sealing.bound_to("coin", scheme, stratum, sequence)


def design_binding(scheme: str) -> bytes:
    return sealing.bound_to("design", scheme)


def seed_binding(scheme: str, part_number: int) -> bytes:
    return sealing.bound_to("seed", scheme, part_number)


def take_next_slot(*, participant_id: int, scheme_id: int, stratum: str) -> Taken | None:
    """The participant's place: the next of the stratum, or the one they hold already; None when none is left.

    Holds the stratum until the transaction ends. Inside the act ``randomization:slot:take`` only.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM allocation.take_next_slot(%s, %s, %s)", [participant_id, scheme_id, stratum]
        )
        row = cursor.fetchone()
    return Taken(*row) if row else None


def take_slot_on_paper(*, participant_id: int, scheme_id: int, stratum: str, number: str) -> Taken | None:
    """The participant's place: the one whose envelope was opened; None when no envelope of the stratum has it.

    Earlier and later places stay as they are. Locks and acts as ``take_next_slot``.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM allocation.take_slot_on_paper(%s, %s, %s, %s)",
            [participant_id, scheme_id, stratum, number],
        )
        row = cursor.fetchone()
    return Taken(*row) if row else None


def reveal(
    *, participant_id: int, ring: KeyRing, binding: Callable[[str, str, int], bytes] = place_binding
) -> Opened | None:
    """The participant's place with its arm; refused by the database in the transaction that took it.

    A sealed arm that was moved or altered does not open (``SealError``). A coin opens by ``coin_binding``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM allocation.reveal(%s)", [participant_id])
        row = cursor.fetchone()
    if row is None:
        return None
    scheme, stratum, sequence, number, part_id, leaf, key_id, blob, proof, taken_at = row
    content = sealing.unseal(ring, Sealed(key_id, bytes(blob)), bound=binding(scheme, stratum, sequence))
    arm, salt = sealing.arm_of(content)
    return Opened(
        scheme=scheme,
        stratum=stratum,
        sequence=sequence,
        number=number,
        part_id=part_id,
        leaf=leaf,
        arm=arm,
        salt=salt.hex(),
        path=tuple(step.hex() for step in merkle.unpacked(bytes(proof))),
        taken_at=taken_at,
    )


def keep_design(*, scheme_id: int, scheme: str, sealed: Sealed) -> None:
    """The sealed design (block sizes with it) is kept where the application cannot read it back at will."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT allocation.keep_design(%s, %s, %s, %s)", [scheme_id, scheme, sealed.blob, sealed.key_id]
        )


def design_of(*, scheme_id: int) -> Sealed:
    """The sealed design. Inside the act of looking at it, or of activating a list."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_design, key_id FROM allocation.design_of(%s)", [scheme_id])
        blob, key_id = cursor.fetchone()
    return Sealed(key_id, bytes(blob))


def store_list(
    *,
    part_id: int,
    scheme: str,
    seed: Sealed,
    design: Sealed,
    sites: Sequence[tuple[str, int]],
    places: Sequence[SealedPlace],
) -> None:
    """The list stands. ``sites`` gives each stratum's site. Inside the act ``randomization:list:activate``."""
    names = [name for name, _ in sites]
    columns = (
        [slot.stratum for slot in places],
        [slot.sequence for slot in places],
        [slot.leaf for slot in places],
        [slot.number for slot in places],
        [slot.sealed.blob for slot in places],
        [slot.sealed.key_id for slot in places],
        [slot.proof for slot in places],
    )
    casts = ["text[]", "integer[]", "integer[]", "text[]", "bytea[]", "text[]", "bytea[]"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT allocation.store_list(%s, %s, %s, %s, %s, %s, %s::text[], %s::bigint[], "
            + ", ".join(f"%s::{cast}" for cast in casts)
            + ")",
            [
                part_id,
                scheme,
                seed.blob,
                seed.key_id,
                design.blob,
                design.key_id,
                names,
                [site for _, site in sites],
                *columns,
            ],
        )


def counts(*, scheme_id: int) -> list[StratumCount]:
    """Places and used places of each stratum that the transaction's scope shows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM allocation.counts(%s)", [scheme_id])
        return [StratumCount(*row) for row in cursor.fetchall()]


def turns_until(*, participant_id: int) -> list[Turn]:
    """All who took a place of the participant's scheme up to and with them, in order, as the scope shows them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.turn, n.participant_id, n.stratum, n.arm FROM allocation.turns_taken AS n "
            "JOIN allocation.turns_taken AS own ON own.scheme_id = n.scheme_id AND own.turn >= n.turn "
            "WHERE own.participant_id = %s ORDER BY n.turn",
            [participant_id],
        )
        return [Turn(*row) for row in cursor.fetchall()]


def minimization_allowed() -> bool:
    """Whether the owner of the database allows lists of coins now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT minimization FROM allocation.switch ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return bool(row and row[0])
