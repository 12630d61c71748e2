"""One table of cases is judged by the server here, and by the browser in tests/js/conditions.test.js."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crf.engine.conditions import All, Answered, Any_, Condition, Has, Is, Not, Over, Same, Under, canonical

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("conditions.json").read_text())


def built(said: list[Any]) -> Condition:
    word, *rest = said
    if word in ("all", "any"):
        return (All if word == "all" else Any_)(*[built(part) for part in rest[0]])
    if word == "not":
        return Not(built(rest[0]))
    if word in ("is", "has"):
        return (Is if word == "is" else Has)(rest[0], *rest[1])
    return {"answered": Answered, "over": Over, "under": Under, "same": Same}[word](*rest)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['condition']}-{case['answers']}")
def test_the_server_judges_each_case(case):
    condition = built(case["condition"])
    assert condition.holds(case["answers"].get) is case["holds"]
    assert condition.as_json() == case["condition"]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("4.10"), 4.1),
        (date(2026, 5, 7), "2026-05-07"),
        (("a", "b"), ["a", "b"]),
        ([], None),
        ("", None),
        (0, 0),
        (False, False),
        (None, None),
    ],
)
def test_answers_are_compared_as_json_knows_them(value, plain):
    assert canonical(value) == plain
    assert type(canonical(value)) is type(plain)


def test_a_condition_names_every_answer_it_looks_at():
    condition = All(
        Is("a", 1), Any_(Has("b", "x"), Not(Over("c", 1))), Same("d", "e"), Under("f", 2), Answered("g")
    )
    assert list(condition.names()) == ["a", "b", "c", "d", "e", "f", "g"]


def test_other_values_are_compared_as_text():
    assert canonical(Path("x")) == "x"
