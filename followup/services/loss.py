"""How following ends before its time: by withdrawal in its four scopes, or by loss (protocol 2.5, 3.16)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from followup.contacts import ANSWERED, days_seen, standing_of
from followup.models import ContactAttempt
from followup.services.planning import plan_visits_for
from followup.services.todos import drop_todos, reopen_todos
from kernel.clock import local_date
from kernel.errors import Refusal
from trials import services as trials
from trials.models import LossToFollowUp, Participant, Withdrawal
from trials.models.participants import Track

WITHDRAWING = ("followup:participant:withdraw", "followup:withdrawal:correct")


class NotYetLost(Refusal):
    code = "followup.not_yet_lost"
    fields = ("on",)
    message = _(
        "By {day} participant {participant} did not count as lost: attempts in vain {attempts} (at least "
        "{attempts_needed}), routes {routes} (at least {routes_needed}), days from the first to the last {days} (at "
        "least {days_needed}). Give a later day, or keep trying and record each attempt."
    )


class LostAlready(Refusal):
    code = "followup.lost_already"
    message = _(
        "Participant {participant} counts as lost since {day} already. Record the contact if they are reached again."
    )


class LostInFuture(Refusal):
    code = "followup.lost_in_future"
    fields = ("on",)
    message = _("{day} has not come yet. Give the day of the last attempt or a later one up to today.")
    status = 422


class SeenSince(Refusal):
    code = "followup.seen_since"
    fields = ("on",)
    message = _(
        "Participant {participant} was seen or reached on {seen}, so they are not lost since {day}. Give the day of a "
        "later attempt once enough was tried again."
    )
    status = 422


def record_lost(*, participant: Participant, on: date, by: User, at: datetime) -> Participant:
    """The participant counts as lost to follow-up since ``on``; only vital status is still asked for.

    Refuses: somebody who is lost already; a day still to come; somebody seen or reached since; attempts that are not
    enough. Locks: the participant.
    """
    with open_act("followup:participant:lost", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        if on > local_date(at, locked.site.time_zone):
            raise LostInFuture(day=on.isoformat())
        if locked.state == Track.LOST:
            raise LostAlready(participant=locked.number, day=locked.state_since)
        attempts = ContactAttempt.objects.standing().filter(participant=locked)
        answered = attempts.filter(result__in=ANSWERED).values_list("on", flat=True)
        met = max([*answered, *days_seen(locked)], default=on)
        if met > on:
            raise SeenSince(participant=locked.number, seen=met.isoformat(), day=on.isoformat())
        standing = standing_of(locked, attempts.filter(on__lte=on))
        if not standing.is_enough:
            raise NotYetLost(participant=locked.number, day=on.isoformat(), **standing.__dict__)
        lost = trials.move_track(participant=locked, to=Track.LOST, on=on, by=by, at=at)
        trials.open_loss(participant=lost, on=on, act=act)
        plan_visits_for(participant=lost, by=by, at=at)
    return lost


class WithdrawnInFuture(Refusal):
    code = "followup.withdrawn_in_future"
    fields = ("on",)
    message = _("{day} has not come yet. Give the day on which the participant said so.")
    status = 422


def withdraw_participant(
    *, participant: Participant, on: date, reason: str = "", by: User | None, at: datetime, **scopes: bool
) -> Withdrawal:
    """The withdrawal is on record, and visits and to-dos are what its scope leaves, in the same act (protocol 2.5).

    Refuses a day to come, and what ``trials.services.record_withdrawal`` refuses. Locks the participant.
    """
    with open_act("followup:participant:withdraw", by=by, at=at, participant=participant, reason=reason):
        locked = Participant.objects.lock(participant.pk)
        _refuse_to_come(locked, on, at)
        withdrawal = trials.record_withdrawal(
            participant=locked, on=on, reason=reason, by=by, at=at, **scopes
        )
        _follow(locked, by=by, at=at)
    return withdrawal


def correct_withdrawal(
    *, withdrawal: Withdrawal, on: date, reason: str, by: User | None, at: datetime, **scopes: bool
) -> Withdrawal:
    """Day and scope are as given, and visits and to-dos follow in the same act; the act keeps why.

    Refuses a day to come, and what ``trials.services.correct_withdrawal`` refuses. Locks the participant.
    """
    with open_act(
        "followup:withdrawal:correct", by=by, at=at, participant=withdrawal.participant, reason=reason
    ):
        locked = Participant.objects.lock(withdrawal.participant_id)
        _refuse_to_come(locked, on, at)
        corrected = trials.correct_withdrawal(
            withdrawal=withdrawal, on=on, reason=reason, by=by, at=at, **scopes
        )
        _follow(locked, by=by, at=at)
    return corrected


def cancel_withdrawal(*, withdrawal: Withdrawal, reason: str, by: User | None, at: datetime) -> Withdrawal:
    """The withdrawal stands no more; visits and to-dos are what they would be without it.

    Refuses one that was cancelled already. Locks the participant.
    """
    with open_act(
        "followup:withdrawal:cancel", by=by, at=at, participant=withdrawal.participant, reason=reason
    ):
        locked = Participant.objects.lock(withdrawal.participant_id)
        cancelled = trials.cancel_withdrawal(withdrawal=withdrawal, reason=reason, by=by, at=at)
        _follow(locked, by=by, at=at)
    return cancelled


def lost_before(participant: Participant, on: date) -> bool:
    """Say whether the participant counts as lost since that day or an earlier one."""
    since = participant.state_since
    return participant.state == Track.LOST and since is not None and since <= on


def reach_again(*, participant: Participant, on: date, by: User | None, at: datetime) -> Participant:
    """Somebody who was lost is followed again, from where they were (protocol 3.16)."""
    reached = trials.end_loss(participant=participant, on=on, by=by, at=at)
    plan_visits_for(participant=reached, by=by, at=at)
    return reached


def cancel_loss(*, loss: LossToFollowUp, reason: str, by: User | None, at: datetime) -> LossToFollowUp:
    """The loss stands no more, and visits are what they would be without it; the act keeps why.

    Refuses one that was cancelled already. Locks the participant.
    """
    with open_act("followup:loss:cancel", by=by, at=at, participant=loss.participant, reason=reason):
        cancelled = trials.cancel_loss(loss=loss, reason=reason, by=by, at=at)
        locked = Participant.objects.lock(loss.participant_id)
        plan_visits_for(participant=locked, by=by, at=at)
    return cancelled


def _refuse_to_come(participant: Participant, on: date, at: datetime) -> None:
    if on > local_date(at, participant.site.time_zone):
        raise WithdrawnInFuture(day=on.isoformat())


def _follow(participant: Participant, *, by: User | None, at: datetime) -> None:
    """Visits and to-dos are what the withdrawals that stand leave."""
    locked = Participant.objects.lock(participant.pk)
    if locked.state in {Track.WITHDRAWN, Track.WITHDRAWN_ALL}:
        drop_todos(participant=locked, by=by, at=at)
    else:
        reopen_todos(participant=locked, dropped_by=WITHDRAWING, by=by, at=at)
    if locked.arm:
        plan_visits_for(participant=locked, by=by, at=at)
