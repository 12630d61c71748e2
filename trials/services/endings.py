"""How a participant leaves, in whole or in part, and what happens when that is put right (protocol 2.5, 3.16)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import note_moved, open_act
from kernel.errors import Refusal
from trials.models import Consent, LossToFollowUp, Milestone, Participant, Withdrawal
from trials.models.participants import Track, scope_in_words
from trials.services.participants import write_track

LOSSES = "conduct.losses"


class NothingWithdrawn(Refusal):
    code = "trials.nothing_withdrawn"
    message = _("Tick at least one part that the participant withdraws from.")
    status = 422


class WithdrawnBeforeConsent(Refusal):
    code = "trials.withdrawn_before_consent"
    fields = ("on",)
    message = _("{participant} consented on {consented}, so nothing was withdrawn on {day}. Check the day.")
    status = 422


class WithdrawnBeforeRegistration(Refusal):
    code = "trials.withdrawn_before_registration"
    fields = ("on",)
    message = _(
        "{participant} was registered on {registered}, so nothing was withdrawn on {day}. Check the day."
    )
    status = 422


class WithdrawnAfterDeath(Refusal):
    code = "trials.withdrawn_after_death"
    fields = ("on",)
    message = _("{participant} died on {death}, so nothing was withdrawn on {day}. Check both days.")
    status = 422


class WithdrawnAlready(Refusal):
    code = "trials.withdrawn_already"
    message = _(
        "{participant} withdrew from “{scope}” on {day} already. Correct that withdrawal on the participant's page, "
        "or leave this part out."
    )


class WithdrawalCancelled(Refusal):
    code = "trials.withdrawal_cancelled"
    message = _("This withdrawal was cancelled already. Record a new one if the participant withdraws again.")


class LossCancelled(Refusal):
    code = "trials.loss_cancelled"
    message = _("This loss was cancelled already. Record a new one if nobody can reach the participant.")


class LeftOtherwise(Refusal):
    code = "trials.left_otherwise"
    message = _("{participant} is in “{state}”: no contact is planned that could be refused.")


def record_withdrawal(
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
    """The scope of the withdrawal is on record; only ``all_contact`` ends every contact (protocol 2.5).

    Refuses a withdrawal of nothing, before the consent, after a death, of a part that was withdrawn already, and of
    every contact where none is planned. Locks the participant.
    """
    scopes = _scopes(study_drug, procedures, quality_of_life, all_contact)
    with open_act("trials:participant:withdraw", by=by, at=at, participant=participant, reason=reason) as act:
        locked = Participant.objects.lock(participant.pk)
        _refuse_impossible(locked, scopes, on)
        if all_contact and locked.is_terminal and locked.state != Track.LOST:
            raise LeftOtherwise(participant=locked.number, state=locked.get_state_display())
        withdrawal = Withdrawal.objects.create(
            participant=locked, site=locked.site, on=on, reason=reason, act=act, **scopes
        )
        _settle_track(locked, act)
    return withdrawal


def correct_withdrawal(
    *,
    withdrawal: Withdrawal,
    on: date,
    study_drug: bool = False,
    procedures: bool = False,
    quality_of_life: bool = False,
    all_contact: bool = False,
    reason: str,
    by: User | None,
    at: datetime,
) -> Withdrawal:
    """Day and scope of the withdrawal are as given; the act keeps why, the row's history what they were.

    Refuses what a new withdrawal would be refused for, and one that was cancelled. Locks the participant.
    """
    scopes = _scopes(study_drug, procedures, quality_of_life, all_contact)
    with open_act(
        "trials:withdrawal:correct", by=by, at=at, participant=withdrawal.participant, reason=reason
    ) as act:
        locked = Participant.objects.lock(withdrawal.participant_id)
        standing = _standing(withdrawal)
        _refuse_impossible(locked, scopes, on, besides=standing)
        standing.on, standing.act = on, act
        for scope, wanted in scopes.items():
            setattr(standing, scope, wanted)
        standing.save(update_fields=["on", "act", *scopes])
        _settle_track(locked, act)
    return standing


def cancel_withdrawal(*, withdrawal: Withdrawal, reason: str, by: User | None, at: datetime) -> Withdrawal:
    """The withdrawal stands no more, and the participant is where they were before it; the act keeps why.

    Refuses one that was cancelled already. Locks the participant.
    """
    with open_act(
        "trials:withdrawal:cancel", by=by, at=at, participant=withdrawal.participant, reason=reason
    ) as act:
        locked = Participant.objects.lock(withdrawal.participant_id)
        standing = _standing(withdrawal)
        standing.cancelled_at, standing.act = at, act
        standing.save(update_fields=["cancelled_at", "act"])
        _settle_track(locked, act)
    return standing


def open_loss(*, participant: Participant, on: date, act: Any) -> LossToFollowUp:
    """It is on record since when nobody reaches the participant."""
    note_moved(participant.pk, LOSSES)
    return LossToFollowUp.objects.create(participant=participant, site=participant.site, lost_on=on, act=act)


def end_loss(*, participant: Participant, on: date, by: User | None, at: datetime) -> Participant:
    """The participant was reached again on ``on`` and is where they were before the loss (protocol 3.16).

    The time in between stays on record. Locks the participant; somebody who is not lost is left as they are.
    """
    with open_act("trials:participant:reach_again", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        left = locked.track_left()
        if locked.state != Track.LOST or left is None:
            return locked
        still = LossToFollowUp.objects.filter(participant=locked, reached_on=None, cancelled_at=None)
        loss = still.first() or open_loss(participant=locked, on=locked.state_since or on, act=act)
        loss.reached_on, loss.act = on, act
        loss.save(update_fields=["reached_on", "act"])
        note_moved(locked.pk, LOSSES)
        write_track(locked, *left, act)
    return locked


def end_loss_otherwise(
    *, loss: LossToFollowUp, on: date | None, by: User | None, at: datetime
) -> Participant:
    """The loss, whose end was recorded by mistake, ended on ``on``; without such a day it stands again.

    A later loss that stands is then part of it, and is cancelled. Whoever died or withdrew since stays so. Locks the
    participant.
    """
    with open_act("trials:loss:end_otherwise", by=by, at=at, participant=loss.participant) as act:
        locked = Participant.objects.lock(loss.participant_id)
        if on is None:
            _cancel_open_loss(locked, act, at)
        loss.reached_on, loss.act = on, act
        loss.save(update_fields=["reached_on", "act"])
        note_moved(locked.pk, LOSSES)
        if on is None and (not locked.is_terminal or locked.state == Track.LOST):
            write_track(locked, Track.LOST, loss.lost_on, act)
    return locked


def _cancel_open_loss(participant: Participant, act: Any, at: datetime) -> None:
    """Somebody is lost once at a time."""
    losses = LossToFollowUp.objects.select_for_update()
    for later in losses.filter(participant=participant, reached_on=None, cancelled_at=None):
        later.cancelled_at, later.act = at, act
        later.save(update_fields=["cancelled_at", "act"])


def cancel_loss(*, loss: LossToFollowUp, reason: str, by: User | None, at: datetime) -> LossToFollowUp:
    """The loss was recorded by mistake: who is lost is where they were before it; the act keeps why.

    Whoever died or withdrew since stays so, and is not lost once that is taken back. Refuses one that was cancelled
    already. Locks the participant.
    """
    with open_act("trials:loss:cancel", by=by, at=at, participant=loss.participant, reason=reason) as act:
        locked = Participant.objects.lock(loss.participant_id)
        standing: LossToFollowUp = LossToFollowUp.objects.select_for_update().get(pk=loss.pk)
        if standing.cancelled_at is not None:
            raise LossCancelled
        standing.cancelled_at, standing.act = at, act
        standing.save(update_fields=["cancelled_at", "act"])
        note_moved(locked.pk, LOSSES)
        left = locked.track_left()
        if locked.state == Track.LOST and standing.reached_on is None and left is not None:
            write_track(locked, *left, act)
    return standing


def _scopes(study_drug: bool, procedures: bool, quality_of_life: bool, all_contact: bool) -> dict[str, bool]:
    """Return the scopes by name; refused when there is none."""
    given = (study_drug, procedures, quality_of_life, all_contact)
    if not any(given):
        raise NothingWithdrawn
    return dict(zip(Withdrawal.SCOPES, given, strict=True))


def _refuse_impossible(
    participant: Participant, scopes: dict[str, bool], on: date, *, besides: Withdrawal | None = None
) -> None:
    consents = Consent.objects.filter(participant=participant).order_by("signed_on")
    consented = consents.values_list("signed_on", flat=True).first()
    if consented and on < consented:
        raise WithdrawnBeforeConsent(
            participant=participant.number, consented=consented.isoformat(), day=on.isoformat()
        )
    if consented is None and on < participant.registered_on:
        registered = participant.registered_on.isoformat()
        raise WithdrawnBeforeRegistration(
            participant=participant.number, registered=registered, day=on.isoformat()
        )
    died = Milestone.objects.filter(participant=participant, code="DEATH").first()
    last_day = died.last_day if died is not None else None
    if last_day is not None and last_day < on:
        raise WithdrawnAfterDeath(
            participant=participant.number, death=last_day.isoformat(), day=on.isoformat()
        )
    standing = Withdrawal.objects.filter(participant=participant, cancelled_at=None)
    for other in standing.exclude(pk=besides.pk) if besides else standing:
        for scope in Withdrawal.SCOPES:
            if getattr(other, scope) and (scopes[scope] or scope == "all_contact"):
                raise WithdrawnAlready(
                    participant=participant.number, scope=scope_in_words(scope), day=other.on.isoformat()
                )


def _standing(withdrawal: Withdrawal) -> Withdrawal:
    locked: Withdrawal = Withdrawal.objects.select_for_update().get(pk=withdrawal.pk)
    if locked.cancelled_at is not None:
        raise WithdrawalCancelled
    return locked


def end_death(*, participant: Participant, by: User | None, at: datetime) -> Participant:
    """Nobody says any more that the participant is dead: they stand where they would have stood without it.

    That is the withdrawal from all contact that stands, the loss, or the track that was left. Locks the participant.
    """
    with open_act("trials:participant:correct_track", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        if stands := _stands_without_death(locked):
            write_track(locked, *stands, act)
    return locked


def _settle_track(participant: Participant, act: Any) -> None:
    """The track is that of a withdrawal from all contact while one stands, else the one that it had ended.

    What reads withdrawals is judged again.
    """
    note_moved(participant.pk, "participant.withdrawn", "conduct.withdrawals")
    ended = _ended_by_withdrawal(participant)
    if participant.is_terminal and participant.state not in {Track.LOST, ended}:
        return
    stands = _stands_without_death(participant)
    if stands and (stands[0] == ended or participant.state == ended):
        write_track(participant, *stands, act)


def _ended_by_withdrawal(participant: Participant) -> Track:
    return Track.WITHDRAWN_ALL if participant.arm else Track.WITHDRAWN


def _stands_without_death(participant: Participant) -> tuple[str, date | None] | None:
    """Return the track, and since when, by what is on record but for a death."""
    whole = Withdrawal.objects.filter(participant=participant, cancelled_at=None, all_contact=True).first()
    if whole is not None:
        return _ended_by_withdrawal(participant), whole.on
    ended = {Track.DEAD, Track.WITHDRAWN, Track.WITHDRAWN_ALL}
    losses = LossToFollowUp.objects.filter(participant=participant, reached_on=None).order_by("-pk")
    last = losses.values_list("cancelled_at", "lost_on").first()
    if last is not None and last[0] is None:
        return Track.LOST, last[1]
    return participant.stood_without({*ended, Track.LOST} if last else ended)
