"""Rows that are known by what they are about: offered again until they are on record, never about something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.html import escape

from crf.engine import messages
from crf.engine.answers import AnswerRow
from crf.engine.declaration import Group
from crf.engine.submission import Raw, rows_begun
from crf.page.question_templates import partial

PASTED = "_paste:"


def offered_again(group: Group, rows: list[AnswerRow], raw: Raw) -> Iterator[AnswerRow]:
    """Yield the rows that the form begins with and that say no more than that, where they stand on the page."""
    about = {row[group.keyed_by] for row in rows}
    key = re.compile(rf"{re.escape(group.name)}-(\d+)-{re.escape(group.keyed_by)}")
    places = {
        texts[0]: int(match[1]) for name, texts in raw.items() if texts and (match := key.fullmatch(name))
    }
    for row in rows_begun(group):
        if (code := row[group.keyed_by]) not in about and code in places:
            begun = {name: value for name, value in row.items() if name != "missing"}
            yield {**begun, "position": 0, "place": places[code]}


def pasted_name(group: Group) -> str:
    """Return the name of the field that lines are pasted into."""
    return f"{PASTED}{group.name}"


def paste_box(group: Group, raw: Raw, pasted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what the page shows of pasting into a table; nothing where it cannot be done."""
    if group.pasted_by is None:
        return {}
    text = next(iter(raw.get(pasted_name(group), ())), "")
    return {"name": pasted_name(group), "text": text, "told": pasted.get(group.name, ())}


def key_cell(group: Group, row: AnswerRow, index: int | str, *, zone: str, language: str) -> str:
    """Draw what a row is about: shown, and sent again as it is."""
    text = messages.display(group.questions[group.keyed_by], row[group.keyed_by], zone=zone)
    filling = {
        "name": f"{group.name}-{index}-{group.keyed_by}",
        "value": escape(row[group.keyed_by]),
        "text": escape(text),
    }
    return partial("key_cell", language) % filling
