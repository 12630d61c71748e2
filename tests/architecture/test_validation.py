"""Each rule of the requirements leads to a test that exists, or to whom it is left outside the software."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from palace3.validation import TESTS, pages, rules

ROOT = Path(__file__).resolve().parents[2]


def test_each_rule_names_tests_that_exist_or_an_owner_outside() -> None:
    every = rules(ROOT)
    assert [rule.number for rule in every] == list(range(1, len(every) + 1))
    assert len(every) >= 60
    assert set(TESTS) <= {rule.number for rule in every}
    assert [rule.number for rule in every if not rule.tests and not rule.owner] == []
    statuses = [rule.number for rule in every if not re.fullmatch(r"met|(partly|open): .+", rule.status)]
    assert statuses == []
    assert [rule.number for rule in every if rule.status != "met" and not rule.owner] == [], (
        "who does the rest"
    )
    for rule in every:
        for name in rule.tests:
            path, _, function = name.partition("::")
            module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            defined = {each.name for each in ast.walk(module) if isinstance(each, ast.FunctionDef)}
            assert not function or function in defined, (rule.number, name)
            assert any(each.startswith("test_") for each in defined), name


def test_the_page_says_what_a_run_came_to(tmp_path: Path) -> None:
    run = tmp_path / "results.xml"
    run.write_text(
        '<testsuites><testsuite><testcase classname="tests.integration.trials.test_pages" '
        'name="test_a_name_given_before_is_never_given_again"/>'
        '<testcase classname="tests.integration.system.test_permission_matrix" name="test_role_by_address[x]"/>'
        '<testcase classname="tests.integration.system.test_permission_matrix" name="test_role_by_address[y]">'
        "<failure/></testcase></testsuite></testsuites>"
    )
    said = [line.strip("| ").split(" | ") for line in pages(ROOT, run)["matrix.md"].splitlines()]
    results = {cells[0]: cells[-1] for cells in said if cells[0].isdigit()}
    assert (results["1"], results["2"], results["3"], results["36"]) == (
        "passed",
        "**failed**",
        "not run",
        "–",
    )


POINTS = {str(number) for number in range(26)}
# The grave findings and those that mislead; A23 and what only looks badly are slight.
FINDINGS = {
    *(f"F{number}" for number in range(1, 27)),
    *(f"C{number}" for number in range(1, 17)),
    *(f"A{number}" for number in range(1, 23)),
    *(f"D{number}" for number in range(1, 35)),
    *("D9b", *(f"trust F{number}" for number in range(1, 22))),
}
DECISIONS = {
    f"{letter}{number}"
    for letter, last in (("A", 2), ("B", 7), ("C", 8), ("D", 7), ("E", 7))
    for number in range(1, last + 1)
}
NAMED = re.compile(r"`([a-z0-9_/]+\.py)::(test_\w+)`")


def test_each_fault_of_the_reviews_names_tests_that_exist() -> None:
    """The page of faults leads to tests; a test that is renamed there is renamed here."""
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    named = NAMED.findall(page)
    assert len(named) > 150
    missing = [
        f"{path}::{function}"
        for path, function in named
        if f"def {function}(" not in (ROOT / "tests" / path).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_no_point_and_no_grave_finding_is_without_a_row() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line[:2] == "| "
    ]
    faults = [row for row in rows if len(row) == 4 and row[0] in POINTS]
    assert {row[0] for row in faults} == POINTS
    assert [row[1] for row in faults if not NAMED.search(row[3])] == []
    told = {each for row in faults for each in re.findall(r"\w+", row[2])}
    elsewhere = _table(page, "finding")
    for found, *_said in elsewhere:
        told |= {f"trust {each}" if "trust" in found else each for each in re.findall(r"\w+", found)}
    assert FINDINGS - told == set()
    decisions = _table(page, "decision")
    assert {row[0] for row in decisions} == DECISIONS
    assert [row[0] for row in (*elsewhere, *decisions) if not NAMED.search(row[2])] == []


def _table(page: str, of: str) -> list[list[str]]:
    """Return the rows of the table whose first column is headed so."""
    lines = page.partition(f"\n| {of} | ")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
