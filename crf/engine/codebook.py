"""What each exported column means, and every check of the trial, read from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.engine.checks import Criticality, Level, Owner
from crf.engine.declaration import DeclarationError, FormDeclaration, Group
from crf.engine.help import on_paper
from crf.engine.messages import range_text
from crf.engine.questions import Question, QuestionKind

SDTM_TYPES = {
    QuestionKind.INTEGER: "integer",
    QuestionKind.DECIMAL: "decimal",
    QuestionKind.TEXT: "text",
    QuestionKind.CHOICE: "code",
    QuestionKind.MULTIPLE: "codes",
    QuestionKind.DATE: "date",
    QuestionKind.PARTIAL_DATE: "partial date",
    QuestionKind.DATETIME: "date-time",
    QuestionKind.BOOLEAN: "boolean",
}


@dataclass(frozen=True)
class Variable:
    """One exported column; ``group`` is empty for the form's own answers."""

    form: str
    group: str
    name: str
    column: str
    variable: str
    label: str
    section: str
    type: str
    length: int | None
    places: int | None
    unit: str
    codes: tuple[tuple[str, str], ...]
    soft: str
    hard: str
    required: str
    derived: bool
    classification: str
    cdash: str
    sdtm: str
    missing: tuple[str, ...]
    help: str


@dataclass(frozen=True)
class RegisteredCheck:
    """One check as the validation plan lists it."""

    code: str
    form: str
    level: Level
    owner: Owner
    criticality: Criticality
    message: str
    reads: tuple[str, ...]
    fields: tuple[str, ...]


def codebook(form: FormDeclaration) -> list[Variable]:
    """Return the columns of a form, then those of its groups, in the order in which they leave."""
    return list(_variables(form))


def _variables(form: FormDeclaration) -> Iterator[Variable]:
    titles = {name: str(section.title) for name, section in form.placed.items()}
    for question in form.exported:
        yield _variable(form, None, question, titles.get(question.name, ""))
    for group in form.groups.values():
        for question in group.questions.values():
            yield _variable(form, group, question, str(group.title))


def _variable(form: FormDeclaration, group: Group | None, question: Question, section: str) -> Variable:
    text = question.kind in (QuestionKind.TEXT, QuestionKind.CHOICE, QuestionKind.PARTIAL_DATE)
    return Variable(
        form=form.code,
        group=group.name if group else "",
        name=question.name,
        column=f"calc_{question.name}" if question.derived else question.name,
        variable=question.export,
        label=str(question.text),
        section=section,
        type=SDTM_TYPES[question.kind],
        length=question.max_length if text else None,
        places=question.places if question.kind == QuestionKind.DECIMAL else None,
        unit=str(question.unit),
        codes=tuple((code, str(label)) for code, label in question.codes.labels.items())
        if question.codes
        else (),
        soft=range_text(question.soft, question.unit),
        hard=range_text(question.hard, question.unit),
        required="yes" if question.required else "sometimes" if question.required_when else "no",
        derived=question.derived,
        classification=str(question.classification or form.classification),
        cdash=question.cdash,
        sdtm=question.sdtm,
        missing=() if question.derived else question.missing_allowed,
        help=_said_of(question),
    )


def _said_of(question: Question) -> str:
    """Return the help of a question, with the versions of the protocol that ask it and its former words."""
    said = [on_paper(question.help)] if question.help else []
    if question.since:
        said.append(
            str(_("Asked of records begun under version {version} or later.")).format(version=question.since)
        )
    if question.until:
        said.append(
            str(_("Not asked of records begun under version {version} or later.")).format(
                version=question.until
            )
        )
    for until, text in question.formerly.items():
        said.append(str(_("Before version {version}: “{text}”.")).format(version=until, text=text))
    return " ".join(said)


def checks_registry(forms: Iterable[FormDeclaration]) -> dict[str, RegisteredCheck]:
    """Map the code of every check to what the validation plan says of it; a code used twice is refused."""
    registry: dict[str, RegisteredCheck] = {}
    for form in forms:
        for check in form.checks:
            if check.code in registry:
                raise DeclarationError(
                    f"check {check.code} is declared in {registry[check.code].form} and {form.code}"
                )
            registry[check.code] = _registered(form, check)
    return registry


def _registered(form: FormDeclaration, check: Any) -> RegisteredCheck:
    return RegisteredCheck(
        code=check.code,
        form=form.code,
        level=check.level,
        owner=check.owner,
        criticality=check.criticality,
        message=str(check.message),
        reads=check.reads,
        fields=check.fields,
    )
