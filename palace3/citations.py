"""Sections of the specification in docs/protocol, and the sections that a text cites ("protocol" and a number)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SPECIFICATION = Path("docs/protocol")
HEADING = re.compile(r"^#{1,3} (\d+(?:\.\d+)?(?: [A-G](?= ))?) (.+)$", re.MULTILINE)

# One number of a section, and numbers after it: "3.9, 6.4", "2.1-2.6", "1.9 and 3.2", "3.4 A to F".
# A whole number further on counts only where the list ends with it: "2.6, 24 hours" cites 2.6 alone.
BREAK = r"\s+(?:#:?\s+)?"
NUMBER = rf"\d+\.\d+(?:{BREAK}[A-G]\b)?"
FURTHER = rf"(?:,{BREAK}(?:and{BREAK})?|{BREAK}and{BREAK})(?:{NUMBER}|\d(?=[);:.,]|\s*$))"
RANGE = rf"(?:\s?[-–]\s?|{BREAK}to{BREAK})(?:\d+\.\d+|[A-G]\b|\d(?![\d.]))"
CITATION = re.compile(
    rf"\b(?:protocol|chapters?),?{BREAK}(?:(?:section|chapter)s?{BREAK})?"
    rf"((?:{NUMBER}|\d(?![\d.\w-]|\.\d))(?:{RANGE}|{FURTHER})*)",
    re.IGNORECASE,
)
PART = re.compile(r"\d+(?:\.\d+)?(?:\s[A-G]\b)?|[A-G]\b|[-–]|\bto\b")


@cache
def sections(root: Path) -> dict[str, str]:
    """Number and title of every section of the specification, in the order of its pages."""
    return {
        number: title
        for page in sorted((root / SPECIFICATION).glob("[0-9]-*.md"))
        for number, title in HEADING.findall(page.read_text(encoding="utf-8"))
    }


def cited(text: str, known: dict[str, str]) -> Iterator[str]:
    """Each section that the text cites, as it is written; a range ("2.1-2.6") gives every section in it."""
    for match in CITATION.finditer(text):
        yield from _numbers(match.group(1), known)


def chapter_of(section: str) -> str:
    """Section "3.4" of its part "3.4 G"; every other section is its own."""
    return section.split(" ", maxsplit=1)[0]


def _numbers(listed: str, known: dict[str, str]) -> Iterator[str]:
    first, in_range = "", False
    for part in PART.findall(re.sub(r"\s+(?:#:?\s+)?", " ", listed)):
        if part in "-–" or part == "to":
            in_range = True
            continue
        number = f"{chapter_of(first)} {part}" if part.isalpha() else part
        yield from _between(first, number, known) if in_range else [number]
        first, in_range = number, False


def _between(first: str, last: str, known: dict[str, str]) -> Iterator[str]:
    """Sections after the first up to the last; the last alone when no page holds both."""
    order = list(known)
    if first in order and last in order:
        level = last.count(".") + last.count(" ")
        inside = order[order.index(first) + 1 : order.index(last)]
        yield from (number for number in inside if number.count(".") + number.count(" ") == level)
    yield last
