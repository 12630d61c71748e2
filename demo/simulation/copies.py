"""Many more participants, copied in bulk from the walked ones: for measuring, not for reading.

Everything is written as the application role, under acts, by the rules of the database: the same
triggers, policies, constraints and event tables hold for a copy as for any other row. A copy of a
randomized participant takes the next place of its stratum through the allocator's own two doors
(``copied_places``). The arm is not known before, so what came before randomization is copied from
one walked participant, and what came after from one whose arm is the one drawn: the same when the
arm is the same, else the next who was randomized to it, of that stratum if there is one. What is
not gone through are the services' refusals and checks: they judged the walked rows, whose values a
copy repeats.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from audit.acts import open_act
from demo.simulation.bulk import BulkProgress, Tell, in_parallel
from demo.simulation.copied_rows import Source, copy_rows
from demo.simulation.copied_slots import CopiedSlot, open_all, take
from demo.simulation.unguarded import connected_as
from kernel.scope import EVERYTHING, scope
from randomization.models import Allocation
from trials.models import Participant

# The rows of the n-th copy have the number of their source plus n times this. Addresses reach 2^40 (row_keys.py):
# so many copies as 36,000 stay below it.
STRIDE: Final = 30_000_000
AT_ONCE: Final = 10  # what was verified is worked out against all rows of a statement: many at once cost more
AT_ONCE_UNGUARDED: Final = 200
VERB: Final = "simulation:bulk:copy"
REASON: Final = "Synthetic copies for measuring"


class NobodyToFollowError(Exception):
    """No walked participant has the arm that was drawn: walk more of them."""


@dataclass(frozen=True)
class Copy:
    """A participant to be written: the number, and the walked one whose screening it repeats."""

    number: str
    shift: int
    model: Participant
    allocation: Allocation | None

    def repeats(self, walked: Participant) -> Source:
        """Return what is copied when this copy repeats the way of ``walked``."""
        return Source(walked.pk, self.shift, self.model.pk + self.shift, self.number, self.model.site_id)

    def place(self) -> CopiedSlot:
        """Return the place that this copy is to have."""
        if self.allocation is None:
            raise ValueError(f"{self.number} is not randomized")
        return CopiedSlot(
            self.model.pk + self.shift, self.number, self.allocation.decision_id + self.shift, self.allocation
        )


@dataclass(frozen=True)
class Walked:
    """The walked participants and their allocations, as copies read them."""

    people: list[Participant]
    allocations: dict[int, Allocation]
    copies: int  # that there are already
    taken: Counter[int]  # how many participants each site has
    known: dict[tuple[int, str], Participant] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Walked:
        with transaction.atomic():
            people = list(Participant.objects.filter(pk__lt=STRIDE).select_related("site").order_by("pk"))
            given = Allocation.objects.filter(participant_id__lt=STRIDE).select_related(
                "part__scheme", "signature", "randomized_by"
            )
            everybody = Participant.objects.values_list("pk", "site_id")
            return cls(
                people,
                {one.participant_id: one for one in given},
                max((number // STRIDE for number, _site in everybody), default=0),
                Counter(site for _number, site in everybody),
            )

    def followed_by(self, model: Participant, arm: str) -> Participant:
        """Return whose way a copy of ``model`` goes on with after ``arm`` was drawn."""
        if model.arm == arm:
            return model
        if (model.pk, arm) not in self.known:
            self.known[model.pk, arm] = self._nearest(model, arm)
        return self.known[model.pk, arm]

    def _nearest(self, model: Participant, arm: str) -> Participant:
        own = self.allocations[model.pk]

        def distance(other: Participant) -> tuple[bool, bool, float]:
            there = self.allocations[other.pk]
            days = (there.randomized_at - own.randomized_at).total_seconds()
            return days < 0, there.stratum != own.stratum, abs(days)

        nearest = min((one for one in self.people if one.arm == arm), key=distance, default=None)
        if nearest is None:
            raise NobodyToFollowError(f"no walked participant has arm {arm}: walk more")
        return nearest


def copy_up_to(wanted: int, *, at: datetime, tell_progress: Tell, superuser: str = "") -> None:
    """There are ``wanted`` participants: the walked ones, and copies of them with numbers of their own.

    With the address of a ``superuser`` the copies are written past the guards of the database (``unguarded``).
    """
    with scope(user_id=None, sites=EVERYTHING):
        walked = Walked.load()
        copies: dict[int, list[Copy]] = defaultdict(list)
        for copy in _copies(walked, wanted):
            copies[copy.model.site_id].append(copy)
        progress = BulkProgress(wanted, tell_progress, done=walked.taken.total())

        def work(sites: list[int]) -> list[str]:
            at_once = AT_ONCE_UNGUARDED if superuser else AT_ONCE
            with connected_as(superuser) if superuser else nullcontext():
                for batch in (batch for site in sites for batch in _batches(copies[site], at_once)):
                    _write(batch, walked, at)
                    progress.more(len(batch))
            return []

        in_parallel(work, {site: len(own) for site, own in copies.items()})


def _copies(walked: Walked, wanted: int) -> Iterator[Copy]:
    taken = walked.taken.copy()
    for number in range(walked.copies, wanted - len(walked.people)):
        model = walked.people[number % len(walked.people)]
        taken[model.site_id] += 1
        yield Copy(
            number=f"{model.site.code}-{taken[model.site_id]:04d}",
            shift=(number + 1) * STRIDE,
            model=model,
            allocation=walked.allocations.get(model.pk),
        )


def _batches(copies: list[Copy], at_once: int) -> Iterator[list[Copy]]:
    for first in range(0, len(copies), at_once):
        yield copies[first : first + at_once]


def _write(batch: Sequence[Copy], walked: Walked, at: datetime) -> None:
    """One batch is screened and has its places; then, in another transaction, it goes on from there."""
    about: dict[str, Any] = {"by": None, "at": at, "site": batch[0].model.site, "reason": REASON}
    drawn = {copy.number: copy for copy in batch if copy.allocation is not None}
    places = [copy.place() for copy in drawn.values()]
    with open_act(VERB, **about) as act:
        copy_rows([copy.repeats(copy.model) for copy in drawn.values()], act, before=True)
        copy_rows([copy.repeats(copy.model) for copy in batch if copy.allocation is None], act)
        for place in places:
            take(place)
    followed: list[Source] = []

    def randomized_at(place: CopiedSlot, arm: str) -> datetime:
        copy = drawn[place.number]
        other = walked.followed_by(copy.model, arm)
        followed.append(copy.repeats(other))
        return walked.allocations[other.pk].randomized_at

    with open_act(VERB, **about) as act:
        open_all(places, randomized_at=randomized_at)
        copy_rows(followed, act, before=False)
