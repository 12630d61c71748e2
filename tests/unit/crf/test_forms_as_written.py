"""A form is read from its class top down: what stands below a section belongs to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test.utils import isolate_apps

from crf.engine.base import CrfGroupRow, CrfRecord, declaration_of, parent
from crf.engine.conditions import Is
from crf.engine.declaration import DeclarationError, FormDeclaration, Repeats, combine_forms
from crf.engine.evaluation import evaluate
from crf.engine.fields import (
    DateAnswer,
    DerivedInteger,
    IntegerAnswer,
    RepeatingGroup,
    Section,
    YesNoAnswer,
)
from crf.engine.questions import AnswerRole
from tests.unit.crf.small import ask, rows, small

SMOKES = Is("smokes", "Y")


@pytest.fixture
def habits() -> FormDeclaration:
    with isolate_apps("crf"):

        class Habits(CrfRecord):
            years = DerivedInteger("Years", reads=("packs",), by=lambda packs: packs)

            visit_ = Section("Visit")
            on = DateAnswer("Date", required=True)
            smokes = YesNoAnswer("Smokes", required=True)
            tobacco = Section("Tobacco", shown_when=SMOKES, help="Only of smokers.", quick=True)
            packs = IntegerAnswer("Packs", required=True)
            brands = RepeatingGroup("Brands", help="The usual ones.")
            stopped = YesNoAnswer("Stopped")
            stopped_on = DateAnswer("Stopped on", asked_when=Is("stopped", "Y"))

            class Meta(CrfRecord.Meta):
                app_label = "crf"

            class Crf:
                code, title, version, repeats = "HAB", "Habits", 1, Repeats.PER_VISIT
                listed = ("on",)

        class HabitsBrand(CrfGroupRow):
            record = parent(Habits, "brands")
            size = IntegerAnswer("Size", asked_when=SMOKES)

            class Meta(CrfGroupRow.Meta):
                app_label = "crf"

        return declaration_of(Habits)


def test_what_stands_below_a_section_belongs_to_it_groups_included(habits):
    assert [(section.name, section.fields) for section in habits.sections] == [
        ("visit", ("on", "smokes")),
        ("tobacco", ("packs", "brands", "stopped", "stopped_on")),
    ]
    assert habits.sections[1].quick
    assert habits.sections[1].help == "Only of smokers."
    assert habits.faults() == []


def test_an_answer_computed_above_the_first_section_is_on_no_page(habits):
    assert "years" in habits.questions
    assert "years" not in habits.placed


def test_a_group_says_on_the_form_what_it_is_and_has_its_columns_in_its_class(habits):
    brands = habits.groups["brands"]
    assert (brands.title, brands.help) == ("Brands", "The usual ones.")
    assert list(brands.questions) == ["size"]
    assert brands.model.__name__ == "HabitsBrand"


def test_the_condition_of_a_section_is_inherited(habits):
    packs, stopped = habits.questions["packs"], habits.questions["stopped"]
    assert (packs.shown_when, packs.required_when, packs.required) == (SMOKES, SMOKES, False)
    assert (stopped.shown_when, stopped.required_when) == (SMOKES, None)
    assert habits.groups["brands"].shown_when == SMOKES
    assert habits.questions["on"].shown_when is None


@pytest.mark.parametrize(("smokes", "required"), [("Y", True), ("N", False)])
def test_a_required_question_of_such_a_section_is_required_only_with_it(habits, smokes, required):
    assert ("packs" in evaluate(habits, values={"smokes": smokes}).required) is required


def test_asked_when_means_shown_and_required(habits):
    stopped_on, size = habits.questions["stopped_on"], habits.groups["brands"].questions["size"]
    assert stopped_on.shown_when == stopped_on.required_when == Is("stopped", "Y")
    assert size.shown_when == size.required_when == SMOKES


@pytest.mark.parametrize("besides", ["shown_when", "required_when"])
def test_asked_when_stands_alone(besides):
    said: dict[str, Any] = {"asked_when": Is("b", 1), besides: Is("b", 2)}
    fault = "says asked_when, and when it is shown or required besides"
    assert f"SMALL: a {fault}" in small(ask("a", **said), ask("b")).faults()
    assert f"SMALL: g {fault}" in small(ask("b"), groups=(rows("g", ask("n"), **said),)).faults()
    assert small(ask("a", asked_when=Is("b", 1)), ask("b")).faults() == []


def _faults_of(*, section: bool, group: bool, row: str) -> list[str]:
    with isolate_apps("crf"):
        body: dict[str, Any] = {"first": IntegerAnswer("First")}
        if section:
            body["only"] = Section("Only")
        if group:
            body["lines"] = RepeatingGroup("Lines")
        crf = {"code": "BAD", "title": "Bad", "version": 1, "repeats": Repeats.LOG}
        meta = type("Meta", (CrfRecord.Meta,), {"app_label": "crf"})
        names = {"__module__": __name__, "Meta": meta, "Crf": type("Crf", (), crf)}
        form = type("Bad", (CrfRecord,), {**names, **body})
        meta = type("Meta", (CrfGroupRow.Meta,), {"app_label": "crf"})
        type("BadRow", (CrfGroupRow,), {"__module__": __name__, "Meta": meta, "record": parent(form, row)})
        return declaration_of(form).faults()


def test_what_stands_above_the_first_section_is_named():
    assert "BAD: first stands in no section" in _faults_of(section=True, group=True, row="lines")


def test_a_group_that_the_form_does_not_place_is_named():
    assert "BAD: group lines stands in no section" in _faults_of(section=True, group=False, row="lines")


def test_a_place_for_a_group_without_a_class_is_named():
    found = _faults_of(section=True, group=True, row="others")
    assert "BAD: section only names lines, which is no question or group" in found
    assert "BAD: group others stands in no section" in found


def test_columns_leave_in_the_order_of_the_form_unless_they_say_otherwise():
    form = small(
        ask("a"),
        ask("b", exported_after="d"),
        ask("c", exported_after="keys"),
        ask("d"),
        ask("e", exported_after="b"),
    )
    assert [question.name for question in form.exported] == ["c", "a", "d", "b", "e"]
    assert form.faults() == []


def test_a_column_that_follows_nothing_is_named():
    form = small(ask("a", exported_after="b"), ask("b", exported_after="a"), ask("c", exported_after="x"))
    assert [fault for fault in form.faults() if "exported" in fault] == [
        "SMALL: a is exported after b, and nothing says where that is",
        "SMALL: b is exported after a, and nothing says where that is",
        "SMALL: c is exported after x, and nothing says where that is",
    ]


def test_the_day_of_a_record_is_its_first_date_or_the_one_it_names():
    days = (ask("a"), ask("on", kind="date"), ask("then", kind="date"))
    assert small(*days).day_question == "on"
    assert small(*days, dated_by="then").day_question == "then"
    assert (
        "SMALL: a record is dated by a, which is no question for a day" in small(*days, dated_by="a").faults()
    )


def test_each_form_is_told_where_birth_and_death_are_answered():
    born = small(ask("birth", kind="date", role=AnswerRole.BIRTH), code="ONE")
    plain = small(ask("on", kind="date"), code="TWO")
    forms = combine_forms([born, plain])
    assert forms["TWO"].life == {AnswerRole.BIRTH: "ONE.birth"}
    assert "ONE.birth" in forms["TWO"].foreign_reads
    assert forms["ONE"].roles == {AnswerRole.BIRTH: "birth"}


def test_two_answers_cannot_both_say_the_birth():
    twins = [small(ask("birth", kind="date", role=AnswerRole.BIRTH), code=code) for code in ("ONE", "TWO")]
    with pytest.raises(DeclarationError, match=r"ONE\.birth and TWO\.birth both say the birth"):
        combine_forms(twins)


def test_a_trial_with_a_form_that_contradicts_itself_is_refused():
    with pytest.raises(DeclarationError, match="SMALL: a stands in no section"):
        combine_forms([small(ask("a"), sections=())])
