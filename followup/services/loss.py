"""How following ends before its time: by withdrawal in its four scopes, or by loss (protocol 2.5, 3.16)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import act
from followup.contacts import standing_of
from followup.models import ContactAttempt
from followup.services.planning import plan_visits_for
from followup.services.todos import drop_todos
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models import Participant, Withdrawal
from trials.services import move_track, record_withdrawal


class NotYetLost(Refusal):
    message = _(
        "Participant {participant} does not count as lost yet: {attempts} of {attempts_needed} attempts in vain, "
        "{routes} of {routes_needed} routes, over {days} of {days_needed} days. Keep trying and record each attempt."
    )


class LostInFuture(Refusal):
    message = _("{day} has not come yet. Give the day of the last attempt or a later one up to today.")
    status = 422


def record_lost(*, participant: Participant, on: date, by: User, at: datetime) -> Participant:
    """The participant counts as lost to follow-up since ``on``; only vital status is still asked for."""
    with act("followup:participant:lost", by=by, at=at, participant=participant):
        held = Participant.objects.lock(participant.pk)
        if on > local_date(at, held.site.time_zone):
            raise LostInFuture(day=on.isoformat())
        standing = standing_of(held, ContactAttempt.objects.filter(participant=held, on__lte=on))
        if not standing.is_enough:
            raise NotYetLost(participant=held.number, **standing.__dict__)
        lost = move_track(participant=held, to="LOST", on=on, by=by, at=at)
        plan_visits_for(participant=lost, by=by, at=at)
    return lost


class WithdrawnInFuture(Refusal):
    message = _("{day} has not come yet. Give the day on which the participant said so.")
    status = 422


def withdraw_participant(
    *,
    participant: Participant,
    on: date,
    study_drug: bool = False,
    procedures: bool = False,
    quality_of_life: bool = False,
    all_contact: bool = False,
    reason: str = "",
    by: User | None,
    at: datetime,
) -> Withdrawal:
    """The withdrawal is on record, and visits and to-dos are what its scope leaves, in the same act (protocol 2.5)."""
    with act("followup:participant:withdraw", by=by, at=at, participant=participant, reason=reason):
        held = Participant.objects.lock(participant.pk)
        if on > local_date(at, held.site.time_zone):
            raise WithdrawnInFuture(day=on.isoformat())
        withdrawal = record_withdrawal(
            participant=held,
            on=on,
            study_drug=study_drug,
            procedures=procedures,
            quality_of_life=quality_of_life,
            all_contact=all_contact,
            reason=reason,
            by=by,
            at=at,
        )
        if all_contact:
            drop_todos(participant=held, by=by, at=at)
        if held.arm:
            plan_visits_for(participant=held, by=by, at=at)
    return withdrawal
