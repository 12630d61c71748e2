"""A form that contradicts itself is refused, and every fault is named."""

from __future__ import annotations

import pytest

from crf.engine.checks import Check, Level
from crf.engine.codelists import CodeList
from crf.engine.conditions import Is
from crf.engine.declaration import FormSection, Sets, form_of
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DateTimeAnswer,
    DecimalAnswer,
    DerivedBoolean,
    DerivedDate,
    DerivedDecimal,
    DerivedInteger,
    DerivedMultiple,
    DerivedText,
    IntegerAnswer,
    MultipleAnswer,
    PartialDateAnswer,
    TextAnswer,
    YesNoAnswer,
    YesNoUnknownAnswer,
    question_of,
)
from crf.engine.questions import QuestionKind, argument
from tests.unit.crf.small import COLOURS, ask, rows, small


def always(**_known):
    return True


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        (small(ask("a"), sections=()), "a stands in no section"),
        (small(groups=(rows("g", ask("a")),), sections=()), "group g stands in no section"),
        (
            small(ask("a"), sections=(FormSection("x", "X", ("a", "b")),)),
            "section x names b, which is no question or group",
        ),
        (
            small(ask("a"), sections=(FormSection("x", "X", ("a",)), FormSection("y", "Y", ("a",)))),
            "a stands in two sections",
        ),
        (small(ask("version")), "version is a control column; choose another name"),
        (small(ask("a" * 33)), f"the export name {'A' * 33} is longer than 32 characters"),
        (small(ask("a", export="B"), ask("b")), "the export name B is used twice"),
        (
            small(
                ask("a"),
                checks=(Check("X", Level.SOFT, ("a",), always, "m"), Check("X", Level.SOFT, (), always, "m")),
            ),
            "check X is declared twice",
        ),
        (
            small(ask("a", shown_when=Is("typo", 1))),
            "typo is read, and no question, group or outside value has that name",
        ),
        (
            small(ask("a"), checks=(Check("X", Level.SOFT, ("mistake",), always, "m"),)),
            "mistake is read, and no question, group or outside value has that name",
        ),
        (
            small(ask("a"), checks=(Check("X", Level.SOFT, ("a",), always, "m", ("b",)),)),
            "check X is shown at b, which is not on the form",
        ),
        (
            small(ask("a"), checks=(Check("X", Level.SOFT, ("a",), always, "m", each="g"),)),
            "check X runs over g, which is no group",
        ),
        (
            small(ask("a"), milestones=(Sets("SURG", "a"),)),
            "milestone SURG takes its day from a, which is no date",
        ),
        (
            small(ask("a"), milestones=(Sets("SURG", "b"),)),
            "milestone SURG takes its day from b, which is no date",
        ),
        (small(ask("a", QuestionKind.CHOICE, codes=None)), "a offers no codes"),
        (
            small(ask("a", reads=(), by=always, required=True)),
            "a is derived; nobody can be required to answer it",
        ),
        (
            small(ask("a"), ask("b", reads=("a", "DM.bsa"), by=lambda a: a)),
            "the function of b does not take a, dm_bsa",
        ),
        (
            small(ask("a"), checks=(Check("X", Level.SOFT, (), lambda a: True, "m"),)),
            "the function of check X does not take nothing",
        ),
        (small(ask("a", proposed_by="b")), "a is proposed by b, which is no question"),
        (
            small(ask("a", reads=("b",), by=always), ask("b", reads=("a",), by=always)),
            "these answers are derived from each other",
        ),
    ],
)
def test_each_fault_is_named(form, fault):
    assert any(found.startswith(f"SMALL: {fault}") for found in form.faults()), form.faults()


