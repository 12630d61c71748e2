"""A day is made of an instant and a zone: ``at.date()`` is the day in UTC, not that of people at the sites."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.test_conventions import ROOT, sources, where

# These bring an instant to its zone themselves, or read what was typed without one.
MAKE_DAYS = {
    "kernel/clock.py",
    "crf/engine/checks.py",
    "protocol/safety_deadlines.py",
    "protocol/partial_dates.py",
}
BROUGHT = {"here", "local"}  # an instant of a page, brought to the site's zone before


def days_of_utc(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield each ``x.date()`` whose ``x`` was not brought to a zone under a name that says so."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "date"
            and not (node.args or node.keywords)
            and ast.unparse(node.func.value) not in BROUGHT
        ):
            yield node


def test_days_are_made_in_a_time_zone() -> None:
    found = [
        where(path, node)
        for path, tree in sources()
        if str(path.relative_to(ROOT)) not in MAKE_DAYS and not path.is_relative_to(ROOT / "demo")
        for node in days_of_utc(tree)
    ]
    assert not found, f"kernel.clock.local_date(at, zone) makes days: {found}"


def test_the_day_in_utc_is_seen_where_it_is_made() -> None:
    taken = days_of_utc(
        ast.parse("holders(on=at.date()); row.opened_at.date(); local.date(); day.isoformat()")
    )
    assert {ast.unparse(node) for node in taken} == {"at.date()", "row.opened_at.date()"}
