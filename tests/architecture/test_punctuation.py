"""Words for people are parted by the signs of their language: 、 and ； in Chinese (kernel/punctuation.py)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
SQL = "columns and tables of SQL"
FILES = "codes in a file, whose form does not follow a reader"
TYPED = "what stands in a box as somebody types it"
OPERATORS = "findings of a command, in English"
# Modules that speak to people and also join what no reader's language parts.
JOINS_FOR_PROGRAMS = {
    "analysis/flow.py": SQL,
    "analysis/maturity.py": SQL,
    "analysis/safety/cases.py": "doses in a cell of digits, which a table splits again",
    "committee/tables.py": "numbers in a cell, kept together",
    "crf/central_review/cases.py": SQL,
    "crf/listings/rows.py": SQL,
    "crf/listings/select.py": SQL,
    "crf/page/editor.py": "the value of a prompt, which static/js/crf/findings.js joins alike",
    "crf/page/forms.py": TYPED,
    "crf/store/records.py": SQL,
    "exports/codebook/items.py": FILES,
    "exports/compare/changes.py": SQL,
    "exports/imports/compare.py": FILES,
    "exports/listed/central_review.py": SQL,
    "exports/listed/conduct.py": SQL,
    "exports/listed/into_trial.py": SQL,
    "exports/listed/participants.py": SQL,
    "exports/listed/trail.py": SQL,
    "exports/selected/narrowing.py": SQL,
    "exports/tables.py": SQL,
    "exports/writing.py": SQL,
    "operations/backups/reading.py": OPERATORS,
    "operations/qualification/checks.py": OPERATORS,
    "operations/upgrading.py": OPERATORS,
    "reports/trail.py": FILES,
}
IN_A_TEMPLATE = re.compile(r'\|join:"[,;] "|not forloop\.last %\}[,;] |(?:\}\}|zone %\})[,;] \{[{%]')
SENTENCES = re.compile(r"\{% *blocktranslate\b.*?endblocktranslate *%\}|\{% *translate\b.*?%\}", re.DOTALL)
NUMBERS = {"analysis/survival.html", "analysis/partials/non_inferiority.html"}  # limits: 1.2; 3.4


def joins(tree: ast.AST) -> list[int]:
    """The lines on which words are joined with an English comma or semicolon."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and isinstance(node.func.value, ast.Constant)
        and node.func.value.value in (", ", "; ")
    ]


def joins_for_refusals(tree: ast.AST) -> list[int]:
    """Those of them that are a word of a refusal, which a person reads."""
    return [
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        for keyword in node.exc.keywords
        for line in joins(keyword.value)
    ]


def speaks(tree: ast.AST) -> bool:
    """Whether a module translates what it says."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for node in ast.walk(tree)
    )


def test_what_people_read_is_joined_in_their_language() -> None:
    joined, needed = [], set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
            if ".join" not in text or {"migrations", "commands"} & set(path.parts):
                continue
            tree = ast.parse(text)
            lines = joins(tree) if speaks(tree) else joins_for_refusals(tree)
            if lines and name in JOINS_FOR_PROGRAMS:
                needed.add(name)
            else:
                joined += [f"{name}:{line}" for line in lines]
    assert not joined, f"kernel.punctuation joins words as the reader's language does: {joined}"
    assert needed == set(JOINS_FOR_PROGRAMS)


def test_templates_part_words_in_the_language_of_the_page() -> None:
    joined = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        name = str(path.relative_to(ROOT / "templates"))
        if name in NUMBERS:
            continue
        text = SENTENCES.sub("zone %}", path.read_text(encoding="utf-8"))
        joined += [f"{name}: {match[0]}" for match in IN_A_TEMPLATE.finditer(text)]
    assert not joined, f"write |listed, |listed_apart or a translated sign: {joined}"
