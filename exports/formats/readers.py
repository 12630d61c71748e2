"""Scripts that lie in an export of CSV files and read each cell as what it is, in R, Python, SAS and Stata.

``NA`` is an answer and no missing value, ``01`` is a text, a day that is known to the month stays a text: what each
column is comes from its declaration, never from a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from exports.formats.short_names import short_name
from exports.tables import Column, File

SCRIPTS: Final = Path(__file__).parent / "scripts"
SCHEMA: Final = "schema.json"
FRICTIONLESS: Final = {"integer": "integer", "decimal": "number", "date": "date"}
R_CLASSES: Final = {"integer": "integer", "decimal": "numeric", "date": "Date"}
LONGEST_STATA_NAME: Final = 32
LONGEST_LABEL: Final = {"sas": 256, "stata": 80}
SAS_CSV: Final = 'dsd dlm="," firstobs=2 truncover lrecl=1000000 encoding="utf-8" termstr=lf'
SAS_LINES: Final = (  # SAS ends a row at every line feed, also inside quotation marks: there it is put aside first
    "%macro one_line_a_row(file);",
    "filename rows_ temp;",
    "data _null_;",
    '  infile "&folder./&file..csv" recfm=n; file rows_ recfm=n;',
    "  retain open_ 0;",
    "  input byte_ $char1.;",
    "  if byte_ = '22'x then open_ = not open_;",
    "  if open_ and byte_ = '0A'x then byte_ = '1E'x;",
    "  put byte_ $char1.;",
    "run;",
    "%mend;",
)
STATA_CSV: Final = (
    "varnames(nonames) rowrange(2) stringcols(_all) bindquote(strict) maxquotedrows(unlimited) "
    'encoding("utf-8")'
)
WIDEST: Final = 32_767  # of a text column in SAS


def readers_of(files: list[File]) -> dict[str, str]:
    """Return the scripts that read the files, and the schema that ``read.py`` goes by, each by its name."""
    return {
        SCHEMA: json.dumps(_schema(files), indent=1, ensure_ascii=False),
        "read.py": (SCRIPTS / "read.py.txt").read_text(encoding="utf-8"),
        "read.R": (SCRIPTS / "read.R.txt")
        .read_text(encoding="utf-8")
        .replace("%CLASSES%", _r_classes(files)),
        "read.sas": "\n".join(_sas(files)),
        "read.do": "\n".join(_stata(files)),
    }


def _schema(files: Iterable[File]) -> dict[str, Any]:
    """Return the data package (Frictionless, tabular) that the files are."""
    return {
        "profile": "tabular-data-package",
        "name": "palace-3",
        "resources": [
            {
                "name": file.name.lower(),
                "path": f"{file.name}.csv",
                "profile": "tabular-data-resource",
                "encoding": "utf-8",
                "schema": {"fields": [_field(column) for column in file.columns], "missingValues": [""]},
            }
            for file in files
        ],
    }


def _field(column: Column) -> dict[str, Any]:
    of_codes = {"constraints": {"enum": list(column.codes)}} if column.codes and column.type == "code" else {}
    kind = FRICTIONLESS.get(column.type, "string")
    return {"name": column.header, "type": kind, "title": str(column.label), **of_codes}


def _r_classes(files: Iterable[File]) -> str:
    """Return the R code of a list: the class of each column of each file."""
    return ",\n".join(
        f"  {file.name} = c("
        + ", ".join(f'`{each.header}` = "{R_CLASSES.get(each.type, "character")}"' for each in file.columns)
        + ")"
        for file in files
    )


def _sas(files: Iterable[File]) -> Iterable[str]:
    """Yield a program that reads each file into the library WORK, under the declared short names."""
    yield "/* Set the folder of the files, then run. The session must use UTF-8. */"
    yield "%let folder = .;"
    yield from SAS_LINES
    for file in files:
        names = {column.header: short_name(file.name, column.header) for column in file.columns}
        informats = " ".join(f"{names[each.header]} :{_informat(each)}" for each in file.columns)
        texts = " ".join(f"{names[each.header]} ${_width(each)}" for each in file.columns if _is_text(each))
        days = " ".join(names[each.header] for each in file.columns if each.type == "date")
        yield f"%one_line_a_row({file.name});"
        yield f"data work.{short_name(file.name)};"
        yield f"  infile rows_ {SAS_CSV};"
        yield f"  length {texts};"
        yield f"  input {informats};"
        yield "  array texts_ _character_;"
        yield "  do over texts_; texts_ = translate(texts_, '0A'x, '1E'x); end;"
        if days:
            yield f"  format {days} yymmdd10.;"
        yield from (
            f"  label {names[each.header]} = {_quoted(str(each.label), 'sas')};" for each in file.columns
        )
        yield "run;"


def _informat(column: Column) -> str:
    if column.type == "date":
        return "yymmdd10."
    return f"${_width(column)}." if _is_text(column) else "32."


def _is_text(column: Column) -> bool:
    return column.type not in FRICTIONLESS


def _width(column: Column) -> int:
    """Return how many bytes a text of the column takes at most: four for each character that it may have."""
    length = column.variable.length if column.variable else None
    longest = max(map(len, column.codes), default=0) if column.type == "code" else 0
    return min(4 * max(length or (longest or 200), longest), WIDEST)


def _stata(files: Iterable[File]) -> Iterable[str]:
    """Yield a program that reads each file and keeps it as a data set of Stata."""
    yield "* Run in the folder of the files. Every column is read as text first: Stata would guess."
    yield "version 14"
    for file in files:
        names = {each.header: _stata_name(file, each.header) for each in file.columns}
        yield f'import delimited using "{file.name}.csv", {STATA_CSV} clear'
        for number, column in enumerate(file.columns, start=1):
            name = names[column.header]
            yield f"rename v{number} {name}"
            if column.type == "date":
                yield f'generate double d_ = date({name}, "YMD")'
                yield f"drop {name}"
                yield f"rename d_ {name}"
                yield f"format {name} %td"
            elif column.type in FRICTIONLESS:
                yield f"destring {name}, replace"
            yield f"label variable {name} {_quoted(str(column.label), 'stata')}"
        yield f"order {' '.join(names.values())}"
        yield f'save "{file.name}.dta", replace'


def _stata_name(file: File, header: str) -> str:
    return header if len(header) <= LONGEST_STATA_NAME else short_name(file.name, header)


def _quoted(text: str, language: str) -> str:
    """Return the label between the quotes of the language, on one line."""
    line = re.sub(r"\s+", " ", text)[: LONGEST_LABEL[language]]
    if language == "sas":
        return "'" + line.replace("'", "''") + "'"
    return '`"' + line.replace("`", "'").replace('"', "'") + "\"'"
