"""What a form page is told while somebody types: derived answers, findings, what cannot be read, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from crf.engine import messages
from crf.engine.answers import KnownValues
from crf.engine.checks import Level
from crf.engine.conditions import canonical
from crf.engine.declaration import FormDeclaration
from crf.engine.missing import missing_answers
from crf.engine.questions import Question
from crf.engine.submission import NO_ROWS, Review, RowsOnRecord, review


def live(
    form: FormDeclaration,
    data: Mapping[str, Any],
    *,
    context: KnownValues,
    zone: str,
    saved: RowsOnRecord = NO_ROWS,
    today: date | None = None,
) -> dict[str, Any]:
    """Return as JSON what the page shows while typing: derived answers, findings, what is unreadable or missing."""
    reviewed = review(form, data, context=context, zone=zone, saved=saved, today=today)
    names = reviewed.submission.names
    derived = _derived(form, reviewed)
    return {
        "derived": {
            name: messages.display(question, value, zone=zone) for name, (question, value) in derived.items()
        },
        "raw": {name: canonical(value) for name, (_question, value) in derived.items()},
        "errors": dict(reviewed.errors),
        "missing": [
            {"link": answer.link, "text": answer.text}
            for answer in missing_answers(form, reviewed.outcome, names)
        ],
        "findings": [
            {
                "key": finding.key,
                "level": finding.level.value,
                "name": names.get(finding.target, finding.target),
                "message": messages.finding_text(form, finding, zone=zone),
            }
            for finding in reviewed.outcome.findings
            if finding.level in (Level.HARD, Level.SOFT)
        ],
    }


def _derived(form: FormDeclaration, review: Review) -> dict[str, tuple[Question, Any]]:
    """Map the name on the page of each derived answer to its question and value."""
    outcome, names = review.outcome, review.submission.names
    answers = {
        name: (question, outcome.values[name])
        for name, question in form.questions.items()
        if question.derived
    }
    for group in form.groups.values():
        derived = [question for question in group.questions.values() if question.derived]
        for row in outcome.groups[group.name] if derived else ():
            for question in derived:
                target = f"{group.name}.{row['position']}.{question.name}"
                answers[names.get(target, target)] = (question, row[question.name])
    return answers
