"""Giving a participant their place, and then the arm that is sealed in it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import current_act, open_act
from crf.eligibility.window import TooOld
from crf.recheck import recheck_participant
from followup.services import catch_up, plan_visits_for
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed_apart
from kernel.scope import EVERYTHING, scope
from kernel.turns import wait_for_turn
from randomization.allocation.certificate import Certificate, certificate_of, minimization_certificate_of
from randomization.allocation.readiness import Ready, readiness
from randomization.allocation.verify import fault_of
from randomization.allocation_list import functions
from randomization.allocation_list.keys import list_keys
from randomization.models import Allocation
from randomization.scheme.sealing import ListKeyError, SealError
from randomization.services import minimizing
from randomization.services.envelopes import (
    EmergencyEnvelope,
    note_opened,
    opened_envelope,
    refuse_other_envelope,
)
from randomization.services.mistakes import DEVIATION_RULE, record_outage
from randomization.services.notices import tell_about_allocation
from trials.models import Participant, Site
from trials.services import propose_deviation, reveal_arm, set_milestone

security = logging.getLogger("palace3.security")
LAST_PLACES = 50  # of the trial: more than ever press at once


class MayNotRandomize(Forbidden):
    code = "randomization.may_not_randomize"
    message = _("Only an investigator delegated at site {site} randomizes there.")


class NotReadyToRandomize(Refusal):
    code = "randomization.not_ready_to_randomize"
    message = _("Participant {participant} cannot be randomized yet: {missing}")


class StrataMoved(Refusal):
    code = "randomization.strata_moved"
    fields = ("confirmed_stratum",)
    message = _(
        "The stratum of participant {participant} is no longer the one you confirmed. Read it again, then confirm."
    )


class ScreeningTooOld(Refusal):
    code = "randomization.screening_too_old"
    message = _(
        "Screening of participant {participant} is too old for randomization on {day}: {tests}. Repeat what is too "
        "old, or say why the participant is randomized all the same; the reason is signed with it."
    )


class ListExhausted(Refusal):
    code = "randomization.list_exhausted"
    message = _("The list for {stratum} has no places left. Stop, and telephone the trial statistician.")


class ListTampered(Refusal):
    code = "randomization.list_tampered"
    message = _(
        "The place of participant {participant} does not open: it is not as the statistician sealed it. Stop "
        "randomizing, treat nobody by guess, and telephone the trial statistician. Nothing was revealed."
    )


def randomize(
    *,
    participant: Participant,
    confirmed_stratum: str,
    by: User,
    password: str,
    at: datetime,
    envelope: EmergencyEnvelope | None = None,
    too_old_reason: str = "",
) -> Allocation:
    """``participant`` has the next place of their stratum, and its arm is known (protocol 1.9).

    Two transactions, so that nobody, not even with the server's own key, can look at an arm and take the
    look back: the first takes the place and is kept; only then does the database give the sealed arm.
    Call it again after a crash or a double click: the same allocation is returned, completed if need be.
    Screening that is older than its window is refused without ``too_old_reason``, which becomes a deviation.
    Whoever is still on a version that their site has left is carried over first, and their decision lapses.
    An ``envelope`` is entered afterwards: its own place is taken, and randomization counts from its opening.

    Refuses: who may not at the site; no live decision; a stratum that the answers do not give; a list without a
    place; another envelope than the one that the participant has.
    Locks: the participant, then its site where that has a cap, then the stratum, always in that order.
    """
    if connection.in_atomic_block:
        raise RuntimeError("randomize() commits twice: call it outside any transaction")
    if not by.may(Permission.ALLOCATION_REQUEST, participant.site_id):
        raise MayNotRandomize(site=participant.number.partition("-")[0])
    known = _allocation_of(participant)
    if known is not None:
        refuse_other_envelope(known, envelope)
        if known.revealed_at is not None:
            return known
    else:
        catch_up(participant=participant, by=by, at=at)
        with open_act("randomization:slot:take", by=by, at=at, participant=participant):
            locked = Participant.objects.lock(participant.pk)
            if taken := Allocation.objects.select_related("participant").filter(participant=locked).first():
                refuse_other_envelope(taken, envelope)
            else:
                pressed = _Pressed(confirmed_stratum, password, envelope, too_old_reason.strip())
                _take_place(locked, pressed, by=by, at=at)
    return complete_allocation(participant=participant, by=by, at=at)


@transaction.atomic
def _allocation_of(participant: Participant) -> Allocation | None:
    """The allocation as it is now. In a transaction, because outside one the scope shows no row."""
    allocations = Allocation.objects.select_related("part__scheme", "participant__site", "decision")
    return allocations.filter(participant=participant).first()


@dataclass(frozen=True)
class _Pressed:
    """What the investigator typed when they pressed the button."""

    confirmed_stratum: str
    password: str = field(repr=False)
    envelope: EmergencyEnvelope | None
    too_old_reason: str


def _take_place(participant: Participant, pressed: _Pressed, *, by: User, at: datetime) -> None:
    envelope = pressed.envelope
    if participant.site.enrolment_cap is not None:  # two at once see each other's place
        Site.objects.select_for_update(no_key=True).get(pk=participant.site_id)
    ready = _readiness_or_refusal(participant, pressed, at)
    if ready.places_left <= LAST_PLACES:
        wait_for_turn("the last places of the trial")  # sites that press at once count each other
        ready = _readiness_or_refusal(participant, pressed, at)
    signature = sign(
        record=f"randomization {participant.number}",
        digest=ready.decision.digest,
        meaning=_("Randomization requested"),
        by=by,
        password=pressed.password,
        at=at,
        site=participant.site,
    )
    opened = None
    if envelope is not None:
        opened = opened_envelope(envelope, participant=participant, stratum=ready.stratum, at=at)
    place: dict[str, Any] = {
        "participant_id": participant.pk,
        "scheme_id": ready.scheme.pk,
        "stratum": ready.stratum,
    }
    if opened is None:
        taken = functions.take_next_slot(**place)
    else:
        taken = functions.take_slot_on_paper(**place, number=opened.number)
    if taken is None:
        raise ListExhausted(stratum=ready.stratum)
    allocation = Allocation.objects.create(
        participant=participant,
        site=participant.site,
        part_id=taken.part_id,
        number=taken.number,
        stratum=taken.stratum,
        sequence=taken.sequence,
        strat_site=participant.site.code,
        strat_stage=ready.stage.group,
        decision=ready.decision,
        signature=signature,
        randomized_by=by,
        randomized_at=envelope.moment(participant.site.time_zone) if envelope else at,
        act=current_act(),
    )
    if ready.too_old:
        propose_deviation(
            participant=participant,
            rule=DEVIATION_RULE,
            key=f"screening-window-{allocation.pk}",
            detail=f"{_in_words(ready.too_old)}: {pressed.too_old_reason}",
            by=by,
            at=at,
        )
    if envelope is not None and opened is not None:
        note_opened(opened, envelope, allocation)
        record_outage(allocation, opened_by=envelope.opened_by, by=by, at=at)


def _readiness_or_refusal(participant: Participant, pressed: _Pressed, at: datetime) -> Ready:
    on = pressed.envelope.opened_on if pressed.envelope else None
    asked = readiness(participant, at=at, on=on)
    ready = asked.ready
    if ready is None:
        raise NotReadyToRandomize(
            participant=participant.number, missing=" ".join(str(unmet.text) for unmet in asked.unmet)
        )
    if ready.stratum != pressed.confirmed_stratum:
        raise StrataMoved(participant=participant.number)
    if asked.too_old and not pressed.too_old_reason:
        day = on or local_date(at, participant.site.time_zone)
        raise ScreeningTooOld(
            participant=participant.number, day=day.isoformat(), tests=_in_words(asked.too_old)
        )
    return replace(ready, too_old=asked.too_old)


def _in_words(too_old: tuple[TooOld, ...]) -> str:
    return listed_apart(f"{each.label} {each.day.isoformat()}" for each in too_old)


def complete_allocation(*, participant: Participant, by: User, at: datetime) -> Allocation:
    """The arm of a taken place is known; milestone RAND and the first visits are written with it.

    May run any number of times; what was completed is returned as it is. Under minimization the arm follows
    from all who took a place earlier, so whoever of them has none yet is completed first.
    """
    try:
        return _complete(participant=participant, by=by, at=at)
    except minimizing.EarlierTurnsWait as earlier:
        minimizing.complete_earlier(earlier.waiting, complete_allocation, about=participant.number, at=at)
    return _complete(participant=participant, by=by, at=at)


def _complete(*, participant: Participant, by: User, at: datetime) -> Allocation:
    with open_act("randomization:arm:reveal", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        allocation = Allocation.objects.select_related("part__scheme", "decision").get(participant=locked)
        allocation.participant = locked
        if allocation.revealed_at is not None:
            return allocation
        opened = _open_place(allocation)
        arm, allocation.certificate = _arm_and_certificate(allocation, opened)
        allocation.arm, allocation.revealed_at, allocation.act = arm, at, act
        if fault_of(allocation.certificate, allocation.part.root):
            _refuse_tampered(allocation)
        allocation.save(update_fields=["arm", "revealed_at", "certificate", "act"])
        _put_into_effect(allocation, arm, by=by, at=at)
    return allocation


def _arm_and_certificate(allocation: Allocation, opened: functions.Opened) -> tuple[str, Certificate]:
    scheme = allocation.part.scheme
    if not scheme.minimizes:
        return opened.arm, certificate_of(allocation, opened)
    drawn = minimizing.draw(allocation, coin=opened.arm)
    return drawn.arm, minimization_certificate_of(
        allocation,
        opened,
        arm=drawn.arm,
        turn=drawn.turn,
        favoured=str(scheme.favoured),
        counts=drawn.counts,
    )


def _open_place(allocation: Allocation) -> functions.Opened:
    binding = functions.coin_binding if allocation.part.scheme.minimizes else functions.place_binding
    try:
        opened = functions.reveal(participant_id=allocation.participant_id, ring=list_keys(), binding=binding)
    except (SealError, ListKeyError) as broken:
        _refuse_tampered(allocation, broken)
    if opened is None or (opened.stratum, opened.sequence, opened.number, opened.part_id) != (
        allocation.stratum,
        allocation.sequence,
        allocation.number,
        allocation.part_id,
    ):
        _refuse_tampered(allocation)
    return opened


def _refuse_tampered(allocation: Allocation, cause: Exception | None = None) -> NoReturn:
    number = allocation.participant.number
    security.critical("allocation list: the place of %s does not open", number)
    raise ListTampered(participant=number) from cause


def _put_into_effect(allocation: Allocation, arm: str, *, by: User, at: datetime) -> None:
    participant = reveal_arm(
        participant=allocation.participant, arm=arm, stage=allocation.strat_stage, by=by, at=at
    )
    day = local_date(allocation.randomized_at, participant.site.time_zone)
    set_milestone(participant=participant, code="RAND", on=day, source="randomization", by=by, at=at)
    plan_visits_for(participant=participant, by=by, at=at)
    recheck_participant(participant=participant, changed={"milestone.RAND", "participant.arm"}, by=by, at=at)
    if allocation.decision.lapsed_at is not None:
        propose_deviation(
            participant=participant,
            rule="X007",
            key=f"lapsed-{allocation.decision_id}",
            detail=allocation.decision.lapse_cause,
            by=by,
            at=at,
        )
    allocation.participant = participant
    # Trial managers are told as well; a site's own scope does not show who they are.
    with scope(user_id=by.pk, sites=EVERYTHING):
        tell_about_allocation(allocation, at=at)
