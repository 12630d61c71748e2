"""Every section of chapters 1 to 6 has a test that names it, or a reason why it has none yet."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from palace3.citations import sections
from palace3.traceability import (
    UNTESTED,
    by_section,
    chapters_named,
    sections_of_code,
    sections_of_tests,
    to_be_tested,
)

ROOT = Path(__file__).resolve().parents[2]
TESTED = by_section(sections_of_tests(ROOT))


def test_modules_name_sections_that_exist() -> None:
    assert {section: files for section, files in TESTED.items() if section not in sections(ROOT)} == {}


def test_every_section_is_tested_or_says_why_not() -> None:
    missing = to_be_tested(ROOT).keys() - TESTED.keys() - UNTESTED.keys()
    assert missing == set(), "name them in CHAPTERS of a test module, or in UNTESTED with a reason"


def test_the_list_of_unsections_of_tests_only_shrinks() -> None:
    assert UNTESTED.keys() & TESTED.keys() == set(), "tested by now: take it off"
    assert UNTESTED.keys() - to_be_tested(ROOT).keys() == set(), "no such section"
    assert all(UNTESTED.values())


def test_the_sections_are_those_of_the_specification() -> None:
    known = to_be_tested(ROOT)
    assert {"1.1", "2.6", "3.17", "4.5", "5.5", "6.1"} <= known.keys()
    assert not {"0.1", "7.1", "3.4 G", "3"} & known.keys()


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ('CHAPTERS = ("3.5", "2.6")', ("3.5", "2.6")),
        ('OTHER = ("3.5",)', ()),
        ('def f():\n    CHAPTERS = ("3.5",)', ()),
    ],
)
def test_how_a_module_names_its_sections(source: str, named: tuple[str, ...]) -> None:
    assert chapters_named(ast.parse(source)) == named


def test_code_is_found_by_what_it_cites(tmp_path: Path) -> None:
    pages, code = tmp_path / "docs" / "protocol", tmp_path / "app"
    (code / "migrations").mkdir(parents=True)
    pages.mkdir(parents=True)
    (pages / "3-forms.md").write_text("# 3 Forms\n\n## 3.4 STAGE\n\n### 3.4 G LB\n\n## 3.9 PATH\n")
    (code / "a.py").write_text('"""Grades (protocol 3.4 G, 3.9)."""\n')
    (code / "b.toml").write_text('section = "3.9"\n')
    (code / "migrations" / "c.py").write_text('"""As then (protocol 3.9)."""\n')
    assert by_section(sections_of_code(tmp_path, ["app"])) == {
        "3.4": {"app/a.py"},
        "3.9": {"app/a.py", "app/b.toml"},
    }
