"""How often signing in may fail from one place, whatever names are tried; and passwords mistyped at a signature."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.network import network_of

# A hospital goes out under one address: thirty mistyped passwords in a quarter of an hour are more than it makes.
MOST_FAILURES, WITHIN_SECONDS = 30, 900


if TYPE_CHECKING:
    from accounts.models import User

# Whose passwords did not match within the request at hand.
MISTYPED: ContextVar[tuple[User, ...]] = ContextVar("palace3_mistyped", default=())


class TooManyTries(Refusal):
    code = "accounts.too_many_tries"
    message = _(
        "Too many sign-ins failed from your network. Wait 15 minutes, then try again; "
        "who is signed in already can go on working."
    )
    status = 429


def refuse_too_many(request: HttpRequest) -> None:
    """Refuse while the place that asks has failed too often."""
    if cache.get(_key(request), 0) >= MOST_FAILURES:
        raise TooManyTries


def count_failure(request: HttpRequest) -> None:
    """One more sign-in has failed at this place; counting begins anew a quarter of an hour after the first."""
    if not cache.add(_key(request), 1, WITHIN_SECONDS):
        cache.incr(_key(request))


def _key(request: HttpRequest) -> str:
    return f"sign-in-failures:{network_of(request)}"


def count_wrong_password(user: User) -> None:
    """Remember that a password did not match until the request's own work, which is undone, has ended."""
    MISTYPED.set((*MISTYPED.get(), user))
