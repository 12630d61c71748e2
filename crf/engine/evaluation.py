"""What follows from the answers: which questions are asked, what is derived, what is found.

Pure: the declaration, the answers and what was read from outside come in; nothing is fetched,
no clock is asked. Page, save, draft preview, import and API all evaluate here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from crf.engine.answers import AnswerRow, AnswerValues, KnownValues
from crf.engine.checks import (
    RETIRED,
    Check,
    Finding,
    Level,
    check_of,
    earliest_day,
    in_site_time,
    is_full_day,
    latest_day,
)
from crf.engine.conditions import Condition
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.questions import AnswerRole, Question, QuestionKind, argument
from protocol.values import is_value


@dataclass(frozen=True)
class Evaluation:
    """AnswerValues as they will be kept, and everything that follows from them."""

    values: AnswerValues
    groups: Mapping[str, list[AnswerRow]]
    missing: Mapping[str, str]
    visible: frozenset[str]
    required: frozenset[str]
    unanswered: tuple[str, ...]
    cleared: tuple[str, ...]
    findings: tuple[Finding, ...]
    milestones: Mapping[str, date | None]

    @property
    def complete(self) -> bool:
        """Say whether every required question is answered or has its reason."""
        return not self.unanswered

    def at(self, level: Level) -> tuple[Finding, ...]:
        """Return the findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)

    def stops(self, overridden: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
        """Return the hard findings that stop the save."""
        hard = [finding for finding in self.findings if finding.level == Level.HARD]
        return tuple([finding for finding in hard if finding.key not in overridden])


def evaluate(
    form: FormDeclaration,
    *,
    values: AnswerValues,
    groups: Mapping[str, Sequence[AnswerValues]] | None = None,
    missing: Mapping[str, str] | None = None,
    context: KnownValues | None = None,
) -> Evaluation:
    """Return what follows from ``values`` (protocol 3.0, 3.17).

    A row is a mapping with ``row_id``, ``position``, ``missing`` and its answers. ``context`` maps each of
    ``form.foreign_reads`` to its value; checks that it names as retired find nothing. AnswerValues to questions
    that are not asked are cleared, and named in ``cleared``.
    """
    answers = _Answers(form, values, groups or {}, missing or {}, context or {})
    answers.settle()
    asked = [item for item in answers.items() if answers.asked(item)]
    findings = [*answers.question_findings(asked), *answers.check_findings()]
    if retired := answers.context.get(RETIRED):
        findings = [finding for finding in findings if not _is_retired(finding, retired)]
    return Evaluation(
        values=answers.values,
        groups=answers.rows,
        missing=answers.missing,
        visible=frozenset({item.target for item in asked}),
        required=frozenset(answers.required),
        unanswered=tuple([finding.target for finding in findings if finding.kind == "required"]),
        cleared=tuple(answers.cleared),
        findings=tuple(findings),
        milestones={rule.code: answers.milestone(rule) for rule in form.milestones},
    )


def _is_retired(finding: Finding, retired: frozenset[str]) -> bool:
    asks = finding.level in (Level.SOFT, Level.LISTING)
    return asks and check_of(finding.kind, finding.code, finding.key) in retired


@dataclass(frozen=True)
class _Item:
    """A question where it stands: on the form, or in one row of a group."""

    question: Question
    target: str
    row: AnswerRow | None = None
    group: Group | None = None


@dataclass
class _Answers:
    form: FormDeclaration
    given: AnswerValues
    given_rows: Mapping[str, Sequence[AnswerValues]]
    given_missing: Mapping[str, str]
    context: KnownValues
    values: AnswerRow = field(default_factory=dict)
    rows: dict[str, list[AnswerRow]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    cleared: list[str] = field(default_factory=list)
    required: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.values = {
            name: _plain(question, self.given.get(name), self.context)
            for name, question in self.form.questions.items()
        }
        self.missing = {name: reason for name, reason in self.given_missing.items() if reason}
        self.rows = {
            name: [
                self._row(group, row, number)
                for number, row in enumerate(self.given_rows.get(name, ()), start=1)
            ]
            for name, group in self.form.groups.items()
        }

    def _row(self, group: Group, given: AnswerValues, number: int) -> AnswerRow:
        row: AnswerRow = {
            name: _plain(question, given.get(name), self.context)
            for name, question in group.questions.items()
        }
        row["row_id"], row["position"] = given.get("row_id", ""), given.get("position") or number
        row["missing"] = {name: reason for name, reason in (given.get("missing") or {}).items() if reason}
        return row

    def look(self, name: str, row: AnswerRow | None = None) -> Any:
        """Return an answer of the row, else of the form, else what was read from outside."""
        if row is not None and name in row:
            return row[name]
        if name in self.values:
            return self.values[name]
        if name in self.rows:
            return self.rows[name]
        if is_value(name):
            return self.context[name]  # a value of the protocol text is never assumed
        return self.context.get(name, [] if name.endswith("*") else None)

    def known(self, reads: tuple[str, ...], row: AnswerRow | None = None) -> dict[str, Any]:
        """Return the keyword arguments for a function that reads ``reads``."""
        return {argument(read): self.look(read, row) for read in reads}

    def holds(self, condition: Condition | None, row: AnswerRow | None = None) -> bool:
        return condition is None or condition.holds(partial(self.look, row=row))

    def items(self) -> Iterator[_Item]:
        """Yield every question where it stands, in the order of the form."""
        for section in self.form.sections:
            for name in section.fields:
                if name in self.form.questions:
                    yield _Item(self.form.questions[name], name)
                elif name in self.rows:
                    yield from self._row_places(self.form.groups[name])

    def _row_places(self, group: Group) -> Iterator[_Item]:
        for row in self.rows[group.name]:
            for question in group.questions.values():
                yield _Item(question, f"{group.name}.{row['position']}.{question.name}", row, group)

    def asked(self, item: _Item) -> bool:
        """Say whether the question is asked, its section and its group included."""
        within = (
            self._group_asked(item.group)
            if item.group
            else self.holds(self.form.placed[item.question.name].shown_when)
        )
        return within and self.holds(item.question.shown_when, item.row)

    def settle(self) -> None:
        """Derive and clear until nothing more follows; each round clears at least one answer."""
        while True:
            self.derive()
            if self.drop_rows():
                continue
            stray = [item for item in self.items() if self._is_stray(item)]
            if not stray:
                return
            for item in stray:
                store, reasons = self._store(item)
                store[item.question.name] = None
                reasons.pop(item.question.name, None)
                self.cleared.append(item.target)

    def drop_rows(self) -> bool:
        """Take away the rows of groups that are not asked; say whether there were any."""
        gone = [
            group
            for group in self.form.groups.values()
            if self.rows[group.name] and not self._group_asked(group)
        ]
        for group in gone:
            self.cleared += [item.target for item in self._row_places(group) if self._was_typed(item)]
            self.rows[group.name] = []
        return bool(gone)

    def _was_typed(self, item: _Item) -> bool:
        store, reasons = self._store(item)
        name, group = item.question.name, item.group
        number = (item.row or {}).get("position", 0)
        start = group.starts_with[number - 1] if group and 0 < number <= len(group.starts_with) else {}
        answered = store[name] is not None and store[name] != start.get(name)
        return not item.question.derived and (answered or name in reasons)

    def _is_stray(self, item: _Item) -> bool:
        store, reasons = self._store(item)
        name = item.question.name
        is_answered = store.get(name) is not None or name in reasons
        return is_answered and not item.question.derived and not self.asked(item)

    def _store(self, item: _Item) -> tuple[dict[str, Any], dict[str, str]]:
        return (self.values, self.missing) if item.row is None else (item.row, item.row["missing"])

    def derive(self) -> None:
        for step in self.form.steps:
            if step in self.form.questions:
                self.values[step] = self._derived(self.form.questions[step])
                continue
            group = self.form.groups[step]
            for row in self.rows[step]:
                for name in self.form.row_steps[step]:
                    row[name] = self._derived(group.questions[name], row)

    def _derived(self, question: Question, row: AnswerRow | None = None) -> Any:
        known = self.known(question.reads, row)
        unknown = not question.blanks and None in known.values()
        return None if unknown or question.by is None else rounded(question, question.by(**known))

    def question_findings(self, asked: list[_Item]) -> Iterator[Finding]:
        """Yield what is found at single questions, in the order of the form."""
        for group in self.form.groups.values():
            wanted = group.required_when is not None and self.holds(group.required_when)
            if wanted and self._group_asked(group):
                self.required.add(group.name)
                if not self.rows[group.name]:
                    yield _finding(f"{group.name}:required", Level.INCOMPLETE, "required", group.name)
        for item in asked:
            yield from self._at(item)

    def _group_asked(self, group: Group) -> bool:
        return self.holds(self.form.placed[group.name].shown_when) and self.holds(group.shown_when)

    def _at(self, item: _Item) -> Iterator[Finding]:
        question, target = item.question, item.target
        store, reasons = self._store(item)
        value = store.get(question.name)
        when = question.required_when
        if question.required or (when is not None and self.holds(when, item.row)):
            self.required.add(target)
            if value is None and question.name not in reasons:
                yield _finding(f"{target}:required", Level.INCOMPLETE, "required", target)
        if value is None:
            return
        if not _within(value, question.hard):
            yield _finding(f"{target}:hard", Level.HARD, "range", target, value=value)
        elif not _within(value, question.soft):
            yield _finding(f"{target}:soft", Level.SOFT, "range", target, value=value)
        offers, codes = question.offered_when, value if isinstance(value, list) else [value]
        if offers and [code for code in codes if not self.holds(offers.get(code), item.row)]:
            yield _finding(f"{target}:offered", Level.HARD, "offered", target, value=value)
        if question.proposed_by:
            proposal = self.look(question.proposed_by, item.row)
            if proposal is not None and proposal != value:
                yield _finding(
                    f"{target}:proposal", Level.SOFT, "proposal", target, value=value, proposal=proposal
                )
        if question.dated and not question.derived:
            yield from self._date_findings(question, target, value)

    def _date_findings(self, question: Question, target: str, value: Any) -> Iterator[Finding]:
        """Protocol 3.17: X070 no date in the future or before birth, X061 nothing after death."""
        first, last = earliest_day(value), latest_day(value)
        today = self.context.get("today")
        birth, death = earliest_day(self._life(AnswerRole.BIRTH)), latest_day(self._life(AnswerRole.DEATH))
        if first is None or last is None:
            return
        if today and first > today and not question.future_allowed:
            yield _finding(f"{target}:future", Level.HARD, "future", target, code="X070", value=value)
        if birth and last < birth and not question.before_birth_allowed:
            yield _finding(f"{target}:birth", Level.HARD, "birth", target, code="X070", value=value)
        if death and first > death and not question.after_death_allowed:
            yield _finding(f"{target}:death", Level.HARD, "death", target, code="X061", value=value)

    def _life(self, role: AnswerRole) -> Any:
        """Return the birth or the death: what is answered here, else what the form that asks for it says."""
        own = self.form.roles.get(role, "")
        return self.values.get(own) or self.look(self.form.life.get(role, ""))

    def check_findings(self) -> Iterator[Finding]:
        for check in self.form.checks:
            if not check.each:
                yield from self._judge(check, None)
                continue
            for row in self.rows[check.each]:
                yield from self._judge(check, row)

    def _judge(self, check: Check, row: AnswerRow | None) -> Iterator[Finding]:
        if not self.holds(check.when, row):
            return
        known = self.known(check.reads, row)
        if not check.blanks and None in known.values():
            return
        if check.passes(**known) is not False:
            return
        prefix = f"{check.each}.{row['position']}." if row is not None else ""
        names = self.form.groups[check.each].questions if row is not None else {}
        targets = tuple(f"{prefix}{name}" if name in names else name for name in check.fields)
        yield Finding(
            key=f"{check.code}:{prefix.rstrip('.')}" if prefix else check.code,
            code=check.code,
            level=check.level,
            kind="check",
            target=targets[0] if targets else "",
            targets=targets,
            message=check.message,
            values=known,
        )

    def milestone(self, rule: Any) -> date | None:
        """Return the full day that the milestone takes from this form, or None."""
        value = self.values.get(rule.from_field)
        if value is None or not self.holds(rule.when):
            return None
        return earliest_day(value) if is_full_day(value) else self.values.get(rule.estimated_by)


def _finding(key: str, level: Level, kind: str, target: str, code: str = "", **values: Any) -> Finding:
    return Finding(
        key=key, code=code or kind, level=level, kind=kind, target=target, targets=(target,), values=values
    )


def rounded(question: Question, value: Any) -> Any:
    """Return a computed number as its column keeps it: half up, to the question's places."""
    if value is None or question.kind != QuestionKind.DECIMAL:
        return value
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-question.places), rounding=ROUND_HALF_UP)


def _plain(question: Question, value: Any, context: KnownValues) -> Any:
    """Return an answer as rules see it: an instant in the time of the site, ticks in the order of their list.

    An empty text or no ticks is no answer.
    """
    if isinstance(value, datetime):
        return in_site_time(value, context["site.zone"])
    if isinstance(value, str | list | tuple) and not value:
        return None
    if isinstance(value, list | tuple) and question.codes is not None:
        order = (*question.codes.values, *value)
        return sorted(value, key=order.index)
    return value


def _within(value: Any, bounds: Any) -> bool:
    if bounds is None:
        return True
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)
