"""Which days are worked in China, and how far that is known (State Council notices for 2025 and 2026)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from protocol.history import History
from protocol.schedule import plan
from protocol.text import load
from trials.holidays import announced_through, works_on


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 1, 28), date(2025, 2, 4)),
        (date(2025, 4, 4), date(2025, 4, 6)),
        (date(2025, 5, 1), date(2025, 5, 5)),
        (date(2025, 5, 31), date(2025, 6, 2)),
        (date(2025, 10, 1), date(2025, 10, 8)),
        (date(2026, 1, 1), date(2026, 1, 3)),
        (date(2026, 2, 15), date(2026, 2, 23)),
        (date(2026, 4, 4), date(2026, 4, 6)),
        (date(2026, 5, 1), date(2026, 5, 5)),
        (date(2026, 6, 19), date(2026, 6, 21)),
        (date(2026, 9, 25), date(2026, 9, 27)),
        (date(2026, 10, 1), date(2026, 10, 7)),
    ],
)
def test_nobody_is_offered_a_day_of_a_holiday(first: date, last: date) -> None:
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    assert [day for day in days if works_on(day)] == []


@pytest.mark.parametrize(
    "day",
    [
        *(date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27), date(2025, 9, 28), date(2025, 10, 11)),
        *(date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20)),
        date(2026, 10, 10),
    ],
)
def test_a_weekend_day_that_makes_up_for_a_holiday_is_worked(day: date) -> None:
    assert day.weekday() >= 5
    assert works_on(day)


@pytest.mark.parametrize("year", range(2027, 2032))
def test_the_festivals_of_later_years_are_known(year: int) -> None:
    spring = {2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23)}[year]
    for month, day in ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3), spring):
        assert not works_on(date(year, month, day))
    assert works_on(date(year, 3, 10)) is (date(year, 3, 10).weekday() < 5)


def test_it_is_said_how_far_exchanged_days_are_known() -> None:
    assert announced_through() >= 2026
    later = [date(announced_through() + 1, 1, 1) + timedelta(n) for n in range(365)]
    assert not [day for day in later if day.weekday() >= 5 and works_on(day)], (
        "no weekend is guessed to be worked"
    )


def test_an_appointment_leaves_the_holiday_and_the_window_stays() -> None:
    """Month 6 after 1 April 2026 is National Day: the first working day after the holidays is offered."""
    history = History(
        as_of=date(2026, 4, 2), arm="2", milestones={"RAND": date(2026, 2, 25), "NEO_END": date(2026, 4, 1)}
    )
    visit = next(each for each in plan(load("1.0"), history, works_on=works_on) if each.code == "FU-06")
    assert visit.target == date(2026, 10, 1)
    assert visit.proposed_on == date(2026, 9, 30)
    assert (visit.opens, visit.closes) == (date(2026, 9, 17), date(2026, 10, 15))
