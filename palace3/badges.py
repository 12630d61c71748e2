"""How each state is shown: a tone, an icon and a word, so that colour never speaks alone.

One table per kind of thing. Templates ask with ``{% state "visit" visit.state %}``; the cell of
the visit × form matrix uses the same table through ``{% cell %}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Badge:
    """A tone of static/css/palace3.css, an icon of the sprite, and the word."""

    tone: str
    icon: str
    label: str | Promise


BADGES: Final[Mapping[str, Mapping[str, Badge]]] = {
    "form": {
        "expected": Badge("neutral", "calendar-event", _("Not due yet")),
        "empty": Badge("neutral", "circle", _("Empty")),
        "due": Badge("info", "clock", _("Due")),
        "overdue": Badge("stop", "exclamation-octagon", _("Overdue")),
        "in_progress": Badge("progress", "circle-half", _("In progress")),
        "complete": Badge("ok", "check-circle", _("Complete")),
        "verified": Badge("ok", "shield-check", _("Verified")),
        "signed": Badge("lock", "pen", _("Signed")),
        "frozen": Badge("lock", "snow", _("Frozen")),
        "locked": Badge("lock", "lock-fill", _("Locked")),
        "not_done": Badge("warn", "slash-circle", _("Not done")),
    },
    "visit": {
        "planned": Badge("neutral", "calendar-event", _("Planned")),
        "booked": Badge("info", "calendar-check", _("Booked")),
        "open": Badge("info", "clock", _("Window open")),
        "due": Badge("info", "clock", _("Due")),
        "overdue": Badge("stop", "exclamation-octagon", _("Overdue")),
        "done": Badge("ok", "check-circle", _("Took place")),
        "took_place": Badge("ok", "check-circle", _("Took place")),
        "missed": Badge("warn", "calendar-x", _("Missed")),
        "cancelled": Badge("neutral", "slash-circle", _("Not needed")),
        "closed": Badge("neutral", "slash-circle", _("Closed")),
    },
    "scheme": {
        "draft": Badge("progress", "pencil", _("Draft")),
        "active": Badge("ok", "check-circle", _("Active")),
        "closed": Badge("lock", "lock", _("Closed")),
    },
    "site": {
        "planned": Badge("neutral", "calendar-event", pgettext_lazy("site", "Planned")),
        "set_up": Badge("progress", "hourglass-split", _("In set-up")),
        "active": Badge("ok", "check-circle", _("Active")),
        "suspended": Badge("warn", "pause-circle", _("Suspended")),
        "closed": Badge("lock", "lock", _("Closed")),
    },
    "track": {
        "SCREENED": Badge("info", "clipboard-check", _("In screening")),
        "SCREEN_FAIL": Badge("neutral", "x-circle", _("Screen failure")),
        "DECLINED": Badge("neutral", "slash-circle", _("Declined")),
        "RANDOMISED": Badge("ok", "shuffle", _("Randomized")),
        "NEVER_TREATED": Badge("warn", "slash-circle", _("Never treated")),
        "NEOADJUVANT": Badge("progress", "clipboard2-pulse", _("Neoadjuvant treatment")),
        "AWAIT_CRE1": Badge("info", "hourglass-split", _("Awaiting CRE-1")),
        "AWAIT_CRE2": Badge("info", "hourglass-split", _("Awaiting CRE-2")),
        "AWAIT_RESTAGE": Badge("info", "hourglass-split", _("Awaiting restaging")),
        "SURVEILLANCE": Badge("ok", "eye", _("Active surveillance")),
        "SURGERY_PLANNED": Badge("info", "calendar-event", _("Surgery planned")),
        "REFUSED_WORKUP": Badge("warn", "slash-circle", _("Work-up refused")),
        "REFUSED_SURGERY": Badge("warn", "slash-circle", _("Surgery refused")),
        "NONSURGICAL_SALVAGE": Badge("progress", "clipboard2-pulse", _("Salvage without surgery")),
        "OPERATED": Badge("ok", "check-circle", _("Operated")),
        "NOT_RESECTED": Badge("warn", "exclamation-triangle", _("Not resected")),
        "FOLLOW_UP": Badge("ok", "calendar-check", _("Follow-up")),
        "PROGRESSION": Badge("warn", "exclamation-triangle", _("Progression")),
        "DISTANT": Badge("warn", "exclamation-triangle", _("Distant disease")),
        "RECURRENCE": Badge("warn", "exclamation-triangle", _("Recurrence")),
        "SURVIVAL_ONLY": Badge("neutral", "telephone", _("Survival only")),
        "DEAD": Badge("neutral", "dash-circle", _("Died")),
        "LOST": Badge("neutral", "question-circle", _("Lost to follow-up")),
        "WITHDRAWN": Badge("neutral", "slash-circle", _("Withdrawn")),
        "WITHDRAWN_ALL": Badge("neutral", "slash-circle", _("Withdrawn from all contact")),
        "COMPLETED": Badge("lock", "check-circle-fill", _("Completed")),
    },
    "query": {
        "open": Badge("warn", "chat-left-text", pgettext_lazy("query", "Open")),
        "answered": Badge("info", "chat-left-dots", _("Answered")),
        "closed": Badge("ok", "check2", pgettext_lazy("query", "Closed")),
    },
    "decision": {
        "awaited": Badge("progress", "hourglass-split", _("Awaits the investigator")),
        "eligible": Badge("ok", "check-circle", _("Eligible")),
        "not_eligible": Badge("stop", "x-circle", _("Not eligible")),
        "lapsed": Badge("warn", "exclamation-triangle", _("Lapsed")),
    },
    "verdict": {
        "met": Badge("ok", "check-circle", _("Met")),
        "not_met": Badge("stop", "x-circle", _("Not met")),
        "unknown": Badge("warn", "question-circle", _("Cannot be assessed")),
    },
    "delegation": {
        "current": Badge("ok", "check-circle", _("In force")),
        "future": Badge("info", "clock", _("Starts later")),
        "ended": Badge("neutral", "slash-circle", _("Ended")),
    },
    "check": {
        "done": Badge("ok", "check-circle-fill", _("Done")),
        "missing": Badge("neutral", "circle", _("Missing")),
        "expired": Badge("stop", "exclamation-octagon", _("Expired")),
    },
    "step": {
        "done": Badge("ok", "check-circle", _("Done")),
        "next": Badge("info", "arrow-right", _("Next")),
        "later": Badge("neutral", "circle", _("Later")),
        "stopped": Badge("stop", "x-circle", _("Stopped")),
    },
    "export": {
        "queued": Badge("neutral", "clock", _("Waiting")),
        "running": Badge("progress", "hourglass-split", _("Being written")),
        "done": Badge("ok", "check-circle", _("Ready")),
        "failed": Badge("stop", "exclamation-octagon", _("Stopped, nothing was written")),
    },
}


def badge_for(kind: str, value: object) -> Badge:
    """Return the badge of ``value``; an unknown value is shown as it is, in the neutral tone."""
    code = str(value)
    return BADGES[kind].get(code) or Badge("neutral", "question-circle", code)
