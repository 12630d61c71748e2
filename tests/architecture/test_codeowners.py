"""Who must approve a change: real paths, and the particular after the general (the last match wins)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def rules(text: str) -> list[tuple[str, list[str]]]:
    """Path and owners of each line, in order."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(path, owners) for path, *owners in lines]


def shadowed(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Each path that a later, more general line takes away from its owners, with that line."""
    return [
        (path, later)
        for place, path in enumerate(paths)
        for later in paths[place + 1 :]
        if later == path or (later.endswith("/") and path.startswith(later))
    ]


RULES = rules((ROOT / "CODEOWNERS").read_text(encoding="utf-8"))


def test_every_path_exists_and_has_an_owner() -> None:
    assert RULES
    assert [path for path, owners in RULES if not owners or not path.startswith("/")] == []
    assert [path for path, _ in RULES if not (ROOT / path[1:]).exists()] == []
    assert [path for path, _ in RULES if (ROOT / path[1:]).is_dir() != path.endswith("/")] == []


def test_nothing_particular_is_shadowed() -> None:
    assert shadowed([path for path, _ in RULES]) == []


@pytest.mark.parametrize(
    ("paths", "lost"),
    [
        (["/protocol/", "/protocol/staging.py"], []),
        (["/protocol/staging.py", "/protocol/"], [("/protocol/staging.py", "/protocol/")]),
        (["/audit/", "/audit/"], [("/audit/", "/audit/")]),
        (["/crf/models.py", "/crf/models.py.bak"], []),
    ],
)
def test_a_later_general_line_is_seen(paths: list[str], lost: list[tuple[str, str]]) -> None:
    assert shadowed(paths) == lost
