"""Participants from registration to randomization. The order of steps is enforced here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import note_moved, open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from protocol.states import may_move
from protocol.text import load
from trials.identity import TypedIdentity
from trials.models import (
    Consent,
    ConsentVersion,
    DeviationProposal,
    Participant,
    ScreeningOutcome,
    Site,
    Withdrawal,
)
from trials.models.participants import INTERRUPTED, TERMINAL, DeviationState, Track
from trials.models.sites import SiteState
from trials.services.milestones import set_milestone
from trials.services.same_person import note_identity
from trials.services.version_texts import keep_text

CONSENT_READS = tuple(
    f"consent.{name}" for name in ("signed_on", "version", "version_in_force", "biobank", "register_lookup")
)


class SiteNotActive(Refusal):
    code = "trials.site_not_active"
    fields = ("site",)
    message = _("Site {site} is “{state}”. Participants are registered and consented only at an active site.")


class ConsentInFuture(Refusal):
    code = "trials.consent_in_future"
    fields = ("signed_on",)
    message = _("The consent is dated {day}, which has not come yet. Check the date on the signed form.")
    status = 422


class ConsentBeforeApproval(Refusal):
    code = "trials.consent_before_approval"
    fields = ("version",)
    message = _(
        "Consent version {version} was not in force at site {site} on {day}. Choose the version that was signed, "
        "or correct the date."
    )
    status = 422


class ConsentAlreadyRecorded(Refusal):
    code = "trials.consent_already_recorded"
    message = _("Consent version {version} of participant {participant} is on record already.")


class SensitiveDataConsentMissing(Refusal):
    code = "trials.sensitive_data_consent_missing"
    fields = ("sensitive_data",)
    message = _(
        "The separate consent to the use of sensitive health data was not ticked. Without it nothing may be "
        "recorded about the participant."
    )
    status = 422


class NotInScreening(Refusal):
    code = "trials.not_in_screening"
    message = _("Participant {participant} is no longer in screening: {state}.")


class ScreeningEndedInFuture(Refusal):
    code = "trials.screening_ended_in_future"
    fields = ("on",)
    message = _("{day} has not come yet. Give the day on which screening ended.")
    status = 422


class ScreeningEndedBeforeConsent(Refusal):
    code = "trials.screening_ended_before_consent"
    fields = ("on",)
    message = _("{participant} consented on {consented}, so screening did not end on {day}. Check the day.")
    status = 422


class TrackCannotMove(Refusal):
    code = "trials.track_cannot_move"
    message = _("Participant {participant} is “{state}”; the protocol has no step from there to “{wanted}”.")


class DeviationSettled(Refusal):
    code = "trials.deviation_settled"
    message = _("This proposal was settled already: {state}.")


def register_participant(
    *,
    site: Site,
    identity: TypedIdentity | None = None,
    by: User | None,
    at: datetime,
    came_by_request: bool = False,
) -> Participant:
    """A new number at ``site`` exists, in screening. Numbers run without gaps at each site.

    Of an ``identity`` keyed digests are kept alone, by which a second registration is noticed (ADR 56).

    Refuses: a site that may not recruit; an identity as ``note_identity`` does.
    Locks: the site, so that no number is given twice.
    """
    with open_act("trials:participant:register", by=by, at=at, site=site) as act:
        locked = Site.objects.select_for_update().get(pk=site.pk)
        _refuse_unless_active(locked)
        keep_text(locked.protocol_version, act=act)
        running = Participant.objects.filter(site=locked).count() + 1
        participant = Participant.objects.create(
            number=f"{locked.code}-{running:04d}",
            site=locked,
            protocol_version=locked.protocol_version,
            registered_on=local_date(at, locked.time_zone),
            state_since=local_date(at, locked.time_zone),
            came_by_request=came_by_request,
            act=act,
        )
        if identity is not None:
            note_identity(participant=participant, identity=identity, by=by, at=at)
    return participant


def why_no_first_consent(participant: Participant) -> str:
    """Return why a first consent cannot be recorded at the site; empty when it can, or when one is on record."""
    if Consent.objects.filter(participant=participant).exists():
        return ""
    try:
        _refuse_unless_active(participant.site)
    except SiteNotActive as refusal:
        return str(refusal)
    return ""


def _refuse_unless_active(site: Site) -> None:
    if site.state != SiteState.ACTIVE:
        raise SiteNotActive(site=site.code, state=site.get_state_display())


def record_consent(
    *,
    participant: Participant,
    version: ConsentVersion,
    signed_on: date,
    sensitive_data: bool,
    biobank: bool = False,
    register_lookup: bool = False,
    by: User | None,
    at: datetime,
) -> Consent:
    """The consent is on record; the first one sets the milestone ICF (protocol 2.1, 3.1).

    Somebody in the trial signs a later text at any site.

    Refuses: a first consent at a site that does not recruit; a day still to come or before the text was approved; no
    consent to sensitive data; a second consent to the same text. Locks: the participant.
    """
    with open_act("trials:consent:record", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        if not Consent.objects.filter(participant=locked).exists():
            _refuse_unless_active(locked.site)
        if signed_on > local_date(at, locked.site.time_zone):
            raise ConsentInFuture(day=signed_on.isoformat())
        if version.site_id != locked.site_id or not version.in_force_on(signed_on):
            raise ConsentBeforeApproval(
                version=version.label, site=locked.site.code, day=signed_on.isoformat()
            )
        if not sensitive_data:
            raise SensitiveDataConsentMissing
        if Consent.objects.filter(participant=locked, version=version).exists():
            raise ConsentAlreadyRecorded(version=version.label, participant=locked.number)
        consent = Consent.objects.create(
            participant=locked,
            site=locked.site,
            version=version,
            signed_on=signed_on,
            sensitive_data=sensitive_data,
            biobank=biobank,
            register_lookup=register_lookup,
            act=act,
        )
        first = (
            Consent.objects.filter(participant=locked)
            .order_by("signed_on")
            .values_list("signed_on", flat=True)[0]
        )
        set_milestone(participant=locked, code="ICF", on=first, source="consent", by=by, at=at)
        note_moved(locked.pk, *CONSENT_READS)
    return consent


def valid_consent(participant: Participant) -> Consent | None:
    """Return the latest consent, unless the participant has withdrawn from all contact."""
    if Withdrawal.objects.filter(participant=participant, all_contact=True, cancelled_at=None).exists():
        return None
    return Consent.objects.filter(participant=participant).order_by("-signed_on", "-pk").first()


def consented_by(participant: Participant, on: date) -> bool:
    """Say whether the participant had signed a consent on that day, whatever they signed since."""
    return Consent.objects.filter(participant=participant, signed_on__lte=on).exists()


def record_screening_outcome(
    *,
    participant: Participant,
    declined: bool,
    reason: str,
    criteria: list[str],
    detail: str = "",
    on: date,
    by: User | None,
    at: datetime,
) -> ScreeningOutcome:
    """Screening ended without randomization, for ``reason``; both kinds feed the CONSORT chart.

    Refuses: a participant who is not in screening; a day to come, or before the consent. Locks: the participant.
    """
    verb = "decline" if declined else "fail"
    with open_act(f"trials:screening:{verb}", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        if locked.state != Track.SCREENED:
            raise NotInScreening(participant=locked.number, state=locked.get_state_display())
        _refuse_impossible_end(locked, on, at)
        outcome = ScreeningOutcome.objects.create(
            participant=locked,
            site=locked.site,
            declined=declined,
            reason=reason,
            criteria=criteria,
            detail=detail,
            on=on,
            act=act,
        )
        write_track(locked, Track.SCREEN_FAIL, on, act)
        note_moved(locked.pk, "participant.screen_failure_reason", "participant.decline_reason")
    return outcome


def _refuse_impossible_end(participant: Participant, on: date, at: datetime) -> None:
    if on > local_date(at, participant.site.time_zone):
        raise ScreeningEndedInFuture(day=on.isoformat())
    consents = Consent.objects.filter(participant=participant).order_by("signed_on")
    consented = consents.values_list("signed_on", flat=True).first()
    if consented and on < consented:
        raise ScreeningEndedBeforeConsent(
            participant=participant.number, consented=consented.isoformat(), day=on.isoformat()
        )


def move_track(
    *, participant: Participant, to: str, on: date | None = None, by: User | None, at: datetime
) -> Participant:
    """The participant stands on track ``to`` since ``on``, by a move that the protocol allows (protocol 2.5).

    Whoever is lost, withdrawn or dead moves underneath: they stand there once that is taken back. A death ends
    a loss and a withdrawal too.

    Refuses: a track that cannot follow. Locks: the participant.
    """
    with open_act("trials:participant:move", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        if locked.state == to:
            return locked
        if not may_move(load(locked.protocol_version), _moves_on_from(locked, to), to, locked.arm):
            raise TrackCannotMove(
                participant=locked.number, state=locked.get_state_display(), wanted=Track(to).label
            )
        _write_course(locked, to, on or local_date(at, locked.site.time_zone), act)
    return locked


def correct_track(
    *, participant: Participant, to: str, on: date | None = None, by: User | None, at: datetime
) -> Participant:
    """A track that rested on an answer entered by mistake is put right; the act's reason says why.

    Whoever is lost, withdrawn or dead stays so, and stands there once that is taken back. Locks: the participant.
    """
    with open_act("trials:participant:correct_track", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        _write_course(locked, to, on or local_date(at, locked.site.time_zone), act)
    return locked


def _moves_on_from(participant: Participant, to: str) -> str:
    """Return the track that a move to ``to`` starts from: while interrupted, the one that was left."""
    goes_on = to == Track.DEAD or to not in TERMINAL
    left = participant.track_left() if goes_on and participant.state in INTERRUPTED else None
    return left[0] if left else participant.state


def _write_course(participant: Participant, to: str, on: date | None, act: Any) -> None:
    """The participant stands on ``to``; what interrupted the following stays, and ``to`` is what it interrupts."""
    interruptions = participant.interruptions() if to not in TERMINAL else []
    write_track(participant, to, on, act)
    for interruption in interruptions:
        write_track(participant, *interruption, act)


def write_track(participant: Participant, to: str, on: date | None, act: Any) -> None:
    """The participant stands on ``to`` since ``on``, under the act that says why; no rule is asked."""
    participant.state, participant.act = to, act
    participant.state_since = on  # type: ignore[assignment]  # the column takes null
    participant.save(update_fields=["state", "state_since", "act"])


def reveal_arm(
    *, participant: Participant, arm: str, stage: str | None = None, by: User | None, at: datetime
) -> Participant:
    """The participant's arm is known, once and for good, and their track is RANDOMISED.

    ``stage`` is the clinical stage group of the stratum that was used: forms tell when it is corrected (X072).

    Locks: the participant.
    """
    with open_act("trials:participant:reveal_arm", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        locked.arm, locked.strat_stage, locked.state, locked.act = arm, stage, Track.RANDOMISED, act
        locked.state_since = local_date(at, locked.site.time_zone)
        locked.save(update_fields=["arm", "strat_stage", "state", "state_since", "act"])
        note_moved(locked.pk, "participant.arm", "participant.strat_stage")
    return locked


def propose_deviation(
    *,
    participant: Participant,
    rule: str,
    key: str,
    detail: str,
    values: Mapping[str, str] | None = None,
    formerly: str = "",
    by: User | None,
    at: datetime,
) -> DeviationProposal | None:
    """A deviation stands as proposed, once per ``rule`` and ``key``; a person will settle it (protocol 3.15).

    ``formerly`` is the key under which it may stand since an earlier version.

    ``detail`` is a text of the program's source with places for ``values``, or what a person wrote.
    """
    keys = [key, formerly or key]
    if DeviationProposal.objects.filter(participant=participant, rule=rule, key__in=keys).exists():
        return None
    with open_act("trials:deviation:propose", by=by, at=at, participant=participant) as act:
        return DeviationProposal.objects.create(
            participant=participant,
            site_id=participant.site_id,
            rule=rule,
            key=key,
            detail=detail,
            values=dict(values or {}),
            found_on=local_date(at, participant.site.time_zone),
            act=act,
        )


def settle_deviation(
    *, proposal: DeviationProposal, deviation_no: int | None, by: User, at: datetime, reason: str
) -> DeviationProposal:
    """A person has confirmed the proposal, which stands on the log under ``deviation_no``, or dismissed it.

    Refuses: a deviation that is settled. Locks: the deviation.
    """
    with open_act(
        "trials:deviation:settle", by=by, at=at, participant=proposal.participant, reason=reason
    ) as act:
        locked = DeviationProposal.objects.select_for_update().get(pk=proposal.pk)
        if locked.state != DeviationState.PROPOSED:
            raise DeviationSettled(state=locked.get_state_display())
        locked.state = DeviationState.DISMISSED if deviation_no is None else DeviationState.CONFIRMED
        locked.deviation_no, locked.act = deviation_no, act
        locked.save(update_fields=["state", "deviation_no", "act"])
    return locked
