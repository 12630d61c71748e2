"""When a question is shown or required: conditions that browser and server judge alike.

Each condition writes itself as a small list (``as_json``); ``static/js/crf/conditions.js`` reads
the same lists. One table of cases goes through both in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

Lookup = Callable[[str], Any]
Plain = str | int | float | bool


def canonical(value: Any) -> Any:
    """Return ``value`` as JSON knows it: a number, text, truth value, list or None."""
    if value is None or isinstance(value, bool | str | int | float):
        return None if value == "" and isinstance(value, str) else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [canonical(item) for item in value] or None
    return str(value)


def _same(left: Any, right: Any) -> bool:
    """Equality as the browser's ``===`` has it: 1, "1" and true are three different things."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) or isinstance(right, str):
        return isinstance(left, str) and isinstance(right, str) and left == right
    return bool(left == right)


def _comparable(left: Any, right: Any) -> bool:
    numbers = (int, float)
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    both_numbers = isinstance(left, numbers) and isinstance(right, numbers)
    return both_numbers or (isinstance(left, str) and isinstance(right, str))


class Condition:
    """A claim about answers, true or false for every record."""

    def holds(self, look: Lookup) -> bool:
        """Say whether the claim is true; ``look`` returns the answer to a question."""
        raise NotImplementedError

    def as_json(self) -> list[Any]:
        """Return the claim as the browser reads it."""
        raise NotImplementedError

    def names(self) -> Iterator[str]:
        """Yield the name of each answer it looks at."""
        raise NotImplementedError


@dataclass(frozen=True, init=False)
class Is(Condition):
    """The answer is one of ``values``."""

    name: str
    values: tuple[Plain, ...]

    def __init__(self, name: str, *values: Plain) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "values", values)

    def holds(self, look: Lookup) -> bool:
        answer = canonical(look(self.name))
        if answer is None:
            return False
        for value in self.values:  # noqa: SIM110 (asked for each question of a form: a loop costs the least)
            if _same(answer, value):
                return True
        return False

    def as_json(self) -> list[Any]:
        return ["is", self.name, list(self.values)]

    def names(self) -> Iterator[str]:
        yield self.name


@dataclass(frozen=True)
class Answered(Condition):
    """There is an answer (a missing reason is none)."""

    name: str

    def holds(self, look: Lookup) -> bool:
        return canonical(look(self.name)) is not None

    def as_json(self) -> list[Any]:
        return ["answered", self.name]

    def names(self) -> Iterator[str]:
        yield self.name


@dataclass(frozen=True)
class Over(Condition):
    """The answer is greater than ``limit`` (a number, or an ISO day for dates)."""

    name: str
    limit: int | float | str

    def holds(self, look: Lookup) -> bool:
        answer = canonical(look(self.name))
        return _comparable(answer, self.limit) and answer > self.limit

    def as_json(self) -> list[Any]:
        return ["over", self.name, self.limit]

    def names(self) -> Iterator[str]:
        yield self.name


@dataclass(frozen=True)
class Under(Condition):
    """The answer is smaller than ``limit``."""

    name: str
    limit: int | float | str

    def holds(self, look: Lookup) -> bool:
        answer = canonical(look(self.name))
        return _comparable(answer, self.limit) and answer < self.limit

    def as_json(self) -> list[Any]:
        return ["under", self.name, self.limit]

    def names(self) -> Iterator[str]:
        yield self.name


@dataclass(frozen=True, init=False)
class Has(Condition):
    """One of ``codes`` is among the ticked answers."""

    name: str
    codes: tuple[str, ...]

    def __init__(self, name: str, *codes: str) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "codes", codes)

    def holds(self, look: Lookup) -> bool:
        answer = canonical(look(self.name))
        return isinstance(answer, list) and any(code in answer for code in self.codes)

    def as_json(self) -> list[Any]:
        return ["has", self.name, list(self.codes)]

    def names(self) -> Iterator[str]:
        yield self.name


@dataclass(frozen=True)
class Same(Condition):
    """Two questions have the same answer."""

    name: str
    other: str

    def holds(self, look: Lookup) -> bool:
        left, right = canonical(look(self.name)), canonical(look(self.other))
        if isinstance(left, list) or isinstance(right, list):
            return isinstance(left, list) and left == right
        return left is not None and _same(left, right)

    def as_json(self) -> list[Any]:
        return ["same", self.name, self.other]

    def names(self) -> Iterator[str]:
        yield self.name
        yield self.other


class _Joined(Condition):
    word = ""
    parts: tuple[Condition, ...]

    def as_json(self) -> list[Any]:
        return [self.word, [part.as_json() for part in self.parts]]

    def names(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.names()


@dataclass(frozen=True, init=False)
class All(_Joined):
    """Every part is true."""

    parts: tuple[Condition, ...]
    word = "all"

    def __init__(self, *parts: Condition) -> None:
        object.__setattr__(self, "parts", parts)

    def holds(self, look: Lookup) -> bool:
        return all(part.holds(look) for part in self.parts)


@dataclass(frozen=True, init=False)
class Any_(_Joined):  # noqa: N801 - ``Any`` is typing's
    """At least one part is true."""

    parts: tuple[Condition, ...]
    word = "any"

    def __init__(self, *parts: Condition) -> None:
        object.__setattr__(self, "parts", parts)

    def holds(self, look: Lookup) -> bool:
        return any(part.holds(look) for part in self.parts)


@dataclass(frozen=True)
class Not(Condition):
    """The part is not true."""

    part: Condition

    def holds(self, look: Lookup) -> bool:
        return not self.part.holds(look)

    def as_json(self) -> list[Any]:
        return ["not", self.part.as_json()]

    def names(self) -> Iterator[str]:
        yield from self.part.names()
