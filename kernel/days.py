"""Calendar days and instants in words that no reader can misread: 23 Nov 2026, in Chinese 2026-11-23; 07:30 UTC+8."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, ngettext

HOURS_OF_TWO_DAYS: Final = 48


def in_chinese() -> bool:
    """Return whether the reader's language is a form of Chinese; every other is written as English."""
    return (get_language() or "").startswith("zh")


def written(day: date) -> str:
    """Return ``day`` as the reader's language writes it, the month never as a number alone in English."""
    if in_chinese():
        return f"{day:%Y-%m-%d}"
    return f"{day.day} {day:%b %Y}"


def offset_of(local: datetime) -> str:
    """Return how far the clock of ``local`` is from UTC: UTC+8, UTC+5:30, UTC."""
    offset = local.utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    if not hours and not minutes:
        return "UTC"
    return f"UTC{'-' if offset < timedelta() else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")


def zone_in_words(zone: str, *, at: datetime) -> str:
    """Return a time zone as people know it, with its distance from UTC at ``at``: Asia/Shanghai, UTC+8."""
    return f"{zone}, {offset_of(at.astimezone(ZoneInfo(zone)))}"


def written_moment(local: datetime) -> str:
    """Return a moment by the clock that it carries, with how far that clock is from UTC."""
    return f"{written(local.date())} {local:%H:%M} {offset_of(local)}"


def written_deadline(at: datetime, zone: str) -> str:
    """Return when a time limit is over, by the clock of ``zone``: midnight is 24:00 of the day that ends."""
    local = at.astimezone(ZoneInfo(zone))
    if local.time() != time():
        return written_moment(local)
    return f"{written(local.date() - timedelta(days=1))} 24:00 {offset_of(local)}"


def time_on_clock(due_at: datetime, *, at: datetime) -> str:
    """Return what is left of a time limit, or how late it is, in hours, from two days on in days: 14 h left."""
    hours = int(abs(due_at - at) / timedelta(hours=1))
    if hours >= HOURS_OF_TWO_DAYS:
        number, words = hours // 24, (gettext("%(number)s days left"), gettext("%(number)s days late"))
    else:
        number, words = hours, (gettext("%(number)s h left"), gettext("%(number)s h late"))
    return words[due_at < at] % {"number": number}


def time_left(last: date, *, today: date) -> str:
    """Return how long there is until a day, or how late it is: 4 days left, last day today, 5 days late."""
    days = (last - today).days
    if days > 0:
        return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}
    if days == 0:
        return gettext("last day today")
    return ngettext("%(days)s day late", "%(days)s days late", -days) % {"days": -days}


def time_until(first: date, *, today: date) -> str:
    """Return when a day to come is: today, tomorrow, in 9 days; a day of the past is spelled out."""
    days = (first - today).days
    if days < 0:
        return written(first)
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


def time_since(day: date, *, today: date) -> str:
    """Return how old something is: new today, 1 day old, 572 days old."""
    days = (today - day).days
    if days <= 0:
        return gettext("new today")
    return ngettext("%(days)s day old", "%(days)s days old", days) % {"days": days}
