"""Attempts to reach a participant, and what follows when somebody was reached (protocol 3.16)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import note_moved, open_act
from followup.contacts import ANSWERED, contact_refused_on, days_seen
from followup.models import ContactAttempt, DataCut
from followup.services.loss import lost_before, reach_again
from followup.services.planning import plan_visits_for
from followup.services.visits import VisitInFuture
from followup.visit_conduct import ContactResult
from kernel.clock import local_date
from kernel.errors import Refusal
from trials import services as trials
from trials.models import LossToFollowUp, Milestone, Participant

ATTEMPTS = "conduct.attempts"


class ContactRefused(Refusal):
    code = "followup.contact_refused"
    message = _(
        "{participant} refused every contact on {day}: nobody may try to reach them. An attempt of a day before that "
        "can still be entered. If it is not so, cancel the withdrawal on the participant's page."
    )


class ContactBeforeConsent(Refusal):
    code = "followup.contact_before_consent"
    fields = ("on",)
    message = _("{participant} consented on {consented}, so nobody followed them up on {day}. Check the day.")
    status = 422


class ContactBeforeRegistration(Refusal):
    code = "followup.contact_before_registration"
    fields = ("on",)
    message = _(
        "{participant} was registered on {registered}, so nobody followed them up on {day}. Check the day."
    )
    status = 422


class ContactAfterDeath(Refusal):
    code = "followup.contact_after_death"
    fields = ("on",)
    message = _(
        "{participant} died on {death} and cannot have been reached on {day} (X063). Check both days; correct the "
        "death where it is recorded if they live."
    )
    status = 422


class AttemptCancelled(Refusal):
    code = "followup.attempt_cancelled"
    message = _("This attempt was cancelled already. Record it anew if it was made after all.")


def record_contact_attempt(
    *, participant: Participant, on: date, route: str, result: str, note: str = "", by: User, at: datetime
) -> ContactAttempt:
    """The attempt to reach the participant is on record (protocol 3.16).

    Refuses: a day still to come or before the consent; an answer after the death; a day since which the participant
    refuses all contact. Locks: the participant.
    """
    with open_act("followup:contact:record", by=by, at=at, participant=participant) as act:
        participant = Participant.objects.lock(participant.pk)
        if on > local_date(at, participant.site.time_zone):
            raise VisitInFuture(visit=_("contact"), day=on.isoformat())
        refused_on = contact_refused_on(participant)
        if refused_on is not None and refused_on <= on:
            raise ContactRefused(participant=participant.number, day=refused_on.isoformat())
        _refuse_impossible(participant, on, result)
        attempt = ContactAttempt.objects.create(
            participant=participant,
            site_id=participant.site_id,
            on=on,
            route=route,
            result=result,
            note=note,
            act=act,
        )
        note_moved(participant.pk, ATTEMPTS)
        if result == ContactResult.REACHED and lost_before(participant, on):
            reach_again(participant=participant, on=on, by=by, at=at)
        elif result == ContactResult.REACHED and DataCut.objects.standing().exists():
            plan_visits_for(participant=participant, by=by, at=at)  # a data cut need not ask any more
    return attempt


def cancel_contact_attempt(*, attempt: ContactAttempt, reason: str, by: User, at: datetime) -> ContactAttempt:
    """The attempt was recorded by mistake and counts for nothing; the act keeps why.

    A loss that it had ended lasts until the next day on which the participant was seen or reached, or stands again.

    Refuses: one that was cancelled already. Locks: the participant, the attempt.
    """
    with open_act(
        "followup:contact:cancel", by=by, at=at, participant=attempt.participant, reason=reason
    ) as act:
        participant = Participant.objects.lock(attempt.participant_id)
        standing: ContactAttempt = ContactAttempt.objects.select_for_update().get(pk=attempt.pk)
        if standing.cancelled_at is not None:
            raise AttemptCancelled
        standing.cancelled_at, standing.act = at, act
        standing.save(update_fields=["cancelled_at", "act"])
        note_moved(participant.pk, ATTEMPTS)
        if standing.result == ContactResult.REACHED:
            participant = _end_loss_otherwise(participant, standing.on, by=by, at=at)
            if participant.arm:
                plan_visits_for(participant=participant, by=by, at=at)
    return standing


def _end_loss_otherwise(participant: Participant, on: date, *, by: User, at: datetime) -> Participant:
    ended = LossToFollowUp.objects.filter(participant=participant, reached_on=on, cancelled_at=None)
    loss = ended.order_by("-pk").first()
    if loss is None:
        return participant
    return trials.end_loss_otherwise(loss=loss, on=_met_since(participant, loss.lost_on), by=by, at=at)


def _met_since(participant: Participant, lost_on: date) -> date | None:
    """Return the first day since the loss on which the participant was seen or reached, as what stands says."""
    attempts = ContactAttempt.objects.standing().filter(participant=participant, result=ContactResult.REACHED)
    reached = attempts.filter(on__gte=lost_on).values_list("on", flat=True)
    return min([*reached, *(day for day in days_seen(participant) if day >= lost_on)], default=None)


def _refuse_impossible(participant: Participant, on: date, result: str) -> None:
    known = Milestone.objects.filter(participant=participant, code__in=("ICF", "DEATH"))
    days = {each.code: each.last_day for each in known}
    consented, died = days.get("ICF"), days.get("DEATH")
    if consented is not None and on < consented:
        raise ContactBeforeConsent(
            participant=participant.number, consented=consented.isoformat(), day=on.isoformat()
        )
    if consented is None and on < participant.registered_on:
        registered = participant.registered_on.isoformat()
        raise ContactBeforeRegistration(
            participant=participant.number, registered=registered, day=on.isoformat()
        )
    if died is not None and died < on and result in ANSWERED:
        raise ContactAfterDeath(participant=participant.number, death=died.isoformat(), day=on.isoformat())
