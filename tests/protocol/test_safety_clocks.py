"""The clocks of serious events (protocol 2.6, 3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.safety import SusarDays, is_fatal, special_interest
from protocol.safety_deadlines import Clock, ClockKind, SeriousEventFacts, clocks_of, end_of

CHAPTERS = ("2.6", "3.6")

ZONE = "Asia/Shanghai"
SUSAR_DAYS = SusarDays(fatal=7, follow_up=8, other=15)
FROM_GRADE = {"pneumonitis": 2, "bleeding": 3}
AWARE = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # 2 March, 4 in the morning in Shanghai
REPORTED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


SAVED = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)


def running(**known: Any) -> dict[ClockKind, Clock]:
    facts = SeriousEventFacts(**{"recorded": SAVED, "susar_known": known.get("reported")} | known)
    return {clock.kind: clock for clock in clocks_of(facts, zone=ZONE, hours=24, susar_days=SUSAR_DAYS)}


def test_point_12_without_a_word_on_awareness_the_clock_runs_since_the_event_was_saved() -> None:
    clock = running()[ClockKind.SAE_REPORT]
    assert (clock.starts, clock.due, clock.provisional) == (SAVED, SAVED + timedelta(hours=24), True)


def test_point_12_nobody_learnt_of_an_event_after_it_was_saved() -> None:
    clock = running(aware=SAVED + timedelta(hours=5))[ClockKind.SAE_REPORT]
    assert (clock.starts, clock.provisional) == (SAVED, False)


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
    facts = SeriousEventFacts(recorded=SAVED, aware=AWARE)
    clock, *_rest = clocks_of(facts, zone=ZONE, hours=48, susar_days=SUSAR_DAYS)
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
    found = running(
        aware=AWARE, reported=REPORTED, susar=True, fatal_or_life_threatening=True, urgent_known=REPORTED
    )
    assert set(found) == {ClockKind.SAE_REPORT, ClockKind.SUSAR_URGENT, ClockKind.SUSAR_FOLLOW_UP}
    assert found[ClockKind.SUSAR_URGENT].due == end_of(date(2026, 3, 9), ZONE)
    assert found[ClockKind.SUSAR_FOLLOW_UP].due == end_of(date(2026, 3, 17), ZONE)


@pytest.mark.parametrize(("told", "late"), [(date(2026, 3, 9), False), (date(2026, 3, 10), True)])
def test_telling_the_authority_meets_it_on_its_last_day(told: date, late: bool) -> None:
    found = running(
        aware=AWARE,
        reported=REPORTED,
        susar=True,
        fatal_or_life_threatening=True,
        urgent_known=REPORTED,
        authority_on=told,
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


FATAL_ON = datetime(2026, 3, 22, 3, 0, tzinfo=UTC)


def test_point_12_a_case_that_becomes_fatal_on_day_20_is_not_born_overdue() -> None:
    """ICH E2A: seven days from the sponsor's first knowledge that the case qualifies, not from the first report."""
    found = running(
        aware=AWARE,
        reported=REPORTED,
        susar=True,
        susar_known=FATAL_ON,
        fatal_or_life_threatening=True,
        urgent_known=FATAL_ON,
    )
    assert found[ClockKind.SUSAR_URGENT].starts == FATAL_ON
    assert found[ClockKind.SUSAR_URGENT].due == end_of(date(2026, 3, 29), ZONE)


def test_point_12_a_sponsor_who_knew_before_the_sites_report_counts_from_there() -> None:
    before = REPORTED - timedelta(days=2)
    clock = running(aware=AWARE, reported=REPORTED, susar=True, susar_known=before)[ClockKind.SUSAR_OTHER]
    assert (clock.starts, clock.due) == (before, end_of(date(2026, 3, 15), ZONE))


def test_point_12_what_was_told_before_day_0_was_another_report() -> None:
    told = running(
        aware=AWARE,
        reported=REPORTED,
        susar=True,
        fatal_or_life_threatening=True,
        urgent_known=FATAL_ON,
        authority_on=date(2026, 3, 10),
    )
    assert told[ClockKind.SUSAR_URGENT].met is None


def test_point_12_an_urgent_case_that_nobody_assessed_anew_runs_since_it_was_saved() -> None:
    clock = running(aware=AWARE, reported=REPORTED, susar=True, fatal_or_life_threatening=True)
    assert (clock[ClockKind.SUSAR_URGENT].starts, clock[ClockKind.SUSAR_URGENT].provisional) == (SAVED, True)


@given(st.lists(st.tuples(st.integers(-200, 200), st.integers(1, 72)), min_size=1, max_size=12))
def test_point_12_any_history_never_moves_a_due_moment_later(history: list[tuple[int, int]]) -> None:
    """Awareness in hours around a first moment, hours of the text: whatever is said, in whatever order."""
    held: Clock | None = None
    for number, (hours_off, hours) in enumerate(history):
        facts = SeriousEventFacts(
            recorded=SAVED + timedelta(hours=number),
            aware=AWARE + timedelta(hours=hours_off) if hours_off % 5 else None,
        )
        clock, *_rest = clocks_of(facts, zone=ZONE, hours=hours, susar_days=SUSAR_DAYS)
        now = clock.not_later_than(held.starts, held.due) if held else clock
        assert held is None or (now.starts <= held.starts and now.due <= held.due)
        assert now.due <= clock.due, "an earlier moment moves it earlier"
        held = now


@pytest.mark.parametrize(
    ("answers", "fatal"),
    [
        ({"outcome": "fatal", "grade": None, "criteria": None}, True),
        ({"outcome": None, "grade": "5", "criteria": []}, True),
        ({"outcome": None, "grade": "4", "criteria": ["life", "death"]}, True),
        ({"outcome": "recovered", "grade": "4", "criteria": ["life"]}, False),
        ({"outcome": None, "grade": None, "criteria": None}, False),
    ],
)
def test_point_12_a_fatal_event_by_any_of_its_answers(answers: dict[str, Any], fatal: bool) -> None:
    assert is_fatal(**answers) is fatal
