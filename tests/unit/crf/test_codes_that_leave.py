"""Whatever code leaves the system is read by every program as what it is (issue point 11; protocol 3.0)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crf import catalogue
from crf.engine.codebook import codebook
from crf.engine.former_codes import FORMER, RENAMED, former_spellings
from crf.engine.messages import MISSING_TEXTS, missing_text
from crf.engine.questions import Missing
from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME, listed_files
from exports.tables import files_of
from protocol.text import load

# What read.csv, readr, pandas and spreadsheets take for "no value" unless they are told otherwise.
NO_VALUE = {
    *(
        "",
        "NA",
        "N/A",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "<NA>",
        "NULL",
        "null",
        "NaN",
        "nan",
        "-NaN",
        "-nan",
        "None",
        "n/a",
    ),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", ".", "NIL", "nil", "missing", "#VALUE!", "#REF!"),
}
TRUTH = {"T", "TRUE", "True", "true", "FALSE", "False", "false"}  # F alone is the code for a woman (CDISC)
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
NUMBER_LIKE = re.compile(
    rf"""\d{{1,4}}[-/.]\d{{1,2}}([-/.]\d{{1,4}})?   # 28-8, 1/2, 3.14.15: a day
    |\d+[-\s/]?{MONTH}([-\s/]?\d+)?|{MONTH}[-\s/]?\d+ # 2SEP, MAR1: a day
    |0\d+                                             # 01: the zero is lost
    |\d+[eEdD][-+]?\d+                                # 1E3: a thousand
    |\d+:\d+.*                                        # 10:30: a time
    |[=+@\-].*                                        # =A1, -x: a formula
    |inf|-inf|infinity                                # a number without end""",
    re.VERBOSE | re.IGNORECASE,
)


def is_eaten(code: str) -> bool:
    return code in NO_VALUE or code in TRUTH or NUMBER_LIKE.fullmatch(code) is not None


@pytest.mark.parametrize(
    "code",
    ["NA", "28-8", "01", "1E5", "2SEP", "MAR1", "MAR-1", "1/2", "=x", "-1", "10:30", "nan", "T", "Inf"],
)
def test_the_judge_knows_what_is_eaten(code: str) -> None:
    assert is_eaten(code)


@pytest.mark.parametrize("code", ["NAP", "28_8", "F", "M", "22C3", "T4a", "1", "2b", "IVA", "R0", "ND", "N0"])
def test_the_judge_lets_pass_what_is_not(code: str) -> None:
    assert not is_eaten(code)


def codes_that_leave() -> Iterator[tuple[str, str]]:
    for form in catalogue.forms().values():
        for variable in codebook(form):
            yield from ((f"{form.code}.{variable.variable}", code) for code, _label in variable.codes)
            yield from ((f"{form.code}.{variable.variable}_MISS", reason) for reason in variable.missing)
    cut = Cut(at=datetime(2026, 11, 20, tzinfo=UTC))
    for file in (
        *listed_files(cut, BY_NAME),
        *(f for form in catalogue.forms().values() for f in files_of(form, cut=cut)),
    ):
        yield from (
            (f"{file.name}.{column.header}", code) for column in file.columns for code in column.codes
        )
    protocol = load("1.0")
    yield from (("visit", visit.code) for visit in protocol.visits)


def test_point_11_no_code_is_taken_for_something_else() -> None:
    eaten = sorted({(where, code) for where, code in codes_that_leave() if is_eaten(code)})
    assert eaten == []


def test_point_11_codes_come_back_from_a_file_as_text_with_the_usual_settings() -> None:
    """A column of one code, as the plainest reader of all would see it: the same text, and no number."""
    for where, code in codes_that_leave():
        (row,) = csv.reader(io.StringIO(f'"{code}"\n'))
        assert row == [code], where
        assert code == code.strip(), where


def test_point_11_every_missing_reason_has_its_words_and_its_former_name_too() -> None:
    assert set(MISSING_TEXTS) == {reason.value for reason in Missing}
    for today, former in FORMER.items():
        if today in MISSING_TEXTS:
            assert missing_text(former) == missing_text(today) != today
    assert {RENAMED[former] for former in FORMER.values()} == set(FORMER)


def test_point_11_a_record_is_spelled_as_formerly_whatever_holds_the_code() -> None:
    content = {
        "form": ["STAGE", 1],
        "values": {"ct": "T2", "strat_stage_corr": None},
        "missing": {"age": "NAP", "sex": "ND"},
        "groups": {"node": [{"a": "28_8", "b": 1, "c": None}]},
    }
    latest, first = former_spellings(content)
    assert latest == content | {"values": {"ct": "T2"}}
    assert first == {
        "form": ["STAGE", 1],
        "values": {"ct": "T2"},
        "missing": {"age": "NA", "sex": "ND"},
        "groups": {"node": [{"a": "28-8", "b": 1, "c": None}]},
    }
