"""The shapes that the API takes and answers, by name; those of records are made from the declarations of the forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Missing, Question, QuestionKind
from exports.api.described import (
    KEY,
    MOMENT,
    NUMBER,
    PARTICIPANT_NUMBER,
    TEXT,
    TRUTH,
    Schema,
    array_of,
    members,
    named,
    one_of_codes,
    or_null,
)
from exports.api.named_shapes import NAMED
from exports.api.shapes import is_identifying

IN_ROW: Final[Mapping[str, Schema]] = {
    "row_id": {"type": "string", "format": "uuid"},
    "position": {"type": "integer", "minimum": 1, "description": "The number of the row that people see"},
}
SCALAR: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
_KINDS: Final[Mapping[QuestionKind, Schema]] = {
    QuestionKind.INTEGER: {"type": "integer"},
    QuestionKind.DECIMAL: {"type": "number"},
    QuestionKind.TEXT: {"type": "string"},
    QuestionKind.DATE: {"type": "string", "format": "date"},
    QuestionKind.PARTIAL_DATE: {
        "type": "string",
        "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$",
        "description": "A year, a month or a day, as exactly as it is known",
    },
    QuestionKind.DATETIME: {"type": "string", "format": "date-time"},
    QuestionKind.BOOLEAN: {"type": "boolean"},
}


def answer_schema(question: Question) -> Schema:
    """Return the schema of a stored answer; every answer may be missing."""
    said: dict[str, Any] = {"title": str(question.text)}
    if question.unit:
        said["description"] = str(question.unit)
    codes = question.codes.values if question.codes else ()
    if question.kind == QuestionKind.MULTIPLE:
        return {**said, "type": ["array", "null"], "items": one_of_codes(codes)}
    if question.kind == QuestionKind.CHOICE:
        return {**said, "enum": [*codes, None]}
    return {**_KINDS[question.kind], **said, "type": [_KINDS[question.kind]["type"], "null"]}


def _answers(
    form: FormDeclaration, questions: Mapping[str, Question]
) -> tuple[dict[str, Schema], tuple[str, ...]]:
    shown = {name: answer_schema(question) for name, question in questions.items()}
    left_out = tuple(name for name, question in questions.items() if is_identifying(form, question))
    return shown, left_out


def _missing(questions: Mapping[str, Question]) -> Schema:
    reasons = {name: one_of_codes(Missing) for name, question in questions.items() if not question.derived}
    return members(reasons, optional=tuple(reasons))


def _place(form: FormDeclaration) -> dict[str, Schema]:
    return {
        "participant": PARTICIPANT_NUMBER,
        "form": {"const": form.code},
        "visit": or_null({**KEY, "description": "The id of the visit, for a form of one"}),
        "visit_code": or_null(TEXT),
        "sequence": {"type": "integer", "minimum": 1},
    }


def record_schema(form: FormDeclaration) -> Schema:
    """Return the schema of one record of the form; identifying answers are there for those who may see them."""
    answers, left_out = _answers(form, form.questions)
    groups: dict[str, Schema] = {}
    for name, group in form.groups.items():
        columns, hidden = _answers(form, group.questions)
        beside = {**IN_ROW, "missing": _missing(group.questions), "removed": {"const": True}}
        groups[name] = array_of(
            members({**beside, **columns}, optional=(*hidden, *columns, "missing", "removed"))
        )
    return members(
        {
            "id": KEY,
            **_place(form),
            "state": one_of_codes(RecordState),
            "version": NUMBER,
            "protocol_version": or_null(TEXT),
            "protocol_digest": or_null(TEXT),
            "act": {**NUMBER, "description": "The act that changed the record last"},
            "changed_at": MOMENT,
            "answers": members(answers, optional=left_out),
            "missing": _missing(form.questions),
            "groups": members(groups),
            "left_out": array_of(TEXT),
        }
    )


def record_body(form: FormDeclaration) -> Schema:
    """Return the schema of what PUT and PATCH take for one record of the form."""
    typed: Schema = {"anyOf": [SCALAR, array_of(SCALAR)]}

    def sent(questions: Mapping[str, Question]) -> dict[str, Schema]:
        return {name: {**typed, "title": str(question.text)} for name, question in questions.items()}

    groups: dict[str, Schema] = {}
    for name, group in form.groups.items():
        columns = {**sent(group.questions), **IN_ROW, "remove": TRUTH, "missing": _missing(group.questions)}
        groups[name] = array_of(members(columns, optional=tuple(columns)))
    answers = sent(form.questions)
    texts: Schema = {"type": "object", "additionalProperties": TEXT}
    prompt = {"key": TEXT, "name": TEXT, "value": TEXT, "message": TEXT}
    whole: dict[str, Schema] = {
        "version": {**NUMBER, "description": "The version that was seen; 0 for a new record"},
        "answers": members(answers, optional=tuple(answers)),
        "missing": _missing(form.questions),
        "groups": members(groups, optional=tuple(groups)),
        "reason": TEXT,
        "reasons": texts,
        "confirmations": texts,
        "prompts": array_of(members(prompt, optional=tuple(prompt))),
        "seen_plan": TEXT,
        "leave_out": TRUTH,
        "replace": {**TRUTH, "description": "PUT: what the body does not say is to go"},
    }
    return members(whole, optional=tuple(whole))


def _of_every_form() -> dict[str, Schema]:
    made: dict[str, Schema] = {}
    for code, form in catalogue.forms().items():
        made[f"Record_{code}"] = record_schema(form)
        made[f"RecordBody_{code}"] = record_body(form)
    return made


def record_of_any_form(prefix: str) -> Schema:
    """Return the schema of a record, or of the body of one, of any form."""
    return {"anyOf": [named(f"{prefix}_{code}") for code in catalogue.forms()]}


def components() -> dict[str, Schema]:
    """Return every named shape: those of the table, and those of each form."""
    return {**NAMED, **_of_every_form()}


def with_components(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Add the named shapes to the description of the API; drf-spectacular calls it when it has written the rest."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(components())
    return result
