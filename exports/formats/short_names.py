"""A name of at most eight characters for every file and every column, as SAS transport files want it.

The names are declared in ``short_names.csv``, one a line, so that a new column never changes the name of another.
``manage.py short_names`` proposes names for columns that have none; a test fails until they stand in the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from exports.tables import File

SHORT_NAMES: Final = Path(__file__).parent / "short_names.csv"
HEADER: Final = ("FILE", "VARIABLE", "SHORT")
LONGEST: Final = 8
LEGAL: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
Names = Mapping[tuple[str, str], str]


@cache
def declared_names() -> Names:
    """Map file and column to the short name; the column of a file's own name is empty."""
    with SHORT_NAMES.open(encoding="utf-8", newline="") as lines:
        return {(row["FILE"], row["VARIABLE"]): row["SHORT"] for row in csv.DictReader(lines)}


def short_name(file: str, header: str = "") -> str:
    """Return the short name of a column, or of the file itself."""
    return declared_names()[file, header]


def wanted(files: Iterable[File]) -> Iterator[tuple[str, str]]:
    """Yield file and column of every name that an export needs, the file's own first."""
    for file in files:
        yield file.name, ""
        yield from ((file.name, column.header) for column in file.columns)


def with_proposals(names: Names, files: Iterable[File]) -> Names:
    """Return the names as they are, and one for each file and column that has none, unique in its file."""
    proposed = dict(names)
    for file, header in wanted(files):
        if (file, header) not in proposed:
            taken = {short for (of, column), short in proposed.items() if _clash(file, header, of, column)}
            proposed[file, header] = _proposal(header or file, taken)
    return proposed


def _clash(file: str, header: str, of: str, column: str) -> bool:
    """Say whether two names stand in one place: names of files beside each other, columns within their file."""
    return not column if not header else bool(column) and of == file


def _proposal(name: str, taken: set[str]) -> str:
    """Return the name, else its words cut short, else that with a number at its end."""
    legal = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    for each in (legal, *_abbreviations(legal)):
        if LEGAL.fullmatch(each) and each not in taken:
            return each
    stem = next(_abbreviations(legal))
    numbered = (f"{stem[: LONGEST - len(str(number))]}{number}" for number in range(2, 10**6))
    return next(each for each in numbered if LEGAL.fullmatch(each) and each not in taken)


def _abbreviations(name: str) -> Iterator[str]:
    words = [word for word in name.split("_") if word]
    joined = "".join(words)
    yield joined[:LONGEST]
    without_vowels = "".join(word[0] + re.sub("[AEIOU]", "", word[1:]) for word in words)
    yield without_vowels[:LONGEST]
    for first in range(6, 0, -1):
        yield (words[0][:first] + "".join(word[:2] for word in words[1:]))[:LONGEST]
        yield (words[0][:first] + "".join(word[:1] for word in words[1:-1]) + words[-1])[:LONGEST]


def write_names(names: Names) -> None:
    """The declared names stand in their file, in the order given."""
    with SHORT_NAMES.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows([*key, short] for key, short in names.items())
    declared_names.cache_clear()
