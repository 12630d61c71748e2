"""From what was typed to answers, and back: nothing typed is lost on the way (architecture 6).

Names on the page: ``weight``; ``weight__why`` (missing reason); ``ln_table-0-examined`` (row 0 of a
group), ``ln_table-0-row_id``, ``ln_table-0-position``, ``ln_table-0-remove``; controls begin with ``_``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from crf.engine import messages
from crf.engine.answers import AnswerRow, AnswerValues, KnownValues
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.dictionaries import DICTIONARIES
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.questions import Question, QuestionKind
from kernel import reading
from kernel.reading import UnreadableError, clean

Raw = dict[str, list[str]]
ROW_LIMIT = 200
KEYS_BETWEEN = "|"  # between the keys of findings at one value, which are confirmed together
COUNTED = re.compile(r"[0-9]{1,4}")
ROW_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ROW_TICK = re.compile(r"[a-z][a-z0-9_]*-[0-9]{1,4}-remove")
ROW_NAME = re.compile(r"(?P<group>[a-z][a-z0-9_]*)-(?P<index>[0-9]{1,4})-(?P<field>[a-z][a-z0-9_]*)")


@dataclass(frozen=True)
class SavedRows:
    """The rows of one group that are on record: their numbers by identity, and the numbers of removed ones."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()


RowsOnRecord = Mapping[str, SavedRows]
NOTHING_SAVED: Final = SavedRows()
NO_ROWS: Final[RowsOnRecord] = MappingProxyType({})


class Prompt(TypedDict, total=False):
    """A finding that was shown while somebody typed: its key, where, for which answer, in which words."""

    key: str
    name: str
    value: str
    message: str


