"""Edit checks: what must hold between answers, and what is found when it does not (protocol 3.17)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crf.engine.answers import AnswerRow, AnswerValues
from crf.engine.conditions import Condition

if TYPE_CHECKING:
    from crf.engine.codelists import Text


class Level(StrEnum):
    """What a finding does: stop the save, open a query, stand in a listing, or keep the form incomplete."""

    HARD = "hard"
    SOFT = "soft"
    LISTING = "listing"
    INCOMPLETE = "incomplete"


class Owner(StrEnum):
    """Who answers for it."""

    SITE = "site"
    DATA_MANAGER = "data_manager"
    STATISTICIAN = "statistician"


class Criticality(StrEnum):
    """How much the trial's result or a participant's safety rests on it."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True)
class Check:
    """A rule over ``reads``; ``passes`` returns False when it is broken (None and True are no finding).

    It is judged only when every read is answered, unless ``blanks`` is set. With ``each`` (a
    repeating group) it is judged once per row. The finding is shown at ``fields``. A query of one that
    ``stays_open`` does not close by itself when the answers change: a person settles it. Checks that find one
    and the same ``fact`` (with values of their reads in it) propose its ``deviation`` once, whichever form tells.
    ``formerly`` holds earlier messages, each by the version of the protocol from which it reads otherwise.
    ``about_rows``: of a table whose rows have a key, those that a query about it shows; all where none is named.
    """

    code: str
    level: Level
    reads: tuple[str, ...]
    passes: Callable[..., bool | None]
    message: Text
    fields: tuple[str, ...] = ()
    each: str = ""
    when: Condition | None = None
    blanks: bool = False
    owner: Owner = Owner.SITE
    criticality: Criticality = Criticality.MAJOR
    deviation: str = ""
    fact: str = ""
    stays_open: bool = False
    about_rows: tuple[str, ...] = ()
    formerly: Mapping[str, Text] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Finding:
    """One thing found in one record.

    ``key`` stays the same as long as the finding stands, so that a query can be bound to
    (record, key). ``target`` is the place on the form: "weight", or "ln_table.3.examined".
    """

    key: str
    code: str
    level: Level
    kind: str
    target: str
    targets: tuple[str, ...] = ()
    message: Text = ""
    values: AnswerValues = field(default_factory=dict)


RETIRED = "checks.retired"
"""Under which name the context of a record lists the checks of its form that were retired."""
_IN_A_ROW = re.compile(r"\.\d+\.")


def check_of(kind: str, code: str, key: str) -> str:
    """Return the name that a check has on every record of its form: its code, or the question and what is found."""
    return code if kind == "check" else _IN_A_ROW.sub(".", key)


def in_site_time(value: Any, zone: str) -> Any:
    """Return ``value``, an instant as the clocks of the site show it."""
    return value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value


def earliest_day(value: str | date | datetime | None) -> date | None:
    """Return the first day that a full or partial date can mean; an instant comes in the time of its site."""
    return _day(value, last=False)


def latest_day(value: str | date | datetime | None) -> date | None:
    """Return the last day that a full or partial date can mean; an instant comes in the time of its site."""
    return _day(value, last=True)


def is_full_day(value: str | date | datetime | None) -> bool:
    """Say whether a date is known to the day."""
    first = earliest_day(value)
    return first is not None and first == latest_day(value)


def _day(value: str | date | datetime | None, *, last: bool) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        if not isinstance(value.tzinfo, ZoneInfo):
            raise ValueError(f"{value} is not in the time of a site, so that its day is not known")
        return value.date()
    if isinstance(value, date):
        return value
    parts = [int(part) for part in value.split("-")]
    year, month = parts[0], (parts[1] if len(parts) > 1 else (12 if last else 1))
    length = calendar.monthrange(year, month)[1]
    return date(year, month, parts[2] if len(parts) > 2 else (length if last else 1))


def is_on_the_log(number: int, log: list[AnswerRow]) -> bool:
    """Say whether a log has a record of the number."""
    return any(row["sequence"] == number for row in log)


def has_its_record(said: str, log: list[AnswerRow] | None) -> bool:
    """Say whether what is said to exist has a record of its own on its log."""
    return said != "Y" or bool(log)


def not_before(later: str | date | None, earlier: str | date | None) -> bool:
    """Say that ``later`` may be on or after ``earlier``; partial dates get the benefit of the doubt."""
    end, start = latest_day(later), earliest_day(earlier)
    return end is None or start is None or end >= start


def days_between(start: str | date | None, end: str | date | None) -> int | None:
    """Return the days from ``start`` to ``end`` when both are full dates."""
    first, last = earliest_day(start), earliest_day(end)
    exact = first == latest_day(start) and last == latest_day(end)
    return (last - first).days if first and last and exact else None
