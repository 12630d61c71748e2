"""What follows from the answers: which questions are asked, what is derived, what is found.

Pure: the declaration, the answers and what was read from outside come in; nothing is fetched,
no clock is asked. Page, save, draft preview, import and API all evaluate here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crf.engine.checks import Check, Finding, Level, earliest_day, in_site_time, latest_day
from crf.engine.conditions import Condition
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.questions import AnswerRole, Question, QuestionKind, gather
from protocol.values import is_value

AnswerRow = dict[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """Answers as they will be kept, and everything that follows from them."""

    values: Mapping[str, Any]
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
        return tuple(finding for finding in self.at(Level.HARD) if finding.key not in overridden)


def evaluate(
    form: FormDeclaration,
    *,
    values: Mapping[str, Any],
    groups: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    missing: Mapping[str, str] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Return what follows from ``values`` (protocol 3.0, 3.17).

    A row is a mapping with ``position``, ``missing`` and its answers. ``context`` maps each of
    ``form.foreign_reads`` to its value. Answers to questions that are not asked are cleared, and
    named in ``cleared``.
    """
    stored = _Sheet(form, values, groups or {}, missing or {}, context or {})
    stored.settle()
    findings = [*stored.question_findings(), *stored.check_findings()]
    return Evaluation(
        values=stored.values,
        groups=stored.rows,
        missing=stored.missing,
        visible=frozenset(record_key.target for record_key in stored.places() if stored.asked(record_key)),
        required=frozenset(stored.required),
        unanswered=tuple(finding.target for finding in findings if finding.kind == "required"),
        cleared=tuple(stored.cleared),
        findings=tuple(findings),
        milestones={rule.code: stored.milestone(rule) for rule in form.milestones},
    )


@dataclass(frozen=True)
class _Place:
    """A question where it stands: on the form, or in one row of a group."""

    question: Question
    target: str
    row: AnswerRow | None = None
    group: Group | None = None


