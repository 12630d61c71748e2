"""Biomedical concepts: one for each form, with a property for each question and the codes of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crf import catalogue
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Question, QuestionKind
from exports.usdm.building import Instance, Instances

DATATYPES: Final = {
    QuestionKind.INTEGER: "integer",
    QuestionKind.DECIMAL: "decimal",
    QuestionKind.DATE: "date",
    QuestionKind.PARTIAL_DATE: "partial date",
    QuestionKind.DATETIME: "datetime",
    QuestionKind.BOOLEAN: "boolean",
}


def form_concepts(make: Instances) -> Mapping[str, Instance]:
    """Map the code of each form to its concept."""
    return {code: _concept(make, form) for code, form in catalogue.forms().items()}


def _concept(make: Instances, form: FormDeclaration) -> Instance:
    questions = [(f"{form.code}.{each.name}", each) for each in form.questions.values()]
    questions += [
        (f"{form.code}.{name}.{each.name}", each)
        for name, group in form.groups.items()
        for each in group.questions.values()
    ]
    return make.make(
        "BiomedicalConcept",
        name=form.code,
        label=str(form.title),
        synonyms=[],
        reference=f"PALACE-3 form {form.code}",
        properties=[_property(make, name, each) for name, each in questions],
        code=make.alias(make.own_code(form.code, str(form.title))),
    )


def _property(make: Instances, name: str, question: Question) -> Instance:
    text = str(question.text)
    return make.make(
        "BiomedicalConceptProperty",
        name=name,
        label=text,
        isRequired=question.required,
        isEnabled=True,
        datatype=DATATYPES.get(question.kind, "string"),
        responseCodes=[
            make.make(
                "ResponseCode",
                name=f"{name}={code}",
                label=str(label),
                isEnabled=True,
                code=make.own_code(code, str(label)),
            )
            for code, label in (question.codes.labels.items() if question.codes else ())
        ],
        code=make.alias(make.own_code(name, text)),
    )
