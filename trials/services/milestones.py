"""The dates that start clocks."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from audit.acts import note_moved, open_act
from trials.models import Milestone, Participant


def set_milestone(
    *,
    participant: Participant,
    code: str,
    on: date | None,
    source: str,
    source_form: str = "",
    source_record: int | None = None,
    result: str = "",
    by: User | None,
    at: datetime,
) -> bool:
    """The milestone has the date ``on`` (None: it has not happened after all); say whether that is new.

    ``source`` says what set it; ``source_form`` and ``source_record`` name the record where it is a form.
    ``result`` is what an evaluation found, as far as the schedule depends on it (protocol 3.7).

    Who plans visits is told by the answer, and plans in the same act (protocol 2.1).
    """
    milestone = Milestone.objects.filter(participant=participant, code=code).first()
    if ((milestone.on, milestone.result) if milestone else (None, "")) == (on, result):
        return False
    with open_act("trials:milestone:set", by=by, at=at, participant=participant) as act:
        found = milestone or Milestone(participant=participant, site_id=participant.site_id, code=code)
        found.on, found.result, found.source, found.act = on, result, source, act
        found.source_form, found.source_record = source_form, source_record
        found.save()
        note_moved(participant.pk, f"milestone.{code}")
    return True
