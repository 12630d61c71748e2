"""Records of the domains that the mappings fill: row by row, in the words of the declarations."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from exports.sdtm.forms.laboratory import CODES
from exports.sdtm.mapping import Answer, FormMapping, Pattern, Target, Value
from exports.sdtm.sources import ExportFiles, Row
from exports.sdtm.standard.tables import variables
from exports.sdtm.worked_out import AT_SCREENING, SCREENING, answer_of

PLACES = re.compile(r"{(\w+)}")
OFFSET = re.compile(r"(T\d{2}:\d{2}(?::\d{2})?)(?:[+-]\d{2}:\d{2}|Z)$")
NOT_APPLICABLE = "NAP"


class QualifierOrigin(StrEnum):
    """Where the value of a supplemental qualifier comes from, in the words of QORIG."""

    CRF = "CRF"
    DERIVED = "DERIVED"
    ASSIGNED = "ASSIGNED"


@dataclass
class Supplement:
    """One supplemental qualifier of a record."""

    qnam: str
    label: str
    value: str
    origin: QualifierOrigin = QualifierOrigin.CRF


@dataclass
class SdtmRecord:
    """One record of a domain before it is numbered: whose, its values, qualifiers and relations, and where it is from.

    ``shown_by`` are the test and the day of the laboratory results that show an adverse event.
    """

    domain: str
    subject: str
    values: dict[str, str]
    supplements: list[Supplement] = field(default_factory=list)
    relations: list[tuple[str, str]] = field(default_factory=list)
    file: str = ""
    place: tuple[str, str] = ("", "")
    shown_by: tuple[str, str] = ("", "")


def records_of(files: ExportFiles, mapping: FormMapping, subjects: frozenset[str]) -> Iterator[SdtmRecord]:
    """Yield the records that the rows of one file become."""
    for row in files.rows(mapping.file):
        if row["SUBJID"] in subjects:
            for target in mapping.targets:
                yield from _of_row(files, mapping.file, row, target)


def _of_row(files: ExportFiles, file: str, row: Row, target: Target) -> Iterator[SdtmRecord]:
    for each in _rows_for(row, target.each):
        if all(condition.holds(answer_of(files, file, each, condition.column)) for condition in target.only):
            made = _record(files, file, each, target)
            if made is not None:
                yield made


def _rows_for(row: Row, each: str) -> Iterable[Row]:
    """Return the row; of a question with many codes, one for each code."""
    if not each:
        return [row]
    return [ChainMap({each: code}, dict(row)) for code in filter(None, row.get(each, "").split(";"))]


def _record(files: ExportFiles, file: str, row: Row, target: Target) -> SdtmRecord | None:
    values = {name: _value(files, file, row, value) for name, value in target.values.items()}
    domain = target.domain
    result = f"{domain}ORRES"
    if isinstance(asked := target.values.get(result), Answer) and not values[result]:
        values |= _absence(files, file, row, domain, asked.column)
        if f"{domain}STAT" in values:
            values[f"{domain}ORRESU"] = ""
        elif result in target.needs:
            return None
    elif target.needs and not any(values.get(name) for name in target.needs):
        return None
    _standardize(domain, values)
    apart = _set_apart(domain, values)
    visit = row.get("VISIT") or (SCREENING if files.form_of(file) in AT_SCREENING else "")
    return SdtmRecord(
        domain,
        row["SUBJID"],
        {name: value for name, value in values.items() if value},
        [*_supplements(files, file, row, target), *apart],
        [
            (relation.domain, number)
            for relation in target.relations
            if (number := answer_of(files, file, row, relation.answer.column))
        ],
        file,
        (visit, row.get("VISITSEQ") or "1"),
        (CODES.get(row.get("LAB_TEST", ""), ""), row.get("LAB_DT", "")) if domain == "AE" else ("", ""),
    )


def _set_apart(domain: str, values: dict[str, str]) -> list[Supplement]:
    """Take out texts that somebody typed where the guide has a number; they stand beside the record, as they are."""
    apart = []
    for name, value in list(values.items()):
        variable = variables()[domain].get(name)
        if value and variable and variable.is_number and not is_number(value):
            del values[name]
            apart.append(Supplement(f"{name[:7]}X", f"{variable.label[:33]} (Text)", value))
    return apart


def _absence(files: ExportFiles, file: str, row: Row, domain: str, column: str) -> dict[str, str]:
    """Return that a result was not obtained and why, where the form says so and the domain has a place for it."""
    reason = row.get(f"{column}_MISS", "")
    if not reason or reason == NOT_APPLICABLE or f"{domain}STAT" not in variables()[domain]:
        return {}
    words = files.question(file, f"{column}_MISS").codes.get(reason, reason)
    return {f"{domain}STAT": "NOT DONE", f"{domain}REASND": words}


def _standardize(domain: str, values: dict[str, str]) -> None:
    """The result stands in standard form as well: as it is, unless the declaration says otherwise."""
    for end, point in (("ENRTPT", "ENTPT"), ("STRTPT", "STTPT")):
        if not values.get(domain + end):
            values.pop(domain + point, None)
    result = values.get(f"{domain}ORRES", "")
    known = variables()[domain]
    if not result:
        values.pop(f"{domain}STRESU", None)
    if not result or f"{domain}STRESC" not in known:
        return
    if not values.get(f"{domain}STRESC"):
        values[f"{domain}STRESC"] = plain_number(result)
    if f"{domain}STRESN" in known and not values.get(f"{domain}STRESN"):
        values[f"{domain}STRESN"] = plain_number(result) if is_number(result) else ""
    if f"{domain}STRESU" in known and values.get(f"{domain}ORRESU") and not values.get(f"{domain}STRESU"):
        values[f"{domain}STRESU"] = values[f"{domain}ORRESU"]


def is_number(text: str) -> bool:
    """Say whether the text is a number as forms write it."""
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def plain_number(text: str) -> str:
    """Return a number without zeros that say nothing at its end; any other text as it is."""
    return text.rstrip("0").rstrip(".") if is_number(text) and "." in text else text


def _value(files: ExportFiles, file: str, row: Row, value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Pattern):
        parts = {name: answer_of(files, file, row, name) for name in PLACES.findall(value.text)}
        return value.text.format_map(parts) if all(parts.values()) else ""
    return in_words(files, file, row, value)


def in_words(files: ExportFiles, file: str, row: Row, answer: Answer) -> str:
    """Return an answer as it is submitted: by the codes of the declaration, else in the words of its own list."""
    text = answer_of(files, file, row, answer.column)
    if answer.codes:
        return answer.codes.get(text, text if answer.keeps_others else "")
    return OFFSET.sub(r"\1", files.question(file, answer.column).in_words(text)) if text else ""


def _supplements(files: ExportFiles, file: str, row: Row, target: Target) -> Iterator[Supplement]:
    for qualifier in target.qualifiers:
        if value := in_words(files, file, row, qualifier.answer):
            question = files.question(file, qualifier.answer.column)
            origin = QualifierOrigin.DERIVED if question.is_derived else QualifierOrigin.CRF
            yield Supplement(qualifier.qnam, qualifier.label or question.label, value, origin)
