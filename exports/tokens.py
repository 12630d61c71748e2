"""API tokens: what is kept of their secret, and how one is found by it (made and revoked in exports.services)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.models import ApiToken
from kernel.errors import Refusal

PREFIX = "p3_"


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


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_token(secret: str, *, at: datetime) -> ApiToken | None:
    """Return the token with this secret if it is valid at ``at``."""
    if not secret.startswith(PREFIX):
        return None
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(secret)).first()
    return token if token is not None and token.is_valid_at(at) and token.user.is_active else None


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the person's own tokens."""
    return ApiToken.objects.filter(user=user).select_related("user")
