"""Reading accounts, for those who give people their roles."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Permission


def accounts_open_to(user: User, permission: Permission) -> QuerySet[User]:
    """Return every account for whoever holds ``permission`` for the whole trial, and none for others."""
    if user.sites_with(permission) is None:
        return User.objects.order_by("username")
    return User.objects.none()
