"""No rule holds a number that the protocol text holds, and none states a second default for one.

Two numbers would stand for one fact: an amended text would change the plan and not the check.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
RULES = (
    *("crf/catalogue/*/rules.py", "crf/catalogue/*/checks.py", "crf/catalogue/*/form.py"),
    *("crf/catalogue/shared/*.py", "crf/trial_rules/*.py", "crf/safety/clock*.py", "crf/eligibility/*.py"),
    *("followup/rolling.py", "followup/services/rolling.py", "followup/services/planning.py"),
    *("notices/services/reminders.py", "notices/services/escalations.py", "notices/sources/*.py"),
    "protocol/*.py",
)
# Each carries out one publication, whose numbers no protocol changes: another publication is another file.
PUBLISHED = {
    "protocol/laboratory.py": "factors between units, usual and possible values of each test",
    "protocol/laboratory_grades.py": "CTCAE 5.0",
    "protocol/qol.py": "EORTC scoring manual, third edition",
    "protocol/scores.py": "Mosteller, Charlson, Clavien-Dindo and CCI, Deauville, RCCEP, NRS-2002",
    "protocol/survival.py": "Kaplan-Meier, Greenwood, normal quantiles; days of a month and of 36 months",
}
# What is usual and possible for an answer, and how a column keeps it, is said by the form itself.
OF_THE_FORM = {"soft", "hard", "places", "decimal_places", "max_digits", "max_length", "lines", "starts_with"}
NEITHER_HERE_NOR_THERE = {0, 1}
WEEK = "days of a week"
NAMED_AFTER_IT = "the question is named after its days: other days are another question"
INSTRUMENT = "the items of the questionnaire, which no protocol changes"
RECIST = "RECIST 1.1 says what can be a target: another edition is another rule"
PERCENT = "percent"
MONTHS = "months of a year"
REGRESSION = "grades of the Mandard and Becker systems: another system is another rule"
NODES = "N categories of the UICC, eighth edition"
# (file, number): why it stands for no value of the text. The list only shrinks.
ALLOWED = {
    ("crf/catalogue/demographics/checks.py", 10): "steps of the Karnofsky scale",
    ("crf/catalogue/demographics/rules.py", 8): "nobody stops smoking before the age of eight",
    ("crf/catalogue/quality_of_life/rules.py", 2): "half of the items",
    ("crf/catalogue/quality_of_life/rules.py", 29): INSTRUMENT,
    ("crf/catalogue/quality_of_life/rules.py", 30): INSTRUMENT,
    ("crf/catalogue/quality_of_life/rules.py", 49): INSTRUMENT,
    ("crf/catalogue/response/rules.py", 2): "CRE-2 is the second evaluation",
    ("crf/catalogue/response/rules.py", 3): "the evaluation after CRE-1 and CRE-2 is the third",
    ("crf/catalogue/response/rules.py", 7): WEEK,
    ("crf/catalogue/staging/form.py", 10): "what is usual and possible in an oesophagus, in centimetres",
    ("crf/catalogue/staging/form.py", 18): "what is usual and possible in an oesophagus, in centimetres",
    ("crf/catalogue/staging/form.py", 42): "what is usual and possible in an oesophagus, in centimetres",
    ("crf/catalogue/staging/form.py", 50): "what is usual and possible in an oesophagus, in centimetres",
    ("crf/catalogue/staging/rules.py", 2): "order of the T categories, and the middle of two edges",
    ("crf/catalogue/staging/rules.py", 3): "order of the T categories",
    ("crf/catalogue/staging/rules.py", 4): "order of the T categories",
    ("crf/catalogue/staging/rules.py", 5): "order of the T categories",
    ("crf/catalogue/staging/rules.py", 10): RECIST,
    ("crf/catalogue/staging/rules.py", 15): RECIST,
    ("crf/catalogue/surgery/checks.py", 7): WEEK,
    ("crf/catalogue/surgery/rules.py", 7): WEEK,
    ("crf/catalogue/survival/rules.py", 30): NAMED_AFTER_IT,
    ("crf/catalogue/survival/rules.py", 90): NAMED_AFTER_IT,
    ("crf/trial_rules/track.py", 4): "steps from one track to another, so that no search runs long",
    ("followup/services/rolling.py", 500): "rows of one batch",
    ("notices/services/reminders.py", 14): "days without a worker that are caught up",
    ("notices/sources/safety.py", 2): "the second step of a ladder",
    ("notices/sources/safety.py", 4): "the last quarter of a clock",
    ("notices/sources/training.py", 7): "days before a certificate ends: no value of the protocol",
    ("notices/sources/training.py", 30): "days before a certificate ends: no value of the protocol",
    ("notices/sources/training.py", 60): "days before a certificate ends: no value of the protocol",
    ("notices/sources/records.py", 2): "steps of a ladder, in multiples of the value of the text",
    ("notices/sources/records.py", 3): "steps of a ladder, in multiples of the value of the text",
    ("notices/sources/records.py", 4): "steps of a ladder, in multiples of the value of the text",
    ("notices/sources/records.py", 6): "steps of a ladder, in multiples of the value of the text",
}
ALLOWED |= {
    ("protocol/doses.py", 2): "places of a dose in Gy",
    ("protocol/doses.py", 5): WEEK,
    ("protocol/doses.py", 25): "Calvert",
    ("protocol/doses.py", 72): "Cockcroft-Gault",
    ("protocol/doses.py", 100): PERCENT,
    ("protocol/doses.py", 140): "Cockcroft-Gault",
    ("protocol/endpoints.py", 15): "the middle of a month, by decision D4",
    ("protocol/endpoints.py", 30): NAMED_AFTER_IT,
    ("protocol/endpoints.py", 90): NAMED_AFTER_IT,
    ("protocol/partial_dates.py", 3): "year, month and day",
    ("protocol/partial_dates.py", 12): MONTHS,
    ("protocol/pathology.py", 2): REGRESSION,
    ("protocol/pathology.py", 3): REGRESSION,
    ("protocol/pathology.py", 4): REGRESSION,
    ("protocol/pathology.py", 10): REGRESSION,
    ("protocol/pathology.py", 50): REGRESSION,
    ("protocol/pathology.py", 100): PERCENT,
    ("protocol/safety_deadlines.py", 12): "noon of a day that is known without its hour",
    ("protocol/schedule.py", 2): "visits that can have passed each other",
    ("protocol/schedule.py", 5): WEEK,
    ("protocol/staging.py", 2): NODES,
    ("protocol/staging.py", 6): NODES,
    ("protocol/staging.py", 4096): "results that are kept",
    ("protocol/what_if.py", 1900): "years of the calendar",
    ("protocol/what_if.py", 2200): "years of the calendar",
    ("protocol/windows.py", 12): MONTHS,
}
VALUES_OF_THE_TEXT = ("setting", "fact_", "treatment_", "schedule_", ".trigger(", ".days", ".hours")


def rule_files() -> list[Path]:
    """Return the files that carry out the protocol text, without those that carry out a publication."""
    files = {path for pattern in RULES for path in REPOSITORY.glob(pattern)}
    return sorted(path for path in files if name_of(path) not in PUBLISHED)


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def numbers(node: ast.AST) -> Iterator[float]:
    """The numbers that ``node`` holds, without those of positions and of what is the form's own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Slice) or (isinstance(child, ast.keyword) and child.arg in OF_THE_FORM):
            continue
        if isinstance(child, ast.Call) and ast.unparse(child.func) == "item":
            continue  # an item of a questionnaire by its number
        if isinstance(child, ast.ClassDef) and child.name == "Crf":
            continue  # the form's own version and order
        if isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "status":
            continue  # of HTTP
        if isinstance(child, ast.Constant) and type(child.value) in (int, float):
            yield child.value
        yield from numbers(child)


