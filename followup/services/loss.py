"""How following ends before its time: by withdrawal in its four scopes, or by loss (protocol 2.5, 3.16)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from followup.contacts import standing_of
from followup.models import ContactAttempt
from followup.services.planning import plan_visits_for
from followup.services.todos import drop_todos
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models import Participant, Withdrawal
from trials.services import move_track, record_withdrawal


class NotYetLost(Refusal):
    code = "followup.not_yet_lost"
    message = _(
        "Participant {participant} does not count as lost yet: {attempts} of {attempts_needed} attempts in vain, "
        "{routes} of {routes_needed} routes, over {days} of {days_needed} days. Keep trying and record each attempt."
    )


class LostInFuture(Refusal):
    code = "followup.lost_in_future"
    message = _("{day} has not come yet. Give the day of the last attempt or a later one up to today.")
    status = 422


def record_lost(*, participant: Participant, on: date, by: User, at: datetime) -> Participant:
    """The participant counts as lost to follow-up since ``on``; only vital status is still asked for."""
    with open_act("followup:participant:lost", by=by, at=at, participant=participant):
        locked = Participant.objects.lock(participant.pk)
        if on > local_date(at, locked.site.time_zone):
            raise LostInFuture(day=on.isoformat())
        standing = standing_of(locked, ContactAttempt.objects.filter(participant=locked, on__lte=on))
        if not standing.is_enough:
            raise NotYetLost(participant=locked.number, **standing.__dict__)
        lost = move_track(participant=locked, to="LOST", on=on, by=by, at=at)
        plan_visits_for(participant=lost, by=by, at=at)
    return lost


class WithdrawnInFuture(Refusal):
    code = "followup.withdrawn_in_future"
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
    with open_act("followup:participant:withdraw", by=by, at=at, participant=participant, reason=reason):
        locked = Participant.objects.lock(participant.pk)
        if on > local_date(at, locked.site.time_zone):
            raise WithdrawnInFuture(day=on.isoformat())
        withdrawal = record_withdrawal(
            participant=locked,
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
            drop_todos(participant=locked, by=by, at=at)
        if locked.arm:
            plan_visits_for(participant=locked, by=by, at=at)
    return withdrawal
