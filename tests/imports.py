"""Which file of the product imports which: what the tests of architecture read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def files_of(packages: Iterable[str]) -> Iterator[Path]:
    """Return the Python files of the packages, migrations apart."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    """Return the module that the file holds."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Return the line and the module of every import in the file, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, _module_named(node.module, alias.name)) for alias in node.names)


def lines_for_types(path: Path) -> set[int]:
    """Return the lines under ``if TYPE_CHECKING:``, which never run."""
    blocks = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.If))
    return {
        line
        for block in blocks
        if ast.unparse(block.test) == "TYPE_CHECKING"
        for line in range(block.lineno, (block.end_lineno or block.lineno) + 1)
    }


def _module_named(package: str, name: str) -> str:
    """Return the module that ``from package import name`` reads: ``name`` itself where it is a module."""
    path = ROOT / package.replace(".", "/") / name
    return f"{package}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else package
