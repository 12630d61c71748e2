"""The course of an immune-related event: steroid, second line, rechallenge (protocol 3.6, irae_tx)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.unit.crf.examples.adverse_event import example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.6",)

SECOND = {
    "ir_2nd": "Y",
    "ir_2nd_txt": "infliximab",
    "ir_2nd_st": date(2026, 6, 28),
    "ir_2nd_en": date(2026, 7, 5),
}
AGAIN = {"ir_rech": "Y", "ir_rech_dt": date(2026, 7, 20), "ir_again": "N"}
DOSES = [
    {"ci_dt": datetime(2026, 5, 11, 1, 0, tzinfo=UTC)},
    {"ci_dt": datetime(2026, 7, 20, 1, 0, tzinfo=UTC)},
]
COURSE = {"ir_peak_dt": date(2026, 6, 22), "ir_taper_dt": date(2026, 6, 30)}
FULL: dict[str, Any] = {**COURSE, **SECOND, **AGAIN, "TREAT__camre": DOSES}


def test_a_whole_course_is_complete_without_findings() -> None:
    back = {"ir_again": "Y", "ir_again_dt": date(2026, 7, 28), "ir_again_gr": "2"}
    outcome = judge("AE", example(**FULL | back))
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, 40),
        ({"ae_st": "2026-05-11"}, 0),
        ({"ae_st": "2026-06"}, None),
        ({"ae_st": "2026-05-10"}, None),
        ({"TREAT__camre": []}, None),
        ({"TREAT__camre": [], "ST*": [{"st_kind": "io", "st_start": "2026-06-15"}]}, 5),
        ({"TREAT__camre": [], "ST*": [{"st_kind": "io", "st_start": "2026-06"}]}, None),
    ],
)
def test_days_from_the_first_inhibitor_to_the_event(changes: dict, days: int | None) -> None:
    assert judge("AE", example(**changes)).values["ir_onset_d"] == days


@pytest.mark.parametrize(("ended", "days"), [(date(2026, 7, 15), 25), (date(2026, 6, 21), 1), (None, None)])
def test_days_on_the_steroid(ended: date | None, days: int | None) -> None:
    assert judge("AE", example(ir_en=ended)).values["ir_ster_d"] == days


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("AE-15", {"ir_st": date(2026, 6, 19)}),
        ("AE-16", {"ir_en": date(2026, 6, 20)}),
        ("AE-16", {"ir_peak_dt": date(2026, 6, 20)}),
        ("AE-16", {"ir_taper_dt": date(2026, 7, 16)}),
        ("AE-16a", {"ir_taper_dt": date(2026, 6, 21)}),
        ("AE-17", {"ir_2nd_en": date(2026, 6, 27)}),
        ("AE-17a", {"ir_2nd_st": date(2026, 6, 20)}),
        ("AE-18", {"ir_rech_dt": date(2026, 7, 21)}),
        ("AE-18", {"TREAT__camre": []}),
        ("AE-19", {"ir_rech_dt": date(2026, 6, 19)}),
        ("AE-19a", {"ir_again": "Y", "ir_again_gr": "2", "ir_again_dt": date(2026, 7, 19)}),
    ],
)
def test_a_check_fails(code: str, changes: dict) -> None:
    assert code in codes(judge("AE", example(**FULL | changes)))


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("AE-15", {"ir_st": date(2026, 6, 20)}),
        ("AE-15", {"ae_st": "2026-06"}),
        ("AE-16", {"ir_en": None}),
        ("AE-16", {"ir_peak_dt": date(2026, 6, 21), "ir_taper_dt": date(2026, 7, 15)}),
        ("AE-16a", {"ir_taper_dt": date(2026, 6, 22)}),
        ("AE-17", {"ir_2nd_en": date(2026, 6, 28)}),
        ("AE-17a", {"ir_2nd_st": date(2026, 6, 21)}),
        ("AE-18", {"ir_rech": "N"}),
        ("AE-18", {"TREAT__camre": [], "ST*": [{"st_class": ["pd1"], "st_start": "2026-07-20"}]}),
        ("AE-19", {"ir_rech_dt": date(2026, 6, 20)}),
        ("AE-19a", {"ir_again": "Y", "ir_again_gr": "2", "ir_again_dt": date(2026, 7, 20)}),
    ],
)
def test_a_check_passes(code: str, changes: dict) -> None:
    assert code not in codes(judge("AE", example(**FULL | changes)))


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"ir_rech": "Y"}, {"ir_rech_dt", "ir_again"}),
        ({**AGAIN, "ir_again": "Y"}, {"ir_again_dt", "ir_again_gr"}),
        ({"ir_2nd": "Y"}, {"ir_2nd_txt"}),
    ],
)
def test_what_must_be_answered_then(changes: dict, asked: set[str]) -> None:
    assert set(judge("AE", example(**changes)).unanswered) == asked
