"""What follows from answers: shown, required, derived, found (protocol 3.0, 3.17)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crf.engine.checks import Check, Level, days_between, earliest_day, latest_day, not_before
from crf.engine.conditions import Answered, Is, Not, Over
from crf.engine.declaration import FormSection, Sets
from crf.engine.evaluation import evaluate
from crf.engine.questions import AnswerRole, QuestionKind
from tests.unit.crf.small import ask, rows, small

CHAPTERS = ("3.0", "3.17")

TODAY = {"today": date(2026, 6, 1), "site.zone": "Asia/Shanghai"}


def keys(outcome):
    return [finding.key for finding in outcome.findings]


def test_a_question_is_required_only_while_its_condition_holds():
    form = small(ask("sex", QuestionKind.CHOICE), ask("weeks", required_when=Is("sex", "Y")))
    assert evaluate(form, values={"sex": "N"}).complete
    pregnant = evaluate(form, values={"sex": "Y"})
    assert pregnant.unanswered == ("weeks",)
    assert not pregnant.complete
    assert evaluate(form, values={"sex": "Y"}, missing={"weeks": "NK"}).complete


def test_answers_to_questions_no_longer_asked_are_cleared_in_a_chain_and_named():
    form = small(
        ask("a", QuestionKind.CHOICE),
        ask("b", QuestionKind.CHOICE, shown_when=Is("a", "Y")),
        ask("c", shown_when=Is("b", "Y")),
    )
    outcome = evaluate(form, values={"a": "N", "b": "Y", "c": 3}, missing={"b": "", "c": ""})
    assert outcome.cleared == ("b", "c")
    assert outcome.values == {"a": "N", "b": None, "c": None}
    assert outcome.visible == {"a"}


def test_the_missing_reason_of_a_hidden_question_goes_too():
    form = small(ask("a", QuestionKind.CHOICE), ask("b", shown_when=Is("a", "Y")))
    outcome = evaluate(form, values={"a": "N"}, missing={"b": "ND"})
    assert outcome.missing == {}
    assert outcome.cleared == ("b",)


def test_a_section_hides_its_questions_and_groups():
    form = small(
        ask("arm", QuestionKind.CHOICE),
        ask("dose"),
        groups=(rows("given", ask("mg")),),
        sections=(
            FormSection("first", "First", ("arm",)),
            FormSection("second", "Second", ("dose", "given"), shown_when=Is("arm", "Y")),
        ),
    )
    hidden = evaluate(form, values={"arm": "N", "dose": 2}, groups={"given": [{"mg": 5}]})
    assert set(hidden.cleared) == {"dose", "given.1.mg"}
    shown = evaluate(form, values={"arm": "Y", "dose": 2}, groups={"given": [{"mg": 5}]})
    assert {"dose", "given.1.mg"} <= shown.visible


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (70, []),
        (30, ["weight:soft"]),
        (110, []),
        (111, ["weight:soft"]),
        (24, ["weight:hard"]),
        (201, ["weight:hard"]),
        (None, []),
    ],
)
def test_ranges_are_inclusive_and_hard_outranks_soft(weight, expected):
    form = small(ask("weight", soft=(38, 110), hard=(25, 200)))
    assert keys(evaluate(form, values={"weight": weight})) == expected


def test_a_limit_of_a_tenth_takes_a_tenth():
    form = small(ask("len", QuestionKind.DECIMAL, places=1, hard=(0.1, None)))
    assert not keys(evaluate(form, values={"len": Decimal("0.1")}))
    assert keys(evaluate(form, values={"len": Decimal("0.0")})) == ["len:hard"]


def test_derived_answers_follow_each_other_and_are_rounded_half_up():
    form = small(
        ask("w", QuestionKind.DECIMAL, places=1),
        ask("h", QuestionKind.DECIMAL, places=1),
        ask("label", QuestionKind.TEXT, reads=("bmi",), by=lambda bmi: "thin" if bmi < 18 else "fine"),
        ask("bmi", QuestionKind.DECIMAL, places=1, reads=("w", "h"), by=lambda w, h: w / (h / 100) ** 2),
    )
    outcome = evaluate(form, values={"w": Decimal(50), "h": Decimal(200), "bmi": Decimal(99)})
    assert outcome.values["bmi"] == Decimal("12.5")
    assert outcome.values["label"] == "thin"
    assert evaluate(form, values={"w": Decimal(50)}).values["bmi"] is None


def test_blanks_reach_a_derivation_that_wants_them():
    form = small(ask("a"), ask("b", QuestionKind.BOOLEAN, reads=("a",), by=lambda a: a is None, blanks=True))
    assert evaluate(form, values={}).values["b"] is True


def test_rows_are_derived_from_the_row_then_the_form_and_totals_from_rows():
    group = rows(
        "doses",
        ask("auc"),
        ask("mg", reads=("auc", "gfr"), by=lambda auc, gfr: auc * (gfr + 25)),
        ask("label", QuestionKind.TEXT),
    )
    form = small(
        ask("gfr"),
        ask("total", reads=("doses",), by=lambda doses: sum(row["mg"] or 0 for row in doses)),
        groups=(group,),
    )
    outcome = evaluate(
        form, values={"gfr": 75}, groups={"doses": [{"auc": 2}, {"auc": 1, "position": 7}, {}]}
    )
    assert [row["mg"] for row in outcome.groups["doses"]] == [200, 100, None]
    assert [row["position"] for row in outcome.groups["doses"]] == [1, 7, 3]
    assert outcome.values["total"] == 300


def test_findings_in_rows_carry_the_rows_own_position():
    group = rows(
        "nodes",
        ask("examined", hard=(0, 150), required=True),
        ask("positive", shown_when=Over("examined", 0)),
    )
    check = Check(
        code="X1",
        level=Level.HARD,
        reads=("examined", "positive", "most"),
        each="nodes",
        passes=lambda examined, positive, most: positive <= examined <= most,
        message="m",
        fields=("positive", "most"),
        when=Answered("examined"),
    )
    form = small(ask("most"), groups=(group,), checks=(check,))
    outcome = evaluate(
        form,
        values={"most": 50},
        groups={"nodes": [{"position": 4, "examined": 2, "positive": 3}, {"examined": 200}, {"positive": 1}]},
    )
    assert keys(outcome) == ["nodes.2.examined:hard", "nodes.3.examined:required", "X1:nodes.4"]
    assert outcome.findings[-1].targets == ("nodes.4.positive", "most")
    assert outcome.cleared == ("nodes.3.positive",)
    assert outcome.stops() == (outcome.findings[0], outcome.findings[2])
    assert outcome.stops(frozenset({"X1:nodes.4"})) == (outcome.findings[0],)


def test_a_check_waits_for_its_answers_unless_it_wants_blanks():
    def refuses(**_known):
        return False

    form = small(
        ask("a"),
        ask("b"),
        checks=(
            Check("C1", Level.SOFT, ("a", "b"), refuses, "m", ("a",)),
            Check("C2", Level.SOFT, ("a", "b"), refuses, "m", ("a",), blanks=True),
            Check("C3", Level.SOFT, ("a",), refuses, "m", when=Is("b", 9)),
            Check("C4", Level.SOFT, ("a",), lambda a: None, "m"),
            Check("C5", Level.LISTING, ("a", "CRE*"), refuses, "m"),
            Check("C6", Level.SOFT, ("a", "DM.weight"), refuses, "m"),
        ),
    )
    assert keys(evaluate(form, values={"a": 1})) == ["C2", "C5"]
    assert keys(evaluate(form, values={"a": 1, "b": 9}, context={"DM.weight": 70})) == [
        "C1",
        "C2",
        "C3",
        "C5",
        "C6",
    ]


def test_a_retired_check_finds_nothing_and_what_stops_a_save_is_never_retired():
    def refuses(**_known):
        return False

    form = small(
        ask("a", soft=(0, 5), hard=(0, 9), required=True),
        ask("b", required=True),
        groups=(rows("nodes", ask("size", soft=(0, 5))),),
        checks=tuple(
            Check(code, level, ("a",), refuses, "m", ("a",))
            for code, level in (("S1", Level.SOFT), ("L1", Level.LISTING), ("H1", Level.HARD))
        ),
    )
    answers = {"values": {"a": 7}, "groups": {"nodes": [{"size": 8}, {"size": 9}]}}
    every = ["a:soft", "b:required", "nodes.1.size:soft", "nodes.2.size:soft", "S1", "L1", "H1"]
    assert sorted(keys(evaluate(form, **answers))) == sorted(every)
    for retired, gone in (
        ({"S1"}, {"S1"}),
        ({"L1"}, {"L1"}),
        ({"a:soft"}, {"a:soft"}),
        ({"nodes.size:soft"}, {"nodes.1.size:soft", "nodes.2.size:soft"}),
        ({"H1", "b:required"}, set()),
        ({"Another"}, set()),
    ):
        left = evaluate(form, **answers, context={"checks.retired": frozenset(retired)})
        assert set(keys(left)) == set(every) - gone, retired


def test_an_answer_that_is_offered_now_is_taken_and_another_is_not():
    form = small(
        ask("arm", QuestionKind.CHOICE),
        ask("one", QuestionKind.CHOICE, offered_when={"Y": Is("arm", "Y")}),
        ask("many", QuestionKind.MULTIPLE, offered_when={"red": Is("arm", "Y")}),
    )
    assert keys(evaluate(form, values={"arm": "Y", "one": "Y", "many": ["red", "blue"]})) == []
    assert keys(evaluate(form, values={"arm": "N", "one": "N", "many": ["blue"]})) == []
    refused = evaluate(form, values={"arm": "N", "one": "Y", "many": ["red", "blue"]})
    assert keys(refused) == ["one:offered", "many:offered"]
    assert [finding.level for finding in refused.findings] == [Level.HARD] * 2


def test_a_computed_number_has_the_places_of_its_question_and_no_other_kind_is_touched():
    form = small(
        ask("a"),
        ask("tenth", QuestionKind.DECIMAL, places=1, reads=("a",), by=lambda a: Decimal(a) / 8),
        ask("whole", reads=("a",), by=lambda a: a * 3),
        ask("nothing", QuestionKind.DECIMAL, places=1, reads=("a",), by=lambda a: None),
    )
    derived = evaluate(form, values={"a": 10}).values
    assert (derived["tenth"], derived["whole"], derived["nothing"]) == (Decimal("1.3"), 30, None)
    assert derived["tenth"].as_tuple().exponent == -1


def test_what_the_person_confirms_is_compared_with_the_proposal():
    form = small(
        ask("a"),
        ask("calc", QuestionKind.TEXT, reads=("a",), by=lambda a: "Y" if a else "N"),
        ask("said", QuestionKind.CHOICE, proposed_by="calc"),
    )
    assert keys(evaluate(form, values={"a": 1, "said": "N"})) == ["said:proposal"]
    assert keys(evaluate(form, values={"a": 1, "said": "Y"})) == []
    assert keys(evaluate(form, values={"said": "Y"})) == []


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (QuestionKind.DATE, date(2026, 6, 2), ["on:future"]),
        (QuestionKind.DATE, date(2026, 6, 1), []),
        (QuestionKind.PARTIAL_DATE, "2026-06", []),
        (QuestionKind.PARTIAL_DATE, "2026-07", ["on:future"]),
        (QuestionKind.PARTIAL_DATE, "1949", ["on:birth"]),
        (QuestionKind.PARTIAL_DATE, "1950", []),
        (QuestionKind.DATE, date(2026, 5, 20), ["on:death"]),
        (
            QuestionKind.DATETIME,
            datetime(2026, 6, 1, 17, 0, tzinfo=UTC),
            ["on:future"],
        ),  # 01:00 on the 2nd in Shanghai
    ],
)
def test_no_day_lies_in_the_future_before_birth_or_after_death(kind, value, found):
    form = small(ask("on", kind))
    death = "2026-05-15" if "on:death" in found else None
    context = {**TODAY, "ELIG.birth": "1950-05", "SURV.death_dt": death}
    outcome = evaluate(form, values={"on": value}, context=context)
    assert keys(outcome) == found
    assert {finding.code for finding in outcome.findings} <= {"X070", "X061"}


def test_a_question_may_allow_such_days():
    form = small(
        ask("on", QuestionKind.DATE, future_allowed=True, before_birth_allowed=True, after_death_allowed=True)
    )
    context = {**TODAY, "ELIG.birth": "2027", "SURV.death_dt": "2020"}
    assert keys(evaluate(form, values={"on": date(2026, 12, 1)}, context=context)) == []


def test_the_form_that_asks_for_birth_uses_its_own_answer():
    form = small(ask("birth", QuestionKind.PARTIAL_DATE, role=AnswerRole.BIRTH), ask("on", QuestionKind.DATE))
    assert keys(evaluate(form, values={"birth": "2000", "on": date(1999, 1, 1)})) == ["on:birth"]


def test_milestones_take_full_days_while_their_condition_holds():
    form = small(
        ask("done", QuestionKind.CHOICE),
        ask("on", QuestionKind.DATE),
        ask("about", QuestionKind.PARTIAL_DATE),
        milestones=(
            Sets("SURG", "on", Is("done", "Y")),
            Sets("DEATH", "about"),
        ),
    )
    full = evaluate(form, values={"done": "Y", "on": date(2026, 1, 2), "about": "2026-03-04"})
    assert full.milestones == {"SURG": date(2026, 1, 2), "DEATH": date(2026, 3, 4)}
    partial = evaluate(form, values={"done": "N", "on": date(2026, 1, 2), "about": "2026-03"})
    assert partial.milestones == {"SURG": None, "DEATH": None}


def test_a_group_can_be_required_and_hidden():
    group = rows("rec", ask("site"), shown_when=Not(Is("any", "N")), required_when=Is("any", "Y"))
    form = small(ask("any", QuestionKind.CHOICE), groups=(group,))
    assert evaluate(form, values={"any": "Y"}).unanswered == ("rec",)
    assert evaluate(form, values={"any": "Y"}, groups={"rec": [{"site": 1}]}).complete
    hidden = evaluate(
        form, values={"any": "N"}, groups={"rec": [{"site": 1}, {"missing": {"site": "ND"}}, {}]}
    )
    assert hidden.cleared == ("rec.1.site", "rec.2.site")
    assert hidden.groups == {"rec": []}


def test_rows_that_were_there_from_the_beginning_go_without_a_word():
    group = rows(
        "doses", ask("number"), ask("mg"), starts_with=({"number": 1},), fixed=True, shown_when=Is("arm", "Y")
    )
    form = small(ask("arm", QuestionKind.CHOICE), groups=(group,))
    assert evaluate(form, values={"arm": "N"}, groups={"doses": [{"number": 1, "mg": 5}]}).cleared == (
        "doses.1.mg",
    )
    assert evaluate(form, values={"arm": "N"}, groups={"doses": [{"number": 1}]}).cleared == ()


def test_ticks_stand_in_the_order_of_their_list():
    form = small(ask("m", QuestionKind.MULTIPLE))
    assert evaluate(form, values={"m": ["old", "blue", "red"]}).values["m"] == ["red", "blue", "old"]


def test_an_empty_text_and_no_ticks_are_no_answer():
    form = small(ask("t", QuestionKind.TEXT, required=True), ask("m", QuestionKind.MULTIPLE, required=True))
    assert evaluate(form, values={"t": "", "m": []}).unanswered == ("t", "m")
    assert evaluate(form, values={"t": "x", "m": ("red",)}).values["m"] == ["red"]


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2020-02-03", date(2020, 2, 3), date(2020, 2, 3)),
        (date(2020, 2, 3), date(2020, 2, 3), date(2020, 2, 3)),
        (None, None, None),
        ("", None, None),
    ],
)
def test_a_partial_date_means_a_span_of_days(value, first, last):
    assert earliest_day(value) == first
    assert latest_day(value) == last


@pytest.mark.parametrize(("zone", "day"), [("Asia/Shanghai", 2), ("Asia/Urumqi", 1)])
def test_an_instant_is_judged_on_the_day_of_its_site(zone, day):
    """01:00 on the second in Shanghai is 23:00 on the first in Urumqi."""
    seen = []
    form = small(
        ask("on", QuestionKind.DATETIME),
        checks=(Check("C", Level.SOFT, ("on",), lambda on: not seen.append(earliest_day(on)), "m"),),
    )
    at = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)
    outcome = evaluate(form, values={"on": at}, context={"site.zone": zone})
    assert seen == [date(2026, 6, day)]
    assert outcome.values["on"] == at


def test_an_instant_whose_site_is_not_known_has_no_day():
    at = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="not in the time of a site"):
        earliest_day(at)
    with pytest.raises(KeyError):
        evaluate(small(ask("on", QuestionKind.DATETIME)), values={"on": at})


def test_partial_dates_get_the_benefit_of_the_doubt():
    assert not_before("2019", "2019-12-31")
    assert not not_before("2018", "2019")
    assert not_before(None, "2019")
    assert days_between("2020-02-01", date(2020, 2, 11)) == 10
    assert days_between("2020-02", date(2020, 2, 11)) is None
