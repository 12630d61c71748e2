"""The loader refuses what the program cannot carry out (protocol 1.3, 1.4, 1.9, 2.2)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from protocol.eligibility import CRITERIA
from protocol.loader.carried import ASKED
from protocol.text import ProtocolTextError, parse, read_from
from tests.versions import FIRST, amended, shelf

CHAPTERS = ("1.3", "1.4", "1.9", "2.2")

SECOND = amended()


def changed(old: str, new: str) -> str:
    assert old in SECOND
    return SECOND.replace(old, new, 1)


SWAPPED = changed('code = "AS-12"', 'code = "AS-X"').replace('code = "AS-15"', 'code = "AS-12"', 1)
SWAPPED = SWAPPED.replace('code = "AS-X"', 'code = "AS-15"', 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (changed('code = "E-8"', 'code = "E-9"'), "No form asks E-9"),
        (changed('code = "OPT-HEP"', 'code = "OPT-NEW"'), "No form asks OPT-NEW"),
        (
            changed("days = [1, 22]", "days = [1, 43]"),
            "due on day 43, and no visit of arm 1 is planned on it",
        ),
        (
            changed("days = [1, 22]", f"days = {list(range(1, 14))}"),
            "Form TREAT takes 1 to 12 doses of CAMRELIZUMAB, and 13 are due",
        ),
        (
            changed("days = [1, 22]", "days = []"),
            "Form TREAT takes 1 to 12 doses of CAMRELIZUMAB, and 0 are due",
        ),
        (
            changed("days = [1, 8, 15, 22, 29]", "days = [1, 8, 15, 22]")
            .replace("days 1, 8, 15, 22, 29", "days 1, 8, 15, 22", 1)
            .replace("第 1、8、15、22、29 天", "第 1、8、15、22 天", 1),
            "NAB_PACLITAXEL is given with CARBOPLATIN, on one row of form TREAT: give both the same days",
        ),
        (
            changed("days = [1, 22]", "days = [1, 15]"),
            r"due on days 1, 15, and its words say \'days 1 and 22",
        ),
        (changed("第 1、22 天（两次", "第 1、15 天（两次"), "its words say"),
        (SWAPPED, "AS-15 is planned no later than AS-12"),
    ],
)
def test_rare_04_what_the_program_cannot_carry_out_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ProtocolTextError, match=sentence.replace("\\'", "'")):
        parse(text)


def test_rare_04_a_criterion_that_a_form_asks_cannot_go() -> None:
    head, *tables = SECOND.split("\n[[")
    text = "\n[[".join([head, *(each for each in tables if not re.search(r'^code = "E-5"$', each, re.M))])
    with pytest.raises(ProtocolTextError, match="E-5 is missing, and form ELIG asks it"):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("ratio = [1, 1]", "ratio = [2, 1]", "The ratio is"),
        ("block_sizes = [4, 6]", "block_sizes = [4]", "The blocks are not those of version 1.0"),
        ('"IVA"]', '"IVA", "IVB"]', "The strata are not those of version 1.0"),
    ],
)
def test_rare_04_a_list_in_use_is_not_changed_by_an_amendment(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    text = changed(old, new).replace(
        'value = "1:1"', 'value = "2:1"' if "ratio" in old else 'value = "1:1"', 1
    )
    with pytest.raises(ProtocolTextError, match=sentence), shelf(tmp_path, v2_0=text):
        pass
    read_from()


def test_rare_04_the_criteria_that_are_asked_are_those_that_are_assessed() -> None:
    assert {"AGE", *(each.code for each in CRITERIA)} == set(ASKED)
    assert parse(FIRST).version == "1.0"
