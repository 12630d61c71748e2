"""What people type, read in one way wherever they type it: texts, numbers, days, clocks, numbers of participants.

Full-width signs, as a Chinese keyboard types them, count as plain ones; so do the ideographic space and full stop.
Nothing else is taken for a digit: a superscript or a circled digit is refused. ``static/js/reading.js`` reads
by the same rules, and ``tests/unit/kernel/reading.json`` is tried on both. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

# What takes no room on paper: Default_Ignorable_Code_Point of Unicode, and the empty braille cell.
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a\u202c\u202d\u2060-\u2066\u2068-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Blanks that look like a blank and are none; the ideographic space is typed on purpose and stays in a text.
BLANK: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f"
# Control signs but tab and line end, what turns the direction of writing, and halves of a sign that was cut in two.
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")  # which PostgreSQL keeps in no text
UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202b\u202e\u2067\ud800-\udfff]")
HYPHEN: Final = "-\u2010-\u2015\u2043\u2212\u30fc\ufe58\ufe63"

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_BLANK: Final = re.compile(f"[{BLANK}]")
_LINE_END: Final = re.compile("\r\n|[\r\u2028\u2029]")
_FOLDED: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3002: 0x2E}

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")
_ROW_NUMBER: Final = re.compile("[0-9]{1,18}")
_POINTED: Final = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]+)?")
_WITH_COMMA: Final = re.compile(r"[+-]?[0-9]{1,9}(?:,[0-9]+)+(?:\.[0-9]+)?")
_UNIT_BEGINS: Final = r"[A-Za-zµμ%°\u2100-\u214f\u3300-\u33ff\u4e00-\u9fff]"
_WITH_UNIT: Final = re.compile(
    rf"[+-]?[0-9]{{1,9}}(?:[.,][0-9]+)? ?(?![eE][0-9+-]|[oO]$){_UNIT_BEGINS}[^<>]{{0,11}}"
)
_DAY: Final = re.compile(
    rf"([0-9]{{4}})[{HYPHEN}/.年]([0-9]{{1,2}})[{HYPHEN}/.月]([0-9]{{1,2}})[日号]?|([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})"
)
_DAY_FIRST: Final = re.compile(rf"([0-9]{{1,2}})[{HYPHEN}/.]([0-9]{{1,2}})[{HYPHEN}/.]([0-9]{{4}})")
_DAY_NAMED: Final = re.compile(rf"([0-9]{{1,2}})[{HYPHEN} ]?([A-Za-z]{{3,9}})\.?,?[{HYPHEN} ]?([0-9]{{4}})")
_NAMED_FIRST: Final = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})")
_MONTH_LAST: Final = re.compile(rf"([0-9]{{1,2}})[{HYPHEN}/.]([0-9]{{4}})")
_MONTH_NAMED: Final = re.compile(rf"([A-Za-z]{{3,9}})\.?,?[{HYPHEN} ]?([0-9]{{4}})")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH: Final = re.compile(rf"([0-9]{{4}})[{HYPHEN}/.年]([0-9]{{1,2}})月?")
_TODAY: Final = frozenset({"today", "今天", "今日"})
_YEAR: Final = re.compile(r"([0-9]{4})年?")
_CLOCK: Final = re.compile(r"([0-9]{1,2})[:时点]([0-9]{2})分?(?::([0-9]{2})(?:\.([0-9]+))?)?")
_INSTANT: Final = re.compile(r"(.+?)(?:[T ]+|(?<=[日号]))([0-9]{1,2}[:时点].*?)(Z|[+-][0-9]{2}:?[0-9]{2})?")
_SHORT_NUMBER: Final = re.compile(r"([0-9]{2})-([1-9][0-9]{0,2})")
YEARS: Final = range(
    1900, 3000
)  # far beyond any participant; a later day would overflow where days are added to it


class Reason(StrEnum):
    """Why something typed is not read."""

    FORMAT = "format"
    PRECISION = "precision"
    SECONDS = "seconds"
    CHARACTER = "character"
    TWO_DAYS = "two_days"
    NO_SUCH_DAY = "no_such_day"
    COMMA = "comma"
    UNIT = "unit"


class UnreadableError(ValueError):
    """What was typed is not what is asked for; whoever asked says what would be, in their own words."""

    def __init__(self, reason: Reason = Reason.FORMAT) -> None:
        super().__init__(reason.value)
        self.reason = reason


def clean(typed: str) -> str:
    """Return the text without blanks around it and invisible signs in it, its letters and line ends in one form."""
    text = _LINE_END.sub("\n", unicodedata.normalize("NFC", _INVISIBLE.sub("", typed)))
    return _BLANK.sub(" ", text).strip()


def words(typed: str) -> str:
    """Return a text that can be stored and printed.

    Raises:
        UnreadableError: it holds a sign that cannot be, such as a control character.
    """
    text = clean(typed)
    if UNPRINTABLE.search(text):
        raise UnreadableError(Reason.CHARACTER)
    return text


def plain(typed: str) -> str:
    """Return the text with full-width signs as plain ones, for reading a number, a day or a name that we gave."""
    return clean(typed).translate(_FOLDED).strip()


def whole(typed: str) -> int:
    """Return a whole number of at most nine digits."""
    text = plain(typed)
    if not _WHOLE.fullmatch(text):
        raise UnreadableError(_why_no_number(text))
    return int(text)


def row_number(sent: str) -> int | None:
    """Return the number of a row that a page or an address sends back; None where it is none that a row can have."""
    return int(sent) if _ROW_NUMBER.fullmatch(sent) else None


def pointed(typed: str, *, places: int) -> Decimal:
    """Return a number, exactly as it is typed, with ``places`` decimal places; more are refused, never rounded."""
    text = plain(typed)
    if not _POINTED.fullmatch(text):
        raise UnreadableError(_why_no_number(text))
    if len(text.partition(".")[2].rstrip("0")) > places:
        raise UnreadableError(Reason.PRECISION)
    return Decimal(text).quantize(Decimal(1).scaleb(-places))


def _why_no_number(text: str) -> Reason:
    """Say why a text is no number; a comma may part thousands or decimals, and is not guessed at."""
    if _WITH_COMMA.fullmatch(text):
        return Reason.COMMA
    return Reason.UNIT if _WITH_UNIT.fullmatch(text) else Reason.FORMAT


def day(typed: str, *, today: date | None = None) -> date:
    """Return a full day: 2026-05-07, with any hyphen, stroke or point, 20260507, 2026年5月7日, 28/11/2026, 5 Mar 2025.

    Where somebody types, ``today`` and 今天 are that day too; a program that sends them is refused.

    Raises:
        UnreadableError: it is none, two days in two countries, such as 05/03/2025, or a day that no calendar has.
    """
    text = plain(typed)
    if today is not None and text.lower() in _TODAY:
        return today
    if match := _DAY.fullmatch(text):
        return _calendar_day(*map(int, filter(None, match.groups())))
    if match := _DAY_FIRST.fullmatch(text):
        return _day_first(int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_NAMED.fullmatch(text):
        return _calendar_day(int(match[3]), _month_named(match[2]), int(match[1]))
    if match := _NAMED_FIRST.fullmatch(text):
        return _calendar_day(int(match[3]), _month_named(match[1]), int(match[2]))
    raise UnreadableError


def _day_first(number: int, month: int, year: int) -> date:
    """Return the day, unless it is another one where the month stands first."""
    if number <= len(_MONTHS) and month <= len(_MONTHS) and number != month:
        raise UnreadableError(Reason.TWO_DAYS)
    return _calendar_day(year, *((month, number) if month <= len(_MONTHS) else (number, month)))


def _month_named(word: str) -> int:
    """Return the month that an English name, or its first letters, stands for."""
    for number, name in enumerate(_MONTHS, start=1):
        if name.startswith(word.lower()):
            return number
    raise UnreadableError


def _calendar_day(year: int, month: int, number: int) -> date:
    if year not in YEARS:
        raise UnreadableError
    try:
        return date(year, month, number)
    except ValueError:
        raise UnreadableError(Reason.NO_SUCH_DAY) from None


def partial_day(typed: str, *, today: date | None = None) -> str:
    """Return a day, a month or a year as it is kept: 2026-05-07, 2026-05, 2026; never filled in."""
    text = plain(typed)
    if match := _YEAR.fullmatch(text):
        return f"{_calendar_day(int(match[1]), 1, 1):%Y}"
    if match := _MONTH.fullmatch(text):
        return f"{_calendar_day(int(match[1]), int(match[2]), 1):%Y-%m}"
    if match := _MONTH_LAST.fullmatch(text):
        return f"{_calendar_day(int(match[2]), int(match[1]), 1):%Y-%m}"
    if match := _MONTH_NAMED.fullmatch(text):
        return f"{_calendar_day(int(match[2]), _month_named(match[1]), 1):%Y-%m}"
    return day(text, today=today).isoformat()


def clock(typed: str) -> time:
    """Return a time of day to the minute: 08:30, 8时30分. Seconds are refused unless they are 0."""
    exact = _exact_clock(typed)
    if exact.second or exact.microsecond:
        raise UnreadableError(Reason.SECONDS)
    return exact


def _exact_clock(typed: str) -> time:
    match = _CLOCK.fullmatch(plain(typed))
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise UnreadableError
    fraction = (match[4] or "").ljust(6, "0")
    if fraction[6:].strip("0"):
        raise UnreadableError(Reason.PRECISION)
    return time(int(match[1]), int(match[2]), int(match[3] or 0), int(fraction[:6]))


def instant(typed: str, *, zone: str, today: date | None = None) -> datetime:
    """Return a day with its time, in ``zone`` unless an offset stands behind it, as programs send it."""
    typed_day, typed_clock, offset = _parts_of_instant(typed)
    known = day(typed_day, today=today)
    return datetime.combine(known, clock(typed_clock), tzinfo=_offset(offset) or ZoneInfo(zone))


def moment(typed: str) -> datetime:
    """Return an instant as programs send it, to the microsecond; one without its offset is refused."""
    typed_day, typed_clock, offset = _parts_of_instant(typed)
    if not offset:
        raise UnreadableError
    return datetime.combine(day(typed_day), _exact_clock(typed_clock), tzinfo=_offset(offset))


def _parts_of_instant(typed: str) -> tuple[str, str, str | None]:
    match = _INSTANT.fullmatch(plain(typed))
    if match is None:
        raise UnreadableError
    return match[1], match[2], match[3]


def _offset(typed: str | None) -> tzinfo | None:
    try:
        return datetime.strptime(typed, "%z").tzinfo if typed else None
    except ValueError:
        raise UnreadableError from None


def hyphened(typed: str) -> str:
    """Return a number of ours, or a part of one, with any hyphen as a plain one: 01-0004, 01-00."""
    return re.sub(rf"\s*[{HYPHEN}]\s*", "-", plain(typed))


def number_of_participant(typed: str) -> str:
    """Return a participant's number as it is printed, 01-0004; 01-4 stands for it."""
    text = hyphened(typed)
    match = _SHORT_NUMBER.fullmatch(text)
    return f"{match[1]}-{match[2]:0>4}" if match else text


def code(typed: str) -> str:
    """Return a one-time code or a reference without the blanks that apps put into it."""
    return re.sub(r"\s+", "", plain(typed))


def as_typed(value: Any, *, zone: str) -> list[str]:
    """Return an answer as it would be typed; reading it again gives the same answer."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(code) for code in value]
    if isinstance(value, datetime):
        return [value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")]
    if isinstance(value, Decimal):
        return [format(value, "f")]
    return [str(value)]
