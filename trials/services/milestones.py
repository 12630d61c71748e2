"""The dates that start clocks."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from audit.acts import act
from trials.models import Milestone, Participant


def set_milestone(
    *, participant: Participant, code: str, on: date | None, source: str, by: User | None, at: datetime
) -> bool:
    """The milestone has the date ``on`` (None: it has not happened after all); say whether that is new.

    Who plans visits is told by the answer, and plans in the same act (protocol 2.1).
    """
    held = Milestone.objects.filter(participant=participant, code=code).first()
    if (held.on if held else None) == on:
        return False
    with act("trials:milestone:set", by=by, at=at, participant=participant) as written:
        Milestone.objects.update_or_create(
            participant=participant,
            code=code,
            defaults={"site_id": participant.site_id, "on": on, "source": source, "act": written},
        )
    return True
