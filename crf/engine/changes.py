"""What a save alters: old and new answer side by side, and whether a reason is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crf.engine.answers import AnswerRow, AnswerValues
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.evaluation import Evaluation
from crf.engine.questions import Question


@dataclass(frozen=True)
class AnswerChange:
    """One answer that differs from what is saved; ``position`` and ``group`` are set inside a row."""

    name: str
    old: Any
    new: Any
    group: str = ""
    position: int | None = None

    @property
    def target(self) -> str:
        """Return the answer's name within the record; a row's answer says in which row."""
        return f"{self.group}.{self.position}.{self.name}" if self.group else self.name

    @property
    def corrects(self) -> bool:
        """Say whether something that was saved is altered; then a reason is asked."""
        return self.old is not None


def changes(form: FormDeclaration, old: Evaluation | None, new: Evaluation) -> list[AnswerChange]:
    """Return what differs between the saved record and the new answers, derived answers left out.

    An answer with its missing reason counts as one thing: giving up "not known" for a date is a correction.
    """
    changed = _differences(form.questions, "", None, old, new)
    for group in form.groups.values():
        before = {row["position"]: row for row in (old.groups.get(group.name, ()) if old else ())}
        after = {row["position"]: row for row in new.groups.get(group.name, ())}
        for position in sorted(before.keys() | after.keys()):
            changed += _row_changes(group, position, before.get(position), after.get(position))
    return changed


def _differences(
    questions: Mapping[str, Question],
    group: str,
    position: int | None,
    old: Evaluation | None,
    new: Evaluation,
) -> list[AnswerChange]:
    before = _stated(old.values, old.missing) if old else {}
    after = _stated(new.values, new.missing)
    return _compare(questions, before, after, group, position)


def _row_changes(
    group: Group, position: int, old: AnswerRow | None, new: AnswerRow | None
) -> list[AnswerChange]:
    before = _stated(old, old["missing"]) if old else {}
    after = _stated(new, new["missing"]) if new else {}
    changed = _compare(group.questions, before, after, group.name, position)
    gone = old is not None and new is None
    return [*changed, AnswerChange("removed", "N", "Y", group.name, position)] if gone else changed


def _compare(
    questions: Mapping[str, Question],
    before: AnswerValues,
    after: AnswerValues,
    group: str,
    position: int | None,
) -> list[AnswerChange]:
    return [
        AnswerChange(name, before.get(name), after.get(name), group, position)
        for name, question in questions.items()
        if not question.derived and before.get(name) != after.get(name)
    ]


def _stated(values: AnswerValues, missing: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers, a missing reason standing in for the answer it replaces."""
    reasons = {name: f"({reason})" for name, reason in missing.items()}
    return {**values, **reasons}
