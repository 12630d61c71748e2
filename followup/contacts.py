"""Whether enough was tried before a participant may count as lost (protocol 3.16): pure but for its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from followup.history import text_for, whole_number
from followup.models import ContactAttempt
from followup.visit_conduct import ContactResult
from trials.models import LossToFollowUp, Participant
from trials.models.participants import Track


@dataclass(frozen=True)
class ContactSummary:
    """What was tried since the participant was last reached, and what the rule asks for."""

    attempts: int
    routes: int
    days: int
    attempts_needed: int
    routes_needed: int
    days_needed: int

    @property
    def is_enough(self) -> bool:
        return (
            self.attempts >= self.attempts_needed
            and self.routes >= self.routes_needed
            and self.days >= self.days_needed
        )


def standing_of(participant: Participant, attempts: Iterable[ContactAttempt]) -> ContactSummary:
    """Return what was tried in vain since the last contact, against the rule of the protocol."""
    text = text_for(participant)
    tried = _in_vain(attempts)
    days = [attempt.on for attempt in tried]
    return ContactSummary(
        attempts=len(tried),
        routes=len({attempt.route for attempt in tried}),
        days=_between(days).days,
        attempts_needed=whole_number(text, "lost_attempts"),
        routes_needed=whole_number(text, "lost_routes"),
        days_needed=whole_number(text, "lost_days"),
    )


def open_loss_of(participant: Participant) -> LossToFollowUp | None:
    """Return the loss of somebody who is lost now."""
    if participant.state != Track.LOST:
        return None
    losses = LossToFollowUp.objects.filter(participant=participant, reached_on=None, cancelled_at=None)
    return losses.first()


def _in_vain(attempts: Iterable[ContactAttempt]) -> list[ContactAttempt]:
    everything = list(attempts)
    answered = {ContactResult.REACHED, ContactResult.REFUSED}
    reached = max((attempt.on for attempt in everything if attempt.result in answered), default=date.min)
    return [attempt for attempt in everything if attempt.on > reached]


def _between(days: list[date]) -> timedelta:
    return max(days) - min(days) if days else timedelta()
