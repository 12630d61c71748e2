"""What was given out and still opens something: API tokens and calendar addresses, of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from accounts.models import AccessUse, User
from exports.models import ApiToken
from followup.models import CalendarFeed

TOKEN: Final = "token"  # noqa: S105 (a kind, not a secret)
FEED: Final = "feed"


@dataclass(frozen=True)
class LivingAccess:
    """One token or calendar address that still opens something, and when it last did."""

    kind: str
    row: ApiToken | CalendarFeed
    owner: User
    name: str
    rights: list[str]
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def living_access(*, at: datetime) -> list[LivingAccess]:
    """Return everything that opens something at ``at``, by owner; what was made last comes first."""
    tokens = _living(ApiToken.objects.filter(expires_at__gt=at), made="created_at")
    feeds = _living(CalendarFeed.objects.all(), made="made_at")
    uses = [_of_token(row) for row in tokens] + [_of_feed(row) for row in feeds]
    return sorted(uses, key=lambda one: (str(one.owner).casefold(), one.owner.pk, -one.made_at.timestamp()))


def living_one(kind: str, pk: int, *, at: datetime) -> LivingAccess | None:
    """Return the token or calendar address if it still opens something at ``at``."""
    if kind == TOKEN:
        tokens = _living(ApiToken.objects.filter(pk=pk, expires_at__gt=at), made="created_at")
        return next((_of_token(row) for row in tokens), None)
    feeds = _living(CalendarFeed.objects.filter(pk=pk), made="made_at")
    return next((_of_feed(row) for row in feeds), None) if kind == FEED else None


def _living(rows: QuerySet[Any], *, made: str) -> QuerySet[Any]:
    """Return what is not revoked, of people who still have access, and was given out after their access was reset."""
    since_reset = Q(user__access_reset_at=None) | Q(**{f"{made}__gt": F("user__access_reset_at")})
    used = AccessUse.objects.filter(digest=OuterRef("digest")).values("used_at")
    living = rows.filter(since_reset, revoked_at=None, user__is_active=True)
    return living.annotate(used_at=Subquery(used)).select_related("user")


def _of_token(row: Any) -> LivingAccess:
    return LivingAccess(
        TOKEN, row, row.user, row.name, row.scopes_in_words, row.created_at, row.expires_at, row.used_at
    )


def _of_feed(row: Any) -> LivingAccess:
    return LivingAccess(FEED, row, row.user, "", [], row.made_at, None, row.used_at)
