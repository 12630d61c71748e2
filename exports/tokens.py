"""Making, finding and revoking API tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from exports.models import ApiToken
from kernel.errors import Refusal

PREFIX = "p3_"
LONGEST = timedelta(days=366)


class RightNotHeld(Refusal):
    code = "exports.right_not_held"
    message = _("You cannot give a token the right “{right}”: you do not hold it yourself.")
    status = 422


class LastsTooLong(Refusal):
    code = "exports.lasts_too_long"
    message = _("A token lasts a year at most. Choose an earlier day.")
    status = 422


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_token(
    *, name: str, scopes: list[Permission], expires_at: datetime, by: User, at: datetime
) -> tuple[ApiToken, str]:
    """A token of ``by`` exists with some of their own rights; the secret is returned once and kept nowhere."""
    with open_act("exports:token:make", by=by, at=at) as act:
        for right in scopes:
            if not by.may(right):
                raise RightNotHeld(right=right)
        if not at < expires_at <= at + LONGEST:
            raise LastsTooLong
        secret = PREFIX + secrets.token_urlsafe(32)
        token = ApiToken.objects.create(
            user=by,
            name=name,
            digest=digest_of(secret),
            scopes=sorted(scopes),
            created_at=at,
            expires_at=expires_at,
            act=act,
        )
    return token, secret


def revoke_token(*, token: ApiToken, by: User, at: datetime) -> ApiToken:
    """The token opens nothing any more."""
    with open_act("exports:token:revoke", by=by, at=at) as act:
        locked = ApiToken.objects.select_for_update().get(pk=token.pk, user=by)
        if locked.revoked_at is None:
            locked.revoked_at, locked.act = at, act
            locked.save(update_fields=["revoked_at", "act"])
    return locked


def find_token(secret: str, *, at: datetime) -> ApiToken | None:
    """Return the token with this secret if it is valid at ``at``."""
    if not secret.startswith(PREFIX):
        return None
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(secret)).first()
    return token if token is not None and token.is_valid_at(at) and token.user.is_active else None


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the person's own tokens."""
    return ApiToken.objects.filter(user=user)
