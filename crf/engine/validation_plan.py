"""The data-validation plan: every rule that answers are held to, written from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from crf.engine.checks import Check
from crf.engine.codebook import former_words
from crf.engine.declaration import FormDeclaration
from crf.engine.messages import range_text
from crf.engine.questions import Question

HEAD = """# Data-validation plan

Made from the form declarations by `make docs`; do not edit. *Hard* stops a save, *soft* saves and opens
a query that closes when the answer is corrected or confirmed, *listing* only lists. Beside what is
listed, every form refuses days in the future or before birth (X070) and acts after death (X061).

**The data manager owns every check**: asks for a new one, says on *Checks* what each was worth, and has one changed or
retired that brings nothing. *Tested in* names the tests that try it, below `tests/`.
"""


Tests = Mapping[str, Iterable[str]]


def validation_plan(forms: Iterable[FormDeclaration], tests: Tests = MappingProxyType({})) -> str:
    """Return the plan as a page of Markdown, form by form; ``tests`` names for each check the files that try it."""
    return "\n".join([HEAD, *(line for form in forms for line in _of_form(form, tests))]).rstrip() + "\n"


def _of_form(form: FormDeclaration, tests: Tests) -> Iterator[str]:
    yield f"## {form.code} · {form.title}\n"
    if form.formerly:
        yield f"{former_words(form.formerly)}\n"
    if form.checks:
        yield "| check | level | criticality | answered by | rule broken | reads | tested in |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        yield from (_check_line(check, tests.get(check.code, ())) for check in form.checks)
        yield ""
    ranged = [
        (record_key, question) for record_key, question in _places(form) if question.soft or question.hard
    ]
    if ranged:
        yield "| answer | question | usual (soft) | possible (hard) |"
        yield "| --- | --- | --- | --- |"
        for record_key, question in ranged:
            soft, hard = (range_text(bounds, question.unit) for bounds in (question.soft, question.hard))
            yield f"| {record_key} | {_cell(question.text)} | {_cell(soft)} | {_cell(hard)} |"
        yield ""
    required = [record_key for record_key, question in _places(form) if question.required]
    sometimes = [
        record_key
        for record_key, question in _places(form)
        if question.required_when and not question.required
    ]
    if required:
        yield f"Always required: {', '.join(required)}.\n"
    if sometimes:
        yield f"Required where it applies: {', '.join(sometimes)}.\n"


def _check_line(check: Check, tests: Iterable[str]) -> str:
    message = f"{check.message} {former_words(check.formerly)}" if check.formerly else check.message
    words = (check.code, check.level, check.criticality, check.owner.replace("_", " "), message)
    return f"| {' | '.join(_cell(word) for word in words)} | {', '.join(check.reads)} | {', '.join(tests)} |"


def _places(form: FormDeclaration) -> Iterator[tuple[str, Question]]:
    yield from ((question.export, question) for question in form.exported)
    for group in form.groups.values():
        yield from ((f"{group.name}.{question.export}", question) for question in group.questions.values())


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
