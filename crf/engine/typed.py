"""From answers back to what was typed: a saved record as its page would send it (architecture 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crf.engine.answers import AnswerValues
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.submission import Raw, rows_begun, rows_left_out
from kernel.reading import as_typed


def raw_of(
    form: FormDeclaration,
    *,
    values: AnswerValues,
    groups: Mapping[str, Iterable[AnswerValues]],
    missing: Mapping[str, str],
    zone: str,
) -> Raw:
    """Return a saved record as the page would send it."""
    raw: Raw = {}
    for name, question in form.questions.items():
        if not question.derived:
            _put(raw, name, as_typed(values.get(name), zone=zone), missing.get(name))
    for group in form.groups.values():
        for index, row in enumerate(_rows_to_show(group, groups.get(group.name, ()))):
            prefix = f"{group.name}-{index}"
            for part in ("row_id", "position"):
                if row.get(part):
                    raw[f"{prefix}-{part}"] = [str(row[part])]
            for name, question in group.questions.items():
                if not question.derived:
                    why = (row.get("missing") or {}).get(name)
                    _put(raw, f"{prefix}-{name}", as_typed(row.get(name), zone=zone), why)
    return raw


def _rows_to_show(group: Group, rows: Iterable[AnswerValues]) -> list[AnswerValues]:
    """Return the saved rows, and the rows the group starts with where they are not saved yet."""
    saved = list(rows)
    if group.fixed:
        left_out = rows_left_out(group, {row["position"] for row in saved})
        return sorted([*saved, *left_out], key=lambda row: row["position"])
    if saved and not group.keyed_by:
        return saved
    known = {row.get(group.keyed_by) for row in saved} if group.keyed_by else set()
    begun = [row for row in rows_begun(group) if row.get(group.keyed_by) not in known or not known]
    return [*saved, *({**row, "position": None} for row in begun)]


def _put(raw: Raw, name: str, texts: list[str], why: str | None) -> None:
    if texts:
        raw[name] = texts
    if why:
        raw[f"{name}__why"] = [why]