def test_a_sound_form_has_no_fault_and_says_what_it_reads():
    group = rows(
        "g", ask("n", shown_when=Is("participant.arm", "1")), ask("m", reads=("n", "DM.bsa"), by=always)
    )
    form = small(
        ask("a", shown_when=Is("visit.code", "CRE1")),
        ask("on", QuestionKind.DATE),
        groups=(group,),
        checks=(
            Check(
                "X1",
                Level.SOFT,
                ("n", "CRE*", "milestone.SURG"),
                always,
                "m",
                ("n",),
                each="g",
                when=Is("n", 1),
            ),
            Check("X2", Level.SOFT, ("g", "SMALL*", "setting.x"), always, "m", ("g",)),
        ),
        milestones=(Sets("SURG", "on"),),
    )
    assert form.faults() == []
    assert form.reads_forms == {"DM", "CRE", "ELIG", "SURV"}
    assert form.shown_context == ("participant.arm", "visit.code")
    assert {"today", "site.zone", "SMALL*", "setting.x", "DM.bsa"} <= form.foreign_reads
    assert "n" not in form.foreign_reads
    assert form.steps == ("g",)


@pytest.mark.parametrize(
    ("read", "code", "keyword"),
    [
        ("DM.weight", "DM", "dm_weight"),
        ("CRE*", "CRE", "cre_all"),
        ("FU*.img", "FU", "fu_all_img"),
        ("milestone.NEO_END", "", "milestone_neo_end"),
        ("today", "", "today"),
        ("weight", "", "weight"),
    ],
)
def test_reads_have_a_form_and_a_keyword(read, code, keyword):
    assert form_of(read) == code
    assert argument(read) == keyword


def test_a_code_list_knows_its_codes():
    assert "red" in COLOURS
    assert "green" not in COLOURS
    assert len(COLOURS) == 3
    assert COLOURS.only("FEW", "blue", "red").values == ("blue", "red")
    with pytest.raises(ValueError, match="COLOURS does not hold none"):
        CodeList("COLOURS", {"red": "red"}, exclusive=("none",))


PLAIN = "django.db.models."


@pytest.mark.parametrize(
    ("column", "plain", "kwargs"),
    [
        (IntegerAnswer("Q", unit="kg", soft=(1, 2), required=True), "IntegerField", {}),
        (DecimalAnswer("Q", places=2), "DecimalField", {"max_digits": 14, "decimal_places": 2}),
        (TextAnswer("Q", max_length=30), "CharField", {"max_length": 30}),
        (ChoiceAnswer("Q", codes=COLOURS), "CharField", {"max_length": 40}),
        (YesNoAnswer("Q"), "CharField", {"max_length": 40}),
        (YesNoUnknownAnswer("Q"), "CharField", {"max_length": 40}),
        (DateAnswer("Q", future_allowed=True), "DateField", {}),
        (PartialDateAnswer("Q"), "CharField", {"max_length": 10}),
        (DateTimeAnswer("Q"), "DateTimeField", {}),
        (DerivedBoolean("Q", reads=("a",), by=always), "BooleanField", {}),
        (DerivedInteger("Q", reads=("a",), by=always), "IntegerField", {}),
        (
            DerivedDecimal("Q", reads=("a",), by=always),
            "DecimalField",
            {"max_digits": 14, "decimal_places": 1},
        ),
        (DerivedText("Q", reads=("a",), by=always), "CharField", {"max_length": 40}),
        (DerivedDate("Q", reads=("a",), by=always), "DateField", {}),
    ],
)
def test_a_migration_sees_the_plain_column_only(column, plain, kwargs):
    column.set_attributes_from_name("q")
    name, path, args, found = column.deconstruct()
    assert path == PLAIN + plain
    assert (name, list(args), found) == ("q", [], {"null": True, "blank": True, **kwargs})
    assert type(column.clone()).__name__ == plain


def test_several_codes_are_an_array_of_texts():
    for column in (
        MultipleAnswer("Q", codes=COLOURS),
        DerivedMultiple("Q", reads=("a",), by=always, codes=COLOURS),
    ):
        assert column.deconstruct()[1] == "django.contrib.postgres.fields.ArrayField"
        assert column.clone().base_field.max_length == 40


def test_a_column_carries_its_question():
    column = DecimalAnswer("Weight", places=1, unit="kg", hard=(25, 200), sdtm="VSORRES")
    column.set_attributes_from_name("weight")
    question = question_of(column)
    assert question is not None
    assert (question.name, question.kind, question.unit, question.export) == (
        "weight",
        "decimal",
        "kg",
        "WEIGHT",
    )
    assert question_of(object()) is None
