"""What a file says beside what is stored: new answers are told from those that stand, and from those that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Question, QuestionKind
from crf.engine.submission import AnswerUnreadableError, read_answer
from crf.store.records import RecordKey, StoredRecord, identity_of
from exports.imports.files import FileLine
from exports.imports.mapping import ImportMapping
from exports.imports.models import CellOutcome
from kernel.reading import as_typed


@dataclass
class ImportedCell:
    """One cell of the file: where it stands, which answer it gives, what is stored, and what becomes of it."""

    line: int
    participant: str
    record: str
    target: str
    text: str
    stored: str = ""
    outcome: CellOutcome = CellOutcome.NEW
    said: str = ""


@dataclass
class RecordLines:
    """The lines about one record, and what of them is new."""

    record_key: RecordKey
    lines: list[FileLine]
    cells: list[ImportedCell] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=lambda: {"answers": {}, "missing": {}, "groups": {}})

    @property
    def new(self) -> list[ImportedCell]:
        return [cell for cell in self.cells if cell.outcome == CellOutcome.NEW]


@dataclass(frozen=True)
class _Stored:
    """The answers beside which cells are held: those of the record, or of one of its rows."""

    values: Mapping[str, Any]
    missing: Mapping[str, str]


NOTHING = _Stored({}, {})
SHEET_FAULTS: Final = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"}
)


def compare(
    about: RecordLines,
    form: FormDeclaration,
    mapping: ImportMapping,
    stored: StoredRecord | None,
    *,
    zone: str,
) -> None:
    """The cells of the record say what becomes of them, and its body holds what is new, as PATCH takes it."""
    beside = _of_record(form, stored) if stored else NOTHING
    typed: dict[str, str] = {}
    for line in about.lines:
        for name, column in mapping.answers.items():
            text = mapping.text_of(form.questions[name], line.cells.get(column, ""))
            if not text or typed.get(name) == text:
                continue
            cell = _cell(about, line, name, text)
            if name in typed:
                _refuse(cell, _("Another line about this record says “{text}”.").format(text=typed[name]))
            else:
                typed[name] = text
                _judge(cell, form.questions[name], beside, mapping, zone)
                _take(cell, name, form.questions[name], mapping, about.body["answers"], about.body["missing"])
            about.cells.append(cell)
    if mapping.group:
        _compare_rows(about, form, mapping, stored, zone)


def _of_record(form: FormDeclaration, stored: StoredRecord) -> _Stored:
    values = {name: getattr(stored.record, name) for name in form.questions}
    return _Stored(values, stored.record.missing)


def _cell(about: RecordLines, line: FileLine, target: str, text: str) -> ImportedCell:
    key = about.record_key
    return ImportedCell(line.number, key.participant.number, key.label, target, text)


def _refuse(cell: ImportedCell, said: str) -> None:
    cell.outcome, cell.said = CellOutcome.REFUSED, said


def _judge(
    cell: ImportedCell, question: Question, beside: _Stored, mapping: ImportMapping, zone: str
) -> None:
    """Say whether the cell is new, stored already, differs, or is no answer."""
    reason = mapping.missing.get(cell.text, "")
    if cell.text in SHEET_FAULTS and not reason:
        _refuse(cell, _("“{text}” is what a sheet shows where a formula failed.").format(text=cell.text))
        return
    stored, stored_reason = beside.values.get(question.name), beside.missing.get(question.name, "")
    cell.stored = stored_reason or "; ".join(as_typed(stored, zone=zone))
    if reason:
        if reason not in question.missing_allowed:
            _refuse(cell, _("“{reason}” is no reason here why there is no answer.").format(reason=reason))
        elif stored_reason == reason:
            cell.outcome = CellOutcome.SAME
        elif cell.stored:
            cell.outcome = CellOutcome.CONFLICT
        return
    try:
        value = read_answer(question, texts_of(question, cell.text), zone=zone)
    except AnswerUnreadableError as unread:
        _refuse(cell, str(unread))
        return
    if stored is not None and _alike(stored, value):
        cell.outcome = CellOutcome.SAME
    elif cell.stored:
        cell.outcome = CellOutcome.CONFLICT


def texts_of(question: Question, text: str) -> list[str]:
    """Return what the page would have sent: one text, or one for each code of a question with many."""
    if question.kind == QuestionKind.MULTIPLE:
        return [each.strip() for each in text.split(";") if each.strip()]
    return [text]


def _alike(stored: Any, value: Any) -> bool:
    if isinstance(stored, list) and isinstance(value, list):
        return set(stored) == set(value)
    return bool(stored == value)


def _take(
    cell: ImportedCell,
    name: str,
    question: Question,
    mapping: ImportMapping,
    answers: dict[str, Any],
    missing: dict[str, str],
) -> None:
    if cell.outcome != CellOutcome.NEW:
        return
    if reason := mapping.missing.get(cell.text):
        missing[name] = reason
    else:
        texts = texts_of(question, cell.text)
        answers[name] = texts if question.kind == QuestionKind.MULTIPLE else texts[0]


def _compare_rows(
    about: RecordLines, form: FormDeclaration, mapping: ImportMapping, stored: StoredRecord | None, zone: str
) -> None:
    group = form.groups[mapping.group]
    rows = stored.standing(group.name) if stored else []
    by_key = {_key(mapping, {name: getattr(row, name) for name in mapping.key}): row for row in rows}
    seen: set[tuple[Any, ...]] = set()
    for line in about.lines:
        texts = {
            name: mapping.text_of(group.questions[name], line.cells.get(column, ""))
            for name, column in mapping.row.items()
        }
        if not any(texts.values()):
            continue
        cells = {
            name: _cell(about, line, f"{group.name}.{name}", text) for name, text in texts.items() if text
        }
        about.cells += cells.values()
        read = {name: _read(group.questions[name], texts[name], zone) for name in mapping.key}
        key = _key(mapping, read)
        unread = next((name for name in mapping.key if read[name] is None), None)
        if unread is not None:
            _refuse_all(cells, _not_known_by(group.questions[unread], texts[unread]))
        elif key in seen:
            _refuse_all(cells, _("An earlier line is about the same row."))
        else:
            seen.add(key)
            _compare_row(about, group.name, group.questions, cells, mapping, by_key.get(key), zone)


def _not_known_by(question: Question, text: str) -> str:
    said = (
        _("The row is known by “{question}”, and “{text}” cannot be read there.")
        if text
        else _("The row is known by “{question}”, and nothing stands there.")
    )
    return said.format(question=question.text, text=text)


def _key(mapping: ImportMapping, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name] for name in mapping.key)


def _read(question: Question, text: str, zone: str) -> Any:
    try:
        return read_answer(question, [text], zone=zone) if text else None
    except AnswerUnreadableError:
        return None


def _refuse_all(cells: Mapping[str, ImportedCell], said: str) -> None:
    for cell in cells.values():
        _refuse(cell, said)


def _compare_row(
    about: RecordLines,
    group: str,
    questions: Mapping[str, Question],
    cells: Mapping[str, ImportedCell],
    mapping: ImportMapping,
    row: Any,
    zone: str,
) -> None:
    beside = NOTHING
    if row is not None:
        beside = _Stored({name: getattr(row, name) for name in questions}, row.missing)
    sent: dict[str, Any] = {"missing": {}}
    for name, cell in cells.items():
        _judge(cell, questions[name], beside, mapping, zone)
        _take(cell, name, questions[name], mapping, sent, sent["missing"])
    if len(sent) > 1 or sent["missing"]:
        if row is not None:
            sent["row_id"] = identity_of(group, row)
        about.body["groups"].setdefault(group, []).append(sent)


def records_known_by(values: Mapping[str, Any], stored: Sequence[Any]) -> list[Any]:
    """Return those of the stored records of a log that give these answers."""
    return [row for row in stored if all(getattr(row, name) == value for name, value in values.items())]
