"""A form as one value: questions, groups, sections, checks, milestones (architecture 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from inspect import signature
from typing import TYPE_CHECKING, Any

from accounts.permissions import Permission
from crf.engine.checks import Check
from crf.engine.conditions import Condition
from crf.engine.critical import critical_faults
from crf.engine.help import places
from crf.engine.leads import Lead
from crf.engine.pasted import PastedLine
from crf.engine.questions import KEYS, AnswerRole, Classification, Question, Versioned, argument, ask_when
from protocol.text import ProtocolText, load
from protocol.values import value_of

if TYPE_CHECKING:
    from crf.engine.codelists import Text

IS_COMPLETE = "is_complete"
"""What is read of another form besides its answers: whether its latest record is saved complete."""
RESERVED = frozenset(
    (
        IS_COMPLETE,
        *("id", "participant", "site", "visit", "sequence", "state", "form_version", "protocol_version"),
        *("version", "missing", "act", "record", "row_id", "position", "removed", "reason"),
    )
)
CONTEXT = (
    *("milestone.", "participant.", "visit.", "site.", "setting.", "record.", "consent."),
    *("sponsor.", "safety.", "central.", "conduct.", "fact.", "treatment.", "schedule."),
)
DATE_READS = ("today", "site.zone")
Rows = tuple[Mapping[str, Any], ...]


class DeclarationError(Exception):
    """A form that contradicts itself; every fault is named."""


class Repeats(StrEnum):
    """How many records of a form a participant can have."""

    PER_PARTICIPANT = "per_participant"
    PER_VISIT = "per_visit"
    LOG = "log"


@dataclass(frozen=True)
class FormSection(Versioned):
    """A heading with its questions and groups, in the order they are asked.

    What stands under it inherits ``shown_when``. In a ``quick`` one the key of an answer leads to the next question.
    """

    name: str
    title: Text
    fields: tuple[str, ...]
    shown_when: Condition | None = None
    help: Text = ""
    quick: bool = False


@dataclass(frozen=True)
class Sets:
    """The milestone ``code`` takes its day from an answer while ``when`` holds (protocol 2.1).

    While the answer is known in part, the derived answer ``estimated_by`` gives the day, if there is one, and the two
    derived answers of ``between`` the first and the last day that are possible.
    """

    code: str
    from_field: str
    when: Condition | None = None
    estimated_by: str = ""
    between: tuple[str, ...] = ()

    @property
    def derived(self) -> frozenset[str]:
        """Return the derived answers on which the milestone rests."""
        return frozenset((self.estimated_by, *self.between)) - {""}


@dataclass(frozen=True, eq=False)
class Group(Versioned):
    """A table of answers inside a form.

    ``starts_with`` rows are there from the beginning; ``fixed`` means no others can be added. ``counted_by``
    names the value of the protocol text that says how many of them there are: ``starts_with`` then holds those
    of the first version, numbered from 1. ``begins_by`` says which rows a version of the text begins the table
    with at a visit in an arm. ``keyed_by`` names the question that says what a row is about: it stays as it is, and
    a row of the beginning is offered again until it is on record. ``as_table``: drawn as one, however many columns,
    without those of ``unshown``; ``pasted_by`` reads lines that are pasted into it, in the order of its rows.
    ``side_by_side``: the answers that a grid above the rows shows, with a column for each row. ``row_title`` is
    what a row of a fixed table is called, with its number.
    """

    name: str
    title: Text
    questions: Mapping[str, Question]
    help: Text = ""
    shown_when: Condition | None = None
    required_when: Condition | None = None
    asked_when: Condition | None = None
    starts_with: tuple[Mapping[str, Any], ...] = ()
    fixed: bool = False
    row_title: Text = ""
    counted_by: str = ""
    begins_by: Callable[[ProtocolText, str, str | None], Rows] | None = None
    keyed_by: str = ""
    as_table: bool = False
    unshown: tuple[str, ...] = ()
    side_by_side: tuple[str, ...] = ()
    pasted_by: Callable[[Sequence[str], Sequence[str]], list[PastedLine]] | None = None
    model: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        ask_when(self)

    @cached_property
    def drawn(self) -> tuple[Question, ...]:
        """Return the questions that the page shows."""
        return tuple(question for name, question in self.questions.items() if name not in self.unshown)

    def rows_under(self, version: str) -> int:
        """Return how many rows are there from the beginning under a version of the protocol text, at most."""
        text = load(version)
        if self.begins_by:
            rules = ((rule.code, arm) for rule in text.visits for arm in rule.arms)
            return max(len(self.begins_by(text, code, arm)) for code, arm in rules)
        return int(str(value_of(text, self.counted_by))) if self.counted_by else len(self.starts_with)

    def begun_under(self, version: str, visit: str, arm: str | None) -> Rows:
        """Return the rows that the table begins with under a version of the protocol text."""
        if self.begins_by:
            return self.begins_by(load(version), visit, arm)
        if self.counted_by:
            (numbered,) = self.starts_with[0]
            return tuple({numbered: number} for number in range(1, self.rows_under(version) + 1))
        return self.starts_with


@dataclass(frozen=True, eq=False)
class FormDeclaration:
    """Everything that is known about a form before anybody answers it; ``class Crf`` says what is said here.

    ``listed`` are the answers that a list of its records shows. ``dated_by`` names the question for the day that a
    record is about, where it is not the first; unless ``dates_visit`` is off, that is the day of its visit.
    ``before_randomization``: answered before it, too. ``says_alive``: the form, not the visit, says whether the
    participant was alive on that day. ``from_register``: may be recorded after a withdrawal from all contact.
    ``due_at_visits``: each visit that asks for this log owes a record; with ``due_after``, a visit that took place
    owes it once that milestone stands. ``due_days`` names the setting that says how many days a visit's form may take.
    ``life``: where birth and death are answered. ``seen_by`` and ``entered_by``: the rights that read and save it.
    ``about_conduct``: told after a withdrawal. ``critical``: verified in everybody. ``reworded``: has old words.
    """

    code: str
    title: Text
    version: int
    repeats: Repeats
    questions: Mapping[str, Question]
    sections: tuple[FormSection, ...]
    classification: Classification = Classification.CLINICAL
    groups: Mapping[str, Group] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    milestones: tuple[Sets, ...] = ()
    leads: tuple[Lead, ...] = ()
    instructions: Text = ""
    listed: tuple[str, ...] = ()
    dated_by: str = ""
    dates_visit: bool = True
    before_randomization: bool = False
    says_alive: bool = False
    from_register: bool = False
    about_conduct: bool = False
    critical: tuple[str, ...] = ()
    seen_by: Permission = Permission.CRF_VIEW
    entered_by: Permission = Permission.CRF_EDIT
    due_at_visits: bool = False
    due_after: str = ""
    due_days: str = "form_due_days"
    reworded: bool = False
    formerly: Mapping[str, Text] = field(default_factory=dict)
    life: Mapping[AnswerRole, str] = field(default_factory=dict)
    model: Any = field(default=None, repr=False)

    @cached_property
    def counted(self) -> tuple[Group, ...]:
        """Return the tables whose rows at the beginning are said by the protocol text."""
        return tuple(group for group in self.groups.values() if group.counted_by or group.begins_by)

    def under(self, version: str, *, visit: str = "", arm: str | None = None) -> FormDeclaration:
        """Return the form with the rows that its tables begin with under a version of the protocol text."""
        begun = tuple((group.name, group.begun_under(version, visit, arm)) for group in self.counted)
        if all(rows == self.groups[name].starts_with for name, rows in begun):
            return self
        return _begun(self, tuple((name, tuple(tuple(row.items()) for row in rows)) for name, rows in begun))

    @cached_property
    def placed(self) -> Mapping[str, FormSection]:
        """Map each question and group to the section that shows it."""
        return {name: section for section in self.sections for name in section.fields}

    @cached_property
    def exported(self) -> tuple[Question, ...]:
        """Return the questions in the order of their columns: as asked, but for ``exported_after``."""
        order = [KEYS, *(name for name, question in self.questions.items() if not question.exported_after)]
        waiting = [question for question in self.questions.values() if question.exported_after]
        while waiting:
            ready = [question for question in waiting if question.exported_after in order]
            if not ready:
                break
            for question in ready:
                order.insert(order.index(question.exported_after) + 1, question.name)
            waiting = [question for question in waiting if question not in ready]
        return tuple(self.questions[name] for name in order[1:])

    @cached_property
    def roles(self) -> Mapping[AnswerRole, str]:
        """Map each role to the question of this form that has it."""
        return {question.role: name for name, question in self.questions.items() if question.role}

    @cached_property
    def day_question(self) -> str | None:
        """Return the question that says which day a record is about."""
        first = next((question.name for question in self.questions.values() if question.dated), None)
        return self.dated_by or first

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """Return derived answers and groups in the order in which they can be computed."""
        graph = {name: set(question.reads) for name, question in self.questions.items() if question.derived}
        for group in self.groups.values():
            reads = {read for question in group.questions.values() for read in question.reads}
            graph[group.name] = reads - set(group.questions)
        wanted = set(graph)
        order = TopologicalSorter({name: reads & wanted for name, reads in graph.items()}).static_order()
        return tuple(order)

    @cached_property
    def row_steps(self) -> Mapping[str, tuple[str, ...]]:
        """Map each group to the derived answers of its rows, in the order in which they can be computed."""
        return {name: _row_steps(group) for name, group in self.groups.items()}

    @cached_property
    def deviations(self) -> Mapping[str, Check]:
        """Map the code of each check whose finding is a protocol deviation to the check."""
        return {check.code: check for check in self.checks if check.deviation}

    def is_own(self, read: str) -> bool:
        """Say whether ``read`` is answered on this form."""
        return read in self.questions or read in self.groups

    @cached_property
    def foreign_reads(self) -> frozenset[str]:
        """Return what must be fetched from outside before this form can be evaluated."""
        reads = {read for read, names in self._uses() if read not in names and not self.is_own(read)}
        dated = any(question.dated for question in self.all_questions())
        needed = {*DATE_READS, *self.life.values()} if dated else set()
        return frozenset(reads | needed - set(self.questions))

    @cached_property
    def looks_at_today(self) -> bool:
        """Say whether a derived answer or a check reads the calendar day, and so may change overnight."""
        reads = [
            *(question.reads for question in self.all_questions()),
            *(check.reads for check in self.checks),
        ]
        return any("today" in names for names in reads)

    @cached_property
    def reads_forms(self) -> frozenset[str]:
        """Return the codes of the other forms whose answers this one reads."""
        return frozenset(form_of(read) for read in self.foreign_reads if form_of(read)) - {self.code}

    @cached_property
    def shown_context(self) -> tuple[str, ...]:
        """Return the foreign reads that conditions look at; the browser needs their values."""
        names = {name for condition, _ in self.conditions() for name in condition.names()}
        return tuple(sorted(name for name in names if name in self.foreign_reads))

    def all_questions(self) -> Iterator[Question]:
        """Yield the form's questions, then those of its groups."""
        yield from self.questions.values()
        for group in self.groups.values():
            yield from group.questions.values()

    def conditions(self) -> Iterator[tuple[Condition, frozenset[str]]]:
        """Yield each condition with the names of the row it is judged in."""
        nowhere: frozenset[str] = frozenset()
        for item in (*self.sections, *self.questions.values(), *self.groups.values()):
            for name in ("shown_when", "required_when"):
                if condition := getattr(item, name, None):
                    yield condition, nowhere
            yield from ((condition, nowhere) for condition in getattr(item, "offered_when", {}).values())
        for group in self.groups.values():
            for question in group.questions.values():
                for part in (question.shown_when, question.required_when, *question.offered_when.values()):
                    if part:
                        yield part, frozenset(group.questions)
        for check in self.checks:
            if check.when:
                row = self.groups.get(check.each)
                yield check.when, frozenset(row.questions) if row else nowhere
        yield from ((rule.when, nowhere) for rule in self.milestones if rule.when)

    def _uses(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield each read with the names of the row it is made from."""
        nowhere: frozenset[str] = frozenset()
        for condition, names in self.conditions():
            yield from ((name, names) for name in condition.names())
        told = [
            *(question.help for question in self.all_questions()),
            *(each.help for each in self.groups.values()),
        ]
        for sentence in told:
            yield from ((read, nowhere) for read in places(sentence))
        yield from ((each.counted_by, nowhere) for each in self.groups.values() if each.counted_by)
        for question in self.questions.values():
            yield from ((read, nowhere) for read in question.reads)
        for group in self.groups.values():
            for question in group.questions.values():
                yield from ((read, frozenset(group.questions)) for read in question.reads)
        for check in self.checks:
            row = self.groups.get(check.each)
            yield from ((read, frozenset(row.questions) if row else nowhere) for read in check.reads)

    def faults(self) -> list[str]:
        """Name everything in the declaration that contradicts itself."""
        rules: tuple[Callable[[], Iterator[str]], ...] = (
            self._misplaced,
            self._ill_named,
            self._unknown_reads,
            self._astray,
            self._unlisted,
            self._ill_formed,
            self._deaf,
            self._circular,
        )
        return [f"{self.code}: {fault}" for rule in rules for fault in rule()]

    def _misplaced(self) -> Iterator[str]:
        seen: set[str] = set()
        for section in self.sections:
            for name in section.fields:
                if not self.is_own(name):
                    yield f"section {section.name} names {name}, which is no question or group"
                if name in seen:
                    yield f"{name} stands in two sections"
                seen.add(name)
        for name, question in self.questions.items():
            if name not in seen and not question.derived:
                yield f"{name} stands in no section"
        yield from (f"group {name} stands in no section" for name in self.groups if name not in seen)

    def _ill_named(self) -> Iterator[str]:
        exports: set[str] = set()
        for question in self.all_questions():
            if question.name in RESERVED:
                yield f"{question.name} is a control column; choose another name"
            if len(question.export) > 32:
                yield f"the export name {question.export} is longer than 32 characters"
        for question in self.questions.values():
            if question.export in exports:
                yield f"the export name {question.export} is used twice"
            exports.add(question.export)
        codes = [check.code for check in self.checks]
        yield from (f"check {code} is declared twice" for code in sorted(set(codes)) if codes.count(code) > 1)

    def _unknown_reads(self) -> Iterator[str]:
        for read in sorted(self.foreign_reads):
            if read != "today" and not form_of(read) and not read.startswith(CONTEXT):
                yield f"{read} is read, and no question, group or outside value has that name"
        for check in self.checks:
            row = self.groups[check.each].questions if check.each in self.groups else {}
            if check.each and check.each not in self.groups:
                yield f"check {check.code} runs over {check.each}, which is no group"
            for name in check.fields:
                if not self.is_own(name) and name not in row:
                    yield f"check {check.code} is shown at {name}, which is not on the form"
        yield from self._unknown_days()

    def _unknown_days(self) -> Iterator[str]:
        for rule in self.milestones:
            if rule.from_field not in self.questions or not self.questions[rule.from_field].dated:
                yield f"milestone {rule.code} takes its day from {rule.from_field}, which is no date"
            for name in sorted(rule.derived):
                if not getattr(self.questions.get(name), "dated", False):
                    yield f"milestone {rule.code} is estimated by {name}, which is no date"

    def _astray(self) -> Iterator[str]:
        for lead in self.leads:
            yield from lead.faults(getattr(self.groups.get(lead.group), "questions", {}))

    def _unlisted(self) -> Iterator[str]:
        yield from critical_faults(self)
        for name in self.listed:
            if name not in self.questions:
                yield f"the list of records shows {name}, which is no question"
        if self.dated_by and (self.dated_by not in self.questions or not self.questions[self.dated_by].dated):
            yield f"a record is dated by {self.dated_by}, which is no question for a day"
        leaving = self.exported
        for question in self.questions.values():
            if question not in leaving:
                yield f"{question.name} is exported after {question.exported_after}, and nothing says where that is"

    def _ill_formed(self) -> Iterator[str]:
        items: list[Question | Group] = [*self.all_questions(), *self.groups.values()]
        for item in items:
            if item.asked_when and not item.asked_when == item.shown_when == item.required_when:
                yield f"{item.name} says asked_when, and when it is shown or required besides"
        for question in self.all_questions():
            if question.kind in ("choice", "multiple") and question.codes is None:
                yield f"{question.name} offers no codes"
            stray = [code for code in question.offered_when if code not in (question.codes or ())]
            if stray or (question.offered_when and question.kind not in ("choice", "multiple")):
                yield f"{question.name} offers {stray}, which is no code of a choice"
            if question.derived and (question.required or question.required_when):
                yield f"{question.name} is derived; nobody can be required to answer it"
            if question.proposed_by and question.proposed_by not in self.questions:
                yield f"{question.name} is proposed by {question.proposed_by}, which is no question"
        for group in self.groups.values():
            if group.keyed_by and group.keyed_by not in group.questions:
                yield f"the rows of {group.name} are known by {group.keyed_by}, which is no question of theirs"

    def _deaf(self) -> Iterator[str]:
        """Functions that do not take what is read for them would fail only when somebody types."""
        for question in self.all_questions():
            if question.by and not _takes(question.by, question.reads):
                yield f"the function of {question.name} does not take {_keywords(question.reads)}"
        for check in self.checks:
            if not _takes(check.passes, check.reads):
                yield f"the function of check {check.code} does not take {_keywords(check.reads)}"

    def _circular(self) -> Iterator[str]:
        try:
            _ = (self.steps, self.row_steps)
        except CycleError as error:
            yield f"these answers are derived from each other: {', '.join(error.args[1])}"


def _row_steps(group: Group) -> tuple[str, ...]:
    derived = {name: question for name, question in group.questions.items() if question.derived}
    graph = {name: set(question.reads) & set(derived) for name, question in derived.items()}
    return tuple(TopologicalSorter(graph).static_order())


def combine_forms(forms: Iterable[FormDeclaration]) -> dict[str, FormDeclaration]:
    """Return the forms of a trial by their codes, each told where birth and death are answered.

    A form that contradicts itself, and a role that two answers claim, is refused; every fault is named.
    """
    declared = list(forms)
    roles = [
        (question.role, f"{form.code}.{name}")
        for form in declared
        for name, question in form.questions.items()
        if question.role
    ]
    life = dict(roles)
    faults = [f"{read} and {life[role]} both say the {role}" for role, read in roles if life[role] != read]
    told = [replace(form, life=life) for form in declared]
    if faults := [*faults, *(fault for form in told for fault in form.faults())]:
        raise DeclarationError("\n".join(faults))
    return {form.code: form for form in told}


@cache
def _begun(form: FormDeclaration, begun: tuple[tuple[str, tuple[Any, ...]], ...]) -> FormDeclaration:
    """Return the form with these rows at the beginning of each table."""
    groups = dict(form.groups)
    for name, rows in begun:
        groups[name] = replace(groups[name], starts_with=tuple(map(dict, rows)))
    return replace(form, groups=groups)


def _keywords(reads: tuple[str, ...]) -> str:
    return ", ".join(argument(read) for read in reads) or "nothing"


def _takes(function: Callable[..., Any], reads: tuple[str, ...]) -> bool:
    try:
        signature(function).bind(**dict.fromkeys(argument(read) for read in reads))
    except TypeError:
        return False
    return True


@cache
def form_of(read: str) -> str:
    """Return the form code a read points at: "DM.weight" -> "DM", "CRE*" -> "CRE", else ""."""
    head = read.split(".", 1)[0].rstrip("*")
    return head if head.isupper() and ("." in read or read.endswith("*")) else ""
