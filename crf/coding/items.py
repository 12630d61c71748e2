"""What is coded: the questions whose declaration names a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from crf import catalogue
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Question


@dataclass(frozen=True)
class CodedItem:
    """One question of one form whose words are coded, in which dictionary."""

    form: FormDeclaration
    question: Question

    @property
    def key(self) -> str:
        return f"{self.form.code}.{self.question.name}"

    @property
    def dictionary(self) -> str:
        return self.question.coded_in


@cache
def coded_items() -> MappingProxyType[str, CodedItem]:
    """Return every question that is coded, by form and name, in the order of the forms."""
    items = (
        CodedItem(form, question)
        for form in catalogue.forms().values()
        for question in form.questions.values()
        if question.coded_in
    )
    return MappingProxyType({item.key: item for item in items})


def items_of(form_code: str) -> list[CodedItem]:
    """Return the questions of one form that are coded."""
    return [item for item in coded_items().values() if item.form.code == form_code]
