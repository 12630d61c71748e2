"""What each exported column means, and every check of the trial, read from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.engine.checks import Criticality, Level, Owner
from crf.engine.codelists import CodeList
from crf.engine.declaration import DeclarationError, FormDeclaration, Group
from crf.engine.help import on_paper
from crf.engine.messages import range_text
from crf.engine.questions import Question, QuestionKind, Versioned

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


def tidy_file(form: str, group: str = "") -> str:
    """Return the name of the tidy file of a form, or of a group of its rows."""
    return f"{form}_{group.upper()}" if group else form


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
        help=" ".join([*said_of(question), *_said_of_table(group)]),
    )


def said_of(question: Question) -> list[str]:
    """Return the help of a question, with the versions of the protocol that ask it, and what it was before."""
    said = [on_paper(question.help)] if question.help else []
    said += said_of_versions(question)
    said += _said_of_codes(question.codes) if question.codes else []
    for former, sentence in (
        (question.hard_formerly, _("Possible before version {version}: {range}.")),
        (question.soft_formerly, _("Usual before version {version}: {range}.")),
    ):
        for until, bounds in former.items():
            limits = range_text(bounds, question.unit) or str(_("anything"))
            said.append(str(sentence).format(version=until, range=limits))
    return said


def said_of_versions(item: Versioned) -> list[str]:
    """Return under which versions of the protocol a question or table is asked, and its words before."""
    said = []
    if item.since:
        asked = _("Asked of records begun under version {version} or later.")
        said.append(str(asked).format(version=item.since))
    if item.until:
        asked = _("Not asked of records begun under version {version} or later.")
        said.append(str(asked).format(version=item.until))
    return [*said, former_words(item.formerly)] if item.formerly else said


def former_words(formerly: Mapping[str, Any]) -> str:
    """Return earlier words, each with the version of the protocol before which they were used."""
    said = str(_("Before version {version}: “{text}”."))
    return " ".join(said.format(version=until, text=text) for until, text in formerly.items())


def _said_of_codes(codes: CodeList) -> list[str]:
    """Return which codes are offered under some versions only, and what others meant in words before."""
    said = []
    for code in codes.values:
        for bounds, sentence in (
            (codes.since, _("{code} is offered from version {version} on.")),
            (codes.until, _("{code} is not offered from version {version} on.")),
        ):
            if code in bounds:
                said.append(str(sentence).format(code=code, version=bounds[code]))
        if code in codes.formerly:
            said.append(f"{code}: {former_words(codes.formerly[code])}")
    return said


def _said_of_table(group: Group | None) -> list[str]:
    """Return what the versions of the protocol say of the table around a question."""
    return [] if group is None else said_of_versions(group)


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
