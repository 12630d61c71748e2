"""The places of copied participants: taken and opened through the allocator's own doors, in two kept steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Signature
from audit.acts import open_act
from kernel.scope import tell_copying
from randomization.allocation.certificate import certificate_of
from randomization.allocation.verify import fault_of
from randomization.allocation_list import functions
from randomization.allocation_list.keys import list_keys
from randomization.models import Allocation
from trials.models import Participant


class PlaceError(Exception):
    """A list is exhausted, or a place does not open."""


@dataclass(frozen=True)
class CopiedSlot:
    """A copied participant who is to have a place in the stratum of ``model``'s participant."""

    participant_id: int
    number: str
    decision_id: int
    model: Allocation


def take(place: CopiedSlot) -> None:
    """The participant holds the next place of the stratum, asked for and signed as the model's was."""
    model, signed = place.model, place.model.signature
    participant = Participant(pk=place.participant_id, site_id=model.site_id, number=place.number)
    with open_act(
        "randomization:slot:take", by=model.randomized_by, at=model.randomized_at, participant=participant
    ) as act:
        tell_copying()
        signature = signed and Signature.objects.create(
            by_id=signed.by_id,
            printed_name=signed.printed_name,
            role=signed.role,
            signed_at=signed.signed_at,
            meaning=signed.meaning,
            record=f"randomization {place.number}",
            digest=signed.digest,
            site_id=model.site_id,
            act=act,
        )
        taken = functions.take_next_slot(
            participant_id=place.participant_id, scheme_id=model.part.scheme_id, stratum=model.stratum
        )
        if taken is None:
            raise PlaceError(f"the list for {model.stratum} has no places left: simulate with a longer one")
        Allocation.objects.create(
            participant_id=place.participant_id,
            site_id=model.site_id,
            part_id=taken.part_id,
            number=taken.number,
            stratum=taken.stratum,
            sequence=taken.sequence,
            strat_site=model.strat_site,
            strat_stage=model.strat_stage,
            decision_id=place.decision_id,
            signature=signature,
            randomized_by_id=model.randomized_by_id,
            randomized_at=model.randomized_at,
            act=act,
        )


def open_all(places: list[CopiedSlot], *, randomized_at: Callable[[CopiedSlot, str], datetime]) -> None:
    """Every place is open, with a certificate that was checked against the published root."""
    allocations = Allocation.objects.select_related("part__scheme", "participant")
    by_participant = allocations.in_bulk(
        [place.participant_id for place in places], field_name="participant_id"
    )
    ring = list_keys()
    for place in places:
        opened = functions.reveal(participant_id=place.participant_id, ring=ring)
        if opened is None:
            raise PlaceError(f"{place.number} holds no place")
        allocation = by_participant[place.participant_id]
        at = randomized_at(place, opened.arm)
        with open_act(
            "randomization:arm:reveal",
            by=place.model.randomized_by,
            at=at,
            participant=allocation.participant,
        ) as act:
            allocation.arm, allocation.randomized_at, allocation.revealed_at = opened.arm, at, at
            allocation.certificate, allocation.act = certificate_of(allocation, opened), act
            if fault := fault_of(allocation.certificate, allocation.part.root or ""):
                raise PlaceError(f"{place.number}: {fault}")
            allocation.save(update_fields=["arm", "randomized_at", "revealed_at", "certificate", "act"])
