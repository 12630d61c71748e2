"""A month's sheet and the iCalendar text (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from followup.calendar import Month, icalendar
from followup.models import Visit
from trials.models import Participant

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def visit(**more: Any) -> Visit:
    window = {"opens": date(2026, 11, 10), "closes": date(2026, 11, 24), "proposed_on": date(2026, 11, 17)}
    return Visit(pk=7, participant=Participant(number="01-001"), code="N1", **{**window, **more})


def test_a_sheet_begins_on_monday_and_ends_on_sunday() -> None:
    month = Month.of(date(2026, 11, 20))
    assert month.shown == (date(2026, 10, 26), date(2026, 12, 6))
    assert (month.before, month.after) == (date(2026, 10, 1), date(2026, 12, 1))
    assert (Month.of(date(2027, 1, 31)).after, Month.of(date(2027, 1, 1)).before) == (
        date(2027, 2, 1),
        date(2026, 12, 1),
    )


def test_a_visit_is_an_event_of_one_day() -> None:
    text = icalendar([visit()], name="Visits", at=AT)
    assert text.endswith("END:VCALENDAR\r\n")
    lines = text.split("\r\n")
    assert "DTSTART;VALUE=DATE:20261117" in lines
    assert "DTEND;VALUE=DATE:20261118" in lines
    assert "SUMMARY:01-001 N1" in lines
    assert "DESCRIPTION:2026-11-10 – 2026-11-24" in lines


def test_a_visit_without_a_window_is_no_event() -> None:
    assert "VEVENT" not in icalendar([visit(opens=None, closes=None)], name="Visits", at=AT)


def test_long_lines_are_folded_and_signs_escaped() -> None:
    text = icalendar([], name="随访" * 40 + "; a, b", at=AT)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "")
    assert "随访" * 40 + "\\; a\\, b" in unfolded
