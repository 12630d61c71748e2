"""Reading one answer as it was typed, and writing it as it would be typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crf.engine import messages
from crf.engine.questions import Question, QuestionKind

WHOLE = re.compile(r"[+-]?\d{1,9}")
POINTED = re.compile(r"[+-]?\d{1,9}(\.\d+)?")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
YEAR = re.compile(r"(\d{4})年?")
YEARS = range(1900, 3000)  # far beyond any participant; a later day would overflow where days are added to it
CLOCK = re.compile(r"(.+?)[T ]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
# Control characters but tab and line end, and halves of a character that was cut in two.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class UnreadableError(Exception):
    """What was typed is no answer to the question; the text says what would be."""


def clean(text: str) -> str:
    """Return the text without blanks around it, its letters in one form."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def _narrow(text: str) -> str:
    """Full-width digits and marks, as a Chinese keyboard types them, become plain ones."""
    return unicodedata.normalize("NFKC", text).replace("。", ".").strip()


def _read_whole(question: Question, texts: list[str], zone: str) -> int | None:
    if not texts:
        return None
    text = _narrow(texts[0])
    if not WHOLE.fullmatch(text) or not text.isascii():
        raise UnreadableError(messages.format_hint(question))
    return int(text)


def _read_pointed(question: Question, texts: list[str], zone: str) -> Decimal | None:
    if not texts:
        return None
    text = _narrow(texts[0])
    if not POINTED.fullmatch(text) or not text.isascii():
        raise UnreadableError(messages.format_hint(question))
    if len(text.partition(".")[2].rstrip("0")) > question.places:
        raise UnreadableError(messages.too_precise(question))
    return Decimal(text).quantize(Decimal(1).scaleb(-question.places))


def _read_text(question: Question, texts: list[str], zone: str) -> str | None:
    if not texts:
        return None
    text = texts[0]
    if UNPRINTABLE.search(text):
        raise UnreadableError(messages.format_hint(question))
    if len(text) > question.max_length:
        raise UnreadableError(messages.too_long(question, len(text)))
    return text


def _read_choice(question: Question, texts: list[str], zone: str) -> str | None:
    if not texts:
        return None
    if question.codes is None or texts[0] not in question.codes.labels:
        raise UnreadableError(messages.format_hint(question))
    return texts[0]


def _read_ticks(question: Question, texts: list[str], zone: str) -> list[str] | None:
    codes = question.codes
    if codes is None or not codes.labels.keys() >= set(texts):
        raise UnreadableError(messages.format_hint(question))
    ticked = [code for code in codes.values if code in texts]
    if len(ticked) > 1 and (alone := set(codes.exclusive).intersection(ticked)):
        raise UnreadableError(messages.stands_alone(question, min(alone, key=ticked.index)))
    return ticked or None


def _read_day(question: Question, texts: list[str], zone: str) -> date | None:
    if not texts:
        return None
    found = _day_in(_narrow(texts[0]))
    if found is None:
        raise UnreadableError(messages.format_hint(question))
    return found


def _day_in(text: str) -> date | None:
    match = DAY.fullmatch(text)
    if match is None:
        return None
    return _calendar_day(*map(int, filter(None, match.groups())))


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def _read_partial(question: Question, texts: list[str], zone: str) -> str | None:
    if not texts:
        return None
    text = _narrow(texts[0])
    if (day := _day_in(text)) is not None:
        return day.isoformat()
    if (match := MONTH.fullmatch(text)) and _calendar_day(int(match[1]), int(match[2]), 1):
        return f"{match[1]}-{int(match[2]):02d}"
    if (match := YEAR.fullmatch(text)) and int(match[1]) in YEARS:
        return match[1]
    raise UnreadableError(messages.format_hint(question))


def _read_instant(question: Question, texts: list[str], zone: str) -> datetime | None:
    if not texts:
        return None
    match = CLOCK.fullmatch(_narrow(texts[0]))
    day = _day_in(match[1]) if match else None
    if match is None or day is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise UnreadableError(messages.format_hint(question))
    return datetime(
        day.year, day.month, day.day, int(match[2]), int(match[3]), tzinfo=_zone(question, match[4], zone)
    )


def _zone(question: Question, offset: str | None, zone: str) -> tzinfo | None:
    """Return the zone that was sent with the instant, as a program does; people type the site's own time."""
    try:
        return datetime.strptime(offset, "%z").tzinfo if offset else ZoneInfo(zone)
    except ValueError:
        raise UnreadableError(messages.format_hint(question)) from None


PARSERS: dict[QuestionKind, Callable[[Question, list[str], str], Any]] = {
    QuestionKind.INTEGER: _read_whole,
    QuestionKind.DECIMAL: _read_pointed,
    QuestionKind.TEXT: _read_text,
    QuestionKind.CHOICE: _read_choice,
    QuestionKind.MULTIPLE: _read_ticks,
    QuestionKind.DATE: _read_day,
    QuestionKind.PARTIAL_DATE: _read_partial,
    QuestionKind.DATETIME: _read_instant,
}


def typed_text(question: Question, value: Any, *, zone: str) -> list[str]:
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
