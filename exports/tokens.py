"""API tokens: what is kept of their secret, and how one is found by it (made and revoked in exports.living_access)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.models import ApiToken
from kernel.clock import local_date
from kernel.errors import Forbidden
from trials.services.registers import BasisMissing, basis_to_leave

PREFIX = "p3_"


class BasisOver(Forbidden):
    code = "exports.basis_over"
    message = _(
        "What this token fetches leaves mainland China, and the registers hold no filing and basis in force for it "
        "today. Have them recorded and approved; the token then works again."
    )


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_token(secret: str, *, at: datetime) -> ApiToken | None:
    """Return the token with this secret if it is valid at ``at``."""
    if not secret.startswith(PREFIX):
        return None
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(secret)).first()
    return token if token is not None and token.is_valid_at(at) and token.user.is_active else None


def refuse_without_basis(token: ApiToken, *, at: datetime) -> None:
    """Refuse a token whose answers leave the country on a day on which nothing allows it."""
    if token.basis_id is None:
        return
    try:
        basis_to_leave(on=local_date(at, settings.TRIAL_TIME_ZONE))
    except BasisMissing as missing:
        raise BasisOver from missing


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the person's own tokens."""
    return ApiToken.objects.filter(user=user).select_related("user")
