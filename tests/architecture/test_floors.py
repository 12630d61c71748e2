"""A file imports its own app and the floors below it, never above (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.imports import ROOT, files_of, imported, lines_for_types, name_of

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
    "crf.check_review",
    "crf.listings",
    "crf.milestones",
    "crf.recheck",
    "crf.safety",
    "crf.eligibility",
    "crf.records",
    "crf.attachments",
    "crf.central_review",
    "crf.coding",
    "crf.locks",
    "crf.deviations",
    "crf.notes",
    "crf.page",
    "crf.views",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
    "analysis",
    "committee",
    "monitoring",
    "operations",
    "design",
    "demo",
    "palace3",
)


def floor_of(module: str) -> int | None:
    """Return the floor that ``module`` stands on, the most particular one; None for what is not ours."""
    fitting = [name for name in FLOORS if module == name or module.startswith(f"{name}.")]
    return FLOORS.index(max(fitting, key=len)) if fitting else None


def modules() -> Iterator[Path]:
    return files_of(sorted({name.split(".")[0] for name in FLOORS}))


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


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports inside functions count; imports for types alone do not, for they never run."""
    known = {name_of(path) for path in modules()}
    graph = {
        name_of(path): {
            module
            for line, module in imported(path)
            if module in known and module != name_of(path) and line not in lines_for_types(path)
        }
        for path in modules()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"files import each other in a circle: {' <- '.join(circle.args[1])}")
