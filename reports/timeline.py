"""What happened to a participant and what comes next, as points on one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from followup.models import AWAITED, Visit
from followup.wording import milestone_name, visit_name
from protocol.text import ProtocolText
from trials.models import Milestone

COMING_SHOWN = 3


@dataclass(frozen=True)
class Point:
    """One point of the line: past, due now, or ahead."""

    label: str
    on: date
    kind: str


def timeline(
    text: ProtocolText, milestones: Iterable[Milestone], visits: Iterable[Visit], *, today: date
) -> list[Point]:
    """Return the milestones reached, then the next visits, in the order of time."""
    past = [
        Point(milestone_name(text.milestone(milestone.code)), milestone.on, "past")
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
