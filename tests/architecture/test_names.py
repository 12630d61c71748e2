"""A class name stands for one thing in the whole repository (docs/conventions.md)."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
DJANGO_INNER = {"Meta", "Crf", "Command"}  # names that Django or the form language look for


def class_names() -> dict[str, list[str]]:
    """Return where each class name is defined in the product."""
    places = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and node.name not in DJANGO_INNER:
                    places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return places


def test_a_class_name_stands_for_one_thing() -> None:
    twice = {name: where for name, where in class_names().items() if len(where) > 1}
    assert not twice, "\n".join(f"{name}: {', '.join(where)}" for name, where in sorted(twice.items()))
