"""Dictionaries whose terms are answers: what a question that names one can be answered with, and how it is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import ngettext

from kernel.days import in_chinese
from kernel.punctuation import listed
from protocol import ctcae


@dataclass(frozen=True)
class DictionaryTerm:
    """A term as who looks for it sees it: the name that is the answer, the name in their language, and its class."""

    name: str
    text: str
    about: str


@dataclass(frozen=True)
class Dictionary:
    """A list of terms: ``name_of`` returns the term that a text names, None for none; ``search`` the nearest first."""

    title: str
    name_of: Callable[[str], str | None]
    text_of: Callable[[str], str]
    search: Callable[[str, int], Sequence[DictionaryTerm]]


def _name_of(text: str) -> str | None:
    term = ctcae.term_of(text)
    return term.name if term else None


def _text_of(name: str) -> str:
    """Return the name of a term in the reader's language; ``name`` itself where it is none."""
    term = ctcae.term_of(name)
    return _local(term) if term else name


def _search(text: str, limit: int) -> list[DictionaryTerm]:
    return [_shown(match) for match in ctcae.search(text, limit=limit)]


def _shown(match: ctcae.Found) -> DictionaryTerm:
    term = match.term
    local = _local(term)
    soc = term.soc_zh if in_chinese() else term.soc
    grades = ngettext("grade {grades}", "grades {grades}", len(term.grades)).format(
        grades=listed(term.grades)
    )
    parts = [soc, grades]
    if match.word not in (term.name, local):
        parts.insert(0, match.word)
    return DictionaryTerm(name=term.name, text=local, about=" · ".join(parts))


def _local(term: ctcae.Term) -> str:
    return term.name_zh if in_chinese() else term.name


CTCAE = Dictionary(title=f"CTCAE {ctcae.VERSION}", name_of=_name_of, text_of=_text_of, search=_search)
DICTIONARIES: Mapping[str, Dictionary] = MappingProxyType({"ctcae": CTCAE})


def local_name(dictionary: str, name: str) -> str:
    """Return a term in the reader's language; nothing where that is ``name`` itself, or no dictionary is named."""
    text = DICTIONARIES[dictionary].text_of(name) if dictionary else name
    return "" if text == name else text
