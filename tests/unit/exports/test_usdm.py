"""The study definition holds what the published model asks for, and what the text of the protocol says.

``usdm4_classes.csv`` are the classes, attributes and cardinalities of USDM 4.0 (CDISC DDF-RA, dataStructure.yml), as
the models of the package usdm4 0.29.0 declare them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from crf import catalogue
from exports.usdm.m11 import TITLES, sections
from exports.usdm.study import study_definition
from protocol.loader.schema import Window
from protocol.text import load

CHAPTERS = ("1.1", "1.3", "2.2")
VERSION = "1.0"
PLAIN = {"str": str, "bool": bool, "float": float, "UUID": str, "date": str}
DURATION = re.compile(r"P\d+[DWM]")
# Numbers and headings of the template of ICH M11 as adopted on 19 November 2025, which may not be changed.
TEMPLATE = {
    "1.1": "Protocol Synopsis",
    "1.3": "Schedule of Activities",
    "3.1": "Primary Objective(s) and Associated Estimand(s)",
    "3.2": "Secondary Objective(s) and Associated Estimand(s)",
    "4.1": "Description of Trial Design",
    "4.3": "Trial Stopping Rules",
    "4.4": "Start of Trial and End of Trial",
    "5.1": "Description of Trial Population and Rationale",
    "5.2": "Inclusion Criteria",
    "5.3": "Exclusion Criteria",
    "6": "Trial Intervention and Concomitant Therapy",
    "7.2": "Participant Discontinuation or Withdrawal from the Trial",
    "8.3": "Efficacy Assessments and Procedures",
    "10.1": "General Considerations",
    "10.11": "Sample Size Determination",
}
Instance = dict[str, Any]


@cache
def classes() -> dict[str, dict[str, tuple[bool, str]]]:
    table: dict[str, dict[str, tuple[bool, str]]] = {}
    with Path(__file__).with_name("usdm4_classes.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            table.setdefault(row["CLASS"], {})[row["ATTRIBUTE"]] = row["REQUIRED"] == "Y", row["TYPE"]
    return table


@pytest.fixture(scope="module")
def definition() -> Instance:
    with override("en"):
        return study_definition(load(VERSION))


def instances(value: Any) -> Iterator[Instance]:
    if isinstance(value, dict):
        if "instanceType" in value:
            yield value
        for each in value.values():
            yield from instances(each)
    elif isinstance(value, list):
        for each in value:
            yield from instances(each)


def of(definition: Instance, kind: str) -> list[Instance]:
    return [each for each in instances(definition) if each["instanceType"] == kind]


def fits(value: Any, told: str) -> bool:
    if told.endswith("[]"):
        return isinstance(value, list) and all(fits(each, told.removesuffix("[]")) for each in value)
    if told.startswith("="):
        return bool(value == told.removeprefix("="))
    return any(
        isinstance(value, PLAIN[kind])
        if kind in PLAIN
        else isinstance(value, dict) and value["instanceType"] == kind
        for kind in told.split("|")
    )


def test_every_instance_is_as_its_class_is_published(definition: Instance) -> None:
    assert definition["usdmVersion"].startswith("4.0")
    every = list(instances(definition))
    assert len(every) > 1000
    for each in every:
        known = classes()[each["instanceType"]]
        assert each.keys() <= known.keys(), each["instanceType"]
        for name, (required, told) in known.items():
            value = each.get(name)
            assert not required or value is not None, (each["id"], name)
            assert value is None or fits(value, told), (each["id"], name, told)


def test_every_reference_leads_to_one_instance(definition: Instance) -> None:
    every = list(instances(definition))
    known = [each["id"] for each in every]
    assert len(known) == len(set(known))
    for each in every:
        for name, value in each.items():
            if name.endswith("Id") and value is not None:
                assert value in set(known), (each["id"], name)
            if name.endswith("Ids"):
                assert set(value) <= set(known), (each["id"], name)


def test_timelines_pass_every_visit_of_the_arm_once(definition: Instance) -> None:
    text = load(VERSION)
    timelines = {each["name"]: each for each in of(definition, "ScheduleTimeline")}
    assert timelines.keys() == {f"Arm {arm.code}" for arm in text.arms}
    assert [each["mainTimeline"] for each in timelines.values()].count(True) == 1
    encounters = {each["id"]: each for each in of(definition, "Encounter")}
    for arm in text.arms:
        timeline = timelines[f"Arm {arm.code}"]
        by_id = {each["id"]: each for each in timeline["instances"]}
        passed, here = [], timeline["entryId"]
        while here is not None:
            passed.append(here)
            here = by_id[here]["defaultConditionId"]
        assert passed == list(by_id)
        seen = [encounters[by_id[each]["encounterId"]] for each in passed if by_id[each]["encounterId"]]
        assert [each["label"] for each in seen] == [rule.name.en for rule in text.visits_for(arm.code)]
        exits = [by_id[each]["timelineExitId"] for each in passed]
        assert exits == [*[None] * (len(passed) - 1), timeline["exits"][0]["id"]]
        assert [each["name"] for each in seen] == [
            rule.code if rule.arms == ("1", "2") else f"{rule.code} (arm {arm.code})"
            for rule in text.visits_for(arm.code)
        ]
        timed = {each["relativeFromScheduledInstanceId"]: each for each in timeline["timings"]}
        assert timed.keys() == by_id.keys()
        at_visits = [timed[each] for each in passed if by_id[each]["encounterId"]]
        for timing, rule in zip(at_visits, text.visits_for(arm.code), strict=True):
            same_window(timing, rule.due.window)
        assert all(DURATION.fullmatch(each["value"]) for each in timeline["timings"])
    target = next(each for each in of(definition, "Timing") if each["name"].startswith("SCR"))
    assert (target["value"], target["type"]["decode"], target["valueLabel"]) == ("P14D", "Before", "-14 days")


def same_window(timing: Instance, window: Window) -> None:
    """A visit may be as far before and after its target as the text says, by whichever way it says it."""
    lower, upper = timing.get("windowLower"), timing.get("windowUpper")
    if window.before is not None or window.after is not None:
        before, after = window.before or 0, window.after or 0
        assert (lower, upper) == (f"P{before}D", f"P{after}D")
        assert timing["windowLabel"].startswith(f"{before} days before to {after} days after the target")
        return
    assert timing["windowLabel"].startswith(f"day {window.opens} to day {window.closes} from the anchor")
    if lower and upper:
        count, unit = re.fullmatch(r"P(\d+)([DW])", timing["value"]).groups()  # type: ignore[union-attr]
        day = int(count) * {"D": 1, "W": 7}[unit] * (-1 if timing["type"]["decode"] == "Before" else 1)
        first, last = day - int(lower[1:-1]), day + int(upper[1:-1])
        assert (first, last) == (window.opens, window.closes)
    else:
        assert "M" in timing["value"] or window.opens is None or window.closes is None


def test_the_definition_says_what_the_text_says(definition: Instance) -> None:
    text = load(VERSION)
    (design,) = of(definition, "InterventionalStudyDesign")
    assert [each["label"] for each in design["arms"]] == [arm.name.en for arm in text.arms]
    assert len(design["studyCells"]) == len(text.arms) * len(design["epochs"])
    population = design["population"]
    assert population["plannedEnrollmentNumber"]["value"] == text.fact("sample_size").value
    assert population["plannedAge"]["minValue"]["value"] == text.fact("age_min").value
    wordings = [each["text"] for each in of(definition, "EligibilityCriterionItem")]
    assert len(wordings) == len(text.criteria)
    for told, criterion in zip(wordings, text.criteria, strict=True):
        assert told.startswith(criterion.wording.en)
        assert ("not confirmed by the study team" in told) == (criterion.source != "published")
    concepts = {each["name"]: each for each in of(definition, "BiomedicalConcept")}
    assert concepts.keys() == catalogue.forms().keys()
    ecog = next(each for each in concepts["ELIG"]["properties"] if each["name"] == "ELIG.ecog")
    assert {each["code"]["code"] for each in ecog["responseCodes"]} >= {"0", "1"}
    primary = [each for each in design["objectives"] if each["level"]["code"] == "C85826"]
    assert [each["endpoints"][0]["text"] for each in primary] == ["3-year overall survival rate"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_sections_of_m11_are_filled_from_the_text(language: str) -> None:
    text = load(VERSION)
    told = {each.number: each for each in sections(text, language)}
    assert list(told) == list(TITLES)
    assert {number: title.en for number, title in TITLES.items()} == TEMPLATE
    criterion = next(each for each in text.criteria if each.kind == "exclusion")
    wording = criterion.wording.en if language == "en" else criterion.wording.zh
    assert wording.partition("'")[0] in told["5.3"].html
    assert str(text.fact("sample_size").value) in told["10.11"].html
    unknown = "Not published" if language == "en" else "未公布"
    assert unknown in told["4.3"].html
