"""The validation plan names every rule: it is generated, never written by hand."""

from __future__ import annotations

from crf import catalogue
from crf.engine.checks import Check, Level
from crf.engine.conditions import Is
from crf.engine.validation_plan import validation_plan
from tests.unit.crf.small import ask, rows, small

CHAPTERS = ("3.17",)


def test_every_check_of_the_trial_is_in_the_plan():
    plan = validation_plan(catalogue.forms().values())
    for form in catalogue.forms().values():
        assert f"## {form.code} · " in plan
        for check in form.checks:
            assert f"| {check.code} | {check.level.value} |" in plan


def test_ranges_and_required_answers_are_in_the_plan():
    form = small(
        ask("weight", soft=(38, 110), hard=(25, 200), unit="kg", required=True),
        ask("sex|age", required_when=Is("weight", 1)),
        groups=(rows("nodes", ask("n", hard=(0, 5))),),
        checks=(Check("X1", Level.SOFT, ("weight",), lambda weight: True, "Check it."),),
    )
    plan = validation_plan([form])
    assert "| WEIGHT | Weight | 38 to 110 kg | 25 to 200 kg |" in plan
    assert "| nodes.N | N |  | 0 to 5 |" in plan
    assert "Always required: WEIGHT." in plan
    assert "Required where it applies: SEX|AGE." in plan
    assert "| X1 | soft | major | site | Check it. | weight |" in plan
    assert validation_plan([small(ask("a"))]).endswith("## SMALL · Small form\n")
