"""A file imports its own app and the floors below it, never above (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = (
    "kernel",
    "protocol",
    "audit",
    "accounts",
    "trials",
    "website",
    "followup",
    "crf.guards",
    "crf.links",
    "crf.engine",
    "crf.catalogue",
    "crf.trial_rules",
    "crf.models",
    "crf.store",
    "crf.queries",
    "crf.recheck",
    "crf.safety",
    "crf.eligibility",
    "crf.records",
    "crf.notes",
    "crf.page",
    "crf.views",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
    "design",
    "demo",
    "palace3",
)


def floor_of(module: str) -> int | None:
    """Return the floor that ``module`` stands on, the most particular one; None for what is not ours."""
    fitting = [name for name in FLOORS if module == name or module.startswith(f"{name}.")]
    return FLOORS.index(max(fitting, key=len)) if fitting else None


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
            yield from ((node.lineno, _module_named(node.module, alias.name)) for alias in node.names)


def _module_named(package: str, name: str) -> str:
    """Return the module that ``from package import name`` reads: ``name`` itself where it is a module."""
    path = ROOT / package.replace(".", "/") / name
    return f"{package}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else package


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_imports_go_down(path: Path) -> None:
    here = floor_of(name_of(path))
    assert here is not None
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for line, module in imported(path)
        if (there := floor_of(module)) is not None and there > here
    ]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_files_stay_readable(path: Path) -> None:
    assert path.read_text().count("\n") <= 500, f"{name_of(path)} has grown past 500 lines: split it"


def test_nothing_of_the_product_imports_the_demonstration() -> None:
    imports = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in modules()
        if path.relative_to(ROOT).parts[0] != "demo"
        for line, module in imported(path)
        if module.split(".")[0] == "demo"
    ]
    assert not imports, "\n".join(imports)
