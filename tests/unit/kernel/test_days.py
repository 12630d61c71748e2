"""A clock names its zone, and the end of a day reads as the end of that day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from kernel.clock import end_of_day, local_date
from kernel.days import offset_of, written_deadline, zone_in_words

CHINA = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("at", "english", "chinese"),
    [
        (datetime(2026, 12, 9, 16, tzinfo=UTC), "9 Dec 2026 24:00 UTC+8", "2026-12-09 24:00 UTC+8"),
        (datetime(2026, 11, 29, 6, tzinfo=UTC), "29 Nov 2026 14:00 UTC+8", "2026-11-29 14:00 UTC+8"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "1 Jan 2027 07:30 UTC+8", "2027-01-01 07:30 UTC+8"),
    ],
)
def test_point_19_a_deadline_names_its_zone_and_ends_with_its_day(
    at: datetime, english: str, chinese: str
) -> None:
    with translation.override("en"):
        assert written_deadline(at, CHINA) == english
    with translation.override("zh-hans"):
        assert written_deadline(at, CHINA) == chinese


def test_point_10_a_zone_is_named_with_its_distance() -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    assert zone_in_words(CHINA, at=at) == "Asia/Shanghai, UTC+8"
    assert [
        offset_of(datetime.fromisoformat(f"2026-01-01T00:00{each}")) for each in ("+05:30", "-03:30", "Z")
    ] == [
        "UTC+5:30",
        "UTC-3:30",
        "UTC",
    ]


def test_point_10_a_day_ends_where_it_is() -> None:
    end = end_of_day(date(2026, 12, 9), CHINA)
    assert end == datetime(2026, 12, 9, 16, tzinfo=UTC)
    assert local_date(end, CHINA) == date(2026, 12, 10)
