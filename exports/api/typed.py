"""From the JSON of a program to what a page would have sent, so that both are read by the same eyes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from crf.engine.declaration import FormDeclaration
from crf.engine.messages import finding_text
from crf.engine.questions import Question, QuestionKind
from crf.engine.submission import Submission
from crf.records.refusals import AnswersImpossible, AnswersUnreadable, ReasonNeeded
from exports.api.bodies import object_in as _object
from exports.api.bodies import rows_in as _rows

SENT: Final = frozenset(
    ("answers", "missing", "groups", "version", "reason", "reasons", "confirmations", "prompts", "seen_plan")
)
SHOWN: Final = frozenset(
    {"participant", "form", "visit", "sequence", "state", "left_out"}
)  # what was got can be put
IN_ROW: Final = frozenset({"position", "remove", "missing"})


def misfits(form: FormDeclaration, body: Any) -> dict[str, str]:
    """Return a sentence for each name that the form does not know and each value that no page could send.

    Left out in silence, a misspelt answer would be lost, and the caller would believe that it is saved.
    """
    whole = _object(body, "body")
    found = {
        name: _("The body has no part “{name}”. Check its spelling.").format(name=name)
        for name in whole.keys() - SENT - SHOWN
    }
    found |= dict(_misfits(form.questions, _object(whole.get("answers", {}), "answers"), whole))
    for name, sent in _object(whole.get("groups", {}), "groups").items():
        rows = [_object(row, name) for row in _rows(sent, name)]
        if name not in form.groups:
            found[name] = _("The form has no table “{name}”. Look it up in the codebook.").format(name=name)
            continue
        for index, row in enumerate(rows):
            answers = {key: value for key, value in row.items() if key not in IN_ROW}
            strange = _misfits(form.groups[name].questions, answers, row)
            found |= {f"{name}-{index}-{key}": text for key, text in strange}
    return found


def _misfits(
    questions: Mapping[str, Question], answers: Mapping[str, Any], form_context: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the answers, and with the reasons for missing ones that stand beside them."""
    for name in (*answers, *_object(form_context.get("missing", {}), "missing")):
        if name not in questions:
            said = _("The form has no question “{name}”. Look it up in the codebook.")
            yield name, said.format(name=name)
        elif not questions[name].derived and not _fits(questions[name], answers.get(name)):
            yield name, _("“{name}” takes one value: a text, a number, or null.").format(name=name)


def _fits(question: Question, value: Any) -> bool:
    if isinstance(value, list):
        several = len(value) > 1 and question.kind != QuestionKind.MULTIPLE
        return not several and not any(isinstance(item, list | dict) for item in value)
    return not isinstance(value, dict)


def as_typed(body: Any) -> dict[str, Any]:
    """Return the body's answers, groups, reasons and confirmations under the names of the page."""
    whole = _object(body, "body")
    raw: dict[str, Any] = {"_reason": whole.get("reason", ""), "_version": whole.get("version", "")}
    raw.update(_object(whole.get("answers", {}), "answers"))
    for name, why in _object(whole.get("missing", {}), "missing").items():
        raw[f"{name}__why"] = why
    for name, why in _object(whole.get("reasons", {}), "reasons").items():
        raw[f"_reason:{name}"] = why
    for key, why in _object(whole.get("confirmations", {}), "confirmations").items():
        raw[f"_confirm:{key}"] = why
    if prompts := _rows(whole.get("prompts", []), "prompts"):
        raw["_prompts"] = json.dumps([_object(prompt, "prompts") for prompt in prompts])
    for group, rows in _object(whole.get("groups", {}), "groups").items():
        for index, row in enumerate(_rows(rows, group)):
            raw.update(_row(group, index, _object(row, group)))
    return raw


def _row(group: str, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
    named = {f"{group}-{index}-{name}": value for name, value in row.items() if name != "missing"}
    reasons = _object(row.get("missing", {}), "missing")
    return {**named, **{f"{group}-{index}-{name}__why": why for name, why in reasons.items()}}


def seen_plan_in(body: Mapping[str, Any]) -> str | None:
    """Return what stands for having read which visits would move; None when the caller does not ask."""
    seen = body.get("seen_plan")
    return None if seen is None else str(seen)


def errors_of(
    refusal: AnswersUnreadable | AnswersImpossible | ReasonNeeded,
    form: FormDeclaration,
    sent: Submission,
    *,
    zone: str,
) -> dict[str, str]:
    """Return what a refused save says at each answer, under the names that unreadable answers have too."""
    if isinstance(refusal, AnswersUnreadable):
        return refusal.errors
    if isinstance(refusal, ReasonNeeded):
        said = dict.fromkeys(refusal.targets, str(refusal))
    else:
        said = {finding.target: finding_text(form, finding, zone=zone) for finding in refusal.findings}
    return {sent.names.get(target, target): text for target, text in said.items()}
