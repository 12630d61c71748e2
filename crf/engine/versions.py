"""What a form asks from a version of the protocol on, asks no longer, or asks in other words (ADR 39).

A record keeps the version under which it was begun: it is asked, and shown, what the form asked then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from crf.engine.codelists import CodeList
from crf.engine.conditions import All, Condition, Is, Lookup
from crf.engine.messages import range_text
from crf.engine.questions import Question, Versioned
from protocol.text import later_than, versions

if TYPE_CHECKING:
    from crf.engine.declaration import FormDeclaration, FormSection, Group

Item = TypeVar("Item", "Question", "Group", "FormSection")
Earlier = TypeVar("Earlier")

BEGUN_UNDER = "participant.protocol_version"  # of a record: the version under which it was begun


def is_from(version: str, first: str) -> bool:
    """Say whether a version is ``first``, or follows it."""
    return version == first or version in later_than(first)


@dataclass(frozen=True)
class BegunUnder(Condition):
    """The record was begun under ``since`` or a later version, and under one before ``until``; empty is no bound."""

    since: str = ""
    until: str = ""

    def takes(self, version: str) -> bool:
        """Say whether a record that is begun under the version is meant."""
        begins = not self.since or is_from(version, self.since)
        return begins and not (self.until and is_from(version, self.until))

    def holds(self, look: Lookup) -> bool:
        version = look(BEGUN_UNDER)
        return self.takes(version) if version else not self.since

    def as_json(self) -> list[Any]:
        return Is(BEGUN_UNDER, *(version for version in versions() if self.takes(version))).as_json()

    def names(self) -> Iterator[str]:
        yield BEGUN_UNDER


def versioned(questions: Mapping[str, Question]) -> dict[str, Question]:
    """Return the questions, those of some versions only with the condition that says so, and so their codes."""
    return {name: _offering(bound(question)) for name, question in questions.items()}


def bound(item: Item) -> Item:
    """Return a question, table or section; one of some versions only with the condition that says so."""
    if not item.since and not item.until:
        return item
    under = BegunUnder(item.since, item.until)
    shown = All(under, item.shown_when) if item.shown_when else under
    changes: dict[str, Any] = {"shown_when": shown}
    required_when = getattr(item, "required_when", None)
    if getattr(item, "required", False):
        changes |= {"required": False, "required_when": shown}
    elif required_when is not None:
        changes["required_when"] = All(under, required_when)
    if getattr(item, "asked_when", None) is not None:
        changes |= {"asked_when": shown, "required_when": shown}
    return replace(item, **changes)


def _offering(question: Question) -> Question:
    """Return the question; codes of some versions only are answers to records of these."""
    codes = question.codes
    if codes is None or not (codes.since or codes.until):
        return question
    offered = dict(question.offered_when)
    for code in codes.values:
        if code in codes.since or code in codes.until:
            under = BegunUnder(codes.since.get(code, ""), codes.until.get(code, ""))
            offered[code] = All(under, offered[code]) if code in offered else under
    return replace(question, offered_when=offered)


def under_version(formerly: Mapping[str, Earlier], now: Earlier, version: str) -> Earlier:
    """Return what stood under a version of the protocol, of earlier ones by the version that ended each, and of now."""
    return next((former for until, former in formerly.items() if not is_from(version, until)), now)


def words_under(item: Versioned | FormDeclaration, version: str) -> Any:
    """Return the text of a question, or the title of a table, section or form, as it was under a version."""
    now = getattr(item, "text", "") or getattr(item, "title", "")
    return under_version(item.formerly, now, version)


def codes_under(codes: CodeList, version: str) -> CodeList:
    """Return the codes that records begun under a version are offered, in the words that they had then."""
    labels = {
        code: under_version(codes.formerly.get(code, {}), label, version)
        for code, label in codes.labels.items()
        if BegunUnder(codes.since.get(code, ""), codes.until.get(code, "")).takes(version)
    }
    return CodeList(
        codes.name,
        labels,
        exclusive=tuple(code for code in codes.exclusive if code in labels),
        meanings={code: meaning for code, meaning in codes.meanings.items() if code in labels},
    )


def has_versions(form: FormDeclaration) -> bool:
    """Say whether a form was worded, coded or bounded otherwise once."""
    items: list[Any] = [form, *form.all_questions(), *form.groups.values(), *form.sections, *form.checks]
    lists = [question.codes for question in form.all_questions() if question.codes is not None]
    return (
        any(item.formerly for item in items)
        or any(codes.since or codes.until or codes.formerly for codes in lists)
        or any(question.soft_formerly or question.hard_formerly for question in form.all_questions())
    )


@cache
def worded(form: FormDeclaration, version: str) -> FormDeclaration:
    """Return the form with the title, words, codes, ranges and messages that it had under a version of the protocol."""
    if not form.reworded:
        return form
    groups = {
        name: replace(
            group, title=words_under(group, version), questions=_questions_under(group.questions, version)
        )
        for name, group in form.groups.items()
    }
    sections = tuple(replace(section, title=words_under(section, version)) for section in form.sections)
    checks = tuple(
        replace(check, message=under_version(check.formerly, check.message, version)) for check in form.checks
    )
    return replace(
        form,
        title=words_under(form, version),
        questions=_questions_under(form.questions, version),
        groups=groups,
        sections=sections,
        checks=checks,
    )


def _questions_under(questions: Mapping[str, Question], version: str) -> dict[str, Question]:
    return {
        name: replace(
            question,
            text=words_under(question, version),
            codes=codes_under(question.codes, version) if question.codes else question.codes,
            soft=under_version(question.soft_formerly, question.soft, version),
            hard=under_version(question.hard_formerly, question.hard, version),
        )
        for name, question in questions.items()
    }


@dataclass(frozen=True)
class FormChange:
    """What a version changes of a form: ``kind`` is added, removed or changed.

    ``place`` is the exported name of a question, with its code or table, the name of a section, or the code of the form
    or of a check; ``aspect`` says which of them it is: words, code, range, heading, title or message.
    """

    place: str
    aspect: str
    kind: str
    before: Any
    after: Any
    is_required: bool = False


def changes_of(form: FormDeclaration, earlier: str, later: str) -> Iterator[FormChange]:
    """Yield what is asked otherwise of a record begun under ``later`` than of one begun under ``earlier``."""
    yield from _reworded(form.code, "title", (words_under(form, each) for each in (earlier, later)))
    for section in form.sections:
        yield from _change(section.name, "heading", section, (earlier, later))
    yield from _of_questions(form.questions.values(), "", (earlier, later))
    for group in form.groups.values():
        yield from _change(group.name, "heading", group, (earlier, later))
        yield from _of_questions(group.questions.values(), f"{group.name}.", (earlier, later))
    for check in form.checks:
        said = (under_version(check.formerly, check.message, each) for each in (earlier, later))
        yield from _reworded(check.code, "message", said)


Pair = tuple[str, str]


def _of_questions(questions: Iterable[Question], within: str, pair: Pair) -> Iterator[FormChange]:
    for question in questions:
        place = f"{within}{question.export}"
        required = bool(question.required or question.required_when)
        yield from _change(place, "words", question, pair, is_required=required)
        if question.codes is not None:
            yield from _of_codes(question.codes, place, pair)
        for now, former in ((question.hard, question.hard_formerly), (question.soft, question.soft_formerly)):
            ranges = (range_text(under_version(former, now, each), question.unit) for each in pair)
            yield from _reworded(place, "range", ranges)


def _reworded(place: str, aspect: str, words: Iterable[Any]) -> Iterator[FormChange]:
    before, after = words
    if before != after:
        yield FormChange(place, aspect, "changed", before, after)


def _of_codes(codes: CodeList, place: str, pair: Pair) -> Iterator[FormChange]:
    earlier, later = (codes_under(codes, version).labels for version in pair)
    for code in codes.values:
        before, after = earlier.get(code), later.get(code)
        if before != after:
            kind = "added" if code not in earlier else "removed" if code not in later else "changed"
            yield FormChange(f"{place} = {code}", "code", kind, before, after)


def _change(
    place: str, aspect: str, item: Versioned, pair: Pair, *, is_required: bool = False
) -> Iterator[FormChange]:
    under = BegunUnder(item.since, item.until)
    was, is_now = (under.takes(version) for version in pair)
    before, after = (words_under(item, version) for version in pair)
    if is_now and not was:
        yield FormChange(place, aspect, "added", None, after, is_required)
    elif was and not is_now:
        yield FormChange(place, aspect, "removed", before, None, is_required)
    elif is_now and before != after:
        yield FormChange(place, aspect, "changed", before, after, is_required)
