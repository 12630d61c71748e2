"""The declared forms as ODM knows them: events, item groups, items, code lists, and the name (OID) of each.

An OID says what it names and never changes with the rest of the study: ``IT.DM.WEIGHT`` is the answer WEIGHT of the
form DM. A question with many choices is one item for each choice, since an item of ODM holds one code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.engine.codebook import said_of_versions, tidy_file
from crf.engine.codelists import CodeList
from crf.engine.conditions import Condition
from crf.engine.declaration import FormDeclaration, FormSection, Group, Repeats
from crf.engine.messages import missing_text
from crf.engine.questions import ANY_REASON, Classification, Question, QuestionKind
from crf.models import QueryState, RecordState
from exports.odm.elements import FLAG_TYPES, LANGUAGES, Text, flag_list, in_languages, lazily
from followup.history import UNSCHEDULED
from followup.models import VisitState
from kernel.days import in_chinese
from protocol.loader.schema import BilingualText, VisitRule
from protocol.text import load, versions
from trials.models.participants import Track

STUDY_OID: Final = "ST.PALACE-3"
COMMON: Final = "SE.COMMON"
CHOSEN: Final = CodeList("CHOSEN", {"1": _("chosen"), "0": _("not chosen")})
SYSTEM: Final = "USR.SYSTEM"
CENTRAL: Final = "LOC.CENTRAL"


def metadata_oid() -> str:
    """Return the name of the definitions: those of the latest version of the protocol that the program knows."""
    return f"MDV.{versions()[-1]}"


def event_oid(code: str) -> str:
    return f"SE.{code}"


def form_oid(code: str) -> str:
    return f"F.{code}"


def site_oid(code: str) -> str:
    return f"LOC.{code}"


@dataclass(frozen=True)
class Item:
    """One item: a question, or one choice of a question with many (``choice``)."""

    form: str
    group: str
    question: Question
    choice: str = ""

    @property
    def name(self) -> str:
        chosen = re.sub(r"[^A-Z0-9]", "_", self.choice.upper())
        return f"{self.question.export}__{chosen}" if chosen else self.question.export

    @property
    def oid(self) -> str:
        return ".".join(part for part in ("IT", self.form, self.group, self.name) if part)

    @property
    def file(self) -> str:
        """Return the name of the file of a tidy export that has the item as a column."""
        return tidy_file(self.form, self.group)

    @property
    def codes(self) -> CodeList | None:
        return CHOSEN if self.choice else self.question.codes

    def label(self) -> str:
        codes = self.question.codes
        return (
            f"{self.question.text}: {codes.label(self.choice)}"
            if self.choice and codes
            else str(self.question.text)
        )


@dataclass(frozen=True)
class ItemGroup:
    """One group of items: a section of a form, or a table whose rows repeat."""

    form: FormDeclaration
    name: str
    title: Text
    items: tuple[Item, ...]
    repeats: bool
    shown_when: Condition | None = None

    @property
    def oid(self) -> str:
        return f"IG.{self.form.code}.{self.name}"

    @cached_property
    def questions(self) -> dict[str, tuple[Question, tuple[Item, ...]]]:
        """Return the questions whose answers the group holds, by name, each with its items."""
        asked = {item.question.name: item.question for item in self.items}
        return {
            name: (question, tuple(item for item in self.items if item.question is question))
            for name, question in asked.items()
        }


@dataclass(frozen=True)
class StudyEvent:
    """One event of the study: a visit of the protocol, with the forms due and those that may be filled at it."""

    oid: str
    name: str
    title: Mapping[str, str]
    kind: str
    forms: tuple[str, ...]
    others: tuple[str, ...]
    arms: tuple[str, ...] = ()
    repeats: bool = False
    series: str = ""


def items_of(form: str, group: str, question: Question) -> Iterator[Item]:
    """Yield the items of a question: itself, or one for each choice."""
    if question.kind == QuestionKind.MULTIPLE and question.codes:
        yield from (Item(form, group, question, code) for code in question.codes.values)
    else:
        yield Item(form, group, question)


def leaves(question: Question) -> bool:
    """Say whether an answer leaves with the data: what could say who somebody is does not (requirements 58)."""
    return question.classification != Classification.IDENTIFYING


@cache
def item_groups(code: str) -> tuple[ItemGroup, ...]:
    """Return the item groups of a form in the order of the paper; a section that only has tables is none."""
    return tuple(_groups(catalogue.form(code)))


def _groups(form: FormDeclaration) -> Iterator[ItemGroup]:
    for section in form.sections:
        own = tuple(
            item
            for name in section.fields
            if name in form.questions and leaves(form.questions[name])
            for item in items_of(form.code, "", form.questions[name])
        )
        if own:
            yield _section(form, section, own)
        yield from (_table(form, form.groups[name]) for name in section.fields if name in form.groups)


def _titled(part: FormSection | Group) -> str:
    """Return the title of a section or table, with those of earlier versions of the protocol."""
    return " ".join([str(part.title), *said_of_versions(part)])


def _section(form: FormDeclaration, section: FormSection, own: tuple[Item, ...]) -> ItemGroup:
    return ItemGroup(form, section.name, partial(_titled, section), own, False, section.shown_when)


def _table(form: FormDeclaration, group: Group) -> ItemGroup:
    columns = tuple(
        item
        for question in group.questions.values()
        if leaves(question)
        for item in items_of(form.code, group.name, question)
    )
    return ItemGroup(form, group.name, partial(_titled, group), columns, True, group.shown_when)


@dataclass(frozen=True)
class CodeListOfFile:
    """A code list as the file has it; ``labels`` say each code in the language in force."""

    oid: str
    name: str
    labels: Mapping[str, Text]
    is_number: bool = False


def code_lists(codes: list[str]) -> list[CodeListOfFile]:
    """Return the lists of these forms by name, each once, then those of flags."""
    lists: dict[str, CodeList] = {}
    for code in codes:
        for group in item_groups(code):
            lists |= {item.codes.name: item.codes for item in group.items if item.codes}
    own = [
        CodeListOfFile(
            f"CL.{name}",
            name,
            {code: lazily(text) for code, text in lists[name].labels.items()},
            is_number=name == CHOSEN.name,
        )
        for name in sorted(lists)
    ]
    return [*own, *_flag_lists()]


def _flag_lists() -> Iterator[CodeListOfFile]:
    flags: dict[str, Mapping[str, Any]] = {
        "RECORDSTATE": dict(RecordState.choices),
        "VISITSTATE": dict(VisitState.choices),
        "QUERYSTATE": dict(QueryState.choices),
        "TRACK": dict(Track.choices),
        "QUERYBY": {"person": _("A person"), "check": _("A check")},
        "SIGNATURE": {"stands": _("stands"), "fell": _("fell when an answer changed")},
        "PROTOCOL": {version: version for version in versions()},
    }
    for kind, labels in flags.items():
        yield CodeListOfFile(flag_list(kind), kind, {code: lazily(text) for code, text in labels.items()})
    reasons = {code: partial(missing_text, code) for code in ANY_REASON}
    yield CodeListOfFile(flag_list("MISSING"), "MISSING", reasons)
    arms = {arm.code: partial(_said, arm.label) for arm in load(versions()[-1]).arms}
    yield CodeListOfFile(flag_list("ARM"), "ARM", arms)
    kinds: dict[str, Any] = {
        "MISSING": _("Why there is no answer"),
        "RECORDSTATE": _("State of the record"),
        "PROTOCOL": _("Version of the protocol"),
        "VISITSTATE": _("State of the visit"),
        "TRACK": _("Where the participant stands"),
        "ARM": _("Arm, once allocated"),
        "QUERYSTATE": _("State of the query"),
        "QUERYBY": _("Asked by"),
        "SIGNATURE": _("Signature"),
    }
    yield CodeListOfFile(FLAG_TYPES, "FLAG TYPE", {code: lazily(text) for code, text in kinds.items()})


def _said(text: BilingualText) -> str:
    return text.zh if in_chinese() else text.en


def study_events(codes: list[str]) -> list[StudyEvent]:
    """Return the visits of every version of the protocol, the unscheduled one, and what belongs to no visit."""
    rules: dict[str, list[VisitRule]] = {}
    for version in reversed(versions()):
        known = set(rules)
        for rule in load(version).visits:
            if rule.code not in known:
                rules.setdefault(rule.code, []).append(rule)
    at_visits = tuple(code for code in codes if catalogue.form(code).repeats == Repeats.PER_VISIT)
    elsewhere = tuple(code for code in codes if code not in at_visits)
    events = [_event(code, each, codes, at_visits) for code, each in rules.items()]
    unscheduled = in_languages(lazily(_("Unscheduled visit")))
    common = in_languages(lazily(_("Logs, and forms without a visit")))
    return [
        *events,
        StudyEvent(
            event_oid(UNSCHEDULED), UNSCHEDULED, unscheduled, "Unscheduled", (), at_visits, repeats=True
        ),
        StudyEvent(COMMON, "COMMON", common, "Common", (), elsewhere),
    ]


def _event(code: str, rules: list[VisitRule], codes: list[str], at_visits: tuple[str, ...]) -> StudyEvent:
    asked = {form for rule in rules for form in rule.form_codes}
    due = tuple(form for form in codes if form in asked)
    first = rules[0]
    return StudyEvent(
        oid=event_oid(code),
        name=code,
        title=_bilingual(first.name),
        kind="Scheduled",
        forms=due,
        others=tuple(form for form in at_visits if form not in due),
        arms=tuple(sorted({arm for rule in rules for arm in rule.arms})),
        repeats=bool(first.every_months),
        series=first.series,
    )


def _bilingual(text: BilingualText) -> dict[str, str]:
    return dict(zip(LANGUAGES.values(), (text.en, text.zh), strict=True))


def event_key(code: str, occurrence: int) -> tuple[str, str | None]:
    """Return the event of a visit, and which of several it is: half-yearly looks for vital status are one event."""
    if code == UNSCHEDULED:
        return event_oid(code), str(occurrence)
    if code in _scheduled():
        return event_oid(code), None
    event, _dash, which = code.rpartition("-")
    return event_oid(event), which


def visit_of_event(oid: str, key: str | None) -> tuple[str, int]:
    """Return code and occurrence of the visit behind an event."""
    code = oid.removeprefix("SE.")
    if code == UNSCHEDULED:
        return code, int(key or "1")
    return (f"{code}-{key}", 1) if key else (code, 1)


@cache
def _scheduled() -> frozenset[str]:
    return frozenset(
        rule.code for version in versions() for rule in load(version).visits if not rule.every_months
    )
