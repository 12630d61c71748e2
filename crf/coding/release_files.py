"""The files of a dictionary's release, as its publisher lays them out, read into terms.

MedDRA: ``llt.asc`` and ``mdhier.asc`` of the ASCII release, ``$`` between fields. WHODrug Global, format B3:
``DD.txt`` (names), ``DDA.txt`` (ATC codes of a substance), ``INA.txt`` (words of an ATC code), fixed columns.
Chinese releases have the same layout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal

# llt.asc: code, name, preferred term, seven codes of former dictionaries, currency.
LLT_CODE, LLT_NAME, LLT_PT, LLT_CURRENT = 0, 1, 2, 9
# mdhier.asc: codes of PT, HLT, HLGT and SOC; their names; abbreviation, empty, SOC of the PT; whether it is primary.
CODES, NAMES, IS_PRIMARY = slice(0, 4), slice(4, 8), 11
# DD.txt: number of the drug record, sequences of the salt and of the name, then what is not needed, then the name.
DRUG, SUBSTANCE, WHOLE, DRUG_NAME = slice(0, 6), slice(0, 8), slice(0, 11), slice(30, None)
PREFERRED_NAME: Final = "01001"
# DDA.txt: the same numbers, a check digit, year and quarter, an ATC code.
ATC_OF_DRUG = re.compile(r"(\d{8})\d{3}.{0,6}?([A-Z]\d{2}[A-Z]{0,2}(?:\d{2})?)(?![A-Z0-9])")
ATC_CODE, ATC_TEXT = slice(0, 7), slice(8, None)  # INA.txt: the code, its level, its words


@dataclass(frozen=True)
class ReadTerm:
    """A term as the files give it; ``classes`` are (code, name), for MedDRA the narrowest first."""

    code: str
    name: str
    is_current: bool
    preferred_code: str
    preferred: str
    classes: tuple[tuple[str, str], ...]


class FileMissing(Refusal):
    code = "crf.dictionary_file_missing"
    message = _(
        "The folder has no file {files}. Give the folder of the release as its publisher delivers it."
    )


class FileBroken(Refusal):
    code = "crf.dictionary_file_broken"
    message = _("Line {line} of {file} is not laid out as in a release: {text}. Check the file.")


def meddra_terms(texts: Mapping[str, str]) -> Iterator[ReadTerm]:
    """Yield each lowest level term with its preferred term and the primary path above it."""
    paths: dict[str, list[str]] = {}
    for _number, fields in _fields(texts, "mdhier.asc", IS_PRIMARY + 1):
        if fields[IS_PRIMARY] == "Y":
            paths[fields[0]] = fields
    for number, fields in _fields(texts, "llt.asc", LLT_CURRENT + 1):
        if (path := paths.get(fields[LLT_PT])) is None:
            raise FileBroken(file="llt.asc", line=number, text="$".join(fields)[:80])
        codes, names = path[CODES], path[NAMES]
        classes = tuple(zip(codes[1:], names[1:], strict=True))
        yield ReadTerm(
            fields[LLT_CODE], fields[LLT_NAME], fields[LLT_CURRENT] == "Y", codes[0], names[0], classes
        )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, with its number in the file; only a line end ends a line."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _fields(texts: Mapping[str, str], file: str, fewest: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in _lines(texts[file]):
        fields = [field.strip() for field in line.split("$")]
        if len(fields) < fewest:
            raise FileBroken(file=file, line=number, text=line[:80])
        yield number, fields


def whodrug_terms(texts: Mapping[str, str]) -> Iterator[ReadTerm]:
    """Yield each drug name with the preferred name of its substance and the ATC classes of that."""
    words = {line[ATC_CODE].strip(): line[ATC_TEXT].strip() for _number, line in _lines(texts["INA.txt"])}
    atc: dict[str, dict[str, str]] = {}
    for number, line in _lines(texts["DDA.txt"]):
        if (match := ATC_OF_DRUG.match(line)) is None:
            raise FileBroken(file="DDA.txt", line=number, text=line[:80])
        atc.setdefault(match[1], {})[match[2]] = words.get(match[2], "")
    names: dict[str, str] = {}
    for number, line in _lines(texts["DD.txt"]):
        code, name = line[WHOLE], line[DRUG_NAME].strip()
        if not (code.isdigit() and len(code) == len(PREFERRED_NAME) + 6 and name):
            raise FileBroken(file="DD.txt", line=number, text=line[:80])
        names[code] = name
    for code, name in names.items():
        first, salt = f"{code[DRUG]}{PREFERRED_NAME}", f"{code[SUBSTANCE]}001"
        preferred = next((each for each in (salt, first) if each in names), code)
        classes = atc.get(code[SUBSTANCE]) or atc.get(first[SUBSTANCE], {})
        yield ReadTerm(code, name, True, preferred, names[preferred], tuple(classes.items()))


@dataclass(frozen=True)
class Layout:
    """The files that a release is read from, and how."""

    files: tuple[str, ...]
    read: Callable[[Mapping[str, str]], Iterator[ReadTerm]]


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "meddra": Layout(("llt.asc", "mdhier.asc"), meddra_terms),
        "whodrug": Layout(("DD.txt", "DDA.txt", "INA.txt"), whodrug_terms),
    }
)


def decoded(content: bytes, *, language: str, file: str) -> str:
    """Return a file as text: UTF-8, or what releases in its language were written in before.

    Refuses: a file in neither; no sign of it is replaced.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030" if language.startswith("zh") else "latin-1")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileBroken(file=file, line=line, text=repr(content[error.start : error.end])) from error
