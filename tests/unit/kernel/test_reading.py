"""One reader of what people type: each case of the table is read here and in the browser (tests/js/reading.test.js)."""

from __future__ import annotations

import json
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import reading
from kernel.reading import Reason, UnreadableError

CASES = json.loads(Path(__file__).with_name("reading.json").read_text(encoding="utf-8"))
CHINA = ZoneInfo("Asia/Shanghai")


def _number(typed: str) -> str:
    return format(reading.pointed(typed, places=9).normalize(), "f")


READERS: dict[str, Callable[[str], Any]] = {
    "number": _number,
    "day": lambda typed: reading.day(typed).isoformat(),
    "partial_day": reading.partial_day,
    "text": lambda typed: reading.words(typed) or None,
}


@pytest.mark.parametrize(
    ("kind", "typed", "wanted"), [(kind, *row[:2]) for kind in READERS for row in CASES[kind]], ids=ascii
)
def test_point_07_one_table_is_read_alike_by_server_and_browser(
    kind: str, typed: str, wanted: str | None
) -> None:
    try:
        read = READERS[kind](typed)
    except UnreadableError:
        read = None
    assert read == wanted


@pytest.mark.parametrize(
    ("kind", "typed", "why"), [(kind, row[0], row[2:]) for kind in READERS for row in CASES[kind]], ids=ascii
)
def test_point_07_a_day_that_no_calendar_has_is_told_from_one_in_another_form(
    kind: str, typed: str, why: list[str]
) -> None:
    try:
        READERS[kind](typed)
        reason = None
    except UnreadableError as fault:
        reason = fault.reason
    assert (reason == Reason.NO_SUCH_DAY) == (why == [Reason.NO_SUCH_DAY])


TODAY = date(2026, 11, 29)
TYPED = json.loads(Path(__file__).with_name("today.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("typed", "wanted"), TYPED["day"], ids=ascii)
def test_point_11_today_is_the_day_that_the_reader_is_told(typed: str, wanted: str | None) -> None:
    for read in (reading.day, reading.partial_day):
        if wanted is None:
            with pytest.raises(UnreadableError):
                read(typed, today=TODAY)
        else:
            assert str(read(typed, today=TODAY)) == wanted


def test_point_11_a_program_that_sends_today_is_refused() -> None:
    for read in (reading.day, reading.partial_day):
        with pytest.raises(UnreadableError):
            read("today")


@pytest.mark.parametrize(("typed", "wanted"), TYPED["instant"], ids=ascii)
def test_point_11_the_day_of_a_moment_may_be_today(typed: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(UnreadableError) as fault:
            reading.instant(typed, zone="Asia/Shanghai", today=TODAY)
        assert fault.value.reason == Reason.TWO_DAYS
    else:
        read = reading.instant(typed, zone="Asia/Shanghai", today=TODAY)
        assert read.strftime("%Y-%m-%d %H:%M") == wanted


@given(st.integers(1900, 2999), st.integers(1, 12), st.integers(1, 31))
def test_point_07_every_day_of_three_numbers_is_read_or_does_not_exist(
    year: int, month: int, number: int
) -> None:
    named = f"{number} {date(2000, month, 1):%b} {year}"
    for typed in (
        f"{year}-{month}-{number}",
        f"{year}年{month}月{number}日",
        f"{year}{month:02}{number:02}",
        named,
    ):
        if number <= monthrange(year, month)[1]:
            assert reading.day(typed) == date(year, month, number)
        else:
            with pytest.raises(UnreadableError) as fault:
                reading.day(typed)
            assert fault.value.reason == Reason.NO_SUCH_DAY


def full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@given(st.integers(-999_999_999, 999_999_999))
def test_point_07_full_width_digits_are_digits(number: int) -> None:
    assert reading.whole(full_width(str(number))) == number


DIGIT_LIKE = [
    chr(point)
    for point in range(0x80, 0x20000)
    if not 0xFF10 <= point <= 0xFF19
    and (
        unicodedata.numeric(chr(point), None) is not None
        or unicodedata.normalize("NFKC", chr(point)).isdigit()
    )
]


@given(st.sampled_from(DIGIT_LIKE), st.integers(0, 3), st.text("0123456789", min_size=3, max_size=3))
def test_point_07_what_only_resembles_a_digit_is_refused(sign: str, place: int, digits: str) -> None:
    typed = digits[:place] + sign + digits[place:]
    for read in (
        reading.whole,
        lambda text: reading.pointed(text, places=2),
        reading.day,
        reading.partial_day,
    ):
        with pytest.raises(UnreadableError):
            read(typed)


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)), st.sampled_from("-‐‑‒–—―−－/.。年"))
def test_point_07_a_day_is_read_however_its_parts_are_joined(day: date, joint: str) -> None:
    for typed in (f"{day.year}{joint}{day.month}{joint}{day.day}", f"{day.year}年{day.month}月{day.day}号"):
        if joint != "年" or "月" in typed:
            assert reading.day(typed) == reading.day(full_width(typed)) == day


