"""How each state is shown: a tone, an icon and a word, so that colour never speaks alone.

One table per kind of thing. Templates ask with ``{% state "visit" visit.state %}``; the cell of
the visit × form matrix uses the same table through ``{% cell %}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crf.models import QueryState
from exports.imports.models import CellOutcome, ImportState
from exports.models import ExportState
from followup.models import VisitState
from randomization.models import SchemeState
from trials.models.closing import CopyState
from trials.models.locks import LockKind
from trials.models.participants import Track
from trials.models.requests import RequestState
from trials.models.sites import SiteState


@dataclass(frozen=True)
class Badge:
    """A tone of static/css/palace3.css, an icon of the sprite, and the word."""

    tone: str
    icon: str
    label: str | Promise


def _worded(choices: type[TextChoices], looks: Mapping[str, tuple[str, str]]) -> Mapping[str, Badge]:
    """Return a badge for every choice: the word is the model's own, the tone and icon stand here."""
    return {value: Badge(*looks[value], label) for value, label in choices.choices}


BADGES: Final[Mapping[str, Mapping[str, Badge]]] = {
    "form": {
        "expected": Badge("neutral", "calendar-event", _("Not due yet")),
        "empty": Badge("neutral", "circle", _("Empty")),
        "due": Badge("info", "clock", pgettext_lazy("form", "Due")),
        "overdue": Badge("stop", "exclamation-octagon", _("Overdue")),
        "in_progress": Badge("progress", "circle-half", _("In progress")),
        "complete": Badge("ok", "check-circle", _("Complete")),
        "verified": Badge("ok", "shield-check", _("Verified")),
        "signed": Badge("lock", "pen", _("Signed")),
        "locked": Badge("lock", "lock-fill", _("Locked")),
        "not_done": Badge("warn", "slash-circle", _("Not done")),
    },
    "data lock": _worded(
        LockKind,
        {
            "frozen": ("info", "slash-circle"),
            "locked": ("lock", "lock-fill"),
            "open": ("warn", "key"),
        },
    ),
    "visit": _worded(
        VisitState,
        {
            "planned": ("neutral", "calendar-event"),
            "open": ("info", "clock"),
            "due": ("info", "clock"),
            "overdue": ("stop", "exclamation-octagon"),
            "done": ("ok", "check-circle"),
            "missed": ("warn", "calendar-x"),
            "cancelled": ("neutral", "slash-circle"),
            "not_done": ("warn", "slash-circle"),
        },
    ),
    "todo": {
        "open": Badge("info", "clock", pgettext_lazy("todo", "To be done")),
        "overdue": Badge("stop", "exclamation-octagon", pgettext_lazy("todo", "Overdue")),
        "done": Badge("ok", "check-circle", pgettext_lazy("todo", "Done")),
        "dropped": Badge("neutral", "slash-circle", pgettext_lazy("todo", "No longer needed")),
    },
    "clock": {
        "running": Badge("info", "clock", pgettext_lazy("clock", "Running")),
        "overdue": Badge("stop", "exclamation-octagon", pgettext_lazy("clock", "Overdue")),
        "met": Badge("ok", "check-circle", pgettext_lazy("clock", "Met in time")),
        "late": Badge("warn", "clock-history", pgettext_lazy("clock", "Met late")),
        "ended": Badge("neutral", "slash-circle", pgettext_lazy("clock", "No longer asked for")),
    },
    "task": {
        "done": Badge("ok", "check-circle", pgettext_lazy("task", "Done")),
        "retried": Badge("warn", "arrow-repeat", pgettext_lazy("task", "Tried again")),
        "failed": Badge("stop", "exclamation-octagon", pgettext_lazy("task", "Failed")),
        "late": Badge("warn", "clock-history", pgettext_lazy("task", "Late")),
        "never": Badge("neutral", "circle", pgettext_lazy("task", "Not run yet")),
    },
    "reading": {
        "fine": Badge("ok", "check-circle", pgettext_lazy("reading", "Fine")),
        "warning": Badge("warn", "exclamation-triangle", pgettext_lazy("reading", "Warning")),
        "critical": Badge("stop", "exclamation-octagon", pgettext_lazy("reading", "Critical")),
        "unknown": Badge("neutral", "question-circle", pgettext_lazy("reading", "Not known")),
    },
    "set_up": {
        "done": Badge("ok", "check-circle", pgettext_lazy("step", "Done")),
        "open": Badge("warn", "circle", pgettext_lazy("step", "To be done")),
    },
    "version": {
        "waiting": Badge("neutral", "clock", pgettext_lazy("version", "Approval not on record")),
        "approved": Badge("info", "check-circle", pgettext_lazy("version", "Approved, not in force yet")),
    },
    "amendment": {
        "added": Badge("info", "plus-lg", pgettext_lazy("amendment", "Added")),
        "removed": Badge("neutral", "slash-circle", pgettext_lazy("amendment", "Removed")),
    },
    "plan": {
        "added": Badge("info", "plus-lg", pgettext_lazy("plan", "Added")),
        "moved": Badge("warn", "arrow-right", pgettext_lazy("plan", "Moved")),
        "altered": Badge("info", "pencil", pgettext_lazy("plan", "Same window, other content")),
        "dropped": Badge("neutral", "slash-circle", pgettext_lazy("plan", "No longer planned")),
    },
    "scheme": _worded(
        SchemeState,
        {
            "draft": ("progress", "pencil"),
            "active": ("ok", "check-circle"),
            "closed": ("lock", "lock"),
            "rejected": ("neutral", "x-circle"),
        },
    ),
    "request": _worded(
        RequestState,
        {
            "new": ("info", "telephone"),
            "called": ("progress", "chat-left-dots"),
            "invited": ("progress", "calendar-event"),
            "screened": ("ok", "clipboard-check"),
            "not_suitable": ("neutral", "x-circle"),
            "declined": ("neutral", "slash-circle"),
            "unreached": ("warn", "question-circle"),
            "erased": ("lock", "lock"),
        },
    ),
    "site": _worded(
        SiteState,
        {
            "planned": ("neutral", "calendar-event"),
            "set_up": ("progress", "hourglass-split"),
            "active": ("ok", "check-circle"),
            "suspended": ("warn", "pause-circle"),
            "closed": ("warn", "slash-circle"),
            "closed_out": ("lock", "lock"),
        },
    ),
    "track": _worded(
        Track,
        {
            "SCREENED": ("info", "clipboard-check"),
            "SCREEN_FAIL": ("neutral", "x-circle"),
            "RANDOMISED": ("ok", "shuffle"),
            "NEVER_TREATED": ("warn", "slash-circle"),
            "NEOADJUVANT": ("progress", "clipboard2-pulse"),
            "AWAIT_CRE1": ("info", "hourglass-split"),
            "AWAIT_CRE2": ("info", "hourglass-split"),
            "AWAIT_RESTAGE": ("info", "hourglass-split"),
            "SURVEILLANCE": ("ok", "eye"),
            "SURGERY_PLANNED": ("info", "calendar-event"),
            "REFUSED_WORKUP": ("warn", "slash-circle"),
            "REFUSED_SURGERY": ("warn", "slash-circle"),
            "NONSURGICAL_SALVAGE": ("progress", "clipboard2-pulse"),
            "OPERATED": ("ok", "check-circle"),
            "NOT_RESECTED": ("warn", "exclamation-triangle"),
            "FOLLOW_UP": ("ok", "calendar-check"),
            "PROGRESSION": ("warn", "exclamation-triangle"),
            "DISTANT": ("warn", "exclamation-triangle"),
            "RECURRENCE": ("warn", "exclamation-triangle"),
            "SURVIVAL_ONLY": ("neutral", "telephone"),
            "DEAD": ("neutral", "dash-circle"),
            "LOST": ("neutral", "question-circle"),
            "WITHDRAWN": ("neutral", "slash-circle"),
            "WITHDRAWN_ALL": ("neutral", "slash-circle"),
            "COMPLETED": ("lock", "check-circle-fill"),
        },
    ),
    "query": {
        **_worded(
            QueryState,
            {
                "open": ("warn", "chat-left-text"),
                "answered": ("info", "chat-left-dots"),
                "closed": ("ok", "check2"),
            },
        ),
        "to_review": Badge("info", "eye", _("Answered, to be reviewed")),
    },
    "difference": {
        "open": Badge("warn", "exclamation-triangle", pgettext_lazy("difference", "Open")),
        "settled": Badge("ok", "check2", pgettext_lazy("difference", "Settled")),
    },
    "finding": {
        "open": Badge("warn", "clipboard-check", pgettext_lazy("finding", "Open")),
        "gone": Badge("neutral", "check2", pgettext_lazy("finding", "Gone")),
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
        "absent": Badge("ok", "check-circle", _("Not present")),
        "excludes": Badge("stop", "x-circle", _("Excludes")),
        "unknown": Badge("warn", "question-circle", _("Cannot be assessed")),
    },
    "delegation": {
        "current": Badge("ok", "check-circle", _("In force")),
        "waiting": Badge("warn", "clock-history", _("Waits for a second person")),
        "future": Badge("info", "clock", _("Starts later")),
        "ended": Badge("neutral", "slash-circle", _("Ended")),
    },
    "check": {
        "done": Badge("ok", "check-circle-fill", _("Done")),
        "missing": Badge("neutral", "circle", _("Missing")),
        "expired": Badge("stop", "exclamation-octagon", _("Expired")),
    },
    "matter": {
        "settled": Badge("ok", "check-circle-fill", _("Settled")),
        "kept": Badge("info", "arrow-right", _("Kept by another site")),
        "open": Badge("warn", "exclamation-triangle", _("Open matter")),
    },
    "transfer": {
        "proposed": Badge("info", "clock", _("Proposed, waits for the receiving site")),
        "accepted": Badge("info", "clock", _("Accepted, waits for the trial manager")),
        "confirmed": Badge(
            "ok", "check-circle-fill", _("Confirmed, the participant is at the receiving site")
        ),
        "ended": Badge("neutral", "slash-circle", _("Did not take place")),
    },
    "copy": _worded(
        CopyState,
        {
            "making": ("progress", "hourglass-split"),
            "ready": ("ok", "check-circle"),
            "failed": ("stop", "exclamation-octagon"),
        },
    ),
    "step": {
        "done": Badge("ok", "check-circle", _("Done")),
        "next": Badge("info", "arrow-right", _("Next")),
        "later": Badge("neutral", "circle", _("Later")),
        "stopped": Badge("stop", "x-circle", _("Stopped")),
    },
    "text": {
        "on_page": Badge("ok", "check-circle", _("On the page")),
        "waiting": Badge("info", "clock", _("Waits for release")),
        "replaced": Badge("neutral", "clock-history", _("Replaced")),
        "overtaken": Badge("neutral", "slash-circle", _("Overtaken")),
        "withdrawn": Badge("stop", "x-circle", _("Withdrawn")),
        "none": Badge("neutral", "circle", _("No text yet")),
    },
    "import": _worded(
        ImportState,
        {
            "previewed": ("info", "clock"),
            "done": ("ok", "check-circle"),
            "discarded": ("neutral", "slash-circle"),
        },
    ),
    "cell": _worded(
        CellOutcome,
        {
            "new": ("ok", "check-circle"),
            "same": ("neutral", "circle"),
            "conflict": ("warn", "exclamation-triangle"),
            "refused": ("stop", "x-circle"),
        },
    ),
    "export": _worded(
        ExportState,
        {
            "queued": ("neutral", "clock"),
            "running": ("progress", "hourglass-split"),
            "done": ("ok", "check-circle"),
            "failed": ("stop", "exclamation-octagon"),
            "cancelled": ("neutral", "x-circle"),
        },
    ),
}


def badge_for(kind: str, value: object) -> Badge:
    """Return the badge of ``value``; an unknown value is shown as it is, in the neutral tone."""
    code = str(value)
    return BADGES[kind].get(code) or Badge("neutral", "question-circle", code)
