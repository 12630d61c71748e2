"""Reference ranges as a laboratory prints them, one line each (protocol 3.4 G).

``test<TAB>unit<TAB>range<TAB>sex<TAB>ages``; the range is 3.5-9.5, <5, ≤5, >60 or ≥60, sex is M or F, ages are 18-60 or
60-. A line that is not understood is told by its number. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from protocol.laboratory import TESTS
from protocol.laboratory_words import Why, cells, code_named, unit_named

DASH: Final = r"\s*(?:-{1,2}|–|—|~|至|to)\s*"
SPAN: Final = re.compile(rf"(\d{{1,7}}(?:\.\d{{1,4}})?){DASH}(\d{{1,7}}(?:\.\d{{1,4}})?)")
ONE_SIDE: Final = re.compile(r"(<=?|>=?|≤|≥)\s*(\d{1,7}(?:\.\d{1,4})?)")
BELOW: Final = ("<", "<=", "≤")
AGES: Final = re.compile(rf"(\d{{1,3}})(?:{DASH}(\d{{1,3}})?)?")
SEXES: Final = MappingProxyType(
    {"M": ("m", "male", "男", "男性"), "F": ("f", "female", "女", "女性"), "": ("", "both", "all", "不限")}
)


@dataclass(frozen=True, slots=True)
class RangeLine:
    """What one line says, or why it is not understood; ``number`` counts from 1."""

    number: int
    text: str
    test: str = ""
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    sex: str = ""
    age_from: int = 0
    age_to: int | None = None
    why: Why | None = None

    @property
    def about(self) -> tuple[str, str, int]:
        """For which test and whom it is."""
        return self.test, self.sex, self.age_from


def read_range_lines(lines: Iterable[str]) -> Iterator[RangeLine]:
    """What each line says; empty lines say nothing, and a second line about the same is not understood."""
    seen: set[tuple[str, str, int]] = set()
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        line = _line(number, text)
        if line.why is None and line.about in seen:
            line = RangeLine(number, text, line.test, why=Why.TWICE)
        seen |= {line.about} if line.why is None else set()
        yield line


def _line(number: int, text: str) -> RangeLine:
    name, measure, span, whom, years, *_more = [*cells(text), "", "", "", ""]
    test = code_named(name)
    if test is None:
        return RangeLine(number, text, why=Why.TEST)
    if not TESTS[test].factors:
        return RangeLine(number, text, test, why=Why.RESULT)
    unit = unit_named(test, measure)
    if unit is None:
        return RangeLine(number, text, test, why=Why.UNIT)
    bounds, sex, ages = _bounds(span), _sex(whom), _ages(years)
    if bounds is None or sex is None or ages is None:
        return RangeLine(number, text, test, why=Why.LIMIT)
    return RangeLine(number, text, test, unit, *bounds, sex, *ages)


def _bounds(typed: str) -> tuple[Decimal | None, Decimal | None] | None:
    if span := SPAN.fullmatch(typed):
        low, high = map(Decimal, span.groups())
        return (low, high) if low < high else None
    if side := ONE_SIDE.fullmatch(typed):
        sign, number = side.groups()
        return (None, Decimal(number)) if sign in BELOW else (Decimal(number), None)
    return None


def _sex(typed: str) -> str | None:
    return next((sex for sex, words in SEXES.items() if typed.lower() in words), None)


def _ages(typed: str) -> tuple[int, int | None] | None:
    if not typed:
        return 0, None
    match = AGES.fullmatch(typed)
    if match is None:
        return None
    first, last = (int(age) if age else None for age in match.groups())
    if first is None:
        return None
    return (first, last) if last is None or first <= last else None
