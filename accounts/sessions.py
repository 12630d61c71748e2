"""Sessions: who is at the other end, how long they may be idle, and what must come before work."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from accounts.services import needs_second_factor

Handler = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger(__name__)


def open_session(request: HttpRequest, user: User, *, at: datetime) -> None:
    """The request's browser, and no other, has a session of ``user`` that is not idle now."""
    login(request, user)
    request.session["client"] = _client(request)
    request.session["seen_at"] = at.timestamp()


def seconds_left(request: HttpRequest, *, at: datetime) -> int:
    """Return how long the session lasts if nothing more is asked."""
    if not request.user.is_authenticated:
        return 0
    idle = at.timestamp() - request.session.get("seen_at", at.timestamp())
    return max(0, int(settings.IDLE_MINUTES * 60 - idle))


def _client(request: HttpRequest) -> str:
    return hashlib.sha256(request.headers.get("User-Agent", "").encode()).hexdigest()


def gate(get_response: Handler) -> Handler:
    """Middleware: a session works in the browser that opened it, and after the second factor is set up.

    A page's own requests are told 401 instead of being led to the sign-in page: the page then
    asks for the password in place, and what was typed stays.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            if request.session.get("client", _client(request)) != _client(request):
                log.warning("session.moved", extra={"user_id": request.user.pk})
                logout(request)
                return redirect("accounts:sign-in")
            if _must_set_up(request):
                return redirect("accounts:second-factor")
        response = get_response(request)
        if _asked_by_the_page(request) and _leads_to_sign_in(response):
            return HttpResponse(status=401)
        return response

    return middleware


def _must_set_up(request: HttpRequest) -> bool:
    user = request.user
    if user.totp_confirmed_at or not needs_second_factor(user):  # type: ignore[union-attr, arg-type]
        return False
    return not request.path.startswith((reverse("accounts:profile"), settings.STATIC_URL))


def _asked_by_the_page(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers or request.headers.get("X-Requested-With") == "fetch"


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and response.headers["Location"].startswith(
        reverse("accounts:sign-in")
    )
