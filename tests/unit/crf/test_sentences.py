"""What a finding says: what is so, then what to do."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crf import catalogue
from crf.engine.checks import Check, Level
from crf.engine.conditions import Is
from crf.engine.evaluation import evaluate
from crf.engine.messages import (
    display,
    finding_text,
    missing_text,
    number_text,
    range_text,
    rule_text,
    values_named,
)
from crf.engine.questions import QuestionKind
from protocol.values import is_value
from tests.unit.crf.small import YN, ask, rows, small

ZONE = "Asia/Shanghai"

GROUP = rows("nodes", ask("n", hard=(0, 5), required=True), required_when=None)


def said(form, **given):
    outcome = evaluate(form, **given)
    return [finding_text(form, finding, zone=ZONE) for finding in outcome.findings]


def test_each_kind_of_finding_has_its_sentence():
    form = small(
        ask("w", hard=(25, 200), soft=(38, 110), unit="kg"),
        ask("v", hard=(0, None), required=True),
        ask("must", required=True, missing_allowed=()),
        ask("on", QuestionKind.DATE),
        ask("calc", QuestionKind.TEXT, reads=("w",), by=lambda w: "Y", codes=YN),
        ask("say", QuestionKind.CHOICE, proposed_by="calc"),
        groups=(GROUP,),
    )
    context = {"today": date(2026, 1, 1), "ELIG.birth": "2026-02", "SURV.death_dt": "2025"}
    given = {"w": 500, "on": date(2026, 1, 30), "say": "N"}
    assert said(form, values=given, context=context, groups={"nodes": [{"n": 9}]}) == [
        "W is outside what is possible (25 to 200 kg). Correct it.",
        "V has no answer yet. Answer it, or give the reason why it is missing.",
        "Must has no answer yet. Answer it.",
        "On lies in the future. Check the date against the source.",
        "On lies before the birth date. Check both dates against the source.",
        "On lies after the date of death. Check both dates against the source.",
        "Say differs from what the answers lead to (Yes). Correct it, or confirm it with a reason.",
        "N is outside what is possible (0 to 5). Correct it.",
    ]
    assert said(small(ask("w", soft=(38, None), unit="kg")), values={"w": 3}) == [
        "W is outside what is usual (at least 38 kg). Check the source; correct it or confirm it with a reason."
    ]


def test_a_required_group_says_so():
    form = small(
        ask("any", QuestionKind.CHOICE), groups=(rows("rec", ask("n"), required_when=Is("any", "Y")),)
    )
    assert said(form, values={"any": "Y"}) == ["Rec has no rows yet. Add at least one."]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (QuestionKind.DECIMAL, Decimal("70.50"), "70.5"),
        (QuestionKind.DECIMAL, Decimal(100), "100"),
        (QuestionKind.INTEGER, 4, "4"),
        (QuestionKind.CHOICE, "Y", "Yes"),
        (QuestionKind.CHOICE, "old", "old"),
        (QuestionKind.MULTIPLE, ["red", "blue"], "red, blue"),
        (QuestionKind.BOOLEAN, True, "yes"),
        (QuestionKind.BOOLEAN, False, "no"),
        (QuestionKind.DATE, date(2026, 5, 7), "2026-05-07"),
        (QuestionKind.DATETIME, datetime(2026, 5, 7, 6, 30, tzinfo=UTC), "2026-05-07 14:30"),
        (QuestionKind.TEXT, None, ""),
    ],
)
def test_answers_are_shown_as_people_read_them(kind, value, text):
    assert display(ask("a", kind), value, zone=ZONE) == text


def test_ranges_numbers_and_reasons():
    assert range_text(None) == ""
    assert range_text((None, 5), "mm") == "at most 5 mm"
    assert number_text(Decimal("0.10")) == "0.1"
    assert missing_text("NP") == "participant refused"
    assert missing_text("??") == "??"


def test_a_rule_says_the_value_of_the_text_that_it_compared_with():
    rule = Check(
        code="S-1",
        level=Level.SOFT,
        reads=("w", "setting.most"),
        passes=lambda w, setting_most: w <= setting_most,
        message="More than %(setting_most)s %% of it. Check it.",
        fields=("w",),
    )
    form = small(ask("w"), checks=(rule,))
    assert said(form, values={"w": 12}, context={"setting.most": 10}) == ["More than 10 % of it. Check it."]
    assert said(form, values={"w": 12}, context={"setting.most": 11}) == ["More than 11 % of it. Check it."]
    assert rule_text(rule.message, {}) == "More than – % of it. Check it."
    assert values_named(rule.message, {"w": 12, "setting_most": 10}) == {"setting_most": "10"}


NUMBER = re.compile(r"(?<![\w.-])\d+(?![\w.])")
# (check, number): a number of a rule's sentence that stands for no value that the rule reads.
SAID_ONCE = {
    ("X004", "1"): "number of a criterion",
    ("X004", "2"): "number of a criterion",
    ("X012", "1"): "number of the dose",
    ("X014", "25"): "Calvert's formula",
    ("X041", "2"): "number of the arm",
    ("CRE-03", "1"): "the day before",
    ("X045a", "1"): "a grade",
    ("X045a", "2"): "a grade",
    ("X045a", "3"): "a grade",
    ("X045a", "5"): "a grade",
}


@pytest.mark.parametrize("form", catalogue.forms().values(), ids=lambda form: form.code)
def test_no_sentence_of_a_rule_spells_a_value_that_the_rule_reads(form):
    """An amended text would change the rule and not the sentence (see the criteria, which are numbered)."""
    spelled = set()
    for check in form.checks:
        values = {name for name in check.reads if is_value(name)}
        numbers = set(NUMBER.findall(re.sub(r"(inclusion|exclusion|Inclusion) \d+", "", str(check.message))))
        spelled |= {(check.code, number) for number in numbers if values}
    assert spelled - SAID_ONCE.keys() == set()
