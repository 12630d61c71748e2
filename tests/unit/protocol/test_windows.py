"""Calendar months, offsets and windows (protocol 2.1)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.loader.schema import Anchoring, Offset, Source, Window
from protocol.windows import Dates, add_months, dates_of, target_of, window_status

CHAPTERS = ("2.1",)

DEFAULT = Source("default")
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 8, 31), 6, date(2025, 2, 28)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 3, 31), 1, date(2024, 4, 30)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2024, 1, 1), 0, date(2024, 1, 1)),
    ],
)
def test_months_are_calendar_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(DAYS, st.integers(0, 60))
def test_a_month_later_is_the_same_day_or_the_last_of_its_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(1)).day == 1)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (Offset(DEFAULT, days=-14), date(2024, 12, 18)),
        (Offset(DEFAULT, weeks=5), date(2025, 2, 5)),
        (Offset(DEFAULT, months=6), date(2025, 7, 1)),
        (Offset(DEFAULT, months=0), date(2025, 1, 1)),
    ],
)
def test_targets(offset: Offset, expected: date) -> None:
    assert target_of(offset, date(2025, 1, 1)) == expected


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        (Window(DEFAULT, opens=28, closes=42), date(2025, 1, 29), date(2025, 2, 12)),
        (Window(DEFAULT, before=14, after=7), date(2025, 1, 22), date(2025, 2, 12)),
        (Window(DEFAULT, opens=0, closes=42), date(2025, 1, 1), date(2025, 2, 12)),
        (Window(DEFAULT, after=7), date(2025, 2, 5), date(2025, 2, 12)),
        (Window(DEFAULT, before=14), date(2025, 1, 22), date(2025, 2, 5)),
        (Window(DEFAULT), date(2025, 2, 5), date(2025, 2, 5)),
    ],
)
def test_windows_count_from_the_anchor_or_from_the_target(window: Window, opens: date, closes: date) -> None:
    due = Anchoring("NEO_END", DEFAULT, Offset(DEFAULT, weeks=5), window)
    assert dates_of(due, date(2025, 1, 1)) == Dates(date(2025, 2, 5), opens, closes)


@pytest.mark.parametrize(
    ("took_place_on", "status"),
    [
        (date(2025, 1, 9), "early"),
        (date(2025, 1, 10), "in"),
        (date(2025, 1, 15), "in"),
        (date(2025, 1, 20), "in"),
        (date(2025, 1, 21), "late"),
    ],
)
def test_both_edges_belong_to_the_window(took_place_on: date, status: str) -> None:
    assert window_status(took_place_on, date(2025, 1, 10), date(2025, 1, 20)) == status
