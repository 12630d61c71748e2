"""Every kind of refusal, read from the source: its code, its status, its text and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from palace3.packages import PACKAGES

ROOT_CLASS = "Refusal"
USUAL_STATUS = 409


@dataclass(frozen=True)
class KindOfRefusal:
    """One class of refusals; ``code`` is empty where the class declares none of its own."""

    name: str
    code: str
    status: int
    message: str
    module: str


def kinds_of_refusal(root: Path) -> list[KindOfRefusal]:
    """Return every class below ``Refusal`` in the product, by code."""
    classes = list(_classes(root))
    below = {ROOT_CLASS}
    while further := {name for name, bases, *_rest in classes if set(bases) & below} - below:
        below |= further
    statuses = {name: _constant(node, "status") for name, _bases, node, _module in classes}
    parents = {name: bases for name, bases, _node, _module in classes}
    kinds = [
        KindOfRefusal(
            name,
            _constant(node, "code") or "",
            _status_of(name, statuses, parents),
            _constant(node, "message") or "",
            module,
        )
        for name, _bases, node, module in classes
        if name in below - {ROOT_CLASS}
    ]
    return sorted(kinds, key=lambda kind: (kind.code, kind.name))


def _classes(root: Path) -> Iterator[tuple[str, list[str], ast.ClassDef, str]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
                    yield node.name, bases, node, module


def _constant(node: ast.ClassDef, name: str) -> Any:
    """Return the constant that the class gives ``name``, inside a call of gettext too; None without one."""
    for line in node.body:
        if isinstance(line, ast.Assign) and [ast.unparse(target) for target in line.targets] == [name]:
            inner = line.value.args[0] if isinstance(line.value, ast.Call) else line.value
            return ast.literal_eval(inner)
    return None


def _status_of(name: str, statuses: dict[str, Any], parents: dict[str, list[str]]) -> int:
    if statuses.get(name):
        return int(statuses[name])
    above = [_status_of(base, statuses, parents) for base in parents.get(name, ()) if base in statuses]
    return above[0] if above else USUAL_STATUS
