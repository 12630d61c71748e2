"""Why a save is refused: what is so, then what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.engine.checks import Finding
from crf.engine.evaluation import Evaluation
from crf.store.records import RecordKey
from kernel.errors import Refusal


class RecordLocked(Refusal):
    code = "crf.record_locked"
    message = _("{record} is locked. Ask the data manager to unlock it, then change the answer.")


class KeyTooLong(Refusal):
    code = "crf.key_too_long"
    message = _("The key of this save has {number} characters. Send one of at most {most}, then save again.")
    status = 400


class KeyUsed(Refusal):
    """The key saved something else before: ``record_key``, or None where that is not for the caller to see."""

    code = "crf.key_used"
    message = _(
        "Nothing was saved: the key of this page or call was used before, for {record} with other content. "
        "Compare with what is saved there; each save needs a key of its own."
    )

    def __init__(self, *, record_key: RecordKey | None) -> None:
        super().__init__(record=record_key.label if record_key else _("another record"))
        self.record_key = record_key


class AnswersUnreadable(Refusal):
    """Something that is asked cannot be read; ``errors`` say what, by its name on the page."""

    code = "crf.answers_unreadable"
    message = _("{record} is not saved: {why}")
    status = 422

    def __init__(self, *, errors: Mapping[str, str], **values: Any) -> None:
        super().__init__(**values)
        self.errors = dict(errors)


class ReasonNeeded(Refusal):
    """Saved answers are altered and nobody said why; ``targets`` are the names of those answers."""

    code = "crf.reason_needed"
    message = _("An answer that was saved before is changed in {record}. Say why, then save again.")
    status = 422

    def __init__(self, *, targets: Sequence[str] = (), **values: Any) -> None:
        super().__init__(**values)
        self.targets = tuple(targets)


class RowsLeftOut(Refusal):
    """Rows on record would go, because another answer no longer asks for their tables; ``groups`` name these."""

    code = "crf.rows_left_out"
    message = _(
        "{record} is not saved: another answer no longer asks for {tables}, and the rows on record would go. Confirm "
        "that they go (a program sends “leave_out”), or put that answer right."
    )
    status = 422

    def __init__(self, *, groups: Sequence[str], **values: Any) -> None:
        super().__init__(**values)
        self.groups = tuple(groups)


class StaleVersion(Refusal):
    """The record was saved in between; ``theirs`` are the answers that stand now, ``mine`` those that were typed."""

    code = "crf.stale_version"
    message = _(
        "{record} was saved by somebody else, or by you in another window, while you were typing. Compare both "
        "answers field by field, choose, and save again. Nothing you typed is lost."
    )

    def __init__(self, *, mine: Evaluation, theirs: Evaluation, version: int, **values: Any) -> None:
        super().__init__(**values)
        self.mine, self.theirs, self.version = mine, theirs, version


class AnswersImpossible(Refusal):
    """A hard check stops the save; ``findings`` say where."""

    code = "crf.answers_impossible"
    message = _("{record} is not saved: {why}")
    status = 422

    def __init__(self, *, findings: Sequence[Finding], **values: Any) -> None:
        super().__init__(**values)
        self.findings = tuple(findings)
