"""One step with many rows: shown first, with what would change and what would not, then done in one act.

What is done is what was shown: where something has changed in between, nothing is done and the list is shown anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from kernel.errors import Refusal

MOST: Final = 200


class TooManyRows(Refusal):
    code = "crf.too_many_rows"
    message = _(
        "{number} rows are chosen, and {most} is the most for one step. Narrow the list with its filters."
    )


class NothingToDo(Refusal):
    code = "crf.nothing_to_do"
    message = _("None of the chosen rows would change. Choose others.")


class OtherThanShown(Refusal):
    code = "crf.other_than_shown"
    message = _(
        "Nothing was done: since the list was shown, one of its rows has changed. Below stands what would happen now. "
        "Read it and press once more."
    )


@dataclass(frozen=True)
class BulkStep:
    """One row, the service that is called for it, and the values that it speaks of."""

    key: str
    participant_id: int
    label: str
    before: str | Promise
    after: str | Promise
    does: Callable[[], Any]
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class BulkLine:
    """What a step would do, or why it would not."""

    label: str
    before: str
    after: str
    refused: str = ""
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class BulkOutcome:
    """Every step with its line, in order; the digest says that two of them are the same."""

    lines: tuple[BulkLine, ...]

    @property
    def possible(self) -> tuple[BulkLine, ...]:
        return tuple(line for line in self.lines if not line.refused)

    @property
    def refused(self) -> tuple[BulkLine, ...]:
        return tuple(line for line in self.lines if line.refused)

    @property
    def digest(self) -> str:
        said = [(line.label, line.before, line.after, line.values, bool(line.refused)) for line in self.lines]
        return hashlib.sha256(repr(said).encode()).hexdigest()


class _TriedOutError(Exception):
    """What was tried to see what would happen is undone."""


def try_out(steps: Iterable[BulkStep]) -> BulkOutcome:
    """Say what each step would do; nothing is kept.

    Refuses: more steps than one act takes. Locks: the participants, in the order of their keys, until it returns.
    """
    outcome = None
    try:
        with transaction.atomic():
            outcome = _taken(steps)
            raise _TriedOutError
    except _TriedOutError:
        pass
    if outcome is None:
        raise NothingToDo
    return outcome


def carry_out(
    *, steps: Iterable[BulkStep], verb: str, seen: str, by: User, at: datetime, reason: str = ""
) -> BulkOutcome:
    """Each step that was shown as possible is done, in one act; the others stay as they were shown to stay.

    Refuses: anything else than what was shown (``seen`` is its digest); a list of which nothing would change; more
    steps than one act takes. Locks: the participants, in the order of their keys.
    """
    with open_act(verb, by=by, at=at, reason=reason):
        outcome = _taken(steps)
        if outcome.digest != seen:
            raise OtherThanShown
        if not outcome.possible:
            raise NothingToDo
    return outcome


def _taken(steps: Iterable[BulkStep]) -> BulkOutcome:
    ordered = sorted(steps, key=lambda step: (step.participant_id, step.key))
    if len(ordered) > MOST:
        raise TooManyRows(number=len(ordered), most=MOST)
    return BulkOutcome(tuple(_line(step) for step in ordered))


def _line(step: BulkStep) -> BulkLine:
    try:
        with transaction.atomic():
            step.does()
    except Refusal as refusal:
        return BulkLine(step.label, str(step.before), str(step.before), str(refusal), step.values)
    return BulkLine(step.label, str(step.before), str(step.after), values=step.values)
