"""Issue point 6: tables, sections, codes and ranges have versions as questions have (protocol 2.2; ADR 39)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crf.engine.checks import Check, Level
from crf.engine.codebook import codebook
from crf.engine.codelists import CodeList
from crf.engine.conditions import Is
from crf.engine.declaration import FormDeclaration, FormSection
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.messages import finding_text
from crf.engine.questions import QuestionKind
from crf.engine.validation_plan import validation_plan
from crf.engine.versions import BEGUN_UNDER, bound, changes_of, has_versions, versioned, worded
from tests.unit.crf.small import YN, ask, rows, small

CHAPTERS = ("2.2",)
ROUTES = CodeList(
    "ROUTES",
    {"oral": "By mouth", "tube": "By tube", "drip": "By drip"},
    since={"drip": "1.1"},
    until={"tube": "1.1"},
    formerly={"oral": {"1.1": "Swallowed"}},
)


@pytest.fixture(scope="module")
def form() -> FormDeclaration:
    columns = versioned(
        {
            "size": ask("size", formerly={"1.1": "Width"}),
            "depth": ask("depth", since="1.1", required=True),
            "colour": ask("colour", until="1.1"),
        }
    )
    questions = (
        ask("fed", QuestionKind.CHOICE, codes=ROUTES),
        ask("routes", QuestionKind.MULTIPLE, codes=ROUTES),
        ask(
            "pulse",
            hard=(20, 250),
            soft=(50, 120),
            hard_formerly={"1.1": (40, 200)},
            soft_formerly={"1.1": None},
        ),
        ask("late", asked_when=Is("fed", "oral"), since="1.1"),
        ask("extra", QuestionKind.CHOICE, codes=YN, required=True),
    )
    added = bound(rows("added", ask("height", required=True), since="1.1", required_when=Is("fed", "oral")))
    bites = replace(rows("bites"), title="Bites", formerly={"1.1": "Samples"}, questions=columns)
    sections = (
        FormSection("first", "First", ("fed", "routes", "pulse", "late", "bites")),
        bound(FormSection("second", "Second", ("extra", "added"), since="1.1", formerly={"1.2": "Then"})),
    )
    odd = Check(
        "X1", Level.SOFT, ("pulse",), lambda pulse: pulse != 61, "Odd: %(pulse)s", formerly={"1.1": "Low"}
    )
    made = small(*versioned({each.name: each for each in questions}).values(), groups=(bites, added))
    made = replace(
        made, sections=sections, checks=(odd,), title="Bites taken", formerly={"1.1": "Samples taken"}
    )
    return replace(made, reworded=has_versions(made))


def judged(form: FormDeclaration, version: str, **values: Any) -> Evaluation:
    groups = {"bites": [values.pop("bite")]} if "bite" in values else {}
    context = dict.fromkeys(form.foreign_reads) | {BEGUN_UNDER: version}
    return evaluate(worded(form, version), values=values, groups=groups, context=context)


def test_point_06_the_declaration_holds_together(form: FormDeclaration) -> None:
    assert form.faults() == []
    assert form.reworded
    unchanged = small(ask("a"))
    assert worded(unchanged, "1.0") is unchanged


def test_point_06_each_version_has_its_words_codes_and_ranges(form: FormDeclaration) -> None:
    before, after = worded(form, "1.0"), worded(form, "1.1")
    for name in ("fed", "routes"):
        assert [dict(each.questions[name].codes.labels) for each in (before, after)] == [  # type: ignore[union-attr]
            {"oral": "Swallowed", "tube": "By tube"},
            {"oral": "By mouth", "drip": "By drip"},
        ]
    assert [each.questions["pulse"].hard for each in (before, after)] == [(40, 200), (20, 250)]
    assert [each.questions["pulse"].soft for each in (before, after)] == [None, (50, 120)]
    assert [str(each.groups["bites"].title) for each in (before, after)] == ["Samples", "Bites"]
    assert [str(each.groups["bites"].questions["size"].text) for each in (before, after)] == ["Width", "Size"]
    assert [worded(form, each).sections[1].title for each in ("1.1", "1.2")] == ["Then", "Second"]


@pytest.mark.parametrize(
    ("version", "values", "found"),
    [
        ("1.0", {"fed": "tube", "routes": ["oral", "tube"], "pulse": 45}, []),
        ("1.0", {"fed": "drip"}, ["fed:offered"]),
        ("1.0", {"routes": ["oral", "drip"]}, ["routes:offered"]),
        ("1.0", {"pulse": 30}, ["pulse:hard"]),
        ("1.0", {"bite": {"size": 3}}, []),
        ("1.0", {"fed": "oral"}, []),
        ("1.1", {"extra": "Y", "fed": "drip", "routes": ["drip"]}, []),
        ("1.1", {"extra": "Y", "fed": "tube"}, ["fed:offered"]),
        ("1.1", {"extra": "Y", "routes": ["tube"]}, ["routes:offered"]),
        ("1.1", {"extra": "Y", "pulse": 30}, ["pulse:soft"]),
        ("1.1", {"extra": "Y", "bite": {"size": 3}}, ["bites.1.depth:required"]),
        ("1.1", {"extra": "Y", "fed": "oral", "late": 1}, ["added:required"]),
        ("1.1", {}, ["extra:required"]),
    ],
)
def test_point_06_an_answer_is_judged_by_the_version_of_its_record(
    form: FormDeclaration, version: str, values: dict[str, Any], found: list[str]
) -> None:
    assert [finding.key for finding in judged(form, version, **values).findings] == found


def test_point_06_title_and_messages_of_checks_are_those_of_the_version(form: FormDeclaration) -> None:
    before, after = worded(form, "1.0"), worded(form, "1.1")
    assert (str(before.title), str(after.title)) == ("Samples taken", "Bites taken")
    said = [
        finding_text(each, finding, zone="UTC")
        for version, each, extra in (("1.0", before, None), ("1.1", after, "Y"))
        for finding in judged(form, version, pulse=61, extra=extra).findings
    ]
    assert said == ["Low", "Odd: 61"]
    plan = validation_plan([form])
    assert "| Odd: %(pulse)s Before version 1.1: “Low”. |" in plan
    assert "Before version 1.1: “Samples taken”." in plan


@pytest.mark.parametrize("changes", [{"formerly": {"1.1": "Former"}}, {"checks": "X1"}])
def test_point_06_a_title_or_a_message_alone_makes_a_form_one_of_versions(
    form: FormDeclaration, changes: dict[str, Any]
) -> None:
    changed = changes | ({"checks": form.checks} if "checks" in changes else {})
    assert has_versions(replace(small(ask("pulse")), **changed))
    assert not has_versions(small(ask("pulse")))


def test_point_06_what_a_version_does_not_ask_is_not_kept(form: FormDeclaration) -> None:
    said = {"bite": {"size": 3, "depth": 2, "colour": 1}, "extra": "Y"}
    assert judged(form, "1.0", **said).cleared == ("bites.1.depth", "extra")
    assert judged(form, "1.1", **said).cleared == ("bites.1.colour",)


def test_point_06_the_codebook_tells_all_of_it(form: FormDeclaration) -> None:
    said = {variable.name: variable.help for variable in codebook(form)}
    assert said["fed"] == (
        "oral: Before version 1.1: “Swallowed”. tube is not offered from version 1.1 on."
        " drip is offered from version 1.1 on."
    )
    assert said["pulse"] == "Possible before version 1.1: 40 to 200. Usual before version 1.1: anything."
    assert said["size"] == "Before version 1.1: “Width”. Before version 1.1: “Samples”."
    assert said["height"] == "Asked of records begun under version 1.1 or later."


def test_point_06_what_a_version_changes_is_named(form: FormDeclaration) -> None:
    changes = {
        (each.place, each.aspect): (each.kind, each.before, each.after)
        for each in changes_of(form, "1.0", "1.1")
    }
    assert changes == {
        ("SMALL", "title"): ("changed", "Samples taken", "Bites taken"),
        ("X1", "message"): ("changed", "Low", "Odd: %(pulse)s"),
        ("second", "heading"): ("added", None, "Then"),
        ("LATE", "words"): ("added", None, "Late"),
        ("FED = oral", "code"): ("changed", "Swallowed", "By mouth"),
        ("FED = tube", "code"): ("removed", "By tube", None),
        ("FED = drip", "code"): ("added", None, "By drip"),
        ("ROUTES = oral", "code"): ("changed", "Swallowed", "By mouth"),
        ("ROUTES = tube", "code"): ("removed", "By tube", None),
        ("ROUTES = drip", "code"): ("added", None, "By drip"),
        ("PULSE", "range"): ("changed", "", "50 to 120"),
        ("bites", "heading"): ("changed", "Samples", "Bites"),
        ("bites.SIZE", "words"): ("changed", "Width", "Size"),
        ("bites.DEPTH", "words"): ("added", None, "Depth"),
        ("bites.COLOUR", "words"): ("removed", "Colour", None),
        ("added", "heading"): ("added", None, "Added"),
    }
