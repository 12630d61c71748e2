"""The page of a form: everything typed stays, what is wrong is beside its question (architecture 6, 10)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.template.loader import render_to_string

from crf import catalogue
from crf.engine.checks import Check, Level
from crf.engine.conditions import Is
from crf.engine.questions import QuestionKind
from crf.engine.submission import review
from crf.engine.typed import raw_of
from crf.page.balloons import AskedAt
from crf.page.form_page import Links, PageInput, given_of_review
from crf.page.render import page
from tests.unit.crf.judging import text_values
from tests.unit.crf.small import ask, rows, small

ZONE = "Asia/Shanghai"

LINKS = Links(
    save="/save", draft="/draft", derive="/derive", discard="/discard", history="/history", back="/back"
)


def drawn(form, data, *, context=None, **rest):
    found = review(form, data, context=context or {}, zone=ZONE)
    rest = {"links": LINKS, "zone": ZONE, "version": 0} | rest
    return render_to_string(
        "crf/partials/form_body.html", {"page": page(form, given_of_review(found, **rest))}
    )


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def tags(html, name=""):
    parser = _Tags()
    parser.feed(html)
    return [attrs for tag, attrs in parser.tags if not name or tag == name]


def field(html, name):
    return next(attrs for attrs in tags(html) if attrs.get("name") == name)


def test_what_was_typed_is_shown_again_with_its_sentence():
    form = small(ask("weight", QuestionKind.DECIMAL, places=1, hard=(25, 200), unit="kg"))
    html = drawn(form, {"weight": "70,5<b>"}, announce=True)
    assert field(html, "weight")["value"] == "70,5<b>"
    assert field(html, "weight")["aria-invalid"] == "true"
    assert html.count("Weight must be a number between 25 and 200 kg.") == 2
    assert 'href="#id-weight"' in html
    assert "<b>" not in html


def test_units_ranges_and_help_describe_the_field():
    form = small(
        ask(
            "w",
            hard=(25, 200),
            soft=(38, 110),
            unit="kg",
            help="Without shoes.",
            definition="In the morning.",
        )
    )
    html = drawn(form, {})
    assert "Without shoes. · usual: 38 to 110 kg · possible: 25 to 200 kg" in html
    assert field(html, "w")["aria-describedby"] == "hint-w note-w"
    assert "In the morning." in html


@pytest.mark.parametrize(
    ("link", "address"), [("/history", "/history?field=w"), ("/history?visit=3", "/history?visit=3&field=w")]
)
def test_each_answer_leads_to_its_own_history(link, address):
    html = drawn(small(ask("w")), {}, links=Links(history=link))
    assert [attrs["href"] for attrs in tags(html, "a") if attrs.get("class") == "p3-history"] == [address]


def test_few_codes_are_radio_buttons_and_many_a_list():
    from crf.engine.codelists import CodeList

    many = CodeList("MANY", {str(number): f"n{number}" for number in range(8)})
    form = small(
        ask("few", QuestionKind.CHOICE),
        ask("many", QuestionKind.CHOICE, codes=many),
        ask("ticks", QuestionKind.MULTIPLE),
    )
    html = drawn(form, {"few": "N", "many": "3", "ticks": ["red", "blue"]})
    radios = [attrs for attrs in tags(html, "input") if attrs.get("name") == "few"]
    assert [(attrs["value"], "checked" in attrs) for attrs in radios] == [
        ("Y", False),
        ("N", True),
        ("", False),
    ]
    assert [attrs["value"] for attrs in tags(html, "option") if "selected" in attrs] == ["3"]
    ticked = [
        attrs["value"] for attrs in tags(html, "input") if attrs.get("name") == "ticks" and "checked" in attrs
    ]
    assert ticked == ["red", "blue"]
    assert any(attrs.get("data-alone") == "none" for attrs in tags(html))


def test_an_unanswered_choice_says_so():
    html = drawn(small(ask("few", QuestionKind.CHOICE)), {})
    assert [
        attrs["value"] for attrs in tags(html, "input") if attrs.get("name") == "few" and "checked" in attrs
    ] == [""]


def test_long_texts_have_an_area_and_dates_say_their_form():
    html = drawn(
        small(ask("t", QuestionKind.TEXT, max_length=500, lines=4), ask("d", QuestionKind.DATE)),
        {"t": "a\nb", "d": "x"},
    )
    assert ">a\nb</textarea>" in html
    assert field(html, "d")["placeholder"] == "YYYY-MM-DD"


def test_the_reason_for_a_missing_answer_stays_chosen():
    html = drawn(small(ask("a"), ask("b", missing_allowed=())), {"a__why": "NK"})
    assert [attrs["value"] for attrs in tags(html, "option") if "selected" in attrs] == ["NK"]
    assert "is-missing" in html
    assert not any(attrs.get("name") == "b__why" for attrs in tags(html))


def test_hidden_questions_carry_their_condition_for_the_browser():
    form = small(ask("a", QuestionKind.CHOICE), ask("b", shown_when=Is("a", "Y"), required_when=Is("a", "Y")))
    hidden = next(attrs for attrs in tags(drawn(form, {})) if attrs.get("id") == "q-b")
    assert "hidden" in hidden
    assert hidden["data-show"] == '["is", "a", ["Y"]]'
    shown = next(attrs for attrs in tags(drawn(form, {"a": "Y"})) if attrs.get("id") == "q-b")
    assert "hidden" not in shown
    assert "is-required" in shown["class"]


def test_cleared_answers_are_told_and_unanswered_ones_listed():
    form = small(ask("a", QuestionKind.CHOICE), ask("b", shown_when=Is("a", "Y")), ask("c", required=True))
    html = drawn(form, {"a": "N", "b": "5"})
    assert "Answers to questions that are no longer asked are left out" in html
    assert "1 required answer is missing" in html
    assert '<a href="#id-c">C</a>' in html


def test_derived_answers_are_shown_and_given_to_the_browser():
    form = small(
        ask("a"),
        ask("calc", QuestionKind.DECIMAL, places=1, reads=("a",), by=lambda a: Decimal(a) / 4, unit="m2"),
        show_derived=True,
    )
    html = drawn(form, {"a": "5"})
    output = tags(html, "output")[0]
    assert (output["data-derived"], output["data-raw"]) == ("calc", "1.3")
    assert ">1.3</output>" in html


def test_soft_findings_take_a_reason_and_hard_ones_do_not():
    form = small(ask("w", hard=(25, 200), soft=(38, 110)))
    soft = drawn(form, {"w": "120", "_confirm:w:soft": "seen"})
    assert field(soft, "_confirm:w:soft")["value"] == "seen"
    assert "_confirm:w" not in drawn(form, {"w": "300"})


def test_a_finding_at_no_question_stands_on_top_of_the_form():
    check = Check(
        "X043", Level.HARD, ("SURG.done",), lambda **_: False, "A specimen needs a resection.", blanks=True
    )
    html = drawn(small(ask("a"), checks=(check,)), {}, announce=True)
    assert html.count("A specimen needs a resection.") == 2
    assert "data-loose-notes" in html


def test_a_finding_is_shown_at_each_of_its_questions_and_asks_once_for_its_reason():
    check = Check(
        "X045", Level.SOFT, ("a", "b"), lambda **_: False, "A and b disagree. Check both.", ("a", "b")
    )
    html = drawn(small(ask("a"), ask("b"), checks=(check,)), {"a": "1", "b": "2"})
    assert html.count("A and b disagree. Check both.") == 2
    assert html.count('name="_confirm:X045"') == 1


def test_rows_of_a_narrow_group_are_a_table_with_one_blank_row():
    group = rows(
        "nodes",
        ask("examined", required=True),
        ask("site", QuestionKind.CHOICE),
        ask("t", QuestionKind.TEXT, lines=3),
    )
    form = small(groups=(group,))
    html = drawn(
        form, {"nodes-0-position": "3", "nodes-0-examined": "x", "nodes-4-examined": "5"}, announce=True
    )
    assert field(html, "nodes-0-position")["value"] == "3"
    assert field(html, "nodes-0-examined")["value"] == "x"
    assert field(html, "nodes-0-examined")["aria-label"] == "Examined, row 1"
    assert field(html, "nodes-4-examined")["value"] == "5"
    assert field(html, "nodes-5-examined")["value"] == ""
    assert field(html, "nodes-5-row_id")["value"] == ""
    assert 'href="#id-nodes-0-examined"' in html
    assert "nodes-__row__-examined" in html


def test_wide_groups_are_cards_and_fixed_rows_name_themselves():
    questions = [ask(f"q{number}", QuestionKind.CHOICE) for number in range(7)]
    form = small(groups=(rows("doses", ask("day"), *questions, starts_with=({"day": 8},), fixed=True),))
    html = drawn(form, raw_of(form, values={}, groups={}, missing={}, zone=ZONE))
    assert "Day: 8" in html
    assert "<fieldset" in html
    assert not any(attrs.get("name") == "doses-0-day" for attrs in tags(html))
    assert "Add a row" not in html


@pytest.mark.parametrize("fixed", [True, False])
def test_a_group_that_is_not_asked_yet_is_ready_for_the_browser_to_show(fixed):
    group = rows(
        "doses", ask("day"), ask("mg"), starts_with=({"day": 8},), fixed=fixed, shown_when=Is("a", "Y")
    )
    form = small(ask("a", QuestionKind.CHOICE), groups=(group,))
    html = drawn(form, {"a": "N"})
    assert field(html, "doses-0-mg")["value"] == ""
    assert (
        field(html, "doses-0-position")["value"] == "1"
        if fixed
        else field(html, "doses-0-day")["value"] == "8"
    )


def test_fixed_rows_of_a_table_show_what_is_given():
    form = small(groups=(rows("doses", ask("day"), ask("mg"), starts_with=({"day": 8},), fixed=True),))
    assert '<td class="p3-fixed">8</td>' in drawn(form, {})


def test_a_row_marked_for_removal_stays_marked_when_the_page_comes_back():
    form = small(ask("a"), groups=(rows("nodes", ask("n")),))
    html = drawn(form, {"a": "x", "nodes-0-position": "2", "nodes-0-n": "1", "nodes-0-remove": "1"})
    hidden = [
        (attrs["name"], attrs["value"]) for attrs in tags(html, "input") if attrs.get("type") == "hidden"
    ]
    assert ("nodes-0-position", "2") in hidden
    assert ("nodes-0-remove", "1") in hidden


def test_too_many_rows_and_hidden_groups():
    group = rows("nodes", ask("n"), shown_when=Is("a", "Y"), help="Every node.")
    form = small(ask("a", QuestionKind.CHOICE), groups=(group,))
    box = next(attrs for attrs in tags(drawn(form, {})) if attrs.get("id") == "q-nodes")
    assert "hidden" in box
    many = {f"nodes-{index}-n": "1" for index in range(201)}
    assert "Nodes can hold 200 rows. Remove some rows." in drawn(form, {"a": "Y", **many})


def test_a_reason_is_asked_only_where_something_is_saved():
    form = small(ask("a"))
    assert "_reason" not in drawn(form, {})
    found = review(form, {"a": "2"}, context={}, zone=ZONE)
    given = given_of_review(found, saved={"a": ["1"]}, links=LINKS, version=3, key="k", zone=ZONE)
    given = PageInput(**{**given.__dict__, "errors": {"_reason": "Say why."}})
    html = render_to_string("crf/partials/form_body.html", {"page": page(form, given)})
    assert 'href="#id-_reason"' in html
    assert field(html, "_version")["value"] == "3"
    assert field(html, "_key")["value"] == "k"


def test_whoever_raises_queries_may_do_so_at_a_row():
    form = small(groups=(rows("nodes", ask("n")),))
    typed = {"nodes-0-position": "1", "nodes-0-n": "2"}
    html = drawn(form, typed, editable=False, links=Links(), asked=AskedAt(ask="/ask/"))
    assert "/ask/?target=nodes.1" in [attrs["href"] for attrs in tags(html, "a") if "href" in attrs]


def test_a_form_that_may_only_be_read_shows_words_and_no_control():
    form = small(
        ask("a"), ask("b", QuestionKind.CHOICE), ask("c"), ask("d"), groups=(rows("nodes", ask("n")),)
    )
    typed = {"a": "1", "b": "Y", "c__why": "ND", "nodes-0-n": "2"}
    html = drawn(form, typed, editable=False, links=Links())
    assert {attrs.get("type") for attrs in tags(html, "input")} == {"hidden"}
    assert not [*tags(html, "select"), *tags(html, "textarea")]
    read = re.findall(r'<span class="p3-read" id="id-([^"]+)">([^<]*)</span>', html)
    assert read == [("a", "1"), ("b", "Yes"), ("c", "not done"), ("d", ""), ("nodes-0-n", "2")]
    assert field(html, "b")["value"] == "Y", "for the conditions of the page"
    assert "<button" not in html
    assert "/history" not in html


@pytest.mark.parametrize("code", catalogue.forms())
def test_every_form_is_drawn_whole_with_labels_and_unique_ids(code):
    form = catalogue.form(code)
    html = drawn(
        form,
        raw_of(form, values={}, groups={}, missing={}, zone=ZONE),
        context=text_values(form) | {"today": date(2026, 1, 1)},
    )
    assert not re.search(
        r"⟦|⟧|%\(|\{\{|\}\}|\{%|__row__(?![^<]*</template>)",
        re.sub(r"<template.*?</template>", "", html, flags=re.S),
    )
    live = re.sub(r"<template.*?</template>", "", html, flags=re.S)
    ids = [attrs["id"] for attrs in tags(live) if attrs.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {attrs.get("for") for attrs in tags(live, "label")}
    for attrs in tags(live):
        if attrs.get("type") in ("text", "radio") and attrs.get("id"):
            assert attrs["id"] in labelled or attrs.get("aria-label"), attrs
        for described in attrs.get("aria-describedby", "").split():
            assert described in ids, described
    assert "style=" not in html
    assert "<script" not in html


SEEN_AT = {"visit.code": "CRE-1", "today": date(2026, 7, 20), "participant.arm": "1", "CRE*": []}


def offered(html: str) -> set[str]:
    """The outcomes that the page lets somebody choose."""
    select = html.partition('name="cre_outcome"')[2].partition("</select>")[0]
    return {one["value"] for one in tags(f"<select>{select}") if one.get("value") and "hidden" not in one}


def test_point_14_the_page_of_cre1_offers_no_outcome_that_cre1_cannot_have():
    form = catalogue.form("CRE")
    context = text_values(form) | SEEN_AT
    at_first = offered(drawn(form, {}, context=context))
    assert at_first == set(form.questions["cre_outcome"].codes.values) - {
        *("CCR", "PERSISTENT_CCR", "REGROWTH", "RST_CLEAR", "RST_RESIDUE")
    }
    assert {"CCR", "REGROWTH"} <= offered(drawn(form, {}, context=context | {"visit.code": "AS-06"}))
    kept = drawn(form, {"cre_outcome": "REGROWTH"}, context=context)
    assert "REGROWTH" in offered(kept)  # what was chosen stays to be seen, with its sentence
    assert "is no answer here" in kept


def test_point_14_the_proposal_is_taken_over_only_where_there_is_one():
    form = catalogue.form("CRE")
    context = text_values(form) | SEEN_AT
    button = {"data-accept": "cre_outcome_calc"}
    (waiting,) = [
        one for one in tags(drawn(form, {}, context=context), "button") if button.items() <= one.items()
    ]
    assert "hidden" in waiting
    proved = drawn(form, {"dist_call": "1"}, context=context)
    (there,) = [one for one in tags(proved, "button") if button.items() <= one.items()]
    assert "hidden" not in there
