"""Demographics and history: derived measures, what eligibility reads, each check (protocol 3.3)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.crf.examples.demographics import DRUG, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.3", "3.17")

STEROID = DRUG | {"cm_steroid": "Y", "cm_pred": 15}
SUPPRESSANT = DRUG | {"cm_immuno": "Y"}


def cancer(*treatments: str, year: int = 2011) -> dict[str, Any]:
    return {"ca_site": "breast", "ca_year": year, "ca_tx": list(treatments)}


def test_a_complete_form_has_no_findings() -> None:
    outcome = judge("DM", example())
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_measures_are_derived() -> None:
    values = judge("DM", example()).values
    assert values["bmi"] == Decimal("21.6")
    assert values["bsa"] == Decimal("1.72")
    assert values["wt_loss"] == Decimal("5.3")
    assert judge("DM", example(setting__bsa_formula="DuBois")).values["bsa"] == Decimal("1.72")
    assert judge("DM", example(height=160, setting__bsa_formula="DuBois")).values["bsa"] == Decimal("1.65")
    assert judge("DM", example(height=160)).values["bsa"] == Decimal("1.67")


def test_a_minus_that_slipped_in_is_said_and_breaks_nothing() -> None:
    outcome = judge("DM", example(weight=Decimal(-60)))
    assert (outcome.values["bmi"], outcome.values["bsa"]) == (None, None)
    assert "weight:hard" in {finding.key for finding in outcome.findings}


@pytest.mark.parametrize(
    ("items", "age", "points"),
    [
        (["none"], 62, 2),
        (["diabetes_complicated", "diabetes"], 62, 4),
        (["none"], 49, 0),
        (["none"], None, None),
    ],
)
def test_comorbidity_with_age(items: list[str], age: int | None, points: int | None) -> None:
    assert judge("DM", example(cci_items=items, ELIG__age=age)).values["cci_age"] == points


@pytest.mark.parametrize(
    ("rows", "treatments"),
    [
        ([], None),
        ([cancer("none")], ["none"]),
        ([cancer("surgery"), cancer("none"), cancer("rt", "surgery")], ["rt", "surgery"]),
    ],
)
def test_treatments_of_earlier_cancers(rows: list[dict[str, Any]], treatments: list[str] | None) -> None:
    assert judge("DM", example(mh_prior_ca="Y", prior_ca=rows)).values["prior_ca_tx"] == treatments


@pytest.mark.parametrize(
    ("rows", "rand", "mg"),
    [
        ([DRUG], date(2026, 5, 8), None),
        ([STEROID, STEROID | {"cm_pred": 12}], date(2026, 5, 8), 15),
        ([STEROID | {"cm_start": "2026-05-09"}], date(2026, 5, 8), None),
        ([STEROID | {"cm_ongo": "N", "cm_end": "2026-05-01"}], date(2026, 5, 8), None),
        ([STEROID | {"cm_ongo": "N", "cm_end": "2026-06-01"}], date(2026, 5, 8), 15),
        ([STEROID | {"cm_ongo": "N", "cm_end": "2026-05-01"}], None, None),
        ([STEROID], None, 15),
    ],
)
def test_steroids_count_at_screening(rows: list[dict[str, Any]], rand: date | None, mg: int | None) -> None:
    assert judge("DM", example(cm_any="Y", **{"CM*": rows}, milestone__RAND=rand)).values["pred_eq"] == mg


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"cm_any": "Y", "CM*": [SUPPRESSANT]}, "Y"),
        ({"cm_any": "Y", "CM*": [DRUG]}, "N"),
        ({"cm_any": "N", "CM*": []}, "N"),
        ({"cm_any": "Y", "CM*": []}, None),
        ({"cm_any": None}, None),
        ({"cm_any": "Y", "CM*": [SUPPRESSANT | {"cm_start": "2026-05-09"}]}, "N"),
    ],
)
def test_immunosuppressants_count_at_screening(change: dict[str, Any], answer: str | None) -> None:
    assert judge("DM", example(**change)).values["immunosuppr"] == answer


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("DM-01", example(weight_6m=70)),
        ("DM-02", example(ecog="0")),
        ("DM-03", example(kps=85)),
        ("DM-04", example(asa="IV")),
        ("DM-05", example(quit_y=2027)),
        ("DM-05", example(quit_y=1971)),
        ("DM-05", example(quit_y=2027, ELIG__birth=None)),
        ("DM-06", example(mh_prior_ca="Y", prior_ca=[cancer("surgery", year=1963)])),
        ("DM-06", example(mh_prior_ca="Y", prior_ca=[cancer("surgery", year=2027)])),
        ("DM-06", example(mh_prior_ca="Y", prior_ca=[cancer("surgery", year=2027)], ELIG__birth=None)),
        ("DM-08", example(mh_any="Y")),
        ("DM-09", example(cm_any="Y")),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("DM", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("DM-01", example(weight_6m=69.4)),
        ("DM-02", example(ELIG__ecog=None)),
        ("DM-05", example(quit_y=1972)),
        ("DM-05", example(quit_y=1950, ELIG__birth=None)),
        ("DM-06", example(mh_prior_ca="Y", prior_ca=[cancer("surgery", year=1964)])),
        ("DM-08", example(mh_any="Y", **{"MH*": [{"mh_text": "gout"}]})),
        ("DM-09", example(cm_any="Y", **{"CM*": [DRUG]})),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("DM", case))


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"smoke": "former", "pack_y": None, "quit_y": None}, {"pack_y", "quit_y"}),
        ({"smoke": "never"}, set()),
        ({"mh_ild": "Y"}, {"mh_ild_sympt"}),
        ({"mh_prior_ca": "Y"}, {"prior_ca"}),
    ],
)
def test_what_must_be_answered_then(change: dict[str, Any], asked: set[str]) -> None:
    assert set(judge("DM", example(**change)).unanswered) == asked


def test_the_scale_of_the_dysphagia_is_named() -> None:
    assert judge("DM", example()).values["dysph_scale"] == "mellow_pinkas"
    assert judge("DM", example(dysph=None)).values["dysph_scale"] is None
