"""Passkeys and recovery codes are added and removed by their owner."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.mail_words import AccountNotice
from accounts.models import User
from accounts.passkeys import PasskeyAnswer, new_passkey
from accounts.second_factor import recovery_digest
from accounts.services import change_person, tell_owner
from audit.acts import open_act
from kernel.errors import Refusal

CODES: Final = 10
SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
MOST_PASSKEYS: Final = 10


class PasskeyNotMade(Refusal):
    code = "accounts.passkey_not_made"
    fields = ("label",)
    message = _("The browser gave no passkey for this page. Nothing was changed. Try again.")
    status = 422


class TooManyPasskeys(Refusal):
    code = "accounts.too_many_passkeys"
    message = _("An account has ten passkeys at most. Remove one that you no longer use.")


class LastFactor(Refusal):
    code = "accounts.last_factor"
    message = _(
        "This passkey is your only second factor, and your role asks for one. Set up an app or add another passkey "
        "first."
    )


class NoSecondFactor(Refusal):
    code = "accounts.no_second_factor"
    message = _("Recovery codes stand for a second factor, and this account has none. Set one up first.")


def add_passkey(*, user: User, name: str, answer: PasskeyAnswer, at: datetime) -> User:
    """The account has one passkey more, which is asked for at sign-in from now on.

    Tokens and calendar addresses given out before end, as with any new factor (11.300(b)).
    Refuses: what is no answer to the question of this session; more than ten. Locks: the person.
    """
    with open_act("accounts:passkey:add", by=user, at=at):
        made = new_passkey(answer, name=name, at=at)
        if made is None:
            raise PasskeyNotMade
        locked = User.objects.select_for_update().get(pk=user.pk)
        if len(locked.passkeys or []) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        return _changed(user, at, passkeys=[*(locked.passkeys or []), made], access_reset_at=at)


def remove_passkey(*, user: User, key: str, at: datetime) -> User:
    """The passkey opens nothing any more; one that is gone already stays gone.

    Refuses: the only factor of whoever must have one. Locks: the person.
    """
    with open_act("accounts:passkey:remove", by=user, at=at):
        locked = User.objects.select_for_update().get(pk=user.pk)
        left = [each for each in locked.passkeys or [] if each["key"] != key]
        if not left and user.needs_second_factor and locked.totp_confirmed_at is None:
            raise LastFactor
        return _changed(user, at, passkeys=left)


def make_recovery_codes(*, user: User, at: datetime) -> list[str]:
    """Ten codes are good for one sign-in each; they are returned once, and those of before have ended.

    Refuses: an account without a second factor. Locks: the person.
    """
    with open_act("accounts:recovery_codes:make", by=user, at=at):
        if not user.has_second_factor:
            raise NoSecondFactor
        codes = [_code() for _number in range(CODES)]
        _changed(user, at, recovery_codes=[recovery_digest(user, code) for code in codes])
    return codes


def _code() -> str:
    signs = "".join(secrets.choice(SIGNS) for _number in range(12))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


def _changed(user: User, at: datetime, **fields: Any) -> User:
    change_person(user=user, by=user, at=at, verb="change_factor", **fields)
    tell_owner(user, AccountNotice.FACTOR, at=at)
    return user
