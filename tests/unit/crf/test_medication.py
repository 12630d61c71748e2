"""Medication: what is asked of a drug, and the event or disease that it is given for (protocol 3.3, 3.17)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.crf.examples.medication import STEROID, example
from tests.unit.crf.judging import codes, judge

CHAPTERS = ("3.3", "3.17")

ENDED = {"cm_ongo": "N", "cm_end": "2019-05"}


@pytest.mark.parametrize("case", [example(), example(**STEROID), example(**ENDED)])
def test_a_complete_record_has_no_findings(case: dict) -> None:
    outcome = judge("CM", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"cm_ongo": "N"}, {"cm_end"}),
        ({"cm_steroid": "Y"}, {"cm_pred"}),
        ({"cm_mh": None}, {"cm_mh"}),
        ({"cm_indc": "ae", "cm_mh": None}, {"cm_ae"}),
        ({"cm_indc": "prophylaxis", "cm_mh": None}, set()),
    ],
)
def test_what_must_be_answered_then(change: dict[str, Any], asked: set[str]) -> None:
    assert set(judge("CM", example(**change)).unanswered) == asked


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("CM-01", example(**ENDED | {"cm_end": "2019-04"})),
        ("CM-02", example(**STEROID | {"cm_ae": 3})),
        ("CM-03", example(cm_mh=2)),
        ("X024", example(**STEROID | {"cm_ae": 1})),
        ("X024", example(**STEROID | {"cm_ae": None}, **{"AE*": [{"sequence": 1, "irae": "N"}]})),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("CM", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("CM-01", example(**ENDED | {"cm_end": "2019"})),
        ("X024", example(**STEROID | {"cm_ae": None})),
        ("X024", example(**STEROID | {"cm_indc": "ae", "cm_ae": 1})),
        ("X024", example(**STEROID | {"cm_steroid": "N", "cm_pred": None, "cm_ae": 1})),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("CM", case))
