"""Screening ends, and the eligibility form says why (protocol 3.1)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from crf.recheck import recheck_participant
from followup.services import plan_visits_for
from trials.models import Participant, ScreeningOutcome
from trials.services import record_screening_outcome

REASONS = frozenset({"participant.screen_failure_reason", "participant.decline_reason"})


@transaction.atomic
def end_screening(
    *,
    participant: Participant,
    declined: bool,
    reason: str,
    criteria: list[str],
    detail: str = "",
    on: date,
    by: User | None,
    at: datetime,
) -> ScreeningOutcome:
    """Screening has ended without randomization: the eligibility form keeps the reason, and nobody is awaited any more.

    Refuses: what the record of the end refuses. Locks: the participant, their visits.
    """
    ended = record_screening_outcome(
        participant=participant,
        declined=declined,
        reason=reason,
        criteria=criteria,
        detail=detail,
        on=on,
        by=by,
        at=at,
    )
    recheck_participant(participant=participant, changed=set(REASONS), by=by, at=at)
    plan_visits_for(participant=participant, by=by, at=at)
    return ended
