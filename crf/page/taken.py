"""Answers that another form has already: shown beside the question, and taken over by a press (``taken_from``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crf import catalogue
from crf.engine import messages
from crf.engine.answers import AnswerValues
from crf.engine.declaration import FormDeclaration
from crf.store.context import FormContext
from kernel.punctuation import listed_facts
from kernel.reading import as_typed


@dataclass(frozen=True)
class KnownAnswer:
    """An answer of another form: whose it is, its words, and as it would be typed."""

    source: str
    text: str
    typed: tuple[str, ...]


def forms_taken_from(form: FormDeclaration) -> frozenset[str]:
    """Return what must be fetched so that the answers to take over are known."""
    return frozenset(question.taken_from for question in form.questions.values() if question.taken_from)


def known_answers(form: FormDeclaration, context: FormContext, *, zone: str) -> Mapping[str, KnownAnswer]:
    """Map each question to the answer that the latest record of another form has for it."""
    return dict(_known(form, context, zone))


def _known(form: FormDeclaration, context: FormContext, zone: str) -> Iterator[tuple[str, KnownAnswer]]:
    for name, question in form.questions.items():
        code, _dot, answered = question.taken_from.partition(".")
        records = context.records(code) if code else []
        value = records[-1].get(answered) if records else None
        if value is not None:
            text = messages.display(catalogue.form(code).questions[answered], value, zone=zone)
            source = _source(catalogue.form(code), records[-1], zone)
            yield name, KnownAnswer(source, text, tuple(as_typed(value, zone=zone)))


def _source(form: FormDeclaration, record: AnswerValues, zone: str) -> str:
    """Name the record: the form, and the day that it is about."""
    day = form.day_question
    if day is None or record.get(day) is None:
        return str(form.title)
    return listed_facts(form.title, messages.display(form.questions[day], record[day], zone=zone))
