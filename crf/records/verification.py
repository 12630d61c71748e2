"""Every stored derived answer and finding beside a fresh evaluation; nothing is changed (protocol 3.0)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from crf import catalogue
from crf.engine.base import RecordState
from crf.recheck import DifferingItem, differences, judged
from crf.store.context import FormContext
from crf.store.records import begun_records
from kernel.punctuation import listed
from trials.models import Participant
from trials.models.locks import lock_over

AT_ONCE = 100


@dataclass(frozen=True)
class Difference:
    """A record whose derived answers or queries are not as its answers are judged now."""

    participant_id: int
    record_id: int
    label: str
    is_locked: bool
    items: tuple[DifferingItem, ...]

    def __str__(self) -> str:
        return f"{self.label}: {listed(item.name for item in self.items)}"


def verify_derived(people: Iterable[Participant], *, at: datetime) -> Iterator[Difference]:
    """Yield each record that differs from a fresh evaluation on the day of ``at``.

    What is frozen or locked stays as it was.
    """
    for participant in people:
        form_context = FormContext(participant, at=at)
        for form in catalogue.forms().values():
            for record in begun_records(form, participant):
                record_key, stored, outcome, known = judged(form, record, form_context)
                if items := tuple(differences(record_key, stored, outcome, known)):
                    locked = record.state == RecordState.LOCKED or bool(
                        lock_over(participant, visit=record.visit_id, record=record.pk)
                    )
                    yield Difference(participant.pk, record.pk, record_key.label, locked, items)


def everybody() -> Iterable[Participant]:
    """Return every participant with their site, a hundred at a time."""
    participants = Participant.objects.select_related("site").order_by("number")
    return participants.iterator(chunk_size=AT_ONCE)
