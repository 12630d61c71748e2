"""Required answers that are not there yet: where each stands on the page, and in which words it is named. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crf.engine import messages
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation


@dataclass(frozen=True)
class MissingAnswer:
    """A required answer that is missing: the address of its field on the page, its name in words, and its section."""

    link: str
    text: str
    section: str


def missing_answers(
    form: FormDeclaration, outcome: Evaluation, names: Mapping[str, str]
) -> tuple[MissingAnswer, ...]:
    """Return what is required and missing in the order of the form; ``names`` are those of the fields on the page."""
    return tuple(_missing(form, outcome, target, names) for target in outcome.unanswered)


def _missing(
    form: FormDeclaration, outcome: Evaluation, target: str, names: Mapping[str, str]
) -> MissingAnswer:
    first, name = target.split(".", 1)[0], names.get(target, target)
    link = f"#q-{name}" if target in form.groups else f"#id-{name}"
    return MissingAnswer(link, _in_words(form, outcome, target), form.placed[first].name)


def _in_words(form: FormDeclaration, outcome: Evaluation, target: str) -> str:
    """Name the question, in a row with the table and the row's place in it: “Chemotherapy 5 · Carboplatin”."""
    question, (first, *rest) = messages.question_at(form, target), target.split(".")
    if question is None:
        return str(form.groups[first].title)
    if not rest:
        return str(question.text)
    places = [str(row["position"]) for row in outcome.groups[first]]
    return f"{form.groups[first].title} {places.index(rest[0]) + 1} · {question.text}"
