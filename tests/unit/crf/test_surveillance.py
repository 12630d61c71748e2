"""The surveillance visit: what it derives, and what it leads to (protocol 3.11)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from protocol.response_reasons import Because
from tests.unit.crf.examples.surveillance import EVALUATION, example, not_done
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("3.11", "3.17")

DAY = date(2026, 12, 14)
LATER = {"cre_type": "UNS", "cre_dt": DAY, "visit_code": "UNS"}
STENOSIS = {"ae_kind": "stenosis", "ae_st": "2026-11", "ae_en": None}


def test_a_complete_form_has_no_findings() -> None:
    outcome = judge("AS", example())
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_what_follows_from_the_calendar() -> None:
    values = judge("AS", example()).values
    assert (values["as_no"], values["as_due"], values["as_dev"]) == (1, date(2026, 12, 12), 2)
    assert values["as_next"] == date(2027, 3, 12)
    last = judge("AS", example(visit__code="AS-60")).values
    assert (last["as_no"], last["as_next"]) == (10, None)
    assert judge("AS", example(visit__code="UNS")).values["as_no"] is None


@pytest.mark.parametrize(
    ("changes", "change"), [({}, "-3.0"), ({"TREAT__chemo": []}, "-4.6"), ({"as_wt": None}, None)]
)
def test_weight_is_compared_with_the_first_dose(changes: dict, change: str | None) -> None:
    expected = Decimal(change) if change else None
    assert judge("AS", example(**changes)).values["as_wtpct"] == expected


def test_a_great_loss_of_weight_is_asked_about() -> None:
    assert found(judge("AS", example(as_wt=50))) == {"as_wtpct:soft"}


@pytest.mark.parametrize(
    ("evaluation", "missing"),
    [
        ({}, []),
        ({"pet_done": "N", "bob_n": 3}, ["pet", "biopsies"]),
        ({"ogd_done": "N", "bob_n": None, "eus_done": "N"}, ["endoscopy", "biopsies", "eus"]),
        ({"cre_because": [Because.FNA_MISSING.value]}, ["fna"]),
    ],
)
def test_the_elements_that_are_due_and_not_done(evaluation: dict, missing: list[str]) -> None:
    outcome = judge("AS", example(**{"CRE*": [EVALUATION | evaluation]}))
    assert outcome.values["as_elem"] == missing
    assert codes(outcome) == ({"AS-04"} if missing else set())


def test_a_visit_without_its_evaluation_is_proposed_as_a_deviation() -> None:
    outcome = judge("AS", not_done(**{"CRE*": []}))
    assert codes(outcome) == {"AS-03"}
    assert outcome.values["as_elem"] == ["pet", "endoscopy", "biopsies", "eus"]
    assert outcome.complete


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X037a", example(milestone__SURG=DAY)),
        ("AS-01", example(as_dt=date(2026, 12, 27))),
        ("AS-02", example(as_dysph="3")),
        ("AS-02", example(as_dysph="2", **{"AS*": [{"as_dt": date(2026, 9, 1), "as_dysph": "0"}]})),
        ("AS-02", example(as_dysph="3", **{"CRE*": [EVALUATION, LATER | {"cre_dt": date(2026, 12, 13)}]})),
        ("AS-05", example(as_dilat_n=1, as_dilat_dt=date(2026, 12, 15))),
        ("AS-06", example(as_late_skin="Y")),
        ("AS-06", example(as_late_skin="Y", **{"AE*": [{"ae_st": "2026-05", "ae_en": "2026-05-30"}]})),
        ("AS-07", example(as_sten="dilatation")),
        ("AS-08", example(as_will="surgery")),
        ("AS-09", example(as_will="stops")),
        ("AS-09", example(as_will="stops", participant__withdrawn=["study_drug", "quality_of_life"])),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("AS", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("X037a", example(milestone__SURG=date(2026, 12, 15))),
        ("AS-01", example(as_dt=date(2026, 12, 26))),
        ("AS-02", example(as_dysph="2")),
        ("AS-02", example(as_dysph="3", **{"CRE*": [EVALUATION, LATER]})),
        ("AS-02", example(as_dysph="3", **{"AS*": [{"as_dt": date(2026, 9, 1), "as_dysph": "2"}]})),
        ("AS-06", example(as_late_skin="Y", **{"AE*": [{"ae_st": "2026-10", "ae_en": None}]})),
        ("AS-07", example(as_sten="stent", **{"AE*": [STENOSIS]})),
        ("AS-07", example(as_sten="symptomatic")),
        ("AS-08", example(as_will="surgery", **{"CRE*": [EVALUATION | {"pt_dec": "asks_surgery"}]})),
        ("AS-09", example(as_will="stops", participant__withdrawn=["procedures"])),
        ("AS-09", example(as_will="stops", participant__withdrawn=["all_contact"])),
        ("AS-09", example(as_will="fewer")),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("AS", case))


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (example(as_exam="abnormal"), {"as_exam_txt"}),
        (example(as_dilat_n=2), {"as_dilat_dt", "as_dilats"}),
        (example(as_unsched="Y"), {"as_uns"}),
        (not_done(as_why=None), {"as_why"}),
    ],
)
def test_what_must_be_answered_then(case: dict, asked: set[str]) -> None:
    assert set(judge("AS", case).unanswered) == asked


def test_the_scale_of_the_dysphagia_is_named() -> None:
    assert judge("AS", example()).values["as_dysph_scale"] == "mellow_pinkas"
    assert judge("AS", example(as_dysph=None)).values["as_dysph_scale"] is None
