"""The files of one export, as the mappings read them: every SDTM package is made from the files of one snapshot."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

Row = Mapping[str, str]
Place = tuple[str, str, str]  # participant, visit, which visit of this code


@dataclass(frozen=True)
class ExportedColumn:
    """What the codebook of the export says of one column."""

    label: str
    type: str
    unit: str
    is_derived: bool
    codes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def submits_codes(self) -> bool:
        """Say whether the codes themselves are submitted: yes and no, or codes with which their words begin."""
        return all(
            code in ("Y", "N", "U") or word == code or word.startswith(f"{code} ")
            for code, word in self.codes.items()
        )

    def in_words(self, answer: str) -> str:
        """Return the answer as it is submitted: its words, where its code alone says nothing."""
        if not self.codes or self.submits_codes:
            return answer.replace(";", "; ") if self.type == "codes" else answer
        if self.type == "codes":
            return "; ".join(self.codes.get(code, code) for code in answer.split(";"))
        return self.codes.get(answer, answer)


NO_QUESTION = ExportedColumn("", "text", "", is_derived=False)


class ExportFiles:
    """The rows, the codebook and the manifest of an export in the format ``csv``, read from its zip."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self._texts = {
                name.removesuffix(".csv"): archive.read(name).decode("utf-8-sig")
                for name in archive.namelist()
                if name.endswith(".csv")
            }
            self.manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        self._rows: dict[str, list[Row]] = {}
        self._kept: dict[str, str] = {}
        self._grouped: dict[str, dict[str, list[Row]]] = {}

    def rows(self, file: str) -> list[Row]:
        """Return the rows of a file; those of a repeating group answer for the record above them as well."""
        if file not in self._rows:
            own, above = list(self._read(file)), self.form_of(file)
            self._rows[file] = list(own)
            if above != file:
                records: dict[tuple[str, str, str, str], Any] = {
                    _record(row): row for row in self.rows(above)
                }
                self._rows[file] = [ChainMap(row, records.get(_record(row), {})) for row in own]
        return self._rows[file]

    def _read(self, file: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a file; a text that stands in many cells is kept once."""
        for row in csv.DictReader(io.StringIO(self._texts.get(file, ""))):
            yield {name: self._kept.setdefault(text, text) for name, text in row.items()}

    def form_of(self, file: str) -> str:
        """Return the form to which a file belongs: itself, or the form of the repeating group."""
        form, _underscore, group = file.partition("_")
        return form if group and form in self._texts else file

    @cached_property
    def questions(self) -> Mapping[tuple[str, str], ExportedColumn]:
        """Map file and column to what the codebook says of it."""
        codes: dict[tuple[str, str], dict[str, str]] = {}
        for row in self.rows("CODELISTS"):
            key = row["FILE"].removesuffix(".csv"), row["VARIABLE"]
            codes.setdefault(key, {})[row["CODE"]] = row["LABEL"]
        return {
            (file, row["VARIABLE"]): ExportedColumn(
                row["LABEL"],
                row["TYPE"],
                row["UNIT"],
                row["DERIVED"] == "Y",
                codes.get((file, row["VARIABLE"]), {}),
            )
            for row in self.rows("CODEBOOK")
            for file in (row["FILE"].removesuffix(".csv"),)
        }

    def question(self, file: str, column: str) -> ExportedColumn:
        """Return what is known of a column of a file, or of the form above it."""
        for place in (file, self.form_of(file)):
            if known := self.questions.get((place, column)):
                return known
        return NO_QUESTION

    def by_participant(self, file: str) -> Mapping[str, list[Row]]:
        """Map the number of each participant to the rows of a file."""
        if file not in self._grouped:
            grouped = self._grouped[file] = {}
            for row in self.rows(file):
                grouped.setdefault(row["SUBJID"], []).append(row)
        return self._grouped[file]

    @cached_property
    def participants(self) -> Mapping[str, Row]:
        """Map the number of each participant to their row."""
        return {row["SUBJID"]: row for row in self.rows("PARTICIPANTS")}

    @cached_property
    def milestones(self) -> Mapping[str, Mapping[str, str]]:
        """Map each participant to the days of their milestones."""
        days: dict[str, dict[str, str]] = {}
        for row in self.rows("MILESTONES"):
            days.setdefault(row["SUBJID"], {})[row["MILESTONE"]] = row["DATE"] or row["DATE_FIRST"]
        return days

    @cached_property
    def visits(self) -> Mapping[Place, Row]:
        """Map participant, visit and occurrence to the visit."""
        return {(row["SUBJID"], row["VISIT"], row["VISITSEQ"]): row for row in self.rows("VISITS")}

    @property
    def subjects(self) -> Iterator[str]:
        """Yield those who signed a consent: nobody else is a subject of the study."""
        signed = {row["SUBJID"] for row in self.rows("CONSENTS") if row["ANSWER"] == "signed"}
        yield from (number for number in self.participants if number in signed)

    @property
    def day(self) -> str:
        """Return the day whose state the export shows."""
        return str(self.manifest["data_as_of"])[:10]


def _record(row: Row) -> tuple[str, str, str, str]:
    return row["SUBJID"], row["VISIT"], row["VISITSEQ"], row["FORMSEQ"]
