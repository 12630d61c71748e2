"""Whether enough was tried before a participant may count as lost (protocol 3.16): pure but for its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from followup.history import is_seen_at, text_for, whole_number
from followup.models import ContactAttempt, Visit
from followup.visit_conduct import SOMEBODY_MET, ContactResult
from trials.models import LossToFollowUp, Participant, Withdrawal
from trials.models.participants import Track

ANSWERED = frozenset({ContactResult.REACHED, ContactResult.REFUSED})
"""Results of an attempt that somebody answered."""


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
    """Return what was tried in vain since the participant was last reached or seen, against the protocol's rule."""
    text = text_for(participant)
    tried = _in_vain(attempts, days_seen(participant))
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


def contact_refused_on(participant: Participant) -> date | None:
    """Return since when the participant refuses all contact, before randomization too; None while they do not."""
    if participant.state not in {Track.WITHDRAWN, Track.WITHDRAWN_ALL}:
        return None
    standing = Withdrawal.objects.filter(participant=participant, cancelled_at=None, all_contact=True)
    return standing.order_by("on").values_list("on", flat=True).first()


def met_after(participant: Participant, on: date) -> list[date]:
    """Return the days after ``on`` at which the participant was seen or reached."""
    attempts = ContactAttempt.objects.standing().filter(participant=participant, result__in=ANSWERED)
    days = {*attempts.values_list("on", flat=True), *days_seen(participant)}
    return sorted(day for day in days if day > on)


def days_seen(participant: Participant) -> list[date]:
    """Return the days of the visits at which the participant was seen; a sweep may have asked a register alone."""
    text, visits = text_for(participant), Visit.objects.filter(SOMEBODY_MET, participant=participant)
    return [
        visit.took_place_on
        for visit in visits
        if visit.took_place_on and is_seen_at(text, visit.code, participant.arm)
    ]


def _in_vain(attempts: Iterable[ContactAttempt], seen: Iterable[date]) -> list[ContactAttempt]:
    everything = list(attempts)
    answered = (attempt.on for attempt in everything if attempt.result in ANSWERED)
    reached = max([*answered, *seen], default=date.min)
    return [attempt for attempt in everything if attempt.on > reached]


def _between(days: list[date]) -> timedelta:
    return max(days) - min(days) if days else timedelta()
