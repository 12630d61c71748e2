"""Conventions that keep the code predictable (docs/conventions.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
APPS = PACKAGES


def sources(pattern: str = "*.py") -> Iterator[tuple[Path, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob(pattern)):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


SESSIONS = "SessionStore"  # a store of Django's, no model: saving is what it is for


def test_no_save_override() -> None:
    found = [
        where(path, node)
        for path, tree in sources()
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef) and owner.bases and owner.name != SESSIONS
        for node in owner.body
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert not found, f"services write, models do not: {found}"


def test_no_signals_of_django() -> None:
    found = [
        where(path, node)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("django.db.models.signals", "django.dispatch"))
    ]
    assert not found, f"call the service instead of listening: {found}"


def test_views_load_through_open_to() -> None:
    """In a view, ``Model.objects`` is followed by ``open_to`` and by nothing else."""
    found = []
    for path, tree in sources():
        if "views" not in path.parts and path.name != "views.py":
            continue
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "objects":
                after = parents.get(node)
                if not (isinstance(after, ast.Attribute) and after.attr == "open_to"):
                    found.append(where(path, node))
    assert not found, f"load what the person may reach: {found}"


def test_no_raw_write_outside_services() -> None:
    """What creates or updates rows lives in services, in the audit and in the guarded stores."""
    writers = {"create", "bulk_create", "update", "update_or_create", "get_or_create", "bulk_update"}
    found = [
        where(path, node)
        for path, tree in sources()
        if "views" in path.parts or path.name in {"views.py", "tasks.py", "forms.py"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in writers
        and "objects" in ast.unparse(node.func)
    ]
    assert not found, f"views and tasks call a service: {found}"
