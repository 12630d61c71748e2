"""What a form declares of questions that people outside the sites answer as well, without the arm."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class ShownAnswers:
    """Answers of one form that reviewers are shown; ``only`` narrows the records to those that say so."""

    form: str
    questions: tuple[str, ...]
    only: tuple[str, str] | None = None


@dataclass(frozen=True)
class CentralReview:
    """Questions of a form that ``reviewers`` people answer independently; where they differ, one more decides.

    A record is reviewed once it is complete and says what ``of`` names: a question and its answer. ``shown`` is all
    that a reviewer reads of the participant; the record's own form comes first. With ``once`` a participant has one
    such review, of the first record.
    """

    code: str
    title: str | Promise
    questions: tuple[str, ...]
    of: tuple[str, str]
    shown: tuple[ShownAnswers, ...]
    reviewers: int = 2
    once: bool = False

    @property
    def form(self) -> str:
        """Return the code of the form whose records are reviewed."""
        return self.shown[0].form
