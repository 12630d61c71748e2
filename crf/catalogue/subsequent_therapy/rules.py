"""When subsequent anticancer therapy is asked for, and which of its records a contact speaks of (decision D3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from crf.catalogue.surgery.outcomes import EXPLORATION
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day, latest_day, not_before
from protocol.response_outcomes import WITH_DISEASE

EVENTS = ("CRE*", "SURG*", "FU*", "SURV*", "milestone.REGROWTH", "milestone.DM")
CONTACTS = ("FU*", "SURV*", "ST*")
RELAPSED = ("local", "distant", "both")


def event_days(known: AnswerRow) -> Iterator[date | None]:
    """Yield each day on which residue, regrowth, recurrence or distant disease was known."""
    yield known["milestone_regrowth"]
    yield known["milestone_dm"]
    for row in known["cre_all"] or ():
        if row.get("cre_outcome") in WITH_DISEASE:
            yield row.get("proven_on") or row.get("cre_dt")
    yield from (row.get("surg_dt") for row in known["surg_all"] or () if row.get("surg_done") == EXPLORATION)
    for row in known["fu_all"] or ():
        if row.get("rec_yn") == "Y":
            yield row.get("recur_dt") or row.get("fu_dt")
    yield from (row.get("status_dt") for row in known["surv_all"] or () if row.get("dz_now") in RELAPSED)


def first_event(**known: Any) -> date | None:
    """Return the first day on which disease was known after the treatment of the trial had begun."""
    return min(filter(None, event_days(known)), default=None)


def follows_an_event(st_start: str, **known: Any) -> bool:
    """Say whether the therapy can have begun on the day of an event, or later."""
    event, last = first_event(**known), latest_day(st_start)
    return event is not None and (last is None or event <= last)


def ends_after_start(st_start: str, st_end: str) -> bool:
    return not_before(st_end, st_start)


def known_by(on: date, **known: Any) -> bool:
    """Say whether disease was known by a contact."""
    return any(day <= on for day in event_days(known) if day)


def has_row(on: date, known: AnswerRow) -> bool:
    """Say whether the log holds a therapy that can have begun since the contact before, and by this one."""
    contacts = [row.get("fu_dt") for row in known["fu_all"] or ()]
    contacts += [row.get("status_dt") for row in known["surv_all"] or ()]
    before = max((day for day in contacts if day and day < on), default=date.min)
    for row in known["st_all"] or ():
        first, last = earliest_day(row.get("st_start")), latest_day(row.get("st_start"))
        if (first is None or first <= on) and (last is None or last >= before):
            return True
    return False
