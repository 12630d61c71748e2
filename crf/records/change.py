"""One change of one record, as everything that follows from it is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.models import User
from crf.engine.evaluation import Outcome
from crf.store.context import Surroundings
from crf.store.records import Place


class SavedRecord(Protocol):
    """The columns that every form's record has beside its answers."""

    pk: int
    version: int
    state: str
    protocol_version: str
    visit: Any
    sequence: int


@dataclass(frozen=True)
class RecordChange:
    """A record that was written: its answers before (None for a new one) and after, by whom and when."""

    place: Place
    record: SavedRecord
    before: Outcome | None
    after: Outcome
    around: Surroundings
    by: User | None
    at: datetime
