"""A file imports its own app and the floors below it, never above (design.md, 2)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = (
    "palace3.kernel",
    "palace3.protocol",
    "audit",
    "accounts",
    "trials",
    "followup",
    "crf",
    "randomization",
    "exports",
    "reports",
    "palace3",
)
SHARED_TOOLS = ("palace3.templatetags", "palace3.badges")


def floor_of(module: str) -> int | None:
    """Return the floor that ``module`` stands on; None for what is not ours."""
    for number, name in enumerate(FLOORS):
        if module == name or module.startswith(f"{name}."):
            return number
    return None


def modules() -> Iterator[Path]:
    for top in sorted({name.split(".")[0] for name in FLOORS}):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_imports_go_down(path: Path) -> None:
    here = floor_of(name_of(path))
    assert here is not None
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for line, module in imported(path)
        if (there := floor_of(module)) is not None and there > here and not module.startswith(SHARED_TOOLS)
    ]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_files_stay_readable(path: Path) -> None:
    assert path.read_text().count("\n") <= 500, f"{name_of(path)} has grown past 500 lines: split it"