def second_defaults(tree: ast.AST) -> Iterator[str]:
    """What is said in place of a value of the text: ``x or 4``, ``known.get("setting_x", 4)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            instead = [each for each in node.values[1:] if isinstance(each, ast.Constant)]
            if instead and _is_of_the_text(node.values[0]) and not _is_part_of_an_offset(node):
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and _looks_up(node) and _is_of_the_text(node.args[0]):
            yield ast.unparse(node)


def _is_part_of_an_offset(node: ast.BoolOp) -> bool:
    """Whether it is the days, or the hours, of an offset that the text gives in another unit."""
    return ast.unparse(node).endswith((".days or 0", ".hours or 0"))


def _looks_up(call: ast.Call) -> bool:
    """Whether something is looked up with a default."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop") and len(call.args) > 1


def _is_of_the_text(node: ast.expr) -> bool:
    return any(name in ast.unparse(node) for name in VALUES_OF_THE_TEXT)


def test_no_rule_holds_a_number_of_the_protocol() -> None:
    found = {
        (name_of(path), number)
        for path in rule_files()
        for number in numbers(ast.parse(path.read_text(encoding="utf-8")))
        if number not in NEITHER_HERE_NOR_THERE
    }
    assert found - ALLOWED.keys() == set(), "give it a key in the protocol text, and read it from there"
    assert ALLOWED.keys() - found == set(), "it stands there no more: take it off the list"


def test_no_rule_states_a_second_default() -> None:
    found = {
        f"{name_of(path)}: {default}"
        for path in rule_files()
        for default in second_defaults(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set(), "an unknown value stops the rule; a missing one is a KeyError"


def test_the_list_only_shrinks() -> None:
    assert len(ALLOWED) <= 62
    assert len(PUBLISHED) <= 5


@pytest.mark.parametrize(
    "source",
    [
        "PLANNED = 5",
        "near = lambda day: day <= 70",
        "Check(passes=near(2))",
        "DecimalAnswer(soft=(2, 3), least=4)",
    ],
)
def test_a_number_is_seen(source: str) -> None:
    assert list(numbers(ast.parse(source)))


@pytest.mark.parametrize("source", ["IntegerAnswer(hard=(5, 9), places=2)", "rows[:4]", "status = 422"])
def test_what_is_the_forms_own_is_no_number_of_the_protocol(source: str) -> None:
    assert not list(numbers(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    ["setting_bite_on_bite_min or 4", 'known["setting_x"] or "a"', 'known.pop("setting_x", True)'],
)
def test_a_second_default_is_seen(source: str) -> None:
    assert list(second_defaults(ast.parse(source)))


def test_no_unlike_or_is_a_default() -> None:
    assert not list(second_defaults(ast.parse('name or "nobody"\nsetting_x or setting_y')))
