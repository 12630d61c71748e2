"""Minimization: whether it may be chosen, and the arm of a turn (protocol 1.9; ADR 14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from randomization.allocation.verify import Counts
from randomization.allocation_list import functions
from randomization.models import Allocation
from randomization.scheme import coins, minimization
from randomization.scheme.minimization import AllocatedParticipant

ARMS = ("1", "2")
Complete = Callable[..., Allocation]


class MinimizationOff(Refusal):
    code = "randomization.minimization_off"
    message = _(
        "Minimization is switched off: the protocol text says blocks. Define a scheme of permuted blocks. Only a "
        "new version of the protocol text, signed by the study team, switches minimization on."
    )


class MinimizationNotAllowed(Refusal):
    code = "randomization.minimization_not_allowed"
    message = _(
        "The owner of the database has not allowed minimization. On the machine that holds the owner's key run: "
        "manage.py allocation_list allow-minimization"
    )


class RatioNotEven(Refusal):
    code = "randomization.ratio_not_even"
    message = _("Minimization gives arms one to one. The protocol text has another ratio, so use blocks.")


class EarlierTurnClosed(Refusal):
    code = "randomization.earlier_turn_closed"
    message = _(
        "The arm of participant {participant} follows from those who were randomized earlier, and one of them has "
        "no arm yet. The place is kept. Open this page again in a minute; if that does not help, telephone the "
        "trial statistician."
    )


class EarlierTurnsWait(Exception):  # noqa: N818 - reads as what is so; never leaves complete_allocation()
    """Participants with an earlier turn whose arm nobody was told yet, in the order of their turns."""

    def __init__(self, waiting: Sequence[int]) -> None:
        super().__init__()
        self.waiting = waiting


@dataclass(frozen=True)
class Drawn:
    """An arm, and what it follows from."""

    arm: str
    turn: int
    counts: Counts


def refuse_unless_allowed() -> None:
    """Both the protocol text and the owner of the database say that minimization may allocate."""
    text = load(settings.PROTOCOL_VERSION)
    if text.setting("minimisation_on") is not True:
        raise MinimizationOff
    if len(set(text.randomization.ratio)) != 1:
        raise RatioNotEven
    if not functions.minimization_allowed():
        raise MinimizationNotAllowed


def favoured() -> Fraction:
    """How likely the balancing arm is, by the protocol text."""
    return Fraction(str(load(settings.PROTOCOL_VERSION).setting("minimisation_biased_coin")))


def draw(allocation: Allocation, *, coin: str) -> Drawn:
    """The arm of the allocation's turn, from its coin and all with an earlier turn.

    Looks at every site, whatever the scope: counted are people, and none is named.
    """
    with scope(user_id=allocation.randomized_by_id, sites=EVERYTHING):
        turns = functions.turns_until(participant_id=allocation.participant_id)
    if [turn.turn for turn in turns] != list(range(1, len(turns) + 1)) or not turns:
        raise EarlierTurnClosed(participant=allocation.participant.number)
    *earlier, own = turns
    waiting = [turn.participant_id for turn in earlier if turn.arm is None]
    if waiting:
        raise EarlierTurnsWait(waiting)
    past = [
        AllocatedParticipant(coins.levels_of(turn.stratum), turn.arm)
        for turn in earlier
        if turn.arm is not None
    ]
    counts = minimization.marginal_counts(coins.levels_of(own.stratum), past, ARMS)
    arm = minimization.arm_by_coin(counts, coin=coin, favoured=allocation.part.scheme.favoured)
    return Drawn(arm, own.turn, counts)


def complete_earlier(waiting: Sequence[int], complete: Complete, *, about: str, at: datetime) -> None:
    """Whoever has an earlier turn has their arm, each in the name of the person who randomized them.

    One transaction each, in the order of turns, so that two clients never wait for one another.
    """
    for participant_id in waiting:
        with scope(user_id=None, sites=EVERYTHING):
            allocation = _waiting_allocation(participant_id)
        by: User = allocation.randomized_by
        try:
            with scope(user_id=by.pk, sites=EVERYTHING):
                complete(participant=allocation.participant, by=by, at=at)
        except Refusal as closed:
            raise EarlierTurnClosed(participant=about) from closed


@transaction.atomic
def _waiting_allocation(participant_id: int) -> Allocation:
    allocations = Allocation.objects.select_related("participant__site", "randomized_by")
    return allocations.get(participant_id=participant_id)
