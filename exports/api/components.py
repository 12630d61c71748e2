"""The shapes that the API takes and answers, by name; those of records are made from the declarations of the forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crf import catalogue
from crf.check_review.yields import NUMBERS as YIELDS
from crf.engine.base import RecordState
from crf.engine.checks import Level
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Missing, Question, QuestionKind
from exports.api.described import (
    DAY,
    DIGEST,
    MOMENT,
    NUMBER,
    PARTICIPANT_NUMBER,
    TEXT,
    TRUTH,
    Schema,
    listed,
    members,
    named,
    one_of_codes,
    or_null,
)
from exports.api.shapes import is_identifying
from exports.formats.kinds import DataFormat
from exports.listed.catalogue import BY_NAME
from exports.models import ExportState
from exports.selected.selection import SELECTABLE, ArmShown
from followup.models import VisitState
from reports.completeness import MEASURES
from reports.verification import NUMBERS as VERIFIED
from trials.models.participants import Track

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
        "visit": or_null({**NUMBER, "description": "The id of the visit, for a form of one"}),
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
        groups[name] = listed(
            members({**beside, **columns}, optional=(*hidden, *columns, "missing", "removed"))
        )
    return members(
        {
            "id": NUMBER,
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
            "left_out": listed(TEXT),
        }
    )


def record_body(form: FormDeclaration) -> Schema:
    """Return the schema of what PUT and PATCH take for one record of the form."""
    typed: Schema = {"anyOf": [SCALAR, listed(SCALAR)]}

    def sent(questions: Mapping[str, Question]) -> dict[str, Schema]:
        return {name: {**typed, "title": str(question.text)} for name, question in questions.items()}

    groups: dict[str, Schema] = {}
    for name, group in form.groups.items():
        columns = {**sent(group.questions), **IN_ROW, "remove": TRUTH, "missing": _missing(group.questions)}
        groups[name] = listed(members(columns, optional=tuple(columns)))
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
        "prompts": listed(members(prompt, optional=tuple(prompt))),
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


_WINDOW: Final[Schema] = {"type": "array", "items": or_null(DAY), "minItems": 2, "maxItems": 2}
_MOVED: Final = members(
    {
        "visit": TEXT,
        "kind": TEXT,
        "before": or_null(_WINDOW),
        "after": or_null(_WINDOW),
    }
)
_MEDIAN: Final[Schema] = {"type": ["number", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SITE_VISIT_FORM: Final[Mapping[str, Schema]] = {"site": TEXT, "visit": TEXT, "form": TEXT}
_EXPORT: Final[Mapping[str, Schema]] = {
    "id": NUMBER,
    "state": one_of_codes(ExportState.values),
    "purpose": TEXT,
    "requested_by": TEXT,
    "requested_at": MOMENT,
    "data_as_of": or_null(MOMENT),
    "cut": {**TEXT, "description": "The name of the cut, empty where it has none"},
    "forms": listed(TEXT),
    "sites": listed(TEXT),
    "rows": _COUNT,
    "sha256": DIGEST,
    "language": TEXT,
    "format": one_of_codes(DataFormat.values),
    "selection": {"type": "object", "description": "What narrows it, and how the arm is told"},
}
_SELECTING: Final[Mapping[str, Schema]] = {
    **{name: listed(TEXT) for name in ("participants", "visits")},
    "states": listed(one_of_codes(SELECTABLE)),
    "since": or_null(DAY),
    "until": or_null(DAY),
    "tables": listed(one_of_codes(BY_NAME)),
    "arm": one_of_codes(ArmShown.values),
    "identifying": {"type": "boolean"},
}


def components() -> dict[str, Schema]:
    """Return every named shape."""
    return {
        "Refusal": members(
            {
                "detail": {**TEXT, "description": "What is so and what to do, in the language of the call"},
                "code": {**TEXT, "examples": ["crf.reason_needed"]},
                "errors": {
                    "type": "object",
                    "additionalProperties": TEXT,
                    "description": "A sentence for each answer that cannot be taken, by its name",
                },
                "moved": listed(named("MovedVisit")),
                "seen_plan": {**TEXT, "description": "What to send once somebody has read which visits move"},
            },
            optional=("code", "errors", "moved", "seen_plan"),
        ),
        "MovedVisit": _MOVED,
        "Participant": members(
            {
                "number": PARTICIPANT_NUMBER,
                "site": TEXT,
                "state": one_of_codes(Track.values),
                "arm": or_null(TEXT),
                "registered_on": DAY,
                "protocol_version": TEXT,
                "protocol_digest": TEXT,
            },
            optional=("arm",),
        ),
        "Visit": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "code": TEXT,
                "occurrence": NUMBER,
                "state": one_of_codes(VisitState.values),
                **dict.fromkeys(("target", "opens", "closes", "took_place_on"), or_null(DAY)),
                "timing": TEXT,
                "contact_mode": or_null(TEXT),
                "source_keeper": or_null(TEXT),
                "forms": listed(TEXT),
            }
        ),
        "Finding": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "site": TEXT,
                "form": TEXT,
                "visit": or_null(TEXT),
                "sequence": NUMBER,
                "check": TEXT,
                "question": TEXT,
                "text": TEXT,
                "found_at": MOMENT,
                "gone_at": or_null(MOMENT),
            }
        ),
        "Query": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "site": TEXT,
                "form": TEXT,
                "visit": or_null(TEXT),
                "sequence": or_null(NUMBER),
                "question": TEXT,
                "check": TEXT,
                "text": TEXT,
                "state": TEXT,
                "resolution": TEXT,
                "assigned_role": TEXT,
                "assigned_to": or_null(TEXT),
                "opened_at": MOMENT,
                "closed_at": or_null(MOMENT),
            }
        ),
        "QueryAgeing": members(
            {
                "site": TEXT,
                **dict.fromkeys(("open", "answered", "to_review"), _COUNT),
                "ages": listed(members({"from": NUMBER, "to": or_null(NUMBER), "queries": _COUNT})),
                "oldest_days": or_null(NUMBER),
                **dict.fromkeys(("raised", "closed"), _COUNT),
                **dict.fromkeys(("median_days_to_answer", "median_days_to_close"), _MEDIAN),
            }
        ),
        "CheckYield": members(
            {
                "form": TEXT,
                "check": TEXT,
                "level": one_of_codes(Level),
                **dict.fromkeys(YIELDS, _COUNT),
                "marks": listed(members({"mark": TEXT, "plan_version": or_null(TEXT), "reason": TEXT})),
            }
        ),
        "CompletenessCell": members(
            {**_SITE_VISIT_FORM, "expected": _COUNT, **dict.fromkeys(MEASURES, _COUNT)}
        ),
        "VerificationCell": members({**_SITE_VISIT_FORM, **dict.fromkeys(VERIFIED, _COUNT)}),
        "CentralReview": members(
            {
                "review": TEXT,
                "form": TEXT,
                "participant": TEXT,
                "site": TEXT,
                "record": NUMBER,
                "state": TEXT,
                "answers_given": _COUNT,
                "answers_fallen": _COUNT,
                "since": MOMENT,
                "days": NUMBER,
                "result": or_null({"type": "object"}),
            }
        ),
        "Milestone": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "site": TEXT,
                "milestone": TEXT,
                **dict.fromkeys(("on", "earliest", "latest"), or_null(DAY)),
                "result": TEXT,
                "source": TEXT,
                "form": TEXT,
            }
        ),
        "RecordSignature": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "site": TEXT,
                "form": TEXT,
                "visit_code": or_null(TEXT),
                "record": NUMBER,
                "version": NUMBER,
                "signed_as": or_null(TEXT),
                "by": TEXT,
                "role": TEXT,
                "meaning": TEXT,
                "signed_at": MOMENT,
                "digest": DIGEST,
                "fell_at": or_null(MOMENT),
            }
        ),
        "DeviationDecision": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "site": TEXT,
                "record": NUMBER,
                "deviation": NUMBER,
                "importance": TEXT,
                "excludes_from_per_protocol": TEXT,
                "reason": TEXT,
                "decided_at": MOMENT,
            }
        ),
        "Act": members(
            {
                "id": NUMBER,
                "act": TEXT,
                "by": or_null(TEXT),
                "role": TEXT,
                "site": or_null(TEXT),
                "participant": or_null(TEXT),
                "at": MOMENT,
                "stored_at": MOMENT,
                "reason": TEXT,
            }
        ),
        "Attachment": members(
            {
                "id": NUMBER,
                "participant": PARTICIPANT_NUMBER,
                "form": TEXT,
                "visit": or_null(NUMBER),
                "sequence": NUMBER,
                "kind": TEXT,
                "name": or_null(TEXT),
                "media_type": TEXT,
                "bytes": NUMBER,
                "pages": or_null(NUMBER),
                "sha256": DIGEST,
                "attached_by": TEXT,
                "attached_at": MOMENT,
                "replaces": or_null(NUMBER),
                "ending": or_null(TEXT),
                "ended_by": or_null(TEXT),
                "ended_at": or_null(MOMENT),
                "ending_reason": TEXT,
            }
        ),
        "Form": members(
            {
                "code": TEXT,
                "title": TEXT,
                "version": NUMBER,
                "repeats": TEXT,
                "variables": listed({"type": "object"}),
            }
        ),
        "ExportChoice": members(
            {
                "purpose": TEXT,
                "forms": listed(one_of_codes(catalogue.forms())),
                "sites": listed(TEXT),
                "cut_at": or_null(MOMENT),
                "cut": TEXT,
                "cut_name": TEXT,
                "language": TEXT,
                "format": one_of_codes(DataFormat.values),
                **_SELECTING,
            },
            optional=("forms", "sites", "cut_at", "cut", "cut_name", "language", "format", *_SELECTING),
        ),
        "Cut": members({"name": TEXT, "data_as_of": MOMENT, "read_by": TEXT}),
        "Export": members(_EXPORT),
        "ExportWithManifest": members(
            {
                **_EXPORT,
                "progress": or_null({"type": "object"}),
                "failure": TEXT,
                "deleted_at": or_null(MOMENT),
                "manifest": {"type": "object"},
            }
        ),
        "Allocation": members(
            {
                "participant": PARTICIPANT_NUMBER,
                "number": TEXT,
                "arm": TEXT,
                "stage_group": TEXT,
                "stage_group_corrected": or_null(TEXT),
                "stage_group_marked": or_null(TEXT),
                "site": TEXT,
                "randomized_at": MOMENT,
                "certificate": {},
            }
        ),
        "AllocationAwaited": members(
            {
                "participant": PARTICIPANT_NUMBER,
                "stratum": TEXT,
                "unmet": listed(members({"code": TEXT, "text": TEXT})),
            }
        ),
        "EmptyRecord": members(
            {
                "participant": PARTICIPANT_NUMBER,
                "form": TEXT,
                "state": {"const": "empty"},
                "version": {"const": 0},
                "answers": members({}),
            }
        ),
        "Saved": members(
            {
                "sequence": NUMBER,
                "version": NUMBER,
                "state": one_of_codes(RecordState),
                "queries_opened": _COUNT,
                "moved": listed(named("MovedVisit")),
            }
        ),
        **_of_every_form(),
    }


def with_components(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Add the named shapes to the description of the API; drf-spectacular calls it when it has written the rest."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(components())
    return result
