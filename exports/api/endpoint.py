"""One decorator for every endpoint: who may, within which sites, and with what said in the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, throttle_classes
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from accounts.permissions import Permission
from exports.api.described import DescribedAnswer, responses_of
from exports.api.once import HEADER, answered_once
from exports.api.parameters import Parameters, refuse_unknown_parameters
from exports.api.requests import CallerRequest
from kernel.errors import Forbidden
from trials.models.people import own_scope

Handler = Callable[..., Response]
ONCE = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A key of your own: the same call sent again with it is not done twice, and is given its first answer.",
)
HEADERS = dict.fromkeys(("POST", "PUT", "PATCH"), (ONCE,))


class PerToken(UserRateThrottle):
    """So many calls a minute and person; more are answered 429 with how long to wait."""

    rate = "600/min"


def endpoint(
    methods: dict[str, Permission],
    *,
    tag: str,
    answers: Mapping[str, DescribedAnswer],
    parameters: Parameters | None = None,
) -> Callable[[Handler], Handler]:
    """Let a caller through who holds the method's permission; the handler sees only the caller's sites.

    What is created is created once for each Idempotency-Key. ``parameters`` says for each method what may stand
    after the question mark: the schema shows it, and everything else is refused. ``answers`` says what each method
    takes and answers, for the schema; ``tag`` gathers the calls about one thing.
    """
    taken = parameters or {}

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(request: CallerRequest, *args: Any, **kwargs: Any) -> Response:
            method = "GET" if request.method in {"HEAD", "OPTIONS"} else str(request.method)
            if not request.user.may(methods[method]):
                raise Forbidden
            with own_scope(request.user):
                refuse_unknown_parameters(request, taken.get(method, ()))
                if method == "POST":
                    return answered_once(request, lambda: handler(request, *args, **kwargs))
                return handler(request, *args, **kwargs)

        throttled: Any = throttle_classes([PerToken])(guarded)
        view: Handler = api_view(list(methods))(throttled)
        for method in methods:
            described = [parameter.described() for parameter in taken.get(method, ())]
            answer = answers[method]
            body = {"application/json": dict(answer.body)} if answer.body else None
            view = extend_schema(
                operation_id=f"{method.lower()}_{handler.__name__}",
                methods=[method],
                tags=[tag],
                parameters=[*described, *HEADERS.get(method, ())],
                request=body,
                responses=responses_of(method, answer),
            )(view)
        view.permissions = methods  # type: ignore[attr-defined]
        return view

    return decorate
