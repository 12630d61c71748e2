"""Maturity of survival worked by hand: who is known at month 36, deaths expected, nobody and no assumption."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from analysis import maturity
from analysis.facts import participant_facts
from analysis.maturity import MaturityFacts, SignedSetting, _mature, maturity_report
from analysis.stored import StoredParticipant
from protocol.maturity import expected_deaths
from protocol.statistics.distributions import NotAProportionError
from reports.quality import Report
from tests.unit.analysis.histories import RAND, dead, on, stored

CHAPTERS = ("6.1", "6.7")

NOT_SET = [SignedSetting(key, "", "") for key in maturity.ASSUMPTIONS]


def known(history: StoredParticipant, day: int) -> bool | None:
    return _mature("01", participant_facts(history, cutoff=on(day))).known_at_36


@pytest.mark.parametrize(
    ("expected", "day", "history"),
    [
        (None, 1095, stored(last=1090)),
        (True, 1096, stored(last=1096)),
        (False, 1096, stored(last=1095)),
        (True, 1200, stored(last=400, SURV=[dead(on(500).isoformat(), 510)])),
        (True, 1300, stored(last=1000, SURV=[dead(on(1200).isoformat(), 1210)])),
        (None, 1000, stored(last=400, SURV=[dead(on(500).isoformat(), 510)])),
        (False, 1300, stored(last=800, SURV=[dead("2028", 1290)])),
        (False, 1300, stored(last=None)),
    ],
)
def test_vital_status_at_month_36(expected: bool | None, day: int, history: StoredParticipant) -> None:
    assert known(history, day) is expected


def test_deaths_expected_are_those_of_two_exponential_times() -> None:
    assert expected_deaths([1096] * 100, survival=0.6, drop_out=0) == pytest.approx(40)
    assert expected_deaths([0, 0], survival=0.6, drop_out=0.1) == 0
    assert expected_deaths([548], survival=0.6, drop_out=0) == pytest.approx(1 - 0.6**0.5)
    both = expected_deaths([1096], survival=0.6, drop_out=0.1)  # log 0.6 / log 0.54 of 1 - 0.54
    assert both == pytest.approx(0.46 * 0.5108256 / 0.6161861, abs=1e-6)
    with pytest.raises(NotAProportionError):
        expected_deaths([1], survival=1.2, drop_out=0)


def rows(report: Report, slug: str) -> dict[str, tuple[object, ...]]:
    table = next(each for each in report.tables if each.slug == slug)
    return {str(row[0]): row[1:] for row in (*table.rows, *([table.total] if table.total else []))}


def people(number: int) -> list[MaturityFacts]:
    history = stored(last=1090, SURV=[dead(on(500).isoformat(), 510)])
    return [_mature("01", participant_facts(history, cutoff=on(1200))) for _n in range(number)]


@pytest.mark.parametrize("arms", [None, {}, {"01-0001": "2"}])
def test_nobody_and_an_empty_arm_are_said(
    monkeypatch: pytest.MonkeyPatch, arms: dict[str, str] | None
) -> None:
    monkeypatch.setattr(maturity, "signed_settings", lambda: NOT_SET)
    for number in (0, 1):
        report = maturity_report(people(number), {}, arms=arms)
        assert "not set" in {str(cell) for cell in rows(report, "deaths")["Deaths expected by now"]}
        assert rows(report, "assumptions")["Planned end of accrual"] == ("not set", "not signed")
        assert not any(
            str(cell) in ("nan", "None") for table in report.tables for row in table.rows for cell in row
        )
        if not number:
            assert rows(report, "known")["All sites"][:4] == (0, 0, "–", "nobody at risk")


def test_what_is_set_and_not_signed_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    set_only = [SignedSetting("assumed_survival_36_months", "0.6", ""), *NOT_SET[1:]]
    signed = [
        SignedSetting(key, value, "The study team")
        for key, value in zip(maturity.ASSUMPTIONS, ("0.6", "0", ""), strict=True)
    ]
    monkeypatch.setattr(maturity, "signed_settings", lambda: set_only)
    assert rows(maturity_report(people(2), {}), "deaths")["Deaths expected by now"] == ("not set",)
    monkeypatch.setattr(maturity, "signed_settings", lambda: signed)
    assert rows(maturity_report(people(2), {}), "deaths")["Deaths expected by now"] == ("0.9",)
    assert rows(maturity_report(people(2), {}), "deaths")["Deaths observed"] == (2,)
    assert date(2025, 1, 1) + timedelta(days=1) > RAND
