"""The validation plan names every rule: it is generated, never written by hand."""

from __future__ import annotations

from pathlib import Path

from crf import catalogue
from crf.engine.checks import Check, Level
from crf.engine.conditions import Is
from crf.engine.validation_plan import validation_plan
from palace3 import traceability
from tests.unit.crf.small import ask, rows, small

CHAPTERS = ("3.17",)
ROOT = Path(__file__).resolve().parents[3]


def test_every_check_of_the_trial_is_in_the_plan():
    plan = validation_plan(catalogue.forms().values())
    for form in catalogue.forms().values():
        assert f"## {form.code} · " in plan
        for check in form.checks:
            assert f"| {check.code} | {check.level.value} |" in plan


def test_requirement_51_every_check_names_tests_that_try_it_and_its_owner() -> None:
    tests = traceability.files_of_checks(ROOT)
    codes = [check.code for form in catalogue.forms().values() for check in form.checks]
    assert [code for code in codes if not tests.get(code)] == []
    plan = (ROOT / "docs" / "reference" / "validation-plan.md").read_text(encoding="utf-8")
    assert "The data manager owns every check" in plan
    rows = [
        line.split(" | ") for line in plan.splitlines() if line.startswith("| ") and line.count(" | ") == 6
    ]
    named = {cells[0].strip("| "): cells[-1] for cells in rows}
    assert [code for code in codes if "test_" not in named[code]] == []


def test_ranges_and_required_answers_are_in_the_plan():
    form = small(
        ask("weight", soft=(38, 110), hard=(25, 200), unit="kg", required=True),
        ask("sex|age", required_when=Is("weight", 1)),
        groups=(rows("nodes", ask("n", hard=(0, 5))),),
        checks=(Check("X1", Level.SOFT, ("weight",), lambda weight: True, "Check it."),),
    )
    plan = validation_plan([form], {"X1": ["unit/x.py"]})
    assert "| WEIGHT | Weight | 38 to 110 kg | 25 to 200 kg |" in plan
    assert "| nodes.N | N |  | 0 to 5 |" in plan
    assert "Always required: WEIGHT." in plan
    assert "Required where it applies: SEX|AGE." in plan
    assert "| X1 | soft | major | site | Check it. | weight | unit/x.py |" in plan
    assert validation_plan([small(ask("a"))]).endswith("## SMALL · Small form\n")
