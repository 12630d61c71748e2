"""A participant goes on at another site: proposed, accepted and confirmed by three people (ADR 34)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import note_moved, open_act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.scope import EVERYTHING, scope
from protocol.text import later_than
from trials.models import Participant, Site, Transfer
from trials.models.sites import SiteState
from trials.models.transfers import TransferEnd
from trials.transfer_guards import CONFIRM, TAKE_BACK

RECEIVING = (SiteState.ACTIVE, SiteState.SUSPENDED, SiteState.CLOSED)


class TransferNeedsRandomization(Refusal):
    code = "trials.transfer_needs_randomization"
    message = _(
        "{participant} is not randomized. Who is in screening is screened anew at the other site, with its own consent."
    )


class TransferAskedFor(Refusal):
    code = "trials.transfer_asked_for"
    message = _("The transfer of {participant} to site {receiving} was proposed already and waits.")


class TransferToNowhere(Refusal):
    code = "trials.transfer_to_nowhere"
    message = _(
        "Site {receiving} is “{state}” and takes over no participant. Choose a site that works in the trial."
    )


class TransferToOlderVersion(Refusal):
    code = "trials.transfer_to_older_version"
    message = _(
        "{participant} follows version {version} of the protocol, and site {receiving} still follows {older}. Nobody "
        "is taken back to an older version: open version {version} at site {receiving} first."
    )


class TransferDayNotCome(Refusal):
    code = "trials.transfer_day_not_come"
    message = _("The transfer was agreed for {day}. Confirm it on that day or later.")


class TransferDayOver(Refusal):
    code = "trials.transfer_day_over"
    fields = ("on",)
    message = _("{day} is over. A transfer takes place on the day of its proposal or later.")
    status = 422


class TransferNotAccepted(Refusal):
    code = "trials.transfer_not_accepted"
    message = _("Site {receiving} has not accepted the transfer yet. Its investigator accepts it first.")


class TransferSettled(Refusal):
    code = "trials.transfer_settled"
    message = _("This transfer was accepted, confirmed or ended meanwhile. Read the page again.")


class TransferNeedsThreePeople(Forbidden):
    code = "trials.transfer_needs_three_people"
    message = _(
        "A transfer takes three people: an investigator of the releasing site proposes it, an investigator of the "
        "receiving site accepts it, and a trial manager confirms it."
    )


def propose_transfer(
    *, participant: Participant, receiving: Site, on: date, reason: str, by: User, at: datetime
) -> Transfer:
    """The transfer of the participant to ``receiving`` waits for the investigator there, then for the sponsor.

    Refuses: who is no investigator of the site; who is not randomized; a second proposal; a day that is over; a site
    that does not work in the trial or follows an older version. Locks: the participant.
    """
    with open_act("trials:transfer:propose", by=by, at=at, participant=participant, reason=reason) as act:
        locked = Participant.objects.lock(participant.pk)
        if not by.may(Permission.PARTICIPANT_TRANSFER, locked.site_id):
            raise TransferNeedsThreePeople
        if locked.arm is None:
            raise TransferNeedsRandomization(participant=locked.number)
        if Transfer.objects.waiting().filter(participant=locked).exists():
            raise TransferAskedFor(participant=locked.number, receiving=receiving.code)
        if on < local_date(at, locked.site.time_zone):
            raise TransferDayOver(day=on.isoformat())
        _refuse_site(locked, receiving)
        return Transfer.objects.create(
            participant=locked,
            number=locked.number,
            site=locked.site,
            site_code=locked.site.code,
            receiving=receiving,
            receiving_code=receiving.code,
            on=on,
            reason=reason,
            proposed_by=by,
            proposed_at=at,
            act=act,
        )


def accept_transfer(*, transfer: Transfer, by: User, at: datetime) -> Transfer:
    """The receiving site takes the participant over, once the sponsor confirms it.

    Refuses: who is no investigator of the receiving site, or proposed it; what was settled meanwhile.
    Locks: the transfer.
    """
    with open_act("trials:transfer:accept", by=by, at=at, site=_receiving(transfer)) as act:
        locked = _lock_waiting(transfer)
        if by.pk == locked.proposed_by_id or not by.may(Permission.PARTICIPANT_TRANSFER, locked.receiving_id):
            raise TransferNeedsThreePeople
        if locked.accepted_at is not None:
            raise TransferSettled
        _write(locked, act, accepted_by=by, accepted_at=at)
    return locked


def take_acceptance_back(*, transfer: Transfer, reason: str, by: User, at: datetime) -> Transfer:
    """The receiving site has not accepted after all: the transfer waits for its investigator again.

    Refuses: who is no investigator of the receiving site; a transfer that is not accepted; what was settled meanwhile.
    Locks: the transfer.
    """
    with open_act(TAKE_BACK, by=by, at=at, site=_receiving(transfer), reason=reason) as act:
        locked = _lock_waiting(transfer)
        if not by.may(Permission.PARTICIPANT_TRANSFER, locked.receiving_id):
            raise TransferNeedsThreePeople
        if locked.accepted_at is None:
            raise TransferNotAccepted(receiving=locked.receiving_code)
        gone = {"accepted_by": None, "accepted_at": None}
        said = {"taken_back_by": by, "taken_back_at": at, "take_back_reason": reason.strip()}
        _write(locked, act, **gone, **said)
    return locked


def confirm_transfer(*, transfer: Transfer, by: User, at: datetime) -> Participant:
    """The participant, with everything recorded of them, is at the receiving site. The caller plans anew.

    Number, arm, strata and the site as randomized stay. Refuses: who is no trial manager or one of the two before; a
    transfer that is not accepted or whose day has not come; a site that no longer works in the trial or follows an
    older version. Locks: the participant, then the transfer; a save that holds the participant ends first.
    """
    with transaction.atomic():
        participant = Participant.objects.lock(transfer.participant_id)
        with open_act(CONFIRM, by=by, at=at, participant=participant, reason=transfer.reason) as act:
            _confirm(transfer, participant, act, by=by, at=at)
        return Participant.objects.select_related("site").get(pk=participant.pk)


def _confirm(transfer: Transfer, participant: Participant, act: Any, *, by: User, at: datetime) -> None:
    locked = _lock_waiting(transfer)
    receiving = Site.objects.select_for_update().get(pk=locked.receiving_id)
    _refuse_confirmation(locked, by)
    if not locked.may_take_place_on(local_date(at, receiving.time_zone)):
        raise TransferDayNotCome(day=locked.on.isoformat())
    _refuse_site(participant, receiving)
    _write(locked, act, confirmed_by=by, confirmed_at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT trials_move_participant(%s)", [locked.pk])
    note_moved(participant.pk, "site.zone")


def end_transfer(*, transfer: Transfer, reason: str, by: User, at: datetime) -> Transfer:
    """The transfer does not take place: withdrawn by the releasing site, refused by the receiving or by the sponsor.

    Refuses: anybody else; what was settled meanwhile. Locks: the transfer.
    """
    with open_act("trials:transfer:end", by=by, at=at, site=_receiving(transfer), reason=reason) as act:
        locked = _lock_waiting(transfer)
        end = _how_it_ends(locked, by)
        if end is None:
            raise TransferNeedsThreePeople
        _write(locked, act, ended_by=by, ended_at=at, end=end.value, end_reason=reason.strip())
    return locked


def _how_it_ends(transfer: Transfer, by: User) -> TransferEnd | None:
    if by.may(Permission.PARTICIPANT_TRANSFER, transfer.site_id):
        return TransferEnd.WITHDRAWN
    if by.may(Permission.PARTICIPANT_TRANSFER, transfer.receiving_id):
        return TransferEnd.REFUSED_BY_SITE
    if by.may(Permission.SITE_MANAGE, transfer.receiving_id):
        return TransferEnd.REFUSED_BY_SPONSOR
    return None


def may_end(transfer: Transfer, by: User) -> bool:
    """Say whether ``by`` may withdraw or refuse the transfer."""
    return _how_it_ends(transfer, by) is not None


def may_take_back(transfer: Transfer, by: User) -> bool:
    """Say whether ``by`` may take back that the receiving site has accepted."""
    return transfer.standing == "accepted" and by.may(Permission.PARTICIPANT_TRANSFER, transfer.receiving_id)


def _refuse_confirmation(transfer: Transfer, by: User) -> None:
    if transfer.accepted_at is None:
        raise TransferNotAccepted(receiving=transfer.receiving_code)
    if by.pk in {transfer.proposed_by_id, transfer.accepted_by_id} or not by.may(
        Permission.SITE_MANAGE, transfer.receiving_id
    ):
        raise TransferNeedsThreePeople


def _refuse_site(participant: Participant, receiving: Site) -> None:
    if receiving.state not in RECEIVING or receiving.pk == participant.site_id:
        raise TransferToNowhere(receiving=receiving.code, state=receiving.get_state_display())
    if participant.protocol_version in later_than(receiving.protocol_version):
        raise TransferToOlderVersion(
            participant=participant.number,
            version=participant.protocol_version,
            receiving=receiving.code,
            older=receiving.protocol_version,
        )


def _receiving(transfer: Transfer) -> Any:
    """Return the receiving site by its number alone: the releasing site does not see it."""
    return Site(pk=transfer.receiving_id)


def sites_to_receive(participant: Participant, *, by: User) -> list[Site]:
    """Return the sites that could take the participant over, also to people who see their own site alone."""
    with scope(user_id=by.pk, sites=EVERYTHING):
        return list(Site.objects.filter(state__in=RECEIVING).exclude(pk=participant.site_id))


def site_named(pk: int, *, by: User) -> Site:
    """Return one of the two sites of a transfer, also to people who see the other one alone."""
    with scope(user_id=by.pk, sites=EVERYTHING):
        return Site.objects.get(pk=pk)


def _lock_waiting(transfer: Transfer) -> Transfer:
    locked: Transfer = Transfer.objects.select_for_update(of=("self",)).get(pk=transfer.pk)
    if locked.confirmed_at is not None or locked.ended_at is not None:
        raise TransferSettled
    return locked


def _write(transfer: Transfer, act: Any, **columns: Any) -> None:
    for name, value in {**columns, "act": act}.items():
        setattr(transfer, name, value)
    transfer.save(update_fields=[*columns, "act"])
