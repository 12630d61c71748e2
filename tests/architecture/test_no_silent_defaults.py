"""Whose day it is, when and by whom something is done, and under which version: every caller says so.

A default would be right at one site, on one day and under one text, and silently wrong elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from palace3.packages import PACKAGES

REPOSITORY = Path(__file__).parents[2]
NEVER_ASSUMED = {"zone", "at", "by", "version"}
# (file, function or class, name): why it has a default. The list only shrinks.
ALLOWED = {
    ("kernel/cache.py", "get", "version"): "Django's signature of a cache, whose version is no protocol's",
    (
        "crf/engine/questions.py",
        "Question",
        "by",
    ): "the function of a derived answer; typed answers have none",
    ("trials/forms.py", "ConsentForm", "version"): "a field that a person fills, not a default",
    ("trials/forms.py", "ConsentRefusalForm", "version"): "a field that a person fills, not a default",
}
ZONES_ARE_NAMED_IN = {"palace3/settings.py"}


def product_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (
            path for path in sorted((REPOSITORY / package).rglob("*.py")) if "migrations" not in path.parts
        )


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The parameters of a function that have a default."""
    placed = [*function.args.posonlyargs, *function.args.args]
    yield from (each.arg for each in placed[len(placed) - len(function.args.defaults) :])
    named = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    yield from (each.arg for each, default in named if default is not None)


def defaults(source: str) -> Iterator[tuple[str, str]]:
    """Each (function or class, name) of ``source`` that assumes a zone, an instant, a person or a version."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ((node.name, name) for name in parameters(node) if name in NEVER_ASSUMED)
        elif isinstance(node, ast.ClassDef):
            for field in node.body:
                named = isinstance(field, ast.AnnAssign) and field.value is not None
                if named and isinstance(field.target, ast.Name) and field.target.id in NEVER_ASSUMED:
                    yield node.name, field.target.id


def test_no_function_assumes_zone_instant_person_or_version() -> None:
    found = {
        (name_of(path), *each)
        for path in product_files()
        for each in defaults(path.read_text(encoding="utf-8"))
    }
    assert found - ALLOWED.keys() == set(), "let every caller say it"
    assert ALLOWED.keys() - found == set(), "it has no default any more: take it off the list"


@pytest.mark.parametrize(
    "source",
    [
        'def f(value, zone="Asia/Shanghai"): ...',
        "def f(*, at=None): ...",
        "class Save:\n    version: int = 0",
    ],
)
def test_a_default_is_found(source: str) -> None:
    assert list(defaults(source))


@pytest.mark.parametrize("source", ["def f(value, *, zone): ...", "class Save:\n    version: int"])
def test_what_is_asked_for_is_no_default(source: str) -> None:
    assert not list(defaults(source))


def test_no_code_names_a_time_zone() -> None:
    named = {name_of(path) for path in product_files() if '"Asia/' in path.read_text(encoding="utf-8")}
    assert named == ZONES_ARE_NAMED_IN
