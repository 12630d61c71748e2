"""Variables and domains of the implementation guide 3.4 and terms of CDISC's terminology, looked up, never invented.

``variables.csv`` holds the variables of the domains that the trial fills, ``terminology.csv`` the lists and terms that
it uses; a term that CDISC's list lacks stands there as ``sponsor`` and only where the list is extensible.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
GUIDE: Final = "3.4"
TERMINOLOGY: Final = "2024-03-29"
PUBLISHED: Final = "published"


@dataclass(frozen=True)
class StandardVariable:
    """One variable of a domain, in the order of the guide; ``is_date`` is a day that analyses count with."""

    domain: str
    name: str
    label: str
    is_number: bool
    core: str
    role: str
    lists: tuple[str, ...]
    is_date: bool = False


@dataclass(frozen=True)
class StandardDomain:
    """One domain: its label, class, structure, and the variables that tell its records apart."""

    code: str
    label: str
    kind: str
    structure: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Terms:
    """The terms of one list that the trial uses; ``published`` are CDISC's own."""

    code: str
    name: str
    is_extensible: bool
    published: frozenset[str]
    sponsor: frozenset[str]

    def holds(self, term: str) -> bool:
        """Say whether the term may be submitted."""
        return term in self.published or term in self.sponsor


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def variables() -> Mapping[str, Mapping[str, StandardVariable]]:
    """Map each domain to its variables by name, in the order of the guide."""
    table: dict[str, dict[str, StandardVariable]] = {}
    for row in _rows("variables.csv"):
        table.setdefault(row["DOMAIN"], {})[row["VARIABLE"]] = StandardVariable(
            domain=row["DOMAIN"],
            name=row["VARIABLE"],
            label=row["LABEL"],
            is_number=row["TYPE"] == "Num",
            core=row["CORE"],
            role=row["ROLE"],
            lists=tuple(filter(None, row["LISTS"].split(";"))),
        )
    return table


@cache
def domains() -> Mapping[str, StandardDomain]:
    """Map the code of each domain to what it is."""
    return {
        row["DOMAIN"]: StandardDomain(
            row["DOMAIN"], row["LABEL"], row["CLASS"], row["STRUCTURE"], tuple(row["KEYS"].split())
        )
        for row in _rows("domains.csv")
    }


@cache
def terminology() -> Mapping[str, Terms]:
    """Map the NCI code of each list to its terms."""
    names: dict[str, tuple[str, bool]] = {}
    terms: dict[str, dict[str, set[str]]] = {}
    for row in _rows("terminology.csv"):
        names[row["LIST"]] = row["NAME"], row["EXTENSIBLE"] == "Y"
        terms.setdefault(row["LIST"], {}).setdefault(row["SOURCE"], set()).add(row["TERM"])
    return {
        code: Terms(
            code,
            *names[code],
            published=frozenset(by_source.get(PUBLISHED, ())),
            sponsor=frozenset(by_source.get("sponsor", ())),
        )
        for code, by_source in terms.items()
    }


def lists_of(domain: str, name: str) -> tuple[Terms, ...]:
    """Return the lists from which a variable takes its values; none where the guide names none."""
    variable = variables().get(domain, {}).get(name)
    return tuple(terminology()[code] for code in variable.lists if code in terminology()) if variable else ()
