"""Somebody in the trial is asked to sign a new consent text and does not (protocol 3.1; requirement 49)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models import Consent, ConsentRefusal, ConsentVersion, Participant
from trials.models.participants import AfterRefusal, Track
from trials.services.participants import ConsentAlreadyRecorded


class AskedInFuture(Refusal):
    code = "trials.asked_in_future"
    fields = ("asked_on",)
    message = _("{day} has not come yet. Enter the day on which the participant was asked and answered.")
    status = 422


class TextNotInForce(Refusal):
    code = "trials.text_not_in_force"
    fields = ("version",)
    message = _(
        "Consent version {version} was not in force at site {site} on {day}, so nobody was asked to sign it. Choose "
        "the version that was offered, or correct the date."
    )
    status = 422


class DeclinesInScreening(Refusal):
    code = "trials.declines_in_screening"
    message = _(
        "Participant {participant} is in screening: whoever does not sign the text in force does not take part. "
        "Record that on the participant's page as “Declined”."
    )


class NothingSignedBefore(Refusal):
    code = "trials.nothing_signed_before"
    message = _("Participant {participant} has signed no consent yet, so there is none to stay under.")


class ChangedWithoutReason(Refusal):
    code = "trials.changed_without_reason"
    fields = ("reason",)
    message = _("This refusal is on record since {day}. Say why it is changed.")
    status = 422


def record_consent_refusal(
    *,
    participant: Participant,
    version: ConsentVersion,
    asked_on: date,
    follows: str,
    reason: str = "",
    by: User | None,
    at: datetime,
) -> ConsentRefusal:
    """The participant was asked to sign ``version``, did not, and ``follows`` says what comes of it.

    A later call corrects it, with a reason; whoever signs after all is recorded as signing, and both stay.
    Refuses: a text that was not in force that day, one that was signed, somebody in screening, a change without
    a reason. Locks: the participant.
    """
    verb = "trials:consent:refuse"
    with open_act(verb, by=by, at=at, participant=participant, reason=reason) as act:
        locked = Participant.objects.lock(participant.pk)
        _refuse_impossible(locked, version, asked_on, at)
        known = ConsentRefusal.objects.filter(participant=locked, version=version).first()
        if known is not None and not reason.strip():
            raise ChangedWithoutReason(day=known.asked_on.isoformat())
        answer = {"asked_on": asked_on, "follows": AfterRefusal(follows), "site": locked.site, "act": act}
        consent_refusal, _made = ConsentRefusal.objects.update_or_create(
            participant=locked, version=version, defaults=answer
        )
    return consent_refusal


def _refuse_impossible(
    participant: Participant, version: ConsentVersion, asked_on: date, at: datetime
) -> None:
    if asked_on > local_date(at, participant.site.time_zone):
        raise AskedInFuture(day=asked_on.isoformat())
    if version.site_id != participant.site_id or not version.in_force_on(asked_on):
        raise TextNotInForce(version=version.label, site=participant.site.code, day=asked_on.isoformat())
    signed = Consent.objects.filter(participant=participant)
    if signed.filter(version=version).exists():
        raise ConsentAlreadyRecorded(version=version.label, participant=participant.number)
    if participant.state == Track.SCREENED:
        raise DeclinesInScreening(participant=participant.number)
    if not signed.exists():
        raise NothingSignedBefore(participant=participant.number)
