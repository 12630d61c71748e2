"""Pure modules hold values and functions only: no framework, database, clock or chance (architecture 3)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = sorted((ROOT / "protocol").rglob("*.py"))
IN_APPS = [ROOT / "randomization/scheme" / name for name in ("blocks.py", "merkle.py")]
OUTSIDE_WORLD = {
    "asyncio",
    "http",
    "multiprocessing",
    "os",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
}
CLOCK_READINGS = {"now", "today", "utcnow"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("." * node.level + (node.module or ""))
    return names


def foreign_imports(source: str, own: tuple[str, ...]) -> list[str]:
    """The imports of ``source`` that are neither standard library nor under one of ``own``."""
    return [
        name
        for name in imported(ast.parse(source))
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == mine or name.startswith(f"{mine}.") for mine in own)
    ]


def world_imports(source: str) -> list[str]:
    """The imports of ``source`` that reach a process, a network or a clock."""
    return [name for name in imported(ast.parse(source)) if name.split(".")[0] in OUTSIDE_WORLD]


def readings(source: str) -> list[str]:
    """The calls in ``source`` that read a clock or the shared random generator."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        if node.func.attr in CLOCK_READINGS and owner in ("date", "datetime", "time", "timezone"):
            found.append(f"{owner}.{node.func.attr}")
        if owner == "random" and node.func.attr not in ("Random", "SystemRandom"):
            found.append(f"random.{node.func.attr}")
    return found


def loose_dataclasses(source: str) -> list[str]:
    """The dataclasses of ``source`` that are not frozen."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in ast.dump(decorator) and "frozen" not in ast.dump(decorator)
    ]


@pytest.mark.parametrize("path", PROTOCOL, ids=name_of)
def test_the_protocol_imports_only_the_standard_library_and_itself(path: Path) -> None:
    assert foreign_imports(path.read_text(), ("protocol",)) == []


@pytest.mark.parametrize("path", IN_APPS, ids=name_of)
def test_pure_modules_of_apps_import_no_framework(path: Path) -> None:
    assert (
        foreign_imports(path.read_text(), ("protocol", "kernel.errors", path.relative_to(ROOT).parts[0]))
        == []
    )


@pytest.mark.parametrize("path", [*PROTOCOL, *IN_APPS], ids=name_of)
def test_pure_modules_reach_no_world_and_read_no_clock(path: Path) -> None:
    source = path.read_text()
    assert world_imports(source) == []
    assert readings(source) == []


@pytest.mark.parametrize("path", PROTOCOL, ids=name_of)
def test_the_dataclasses_of_the_protocol_are_frozen(path: Path) -> None:
    assert loose_dataclasses(path.read_text()) == []


def test_the_guards_see_what_they_guard_against() -> None:
    assert foreign_imports("from django.db import models\nimport json", ("protocol",)) == ["django.db"]
    assert foreign_imports("from kernel import clock", ("protocol",)) == ["kernel"]
    assert world_imports("import time\nimport json") == ["time"]
    assert readings("date.today()\nrandom.choice([1])\nrandom.Random(1)") == ["date.today", "random.choice"]
    assert loose_dataclasses("@dataclass\nclass A: ...\n@dataclass(frozen=True)\nclass B: ...") == ["A"]
