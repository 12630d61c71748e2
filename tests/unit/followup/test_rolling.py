"""Where a visit stands on a day (protocol 2.1, 2.6)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.rolling import VisitWindow, state_on, turns_on

CHAPTERS = ("2.1", "2.6")

WINDOW = VisitWindow(
    opens=date(2026, 5, 1), target=date(2026, 5, 15), closes=date(2026, 5, 29), due_before_closing=7
)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (on(4, 30), "planned"),
        (on(5, 1), "open"),
        (on(5, 14), "open"),
        (on(5, 15), "due"),
        (on(5, 29), "due"),
        (on(5, 30), "overdue"),
        (date(2031, 1, 1), "overdue"),
    ],
)
def test_both_edges_of_the_window_belong_to_it(day: date, state: str) -> None:
    assert state_on(day, WINDOW) == state


def test_a_late_target_is_due_a_week_before_the_window_closes() -> None:
    span = VisitWindow(on(5, 1), on(5, 29), on(5, 29), 7)
    assert (state_on(on(5, 21), span), state_on(on(5, 22), span)) == ("open", "due")


def test_missed_when_the_next_window_opens_and_never_inside_its_own() -> None:
    span = VisitWindow(WINDOW.opens, WINDOW.target, WINDOW.closes, 7, missed_on=on(5, 20))
    assert (state_on(on(5, 29), span), state_on(on(5, 30), span)) == ("due", "missed")
    later = VisitWindow(WINDOW.opens, WINDOW.target, WINDOW.closes, 7, missed_on=on(7, 1))
    assert (state_on(on(6, 30), later), state_on(on(7, 1), later)) == ("overdue", "missed")


def test_a_window_of_one_day_turns_from_planned_to_due_to_overdue() -> None:
    span = VisitWindow(on(5, 5), on(5, 5), on(5, 5), 7)
    assert [state_on(on(5, day), span) for day in (4, 5, 6)] == ["planned", "due", "overdue"]


spans = st.builds(
    lambda opens, target, length, missed: VisitWindow(
        opens,
        opens + timedelta(min(target, length)),
        opens + timedelta(length),
        7,
        None if missed is None else opens + timedelta(missed),
    ),
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.integers(0, 60),
    st.integers(0, 60),
    st.none() | st.integers(0, 400),
)


@given(spans, st.dates(date(2023, 1, 1), date(2032, 1, 1)))
def test_the_next_turn_is_the_first_day_with_another_state(span: VisitWindow, today: date) -> None:
    turn = turns_on(today, span)
    if turn is None:
        assert state_on(today, span) == state_on(date(2100, 1, 1), span)
        return
    assert state_on(turn, span) != state_on(today, span)
    assert all(
        state_on(today + timedelta(days), span) == state_on(today, span)
        for days in range((turn - today).days)
    )
