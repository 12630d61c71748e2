"""What the codebook says of each column of each file, read from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from crf import catalogue
from crf.engine.codebook import Variable
from crf.engine.formulas import formula
from crf.engine.questions import Question
from exports.formats.short_names import short_name
from exports.sdtm.targets import target_of
from exports.selected.narrowing import stays_behind
from exports.tables import Column, File

OF_VARIABLE: Final = (
    *(
        "section",
        "length",
        "places",
        "unit",
        "soft",
        "hard",
        "required",
        "derived",
        "classification",
        "cdash",
    ),
    "missing",
)
HEADER: Final = (
    *(
        "FILE",
        "FORM",
        "GROUP",
        "VARIABLE",
        "LABEL",
        "SECTION",
        "TYPE",
        "LENGTH",
        "PLACES",
        "UNIT",
        "SOFT",
        "HARD",
    ),
    *("REQUIRED", "DERIVED", "CLASSIFICATION", "CDASH", "SDTM", "MISSING", "SHORT", "CONDITION", "FORMULA"),
)
CODES_HEADER: Final = ("FILE", "FORM", "GROUP", "VARIABLE", "CODE", "LABEL")


@dataclass(frozen=True)
class CodebookLine:
    """One column of one file: what it is, what it may hold, when it is asked, and how it is worked out."""

    file: str
    form: str
    group: str
    column: Column
    sdtm: str
    short: str
    condition: str
    formula: str
    said: dict[str, str]

    def as_row(self) -> list[str]:
        """Return the line in the order of the header."""
        own = {
            "FILE": self.file,
            "FORM": self.form,
            "GROUP": self.group,
            "VARIABLE": self.column.header,
            "LABEL": self.label,
            "TYPE": self.column.type,
            "SDTM": self.sdtm,
            "SHORT": self.short,
            "CONDITION": self.condition,
            "FORMULA": self.formula,
        }
        whole = own | {name.upper(): value for name, value in self.said.items()}
        return [whole.get(name, "") for name in HEADER]

    @property
    def label(self) -> str:
        return str(self.column.label)

    @property
    def codes(self) -> list[tuple[str, str]]:
        return [(code, str(label)) for code, label in self.column.codes.items()]

    @property
    def stays_behind(self) -> bool:
        """Say whether the column stays behind where the arm is masked."""
        return stays_behind(self.column)

    @property
    def is_derived(self) -> bool:
        return self.said.get("derived") == "Y"


def codebook_of(files: Iterable[File], ending: str) -> Iterator[CodebookLine]:
    """Yield a line for each column of each file; ``ending`` is that of the names of the files."""
    for file in files:
        for column in file.columns:
            yield _line(file, column, ending)


def _line(file: File, column: Column, ending: str) -> CodebookLine:
    variable = column.variable
    question = _question(variable) if variable else None
    return CodebookLine(
        file=f"{file.name}.{ending}" if ending else file.name,
        form=file.form,
        group=file.group,
        column=column,
        sdtm=target_of(file.name, column.header) if variable else "",
        short=short_name(file.name, column.header),
        condition=formula(question.shown_when) if question else "",
        formula=formula_of(question) if question and question.derived else "",
        said={name: _plain(getattr(variable, name)) for name in OF_VARIABLE} if variable else {},
    )


def _question(variable: Variable) -> Question:
    form = catalogue.form(variable.form)
    asked = form.groups[variable.group].questions if variable.group else form.questions
    return asked[variable.name]


def formula_of(question: Question) -> str:
    """Return how a derived answer is worked out: its definition, and the function with what it reads."""
    name = getattr(question.by, "__name__", "")
    called = f"{name}({', '.join(question.reads)})" if name.isidentifier() else ", ".join(question.reads)
    return " ".join(filter(None, (str(question.definition), f"[{called}]")))


def code_rows(files: Iterable[File], ending: str) -> list[list[str]]:
    """Return every code of every column, missing reasons and states too, with its words."""
    return [
        [f"{file.name}.{ending}", file.form, file.group, column.header, code, str(label)]
        for file in files
        for column in file.columns
        for code, label in column.codes.items()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    if isinstance(value, bool):
        return "Y" if value else "N"
    return "" if value is None else str(value)
