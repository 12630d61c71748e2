"""The clocks of serious events (protocol 2.6, 3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from protocol.safety import SusarDays, special_interest
from protocol.safety_deadlines import Clock, ClockKind, SeriousEventFacts, clocks_of, end_of

CHAPTERS = ("2.6", "3.6")

ZONE = "Asia/Shanghai"
SUSAR_DAYS = SusarDays(fatal=7, follow_up=8, other=15)
FROM_GRADE = {"pneumonitis": 2, "bleeding": 3}
AWARE = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # 2 March, 4 in the morning in Shanghai
REPORTED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def running(**known: Any) -> dict[ClockKind, Clock]:
    return {
        clock.kind: clock
        for clock in clocks_of(SeriousEventFacts(**known), zone=ZONE, hours=24, susar_days=SUSAR_DAYS)
    }


def test_nothing_runs_before_anybody_knows() -> None:
    assert running() == {}


def test_the_site_has_24_hours_from_its_awareness() -> None:
    clock = running(aware=AWARE)[ClockKind.SAE_REPORT]
    assert (clock.starts, clock.due, clock.met) == (AWARE, AWARE + timedelta(hours=24), None)
    assert not clock.late


@pytest.mark.parametrize(("after", "late"), [(24, False), (24.01, True)])
def test_a_report_meets_it(after: float, late: bool) -> None:
    met = AWARE + timedelta(hours=after)
    clock = running(aware=AWARE, reported=met)[ClockKind.SAE_REPORT]
    assert (clock.met, clock.late) == (met, late)


def test_hours_are_those_of_the_protocol_text() -> None:
    clock, *_rest = clocks_of(SeriousEventFacts(aware=AWARE), zone=ZONE, hours=48, susar_days=SUSAR_DAYS)
    assert clock.due == AWARE + timedelta(hours=48)


@pytest.mark.parametrize("susar", [None, False])
def test_only_a_susar_is_expedited(susar: bool | None) -> None:
    assert set(running(aware=AWARE, reported=REPORTED, susar=susar)) == {ClockKind.SAE_REPORT}


def test_no_expedited_clock_before_the_sponsor_knows() -> None:
    assert set(running(aware=AWARE, susar=True)) == {ClockKind.SAE_REPORT}


def test_another_susar_has_15_days_from_the_sponsors_awareness() -> None:
    clock = running(aware=AWARE, reported=REPORTED, susar=True)[ClockKind.SUSAR_OTHER]
    assert clock.starts == REPORTED
    assert clock.due == end_of(date(2026, 3, 17), ZONE)
    assert clock.due == datetime(2026, 3, 17, 16, 0, tzinfo=UTC)


def test_a_fatal_susar_has_7_days_and_8_more_for_its_follow_up() -> None:
    found = running(aware=AWARE, reported=REPORTED, susar=True, fatal_or_life_threatening=True)
    assert set(found) == {ClockKind.SAE_REPORT, ClockKind.SUSAR_URGENT, ClockKind.SUSAR_FOLLOW_UP}
    assert found[ClockKind.SUSAR_URGENT].due == end_of(date(2026, 3, 9), ZONE)
    assert found[ClockKind.SUSAR_FOLLOW_UP].due == end_of(date(2026, 3, 17), ZONE)


@pytest.mark.parametrize(("told", "late"), [(date(2026, 3, 9), False), (date(2026, 3, 10), True)])
def test_telling_the_authority_meets_it_on_its_last_day(told: date, late: bool) -> None:
    found = running(
        aware=AWARE, reported=REPORTED, susar=True, fatal_or_life_threatening=True, authority_on=told
    )
    assert found[ClockKind.SUSAR_URGENT].late is late
    assert found[ClockKind.SUSAR_FOLLOW_UP].met is None


@pytest.mark.parametrize(
    ("kinds", "grade", "fatal", "related", "why"),
    [
        (("pneumonitis",), 1, False, True, ()),
        (("pneumonitis",), 2, False, False, ("pneumonitis",)),
        (("none", "myocarditis"), 1, False, False, ("myocarditis",)),
        (("bleeding", None), 2, False, True, ()),
        (("bleeding", None), 3, False, True, ("bleeding",)),
        (("perforation",), 1, False, False, ("perforation",)),
        (("stenosis",), 2, False, False, ("stenosis",)),
        (("neutropenic_fever",), 3, False, False, ("neutropenic_fever",)),
        (("none",), 5, True, True, ("treatment_death",)),
        (("none",), 5, True, False, ()),
    ],
)
def test_events_of_special_interest(
    kinds: tuple[str | None, ...], grade: int, fatal: bool, related: bool, why: tuple[str, ...]
) -> None:
    assert special_interest(kinds, from_grade=FROM_GRADE, grade=grade, fatal=fatal, related=related) == why
