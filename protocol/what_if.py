"""An imagined participant, written as JSON, whose plan anybody may compare with the protocol.

The object maps milestone codes of protocol 2.1 to ISO dates, or to null for what has not happened. It may also
name the ``track`` of 2.5, the day it was entered (``track_since``), ``responses`` by evaluation and the day of
each scope ``withdrawn``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from itertools import pairwise

from protocol import states
from protocol.history import History, PlannedVisit, Response, WithdrawalScope
from protocol.loader.schema import ARM_CODES
from protocol.text import ProtocolText

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEARS = range(1900, 2200)  # beyond them the calendar runs out of dates
IN_THIS_ORDER = (
    ("ICF", "RAND", "NEO_D1", "NEO_END", "CRE1", "CRE2", "CCR", "SURG"),
    ("RAND", "NEO_D1", "LASTCAMRE", "LASTDOSE"),
    ("RAND", "REGROWTH"),
    ("RAND", "DM"),
    ("RAND", "EOS"),
)


class UnclearHistoryError(ValueError):
    """The file cannot be read as the history of a participant; the message is the sentence to show."""


def read_history(text: ProtocolText, *, arm: str, text_of_history: str, as_of: str) -> History:
    """The history written in the JSON text ``written``; UnclearHistoryError says what to mend."""
    if arm not in ARM_CODES:
        raise UnclearHistoryError(f"The arm is {arm!r}: write 1 or 2.")
    entries = _object(text_of_history)
    track = _track(text, entries.pop("track", None), arm)
    since = entries.pop("track_since", None)
    responses = _choices("responses", entries.pop("responses", {}), {"CRE1", "CRE2"}, set(Response))
    withdrawn = _dates("withdrawn", entries.pop("withdrawn", {}), set(WithdrawalScope))
    milestones = _dates("the milestones", entries, {milestone.code for milestone in text.milestones})
    _check_order(milestones)
    return History(
        as_of=_date("--as-of", as_of),
        arm=arm,
        milestones=milestones,
        track=track,
        track_since=None if since is None else _date("track_since", since),
        responses=responses,
        withdrawn=withdrawn,
    )


def as_row(visit: PlannedVisit) -> dict[str, object]:
    """The visit as plain values, dates in ISO form."""
    return {
        "code": visit.code,
        "anchor": visit.anchor,
        "target": visit.target.isoformat(),
        "opens": visit.opens.isoformat(),
        "closes": visit.closes.isoformat(),
        "forms": list(visit.forms),
    }


def _object(typed: str) -> dict[str, object]:
    try:
        entries = json.loads(typed, object_pairs_hook=_each_once)
    except UnclearHistoryError:
        raise
    except json.JSONDecodeError as error:
        raise UnclearHistoryError(f"The file is not JSON (line {error.lineno}: {error.msg}).") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise UnclearHistoryError("The file holds a number or a nesting beyond any history.") from error
    if not isinstance(entries, dict):
        raise UnclearHistoryError("The file must hold one JSON object that maps milestone codes to dates.")
    return entries


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    entries: dict[str, object] = {}
    for key, value in pairs:
        if key in entries:
            raise UnclearHistoryError(f"{key} stands twice in the file: keep one of them.")
        entries[key] = value
    return entries


def _track(text: ProtocolText, track: object, arm: str) -> str | None:
    if track is None:
        return None
    known = {entry.code for entry in text.tracks}
    if not isinstance(track, str) or track not in known:
        raise UnclearHistoryError(
            f"The track {track!r} does not exist: choose one of {', '.join(sorted(known))}."
        )
    if not states.exists_in(text, track, arm):
        raise UnclearHistoryError(f"The track {track} does not exist in arm {arm}.")
    return track


def _choices(name: str, entries: object, keys: set[str], choices: set[Response]) -> dict[str, str]:
    named = _named(name, entries, keys)
    for key, choice in named.items():
        if choice not in list(choices):  # a list, because what was written need not be hashable
            raise UnclearHistoryError(
                f"{key} in {name} is {choice!r}: write one of {', '.join(sorted(choices))}."
            )
    return {key: str(choice) for key, choice in named.items()}


def _dates(name: str, entries: object, keys: set[str]) -> dict[str, date]:
    known = {key: day for key, day in _named(name, entries, keys).items() if day is not None}
    return {key: _date(key, day) for key, day in known.items()}


def _named(name: str, entries: object, keys: set[str]) -> Mapping[str, object]:
    if not isinstance(entries, dict):
        raise UnclearHistoryError(f"{name} must be a JSON object.")
    for key in entries:
        if key not in keys:
            raise UnclearHistoryError(
                f"{key!r} is not known in {name}: choose from {', '.join(sorted(keys))}."
            )
    return entries


def _date(name: str, typed: object) -> date:
    day = None
    if isinstance(typed, str) and ISO_DATE.fullmatch(typed):
        with suppress(ValueError):  # such as 2026-02-30
            day = date.fromisoformat(typed)
    if day and day.year in YEARS:
        return day
    if day:
        raise UnclearHistoryError(f"{name} is {day}: write a year from {YEARS[0]} to {YEARS[-1]}.")
    raise UnclearHistoryError(f"{name} is {typed!r}: write a date such as 2026-01-31.")


def _check_order(milestones: Mapping[str, date]) -> None:
    everything = tuple((code, "DEATH") for code in milestones if code not in ("DEATH", "EOS"))
    for chain in (*IN_THIS_ORDER, *everything):
        known = [code for code in chain if code in milestones]
        for earlier, later in pairwise(known):
            if milestones[later] < milestones[earlier]:
                raise UnclearHistoryError(
                    f"{later} ({milestones[later]}) lies before {earlier} ({milestones[earlier]}): mend one of them."
                )
