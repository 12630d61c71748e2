"""What a form asks from a version of the protocol on, asks no longer, or asks in other words (ADR 39).

A record keeps the version under which it was begun: it is asked, and shown, what the form asked then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from crf.engine.conditions import All, Condition, Is, Lookup
from crf.engine.questions import Question
from protocol.text import later_than, versions

if TYPE_CHECKING:
    from crf.engine.declaration import FormDeclaration

BEGUN_UNDER = "participant.protocol_version"  # of a record: the version under which it was begun


def is_from(version: str, first: str) -> bool:
    """Say whether a version is ``first``, or follows it."""
    return version == first or version in later_than(first)


@dataclass(frozen=True)
class BegunUnder(Condition):
    """The record was begun under ``since`` or a later version, and under one before ``until``; empty is no bound."""

    since: str = ""
    until: str = ""

    def takes(self, version: str) -> bool:
        """Say whether a record that is begun under the version is meant."""
        begins = not self.since or is_from(version, self.since)
        return begins and not (self.until and is_from(version, self.until))

    def holds(self, look: Lookup) -> bool:
        version = look(BEGUN_UNDER)
        return self.takes(version) if version else not self.since

    def as_json(self) -> list[Any]:
        return Is(BEGUN_UNDER, *(version for version in versions() if self.takes(version))).as_json()

    def names(self) -> Iterator[str]:
        yield BEGUN_UNDER


def versioned(questions: Mapping[str, Question]) -> dict[str, Question]:
    """Return the questions, those of some versions only with the condition that says so."""
    return {name: _bound(question) for name, question in questions.items()}


def _bound(question: Question) -> Question:
    if not question.since and not question.until:
        return question
    under = BegunUnder(question.since, question.until)
    shown = All(under, question.shown_when) if question.shown_when else under
    if question.required:
        return replace(question, shown_when=shown, required=False, required_when=shown)
    required = All(under, question.required_when) if question.required_when else None
    return replace(question, shown_when=shown, required_when=required)


def words_under(question: Question, version: str) -> Any:
    """Return the text of a question as it was under a version of the protocol."""
    former = (text for until, text in question.formerly.items() if not is_from(version, until))
    return next(former, question.text)


@cache
def worded(form: FormDeclaration, version: str) -> FormDeclaration:
    """Return the form in the words that its questions had under a version of the protocol."""
    reworded = {
        name: replace(question, text=words_under(question, version))
        for name, question in form.questions.items()
        if question.formerly
    }
    return replace(form, questions={**form.questions, **reworded}) if reworded else form


@dataclass(frozen=True)
class FormChange:
    """What a version changes of one question: ``kind`` is added, removed or changed."""

    question: Question
    kind: str
    before: Any
    after: Any
    is_required: bool


def changes_of(form: FormDeclaration, earlier: str, later: str) -> Iterator[FormChange]:
    """Yield what is asked otherwise of a record begun under ``later`` than of one begun under ``earlier``."""
    for question in form.questions.values():
        under = BegunUnder(question.since, question.until)
        was, is_now = under.takes(earlier), under.takes(later)
        before, after = words_under(question, earlier), words_under(question, later)
        is_required = bool(question.required or question.required_when)
        if is_now and not was:
            yield FormChange(question, "added", None, after, is_required)
        elif was and not is_now:
            yield FormChange(question, "removed", before, None, is_required)
        elif is_now and before != after:
            yield FormChange(question, "changed", before, after, is_required)
