"""What the page of a form shows, and what a request brings to it, as values (architecture 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from crf.engine.answers import AnswerValues, KnownValues
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation
from crf.engine.missing import MissingAnswer
from crf.engine.questions import Question
from crf.engine.submission import Raw, Review
from crf.page.balloons import AskedAt
from crf.page.taken import KnownAnswer
from crf.page.usual_reasons import USUAL_REASONS


@dataclass(frozen=True)
class Links:
    """The addresses that a form page talks to; an empty one switches its feature off."""

    save: str = ""
    draft: str = ""
    derive: str = ""
    discard: str = ""
    history: str = ""
    comment: str = ""
    verify: str = ""
    back: str = ""
    blank: str = ""


@dataclass(frozen=True)
class SectionView:
    """One section, drawn."""

    name: str
    title: str
    help: str
    show: str
    hidden: bool
    body: SafeString
    quick: bool = False
    missing: tuple[MissingAnswer, ...] = ()


@dataclass(frozen=True)
class FormPage:
    """Everything ``templates/crf/form.html`` shows."""

    form: FormDeclaration
    title: str
    parts: tuple[SectionView, ...]
    problems: tuple[tuple[str, str], ...]
    notes: SafeString
    blank_notes: tuple[tuple[str, SafeString], ...]
    cleared: tuple[str, ...]
    unanswered: tuple[MissingAnswer, ...]
    links: Links
    context_json: str
    saved_json: str
    version: int
    key: str
    raw_prompts: str
    reason: str
    reasons_json: str
    editable: bool
    storage: str
    stored: str
    today: str
    reason_problem: str = ""
    usual_reasons: tuple[str | Promise, ...] = USUAL_REASONS


@dataclass(frozen=True)
class PageInput:
    """What a request brings to the page."""

    raw: Raw
    outcome: Evaluation
    version: int
    zone: str
    errors: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    saved: Raw | None = None
    context: KnownValues = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    key: str = ""
    editable: bool = True
    announce: bool = False
    storage: str = ""
    stored: str = ""
    today: str = ""
    wordings: Mapping[str, str] = field(default_factory=dict)
    pasted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    meanings: Callable[[str], Mapping[str, str]] = lambda term: {}  # what each code means for a term
    known: Mapping[str, KnownAnswer] = field(default_factory=dict)  # of other forms, to be taken over
    comments: Mapping[str, str] = field(default_factory=dict)  # drawn, by the places that they are about
    asked: AskedAt = field(default_factory=AskedAt)


@dataclass(frozen=True)
class FieldView:
    """A question where it is drawn."""

    question: Question
    target: str
    name: str
    values: AnswerValues
    template: str = "question"
    label: str = ""
    blank: bool = False


def given_of_review(reviewed: Review, **rest: Any) -> PageInput:
    """Return what a page needs to show a submission again, everything typed included."""
    typed = reviewed.submission
    return PageInput(
        raw=typed.raw, outcome=reviewed.outcome, errors=reviewed.errors, names=typed.names, **rest
    )


def first_text(raw: Raw, name: str) -> str:
    """Return the first text typed under a name, or none."""
    return next(iter(raw.get(name, ())), "")
