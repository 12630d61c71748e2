"""What happens to an account as a whole, with everything delegated to it."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.first_link import first_link
from accounts.mail_words import AccountNotice, closing, page_link
from accounts.models import User
from accounts.proofs import proofs_of
from accounts.services import NO_FACTOR, change_person, set_password, tell_owner, write_mail
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models import Delegation
from trials.services.delegations import end_delegation


class NotYourself(Refusal):
    code = "trials.not_yourself"
    message = _("Nobody closes or resets their own account here. Ask another trial manager.")


class NothingToVerify(Refusal):
    code = "trials.nothing_to_verify"
    message = _("Training and identity of this account wait for nobody.")


class VerifierIsNoSecond(Refusal):
    code = "trials.verifier_is_no_second"
    message = _(
        "Training and identity are verified by a second person: neither who recorded them or reset the "
        "account, nor the person themself."
    )
    status = 403


class NoAddressToInvite(Refusal):
    code = "trials.no_address"
    message = _("{person} has no e-mail address on record. Enter it first.")


class InUseAlready(Refusal):
    code = "trials.in_use_already"
    message = _("{person} has signed in before. An account in use is reset, not invited.")


PROOFS = (
    *("trained_on", "training_document", "trained_for", "training_months"),
    *("identity_checked_on", "identity_document"),
)


def change_account(*, user: User, by: User, at: datetime, reason: str, **fields: Any) -> User:
    """The account carries ``fields``, for ``reason``; training or identity that changed wait for a second person.

    Whoever works with the account is told at the address that it had before, else another address could be put in
    unseen, and a reset asked for after it.

    Refuses: as ``change_person`` does; a day without its document. Locks: the person.
    """
    with open_act("trials:account:change", by=by, at=at, reason=reason):
        before = User.objects.select_for_update().get(pk=user.pk)
        given = {name: fields.get(name, getattr(before, name)) for name in PROOFS}
        if any(value != getattr(before, name) for name, value in given.items()):
            fields |= proofs_of(by, **given)
        changed = change_person(user=user, by=by, at=at, **fields)
        if before.signed_in_at is not None and changed.email != before.email:
            tell_owner(before, AccountNotice.ADDRESS, at=at)
        return changed


def invite_person(*, user: User, by: User, at: datetime) -> User:
    """The person is mailed a link that is good for a day and for one choice of a password of their own.

    Refuses: who has no address, who has signed in before, a closed account. Locks: nothing.
    """
    with open_act("trials:account:invite", by=by, at=at):
        if not user.email or not user.is_active:
            raise NoAddressToInvite(person=user.username)
        if user.signed_in_at is not None:
            raise InUseAlready(person=user.username)
        with override(user.language):
            subject = gettext("Your account in PALACE-3")
            body = gettext(
                "Choose your password here, within 24 hours: %(address)s\n\nYour user name is %(username)s. The link "
                "is good for one time and for you alone: pass it on to nobody."
            )
            link = page_link(first_link(user, at=at))
            text = body % {"address": link, "username": user.username} + "\n\n" + closing()
        write_mail(
            to=user,
            address=user.email,
            kind="trials:invitation",
            key=f"invitation:{user.pk}:{at.isoformat()}",
            subject=subject,
            body=text,
            language=user.language,
            site=None,
            at=at,
        )
    return user


def verify_proofs(*, user: User, by: User, at: datetime) -> User:
    """A second person has seen the documents, and after a reset that it is the owner: the account may work and sign.

    Refuses: who recorded them or has reset the account, and the person themself; what waits for nobody.
    Locks: the person.
    """
    with open_act("trials:account:verify", by=by, at=at):
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.waits_for_verifier:
            raise NothingToVerify
        first = {locked.pk, locked.reset_by_id}
        if locked.verified_at is None:
            first.add(locked.proofs_recorded_by_id)
        if by.pk in first:
            raise VerifierIsNoSecond
        verified = {"verified_by": by, "verified_at": at, "reset_by": None}
        return change_person(user=user, by=by, at=at, verb="verify", **verified)


def reset_account(*, user: User, password: str, by: User, at: datetime, reason: str) -> User:
    """The person has a new first password, no session, and sets up the second factor anew (11.200(a)(3), 11.300(b)).

    Until the owner has done so, and a second person has seen that it is them, nobody works or signs with the account:
    whoever resets it knows its password.

    Refuses: one's own account. Locks: the person.
    """
    with open_act("trials:account:reset", by=by, at=at, reason=reason):
        _refuse_own(user, by)
        set_password(user=user, password=password, by=by, at=at)
        return change_person(user=user, by=by, at=at, verb="drop_second_factor", reset_by=by, **NO_FACTOR)


def close_account(*, user: User, by: User, at: datetime, reason: str) -> User:
    """The person can no longer sign in, every session has ended, and so has every delegation (11.300(b)).

    Refuses: one's own account. Locks: each delegation, then the person.
    """
    with open_act("trials:account:close", by=by, at=at, reason=reason):
        _refuse_own(user, by)
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        for delegation in Delegation.objects.filter(user=user, ended_at=None).exclude(ends_on__lt=today):
            end_delegation(delegation=delegation, on=_today_at(delegation, at), by=by, at=at, reason=reason)
        return change_person(
            user=user, by=by, at=at, verb="close", is_active=False, session_key=secrets.token_hex(16)
        )


def _today_at(delegation: Delegation, at: datetime) -> date:
    return local_date(at, delegation.site.time_zone if delegation.site else settings.TRIAL_TIME_ZONE)


def _refuse_own(user: User, by: User) -> None:
    if user.pk == by.pk:
        raise NotYourself
