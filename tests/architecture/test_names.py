"""A class name stands for one thing in the repository, a variable is named by what it is (docs/conventions.md)."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
TENSES = {"found", "held", "written"}  # they say when, and not what: ``rows``, ``locked``, ``act`` do
DJANGO_INNER = {"Meta", "Crf", "Command"}  # names that Django or the form language look for


def trees() -> Iterator[tuple[ast.Module, str]]:
    """Yield the syntax tree of each file of the product, and its path."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ast.parse(path.read_text()), str(path.relative_to(ROOT))


def class_names() -> dict[str, list[str]]:
    """Return where each class name is defined in the product."""
    places = defaultdict(list)
    for tree, path in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in DJANGO_INNER:
                places[node.name].append(f"{path}:{node.lineno}")
    return places


def variables(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield name and line of each variable and parameter of the functions in a syntax tree."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id, node.lineno
                elif isinstance(node, ast.arg):
                    yield node.arg, node.lineno


def test_a_class_name_stands_for_one_thing() -> None:
    twice = {name: where for name, where in class_names().items() if len(where) > 1}
    assert not twice, "\n".join(f"{name}: {', '.join(where)}" for name, where in sorted(twice.items()))


def test_a_variable_is_named_by_what_it_is() -> None:
    """Issue point 10: 190 functions of the product had a variable ``found``, ``held`` or ``written``."""
    told = {
        f"{path}:{line} {name}" for tree, path in trees() for name, line in variables(tree) if name in TENSES
    }
    assert not told, "\n".join(sorted(told))


def test_the_guard_sees_variables_and_parameters() -> None:
    tree = ast.parse(
        "def f(held):\n    for found in held:\n        written: int = found.held\n    g(found=1)"
    )
    assert sorted(name for name, _line in variables(tree)) == ["found", "held", "written"]
