"""Coding as pages: the work list with proposals, what an upgrade changes, and the coding of one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from crf.coding.batch import PER_PAGE, Tick
from crf.coding.items import CodedItem, items_of
from crf.coding.proposals import CodingProposal, only_class
from crf.coding.releases import terms_in_use, versions_in_use
from crf.coding.worklist import FALLEN, STANDS, WordsToCode, listed, words_of
from crf.engine import messages
from crf.models import (
    CodedBy,
    Coding,
    CodingDictionary,
    CodingSynonym,
    DictionaryRelease,
    Record,
    ReleasedTerm,
)

UPGRADE = "upgrade"
SHOWN: tuple[tuple[str, str | Promise], ...] = (
    (FALLEN, _lazy("To be coded")),
    (STANDS, _lazy("Coded")),
    (UPGRADE, _lazy("Coded with another version")),
)


@dataclass(frozen=True)
class CodedTerm:
    """A term in the reader's language, where a release in it is loaded."""

    name: str
    code: str
    preferred: str
    of_class: str
    version: str


@dataclass(frozen=True)
class Change:
    """What another version of the dictionary says otherwise."""

    label: str
    was: str
    now: str


@dataclass(frozen=True)
class CodingLine:
    """One line of the work list."""

    words: WordsToCode
    dictionary: str
    coded: CodedTerm | None
    proposed: CodedTerm | None
    source: str
    tick: str
    changes: tuple[Change, ...]
    is_gone: bool
    code_url: str
    ask_url: str


def page_of_coding(
    user: User, chosen: Mapping[str, str], order: Sequence[str] = ()
) -> tuple[Page[Any], list[CodingLine]]:
    """Return one page of the work list, in a constant number of queries."""
    in_use, show = versions_in_use(), chosen.get("show") or FALLEN
    page = Paginator(listed(user, chosen, in_use, order), PER_PAGE).get_page(chosen.get("page"))
    words = words_of(page.object_list, proposing=show == FALLEN)
    codings = _codings_of(words) if show != FALLEN else {}
    anew = _terms_anew(codings.values()) if show == UPGRADE else {}
    local = LocalTerms(
        [*codings.values(), *(each.proposal.term for each in words if each.proposal), *anew.values()]
    )
    return page, [_line(each, codings.get(_place(each)), anew, local) for each in words]


def _place(words: WordsToCode) -> tuple[int, str]:
    return words.record_id, words.item.question.name


def _codings_of(words: Iterable[WordsToCode]) -> dict[tuple[int, str], Coding]:
    """Return the coding that counts for each of the words."""
    codings = Coding.objects.filter(record__in={each.record_id for each in words}).order_by("coded_at", "pk")
    return {(row.record_id, row.question): row for row in codings}


def _terms_anew(codings: Iterable[Coding]) -> dict[tuple[str, str], ReleasedTerm]:
    """Return the terms of the versions in use that have the codes of these codings, where they are current."""
    by_code: dict[tuple[str, str], ReleasedTerm] = {}
    for dictionary in CodingDictionary.values:
        codes = {row.code for row in codings if row.dictionary == dictionary}
        terms = terms_in_use(dictionary).filter(is_current=True, code__in=codes) if codes else ()
        for term in terms:
            by_code.setdefault((dictionary, term.code), term)
    return by_code


class LocalTerms:
    """Names in the reader's language for terms and codings, read at once; English names where none is loaded."""

    def __init__(self, rows: Iterable[Any]) -> None:
        language, self._known = get_language() or "en", {}
        codes = {code for row in rows for code in (row.code, row.preferred_code)}
        if language == "en" or not codes:
            return
        for term in ReleasedTerm.objects.filter(release__language=language, code__in=codes).select_related(
            "release"
        ):
            self._known[term.release.dictionary, term.release.version, term.code] = term

    def of(self, row: Any, class_code: str, *, dictionary: str, version: str) -> CodedTerm:
        local = self._known.get((dictionary, version, row.code), row)
        named = dict(row.classes) | dict(local.classes)
        return CodedTerm(local.name, row.code, local.preferred, named.get(class_code, ""), version)

    def of_coding(self, row: Coding) -> CodedTerm:
        return self.of(row, row.class_code, dictionary=row.dictionary, version=row.version)

    def of_term(self, term: ReleasedTerm, class_code: str) -> CodedTerm:
        release = term.release
        return self.of(term, class_code, dictionary=release.dictionary, version=release.version)


