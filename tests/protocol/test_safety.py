"""Chapters 2.6 and 3.6: clocks, periods and windows of adverse events."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import safety
from protocol.safety import CollectionDays, Milestones, Period, SteroidCourse, SusarDays

CHAPTERS = ("2.6", "3.6")

AWARE = datetime(2025, 3, 3, 22, 30, tzinfo=UTC)
DAY = date(2025, 1, 1)
SUSAR_DAYS = SusarDays(fatal=7, follow_up=8, other=15)
DAYS = CollectionDays(after_last_dose=30, after_surgery=90, serious_after_treatment=90, late_after=90)


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def test_a_serious_event_is_reported_within_24_hours() -> None:
    assert safety.report_due(AWARE, hours=24) == datetime(2025, 3, 4, 22, 30, tzinfo=UTC)
    assert safety.report_due(AWARE, hours=12) == datetime(2025, 3, 4, 10, 30, tzinfo=UTC)
    assert not safety.reported_late(AWARE, AWARE + timedelta(hours=24), hours=24)
    assert safety.reported_late(AWARE, AWARE + timedelta(hours=24, seconds=1), hours=24)
    assert not safety.reported_late(AWARE, AWARE + timedelta(hours=30), hours=48)


@pytest.mark.parametrize(
    ("causality", "related"),
    [("not", False), ("unlikely", False), ("possible", True), ("probable", True), ("definite", True), (None, None),
     ("x", None)],
)  # fmt: skip
def test_related_is_possible_or_more(causality: str | None, related: bool | None) -> None:
    assert safety.is_related(causality) is related


@pytest.mark.parametrize(
    ("investigator", "sponsor", "drives"),
    [
        ("unlikely", "possible", "possible"),
        ("definite", "not", "definite"),
        (None, "not", "not"),
        (None, None, None),
    ],
)
def test_the_more_cautious_causality_drives(
    investigator: str | None, sponsor: str | None, drives: str | None
) -> None:
    assert safety.more_cautious(investigator, sponsor) == drives


@pytest.mark.parametrize(
    ("serious", "expectedness", "investigator", "sponsor", "is_susar"),
    [
        ("Y", "unexpected", "possible", "not", True),
        (True, "unexpected", "not", "probable", True),
        ("Y", "unexpected", "not", "unlikely", False),
        ("Y", "expected", "definite", "definite", False),
        ("N", None, None, None, False),
        ("Y", None, "definite", None, None),
        ("Y", "unexpected", None, None, None),
    ],
)
def test_susar(
    serious: object,
    expectedness: str | None,
    investigator: str | None,
    sponsor: str | None,
    is_susar: bool | None,
) -> None:
    found = safety.susar(
        serious=serious, expectedness=expectedness, investigator=investigator, sponsor=sponsor
    )
    assert found is is_susar


def test_the_day_of_awareness_is_day_0() -> None:
    assert safety.susar_due(DAY, SUSAR_DAYS, fatal_or_life_threatening=True) == date(2025, 1, 8)
    assert safety.susar_due(DAY, SUSAR_DAYS, fatal_or_life_threatening=False) == date(2025, 1, 16)
    assert safety.susar_follow_up_due(DAY, SUSAR_DAYS) == date(2025, 1, 16)


TREATED = Milestones(icf=on(-20), neo_d1=on(0), last_dose=on(30), last_camrelizumab=on(21))
OPERATED = Milestones(icf=on(-20), neo_d1=on(0), last_dose=on(30), surg=on(75))
EARLY_SURGERY = Milestones(icf=on(-20), neo_d1=on(0), last_dose=on(30), surg=on(50))
SURVEILLED = Milestones(icf=on(-20), neo_d1=on(0), last_dose=on(30), ccr=on(110))
SALVAGED = Milestones(icf=on(-20), neo_d1=on(0), last_dose=on(30), ccr=on(110), surg=on(400))

PERIODS = [
    (TREATED, -21, None),
    (TREATED, -20, Period.SCREENING),
    (TREATED, -1, Period.SCREENING),
    (Milestones(icf=on(-20)), 300, Period.SCREENING),
    (Milestones(), 5, Period.SCREENING),
    (TREATED, 0, Period.NEOADJUVANT),
    (TREATED, 60, Period.NEOADJUVANT),
    (Milestones(neo_d1=on(0)), 200, Period.NEOADJUVANT),
    (TREATED, 61, Period.INTERVAL),
    (TREATED, 120, Period.INTERVAL),
    (TREATED, 121, Period.LATE),
    (OPERATED, 74, Period.INTERVAL),
    (OPERATED, 75, Period.PERIOPERATIVE),
    (OPERATED, 165, Period.PERIOPERATIVE),
    (OPERATED, 166, Period.LATE),
    (EARLY_SURGERY, 49, Period.NEOADJUVANT),
    (EARLY_SURGERY, 50, Period.PERIOPERATIVE),
    (SURVEILLED, 109, Period.INTERVAL),
    (SURVEILLED, 110, Period.SURVEILLANCE),
    (SURVEILLED, 900, Period.SURVEILLANCE),
    (SALVAGED, 399, Period.SURVEILLANCE),
    (SALVAGED, 400, Period.PERIOPERATIVE),
]


@pytest.mark.parametrize(("when", "day", "period"), PERIODS)
def test_the_period_of_an_event(when: Milestones, day: int, period: Period | None) -> None:
    assert safety.ae_period(on(day), when, DAYS) is period


COLLECTED = [
    (TREATED, -21, {}, False),
    (Milestones(neo_d1=on(0)), 3, {}, False),
    (TREATED, -20, {}, True),
    (Milestones(icf=on(-20)), 500, {}, True),
    (TREATED, 60, {}, True),
    (TREATED, 61, {}, False),
    (TREATED, 120, {"serious": True}, True),
    (TREATED, 121, {"serious": True}, False),
    (TREATED, 120, {"immune_related": True}, True),
    (TREATED, 121, {"immune_related": True}, False),
    (TREATED, 800, {"serious": True, "related": True}, True),
    (TREATED, 800, {"related": True}, False),
    (TREATED, 800, {"at_any_time": True}, True),
    (TREATED, -21, {"at_any_time": True}, False),
    (OPERATED, 74, {}, True),
    (OPERATED, 75, {}, True),
    (OPERATED, 165, {}, True),
    (OPERATED, 166, {}, False),
    (OPERATED, 166, {"serious": True}, False),
]


@pytest.mark.parametrize(("when", "day", "event", "collected"), COLLECTED)
def test_the_collection_window(when: Milestones, day: int, event: dict[str, bool], collected: bool) -> None:
    assert safety.is_collected(on(day), when, DAYS, **event) is collected


def course(start: int, end: int | None, mg: float | Decimal) -> SteroidCourse:
    return SteroidCourse(on(start), None if end is None else on(end), mg)


@pytest.mark.parametrize(
    ("courses", "flagged"),
    [
        ([], False),
        ([course(0, 29, 20)], False),
        ([course(0, 30, 20)], True),
        ([course(0, 60, 10)], False),
        ([course(0, 60, Decimal("10.5"))], True),
        ([course(0, 60, 6), course(0, 60, 6)], True),
        ([course(0, 20, 20), course(21, 31, 15)], True),
        ([course(0, 20, 20), course(22, 45, 15)], False),
        ([course(70, None, 20)], True),
        ([course(75, None, 20)], False),
    ],
)
def test_prolonged_steroids(courses: list[SteroidCourse], flagged: bool) -> None:
    assert safety.prolonged_steroid(courses, until=on(100), limit_mg=10, days=30) is flagged


@given(st.integers(-30, 900).map(on))
def test_every_event_after_consent_has_one_period(onset: date) -> None:
    period = safety.ae_period(onset, SALVAGED, DAYS)
    assert (period is None) == (onset < on(-20))


@pytest.mark.parametrize("day", range(20, 140, 5))
@pytest.mark.parametrize("event", [{}, {"serious": True}, {"immune_related": True}])
def test_point_16_the_window_is_the_same_in_both_arms(day: int, event: dict[str, bool]) -> None:
    """C7: the last study treatment of the arm counts, whether camrelizumab was part of it or not."""
    other_arm = replace(TREATED, last_camrelizumab=None)
    assert safety.is_collected(on(day), TREATED, DAYS, **event) == safety.is_collected(
        on(day), other_arm, DAYS, **event
    )
