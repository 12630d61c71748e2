"""Sessions: where they are kept, who is at the other end, how long they may be idle, and what comes before work."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from accounts.browsers import COOKIE, note_session, remember_browser
from accounts.models import User
from accounts.series import SERIES, SIGNED_AT, SigningSeries, end_series
from accounts.services import count_mistyped, sign_out
from accounts.throttle import MISTYPED
from kernel.scope import scope

# Leaving, the reader's language, and the page's own question how long the session lasts, come before everything.
_ALWAYS = tuple(
    reverse_lazy(f"accounts:{name}") for name in ("sign-out", "language", "session", "sign-in-again")
)
Handler = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger(__name__)


def open_session(request: HttpRequest, user: User, *, at: datetime) -> None:
    """The request's browser has a session of ``user`` that is not idle now, under a new key."""
    # Django gives a session a new key only where nobody was signed in, or somebody else was.
    if request.user == user:
        request.session.cycle_key()
    login(request, user)
    end_series(request)
    request.session["seen_at"] = at.timestamp()


def note_open_session(request: HttpRequest, response: HttpResponse, user: User, *, at: datetime) -> None:
    """The session works in this browser alone, which ``response`` gives a secret, and stands on its owner's list."""
    device = remember_browser(request, response)
    request.session["client"] = _client(request)
    request.session.save()
    note_session(
        user=user,
        key=row_key_of(request),
        agent=request.headers.get("User-Agent", ""),
        device=device,
        at=at,
    )


def row_key_of(request: HttpRequest) -> str:
    """Return the name of the browser's session in the database."""
    return digest_of_key(request.session.session_key)


def close_session(request: HttpRequest, *, at: datetime, idle: bool = False) -> None:
    """The browser's session has ended, and that is on record."""
    if request.user.is_authenticated:
        with scope(user_id=request.user.pk, sites=()), transaction.atomic():
            sign_out(user=request.user, at=at, idle=idle)
    logout(request)


def seconds_left(request: HttpRequest, *, at: datetime) -> int:
    """Return how long the session lasts if nothing more is asked."""
    if not request.user.is_authenticated:
        return 0
    idle = at.timestamp() - request.session.get("seen_at", at.timestamp())
    return max(0, int(settings.IDLE_MINUTES * 60 - idle))


def _client(request: HttpRequest) -> str:
    """Return the digest of what tells a browser from others: its name, and its own secret."""
    told = request.headers.get("User-Agent", ""), request.COOKIES.get(COOKIE, "")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def gate(get_response: Handler) -> Handler:
    """Middleware: a session works in the browser that opened it, once password and second factor are the person's own.

    A signature that a request puts begins the series of its session, or goes on with it (``accounts.series``).
    A page's own requests are told 401 instead of being led to the sign-in page: the page then
    asks for the password in place, and what was typed stays.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            if request.session.get("client", _client(request)) != _client(request):
                log.warning("session.moved", extra={"user_id": request.user.pk})
                logout(request)
                return redirect("accounts:sign-in")
            if first := _comes_first(request):
                return redirect(first)
        at_hand = SigningSeries(request) if request.user.is_authenticated else None
        before = SERIES.set(at_hand)
        try:
            response = get_response(request)
        finally:
            SERIES.reset(before)
        if at_hand and at_hand.has_signed and response.status_code < 400:
            request.session[SIGNED_AT] = timezone.now().timestamp()
        if _asked_by_the_page(request) and _leads_to_sign_in(response):
            return HttpResponse(status=401)
        return response

    return middleware


def mistyped(get_response: Handler) -> Handler:
    """Middleware: a password that did not match inside a session is counted when the refused work is undone."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        before = MISTYPED.set(())
        response = get_response(request)
        for user in MISTYPED.get():
            with scope(user_id=user.pk, sites=()):
                count_mistyped(user=user, at=timezone.now())
        MISTYPED.reset(before)
        return response

    return middleware


def _comes_first(request: HttpRequest) -> str:
    """Return the page that the person must settle before anything else, "" when there is none."""
    user: User = request.user  # type: ignore[assignment]
    if request.path.startswith(settings.STATIC_URL) or request.path in map(str, _ALWAYS):
        return ""
    if user.must_change_password:
        return "" if request.path == reverse("accounts:password") else "accounts:password"
    if not user.must_secure_account:
        return ""
    if request.path.startswith(reverse("accounts:profile")):
        return ""
    return "accounts:second-factor" if not user.has_second_factor else "accounts:profile"


def _asked_by_the_page(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers or request.headers.get("X-Requested-With") == "fetch"


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and response.headers["Location"].startswith(
        reverse("accounts:sign-in")
    )


class SessionStore(db.SessionStore):
    """Django's own store; what one UPDATE does needs no transaction around it.

    A row stands under the digest of its key, and its content is signed for this row: who reads the table takes over
    no session, and who writes it moves nobody's session into their own.
    """

    @property
    def key_salt(self) -> str:
        """What the signature of the content is bound to."""
        return f"{super().key_salt} {digest_of_key(self.session_key)}"

    def exists(self, session_key: str) -> bool:
        """Say whether a session has this key."""
        return bool(super().exists(digest_of_key(session_key)))

    def load(self) -> dict[str, Any]:
        """Return the content of the session, empty where it ended."""
        own = self.model.objects.filter(session_key=digest_of_key(self.session_key))
        row = own.filter(expire_date__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
            return {}
        content: dict[str, Any] = self.decode(row.session_data)
        return content

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row to be kept."""
        row = super().create_model_instance(data)
        row.session_key = digest_of_key(self.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """The session has ended."""
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=digest_of_key(key)).delete()

    def save(self, must_create: bool = False) -> None:
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        kept = self.create_model_instance(dict(self.items()))
        sessions = self.model.objects.filter(session_key=kept.session_key)
        if not sessions.update(session_data=kept.session_data, expire_date=kept.expire_date):
            raise UpdateError  # it was ended in the meantime, and stays ended


def digest_of_key(key: str | None) -> str:
    """Return the name under which the session with this key stands in the database."""
    return hashlib.sha256((key or "").encode()).hexdigest()[:40]
