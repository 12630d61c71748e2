"""The terms of CTCAE version 5.0 (protocol 3.6): code, class, and the grades that each term has.

The list (``dictionaries/ctcae-5.0.csv``) holds facts of the publication by the National Cancer Institute of
27 November 2017: 837 terms in 26 classes with their MedDRA codes. The definitions of the grades are not in it.
Chinese names and the words by which people look for a term are our own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

VERSION = "5.0"
GRADES = ("1", "2", "3", "4", "5")
_FILE = Path(__file__).parent / "dictionaries" / f"ctcae-{VERSION}.csv"
_SPELLING = (
    (re.compile(r"haem"), "hem"),
    (re.compile(r"aemi"), "emi"),
    (re.compile(r"oed"), "ed"),
    (re.compile(r"oesoph"), "esoph"),
    (re.compile(r"rrhoe"), "rrhe"),
    (re.compile(r"([cf])aec"), r"\1ec"),
    (re.compile(r"aesth"), "esth"),
    (re.compile(r"foet"), "fet"),
    (re.compile(r"([ln])our\b"), r"\1or"),
    (re.compile(r"tumour"), "tumor"),
    (re.compile(r"leuco"), "leuko"),
    (re.compile(r"[\s_-]+"), " "),
)


@dataclass(frozen=True)
class Term:
    """One term: MedDRA's code (8 digits), system organ class, name, grades ("1" to "5"), and other words for it."""

    code: str
    soc: str
    soc_zh: str
    name: str
    name_zh: str
    grades: tuple[str, ...]
    synonyms: tuple[str, ...]

    def words(self) -> Iterator[str]:
        """Yield what people may call it: its name, its Chinese name, and the other words."""
        yield self.name
        yield self.name_zh
        yield from self.synonyms


@dataclass(frozen=True)
class Found:
    """A term that was looked for, and the word by which it was found."""

    term: Term
    word: str


def folded(text: str) -> str:
    """Return ``text`` as it is compared: no capitals, American spelling, one space where there is any gap."""
    plain = text.casefold().strip()
    for spelling, kept in _SPELLING:
        plain = spelling.sub(kept, plain)
    return plain


@cache
def terms() -> tuple[Term, ...]:
    """Return every term, in the order of the publication."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Term(
                code=row["code"],
                soc=row["soc"],
                soc_zh=row["soc_zh"],
                name=row["term"],
                name_zh=row["term_zh"],
                grades=tuple(row["grades"]),
                synonyms=tuple(word for word in row["synonyms"].split("; ") if word),
            )
            for row in csv.DictReader(file)
        )


@cache
def _by_name() -> MappingProxyType[str, Term]:
    """Map each name, English and Chinese, as it is compared, to its term."""
    return MappingProxyType({folded(name): term for term in terms() for name in (term.name, term.name_zh)})


def term_of(text: str) -> Term | None:
    """Return the term that ``text`` names in either language; a synonym names none, a person chooses."""
    return _by_name().get(folded(text))


Nearness = tuple[bool, bool, bool]


def search(text: str, *, limit: int) -> tuple[Found, ...]:
    """Return up to ``limit`` terms for what was typed, the nearest first: exact, begun with, a word begun, anywhere."""
    looked_for = folded(text)
    if not looked_for:
        return ()
    near = [match for match in (_nearest(term, words, looked_for) for term, words in _words()) if match]
    near.sort(key=lambda match: match[0])
    return tuple(match for _nearness, match in near[:limit])


@cache
def _words() -> tuple[tuple[Term, tuple[tuple[str, str], ...]], ...]:
    """Return each term with its words, as they are compared and as they are shown."""
    return tuple((term, tuple((folded(word), word) for word in term.words())) for term in terms())


def _nearest(
    term: Term, words: tuple[tuple[str, str], ...], looked_for: str
) -> tuple[Nearness, Found] | None:
    known = [(_nearness(word, looked_for), shown) for word, shown in words if looked_for in word]
    if not known:
        return None
    nearness, word = min(known, key=lambda item: item[0])
    return nearness, Found(term, word)


def _nearness(word: str, looked_for: str) -> Nearness:
    """Return what sorts the nearest word first: it is the same, begins so, or has a word that begins so."""
    return word != looked_for, not word.startswith(looked_for), f" {looked_for}" not in word
