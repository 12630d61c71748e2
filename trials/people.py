"""What a person may do now, read from the delegations in force."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from kernel.scope import EVERYTHING, scope
from trials.models import Delegation


def with_grants(user: Any, *, on: date) -> User:
    """Return ``user`` with the grants of the delegations in force on ``on``."""
    with scope(user_id=user.pk, sites=()), transaction.atomic():
        held = Delegation.objects.filter(user_id=user.pk).in_force(on=on)
        user.grants = tuple(delegation.as_grant() for delegation in held)
    found: User = user
    return found


def sites_of(user: User) -> frozenset[int] | Literal["*"]:
    """Return the sites whose rows the person may see at all: every one for a central role."""
    sites = {grant.site_id for grant in user.grants}
    return EVERYTHING if None in sites else frozenset(filter(None, sites))


def confided_to(user: User) -> frozenset[int]:
    """Return the sites whose contact requests the person handles; a central role handles none."""
    return user.sites_with(Permission.CONTACT_HANDLE) or frozenset()
