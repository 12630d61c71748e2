"""Two people changed the same record: both answers side by side, and what is kept (requirements C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from crf.engine import messages
from crf.engine.answers import AnswerRow
from crf.engine.changes import AnswerChange, changes
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.evaluation import Evaluation
from crf.engine.submission import Raw
from crf.engine.typed import raw_of
from kernel.punctuation import listed_apart

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class AnswerConflict:
    """One answer, or one whole row, that differs between what was typed and what is saved.

    ``proposed`` is the side that is chosen unless the second writer chooses otherwise.
    """

    name: str
    label: str
    row: str
    mine: str
    theirs: str
    i_changed: bool
    they_changed: bool
    proposed: str

    @property
    def both_changed(self) -> bool:
        return self.i_changed and self.they_changed


@dataclass(frozen=True)
class UnmatchedRow:
    """A row that one side has and the other has not: added by the one, or removed by the other."""

    group: Group
    position: int
    mine: AnswerRow | None
    theirs: AnswerRow | None

    @property
    def name(self) -> str:
        return f"{self.group.name}.{self.position}"


@dataclass(frozen=True)
class _Changed:
    """The targets of the answers that each side changed since both began with the same."""

    mine: frozenset[str]
    theirs: frozenset[str]

    def within(self, name: str) -> tuple[bool, bool]:
        """Say whether the second and the first writer changed the answer, or anything in the row, of this name."""
        i_did, they_did = (
            any(target == name or target.startswith(f"{name}.") for target in side)
            for side in (self.mine, self.theirs)
        )
        return i_did, they_did


def differences(
    form: FormDeclaration, *, mine: Evaluation, theirs: Evaluation, began: Evaluation | None, zone: str
) -> list[AnswerConflict]:
    """Return every answer that differs, in the order of the form; a row that only one side has is one difference.

    Rows are the same where their numbers are, which their identities decide. ``began`` holds the answers
    that the second writer began with, None when there were none: whose change a difference is follows from
    it, and what nobody of the two touched is not put at risk by a click.
    """
    changed = _Changed(
        frozenset(change.target for change in changes(form, began, mine)),
        frozenset(change.target for change in changes(form, began, theirs)),
    )
    rows = {row.name: row for row in unmatched_rows(form, mine=mine, theirs=theirs)}
    conflicts = [
        _answer_conflict(form, change, changed, zone) for change in _matched_changes(form, mine, theirs, rows)
    ]
    conflicts += [_row_conflict(row, changed, zone) for row in rows.values()]
    groups = list(form.groups)
    return sorted(conflicts, key=lambda conflict: _order(conflict.name, groups))


def unmatched_rows(form: FormDeclaration, *, mine: Evaluation, theirs: Evaluation) -> list[UnmatchedRow]:
    """Return the rows that only one side has, in the order of the form."""
    rows = []
    for group in form.groups.values():
        ours, others = _by_position(mine, group), _by_position(theirs, group)
        rows += [
            UnmatchedRow(group, position, ours.get(position), others.get(position))
            for position in sorted(ours.keys() ^ others.keys())
        ]
    return rows


def _by_position(side: Evaluation, group: Group) -> dict[int, AnswerRow]:
    return {row["position"]: row for row in side.groups.get(group.name, ())}


def _matched_changes(
    form: FormDeclaration, mine: Evaluation, theirs: Evaluation, rows: Mapping[str, UnmatchedRow]
) -> list[AnswerChange]:
    """Return what differs outside the rows that only one side has."""
    differences = changes(form, theirs, mine)
    return [change for change in differences if f"{change.group}.{change.position}" not in rows]


def _order(name: str, groups: list[str]) -> tuple[int, int]:
    group, _dot, rest = name.partition(".")
    return (groups.index(group), int(rest.partition(".")[0])) if rest else (-1, 0)


def _answer_conflict(
    form: FormDeclaration, change: AnswerChange, changed: _Changed, zone: str
) -> AnswerConflict:
    group = form.groups.get(change.group)
    question = (group.questions if group else form.questions)[change.name]
    mine, theirs = (messages.display(question, value, zone=zone) for value in (change.new, change.old))
    i_did, they_did = changed.within(change.target)
    row = f"{group.title} {change.position}" if group else ""
    proposed = MINE if i_did else THEIRS
    return AnswerConflict(
        change.target, str(question.text), row, mine, theirs, i_did, they_did, proposed=proposed
    )


def _row_conflict(row: UnmatchedRow, changed: _Changed, zone: str) -> AnswerConflict:
    """Return the choice between a row and none: where both touched it, the row is kept unless somebody says no."""
    i_did, they_did = changed.within(row.name)
    has_it = MINE if row.mine else THEIRS
    lacks_it = THEIRS if row.mine else MINE
    removed = they_did if row.mine else i_did
    words = {has_it: _row_in_words(row, zone), lacks_it: _("removed") if removed else _("not there")}
    alone = MINE if i_did else THEIRS
    return AnswerConflict(
        row.name,
        _("Whole row"),
        f"{row.group.title} {row.position}",
        words[MINE],
        words[THEIRS],
        i_did,
        they_did,
        proposed=has_it if i_did and they_did else alone,
    )


def _row_in_words(row: UnmatchedRow, zone: str) -> str:
    answers = row.mine or row.theirs or {}
    reasons = answers.get("missing", {})
    said = {
        question.text: messages.missing_text(reasons[name])
        if name in reasons
        else messages.display(question, answers.get(name), zone=zone)
        for name, question in row.group.questions.items()
        if not question.derived
    }
    return listed_apart(f"{text}: {words}" for text, words in said.items() if words) or _("no answer")


def merged(
    form: FormDeclaration, *, mine: Evaluation, theirs: Evaluation, choices: Mapping[str, str], zone: str
) -> Raw:
    """Return the page's content with the chosen side at each difference; what is not chosen stays theirs.

    A row is taken or left whole where only one side has it, so that no row is ever made of two.
    """
    values, missing = dict(theirs.values), dict(theirs.missing)
    groups: dict[str, dict[int, AnswerRow]] = {
        name: {row["position"]: {**row, "missing": dict(row["missing"])} for row in rows}
        for name, rows in theirs.groups.items()
    }
    rows = {row.name: row for row in unmatched_rows(form, mine=mine, theirs=theirs)}
    for change in _matched_changes(form, mine, theirs, rows):
        if choices.get(change.target) != MINE:
            continue
        if not change.group:
            _take(change.name, values, missing, mine.values, mine.missing)
        else:
            typed = _by_position(mine, form.groups[change.group])[change.position or 0]
            merged_rows = groups[change.group][change.position or 0]
            _take(change.name, merged_rows, merged_rows["missing"], typed, typed["missing"])
    for row in rows.values():
        if choices.get(row.name) == MINE:
            _take_row(row, groups[row.group.name])
    kept = {
        name: [merged_rows[position] for position in sorted(merged_rows)]
        for name, merged_rows in groups.items()
    }
    raw = raw_of(form, values=values, groups=kept, missing=missing, zone=zone)
    left = [row for row in rows.values() if row.theirs and choices.get(row.name) == MINE]
    return raw | _removals(left, kept)


def _take(
    name: str, values: Any, missing: dict[str, str], from_values: Any, from_missing: Mapping[str, str]
) -> None:
    values[name] = from_values.get(name)
    missing.pop(name, None)
    if name in from_missing:
        missing[name] = from_missing[name]


def _take_row(row: UnmatchedRow, rows: dict[int, AnswerRow]) -> None:
    """Take the second writer's side of a row; one that is not on record has no number to be sent with."""
    if row.mine is None:
        rows.pop(row.position)
    else:
        rows[row.position] = {**row.mine, "position": None}


def _removals(rows: list[UnmatchedRow], kept: Mapping[str, list[AnswerRow]]) -> Raw:
    """Return the marks by which the page removes saved rows."""
    raw: Raw = {}
    for number, row in enumerate(rows):
        prefix = f"{row.group.name}-{len(kept[row.group.name]) + number}"
        raw |= {f"{prefix}-position": [str(row.position)], f"{prefix}-remove": ["1"]}
    return raw
