"""The questions of a form as a person chooses one."""

from __future__ import annotations

from crf.engine.messages import label_at, question_at
from crf.page.editor import RecordEditor


def targets_of(editor: RecordEditor) -> list[tuple[str, str]]:
    """Return each question of the form, and of each row that is there, with its words."""
    form = editor.record_key.form
    pairs = [(name, str(question.text)) for name, question in form.questions.items()]
    for name, group in form.groups.items():
        pairs.append((name, str(group.title)))
        for row in editor.stored.standing(name) if editor.stored else ():
            pairs.append((f"{name}.{row.position}", label_at(form, f"{name}.{row.position}")))
            pairs += [
                (f"{name}.{row.position}.{question.name}", f"{group.title} {row.position} · {question.text}")
                for question in group.questions.values()
            ]
    return pairs


def answers_of(editor: RecordEditor) -> list[tuple[str, str]]:
    """Return each question of the form, and of each row that is there, that a person answers."""
    form = editor.record_key.form
    named = ((target, words, question_at(form, target)) for target, words in targets_of(editor))
    return [(target, words) for target, words, question in named if question and not question.derived]


def numeric_targets(editor: RecordEditor) -> list[tuple[str, str]]:
    """Return the questions whose typed value has a range which cannot be passed."""
    asked = editor.record_key.form.questions.items()
    return [(name, str(question.text)) for name, question in asked if question.hard and not question.derived]
