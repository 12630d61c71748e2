"""The terms of the trial, from ``design/terms.toml``: read on the help page, and explained wherever a text has one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

COLON: Final = {"zh": "："}
FILE: Final = Path(__file__).resolve().with_suffix(".toml")


@dataclass(frozen=True)
class HelpText:
    """The same words in both languages."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en

    def fits(self, words: list[str]) -> bool:
        """Say whether every word stands in it, in either language."""
        both = f"{self.en} {self.zh}".casefold()
        return all(word in both for word in words)


@dataclass(frozen=True)
class HelpTerm:
    """A key or a word, with what it does or means; ``codes`` are the short forms by which texts name it."""

    name: HelpText
    means: HelpText
    codes: tuple[str, ...] = ()

    def fits(self, words: list[str]) -> bool:
        both = HelpText(f"{self.name.en} {self.means.en}", f"{self.name.zh} {self.means.zh}")
        return both.fits(words)


def text_of(row: Mapping[str, str]) -> HelpText:
    return HelpText(en=row["en"], zh=row["zh"])


@lru_cache(maxsize=1)
def glossary() -> tuple[HelpTerm, ...]:
    """Return every term, in the order of the file."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["terms"]
    return tuple(
        HelpTerm(text_of(row["term"]), text_of(row["means"]), tuple(row.get("codes", ()))) for row in rows
    )


@lru_cache(maxsize=1)
def _by_code() -> dict[str, HelpTerm]:
    return {code: term for term in glossary() for code in term.codes}


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Match a code that stands by itself; Chinese signs beside it part it as blanks do."""
    codes = "|".join(re.escape(code) for code in sorted(_by_code(), key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9-])(?:{codes})(?![A-Za-z0-9])")


@lru_cache(maxsize=4096)
def explained(text: str, language: str) -> SafeString:
    """Return the text with each term marked where it stands first; ``glossary.js`` shows what it means.

    Without scripts the browser shows the title. What is HTML already stays as it is.
    """
    if isinstance(text, SafeString):
        return text
    parts: list[SafeString] = []
    marked: set[str] = set()
    end = 0
    for match in _pattern().finditer(text):
        term = _by_code()[match.group()]
        name = term.name.said(language)
        if name in marked:
            continue
        marked.add(name)
        means = f"{name}{COLON.get(language[:2], ': ')}{term.means.said(language)}"
        parts += [
            conditional_escape(text[end : match.start()]),
            format_html('<dfn class="p3-explained" tabindex="0" title="{}">{}</dfn>', means, match.group()),
        ]
        end = match.end()
    parts.append(conditional_escape(text[end:]))
    return format_html_join("", "{}", ((part,) for part in parts))
