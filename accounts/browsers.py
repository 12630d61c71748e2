"""The browsers in which a person has signed in, and the sessions that are open there: seen and ended by their owner."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.mail_words import AccountNotice
from accounts.models import BrowserSession, User
from accounts.services import tell_owner
from audit.acts import open_act, record_act
from kernel.scope import EVERYTHING, scope

COOKIE: Final = "p3_browser"
KEPT_SECONDS: Final = 400 * 24 * 3600  # the longest that browsers keep a cookie
MACHINES: Final = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "Linux")
FAMILIES: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def device_of(request: HttpRequest) -> str:
    """Return the digest by which the browser of ``request`` is known again; "" for one that was never here."""
    secret = request.COOKIES.get(COOKIE, "")
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def remember_browser(request: HttpRequest, response: HttpResponse) -> str:
    """The browser is known by a secret of its own from now on; return its digest."""
    secret = request.COOKIES.get(COOKIE) or secrets.token_urlsafe(32)
    request.COOKIES[COOKIE] = secret
    response.set_cookie(
        COOKIE, secret, max_age=KEPT_SECONDS, httponly=True, samesite="Lax", secure=settings.BEHIND_TLS
    )
    return device_of(request)


def browser_in_words(agent: str) -> str:
    """Return which browser on which machine, as far as it says so itself."""
    family = next((name for sign, name in FAMILIES if sign in agent), "")
    machine = next((name for name in MACHINES if name in agent), "")
    return re.sub(r"^ · | · $", "", f"{family} · {machine}") or "–"


def note_session(*, user: User, key: str, agent: str, device: str, at: datetime) -> None:
    """The session stands on its owner's list; they are told of a browser that was never used before.

    Locks: nothing.
    """
    rows = BrowserSession.objects.filter(user=user)
    is_new = not rows.filter(device=device).exists()
    is_first = not rows.exists()
    ended = rows.filter(device=device).exclude(key__in=_living(user).values("session_key"))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():  # by no SQL of a person's request
        ended.delete()
        BrowserSession.objects.create(
            key=key, user=user, browser=browser_in_words(agent), device=device, opened_at=at
        )
    if is_new and not is_first:
        with open_act("accounts:session:notify", by=user, at=at):
            tell_owner(user, AccountNotice.NEW_BROWSER, at=at)


def sessions_of(user: User) -> QuerySet[BrowserSession]:
    """Return the sessions of ``user`` that are open, the newest first."""
    return BrowserSession.objects.filter(user=user, key__in=_living(user).values("session_key")).order_by(
        "-opened_at"
    )


def _living(user: User) -> QuerySet[Any]:
    keys = BrowserSession.objects.filter(user=user).values("key")
    return Session.objects.filter(session_key__in=keys)


def end_other_sessions(*, user: User, but: str, at: datetime) -> int:
    """Every session of ``user`` but the one with the key ``but`` has ended; return how many there were.

    Locks: the sessions.
    """
    others = [each.key for each in sessions_of(user) if each.key != but]
    if others:
        record_act("accounts:session:end", by=user, at=at)
        Session.objects.filter(session_key__in=others).delete()
    return len(others)


def follow_session(*, user: User, key: str, device: str) -> None:
    """The person's own session goes on under another key, as after a new password."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        BrowserSession.objects.filter(user=user, device=device).order_by("-opened_at").update(key=key)
