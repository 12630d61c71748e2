"""Value-level metadata: what the result of each test and each supplemental qualifier is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from exports.sdtm.files.oids import item_oid, list_oid
from exports.sdtm.files.origins import ASSIGNED, COLLECTED, VariableOrigin
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.mapping import Answer
from exports.sdtm.package import Dataset, SdtmPackage
from exports.sdtm.records import QualifierOrigin, is_number

RESULTS = ("ORRES", "STRESC")


@dataclass(frozen=True)
class ValueLevel:
    """One value-level item: of which variable, under which code, and what it holds."""

    oid: str
    where: str
    asked_of: str
    code: str
    name: str
    label: str
    type: str
    length: int
    digits: int
    origin: VariableOrigin
    codes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def list_oid(self) -> str:
        """Return the name of the list of its codes."""
        return self.oid.replace("IT.", "CL.", 1)


@dataclass(frozen=True)
class ValueList:
    """The value-level items of one variable."""

    oid: str
    values: tuple[ValueLevel, ...]


class ValueLists:
    """All value-level metadata of a package."""

    def __init__(self, package: SdtmPackage) -> None:
        self.package = package

    @cached_property
    def lists(self) -> list[ValueList]:
        """Return the lists, by data set: of results by test, of qualifiers by name."""
        made = []
        for dataset in self.package.datasets.values():
            names = {variable.name for variable in dataset.variables}
            if dataset.is_supplement:
                made.append(self._list(dataset, "QVAL", "QNAM", "QLABEL"))
            elif f"{dataset.domain}TESTCD" in names:
                code, label = f"{dataset.domain}TESTCD", f"{dataset.domain}TEST"
                made += [
                    self._list(dataset, f"{dataset.domain}{result}", code, label)
                    for result in RESULTS
                    if f"{dataset.domain}{result}" in names
                ]
        return made

    def _list(self, dataset: Dataset, name: str, by: str, label: str) -> ValueList:
        grouped: dict[str, list[dict[str, str]]] = {}
        for row in dataset.rows:
            grouped.setdefault(row[by], []).append(row)
        values = tuple(
            self._value(dataset, name, by, code, rows[0][label], [row[name] for row in rows if row.get(name)])
            for code, rows in sorted(grouped.items())
        )
        return ValueList(list_oid(dataset, name), values)

    def _value(
        self, dataset: Dataset, name: str, by: str, code: str, label: str, values: list[str]
    ) -> ValueLevel:
        numbers = bool(values) and all(is_number(value) for value in values)
        digits = max((len(value.partition(".")[2]) for value in values), default=0)
        return ValueLevel(
            oid=item_oid(dataset, name, code),
            where=f"WC.{dataset.name}.{name}.{code}",
            asked_of=item_oid(dataset, by),
            code=code,
            name=code if dataset.is_supplement else name,
            label=label,
            type=("float" if digits else "integer") if numbers else "text",
            length=max((len(value.encode()) for value in values), default=1),
            digits=digits if numbers else 0,
            origin=self._origin(dataset, code),
            codes={} if numbers and not self._codes(dataset, code) else self._codes(dataset, code),
        )

    def _origin(self, dataset: Dataset, code: str) -> VariableOrigin:
        """Return the origin of a result or qualifier: an answer that the program works out is derived."""
        if dataset.is_supplement and all(
            row["QORIG"] == QualifierOrigin.ASSIGNED for row in dataset.rows if row["QNAM"] == code
        ):
            return ASSIGNED
        answers = self._answers.get((dataset.name, code), [])
        derived = [self.package.files.question(file, answer.column).is_derived for file, answer in answers]
        return VariableOrigin("Derived", "Sponsor", "MT.CALC") if derived and all(derived) else COLLECTED

    def _codes(self, dataset: Dataset, code: str) -> Mapping[str, str]:
        """Return the codes and words of the answers, where the codes are submitted and every answer has the same."""
        answers = self._answers.get((dataset.name, code), [])
        lists = [
            dict(question.codes)
            for file, answer in answers
            for question in (self.package.files.question(file, answer.column),)
            if question.codes and question.submits_codes and question.type == "code" and not answer.codes
        ]
        return (
            lists[0]
            if lists and len(lists) == len(answers) and all(each == lists[0] for each in lists)
            else {}
        )

    @cached_property
    def _answers(self) -> Mapping[tuple[str, str], list[tuple[str, Answer]]]:
        """Map data set and code to the answers that give the value."""
        table: dict[tuple[str, str], list[tuple[str, Answer]]] = {}
        for mapping in mappings().values():
            for target in mapping.targets:
                result = target.values.get(f"{target.domain}ORRES")
                if target.test and isinstance(result, Answer):
                    table.setdefault((target.domain, target.test), []).append((mapping.file, result))
                for qualifier in target.qualifiers:
                    key = f"SUPP{target.domain}", qualifier.qnam
                    table.setdefault(key, []).append((mapping.file, qualifier.answer))
        return table
