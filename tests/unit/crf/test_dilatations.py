"""Each dilatation with its date and size, in surveillance and in follow-up (protocol 3.11, 3.12)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.crf.examples import follow_up, surveillance
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("3.11", "3.12")


def dilated(on: date, mm: float = 15, **changes: Any) -> dict[str, Any]:
    return {"dil_dt": on, "dil_mm": mm, "dil_how": "balloon", "dil_compl": "N"} | changes


AT_AS = [dilated(date(2026, 11, 20), 12), dilated(date(2026, 12, 4))]
AT_FU = [dilated(date(2027, 5, 20), 12), dilated(date(2027, 6, 14))]


def watched(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    told = {"as_dilat_n": 2, "as_dilat_dt": date(2026, 12, 4), "as_dilats": list(rows)}
    return surveillance.example(**told | changes)


def followed(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return follow_up.example(**{"stricture": "Y", "dilat_n": 2, "dilats": list(rows)} | changes)


@pytest.mark.parametrize(("form", "case"), [("AS", watched(*AT_AS)), ("FU", followed(*AT_FU))])
def test_dilatations_that_agree_are_complete_without_findings(form: str, case: dict) -> None:
    outcome = judge(form, case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


@pytest.mark.parametrize(
    ("form", "code", "case"),
    [
        ("AS", "AS-10", watched(*AT_AS, as_dilat_n=3)),
        ("AS", "AS-10", watched(AT_AS[0])),
        ("AS", "AS-11", watched(AT_AS[0], dilated(date(2026, 12, 15)))),
        ("AS", "AS-12", watched(*AT_AS, **{"AS*": [{"as_dt": date(2026, 11, 20)}]})),
        ("FU", "FU-13", followed(*AT_FU, dilat_n=1)),
        ("FU", "FU-14", followed(AT_FU[0], dilated(date(2027, 6, 15)))),
        ("FU", "FU-15", followed(*AT_FU, **{"FU*": [{"fu_dt": date(2027, 5, 20)}]})),
    ],
)
def test_a_check_fails(form: str, code: str, case: dict) -> None:
    assert code in codes(judge(form, case))


@pytest.mark.parametrize(
    ("form", "code", "case"),
    [
        ("AS", "AS-10", watched()),
        ("AS", "AS-11", watched(AT_AS[0], dilated(date(2026, 12, 14)))),
        ("AS", "AS-12", watched(*AT_AS, **{"AS*": [{"as_dt": date(2026, 11, 19)}]})),
        ("AS", "AS-12", watched(*AT_AS, **{"AS*": [{"as_dt": date(2027, 3, 1)}]})),
        ("FU", "FU-14", followed(*AT_FU)),
        ("FU", "FU-15", followed(*AT_FU, **{"FU*": [{"fu_dt": date(2027, 5, 19)}]})),
    ],
)
def test_a_check_passes(form: str, code: str, case: dict) -> None:
    assert code not in codes(judge(form, case))


@pytest.mark.parametrize(("mm", "kind"), [(7.9, "soft"), (20.1, "soft"), (2.9, "hard"), (25.1, "hard")])
def test_a_size_has_a_range(mm: float, kind: str) -> None:
    keys = found(judge("AS", watched(AT_AS[0], dilated(date(2026, 12, 4), mm))))
    assert any("as_dilats" in key and key.endswith(kind) for key in keys)


def test_without_a_dilatation_no_row_is_asked() -> None:
    assert judge("AS", watched(as_dilat_n=0, as_dilat_dt=None)).complete
    assert set(judge("AS", watched()).unanswered) == {"as_dilats"}
