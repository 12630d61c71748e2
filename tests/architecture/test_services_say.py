"""A service's docstring ends with what it refuses and what it locks, so that a caller need not read its body."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]


def services() -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public functions that open an act, each with its file."""
    for package in sorted({*PACKAGES} - {"demo"}):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if (
                    isinstance(node, ast.FunctionDef)
                    and not node.name.startswith("_")
                    and "open_act" in called(node)
                ):
                    yield str(path.relative_to(ROOT)), node


def called(function: ast.FunctionDef) -> set[str]:
    """The names of what the function calls."""
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {
        each.attr if isinstance(each, ast.Attribute) else each.id
        for each in calls
        if isinstance(each, ast.Attribute | ast.Name)
    }


def lacks(function: ast.FunctionDef) -> list[str]:
    """Return which of the two the function does and its docstring does not say."""
    said = ast.get_docstring(function) or ""
    refuses = any(isinstance(node, ast.Raise) and node.exc for node in ast.walk(function))
    locks = bool(called(function) & {"select_for_update", "lock"})
    done = {"Refuses": refuses, "Locks": locks}
    return [word for word, does in done.items() if does and word not in said]


def test_services_say_what_they_refuse_and_lock() -> None:
    silent = {f"{path}: {each.name}": lacks(each) for path, each in services() if lacks(each)}
    assert silent == {}, "end the docstring with 'Refuses: …' and 'Locks: …'"


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        ("def f():\n    raise Closed", ["Refuses"]),
        ("def f():\n    Site.objects.select_for_update().get()", ["Locks"]),
        ("def f():\n    Participant.objects.lock(1)", ["Locks"]),
        (
            "def f():\n    '''Done. Refuses: none. Locks: one.'''\n    Participant.objects.lock(raise_it())",
            [],
        ),
        ("def f():\n    try:\n        g()\n    except E:\n        raise", []),
    ],
)
def test_what_is_not_said_is_seen(source: str, lacking: list[str]) -> None:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert lacks(function) == lacking
