"""Two people changed the same record: both answers side by side, and what is kept (requirements C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crf.engine import messages
from crf.engine.changes import AnswerChange, changes
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import AnswerRow, Evaluation
from crf.engine.submission import Raw, raw_of

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class AnswerConflict:
    """One answer that differs between what was typed and what is saved."""

    name: str
    label: str
    row: str
    mine: str
    theirs: str
    i_changed: bool = True
    they_changed: bool = True

    @property
    def both_changed(self) -> bool:
        return self.i_changed and self.they_changed


def differences(
    form: FormDeclaration, *, mine: Evaluation, theirs: Evaluation, began: Evaluation | None, zone: str
) -> list[AnswerConflict]:
    """Return every answer that differs, in the order of the form.

    ``began`` holds the answers that the second writer began with, None when there were none: whose change a
    difference is follows from it, and what nobody of the two touched is not put at risk by a click.
    """
    i_changed = {change.target for change in changes(form, began, mine)}
    they_changed = {change.target for change in changes(form, began, theirs)}
    return [
        replace(
            _difference(form, change, zone),
            i_changed=change.target in i_changed,
            they_changed=change.target in they_changed,
        )
        for change in changes(form, theirs, mine)
    ]


def _difference(form: FormDeclaration, change: AnswerChange, zone: str) -> AnswerConflict:
    group = form.groups.get(change.group)
    questions = group.questions if group else form.questions
    question = questions.get(change.name)
    words = [
        messages.display(question, value, zone=zone) if question else str(value)
        for value in (change.new, change.old)
    ]
    if question is None:
        words = ["", str(group.title) if group else ""]
    row = f"{group.title} {change.position}" if group else ""
    label = str(question.text) if question else str(group.title if group else change.name)
    return AnswerConflict(change.target, label, row, mine=words[0], theirs=words[1])


def merged(
    form: FormDeclaration, *, mine: Evaluation, theirs: Evaluation, choices: Mapping[str, str], zone: str
) -> Raw:
    """Return the page's content with the chosen answer at each difference; what is not chosen stays theirs."""
    values, missing = dict(theirs.values), dict(theirs.missing)
    groups: dict[str, dict[int, AnswerRow]] = {
        name: {row["position"]: {**row, "missing": dict(row["missing"])} for row in rows}
        for name, rows in theirs.groups.items()
    }
    for change in changes(form, theirs, mine):
        if choices.get(change.target) != MINE:
            continue
        if not change.group:
            _take(change.name, values, missing, mine.values, mine.missing)
        else:
            _take_in_row(change, groups[change.group], mine)
    rows = {name: [held[position] for position in sorted(held)] for name, held in groups.items()}
    return raw_of(form, values=values, groups=rows, missing=missing, zone=zone)


def _take(
    name: str, values: Any, missing: dict[str, str], from_values: Any, from_missing: Mapping[str, str]
) -> None:
    values[name] = from_values.get(name)
    missing.pop(name, None)
    if name in from_missing:
        missing[name] = from_missing[name]


def _take_in_row(change: AnswerChange, rows: dict[int, AnswerRow], mine: Evaluation) -> None:
    position = change.position or 0
    typed = next((row for row in mine.groups[change.group] if row["position"] == position), None)
    if typed is None:
        rows.pop(position, None)
        return
    held = rows.setdefault(position, {"position": position, "missing": {}})
    _take(change.name, held, held["missing"], typed, typed["missing"])
