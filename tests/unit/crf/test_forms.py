"""A submission as a whole: rows, controls, what stops a save, what counts as a correction."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict

from crf.engine.changes import changes
from crf.engine.checks import Check, Level
from crf.engine.conditions import Is
from crf.engine.evaluation import evaluate
from crf.engine.live import live
from crf.engine.questions import QuestionKind
from crf.engine.submission import SavedRows, parse, raw_of_post, review, row_id_at
from crf.engine.typed import raw_of
from tests.unit.crf.small import ask, rows, small

CHAPTERS = ("3.0",)

ZONE = "Asia/Shanghai"
NODES = rows("nodes", ask("examined", hard=(0, 150)), ask("positive"))
EIGHT = {"nodes": SavedRows({row_id_at("nodes", number): number for number in range(1, 9)}, frozenset({7}))}
FIXED = rows("doses", ask("number"), ask("mg"), starts_with=({"number": 1}, {"number": 2}), fixed=True)


def test_a_post_and_a_draft_are_read_alike():
    post = QueryDict("a=1&m=red&m=blue")
    assert raw_of_post(post) == {"a": ["1"], "m": ["red", "blue"]}
    assert raw_of_post({"a": 1, "m": ("red", "blue"), "n": None}) == {
        "a": ["1"],
        "m": ["red", "blue"],
        "n": [""],
    }


def test_rows_are_read_in_page_order_and_empty_new_rows_are_no_rows():
    form = small(groups=(NODES,))
    found = parse(
        form,
        {
            "nodes-2-examined": "3",
            "nodes-0-examined": "5",
            "nodes-0-position": "8",
            "nodes-1-examined": " ",
            "nodes-3-positive__why": "ND",
            "other-0-examined": "9",
        },
        zone=ZONE,
        saved=EIGHT,
    )
    assert [(row["position"], row["examined"]) for row in found.groups["nodes"]] == [
        (8, 5),
        (9, 3),
        (10, None),
    ]
    assert found.names["nodes.9.examined"] == "nodes-2-examined"


def test_a_new_row_never_takes_the_number_of_a_removed_one():
    found = parse(small(groups=(NODES,)), {"nodes-0-examined": "1"}, zone=ZONE, saved=EIGHT)
    assert found.groups["nodes"][0]["position"] == 9


def test_a_removed_row_is_named_by_its_position():
    data = {
        "nodes-0-position": "4",
        "nodes-0-examined": "5",
        "nodes-0-remove": "1",
        "nodes-1-examined": "6",
        "nodes-1-remove": "1",
    }
    found = parse(small(groups=(NODES,)), data, zone=ZONE)
    assert found.groups["nodes"] == []
    assert found.removed == {"nodes": [4]}


def test_a_group_holds_a_limited_number_of_rows():
    data = {f"nodes-{index}-examined": "1" for index in range(201)}
    found = review(small(groups=(NODES,)), data, context={}, zone=ZONE)
    assert found.errors == {"nodes": "Nodes can hold 200 rows. Remove some rows."}
    assert len(found.outcome.groups["nodes"]) == 200


def test_fixed_rows_exist_whether_the_page_sends_them_or_not():
    form = small(groups=(FIXED,))
    found = parse(form, {"doses-1-position": "2", "doses-1-number": "99", "doses-1-mg": "150"}, zone=ZONE)
    assert sorted((row["position"], row["number"]) for row in found.groups["doses"]) == [(1, 1), (2, 2)]
    raw = raw_of(
        form, values={}, groups={"doses": [{"position": 2, "number": 2, "mg": 5}]}, missing={}, zone=ZONE
    )
    assert raw["doses-0-position"] == ["1"]
    assert raw["doses-1-mg"] == ["5"]


def test_a_suggested_row_left_as_it_was_is_no_row():
    group = rows(
        "history",
        ask("term", QuestionKind.TEXT),
        ask("on", QuestionKind.CHOICE),
        starts_with=({"term": "stroke"},),
    )
    form = small(groups=(group,))
    raw = raw_of(form, values={}, groups={}, missing={}, zone=ZONE)
    assert raw == {"history-0-term": ["stroke"], "history-0-row_id": [row_id_at("history", 1)]}
    assert parse(form, raw, zone=ZONE).groups["history"] == []
    assert len(parse(form, {**raw, "history-0-on": ["Y"]}, zone=ZONE).groups["history"]) == 1


def test_the_controls_of_the_page():
    found = parse(
        small(ask("a")),
        {
            "_reason": " typing error ",
            "_version": "7",
            "_key": "k",
            "_confirm:a:soft": "seen in source",
            "_confirm:X1": " ",
            "_prompts": '[{"key": "a:soft", "name": "a", "value": "9"}, 5]',
        },
        zone=ZONE,
    )
    assert found.reason == "typing error"
    assert found.version == 7
    assert found.control("key") == "k"
    assert found.confirmations == {"a:soft": "seen in source"}
    assert found.prompts == [{"key": "a:soft", "name": "a", "value": "9"}]


@pytest.mark.parametrize("prompts", ["", "no json", "{}"])
def test_prompts_that_cannot_be_read_are_none(prompts):
    found = parse(small(), {"_prompts": prompts, "_version": "x"}, zone=ZONE)
    assert found.prompts == []
    assert found.version is None
    assert found.reason == ""


def test_what_cannot_be_read_stops_the_save_only_while_it_is_asked():
    form = small(ask("sex", QuestionKind.CHOICE), ask("weeks", shown_when=Is("sex", "Y")))
    assert review(form, {"sex": "N", "weeks": "abc"}, context={}, zone=ZONE).may_save
    stopped = review(form, {"sex": "Y", "weeks": "abc"}, context={}, zone=ZONE)
    assert not stopped.readable
    assert not stopped.may_save
    assert stopped.submission.raw["weeks"] == ["abc"]


def test_a_hard_finding_stops_the_save_and_a_soft_one_does_not():
    form = small(ask("weight", hard=(25, 200), soft=(38, 110)))
    assert not review(form, {"weight": "500"}, context={}, zone=ZONE).may_save
    assert review(form, {"weight": "120"}, context={}, zone=ZONE).may_save


def test_changes_name_old_and_new_and_corrections_ask_for_a_reason():
    form = small(ask("a"), ask("b"), ask("calc", reads=("a",), by=lambda a: a), groups=(NODES,))
    old = evaluate(
        form,
        values={"a": 1},
        groups={"nodes": [{"position": 1, "examined": 4}, {"position": 2, "examined": 9}]},
    )
    first = evaluate(
        form,
        values={"a": 1, "b": 2},
        groups={"nodes": [*old.groups["nodes"], {"position": 3, "examined": 1}]},
    )
    assert [(c.name, c.old, c.new, c.group, c.position) for c in changes(form, old, first)] == [
        ("b", None, 2, "", None),
        ("examined", None, 1, "nodes", 3),
    ]
    assert not any(change.corrects for change in changes(form, old, first))
    later = evaluate(form, values={"a": 5}, groups={"nodes": [{"position": 1, "examined": 4}]})
    assert [(c.name, c.new, c.position) for c in changes(form, old, later)] == [
        ("a", 5, None),
        ("examined", None, 2),
        ("removed", "Y", 2),
    ]
    assert any(change.corrects for change in changes(form, old, later))
    assert [c.name for c in changes(form, None, later)] == ["a", "examined"]
    assert not any(change.corrects for change in changes(form, None, later))


def test_a_missing_reason_given_up_for_an_answer_is_a_correction():
    form = small(ask("a"))
    old, new = evaluate(form, values={}, missing={"a": "NK"}), evaluate(form, values={"a": 3})
    assert [(c.old, c.new) for c in changes(form, old, new)] == [("(NK)", 3)]
    assert any(change.corrects for change in changes(form, old, new))


def test_the_page_is_told_what_follows_while_it_is_typed():
    group = rows("nodes", ask("n"), ask("twice", reads=("n",), by=lambda n: n * 2))
    form = small(
        ask("a", soft=(0, 5)),
        ask("on", QuestionKind.DATE),
        ask("double", reads=("a",), by=lambda a: a * 2),
        groups=(group,),
        checks=(
            Check("X1", Level.HARD, ("a",), lambda a: a != 9, "Nine is not possible. Check it.", ("a",)),
        ),
    )
    said = live(form, {"a": "9", "on": "x", "nodes-4-n": "3"}, context={"today": date(2026, 1, 1)}, zone=ZONE)
    assert said["derived"] == {"double": "18", "nodes-4-twice": "6"}
    assert said["raw"] == {"double": 18, "nodes-4-twice": 6}
    assert said["errors"] == {"on": "On must be a full date such as 2026-05-07."}
    assert [(f["key"], f["level"], f["name"]) for f in said["findings"]] == [
        ("a:soft", "soft", "a"),
        ("X1", "hard", "a"),
    ]
    assert said["findings"][1]["message"] == "Nine is not possible. Check it."
