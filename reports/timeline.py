"""What happened to a participant and what comes next, as points on one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from followup.models import AWAITED, Visit
from palace3.protocol.shapes import Text
from palace3.protocol.text import ProtocolText
from trials.models import Milestone

COMING_SHOWN = 3


@dataclass(frozen=True)
class Point:
    """One point of the line: past, due now, or ahead."""

    label: str
    on: date
    kind: str


def in_language(text: Text) -> str:
    """Return the protocol's wording in the reader's language."""
    return text.zh if (get_language() or "").startswith("zh") else text.en


def timeline(
    text: ProtocolText, milestones: Iterable[Milestone], visits: Iterable[Visit], *, today: date
) -> list[Point]:
    """Return the milestones reached, then the next visits, in the order of time."""
    past = [
        Point(in_language(text.milestone(milestone.code).name), milestone.on, "past")
        for milestone in milestones
        if milestone.on is not None and _is_known(text, milestone.code)
    ]
    awaited = sorted(
        (visit for visit in visits if visit.state in AWAITED and visit.target is not None and visit.closes),
        key=lambda visit: (visit.closes or today, visit.code),
    )
    coming = [
        Point(
            visit_name(text, visit),
            visit.target or today,
            "due" if (visit.opens or today) <= today else "ahead",
        )
        for visit in awaited[:COMING_SHOWN]
    ]
    return sorted(past, key=lambda point: point.on) + coming


def _is_known(text: ProtocolText, code: str) -> bool:
    try:
        text.milestone(code)
    except KeyError:
        return False
    return True


def visit_name(text: ProtocolText, visit: Visit) -> str:
    """Return what the visit is called, in the reader's language; its code when the text has no name."""
    for code in (visit.code, visit.code.rsplit("-", 1)[0]):
        try:
            return in_language(text.visit(code).name)
        except KeyError:
            continue
    return _("Unscheduled visit") if visit.code == "UNS" else visit.code
