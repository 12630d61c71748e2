"""Lines that are pasted into a table of a form: what is understood is typed into its rows, the rest stays and is told.

Nothing is saved, and no answer that is there already is changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crf.engine.declaration import Group
from crf.engine.submission import Raw, raw_of_post
from crf.page.editor import RecordEditor
from crf.page.form_page import FormPage
from crf.page.keyed_rows import PASTED, pasted_name

ACTION = "paste"


def has_lines(data: Mapping[str, Any]) -> bool:
    """Say whether anything stands in a field that lines are pasted into."""
    return any(str(data[name]).strip() for name in data if name.startswith(PASTED))


def paste_into(editor: RecordEditor, data: Any) -> FormPage:
    """Return the page with what was pasted in its rows; it is kept as a draft, as anything typed is."""
    raw, told = raw_of_post(data), {}
    for group in editor.form.groups.values():
        if group.pasted_by and any(raw.get(pasted_name(group), ())):
            told[group.name] = _spread(group, raw)
    review = editor.review(raw)
    editor.keep(review)
    return editor.page_of(review, announce=False, pasted=told)


def _spread(group: Group, raw: Raw) -> tuple[str, ...]:
    """Put the lines into the rows of ``raw``; return what is said of those that stay."""
    if group.pasted_by is None:
        raise ValueError(f"nothing is pasted into {group.name}")
    lines = raw[pasted_name(group)][0].splitlines()
    rows, left, told, taken = _rows(group, raw), [], [], 0
    for line in group.pasted_by(lines, list(rows)):
        why = line.why or _type_in(group, raw, rows, dict(line.answers))
        taken += not why
        if why:
            left.append(line.text)
            told.append(
                _("Line {number}, “{text}”: {why}.").format(
                    number=line.number, text=line.text.strip(), why=why
                )
            )
    raw[pasted_name(group)] = ["\n".join(left)]
    said = ngettext("{number} line was taken over.", "{number} lines were taken over.", taken)
    return (said.format(number=taken), *told)


def _rows(group: Group, raw: Raw) -> dict[str, int]:
    """Map what each row on the page is about to its place, in the order of the page."""
    key = re.compile(rf"{re.escape(group.name)}-(\d+)-{re.escape(group.keyed_by)}")
    numbered = [(int(match[1]), raw[name]) for name in raw if (match := key.fullmatch(name))]
    return {texts[0]: place for place, texts in sorted(numbered) if texts and texts[0]}


def _type_in(group: Group, raw: Raw, rows: dict[str, int], answers: dict[str, str]) -> str:
    """Type the answers into the row that is about the same, or into a new one; return why they are not."""
    about = answers[group.keyed_by]
    place = rows.setdefault(about, _free(group, raw))
    names = {name: f"{group.name}-{place}-{name}" for name in answers}
    result = next(name for name in answers if name != group.keyed_by)
    there = next(iter(raw.get(names[result], ())), "").strip()
    if there and there != answers[result]:
        return _("there is an answer already, {answer}, and it stays").format(answer=there)
    for name, answer in answers.items():
        raw[names[name]] = [answer]
    raw.pop(f"{names[result]}__why", None)
    return ""


def _free(group: Group, raw: Raw) -> int:
    """Return the first place behind all rows."""
    place = re.compile(rf"{re.escape(group.name)}-(\d+)-[a-z_]+")
    return max((int(match[1]) + 1 for name in raw if (match := place.fullmatch(name))), default=0)
