"""The page of docs/validation/ that says how an installation is qualified, by whom, and where the record is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from accounts.permissions import ROLE_LABELS
from operations.qualification.attacks import ATTACKS
from operations.qualification.checks import INSTALLED, NAMES, WORKING
from palace3.reference import table
from palace3.validation import rules


def qualification_lines(root: Path) -> Iterator[str]:
    """Yield the scripts of the three qualifications with their records, and what stays with the sponsor."""
    yield "Three scripts and their records. Which rule each serves: [matrix](matrix.md). How they are run:"
    yield "[administrators](../operations/administrator.md#qualify)."
    yield ""
    yield "## Installation and operation"
    yield ""
    yield "`manage.py qualify`, after installation, each upgrade and each restore. Record: kept in the database, with a"
    yield "paper in English and Chinese for the names of those who tested and approved, which the operator files."
    yield ""
    yield from table(("part", "check"), _checks())
    yield "Operation tries as the application's role, in a transaction that is rolled back, and each must be refused:"
    yield ""
    yield from (f"* {what}" for what, _statement in ATTACKS)
    yield ""
    yield "## Performance"
    yield ""
    yield "Each role does its tasks on the server of [practice](../operations/practice.md), with synthetic participants"
    yield "and the program that the trial runs; a tour leads coordinators, investigators, data managers, monitors and"
    yield "statisticians. Record: the acts of practice, and, once the tour is done, the training record on the person's"
    yield "account in the trial, with day and version of the protocol. How many pages each task takes is"
    yield "[counted](../tasks.md); other roles are tried by the tests that [the matrix](matrix.md) names."
    yield ""
    yield from table(("role", "script"), _tasks(root))
    yield "## What stays with the sponsor"
    yield ""
    yield "What no program does, of each rule. To accept a release, by the matrix with its results, is theirs as well."
    yield ""
    yield from table(("no.", "rule", "who does what"), _of_the_sponsor(root))


def _checks() -> Iterator[tuple[str, str]]:
    parts: tuple[tuple[str, Mapping[str, Any]], ...] = (("installation", INSTALLED), ("operation", WORKING))
    for part, checks in parts:
        yield from ((part, str(NAMES[name])) for name in checks)


def _tasks(root: Path) -> Iterator[tuple[str, str]]:
    """Yield who does what, of the tables of tasks, each once."""
    lines = (root / "docs" / "tasks.md").read_text(encoding="utf-8").splitlines()
    rows = (line.strip("| ").split(" | ")[:2] for line in lines if line.startswith("| "))
    roles = {str(label).lower() for label in ROLE_LABELS.values()}
    yield from dict.fromkeys((who, task) for task, who in rows if who in roles)


def _of_the_sponsor(root: Path) -> Iterator[tuple[str, str, str]]:
    for rule in rules(root):
        if "sponsor" in rule.owner.lower():
            yield str(rule.number), rule.text, rule.owner