@dataclass
class _Sheet:
    form: FormDeclaration
    given: Mapping[str, Any]
    given_rows: Mapping[str, Sequence[Mapping[str, Any]]]
    given_missing: Mapping[str, str]
    context: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[AnswerRow]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    cleared: list[str] = field(default_factory=list)
    required: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.values = {
            name: self._plain(question, self.given.get(name))
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

    def _plain(self, question: Question, value: Any) -> Any:
        """Return an answer as rules see it: an instant in the time of the site."""
        return (
            in_site_time(value, self.context["site.zone"])
            if isinstance(value, datetime)
            else _plain(question, value)
        )

    def _row(self, group: Group, given: Mapping[str, Any], number: int) -> AnswerRow:
        answers = ((name, question, given.get(name)) for name, question in group.questions.items())
        row: AnswerRow = {name: self._plain(question, value) for name, question, value in answers}
        row["position"] = given.get("position") or number
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

    def holds(self, condition: Condition | None, row: AnswerRow | None = None) -> bool:
        return condition is None or condition.holds(lambda name: self.look(name, row))

    def places(self) -> Iterator[_Place]:
        """Yield every question where it stands, in the order of the form."""
        for section in self.form.sections:
            for name in section.fields:
                if name in self.form.questions:
                    yield _Place(self.form.questions[name], name)
                elif name in self.rows:
                    yield from self._row_places(self.form.groups[name])

    def _row_places(self, group: Group) -> Iterator[_Place]:
        for row in self.rows[group.name]:
            for question in group.questions.values():
                yield _Place(question, f"{group.name}.{row['position']}.{question.name}", row, group)

    def asked(self, record_key: _Place) -> bool:
        """Say whether the question is asked, its section and its group included."""
        form_context = (
            self._group_asked(record_key.group)
            if record_key.group
            else self.holds(self.form.placed[record_key.question.name].shown_when)
        )
        return form_context and self.holds(record_key.question.shown_when, record_key.row)

    def settle(self) -> None:
        """Derive and clear until nothing more follows; each round clears at least one answer."""
        while True:
            self.derive()
            if self.drop_rows():
                continue
            stray = [record_key for record_key in self.places() if self._is_stray(record_key)]
            if not stray:
                return
            for record_key in stray:
                store, reasons = self._store(record_key)
                store[record_key.question.name] = None
                reasons.pop(record_key.question.name, None)
                self.cleared.append(record_key.target)

    def drop_rows(self) -> bool:
        """Take away the rows of groups that are not asked; say whether there were any."""
        gone = [
            group
            for group in self.form.groups.values()
            if self.rows[group.name] and not self._group_asked(group)
        ]
        for group in gone:
            self.cleared += [
                record_key.target for record_key in self._row_places(group) if self._was_typed(record_key)
            ]
            self.rows[group.name] = []
        return bool(gone)

    def _was_typed(self, record_key: _Place) -> bool:
        store, reasons = self._store(record_key)
        name, group = record_key.question.name, record_key.group
        number = (record_key.row or {}).get("position", 0)
        start = group.starts_with[number - 1] if group and 0 < number <= len(group.starts_with) else {}
        answered = store[name] is not None and store[name] != start.get(name)
        return not record_key.question.derived and (answered or name in reasons)

    def _is_stray(self, record_key: _Place) -> bool:
        store, reasons = self._store(record_key)
        name = record_key.question.name
        held = store.get(name) is not None or name in reasons
        return held and not record_key.question.derived and not self.asked(record_key)

    def _store(self, record_key: _Place) -> tuple[dict[str, Any], dict[str, str]]:
        return (
            (self.values, self.missing)
            if record_key.row is None
            else (record_key.row, record_key.row["missing"])
        )

    def derive(self) -> None:
        for step in self.form.steps:
            if step in self.form.questions:
                self.values[step] = self._derived(self.form.questions[step])
                continue
            group = self.form.groups[step]
            for row in self.rows[step]:
                for name in self.form.row_steps(group):
                    row[name] = self._derived(group.questions[name], row)

    def _derived(self, question: Question, row: AnswerRow | None = None) -> Any:
        known = gather(question.reads, lambda name: self.look(name, row))
        unknown = not question.blanks and any(value is None for value in known.values())
        return None if unknown or question.by is None else rounded(question, question.by(**known))

    def question_findings(self) -> Iterator[Finding]:
        """Yield what is found at single questions, in the order of the form."""
        for group in self.form.groups.values():
            wanted = group.required_when is not None and self.holds(group.required_when)
            if wanted and self._group_asked(group):
                self.required.add(group.name)
                if not self.rows[group.name]:
                    yield _finding(f"{group.name}:required", Level.INCOMPLETE, "required", group.name)
        for record_key in self.places():
            if self.asked(record_key):
                yield from self._at(record_key)

    def _group_asked(self, group: Group) -> bool:
        return self.holds(self.form.placed[group.name].shown_when) and self.holds(group.shown_when)

    def _at(self, record_key: _Place) -> Iterator[Finding]:
        question, target = record_key.question, record_key.target
        store, reasons = self._store(record_key)
        value = store.get(question.name)
        when = question.required_when
        if question.required or (when is not None and self.holds(when, record_key.row)):
            self.required.add(target)
            if value is None and question.name not in reasons:
                yield _finding(f"{target}:required", Level.INCOMPLETE, "required", target)
        if value is None:
            return
        if not _within(value, question.hard):
            yield _finding(f"{target}:hard", Level.HARD, "range", target, value=value)
        elif not _within(value, question.soft):
            yield _finding(f"{target}:soft", Level.SOFT, "range", target, value=value)
        if question.proposed_by:
            proposal = self.look(question.proposed_by, record_key.row)
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
        known = gather(check.reads, lambda name: self.look(name, row))
        if not check.blanks and any(value is None for value in known.values()):
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
        first = earliest_day(value)
        return first if first == latest_day(value) else None


def _finding(key: str, level: Level, kind: str, target: str, code: str = "", **values: Any) -> Finding:
    return Finding(
        key=key, code=code or kind, level=level, kind=kind, target=target, targets=(target,), values=values
    )


def rounded(question: Question, value: Any) -> Any:
    """Return a computed number as its column keeps it: half up, to the question's places."""
    if value is None or question.kind != QuestionKind.DECIMAL:
        return value
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-question.places), rounding=ROUND_HALF_UP)


def _plain(question: Question, value: Any) -> Any:
    """An empty text or no ticks is no answer; ticks stand in the order of their list."""
    if isinstance(value, str | list | tuple) and not value:
        return None
    if isinstance(value, list | tuple) and question.codes:
        order = {code: record_key for record_key, code in enumerate(question.codes.values)}
        return sorted(value, key=lambda code: order.get(code, len(order)))
    return value


def _within(value: Any, bounds: Any) -> bool:
    if bounds is None:
        return True
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)
