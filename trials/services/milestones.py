"""The dates that start clocks."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from audit.acts import note_moved, open_act
from trials.models import Milestone, Participant
from trials.models.participants import ESTIMATE

Bounds = tuple[date, date]
"""The first and the last day on which something can have been whose day is not known."""
NOTHING = (None, None, None, "")


def set_milestone(
    *,
    participant: Participant,
    code: str,
    on: date | None,
    between: Bounds | None = None,
    source: str,
    source_form: str = "",
    source_record: int | None = None,
    result: str = "",
    by: User | None,
    at: datetime,
) -> bool:
    """The milestone has the date ``on`` (None: it has not happened after all); say whether that is new.

    Where the day is not known, ``between`` holds the possible days; it then stands without ``on``, too (decision D4).
    ``source`` says what set it; ``source_form`` and ``source_record`` name the record where it is a form.
    ``result`` is what an evaluation found, as far as the schedule depends on it (protocol 3.7).

    Who plans visits is told by the answer, and plans in the same act (protocol 2.1).
    """
    milestone = Milestone.objects.filter(participant=participant, code=code).first()
    earliest, latest = between or (None, None)
    stands = (milestone.on, milestone.earliest, milestone.latest, milestone.result) if milestone else NOTHING
    estimated = milestone is not None and milestone.source == ESTIMATE
    if stands == (on, earliest, latest, result) and (on is None or estimated == (source == ESTIMATE)):
        return False
    with open_act("trials:milestone:set", by=by, at=at, participant=participant) as act:
        kept = milestone or Milestone(participant=participant, site_id=participant.site_id, code=code)
        kept.on, kept.result, kept.source, kept.act = on, result, source, act
        kept.earliest, kept.latest = earliest, latest
        kept.source_form, kept.source_record = source_form, source_record
        kept.save()
        note_moved(participant.pk, f"milestone.{code}")
    return True
