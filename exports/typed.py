"""From the JSON of a program to what a page would have sent, so that both are read by the same eyes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from crf.engine.declaration import FormDeclaration, Group
from crf.engine.evaluation import Evaluation
from crf.engine.messages import finding_text
from crf.engine.questions import Question, QuestionKind
from crf.engine.submission import ROW_ID, Submission
from crf.engine.typed import raw_of
from crf.records.refusals import AnswersImpossible, AnswersUnreadable, ReasonNeeded
from exports.sent import object_in as _object
from exports.sent import rows_in as _rows

SENT: Final = frozenset(
    (
        *("answers", "missing", "groups", "version", "reason", "reasons", "confirmations", "prompts"),
        *("seen_plan", "leave_out"),
    )
)
REPLACED: Final = SENT | {"replace"}
SHOWN: Final = frozenset(
    {
        *("id", "participant", "form", "visit", "visit_code", "sequence", "state", "left_out"),
        *("protocol_version", "protocol_digest", "act", "changed_at"),
    }
)  # what was got can be put
IN_ROW: Final = frozenset({"row_id", "position", "remove", "missing"})


def misfits(form: FormDeclaration, body: Any, *, parts: frozenset[str] = SENT) -> dict[str, str]:
    """Return a sentence for each name that the form does not know and each value that no page could send.

    Left out in silence, a misspelt answer would be lost, and the caller would believe that it is saved.
    """
    whole = _object(body, "body")
    faults = {
        name: _("The body has no part “{name}”. Check its spelling.").format(name=name)
        for name in whole.keys() - parts - SHOWN
    }
    for name in ("replace", "leave_out"):
        if not isinstance(whole.get(name, False), bool):
            faults[name] = _("“{name}” is true or false.").format(name=name)
    faults |= dict(_misfits(form.questions, _object(whole.get("answers", {}), "answers"), whole))
    for name, sent in _object(whole.get("groups", {}), "groups").items():
        rows = [_object(row, name) for row in _rows(sent, name)]
        if name not in form.groups:
            faults[name] = _("The form has no table “{name}”. Look it up in the codebook.").format(name=name)
            continue
        for index, row in enumerate(rows):
            answers = {key: value for key, value in row.items() if key not in IN_ROW}
            strange = _misfits(form.groups[name].questions, answers, row)
            faults |= {f"{name}-{index}-{key}": text for key, text in strange}
            if row.get("row_id") and not ROW_ID.fullmatch(str(row["row_id"])):
                faults[f"{name}-{index}-row_id"] = _(
                    "“row_id” is a UUID: the one that the record shows for a row, your own for a new one, or none."
                )
    return faults


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
    raw["_leave_out"] = "1" if whole.get("leave_out") else ""
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


def patched(
    form: FormDeclaration, stored: Evaluation | None, body: Mapping[str, Any], *, zone: str
) -> dict[str, Any]:
    """Return the stored answers as a page would send them, changed by what the body says and by nothing else."""
    values, missing, groups = (stored.values, stored.missing, stored.groups) if stored else ({}, {}, {})
    raw: dict[str, Any] = dict(raw_of(form, values=values, groups=groups, missing=missing, zone=zone))
    sent = as_typed({**body, "groups": {}})
    for group, rows in _object(body.get("groups", {}), "groups").items():
        indices = [int(name.split("-")[1]) for name in raw if name.startswith(f"{group}-")]
        free = max(indices, default=-1) + 1
        for number, each in enumerate(_rows(rows, group)):
            row = _object(each, group)
            sent |= _row(group, _index_of(raw, group, row, free + number), row)
    for name in sent:  # an answer takes the place of a reason why there is none, and the other way round
        raw.pop(name.removesuffix("__why") if name.endswith("__why") else f"{name}__why", None)
    return raw | sent


def _index_of(raw: Mapping[str, Any], group: str, row: Mapping[str, Any], free: int) -> int:
    """Return the place of a row among those that are on the page, or the ``free`` one."""
    part = "row_id" if row.get("row_id") else "position"
    said = str(row.get(part, "")).lower()
    names = [
        name
        for name, texts in raw.items()
        if name.startswith(f"{group}-") and name.endswith(f"-{part}") and texts == [said]
    ]
    return int(names[0].split("-")[1]) if names else free


def unsent(form: FormDeclaration, stored: Evaluation, body: Mapping[str, Any]) -> list[str]:
    """Return the answers and rows on record of which the body says nothing, by their names within the record."""
    names = _unsent(
        form.questions, stored.values, stored.missing, _object(body.get("answers", {}), "answers"), body
    )
    groups = _object(body.get("groups", {}), "groups")
    for name, rows in stored.groups.items():
        sent = [_object(row, name) for row in _rows(groups.get(name, []), name)]
        named = {
            str(row[part]).lower(): row for row in sent for part in ("row_id", "position") if row.get(part)
        }
        if rows and name not in groups:
            names.append(name)
            continue
        for row in rows:
            target, said = (
                f"{name}.{row['position']}",
                named.get(row["row_id"]) or named.get(str(row["position"])),
            )
            if said is None:
                names.append(target)
            elif not said.get("remove"):
                asked = _typed_in(form.groups[name])
                names += [f"{target}.{each}" for each in _unsent(asked, row, row["missing"], said, said)]
    return names


def _typed_in(group: Group) -> dict[str, Question]:
    """Return the questions of a row that somebody answers: those that a fixed row begins with are answered."""
    given = {name for row in group.starts_with for name in row} if group.fixed else set()
    return {name: question for name, question in group.questions.items() if name not in given}


def _unsent(
    questions: Mapping[str, Question],
    values: Mapping[str, Any],
    missing: Mapping[str, str],
    answers: Mapping[str, Any],
    beside: Mapping[str, Any],
) -> list[str]:
    said = {*answers, *_object(beside.get("missing", {}), "missing")}
    return [
        name
        for name, question in questions.items()
        if not question.derived and name not in said and (values.get(name) is not None or name in missing)
    ]


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
