"""One decorator for every endpoint: who may, within which sites, and with what said in the schema."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from rest_framework.decorators import api_view, throttle_classes
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from accounts.permissions import Permission
from exports.api.requests import CallerRequest
from kernel.errors import Forbidden
from kernel.scope import scope
from trials.models.people import sites_of

Handler = Callable[..., Response]


class PerToken(UserRateThrottle):
    """So many calls a minute and person; more are answered 429 with how long to wait."""

    rate = "600/min"


def endpoint(methods: dict[str, Permission]) -> Callable[[Handler], Handler]:
    """Let a caller through who holds the method's permission; the handler sees only the caller's sites."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(request: CallerRequest, *args: Any, **kwargs: Any) -> Response:
            wanted = methods["GET" if request.method in {"HEAD", "OPTIONS"} else str(request.method)]
            if not request.user.may(wanted):
                raise Forbidden
            with scope(user_id=request.user.pk, sites=sites_of(request.user)):
                return handler(request, *args, **kwargs)

        throttled: Any = throttle_classes([PerToken])(guarded)
        view: Handler = api_view(list(methods))(throttled)
        view.permissions = methods  # type: ignore[attr-defined]
        return view

    return decorate
