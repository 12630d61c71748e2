"""Several proposals of one list confirmed together; each is coded by its own act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from crf.coding.items import coded_items
from crf.coding.services import code_words
from crf.models import Record
from kernel.errors import Refusal
from kernel.reading import UnreadableError, whole

PER_PAGE = 50
PARTS = 5


@dataclass(frozen=True)
class Tick:
    """One proposal that a coder confirms: the record, the question, the words they saw, the term and its class."""

    record_id: int
    item: str
    seen: str
    code: str
    class_code: str

    @property
    def value(self) -> str:
        return "|".join((str(self.record_id), self.item, self.seen, self.code, self.class_code))

    @classmethod
    def of(cls, value: str) -> Self | None:
        """Return what a ticked box says; None where it says nothing that can be meant."""
        parts = value.split("|")
        if len(parts) != PARTS or parts[1] not in coded_items():
            return None
        try:
            return cls(whole(parts[0]), *parts[1:])
        except UnreadableError:
            return None


@dataclass
class CodingBatch:
    """What became of the proposals that were ticked."""

    done: int = 0
    problems: list[str] = field(default_factory=list)

    def run(self, ticked: Iterable[str], *, by: User, at: datetime) -> None:
        """Each tick is coded; a refusal is noted and stops no other.

        Participants are held in the order of their keys, so that two lists sent at once do not wait for each other.
        """
        ticks = [tick for tick in map(Tick.of, list(ticked)[:PER_PAGE]) if tick is not None]
        open_to = Record.objects.open_to(by, Permission.CODING_DECIDE).select_related("participant")
        with transaction.atomic():
            records = open_to.in_bulk([tick.record_id for tick in ticks])
        known = [
            tick
            for tick in ticks
            if tick.record_id in records
            and records[tick.record_id].form_code == coded_items()[tick.item].form.code
        ]
        for tick in sorted(known, key=lambda tick: (records[tick.record_id].participant_id, tick.value)):
            participant = records[tick.record_id].participant
            try:
                with transaction.atomic():
                    code_words(participant=participant, by=by, at=at, **vars(tick))
                self.done += 1
            except Refusal as refusal:
                self.problems.append(f"{participant.number}: {refusal}")
