"""The tables 4.2, 4.3 and 4.4 of the specification are the rows that the program reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from protocol import staging

CHAPTERS = ("4.2", "4.3", "4.4", "4.5")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol" / "4-staging.md"
LINES = {
    cells[0]: cells[1:]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| (?:c|y|p)\d+ \|", line)
    for cells in [[cell.strip() for cell in line.strip("| ").split("|")]]
}
ROWS = {row.code: row for table in staging.TABLES.values() for row in table}
PARTS = {"T1": ("T1", "T1a", "T1b"), "T4": ("T4", "T4a", "T4b")}
ORDER = {"T": ("T0", "T1", "T2", "T3", "T4"), "N": ("N0", "N1", "N2", "N3"), "G": ("G1", "G2", "G3")}


def named(cell: str, every: tuple[str, ...]) -> tuple[str, ...]:
    """Categories of one cell: "T1-T3", "T1 (a, b)", "G2-3, GX", "any T"."""
    if cell.startswith("any") or cell == "-":
        return every
    found: list[str] = []
    for part in cell.replace(" (a, b)", "").split(", "):
        first, _, last = part.partition("-")
        order = ORDER[part[0]] if last else (part,)
        until = order.index(last if last[:1].isalpha() else part[0] + last) if last else 0
        for category in order[order.index(first) : until + 1]:
            found += PARTS.get(category, (category,))
    return tuple(found)


def test_both_have_the_same_rows() -> None:
    assert LINES.keys() == ROWS.keys()


@pytest.mark.parametrize("code", LINES)
def test_each_row(code: str) -> None:
    row, (t, n, m, *rest) = ROWS[code], LINES[code]
    assert set(named(t, staging.T_CATEGORIES)) == set(row.t)
    assert set(named(n, staging.N_CATEGORIES)) == set(row.n)
    assert ((m,), rest[-1]) == (row.m, row.group)
    if code.startswith("p"):
        assert set(named(rest[0], staging.GRADES)) == set(row.grade)
        assert set(named(rest[1], staging.LOCATIONS)) == set(row.location)
