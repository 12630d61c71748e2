"""Tokens are made, and what was given out is ended: tokens and calendar addresses. Each is an act."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import refuse_wrong_code, refuse_wrong_password
from audit.acts import open_act
from audit.secret_digests import secrets_digest
from exports.access import LivingAccess
from exports.models import ApiToken
from exports.tokens import PREFIX, digest_of
from followup.services import end_feed
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import tell_identity
from trials.services.registers import basis_to_leave

LONGEST_TOKEN = timedelta(days=367)  # a year, and the day that it ends on


class RightNotHeld(Refusal):
    code = "exports.right_not_held"
    fields = ("scopes",)
    message = _("You cannot give a token the right “{right}”: you do not hold it yourself.")
    status = 422


class LastsTooLong(Refusal):
    code = "exports.lasts_too_long"
    fields = ("expires_on",)
    message = _("A token lasts a year at most. Choose an earlier day.")
    status = 422


def make_token(
    *,
    name: str,
    scopes: list[Permission],
    expires_at: datetime,
    leaves_country: bool = False,
    password: str,
    code: str = "",
    by: User,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A token of ``by`` exists with some of their own rights; the secret is returned once and kept nowhere.

    Where what it fetches leaves the country it rests on a basis in the registers that a second person approved.

    Refuses: a password or, with a second factor, a code that does not match; rights not held; more than a year; data
    that leave the country without a basis in force.
    """
    with open_act("exports:token:make", by=by, at=at) as act:
        refuse_wrong_password(by=by, password=password, at=at)
        refuse_wrong_code(by=by, code=code, at=at)
        for right in scopes:
            if not by.may(right):
                raise RightNotHeld(right=right)
        if not at < expires_at <= at + LONGEST_TOKEN:
            raise LastsTooLong
        basis = basis_to_leave(on=local_date(at, settings.TRIAL_TIME_ZONE)) if leaves_country else None
        secret = PREFIX + secrets.token_urlsafe(32)
        digest = digest_of(secret)
        tell_identity(person=by.pk)
        token = ApiToken.objects.create(
            user=by,
            name=name,
            digest=digest,
            secrets_digest=secrets_digest(ApiToken, {"user_id": by.pk, "name": name, "digest": digest}),
            scopes=sorted(scopes),
            created_at=at,
            expires_at=expires_at,
            basis=basis,
            act=act,
        )
    return token, secret


def revoke_token(*, token: ApiToken, by: User, at: datetime) -> ApiToken:
    """The token opens nothing any more.

    Locks: the token.
    """
    with open_act("exports:token:revoke", by=by, at=at) as act:
        locked = ApiToken.objects.select_for_update().get(pk=token.pk, user=by)
        if locked.revoked_at is None:
            locked.revoked_at, locked.act = at, act
            tell_identity(person=locked.user_id)
            locked.save(update_fields=["revoked_at", "act"])
    return locked


def end_token(*, token: ApiToken, reason: str, by: User, at: datetime) -> None:
    """The token of somebody opens nothing any more: an administrator revoked it, and the act says why.

    Locks: the token.
    """
    with open_act("exports:token:end", by=by, at=at, reason=reason) as act:
        locked = ApiToken.objects.select_for_update().get(pk=token.pk)
        if locked.revoked_at is None:
            locked.revoked_at, locked.act = at, act
            tell_identity(person=locked.user_id)
            locked.save(update_fields=["revoked_at", "act"])


def end_access(*, access: LivingAccess, reason: str, by: User, at: datetime) -> None:
    """The token or calendar address of somebody opens nothing any more.

    Locks: the token or the feed.
    """
    if isinstance(access.row, ApiToken):
        end_token(token=access.row, reason=reason, by=by, at=at)
    else:
        end_feed(feed=access.row, reason=reason, by=by, at=at)
