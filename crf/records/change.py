"""One change of one record, as everything that follows from it is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.models import User
from crf.engine.evaluation import Evaluation
from crf.store.context import FormContext
from crf.store.records import RecordKey


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

    record_key: RecordKey
    record: SavedRecord
    before: Evaluation | None
    after: Evaluation
    form_context: FormContext
    by: User | None
    at: datetime