@dataclass(frozen=True)
class Answers:
    """What a person answered, and what goes with the save: the same for a page, a program and a simulation.

    ``reasons`` are those of single answers, by their names within the record; ``errors`` say what could not be
    read, and ``names`` map an answer's name within the record to its name on the page. ``leave_out`` says that rows
    on record which are no longer asked may go.
    """

    values: AnswerValues
    groups: Mapping[str, Sequence[AnswerValues]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    confirmations: Mapping[str, str] = field(default_factory=dict)
    prompts: Sequence[Prompt] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    leave_out: bool = False


@dataclass
class Submission:
    """What a person sent: typed answers, what could not be read, and what goes with the save."""

    raw: Raw
    values: AnswerRow = field(default_factory=dict)
    groups: dict[str, list[AnswerRow]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    removed: dict[str, list[int]] = field(default_factory=dict)

    def control(self, name: str) -> str:
        """Return a control of the page such as "reason", "version", "key", "action"."""
        return clean(next(iter(self.raw.get(f"_{name}", ())), ""))

    def answers(self) -> Answers:
        """Return what was sent as a save takes it."""
        return Answers(
            values=self.values,
            groups=self.groups,
            missing=self.missing,
            reason=self.control("reason"),
            reasons=self.reasons,
            confirmations=self.confirmations,
            prompts=self.prompts,
            errors=self.errors,
            names=self.names,
            leave_out=bool(self.control("leave_out")),
        )

    @property
    def reason(self) -> str:
        """Return why saved answers were changed."""
        return self.control("reason")

    @property
    def version(self) -> int | None:
        """Return the version of the record that the person was looking at."""
        text = self.control("version")
        return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else None

    @property
    def reasons(self) -> dict[str, str]:
        """Map single answers, by their names within the record, to the reason given for that one."""
        said = self._texts("_reason:")
        if not said:
            return {}
        targets = {name: target for target, name in self.names.items()} | self._removals()
        return {targets.get(name, name): text for name, text in said.items()}

    def _texts(self, prefix: str) -> dict[str, str]:
        """Map what was said under names that begin with ``prefix``, without it; blanks say nothing."""
        said = {
            name: clean(texts[0]) for name, texts in self.raw.items() if texts and name.startswith(prefix)
        }
        return {name.removeprefix(prefix): text for name, text in said.items() if text}

    def _removals(self) -> dict[str, str]:
        """Map the tick that removes a saved row, as the page names it, to the row's name within the record."""
        ticks = [name for name, texts in self.raw.items() if ROW_TICK.fullmatch(name) and any(texts)]
        removals = {}
        for tick in ticks:
            group, _dash, _index = tick.removesuffix("-remove").rpartition("-")
            position = next(iter(self.raw.get(f"{tick.removesuffix('-remove')}-position", ())), "")
            removals[tick] = f"{group}.{position}.removed"
        return removals

    @property
    def confirmations(self) -> dict[str, str]:
        """Map the key of each soft finding that was confirmed to the reason given; one reason may settle several."""
        said = self._texts("_confirm:")
        return {key: text for keys, text in said.items() for key in keys.split(KEYS_BETWEEN)}

    @property
    def prompts(self) -> list[Prompt]:
        """Return the findings that were shown while typing, each with the answer it was shown for."""
        text = self.control("prompts")
        if not text:
            return []
        try:
            said = json.loads(text)
        except ValueError:
            return []
        rows = said if isinstance(said, list) else []
        return [_prompt(row) for row in rows if isinstance(row, dict)]


def _prompt(row: AnswerValues) -> Prompt:
    """Return the parts of a prompt that are kept, as texts."""
    return cast("Prompt", {part: str(row[part]) for part in Prompt.__annotations__ if part in row})


@dataclass(frozen=True)
class Review:
    """A submission with everything that follows from it."""

    form: FormDeclaration
    submission: Submission
    outcome: Evaluation
    errors: Mapping[str, str]

    @property
    def readable(self) -> bool:
        """Say whether everything that is asked could be read."""
        return not self.errors

    @property
    def may_save(self) -> bool:
        """Say whether it can be saved as it is; soft findings do not stand in the way."""
        return self.readable and not self.outcome.stops()


def review(
    form: FormDeclaration,
    data: Mapping[str, Any],
    *,
    context: KnownValues,
    zone: str,
    saved: RowsOnRecord = NO_ROWS,
    today: date | None = None,
) -> Review:
    """Read ``data`` (a POST, a draft, an API call) and evaluate it; errors of questions not asked are dropped."""
    submission = parse(form, data, zone=zone, saved=saved, today=today)
    outcome = evaluate(
        form,
        values=submission.values,
        groups=submission.groups,
        missing=submission.missing,
        context=context,
    )
    return Review(form, submission, outcome, asked_errors(form, submission, outcome))


def asked_errors(form: FormDeclaration, sent: Submission | Answers, outcome: Evaluation) -> dict[str, str]:
    """Return what could not be read of what is asked; the rest is cleared anyway."""
    asked = {sent.names.get(target, target) for target in outcome.visible} | set(form.groups)
    return {name: text for name, text in sent.errors.items() if name in asked}


def raw_of_post(data: Mapping[str, Any]) -> Raw:
    """Return what was typed, as lists of texts by name, from a POST or from a draft's JSON."""
    if hasattr(data, "lists"):
        return dict(data.lists())
    return {
        str(name): [_typed(item) for item in (texts if isinstance(texts, list | tuple) else [texts])]
        for name, texts in data.items()
    }


class AnswerUnreadableError(Exception):
    """What was typed is no answer to the question; the text says what would be."""


def read_answer(question: Question, texts: list[str], *, zone: str, today: date | None = None) -> Any:
    """Return the answer that ``texts`` give to ``question``, None for no text.

    Raises:
        AnswerUnreadableError: they give none; its text says what would be one.
    """
    if question.kind == QuestionKind.MULTIPLE:
        return _ticked(question, texts)
    if not texts:
        return None
    if question.kind == QuestionKind.CHOICE:
        return _chosen(question, texts[0])
    try:
        return _read(question, texts[0], zone=zone, today=today)
    except UnreadableError as fault:
        raise AnswerUnreadableError(messages.unreadable(question, fault.reason)) from fault


def _read(question: Question, text: str, *, zone: str, today: date | None) -> Any:
    match question.kind:
        case QuestionKind.INTEGER:
            return reading.whole(text)
        case QuestionKind.DECIMAL:
            return reading.pointed(text, places=question.places)
        case QuestionKind.DATE:
            return reading.day(text, today=today)
        case QuestionKind.PARTIAL_DATE:
            return reading.partial_day(text, today=today)
        case QuestionKind.DATETIME:
            return reading.instant(text, zone=zone, today=today)
    words = reading.words(text)
    if question.dictionary and words:
        return _term(question, words)
    if len(words) > question.max_length:
        raise AnswerUnreadableError(messages.too_long(question, len(words)))
    return words


def _term(question: Question, words: str) -> str:
    dictionary = DICTIONARIES[question.dictionary]
    name = dictionary.name_of(words)
    if name is None:
        near = [term.text for term in dictionary.search(words, 4)]
        raise AnswerUnreadableError(messages.no_term(question, words, title=dictionary.title, near=near))
    return name


def _chosen(question: Question, code: str) -> str:
    if question.codes is None or code not in question.codes.labels:
        raise AnswerUnreadableError(messages.format_hint(question))
    return code


def _ticked(question: Question, texts: list[str]) -> list[str] | None:
    codes = question.codes
    if codes is None or not codes.labels.keys() >= set(texts):
        raise AnswerUnreadableError(messages.format_hint(question))
    ticked = [code for code in codes.values if code in texts]
    if len(ticked) > 1 and (alone := set(codes.exclusive).intersection(ticked)):
        raise AnswerUnreadableError(messages.stands_alone(question, min(alone, key=ticked.index)))
    return ticked or None


def _typed(item: Any) -> str:
    return "" if item is None else str(item)


def parse(
    form: FormDeclaration,
    data: Mapping[str, Any],
    *,
    zone: str,
    saved: RowsOnRecord = NO_ROWS,
    today: date | None = None,
) -> Submission:
    """Return the typed answers; what cannot be read stays in ``raw`` and has a sentence in ``errors``.

    ``saved`` are the rows that the record has: those that were sent again keep their numbers. ``today`` is the day at
    the site, for whoever types “today”.
    """
    submission = Submission(raw=raw_of_post(data))
    reader = _Reader(submission, zone, today)
    for name, question in form.questions.items():
        if not question.derived:
            reader.read(question, name, name, submission.values, submission.missing)
    for group in form.groups.values():
        reader.read_rows(group, saved.get(group.name, NOTHING_SAVED))
    return submission


def row_id_at(group: str, place: object) -> str:
    """Return the identity of a row that nobody gave one: of a number, or of a place on an opened page."""
    return str(UUID(hashlib.md5(f"{group}.{place}".encode(), usedforsecurity=False).hexdigest()))


def numbered(group: Group, rows: Iterable[AnswerValues], saved: SavedRows) -> list[dict[str, Any]]:
    """Return the rows with their identities and numbers: a saved row keeps its own, a new one takes the next.

    A row without an identity is the saved one with its ``position``, else a new one; those of a fixed group
    are what their positions say. A number is given once: it is not free again after its row was removed.
    """
    rows, taken = list(rows), set(saved.numbers.values())
    begun = [] if group.keyed_by else [n for n in range(1, len(group.starts_with) + 1) if n not in taken]
    known = {row_id_at(group.name, number): number for number in begun} | dict(saved.numbers)
    gone = frozenset() if group.fixed else saved.removed
    owners = {number: row_id for row_id, number in known.items() if number not in gone}
    identities = [
        (not group.fixed and row.get("row_id")) or owners.get(row.get("position") or 0, "") for row in rows
    ]
    free = max([*taken, *[known[identity] for identity in identities if identity in known]], default=0)
    identified = []
    for row, identity in zip(rows, identities, strict=True):
        free += identity not in known
        number = known.get(identity, free)
        identified.append({**row, "row_id": identity or row_id_at(group.name, number), "position": number})
    return identified


@dataclass
class _Reader:
    found: Submission
    zone: str
    today: date | None

    def read(
        self, question: Question, name: str, target: str, values: AnswerRow, missing: dict[str, str]
    ) -> None:
        """Put one answer and its missing reason where they belong."""
        self.found.names[target] = name
        texts = list(filter(None, map(clean, self.found.raw.get(name, ()))))
        why = clean(next(iter(self.found.raw.get(f"{name}__why", ())), ""))
        values[question.name] = None
        try:
            values[question.name] = read_answer(question, texts, zone=self.zone, today=self.today)
            if (
                question.dated and texts and not texts[0][0].isdecimal() and self.today
            ):  # “today” stays this day
                self.found.raw[name] = reading.as_typed(values[question.name], zone=self.zone)
            if why:
                _check_reason(question, why, values[question.name])
                missing[question.name] = why
        except AnswerUnreadableError as error:
            self.found.errors[name] = str(error)

    def read_rows(self, group: Group, saved: SavedRows) -> None:
        """Read the rows of a group in page order; empty new rows are no rows."""
        indices = self._indices(group.name)
        if len(indices) > ROW_LIMIT:
            self.found.errors[group.name] = messages.too_many_rows(group.title, ROW_LIMIT)
            indices = indices[:ROW_LIMIT]
        sent = []
        for index in indices:
            row = self._sent(group, index)
            number = row["position"] or saved.numbers.get(row["row_id"])
            if self.found.raw.get(f"{group.name}-{index}-remove", [""])[0]:
                if number:
                    self.found.removed.setdefault(group.name, []).append(number)
            elif number or not self._empty(group, index):
                sent.append(row)
        rows = numbered(group, sent, saved)
        names = [
            [row[part] for row in each if row[part]]
            for part in ("row_id", "position")
            for each in (sent, rows)
        ]
        if [said for said in names if len(set(said)) < len(said)]:
            self.found.errors[group.name] = messages.same_row_twice(group.title)
        rows = [self._row(group, row.pop("index"), row) for row in rows]
        if group.fixed:
            rows += rows_left_out(group, {row["position"] for row in rows})
        self.found.groups[group.name] = rows

    def _sent(self, group: Group, index: int) -> dict[str, Any]:
        """Return which row it is, as it was sent; without scripts its place on the opened page tells new ones apart."""
        position, row_id, key = [
            next(iter(self.found.raw.get(name, ())), "").strip()
            for name in (f"{group.name}-{index}-position", f"{group.name}-{index}-row_id", "_key")
        ]
        number = int(position) if COUNTED.fullmatch(position) else 0
        if not ROW_ID.fullmatch(row_id):
            row_id = row_id_at(group.name, f"{index} {key}") if key and not number else ""
        sent = {"row_id": row_id.lower(), "position": number or None}
        return {"index": index, "sent": list(sent.values()), **sent}

    def _row(self, group: Group, index: int, row: AnswerRow) -> AnswerRow:
        """Read the answers of one row into it."""
        position, row["missing"] = row["position"], {}
        given = group.starts_with[position - 1] if group.fixed and position <= len(group.starts_with) else {}
        for question in group.questions.values():
            name, target = (
                f"{group.name}-{index}-{question.name}",
                f"{group.name}.{position}.{question.name}",
            )
            self.found.names[target] = name
            if question.name in given:
                row[question.name] = given[question.name]
            elif not question.derived:
                self.read(question, name, target, row, row["missing"])
        return row

    def _indices(self, group: str) -> list[int]:
        matches = map(ROW_NAME.fullmatch, self.found.raw)
        return sorted({int(match["index"]) for match in matches if match and match["group"] == group})

    def _empty(self, group: Group, index: int) -> bool:
        if group.fixed:
            return False
        start = self._begun_as(group, index)
        names = [name for name, question in group.questions.items() if not question.derived]
        for name in names:
            typed = list(filter(None, map(clean, self.found.raw.get(f"{group.name}-{index}-{name}", ()))))
            reason = self.found.raw.get(f"{group.name}-{index}-{name}__why", [""])[0]
            if reason or (typed and typed != [str(start.get(name))]):
                return False
        return True

    def _begun_as(self, group: Group, index: int) -> AnswerValues:
        """Return what the form began the row with: by its place, or by what it is about."""
        if not group.keyed_by:
            return group.starts_with[index] if index < len(group.starts_with) else {}
        about = next(iter(self.found.raw.get(f"{group.name}-{index}-{group.keyed_by}", ())), "")
        return next((start for start in group.starts_with if start[group.keyed_by] == about), {})


def rows_left_out(group: Group, posted: set[int]) -> list[AnswerRow]:
    """Return the rows of a fixed group that the page did not send: they exist all the same."""
    return [row for row in rows_begun(group) if row["position"] not in posted]


def rows_begun(group: Group) -> list[AnswerRow]:
    """Return the rows that a group begins with, before anything is saved."""
    return [
        {**start, "row_id": _identity(group, start, number), "position": number, "missing": {}}
        for number, start in enumerate(group.starts_with, start=1)
    ]


def _identity(group: Group, start: AnswerValues, number: int) -> str:
    """Return the identity of a row that the form begins with: by what it is about, else by its number."""
    return row_id_at(group.name, start[group.keyed_by] if group.keyed_by else number)


def _check_reason(question: Question, why: str, value: Any) -> None:
    if value is not None:
        raise AnswerUnreadableError(messages.both_given(question))
    if why not in question.missing_allowed:
        raise AnswerUnreadableError(messages.reason_not_allowed(question))
