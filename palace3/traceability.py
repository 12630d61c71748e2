"""Sections 1 to 6 of the specification, each with the code that cites it and the tests that name it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from palace3.citations import chapter_of, cited, sections

# A test module names the sections that it tests in a tuple CHAPTERS. A section that no module names stands
# here with its reason; once a test names it, its line has to go (tests/architecture/test_traceability.py).
UNTESTED = {
    "1.11": "background: figures of sister trials",
}
TESTED_CHAPTERS = re.compile(r"[1-6]\.")
SECTION_OF_TEXT = re.compile(r'^section = "(\d+\.\d+)"$', re.MULTILINE)


def rows(root: Path, code: Iterable[str]) -> Iterator[list[str]]:
    """One row for each section: number, title, files of the code folders, test modules or why there is none."""
    in_code, in_tests = by_section(sections_of_code(root, code)), by_section(sections_of_tests(root))
    for section, title in to_be_tested(root).items():
        tests = listed(in_tests.get(section, ())) or f"none: {UNTESTED.get(section, 'missing')}"
        yield [section, title, listed(in_code.get(section, ())), tests]


def to_be_tested(root: Path) -> dict[str, str]:
    """Number and title of each section that needs a test: those of chapters 1 to 6, parts (3.4 G) apart."""
    return {
        number: title
        for number, title in sections(root).items()
        if TESTED_CHAPTERS.match(number) and chapter_of(number) == number
    }


def sections_of_tests(root: Path) -> Iterator[tuple[str, str]]:
    """Section and path, for every section that a test module names in CHAPTERS."""
    for path in sorted((root / "tests").rglob("*.py")):
        for section in chapters_named(ast.parse(path.read_text(encoding="utf-8"))):
            yield section, path.relative_to(root).as_posix()


def chapters_named(module: ast.Module) -> tuple[str, ...]:
    """What the module's own CHAPTERS holds; nothing when it has none."""
    for statement in module.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "CHAPTERS":
            return tuple(ast.literal_eval(statement.value))
    return ()


CODE_OF_CHECK = re.compile(r"[\"'](X\d{3}[a-z]?|[A-Z]{2,6}\d?-\d{2}[a-z]?)(?=[\"':])")
MOST_NAMED = 2  # of the files that try one check


def files_of_checks(root: Path) -> dict[str, list[str]]:
    """Map the code of a check to the first of the files that try it, those of the forms before all others."""
    tests = root / "tests"
    files: dict[str, list[str]] = {}
    for folder in ("unit/crf", "protocol", "integration"):
        for path in sorted((tests / folder).rglob("test_*.py")):
            for code in set(CODE_OF_CHECK.findall(path.read_text(encoding="utf-8"))):
                files.setdefault(code, []).append(path.relative_to(tests).as_posix())
    return {code: paths[:MOST_NAMED] for code, paths in files.items()}


def sections_of_code(root: Path, folders: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Section and path, for every section that a file of these folders cites (migrations apart)."""
    known = sections(root)
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.*")):
        if path.suffix not in {".py", ".toml"} or "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        for section in {*cited(text, known), *SECTION_OF_TEXT.findall(text)}:
            yield chapter_of(section), path.relative_to(root).as_posix()


def by_section(marks: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    files: dict[str, set[str]] = {}
    for section, path in marks:
        files.setdefault(section, set()).add(path)
    return files


def listed(files: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(files))
