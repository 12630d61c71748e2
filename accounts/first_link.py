"""The one-time link by which the first person of an installation chooses a password of their own."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.core import signing
from django.urls import reverse

from accounts.models import User

GOOD_FOR: Final = timedelta(hours=24)
SALT: Final = "accounts.first_link"
FIELD: Final = "ticket"


def first_link(user: User, *, at: datetime) -> str:
    """Return the path that is good for a day, and until a password is chosen: the ticket is bound to the one in force.

    The ticket stands in the query, which no log keeps.
    """
    until = int((at + GOOD_FOR).timestamp())
    ticket = signing.dumps([user.pk, until, _bound_to(user)], salt=SALT)
    return f"{reverse('accounts:first-password')}?{FIELD}={ticket}"


def person_of(ticket: str, *, at: datetime) -> User | None:
    """Return whose ticket it is, None for one that is not ours, was used, or is too old."""
    try:
        pk, until, bound_to = signing.loads(ticket, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    is_good = user is not None and at.timestamp() < until and _bound_to(user) == bound_to
    return user if is_good else None


def _bound_to(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()[:32]
