"""Answers to a question that nobody has answered yet, found from the declaration of its form alone.

A draft begins with what a record holds. To have one more question answered, what its conditions ask for is answered
first, then the question, then what is required besides; where a hard check refuses, other answers are tried.
Pure: no database, no clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from crf.engine.answers import AnswerRow, KnownValues
from crf.engine.checks import Finding
from crf.engine.conditions import All, Answered, Any_, Condition, Has, Is, Not, Over, Same, Under
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.dictionaries import DICTIONARIES
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.questions import Question, QuestionKind

ROUNDS: Final = 60
TRIES: Final = 12
SWINGS: Final = (0, -1, 1, -3, 3, -7, 7, -14, 14, -30, 30, -60, 90)
SHARES: Final = tuple(map(Decimal, ("0.5", "0.3", "0.7", "0.1", "0.9", "0", "1")))
WORDS: Final = (
    "见病历记录",
    "as in the chart",
    "复查后确认，未见异常",
    "told by the participant",
    "外院报告",
)

CODES_OF_MEDDRA: Final = frozenset({"AELLTCD", "AEPTCD", "AEBDSYCD"})


class NoAnswerError(Exception):
    """The declaration offers no further answer."""


@dataclass(frozen=True)
class QuestionPlace:
    """A question of the form, or of one of its groups."""

    group: str
    name: str


Leads = Callable[[Evaluation], bool]
"""Says whether answers lead the participant where those on record do."""


@dataclass
class AnswerDraft:
    """The answers of one record as they are tried; ``own`` are the targets that the search has answered.

    Answers on record change only where it ``may_change`` them, and never what ``leads`` looks at.
    """

    form: FormDeclaration
    context: KnownValues
    days: Sequence[date]
    dice: random.Random
    values: AnswerRow = field(default_factory=dict)
    groups: dict[str, list[AnswerRow]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    may_change: bool = False
    opening: list[str] = field(default_factory=list)
    gained: tuple[QuestionPlace, ...] = ()
    derived: AnswerRow = field(default_factory=dict)
    leads: Leads | None = None

    def copy(self) -> AnswerDraft:
        """Return a draft that can be thrown away."""
        return AnswerDraft(
            self.form, self.context, self.days, self.dice,
            dict(self.values), deepcopy(self.groups), dict(self.missing), dict(self.own), self.may_change,
            gained=self.gained, derived=self.derived, leads=self.leads,
        )  # fmt: skip

    def judged(self) -> Evaluation:
        """Return what follows from the answers."""
        return evaluate(
            self.form, values=self.values, groups=self.groups, missing=self.missing, context=self.context
        )

    def with_answer(self, place: QuestionPlace) -> AnswerDraft | None:
        """Return a draft in which the question is answered and nothing is refused or left open; None if none does."""
        draft = self.copy()
        try:
            draft.ask(place)
            return draft.settle(place)
        except NoAnswerError:
            return None

    def ask(self, place: QuestionPlace) -> None:
        """Answer the question, after what its conditions ask for."""
        group = self.form.groups.get(place.group)
        top = self.form.placed[place.group or place.name]
        self._make(top.shown_when, True, None)
        row: AnswerRow | None = None
        if group:
            self._make(group.shown_when, True, None)
            row = self._row_for(group, place.name)
        question = group.questions[place.name] if group else self.form.questions[place.name]
        if question.shown_when and place.name in question.shown_when.names():
            self._answer(question, row, group)  # it is asked where it is answered
        self._make(question.shown_when, True, row, group)
        if (self.values if row is None else row).get(place.name) is None:
            self._answer(question, row, group)

    def _row_for(self, group: Group, name: str) -> AnswerRow:
        rows = self.groups.setdefault(group.name, [])
        for row in rows:
            if row.get(name) is None and row.get("row_id", "").startswith("new"):
                return row
        if group.fixed or self.may_change:
            for row in rows:
                if row.get(name) is None:
                    return row
        if group.fixed:
            raise NoAnswerError
        position = max((row["position"] for row in rows), default=0) + 1
        rows.append({"row_id": f"new{position}", "position": position, "missing": {}})
        return rows[-1]

    def settle(self, place: QuestionPlace) -> AnswerDraft:
        """Answer what is required, and change own answers while a hard check refuses them."""
        for _round in range(ROUNDS):
            outcome = self.judged()
            stops = outcome.stops()
            if stops:
                self._mend(stops[0])
            elif outcome.unanswered:
                self._answer_at(outcome.unanswered[0])
            elif uncoded := self._uncoded(outcome):
                self._answer_at(uncoded)
            else:
                return self._kept(outcome, place)
        raise NoAnswerError

    def _uncoded(self, outcome: Evaluation) -> str | None:
        """Return a question that is answered by a term of a dictionary and waits: no story leaves an event uncoded."""
        asked = (name for name, question in self.form.questions.items() if question.dictionary)
        return next(
            (name for name in asked if name in outcome.visible and outcome.values.get(name) is None), None
        )

    def _kept(self, outcome: Evaluation, place: QuestionPlace) -> AnswerDraft:
        """Refuse a draft that lost an answer on record, or that does not ask what was to be answered."""
        lost = [target for target in outcome.cleared if target not in self.own]
        gained = (*self.gained, place)
        if (lost and not self.may_change) or not all(_is_answered(outcome, each) for each in gained):
            raise NoAnswerError
        if self.leads and not self.leads(outcome):
            raise NoAnswerError
        self.gained, self.derived = gained, dict(outcome.values)
        self.values = {n: v for n, v in outcome.values.items() if not self.form.questions[n].derived}
        self.missing = dict(outcome.missing)
        self.groups = {
            name: [self._typed(self.form.groups[name], row) for row in rows]
            for name, rows in outcome.groups.items()
        }
        return self

    def _typed(self, group: Group, row: AnswerRow) -> AnswerRow:
        derived = {name for name, question in group.questions.items() if question.derived}
        return {name: value for name, value in row.items() if name not in derived}

    def _mend(self, stop: Finding) -> None:
        targets = [*stop.targets, *(name for name in stop.values if isinstance(name, str))]
        own = self._own_of(targets)
        if not own:
            raise NoAnswerError
        self._answer_at(max(own, key=list(self.own).index))

    def _own_of(self, targets: Sequence[str]) -> set[str]:
        tried = {target for target in targets if target in self.own}
        groups = {target.split(".")[0] for target in targets if target.split(".")[0] in self.form.groups}
        return tried or {target for target in self.own if target.split(".")[0] in groups}

    def _answer_at(self, target: str) -> None:
        """Answer, or answer otherwise, the question at a target such as ``weight`` or ``nodes.2.station``."""
        head, *rest = target.split(".")
        if head in self.form.groups and not rest:
            group = self.form.groups[head]
            self._row_for(group, next(iter(group.questions)))
            first = next(iter(group.questions.values()))
            self._answer(first, self.groups[head][-1], group)
            return
        if not rest:
            self._answer(self.form.questions[head], None, None)
            return
        group = self.form.groups[head]
        row = next(row for row in self.groups[head] if str(row["position"]) == rest[0])
        self._answer(group.questions[rest[1]], row, group)

    def _answer(self, question: Question, row: AnswerRow | None, group: Group | None) -> None:
        target = f"{group.name}.{row['position']}.{question.name}" if group and row else question.name
        number = self.own.get(target, -1) + 1
        offered = list(self._offers(question, row))
        if not offered or number >= min(len(offered), TRIES):
            raise NoAnswerError
        self._put(question.name, offered[number], row, target, number)

    def _put(self, name: str, value: Any, row: AnswerRow | None, target: str, number: int = 0) -> None:
        store, reasons = (self.values, self.missing) if row is None else (row, row["missing"])
        standing = store.get(name)
        if standing is not None and standing != value and target not in self.own and not self.may_change:
            raise NoAnswerError
        store[name] = value
        reasons.pop(name, None)
        self.own[target] = number

    def _offers(self, question: Question, row: AnswerRow | None) -> Iterator[Any]:
        """Yield answers that the declaration allows, the likeliest first."""
        if question.derived:
            return
        if question.links_to:
            yield from (1, 2, 3)
            return
        if question.kind in (QuestionKind.CHOICE, QuestionKind.MULTIPLE):
            yield from self._codes(question, row)
        elif question.dated:
            yield from (_as_kind(question, day, self.context, n) for n, day in enumerate(self._near()))
        elif question.kind == QuestionKind.BOOLEAN:
            yield from (True, False)
        elif question.kind == QuestionKind.TEXT:
            yield from _texts(question, self.dice)
        else:
            yield from _numbers(question)

    def _codes(self, question: Question, row: AnswerRow | None) -> Iterator[Any]:
        codes = question.codes.values if question.codes else ()
        offered = [c for c in codes if self._holds(question.offered_when.get(c), row)]
        if question.kind == QuestionKind.CHOICE:
            yield from offered
        else:
            yield from ([code] for code in offered)

    def _near(self) -> Iterator[date]:
        for swing in SWINGS:
            yield from (day + timedelta(days=swing) for day in self.days[:1])
        yield from self.days[1:]

    def _holds(self, condition: Condition | None, row: AnswerRow | None) -> bool:
        return condition is None or condition.holds(lambda name: self._look(name, row))

    def _look(self, name: str, row: AnswerRow | None) -> Any:
        if row is not None and name in row:
            return row[name]
        if name in self.form.questions:
            return (self.derived if self.form.questions[name].derived else self.values).get(name)
        if name in self.form.groups:
            return self.groups.get(name, [])
        return self.context.get(name)

    def _look_with(self, name: str, value: Any, row: AnswerRow | None, asked: str) -> Any:
        """Return the answer to ``asked``, were ``name`` answered by ``value``."""
        return value if asked == name else self._look(asked, row)

    def _make(
        self, condition: Condition | None, wanted: bool, row: AnswerRow | None, group: Group | None = None
    ) -> None:
        """Answer until the condition is, or is not, true."""
        if condition is None:
            if not wanted:
                raise NoAnswerError
            return
        if self._holds(condition, row) == wanted:
            return
        match condition:
            case Not(part=part):
                self._make(part, not wanted, row, group)
            case All(parts=parts) | Any_(parts=parts):
                self._make_joined(condition, parts, wanted, row, group)
            case _:
                self._make_one(condition, wanted, row, group)
        if self._holds(condition, row) != wanted:
            raise NoAnswerError

    def _make_joined(
        self,
        condition: Condition,
        parts: Sequence[Condition],
        wanted: bool,
        row: AnswerRow | None,
        group: Group | None,
    ) -> None:
        if isinstance(condition, All) == wanted:
            for part in parts:
                self._make(part, wanted, row, group)
            return
        for part in parts:
            kept = dict(self.values), deepcopy(self.groups), dict(self.own)
            try:
                self._make(part, wanted, row, group)
            except NoAnswerError:
                self.values, _groups, self.own = kept[0], kept[1], kept[2]
                continue
            return
        raise NoAnswerError

    def _make_one(
        self, condition: Condition, wanted: bool, row: AnswerRow | None, group: Group | None
    ) -> None:
        """Answer the question that a single condition looks at, which is asked first."""
        name = next(condition.names())
        question, where = self._question(name, row, group)
        if name in self.opening:
            raise NoAnswerError  # it is asked only where it is answered
        self.opening.append(name)
        try:
            self._make(question.shown_when, True, where, group if where is not None else None)
        finally:
            self.opening.remove(name)
        if where is None:
            self._make(self.form.placed[name].shown_when, True, None)
        target = f"{group.name}.{where['position']}.{name}" if group and where else name
        for value in self._fitting(condition, question, where):
            if condition.holds(partial(self._look_with, name, value, where)) == wanted:
                self._put(name, value, where, target)
                return
        raise NoAnswerError

    def _question(
        self, name: str, row: AnswerRow | None, group: Group | None
    ) -> tuple[Question, AnswerRow | None]:
        if group and row is not None and name in group.questions:
            return group.questions[name], row
        if name not in self.form.questions or self.form.questions[name].derived:
            raise NoAnswerError
        return self.form.questions[name], None

    def _fitting(self, condition: Condition, question: Question, row: AnswerRow | None) -> Iterator[Any]:
        """Yield answers that may make a condition true or false, its own values first."""
        match condition:
            case Is(values=values):
                yield from values
            case Has(codes=codes):
                yield from ([code] for code in codes)
            case Over(limit=limit) | Under(limit=limit):
                if not isinstance(limit, str):
                    yield from (Decimal(str(limit)) + step for step in (1, -1, 2, -2, 5, -5))
            case Same(other=other):
                yield self._look(other, row)
            case Answered():
                pass
        yield from self._offers(question, row)


def _is_answered(outcome: Evaluation, place: QuestionPlace) -> bool:
    rows = outcome.groups[place.group] if place.group else [outcome.values]
    return any(row.get(place.name) is not None for row in rows)


def _as_kind(question: Question, day: date, context: Mapping[str, Any], number: int) -> Any:
    if question.kind == QuestionKind.DATE:
        return day
    if question.kind == QuestionKind.PARTIAL_DATE:
        return (day.isoformat(), f"{day:%Y-%m}", f"{day:%Y}")[number % 3]
    return datetime.combine(day, time(9, 30), tzinfo=ZoneInfo(str(context["site.zone"])))


def _texts(question: Question, dice: random.Random) -> Iterator[str]:
    if question.dictionary:
        yield from (term.name for term in DICTIONARIES[question.dictionary].search("pain", 4))
        return
    if question.sdtm in CODES_OF_MEDDRA:
        yield from ("10000081", "10002034", "10028813")
        return
    words = [word for word in WORDS if len(word) <= question.max_length]
    yield from dice.sample(words, len(words))
    yield from ("1", "01", "A1")


def _numbers(question: Question) -> Iterator[Any]:
    low, high = question.soft or question.hard or (0, 9)
    low = low if low is not None else min(0, high or 0)
    high = high if high is not None else low + 9
    places = Decimal(1).scaleb(-question.places)
    for share in (
        Decimal("0.5"),
        Decimal("0.3"),
        Decimal("0.7"),
        Decimal("0.1"),
        Decimal("0.9"),
        Decimal(0),
        Decimal(1),
    ):
        value = Decimal(str(low)) + (Decimal(str(high)) - Decimal(str(low))) * share
        if question.kind == QuestionKind.INTEGER:
            yield int(value)
        else:
            yield value.quantize(places)