def test_point_07_numbers_of_participants_and_codes_are_read_with_any_keyboard() -> None:
    for typed in ("01-0004", "01‑0004", "０１－０００４", " 01–0004\u3000", "01ー0004", "01 - 0004", "01-4"):
        assert reading.number_of_participant(typed) == "01-0004", typed
    assert (reading.hyphened("０１‑00"), reading.hyphened("01")) == ("01-00", "01")
    for typed in ("593581", "593 581", "５９３５８１", "５９３\u3000５８１", "593\u00a0581\u200b"):
        assert reading.code(typed) == "593581", typed


def test_point_08_seconds_are_refused_and_never_dropped() -> None:
    zone = "Asia/Shanghai"
    wanted = datetime(2024, 3, 5, 8, 30, tzinfo=CHINA)
    for typed in (
        "2024-03-05 08:30",
        "2024-03-05T08:30:00.000",
        "2024-03-05T00:30Z",
        "2024年3月5号 8时30分",
        "２０２４－０３－０５　８：３０",
        "2024年3月5日8点30分",
    ):
        assert reading.instant(typed, zone=zone) == wanted, typed
    for typed in ("2024-03-05 08:30:01", "2024-03-05T08:30:00.250+08:00", "2024-03-05 08:30:59Z"):
        with pytest.raises(UnreadableError) as refused:
            reading.instant(typed, zone=zone)
        assert refused.value.reason == Reason.SECONDS, typed
    for typed in ("2024-03-05 08:30:99", "2024-03-05 24:00", "2024-03-05 ٠٨:٣٠", "2024-03-05 8:3²"):
        with pytest.raises(UnreadableError) as refused:
            reading.instant(typed, zone=zone)
        assert refused.value.reason == Reason.FORMAT, typed
    assert reading.clock("１４：３０") == reading.clock("14:30:00") == time(14, 30)


@given(
    st.dates(date(1901, 1, 1), date(2998, 12, 31)),
    st.times() | st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.integers(-14 * 4, 14 * 4),
)
def test_point_08_an_instant_is_read_exactly_or_not_at_all(day: date, at: time, quarters: int) -> None:
    sent = datetime.combine(day, at, timezone(timedelta(minutes=15 * quarters))).isoformat()
    if at.second or at.microsecond:
        with pytest.raises(UnreadableError, match=Reason.SECONDS):
            reading.instant(sent, zone="Asia/Shanghai")
    else:
        assert reading.instant(sent, zone="Asia/Shanghai") == datetime.fromisoformat(sent)


UNSEEN = {"Cf", "Cc", "Zs", "Zl", "Zp"}
# Format signs that Unicode lists and that are drawn all the same.
DRAWN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
DRAWN += "".join(map(chr, range(0x13430, 0x13440)))


@given(
    st.text(st.characters(exclude_characters=DRAWN), max_size=30)
    | st.text("\u200b\u2060\ufeff\u3164 \u00ad\u2028a", max_size=6)
)
def test_point_08_a_text_can_be_seen_and_reads_again_as_itself(typed: str) -> None:
    read = _words_or_nothing(typed)
    assert _words_or_nothing(read) == read
    assert not read or {unicodedata.category(sign) for sign in read} - UNSEEN


def _words_or_nothing(typed: str) -> str:
    try:
        return reading.words(typed)
    except UnreadableError:
        return ""


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x7f", "\u202e", "\u202b", "\u2067", "\ud800"])
def test_point_08_what_cannot_be_printed_or_turns_the_writing_is_refused(sign: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        reading.words(f"a{sign}b")
    assert refused.value.reason == Reason.CHARACTER


def test_a_number_is_kept_as_typed_or_refused() -> None:
    assert reading.pointed("70.50", places=1) == Decimal("70.5")
    with pytest.raises(UnreadableError) as refused:
        reading.pointed("70.55", places=1)
    assert refused.value.reason == Reason.PRECISION
