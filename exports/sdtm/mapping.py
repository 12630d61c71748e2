"""How answers become SDTM records: one declaration for each record, beside the question that it comes from.

A record names its domain, its fixed values and the answers that fill it; what the guide has no place for is a
qualifier (SUPP--). Names of answers are those of the columns of the export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

NO_CODES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """What was answered in a column; ``codes`` translate it to a submitted value.

    A code that they lack gives none, unless the answer ``keeps_others``.
    """

    column: str
    codes: Mapping[str, str] = field(default_factory=dict, hash=False)
    keeps_others: bool = False


@dataclass(frozen=True)
class Pattern:
    """A text with places for columns of the row, such as ``EUS{ROW}``; empty where one of them is."""

    text: str


Value = str | Answer | Pattern


@dataclass(frozen=True)
class Qualifier:
    """A supplemental qualifier (SUPP--): what the guide has no variable for."""

    qnam: str
    answer: Answer
    label: str = ""
    derived: bool = False


@dataclass(frozen=True)
class Relation:
    """A record is about another: the answer holds the number (--SPID) of a record of ``domain`` of the same person."""

    domain: str
    answer: Answer


@dataclass(frozen=True)
class RecordCondition:
    """A record exists only while an answer is one of these codes; with none named, while there is an answer."""

    column: str
    codes: tuple[str, ...] = ()

    def holds(self, answer: str) -> bool:
        """Say whether the answer is one of those wanted."""
        return answer in self.codes if self.codes else bool(answer)


@dataclass(frozen=True)
class Target:
    """One SDTM record for each row of the file: its values by variable, qualifiers, relations and conditions.

    ``each`` names a question with many codes: one record for each code. ``needs`` names the variables of which
    one must have a value; a finding needs its result or the reason for its absence.
    """

    domain: str
    values: Mapping[str, Value]
    qualifiers: tuple[Qualifier, ...] = ()
    only: tuple[RecordCondition, ...] = ()
    each: str = ""
    needs: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Yield each answer that the record takes, with the variable that it fills."""
        for variable, value in self.values.items():
            if isinstance(value, Answer):
                yield f"{self.domain}.{variable}", value
        for qualifier in self.qualifiers:
            yield f"SUPP{self.domain}.{qualifier.qnam}", qualifier.answer
        for relation in self.relations:
            yield f"RELREC {self.domain} - {relation.domain}", relation.answer

    @property
    def test(self) -> str:
        """Return the code of the test of a finding, else nothing."""
        value = self.values.get(f"{self.domain}TESTCD", "")
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class FormMapping:
    """What one file of an export (a form, or a repeating group of it) becomes.

    ``elsewhere`` says of the answers that no record takes where they go, or why they stay out.
    """

    file: str
    targets: tuple[Target, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict, hash=False)


def a(column: str, codes: Mapping[str, str] = NO_CODES) -> Answer:
    """Return the answer of a column."""
    return Answer(column, codes)


def renamed(column: str, codes: Mapping[str, str]) -> Answer:
    """Return the answer of a column in which some values have another name in the standard."""
    return Answer(column, codes, keeps_others=True)


def q(qnam: str, column: str, label: str = "", codes: Mapping[str, str] = NO_CODES) -> Qualifier:
    """Return a supplemental qualifier."""
    return Qualifier(qnam, Answer(column, codes), label)


def qualifiers_of(named: Iterable[tuple[str, ...]]) -> tuple[Qualifier, ...]:
    """Return the qualifiers that are named by their code, their column and, where it differs, their label."""
    return tuple(Qualifier(each[0], Answer(each[1]), "".join(each[2:])) for each in named)


def when(column: str, *codes: str) -> RecordCondition:
    """Return the condition that an answer is one of the codes."""
    return RecordCondition(column, codes)


def finding(
    domain: str,
    code: str,
    name: str,
    result: Value,
    *,
    unit: str = "",
    qualifiers: tuple[Qualifier, ...] = (),
    only: tuple[RecordCondition, ...] = (),
    each: str = "",
    relations: tuple[Relation, ...] = (),
    **more: Value,
) -> Target:
    """Return the record of one result; ``more`` are further variables without the letters of the domain."""
    values: dict[str, Value] = {f"{domain}TESTCD": code, f"{domain}TEST": name, f"{domain}ORRES": result}
    if unit:
        values[f"{domain}ORRESU"] = unit
    values |= {_named(domain, name): value for name, value in more.items()}
    return Target(domain, values, qualifiers, only, each, (f"{domain}ORRES",), relations)


def record(
    domain: str,
    *,
    qualifiers: tuple[Qualifier, ...] = (),
    only: tuple[RecordCondition, ...] = (),
    each: str = "",
    needs: tuple[str, ...] = (),
    relations: tuple[Relation, ...] = (),
    **values: Value,
) -> Target:
    """Return the record of an event or intervention; names of variables without the letters of the domain."""
    named = {_named(domain, name): value for name, value in values.items()}
    return Target(domain, named, qualifiers, only, each, tuple(domain + name for name in needs), relations)


def _named(domain: str, name: str) -> str:
    """Return a variable with the letters of its domain; those of demographics have none."""
    return name if domain == "DM" or name in COMMON else domain + name


COMMON: Final = frozenset(("EPOCH", "VISIT", "VISITNUM", "VISITDY"))
YES: Final[Mapping[str, str]] = MappingProxyType({"Y": "Y"})
YES_NO: Final[Mapping[str, str]] = MappingProxyType({"Y": "Y", "N": "N"})
YES_NO_UNKNOWN: Final[Mapping[str, str]] = MappingProxyType({"Y": "Y", "N": "N", "U": "U"})
NOT_DONE: Final[Mapping[str, str]] = MappingProxyType({"N": "NOT DONE"})
