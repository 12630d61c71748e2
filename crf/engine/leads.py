"""Rows of a form from which a record of another form can be begun."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crf.engine.answers import AnswerRow, AnswerValues

if TYPE_CHECKING:
    from crf.engine.codelists import Text


@dataclass(frozen=True)
class Lead:
    """A record of form ``code`` can be begun from each row of ``group`` that ``is_one``.

    ``answers`` says what its page begins with, as it would be typed; ``number`` names the answer of the row that
    holds the number of the record once it is there, and ``shown`` the answers that people know the row by. A row
    that holds no number is one while the check ``asked_by`` asks about it. ``completed`` returns a row with what the
    form says of it outside of the table.
    """

    code: str
    group: str
    title: Text
    label: Text
    shown: tuple[str, ...]
    is_one: Callable[[AnswerRow], bool]
    answers: Callable[[AnswerValues, AnswerRow], Mapping[str, Any]]
    number: str = ""
    asked_by: str = ""
    completed: Callable[[AnswerValues, AnswerRow], AnswerRow] = lambda _values, row: row

    def faults(self, asked: Collection[str]) -> Iterator[str]:
        """Yield what the rows lack, whose answers are ``asked``."""
        for name in (self.number, *self.shown):
            if name and name not in asked:
                yield f"a record of {self.code} is begun from {self.group}, whose rows have no {name}"
