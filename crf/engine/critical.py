"""Critical answers, as a form declares them: those that are verified against source in everybody (ADR 37)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def critical_faults(form: Any) -> Iterator[str]:
    """Name each critical item of a declaration that nobody answers."""
    rows = {
        f"{group.name}.{name}": each
        for group in form.groups.values()
        for name, each in group.questions.items()
    }
    for item in form.critical:
        question = {**form.questions, **rows}.get(item)
        if question is None or question.derived:
            yield f"{item} is critical, and nobody answers it"
