"""An account here and one at a hospital: connected by its owner, and opened through the hospital."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.hospital.provider import HospitalIdentity
from accounts.mail_words import AccountNotice
from accounts.models import User
from accounts.passkeys import PasskeyAnswer
from accounts.second_factor import factor_after
from accounts.services import change_person, count_refused, open_account, tell_owner
from audit.acts import open_act
from audit.secret_digests import with_network
from kernel.errors import Refusal
from kernel.turns import wait_for_turn

MOST_HOSPITALS: Final = 5


class HospitalOpensNothing(Refusal):
    code = "accounts.hospital_opens_nothing"
    message = _(
        "Your account at {hospital} opens nothing here now: it is not connected with an account, or that account "
        "rests or is closed. Sign in with your user name and password and connect it under My account."
    )
    status = 422


class HospitalAccountTaken(Refusal):
    code = "accounts.hospital_account_taken"
    message = _(
        "This account at {hospital} is connected with somebody else's account. Nothing was changed. "
        "Sign out at {hospital}, sign in there as yourself, and connect again."
    )


class TooManyHospitals(Refusal):
    code = "accounts.too_many_hospitals"
    message = _("An account is connected with five hospitals at most. Take away one that you no longer use.")


def owner_of(identity: HospitalIdentity) -> User | None:
    """Return whose account is connected with the identity: the only one, else nobody."""
    owners = list(User.objects.filter(hospital_accounts__contains=[identity.kept], is_active=True)[:2])
    return owners[0] if len(owners) == 1 else None


def connect_hospital(*, user: User, identity: HospitalIdentity, hospital: str, at: datetime) -> User:
    """Whoever is ``identity`` at the hospital opens the account of ``user``; the second time nothing changes.

    Tokens and calendar addresses given out before end, as with any new way in (11.300(b)).
    Refuses: an identity that opens somebody else's account; more than five. Locks: the identity, then the person.
    """
    with open_act("accounts:hospital:connect", by=user, at=at):
        wait_for_turn(f"hospital account {sorted(identity.kept.items())}")
        others = User.objects.filter(hospital_accounts__contains=[identity.kept]).exclude(pk=user.pk)
        if others.exists():
            raise HospitalAccountTaken(hospital=hospital)
        locked = User.objects.select_for_update().get(pk=user.pk)
        kept = locked.hospital_accounts or []
        if any(each.items() >= identity.kept.items() for each in kept):
            return locked
        if len(kept) >= MOST_HOSPITALS:
            raise TooManyHospitals
        made = identity.kept | {"hospital": identity.key, "connected_at": at.isoformat()}
        return _changed(user, at, hospital_accounts=[*kept, made], access_reset_at=at)


def disconnect_hospital(*, user: User, issuer: str, at: datetime) -> User:
    """The hospital opens the account no more; one that is gone already stays gone.

    Refuses: nothing. Locks: the person.
    """
    with open_act("accounts:hospital:disconnect", by=user, at=at):
        locked = User.objects.select_for_update().get(pk=user.pk)
        left = [each for each in locked.hospital_accounts or [] if each["issuer"] != issuer]
        return _changed(user, at, hospital_accounts=left)


def _changed(user: User, at: datetime, **fields: Any) -> User:
    changed = change_person(user=user, by=user, at=at, verb="change_hospitals", **fields)
    tell_owner(user, AccountNotice.HOSPITAL, at=at)
    return changed


def asks_for_factor(user: User, identity: HospitalIdentity) -> bool:
    """Say whether the account has a second factor that the hospital has not asked for."""
    return user.has_second_factor and not identity.has_factor


def sign_in_through_hospital(
    *,
    identity: HospitalIdentity,
    at: datetime,
    code: str = "",
    passkey: PasskeyAnswer | None = None,
    device: str = "",
) -> User | None:
    """Return whose account the identity opens when all that it asks for matches, else None; both are recorded.

    The hospital stands in for name and password alone: the account's own factor is asked unless the provider said, in
    words that the installation takes, that two were shown. Locks: the person.
    """
    with transaction.atomic():
        owner = owner_of(identity)
        if owner is None:
            reason = with_network(f"hospital:{identity.key}")
            with open_act("accounts:session:refuse", by=None, at=at, reason=reason):
                return None
        user = User.objects.select_for_update().get(pk=owner.pk)
        used = factor_after(user, code, passkey, at=at) if asks_for_factor(user, identity) else {}
        if used is None or not user.is_active:
            count_refused(user, device=device, at=at)
            return None
        return open_account(user, used, device=device, at=at, reason=f"hospital:{identity.key}")
