"""A person's private calendar address."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from accounts.models import User
from audit.acts import current_act, open_act
from followup.models import CalendarFeed
from kernel.scope import tell_identity


def digest_of(token: str) -> str:
    """Return what is stored of a feed's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_feed(*, user: User, at: datetime) -> str:
    """The person has one living feed, a new one; its token is returned this once and kept nowhere.

    Locks: the person.
    """
    token = secrets.token_urlsafe(32)
    with open_act("followup:feed:make", by=user, at=at) as act:
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _end_living(user, at)  # and proves who it is
        CalendarFeed.objects.create(user=user, digest=digest_of(token), made_at=at, act=act)
    return token


def revoke_feed(*, user: User, at: datetime) -> bool:
    """The person's feed answers no more; say whether there was one."""
    with open_act("followup:feed:revoke", by=user, at=at):
        return _end_living(user, at)


def end_feed(*, feed: CalendarFeed, reason: str, by: User, at: datetime) -> None:
    """The feed of somebody answers no more: an administrator revoked it, and the act says why.

    Locks: the feed.
    """
    with open_act("followup:feed:end", by=by, at=at, reason=reason) as act:
        locked = CalendarFeed.objects.select_for_update().get(pk=feed.pk)
        if locked.revoked_at is None:
            locked.revoked_at, locked.act = at, act
            tell_identity(person=locked.user_id)
            locked.save(update_fields=["revoked_at", "act"])


def _end_living(user: User, at: datetime) -> bool:
    tell_identity(person=user.pk)
    living = CalendarFeed.objects.filter(user=user, revoked_at=None)
    return bool(living.update(revoked_at=at, act=current_act()))
