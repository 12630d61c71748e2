"""The definitions of an ODM file against the declarations and the text: types, units, ranges, codes, schedule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override
from lxml import etree

from crf import catalogue
from crf.engine.conditions import Not
from crf.engine.questions import Classification, Question, QuestionKind
from exports.odm.elements import Elements, OdmVersion
from exports.odm.metadata import StudyMetadata
from protocol.text import load, versions

CHAPTERS = ("2.2", "3.0")
FORMS = list(catalogue.forms())
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
TYPES = {
    QuestionKind.INTEGER: "integer",
    QuestionKind.DECIMAL: "float",
    QuestionKind.TEXT: "text",
    QuestionKind.CHOICE: "text",
    QuestionKind.DATE: "date",
    QuestionKind.PARTIAL_DATE: "partialDate",
    QuestionKind.DATETIME: "datetime",
    QuestionKind.BOOLEAN: "boolean",
}
SCHEDULED = "Scheduled"


class Definitions:
    """The definitions of one version, by the kind and the OID of each element."""

    def __init__(self, version: OdmVersion) -> None:
        self.study = StudyMetadata(Elements(version), FORMS).element()
        self.by_oid: dict[tuple[str, str], Any] = {
            (etree.QName(each).localname, each.get("OID")): each
            for each in self.study.iter(etree.Element)
            if each.get("OID")
        }

    def named(self, name: str) -> list[Any]:
        return list(self.study.iter(f"{{*}}{name}"))


@pytest.fixture(scope="module")
def of_132() -> Definitions:
    return Definitions(OdmVersion.V132)


@pytest.fixture(scope="module")
def of_20() -> Definitions:
    return Definitions(OdmVersion.V20)


def children(element: Any, name: str) -> list[Any]:
    return [each for each in element if etree.QName(each).localname == name]


def texts(element: Any) -> dict[str, str]:
    return {each.get(LANGUAGE): each.text for each in element.iter("{*}TranslatedText")}


def in_both(text: Any) -> dict[str, str]:
    said = {}
    for name, tag in (("en", "en"), ("zh-hans", "zh-Hans")):
        with override(name):
            said[tag] = str(text)
    return said


def asked() -> Iterator[tuple[str, str, Question]]:
    """Every question whose answer leaves, with the OID of its item and of its item group."""
    for code, form in catalogue.forms().items():
        for section in form.sections:
            for name in section.fields:
                if name in form.questions:
                    question = form.questions[name]
                    yield f"IT.{code}.{question.export}", f"IG.{code}.{section.name}", question
                for question in form.groups[name].questions.values() if name in form.groups else ():
                    yield f"IT.{code}.{name}.{question.export}", f"IG.{code}.{name}", question


def items_of_one() -> Iterator[tuple[str, str, Question]]:
    yield from (
        each
        for each in asked()
        if each[2].kind != QuestionKind.MULTIPLE and each[2].classification != Classification.IDENTIFYING
    )


def test_an_item_has_type_unit_and_ranges_of_its_question(of_132: Definitions) -> None:
    symbols = {oid: texts(each) for (kind, oid), each in of_132.by_oid.items() if kind == "MeasurementUnit"}
    ranged = 0
    for oid, _group, question in items_of_one():
        item = of_132.by_oid["ItemDef", oid]
        assert item.get("DataType") == TYPES[question.kind], oid
        assert item.get("Origin") == ("Derived" if question.derived else "CRF"), oid
        units = [symbols[each.get("MeasurementUnitOID")] for each in children(item, "MeasurementUnitRef")]
        assert units == ([in_both(question.unit)] if str(question.unit) else []), oid
        wanted = [
            (hardness, comparator, float(limit))
            for hardness, bounds in (("Soft", question.soft), ("Hard", question.hard))
            for comparator, limit in zip(("GE", "LE"), bounds or (), strict=False)
            if limit is not None
        ]
        ranged += len(wanted)
        assert [
            (each.get("SoftHard"), each.get("Comparator"), float(children(each, "CheckValue")[0].text))
            for each in children(item, "RangeCheck")
        ] == wanted, oid
        assert texts(children(item, "Question")[0]) == in_both(question.text), oid
    assert ranged > 200
    (lowest, *_others) = children(of_132.by_oid["ItemDef", "IT.DM.PACK_Y"], "RangeCheck")
    assert texts(children(lowest, "ErrorMessage")[0])["en"] == "Expected: 0 to 100"


def test_a_code_list_has_the_codes_of_its_question_in_both_languages(of_132: Definitions) -> None:
    compared = 0
    for oid, _group, question in items_of_one():
        references = children(of_132.by_oid["ItemDef", oid], "CodeListRef")
        assert bool(references) == bool(question.codes), oid
        if question.codes:
            listed = of_132.by_oid["CodeList", references[0].get("CodeListOID")]
            told = {each.get("CodedValue"): texts(each) for each in children(listed, "CodeListItem")}
            assert set(question.codes.values) <= told.keys(), oid
            for code in question.codes.values:
                assert told[code] == in_both(question.codes.labels[code]), (oid, code)
            compared += 1
    assert compared > 100
    choice = of_132.by_oid["ItemDef", "IT.DM.CCI_ITEMS__RENAL"]
    assert (choice.get("DataType"), children(choice, "CodeListRef")[0].get("CodeListOID")) == (
        *("integer",),
        "CL.CHOSEN",
    )


def test_what_is_asked_under_a_condition_is_excepted_while_it_does_not_hold(of_132: Definitions) -> None:
    references = {
        (each.getparent().get("OID"), each.get("ItemOID")): each for each in of_132.named("ItemRef")
    }
    sections = {each.get("ItemGroupOID"): each for each in of_132.named("ItemGroupRef")}
    shown = {
        f"IG.{code}.{part.name}": part.shown_when
        for code, form in catalogue.forms().items()
        for part in (*form.sections, *form.groups.values())
    }
    for oid, each in sections.items():
        assert rule_of(of_132, each) == (Not(shown[oid]).as_json() if shown[oid] else None), oid
    for oid, group, question in items_of_one():
        own = question.shown_when if question.shown_when != shown[group] else None
        reference = references[group, oid]
        assert rule_of(of_132, reference) == (Not(own).as_json() if own else None), oid
        assert (reference.get("Mandatory") == "Yes") == bool(question.required), oid
        assert bool(reference.get("MethodOID")) == question.derived, oid
    stopped = next(each for (_group, oid), each in references.items() if oid == "IT.DM.QUIT_Y")
    assert rule_of(of_132, stopped) == ["not", ["is", "smoke", ["former"]]]
    condition = of_132.by_oid["ConditionDef", stopped.get("CollectionExceptionConditionOID")]
    smoking = catalogue.form("DM").questions["smoke"]
    assert texts(condition) == {
        "en": f"Not collected unless: “{in_both(smoking.text)['en']}” = former",
        "zh-Hans": f"仅在以下条件成立时收集：“{in_both(smoking.text)['zh-Hans']}” = "
        f"{in_both(smoking.codes.labels['former'])['zh-Hans'] if smoking.codes else ''}",
    }


def rule_of(definitions: Definitions, reference: Any) -> Any:
    """The rule of the exception under which a reference is left out; None where there is none."""
    oid = reference.get("CollectionExceptionConditionOID")
    if oid is None:
        return None
    (rule,) = definitions.by_oid["ConditionDef", oid].iter("{*}FormalExpression")
    return json.loads(rule.text if len(rule) == 0 else rule[0].text)


def test_the_schedule_is_that_of_the_text_with_what_one_arm_alone_has(of_132: Definitions) -> None:
    text = load(versions()[-1])
    events = {
        oid.removeprefix("SE."): each
        for (kind, oid), each in of_132.by_oid.items()
        if kind == "StudyEventDef"
    }
    excepted = {
        each.get("StudyEventOID").removeprefix("SE."): rule_of(of_132, each)
        for each in of_132.named("StudyEventRef")
    }
    codes = dict.fromkeys(rule.code for rule in text.visits)
    assert set(codes) <= events.keys()
    for code in codes:
        rules = [rule for rule in text.visits if rule.code == code]
        arms = {arm for rule in rules for arm in rule.arms}
        wanted = ["not", ["is", "participant.arm", sorted(arms)]] if len(arms) == 1 else None
        assert excepted[code] == wanted, code
        due = {
            each.get("FormOID").removeprefix("F.")
            for each in children(events[code], "FormRef")
            if each.get("Mandatory") == "Yes"
        }
        assert due == {form for rule in rules for form in rule.form_codes}, code
        assert (events[code].get("Type"), events[code].get("Repeating")) == (
            SCHEDULED,
            "Yes" if any(rule.every_months for rule in rules) else "No",
        )
    assert {rule[1][2][0] for rule in excepted.values() if rule} == {"1", "2"}


def test_version_20_says_the_same_in_its_own_way(of_132: Definitions, of_20: Definitions) -> None:
    assert {oid for kind, oid in of_20.by_oid if kind == "ItemDef"} == {
        oid for kind, oid in of_132.by_oid if kind == "ItemDef"
    }
    groups = {
        each.get("OID"): (each.get("ArmOID"), [ref.get("StudyEventOID") for ref in each])
        for each in of_20.named("StudyEventGroupDef")
    }
    alone = {
        arm: [
            each.get("StudyEventOID")
            for each in of_132.named("StudyEventRef")
            if each.get("CollectionExceptionConditionOID") == f"COND.ARM.{arm}"
        ]
        for arm in ("1", "2")
    }
    assert {name: groups[name] for name in ("SEG.ARM.1", "SEG.ARM.2")} == {
        f"SEG.ARM.{arm}": (f"ARM.{arm}", events) for arm, events in alone.items()
    }
    for oid, _group, question in items_of_one():
        item = of_20.by_oid["ItemDef", oid]
        decimal = {"float": "decimal"}
        assert item.get("DataType") == decimal.get(TYPES[question.kind], TYPES[question.kind]), oid
        units = [each.get("Name") for each in children(item, "Alias") if each.get("Context") == "UNIT"]
        assert units == ([in_both(question.unit)["en"]] if str(question.unit) else []), oid
