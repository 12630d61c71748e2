"""The values of one save: what was asked for, what stood before, what follows, and the change that was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from audit.models import Act
from crf.engine.base import CrfRecord
from crf.engine.changes import AnswerChange
from crf.engine.evaluation import Evaluation
from crf.engine.submission import Answers
from crf.models import Query
from crf.store.context import FormContext
from crf.store.records import RecordKey, StoredRecord


@dataclass(frozen=True)
class SaveRequest:
    """One save as it was asked for: the answers, for which record, in which version, by whom, under which act.

    ``digest`` stands for all that was sent under ``key``.
    """

    record_key: RecordKey
    answers: Answers
    version: int
    key: str
    seen_plan: str | None
    act: Act
    by: User | None
    at: datetime
    digest: str = ""


@dataclass(frozen=True)
class SaveBasis:
    """What stood before the save: the record (None when it is new), its queries, and all that its form reads.

    ``decided`` says that a decision on eligibility is in force, which rests on the form's answers.
    """

    request: SaveRequest
    record_key: RecordKey
    stored: StoredRecord | None
    form_context: FormContext
    queries: list[Query]
    decided: bool


@dataclass(frozen=True)
class SaveEvaluation:
    """What follows from the answers: the saved ones, the new ones, and where they differ."""

    basis: SaveBasis
    before: Evaluation | None
    after: Evaluation
    changed: tuple[AnswerChange, ...]


@dataclass(frozen=True)
class RecordChange:
    """A record that was written: its answers before (None for a new one) and after, by whom and when.

    ``was_complete`` says whether it was saved complete before.
    """

    record_key: RecordKey
    record: CrfRecord
    before: Evaluation | None
    after: Evaluation
    was_complete: bool
    form_context: FormContext
    by: User | None
    at: datetime
