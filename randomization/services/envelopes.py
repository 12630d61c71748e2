"""Emergency envelopes: printed, handed over, opened, returned, destroyed, void; each step on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from audit.models import Act
from kernel.clock import local_date
from kernel.errors import Refusal
from randomization.allocation_list.unseal import OpenPlace
from randomization.models import Allocation, Envelope, EnvelopeState
from trials.models import Participant, Site
from trials.services.participants import consented_by, valid_consent

MOVES: Final = {
    EnvelopeState.PRINTED: {EnvelopeState.HANDED_OVER, EnvelopeState.DESTROYED},
    EnvelopeState.HANDED_OVER: {EnvelopeState.RETURNED, EnvelopeState.DESTROYED},
    EnvelopeState.RETURNED: {EnvelopeState.DESTROYED},
    EnvelopeState.OPENED: set(),
    EnvelopeState.DESTROYED: set(),
    EnvelopeState.VOID: set(),
}

# Whoever has such an envelope may give the arm in it; one that came back or was destroyed gives none.
HOLDS_ITS_ARM: Final = {EnvelopeState.PRINTED, EnvelopeState.HANDED_OVER, EnvelopeState.OPENED}


class EnvelopeUsed(Refusal):
    code = "randomization.envelope_used"
    message = _(
        "The number {number} belongs to participant {holder} since {day}. Read the number on the envelope again; if "
        "it is right, telephone the trial statistician before anybody is treated."
    )


class EnvelopeNotEntered(Refusal):
    code = "randomization.envelope_not_entered"
    message = _(
        "Participant {participant} is randomized already, with number {number}. Envelope {envelope} is not entered. "
        "Telephone the trial statistician before anybody is treated by it."
    )


class EnvelopeDoesNotFit(Refusal):
    code = "randomization.envelope_does_not_fit"
    message = _(
        "No envelope of stratum {stratum} that is with the site has the number {number}. Compare number and stage "
        "group with the envelope and the register of envelopes; if both are right, telephone the trial statistician."
    )


class OpenedAtImpossible(Refusal):
    code = "randomization.opened_at_impossible"
    fields = ("opened_on",)
    message = _(
        "The envelope cannot have been opened on {day}: that is in the future, before it was printed or handed over, "
        "or before participant {participant} had consented. Check day and hour against the note of the outage."
    )
    status = 422


class OpenedOtherwise(Refusal):
    code = "randomization.opened_otherwise"
    message = _(
        "The register says that envelope {number} was opened at {moment} by {persons}. Leave day, hour and persons "
        "empty, or correct the register first."
    )
    status = 422
    fields = ("opened_on", "opened_at", "opened_by")


class OpeningImpossible(Refusal):
    code = "randomization.opening_impossible"
    message = _(
        "Envelope {number} cannot have been opened at {moment}: that is in the future, or before it was printed or "
        "handed over. Check day and hour against the note of the outage."
    )
    status = 422
    fields = ("opened_on", "opened_at")


class OpeningCorrectedWithoutReason(Refusal):
    code = "randomization.opening_corrected_without_reason"
    message = _(
        "The register says already that envelope {number} was opened at {moment}. Give the reason why that is "
        "corrected."
    )
    status = 422
    fields = ("reason",)


class OpeningEntered(Refusal):
    code = "randomization.opening_entered"
    message = _(
        "The place of envelope {number} belongs to participant {participant}; its opening stays as it is."
    )


class EnvelopeCannotMove(Refusal):
    code = "randomization.envelope_cannot_move"
    message = _("Envelope {number} is “{state}” and cannot become “{wanted}” from there.")


class EnvelopeAlready(Refusal):
    code = "randomization.envelope_already"
    message = _("Envelope {number} is “{state}” already. Nothing was changed.")


class EnvelopeDayImpossible(Refusal):
    code = "randomization.envelope_day_impossible"
    fields = ("on",)
    message = _(
        "Envelope {number} was printed or handed over on {printed}, and {day} is before that or in the future."
    )
    status = 422


@dataclass(frozen=True)
class EmergencyEnvelope:
    """An emergency envelope that a site opened during an outage: its number, when, and by which persons."""

    number: str
    opened_on: date
    opened_at: time
    opened_by: str

    def moment(self, zone: str) -> datetime:
        """Return the instant of opening, which was written down by the clock of the site."""
        return datetime.combine(self.opened_on, self.opened_at, ZoneInfo(zone))


def register_printed(*, site: Site, places: Iterable[OpenPlace], by: User, at: datetime) -> list[Envelope]:
    """The places stand in the register of envelopes, and are given to nobody on line while these are out."""
    with open_act("randomization:envelope:print", by=by, at=at, site=site) as act:
        return [
            Envelope.objects.create(
                site=site,
                number=each.number,
                stratum=each.stratum,
                sequence=each.sequence,
                printed_at=at,
                act=act,
            )
            for each in places
        ]


def move_envelope(
    *, envelope: Envelope, to: str, on: date, by: User, at: datetime, reason: str = ""
) -> Envelope:
    """The envelope is with the site, returned or destroyed since ``on``; an unopened one frees its place at its end.

    Refuses: a state that cannot follow; a day that cannot be. Locks: the envelope.
    """
    with open_act("randomization:envelope:move", by=by, at=at, site=envelope.site, reason=reason) as act:
        locked = Envelope.objects.select_for_update(of=("self",)).select_related("site").get(pk=envelope.pk)
        wanted = EnvelopeState(to)
        if wanted not in MOVES[EnvelopeState(locked.state)]:
            raise EnvelopeCannotMove(
                number=locked.number, state=locked.get_state_display(), wanted=wanted.label
            )
        zone = locked.site.time_zone
        printed = local_date(locked.printed_at, zone)
        if not (locked.handed_over_on or printed) <= on <= local_date(at, zone):
            raise EnvelopeDayImpossible(
                number=locked.number,
                printed=(locked.handed_over_on or printed).isoformat(),
                day=on.isoformat(),
            )
        day = "handed_over_on" if wanted is EnvelopeState.HANDED_OVER else "ended_on"
        setattr(locked, day, on)
        locked.state, locked.act = wanted, act
        locked.save(update_fields=["state", day, "act"])
    return locked


def record_opening(
    *,
    envelope: Envelope,
    opened_on: date,
    opened_at: time,
    opened_by: str,
    reason: str = "",
    by: User,
    at: datetime,
) -> Envelope:
    """It is on record when and by whom the envelope was opened, before anybody is entered; a later call corrects it.

    Its place stays reserved until a participant is randomized with its number. Refuses: an envelope that came back,
    one whose participant is entered, a moment that cannot be, and a correction without a reason. Locks: the envelope.
    """
    with open_act("randomization:envelope:open", by=by, at=at, site=envelope.site, reason=reason) as act:
        locked = _lock_unentered(envelope)
        if locked.state not in HOLDS_ITS_ARM:
            raise EnvelopeCannotMove(
                number=locked.number,
                state=locked.get_state_display(),
                wanted=EnvelopeState.OPENED.label,
            )
        if locked.opened_at is not None and not reason.strip():
            there = locked.opened_at.astimezone(ZoneInfo(locked.site.time_zone))
            raise OpeningCorrectedWithoutReason(number=locked.number, moment=_in_words(there))
        moment = EmergencyEnvelope(locked.number, opened_on, opened_at, opened_by).moment(
            locked.site.time_zone
        )
        if not _may_be_opened(locked, opened_on) or not locked.printed_at <= moment <= at:
            raise OpeningImpossible(number=locked.number, moment=_in_words(moment))
        locked.state, locked.opened_at = EnvelopeState.OPENED, moment
        locked.opened_by, locked.act = opened_by, act
        locked.save(update_fields=["state", "opened_at", "opened_by", "act"])
    return locked


def take_opening_back(*, envelope: Envelope, reason: str, by: User, at: datetime) -> Envelope:
    """The envelope was not opened after all and is where it was before; the act keeps why.

    Refuses: an envelope that is not on record as opened, and one whose participant is entered. Locks: the envelope.
    """
    with open_act(
        "randomization:envelope:not_opened", by=by, at=at, site=envelope.site, reason=reason
    ) as act:
        locked = _lock_unentered(envelope)
        if locked.state != EnvelopeState.OPENED:
            raise EnvelopeCannotMove(
                number=locked.number,
                state=locked.get_state_display(),
                wanted=EnvelopeState.HANDED_OVER.label,
            )
        is_with_site = locked.handed_over_on is not None
        locked.state = EnvelopeState.HANDED_OVER if is_with_site else EnvelopeState.PRINTED
        locked.opened_at = None
        locked.opened_by, locked.act = "", act
        locked.save(update_fields=["state", "opened_at", "opened_by", "act"])
    return locked


def declare_void(*, envelope: Envelope, reason: str, by: User, at: datetime) -> Envelope:
    """Nobody is randomized with the envelope, which was opened for nobody or beside another; its place is never given.

    What is on record of the opening stays. Refuses: an envelope that is not on record as opened, and one whose
    participant is entered. Locks: the envelope.
    """
    with open_act("randomization:envelope:void", by=by, at=at, site=envelope.site, reason=reason) as act:
        return _change_state(envelope, EnvelopeState.OPENED, EnvelopeState.VOID, act)


def take_void_back(*, envelope: Envelope, reason: str, by: User, at: datetime) -> Envelope:
    """The envelope waits for its participant again; the act keeps why.

    Refuses: an envelope that is not void. Locks: the envelope.
    """
    with open_act("randomization:envelope:not_void", by=by, at=at, site=envelope.site, reason=reason) as act:
        return _change_state(envelope, EnvelopeState.VOID, EnvelopeState.OPENED, act)


def settle_void(*, envelope: Envelope, wanted: str, reason: str, by: User, at: datetime) -> Envelope:
    """The envelope is void, or is not, as ``wanted`` of whoever read its page: not what its state makes of it by now.

    Refuses: what ``declare_void`` and ``take_void_back`` refuse. Locks: the envelope.
    """
    settle = take_void_back if wanted == "not_void" else declare_void
    return settle(envelope=envelope, reason=reason, by=by, at=at)


def _change_state(envelope: Envelope, before: EnvelopeState, after: EnvelopeState, act: Act) -> Envelope:
    locked = _lock_unentered(envelope)
    if locked.state == after:
        raise EnvelopeAlready(number=locked.number, state=after.label)
    if locked.state != before:
        raise EnvelopeCannotMove(number=locked.number, state=locked.get_state_display(), wanted=after.label)
    locked.state, locked.act = after, act
    locked.save(update_fields=["state", "act"])
    return locked


def opening_of(envelope: Envelope) -> EmergencyEnvelope:
    """Return the opening that is on record, by the clock of the site."""
    if envelope.opened_at is None:
        raise ValueError(f"envelope {envelope.number} was not opened")
    zone = envelope.site.time_zone
    clock = envelope.opened_at.astimezone(ZoneInfo(zone)).time()
    return EmergencyEnvelope(envelope.number, local_date(envelope.opened_at, zone), clock, envelope.opened_by)


def _lock_unentered(envelope: Envelope) -> Envelope:
    locked: Envelope = (
        Envelope.objects.select_for_update(of=("self",))
        .select_related("site", "allocation__participant")
        .get(pk=envelope.pk)
    )
    if locked.allocation is not None:
        raise OpeningEntered(number=locked.number, participant=locked.allocation.participant.number)
    return locked


def _may_be_opened(envelope: Envelope, on: date) -> bool:
    """Say whether the site had the envelope on that day, as far as the register says."""
    return envelope.handed_over_on is None or envelope.handed_over_on <= on


def _in_words(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def refuse_other_envelope(allocation: Allocation, told: EmergencyEnvelope | None) -> None:
    """Refuse an envelope for a participant who is randomized with another number."""
    if told is not None and told.number.strip().upper() != allocation.number:
        raise EnvelopeNotEntered(
            participant=allocation.participant.number, number=allocation.number, envelope=told.number
        )


def opened_envelope(
    told: EmergencyEnvelope, *, participant: Participant, stratum: str, at: datetime
) -> Envelope:
    """Return the envelope, held, that was opened for the participant; refuse a number that is not theirs to take."""
    number = told.number.strip().upper()
    allocation = Allocation.objects.filter(number=number).select_related("participant__site").first()
    if allocation is not None:
        day = local_date(allocation.randomized_at, allocation.participant.site.time_zone).isoformat()
        raise EnvelopeUsed(number=number, holder=allocation.participant.number, day=day)
    locked = Envelope.objects.select_for_update(of=("self",)).filter(number=number, stratum=stratum).first()
    if locked is None or locked.state not in HOLDS_ITS_ARM:
        raise EnvelopeDoesNotFit(number=told.number, stratum=stratum)
    moment = told.moment(participant.site.time_zone)
    if locked.opened_at is not None and (locked.opened_at, locked.opened_by) != (moment, told.opened_by):
        there = locked.opened_at.astimezone(ZoneInfo(participant.site.time_zone))
        raise OpenedOtherwise(number=number, moment=_in_words(there), persons=locked.opened_by)
    consented = valid_consent(participant) is not None and consented_by(participant, told.opened_on)
    if not consented or not _may_be_opened(locked, told.opened_on) or not locked.printed_at <= moment <= at:
        raise OpenedAtImpossible(participant=participant.number, day=_in_words(moment))
    return locked


def note_opened(envelope: Envelope, told: EmergencyEnvelope, allocation: Allocation) -> None:
    """The envelope is opened since the moment that was told, and the place in it is the allocation's."""
    envelope.state, envelope.opened_by = EnvelopeState.OPENED, told.opened_by
    envelope.opened_at, envelope.allocation = allocation.randomized_at, allocation
    envelope.act = allocation.act
    envelope.save(update_fields=["state", "opened_by", "opened_at", "allocation", "act"])