def _line(
    words: WordsToCode,
    coding: Coding | None,
    anew: Mapping[tuple[str, str], ReleasedTerm],
    local: LocalTerms,
) -> CodingLine:
    proposal = words.proposal or (_kept(coding, anew) if coding else None)
    return CodingLine(
        words=words,
        dictionary=CodingDictionary(words.item.dictionary).label,
        coded=local.of_coding(coding) if coding else None,
        proposed=local.of_term(proposal.term, proposal.class_code) if proposal else None,
        source=str(proposal.how.label) if proposal else "",
        tick=_tick(words, proposal) if proposal and proposal.is_whole else "",
        changes=changes_between(coding, proposal.term) if coding and proposal else (),
        is_gone=bool(anew) and coding is not None and proposal is None,
        code_url=reverse("crf:code-words", args=[words.record_id, words.item.key]),
        ask_url=_ask_url(words),
    )


def _kept(coding: Coding, anew: Mapping[tuple[str, str], ReleasedTerm]) -> CodingProposal | None:
    """Return the same code in the version in use, under the same class where it still has it."""
    term = anew.get((coding.dictionary, coding.code))
    if term is None:
        return None
    stays = coding.class_code if coding.class_code in dict(term.classes) else ""
    return CodingProposal(term, CodedBy.UPGRADE, only_class(term) or stays)


def _tick(words: WordsToCode, proposal: CodingProposal) -> str:
    term = proposal.term.code
    return Tick(words.record_id, words.item.key, words.digest, term, proposal.class_code).value


def changes_between(coding: Coding, term: ReleasedTerm) -> tuple[Change, ...]:
    """Return what the version in use says otherwise of a code: its name, its preferred term, its classes."""
    pairs = (
        (_("Term"), coding.name, term.name),
        (_("Preferred term"), coding.preferred, term.preferred),
        (_("Classes"), _joined(coding.classes), _joined(term.classes)),
    )
    return tuple(Change(label, was, now) for label, was, now in pairs if was != now)


def _joined(classes: Iterable[Any]) -> str:
    return " › ".join(f"{name} ({code})" for code, name in classes)


def _ask_url(words: WordsToCode) -> str:
    args: list[str | int] = [words.number, words.item.form.code, words.sequence]
    asked: dict[str, Any] = {"target": words.item.question.name}
    asked |= {"visit": words.visit_id} if words.visit_id else {}
    return f"{reverse('crf:ask', args=args)}?{urlencode(asked)}"


@dataclass(frozen=True)
class CodedAnswer:
    """What one answer of a record is coded as, for the page of the form."""

    question: str
    words: str
    term: CodedTerm
    dictionary: str


def coded_answers(form_code: str, record: Record | None) -> list[CodedAnswer]:
    """Return what the words of a record are coded as; nothing for words that nobody has coded as they stand."""
    items = {item.question.name: item for item in items_of(form_code)} if record else {}
    if record is None or not items:
        return []
    rows = {row.question: row for row in record.codings.order_by("coded_at", "pk")}
    standing = [row for name, row in rows.items() if name in items and getattr(record, name) == row.verbatim]
    local = LocalTerms(standing)
    return [
        CodedAnswer(
            str(items[row.question].question.text),
            row.verbatim,
            local.of_coding(row),
            row.get_dictionary_display(),
        )
        for row in standing
    ]


def codings_of(user: User, record_id: int, question: str) -> QuerySet[Coding]:
    """Return everything that one answer was ever coded as, the first one first, as far as the reader may see it."""
    open_to = Coding.objects.open_to(user, Permission.CODING_VIEW)
    return open_to.filter(record=record_id, question=question).select_related("act__by")


def loaded_releases() -> list[DictionaryRelease]:
    """Return the releases of the dictionaries; they belong to no site."""
    return list(DictionaryRelease.objects.all())


def known_synonyms() -> QuerySet[CodingSynonym]:
    """Return the synonyms, those in force first; they belong to no site."""
    return CodingSynonym.objects.order_by("is_retired", "folded", "pk")


def facts_around(item: CodedItem, record: Any) -> list[tuple[str, str]]:
    """Return what lists show of the record, each answer with its question: what the words are to be understood by."""
    questions, zone = item.form.questions, record.participant.site.time_zone
    named = dict.fromkeys((*item.form.listed, item.question.name))
    return [
        (str(questions[name].text), messages.display(questions[name], getattr(record, name), zone=zone))
        for name in named
        if name in questions
    ]
